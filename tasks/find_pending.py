"""Which uploads still wait for a result."""

from prefect import get_run_logger
from prefect_aws import S3Bucket

from headgate.bucket.backlog import choose_pending
from prefect_support.block import store_of
from prefect_support.step import step


@step("find-pending")
def find_pending(bucket: S3Bucket, limit: int) -> list[str]:
    """List the keys of at most so many uploads without a receipt, the smallest files first."""
    uploads = choose_pending(store_of(bucket), limit)
    get_run_logger().info("%d uploads wait for a result", len(uploads))
    return [upload.key for upload in uploads]
