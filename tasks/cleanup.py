"""What only this run needed goes, whether or not the other steps succeeded."""

from prefect import task
from prefect_aws import S3Bucket

from headgate.journey import steps
from headgate.journey.receipt import Receipt
from headgate.journey.work import Work
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="cleanup {work.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def cleanup(bucket: S3Bucket, work: Work, receipt: Receipt | None) -> None:
    """Remove the scratch folder, and the source where the options say so."""
    steps.cleanup(store_of(bucket), work, receipt)
