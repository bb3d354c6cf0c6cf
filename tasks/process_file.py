"""The whole journey of one upload as a single task, for runs of many files."""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial

from anyio import CapacityLimiter, to_thread
from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run, task_run
from prefect_aws import S3Bucket

from headgate import journey
from headgate.journey import Log, Outcome
from headgate.options import ProcessOptions
from headgate.receipt import Receipt
from headgate.words import first_of
from prefect_support.artifacts import show_records
from prefect_support.block import store_of
from prefect_support.step import step

_FEW = 20  # files that get a task each
_CHUNK = 100  # files to a task, where there are more


@step("process {key}")
async def process_file(bucket: S3Bucket, key: str, options: ProcessOptions) -> Receipt:
    """Take one upload through the whole journey."""
    process = partial(journey.process, owner=flow_run.get_id() or "")
    receipt = await to_thread.run_sync(process, store_of(bucket), key, options)
    _tell(get_run_logger(), journey.outcome(key, receipt))
    return receipt


def _tell(log: Log, outcome: Outcome) -> None:
    """Log what became of a file, so that bad ones stand out."""
    level = logging.WARNING if outcome.bad else logging.INFO
    log.log(level, "%s: %s", outcome.key, outcome.detail)


def _run_name() -> str:
    return f"process {first_of(task_run.get_parameters()['keys'])}"


@step("process", run_name=_run_name)
async def process_many(
    bucket: S3Bucket, keys: list[str], options: ProcessOptions, limiter: CapacityLimiter
) -> list[Outcome]:
    """Take several uploads through the journey, each in its turn and with a log line.

    A task of its own for each file would cost the Prefect server more than the file does.
    """
    log, owner = get_run_logger(), flow_run.get_id() or ""
    attempt = partial(journey.attempt, store_of(bucket), options=options, owner=owner, log=log)

    async def one(key: str) -> Outcome:
        outcome = await to_thread.run_sync(attempt, key, limiter=limiter)
        _tell(log, outcome)
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
    keys, limiter = list(keys), CapacityLimiter(concurrency)
    if len(keys) > _FEW:
        chunks = [keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)]
        done = await asyncio.gather(*(process_many(bucket, c, options, limiter) for c in chunks))
        return [outcome for chunk in done for outcome in chunk]

    async def one(key: str) -> Outcome:
        async with limiter:
            state: State[Receipt] = await process_file(bucket, key, options, return_state=True)  # type: ignore[misc]
        return journey.outcome(key, await state.aresult(raise_on_failure=False))

    return await asyncio.gather(*(one(key) for key in keys))
