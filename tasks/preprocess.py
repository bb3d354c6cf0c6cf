"""The good rows become the table that was asked for."""

from prefect import task
from prefect_aws import S3Bucket

from headgate.engine.result.prepared import Prepared
from headgate.engine.validate import Reading
from headgate.journey import steps
from headgate.journey.work import Work
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="preprocess {work.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def preprocess(bucket: S3Bucket, work: Work, reading: Reading) -> Prepared:
    """Make the good rows into what the options ask for."""
    return steps.preprocess(store_of(bucket), work, reading)
