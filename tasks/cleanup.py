"""Last step, whatever happened before: this run's leavings go."""

from prefect_aws import S3Bucket

from headgate import journey
from headgate.journey import Work
from headgate.receipt import Receipt
from tasks.policy import step
from tasks.store import store_of


@step("cleanup {work.name}")
def cleanup(bucket: S3Bucket, work: Work, receipt: Receipt | None) -> None:
    """Remove the scratch folder, and the source where the options say so."""
    journey.cleanup(store_of(bucket), work, receipt)
