"""The whole journey of one upload as a single task, for runs of many files."""

import asyncio
from collections.abc import Iterable

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect_aws import S3Bucket

from headgate import journey
from headgate.journey import Outcome
from headgate.options import ProcessOptions
from headgate.receipt import Receipt
from tasks.policy import step
from tasks.show import show_records
from tasks.store import store_of


@step("process {key}")
async def process_file(bucket: S3Bucket, key: str, options: ProcessOptions) -> Receipt:
    """Take one upload through the whole journey."""
    owner = flow_run.get_id() or ""
    receipt = await asyncio.to_thread(journey.process, store_of(bucket), key, options, owner=owner)
    get_run_logger().info("%s: %s", key, receipt)
    return receipt


@step("sum-up")
def sum_up(outcomes: list[Outcome]) -> None:
    """Show what became of each file of the run."""
    show_records("files", outcomes, "What became of each file of the run")


async def process_each(
    bucket: S3Bucket, keys: Iterable[str], options: ProcessOptions, concurrency: int
) -> list[Outcome]:
    """Process several uploads, at most `concurrency` at once; each has its own outcome."""
    gate = asyncio.Semaphore(concurrency)

    async def one(key: str) -> Outcome:
        async with gate:
            state: State[Receipt] = await process_file(bucket, key, options, return_state=True)  # type: ignore[misc]
        return journey.outcome(key, await state.aresult(raise_on_failure=False))

    return await asyncio.gather(*(one(key) for key in keys))
