"""The good rows become the table that was asked for."""

from prefect_aws import S3Bucket

from headgate.engine.result.prepared import Prepared
from headgate.engine.validate import Reading
from headgate.journey import steps
from headgate.journey.steps import Work
from prefect_support.block import store_of
from prefect_support.step import step


@step("preprocess {work.name}")
def preprocess(bucket: S3Bucket, work: Work, reading: Reading) -> Prepared:
    """Make the good rows into what the options ask for."""
    return steps.preprocess(store_of(bucket), work, reading)
