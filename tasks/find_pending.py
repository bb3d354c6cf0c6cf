"""Which uploads still wait for a result."""

from prefect import get_run_logger, task
from prefect_aws import S3Bucket

from headgate.bucket.backlog import choose_pending
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="find-pending", **RETRY_TRANSIENT, **KEEP_NOTHING)
def find_pending(bucket: S3Bucket, limit: int) -> list[str]:
    """List the keys of at most so many uploads without a receipt, the smallest files first."""
    uploads = choose_pending(store_of(bucket), limit)
    get_run_logger().info("%d uploads wait for a result", len(uploads))
    return [upload.key for upload in uploads]
