"""The file is read, typed and held to its contract."""

from prefect import get_run_logger
from prefect_aws import S3Bucket

from headgate.engine.validate import Reading
from headgate.journey import steps
from headgate.journey.steps import Download, Work
from prefect_support.block import store_of
from prefect_support.step import step


@step("validate {work.name}")
def validate(bucket: S3Bucket, work: Work, file: Download) -> Reading:
    """Read, type and check the file; set its bad rows aside."""
    reading = steps.validate(store_of(bucket), work, file)
    get_run_logger().info(
        "%s: %d rows, %d of them quarantined", work.name, reading.rows_in, reading.quarantined
    )
    return reading
