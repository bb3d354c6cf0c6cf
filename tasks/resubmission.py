"""A file that was there before gets its answer at once."""

from prefect import get_run_logger, task
from prefect_aws import S3Bucket

from headgate.journey import resubmission
from headgate.journey.receipt import Receipt
from headgate.journey.work import Download, Work
from prefect_support.artifacts import show_receipt
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="answer-resubmission {work.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def answer_resubmission(bucket: S3Bucket, work: Work, file: Download) -> Receipt | None:
    """Commit the receipt of corrected rows, or of content that has a result; else return None."""
    receipt = resubmission.answer(store_of(bucket), work, file)
    if receipt is not None:
        show_receipt(receipt)
        get_run_logger().info("%s: %s", work.name, receipt)
    return receipt
