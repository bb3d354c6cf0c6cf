"""Parameters that several flows share.

Prefect's form shows beside each parameter what the flow's docstring says of it under `Args`.
"""

from typing import Annotated

from prefect_aws import S3Bucket
from pydantic import Field

from headgate.errors import SettingsError
from headgate.settings import load
from tasks.store import block_of

BLOCK = "headgate"

Bucket = S3Bucket | None
Key = Annotated[str, Field(min_length=1, max_length=1024)]
Concurrency = Annotated[int, Field(ge=1, le=64)]


async def open_bucket(bucket: S3Bucket | None) -> S3Bucket:
    """Return the given block, or the one named `headgate`, or the environment's bucket.

    Raises:
        SettingsError: There is neither.
    """
    if bucket is not None:
        return bucket
    try:
        return await S3Bucket.aload(BLOCK)
    except ValueError as error:
        settings = load()
        if settings.bucket:
            return block_of(settings)
        raise SettingsError(
            f"No S3 bucket block named '{BLOCK}' is registered, and no AWS_BUCKET_NAME is set.",
            todo="Run `headgate register`, or choose a block in the form.",
        ) from error
