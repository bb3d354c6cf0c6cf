"""What time leaves behind: lapsed claims, unfinished transfers, old quarantine, dead scratch."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from headgate.bucket.housekeeping import Leftover
from headgate.options import Days
from prefect_support.block import Bucket, open_bucket
from prefect_support.states import supervised
from tasks.housekeeping import sweep_bucket, sweep_machine


@flow(name="housekeeping", flow_run_name="keep house", persist_result=False)
@supervised
async def housekeeping(
    bucket: Bucket = None,
    quarantine_days: Days | None = None,
    dry_run: bool = True,
) -> State[list[Leftover]]:
    """Remove what no run needs any more; never an upload, a receipt or a published result.

    Args:
        bucket: S3 bucket block; none for the one named `headgate`.
        quarantine_days: Remove quarantined rows older than this many days; none keeps all.
        dry_run: Only say what would be removed.
    """
    bucket = await open_bucket(bucket)
    found = sweep_bucket(bucket, quarantine_days, dry_run)
    folders = sweep_machine(dry_run=dry_run)
    verb = "Would remove" if dry_run else "Removed"
    return Completed(
        message=f"{verb} {len(found)} objects and {folders} scratch folders.", data=found
    )
