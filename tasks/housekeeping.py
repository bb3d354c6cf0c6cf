"""What nobody needs any more: in the bucket, and on the machine that runs this."""

from prefect import get_run_logger, task
from prefect_aws import S3Bucket

from headgate.bucket import claims, housekeeping
from headgate.bucket.housekeeping import Leftover
from headgate.scratch import sweep_scratch
from headgate.settings import load
from prefect_support.artifacts import show_records
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="sweep-bucket", **RETRY_TRANSIENT, **KEEP_NOTHING)
def sweep_bucket(bucket: S3Bucket, quarantine_days: int | None, dry_run: bool) -> list[Leftover]:
    """Find lapsed claims, unfinished transfers and old quarantine; remove them if asked to."""
    found = housekeeping.sweep(store_of(bucket), quarantine_days=quarantine_days, dry_run=dry_run)
    show_records("leftovers", found, "What is, or would be, removed from the bucket")
    return found


@task(task_run_name="remove-abandoned-claims", **RETRY_TRANSIENT, **KEEP_NOTHING)
def remove_abandoned_claims(bucket: S3Bucket) -> None:
    """Remove claims that runs which died between receipt and end have left."""
    claims.remove_all_abandoned(store_of(bucket))


@task(task_run_name="sweep-machine", **KEEP_NOTHING)
def sweep_machine(*, dry_run: bool = False) -> int:
    """Remove the scratch folders of processes that are gone; return their number."""
    folders = sweep_scratch(load().scratch, dry_run=dry_run)
    for folder in folders:
        get_run_logger().info("Scratch of a run that died: %s", folder)
    return len(folders)
