"""Second step: the upload's content, on this machine."""

from prefect_aws import S3Bucket

from headgate import journey
from headgate.journey import Download, Work
from headgate.receipt import Receipt
from tasks.policy import step
from tasks.progress import progress_bar
from tasks.store import store_of


@step("download {work.name}")
def download(bucket: S3Bucket, work: Work) -> Download:
    """Fetch the claimed version of the upload, showing how far it is."""
    with progress_bar(f"Download of {work.name}") as progress:
        return journey.download(store_of(bucket), work, progress)


@step("recognise {work.name}")
def recognise(bucket: S3Bucket, work: Work, file: Download) -> Receipt | None:
    """Take the result that the same content already has, where the options say so."""
    return journey.recognise(store_of(bucket), work, file)
