"""The safety net: everything under `uploads/` that has no receipt yet, however it came there."""

from prefect import flow
from prefect.client.schemas.objects import State

from headgate.journey.processing import Outcome
from headgate.options import Concurrency, FileLimit, ProcessOptions
from prefect_support.block import Bucket, open_bucket
from prefect_support.states import summary_state, supervised
from tasks.find_pending import find_pending
from tasks.housekeeping import remove_abandoned_claims, sweep_machine
from tasks.process_files import process_files, show_outcomes


@flow(name="process-backlog", flow_run_name="process the backlog", persist_result=False)
@supervised
async def process_backlog(
    bucket: Bucket = None,
    options: ProcessOptions = ProcessOptions(),  # noqa: B008 - frozen
    concurrency: Concurrency = 4,
    limit: FileLimit = 1_000,
) -> State[list[Outcome]]:
    """Process every upload that has no result; a bad one never holds up the others.

    Args:
        bucket: S3 bucket block; none for the one named `headgate`.
        options: How each file is read, checked, prepared and delivered.
        concurrency: Files at once.
        limit: Most files in one run; the next run takes the rest.
    """
    bucket = await open_bucket(bucket)
    sweep_machine()
    remove_abandoned_claims(bucket)
    keys = find_pending(bucket, limit)
    outcomes = await process_files(bucket, keys, options, concurrency)
    show_outcomes(outcomes)
    return summary_state(outcomes)
