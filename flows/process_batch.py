"""Many uploads in one run: a burst of arrivals costs one process, not one for each file."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from headgate.journey.processing import Outcome
from headgate.options import Concurrency, Key, ProcessOptions
from headgate.words import first_of
from prefect_support.block import Bucket, open_bucket
from prefect_support.states import summary_state, supervised
from tasks.process_files import process_files, show_outcomes


def _run_name() -> str:
    return f"process {first_of(flow_run.get_parameters()['keys'])}"


@flow(name="process-batch", flow_run_name=_run_name, persist_result=False)
@supervised
async def process_batch(
    keys: Annotated[list[Key], Field(min_length=1, max_length=10_000)],
    bucket: Bucket = None,
    options: ProcessOptions = ProcessOptions(),  # noqa: B008 - frozen
    concurrency: Concurrency = 4,
) -> State[list[Outcome]]:
    """Check, clean and publish several uploads; a bad one never holds up the others.

    Args:
        keys: Keys of the uploads.
        bucket: S3 bucket block; none for the one named `headgate`.
        options: How each file is read, checked, prepared and delivered.
        concurrency: Files at once.
    """
    bucket = await open_bucket(bucket)
    outcomes = await process_files(bucket, keys, options, concurrency)
    show_outcomes(outcomes)
    return summary_state(outcomes)
