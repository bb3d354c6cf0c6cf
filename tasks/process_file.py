"""The whole journey of one upload, or of several, as a single task, for runs of many files.

The threads are the event loop's own: it waits for them where a run is stopped, so that a file at
work comes to its end.
"""

import asyncio
import logging
from functools import partial

from anyio import CapacityLimiter
from prefect import get_run_logger, task
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
    """Take several uploads through the journey, each with tries and a log line of its own.

    A task for each file would cost the Prefect server more than the file does.
    """
    log, owner = get_run_logger(), flow_run.get_id() or ""
    limiter = CapacityLimiter(concurrency)
    attempt = partial(processing.attempt, store_of(bucket), options=options, owner=owner, log=log)

    async def one(key: str) -> Outcome:
        async with limiter:
            outcome = await asyncio.to_thread(attempt, key)
        _tell(log, outcome)
        return outcome

    return await asyncio.gather(*map(one, keys))


@task(task_run_name="show-outcomes", **KEEP_NOTHING)
def show_outcomes(outcomes: list[Outcome]) -> None:
    """Show what became of each file of the run; where there was none, the last table stays."""
    if outcomes:
        show_records("files", outcomes, "What became of each file of the run")


def _tell(log: Log, outcome: Outcome) -> None:
    """Log what became of a file, so that bad ones stand out."""
    level = logging.WARNING if outcome.bad else logging.INFO
    log.log(level, "%s: %s", outcome.key, outcome.detail)
