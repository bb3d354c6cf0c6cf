"""The whole journey of one upload as a single task, for runs of many files."""

import asyncio
from collections.abc import Iterable
from functools import partial

from anyio import CapacityLimiter, to_thread
from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect_aws import S3Bucket

from headgate import journey
from headgate.errors import HeadgateError
from headgate.journey import Outcome
from headgate.options import ProcessOptions
from headgate.receipt import Receipt
from prefect_support.artifacts import show_records
from prefect_support.block import store_of
from prefect_support.step import step

_FEW = 20  # files that get a task each
_CHUNK = 50


@step("process {key}")
async def process_file(bucket: S3Bucket, key: str, options: ProcessOptions) -> Receipt:
    """Take one upload through the whole journey."""
    process = partial(journey.process, owner=flow_run.get_id() or "")
    receipt = await to_thread.run_sync(process, store_of(bucket), key, options)
    get_run_logger().info("%s: %s", key, receipt)
    return receipt


@step("process {keys[0]} and others")
async def process_many(
    bucket: S3Bucket, keys: list[str], options: ProcessOptions, gate: CapacityLimiter
) -> list[Outcome]:
    """Take several uploads through the journey, each in its turn at the gate and with a log line.

    A task of its own for each file would cost the Prefect server more than the file does.
    """
    process = partial(journey.process_patiently, owner=flow_run.get_id() or "")
    store, log = store_of(bucket), get_run_logger()

    async def one(key: str) -> Outcome:
        result: Receipt | Exception
        try:
            result = await to_thread.run_sync(process, store, key, options, limiter=gate)
        except HeadgateError as error:
            result = error
        except Exception as error:  # one file never holds up the others
            log.exception("%s: a defect of Headgate", key)
            result = error
        outcome = journey.outcome(key, result)
        log.info("%s: %s, %s", key, outcome.verdict, outcome.detail)
        return outcome

    return await asyncio.gather(*map(one, keys))


@step("show-outcomes")
def show_outcomes(outcomes: list[Outcome]) -> None:
    """Show what became of each file of the run."""
    show_records("files", outcomes, "What became of each file of the run")


async def process_each(
    bucket: S3Bucket, keys: Iterable[str], options: ProcessOptions, concurrency: int
) -> list[Outcome]:
    """Process several uploads, at most `concurrency` at once; each has its own outcome."""
    keys, gate = list(keys), CapacityLimiter(concurrency)
    if len(keys) > _FEW:
        chunks = [keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)]
        done = await asyncio.gather(*(process_many(bucket, c, options, gate) for c in chunks))
        return [outcome for chunk in done for outcome in chunk]

    async def one(key: str) -> Outcome:
        async with gate:
            state: State[Receipt] = await process_file(bucket, key, options, return_state=True)  # type: ignore[misc]
        return journey.outcome(key, await state.aresult(raise_on_failure=False))

    return await asyncio.gather(*(one(key) for key in keys))
