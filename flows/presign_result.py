"""A fresh link to something that was published."""

from typing import Annotated

from prefect import flow
from prefect.states import Completed
from pydantic import Field

from flows.answers import answers
from flows.parameters import Bucket, open_bucket
from tasks.presign import find_table, presign


@flow(name="presign-result", flow_run_name="presign {key}", persist_result=False)
@answers
async def presign_result(
    key: Annotated[
        str,
        Field(
            description="Key of a published object, or of the upload it was made from",
            min_length=1,
            max_length=1024,
        ),
    ],
    bucket: Bucket = None,
    hours: Annotated[float, Field(description="How long the link should work", gt=0, le=168)] = 1,
    show: Annotated[
        bool, Field(description="Show the link in the Prefect UI, to all who may see this run")
    ] = True,
) -> object:
    """Sign a download link; it works for the time asked, or as long as the credential does."""
    bucket = await open_bucket(bucket)
    link = presign(bucket, find_table(bucket, key), hours, show=show)
    return Completed(message=f"Works until {link.expires_at:%d %b %Y %H:%M} UTC.", data=link)
