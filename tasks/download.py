"""The upload's content, on this machine."""

from prefect_aws import S3Bucket

from headgate.journey import steps
from headgate.journey.steps import Download, Work
from prefect_support.artifacts import progress_bar
from prefect_support.block import store_of
from prefect_support.step import step


@step("download {work.name}")
def download(bucket: S3Bucket, work: Work) -> Download:
    """Fetch the claimed version of the upload, showing how far it is."""
    with progress_bar(f"Download of {work.name}") as progress:
        return steps.download(store_of(bucket), work, progress)
