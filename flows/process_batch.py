"""Many uploads in one run: a burst of arrivals costs one process, not one for each file."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.answers import answers, summed_up
from flows.parameters import Bucket, Concurrency, Key, open_bucket
from headgate.options import ProcessOptions
from tasks.process_file import process_each


@flow(name="process-batch", flow_run_name="process {keys[0]} and others", persist_result=False)
@answers
async def process_batch(
    keys: Annotated[list[Key], Field(min_length=1, max_length=10_000)],
    bucket: Bucket = None,
    options: ProcessOptions = ProcessOptions(),  # noqa: B008 - frozen
    concurrency: Concurrency = 4,
) -> object:
    """Check, clean and publish several uploads; a bad one never holds up the others.

    Args:
        keys: Keys of the uploads.
        bucket: S3 bucket block; none for the one named `headgate`.
        options: How each file is read, checked, prepared and delivered.
        concurrency: Files at once.
    """
    bucket = await open_bucket(bucket)
    outcomes = await process_each(bucket, keys, options, concurrency)
    return summed_up(outcomes)
