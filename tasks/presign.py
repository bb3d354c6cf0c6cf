"""A link to the result."""

from prefect import get_run_logger, task
from prefect_aws import S3Bucket

from headgate.bucket import links
from headgate.bucket.links import Link
from headgate.journey import results
from prefect_support.artifacts import show_link
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="presign {key}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def presign(bucket: S3Bucket, key: str, hours: float, *, show: bool = False) -> Link:
    """Sign a download link; the log says until when it works, only `show` shows the link itself."""
    link = links.presign(store_of(bucket), key, hours=hours)
    get_run_logger().info("A link to %s works until %s", key, link.until)
    if show:
        show_link(link)
    return link


@task(task_run_name="find-table {key}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def find_table(bucket: S3Bucket, key: str) -> str:
    """Find the table that was made from an upload; any other key stands for itself."""
    return results.find_table(store_of(bucket), key)
