"""The whole journey of one upload as a single task, for runs of many files."""

import asyncio
from collections.abc import Iterable

from prefect import get_run_logger
from prefect.runtime import flow_run
from prefect_aws import S3Bucket

from headgate import journey
from headgate.journey import Outcome
from headgate.options import ProcessOptions
from headgate.receipt import Receipt
from tasks.policy import step
from tasks.store import store_of


@step("process {key}")
async def process_file(bucket: S3Bucket, key: str, options: ProcessOptions) -> Receipt:
    """Take one upload through the whole journey."""
    owner = flow_run.get_id() or ""
    receipt = await asyncio.to_thread(journey.process, store_of(bucket), key, options, owner=owner)
    get_run_logger().info("%s: %s", key, receipt)
    return receipt


async def process_each(
    bucket: S3Bucket, keys: Iterable[str], options: ProcessOptions, concurrency: int
) -> list[Outcome]:
    """Process several uploads, at most `concurrency` at once; each has its own outcome."""
    gate = asyncio.Semaphore(concurrency)

    async def one(key: str) -> Outcome:
        async with gate:
            state = await process_file(bucket, key, options, return_state=True)
        return journey.outcome(key, await state.aresult(raise_on_failure=False))

    return await asyncio.gather(*(one(key) for key in keys))
