"""What only this run needed goes, whether or not the other steps succeeded."""

from prefect_aws import S3Bucket

from headgate.journey import steps
from headgate.journey.receipt import Receipt
from headgate.journey.steps import Work
from prefect_support.block import store_of
from prefect_support.step import step


@step("cleanup {work.name}")
def cleanup(bucket: S3Bucket, work: Work, receipt: Receipt | None) -> None:
    """Remove the scratch folder, and the source where the options say so."""
    steps.cleanup(store_of(bucket), work, receipt)
