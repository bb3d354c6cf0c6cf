"""The file is read, typed and held to its contract."""

from prefect import get_run_logger, task
from prefect_aws import S3Bucket

from headgate.engine.validate import Reading
from headgate.journey import steps
from headgate.journey.work import Download, Work
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="validate {work.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def validate(bucket: S3Bucket, work: Work, file: Download) -> Reading:
    """Read, type and check the file; set its bad rows aside."""
    reading = steps.validate(store_of(bucket), work, file)
    get_run_logger().info(
        "%s: %d rows, %d of them quarantined", work.name, reading.rows_in, reading.quarantined
    )
    return reading
