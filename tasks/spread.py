"""How a run of many files spreads them over tasks; no task itself."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from anyio import CapacityLimiter
from prefect.client.schemas.objects import State
from prefect_aws import S3Bucket

from headgate.journey import processing
from headgate.journey.processing import Outcome
from headgate.journey.receipt import Receipt
from headgate.options import ProcessOptions
from tasks.process_file import process_file, process_many

_FEW = 20  # files that get a task each; more share one
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
    limiter = CapacityLimiter(concurrency)

    async def one(key: str) -> Outcome:
        async with limiter:
            state: State[Receipt] = await process_file(bucket, key, options, return_state=True)  # type: ignore[misc]
        return processing.outcome(key, await state.aresult(raise_on_failure=False))

    return await asyncio.gather(*map(one, keys))
