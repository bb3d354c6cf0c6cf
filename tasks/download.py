"""The upload's content, on this machine."""

from prefect import task
from prefect_aws import S3Bucket

from headgate.journey import steps
from headgate.journey.work import Download, Work
from prefect_support.artifacts import progress_bar
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="download {work.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def download(bucket: S3Bucket, work: Work) -> Download:
    """Fetch the claimed version of the upload, showing how far it is."""
    with progress_bar(f"Download of {work.name}") as progress:
        return steps.download(store_of(bucket), work, progress)
