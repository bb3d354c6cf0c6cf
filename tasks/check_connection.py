"""The bucket is tried, step by step."""

from prefect import get_run_logger, task
from prefect_aws import S3Bucket

from headgate.bucket.connection import CheckResult, check
from prefect_support.artifacts import show_records
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING


@task(task_run_name="check-bucket", **KEEP_NOTHING)
def check_bucket(bucket: S3Bucket, full: bool) -> list[CheckResult]:
    """Try the bucket and log a line for each step."""
    logger = get_run_logger()
    steps = []
    for tried in check(store_of(bucket), full=full):
        log = logger.info if tried.ok else logger.error
        log("%s %s: %s %s", "✓" if tried.ok else "✗", tried.name, tried.detail, tried.todo)
        steps.append(tried)
    show_records("check-connection", steps, "What works, and what to do where it does not")
    return steps
