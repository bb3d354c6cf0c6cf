"""Many uploads in one run: each has a task of its own where they are few, else all share one.

A task for each of many would cost the Prefect server more than its file does. The threads are the
event loop's own: it waits for them where a run is stopped, so that a file at work comes to its end.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from anyio import CapacityLimiter
from prefect import get_run_logger, task
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run, task_run
from prefect_aws import S3Bucket

from headgate.journey import processing
from headgate.journey.processing import Log, Outcome
from headgate.journey.receipt import Receipt
from headgate.options import ProcessOptions
from headgate.words import first_of
from prefect_support.artifacts import show_records
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT

_FEW = 20  # files that get a task each
_OTHERS = 4  # threads for what else the event loop does in them, such as looking up names


async def process_files(
    bucket: S3Bucket, keys: list[str], options: ProcessOptions, concurrency: int
) -> list[Outcome]:
    """Process several uploads, at most `concurrency` at once; each has its own outcome.

    One that is named twice is processed once.
    """
    keys = list(dict.fromkeys(keys))
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency + _OTHERS))
    if len(keys) > _FEW:
        return await process_many(bucket, keys, options, concurrency)

    async def one(key: str) -> Outcome:
        state: State[Receipt] = await process_file(bucket, key, options, return_state=True)  # type: ignore[misc]
        return processing.outcome(key, await state.aresult(raise_on_failure=False))

    return await _each(keys, one, concurrency)


@task(task_run_name="process {key}", **RETRY_TRANSIENT, **KEEP_NOTHING)
async def process_file(bucket: S3Bucket, key: str, options: ProcessOptions) -> Receipt:
    """Take one upload through the whole journey."""
    process = partial(processing.process, owner=flow_run.get_id() or "")
    receipt = await asyncio.to_thread(process, store_of(bucket), key, options)
    _tell(get_run_logger(), processing.outcome(key, receipt))
    return receipt


def _run_name() -> str:
    return f"process {first_of(task_run.get_parameters()['keys'])}"


@task(task_run_name=_run_name, **KEEP_NOTHING)
async def process_many(
    bucket: S3Bucket, keys: list[str], options: ProcessOptions, concurrency: int
) -> list[Outcome]:
    """Take several uploads through the journey, each with tries and a log line of its own."""
    log, owner = get_run_logger(), flow_run.get_id() or ""
    attempt = partial(processing.attempt, store_of(bucket), options=options, owner=owner, log=log)

    async def one(key: str) -> Outcome:
        outcome = await asyncio.to_thread(attempt, key)
        _tell(log, outcome)
        return outcome

    return await _each(keys, one, concurrency)


@task(task_run_name="show-outcomes", **KEEP_NOTHING)
def show_outcomes(outcomes: list[Outcome]) -> None:
    """Show what became of each file of the run; where there was none, the last table stays."""
    if outcomes:
        show_records("files", outcomes, "What became of each file of the run")


async def _each(
    keys: list[str], one: Callable[[str], Awaitable[Outcome]], concurrency: int
) -> list[Outcome]:
    """Do this for each key, at most so many at once."""
    limiter = CapacityLimiter(concurrency)

    async def limited(key: str) -> Outcome:
        async with limiter:
            return await one(key)

    return await asyncio.gather(*map(limited, keys))


def _tell(log: Log, outcome: Outcome) -> None:
    """Log what became of a file, so that bad ones stand out."""
    level = logging.WARNING if outcome.bad else logging.INFO
    log.log(level, "%s", outcome)
