"""The outputs go up, and the receipt after them."""

from prefect import get_run_logger, task
from prefect_aws import S3Bucket

from headgate.engine.result.prepared import Prepared
from headgate.engine.validate import Reading
from headgate.errors import BadFileError
from headgate.journey import steps
from headgate.journey.receipt import Receipt
from headgate.journey.work import Download, Work
from prefect_support.artifacts import show_receipt
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="upload-processed {work.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def upload_processed(
    bucket: S3Bucket, work: Work, file: Download, reading: Reading, prepared: Prepared
) -> Receipt:
    """Publish the outputs under this upload's own prefix and commit the receipt."""
    receipt = steps.upload_processed(store_of(bucket), work, file, reading, prepared)
    show_receipt(receipt, prepared.columns, prepared.preview)
    get_run_logger().info("%s: %s", work.name, receipt)
    return receipt


@task(task_run_name="refuse {work.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def refuse(bucket: S3Bucket, work: Work, file: Download, error: BadFileError) -> Receipt:
    """Commit a receipt that says why the file was refused."""
    receipt = steps.refuse(store_of(bucket), work, file, error)
    show_receipt(receipt)
    return receipt
