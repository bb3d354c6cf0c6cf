"""Second step: the upload's content, on this machine."""

from prefect import get_run_logger
from prefect_aws import S3Bucket

from headgate import recognition, steps
from headgate.receipt import Receipt
from headgate.steps import Download, Work
from prefect_support.artifacts import progress_bar, show_receipt
from prefect_support.block import store_of
from prefect_support.step import step


@step("download {work.name}")
def download(bucket: S3Bucket, work: Work) -> Download:
    """Fetch the claimed version of the upload, showing how far it is."""
    with progress_bar(f"Download of {work.name}") as progress:
        return steps.download(store_of(bucket), work, progress)


@step("recognise {work.name}")
def recognise(bucket: S3Bucket, work: Work, file: Download) -> Receipt | None:
    """Commit the result of corrected rows, and of content that has one, where options say so."""
    receipt = recognition.recognise(store_of(bucket), work, file)
    if receipt is not None:
        show_receipt(receipt)
        get_run_logger().info("%s: %s", work.name, receipt)
    return receipt
