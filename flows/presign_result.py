"""A fresh link to something that was published."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from headgate.bucket.links import Link
from headgate.options import Hours, Key
from prefect_support.block import Bucket, open_bucket
from prefect_support.states import supervised
from tasks.presign import find_table, presign


@flow(name="presign-result", flow_run_name="presign {key}", persist_result=False)
@supervised
async def presign_result(
    key: Key,
    bucket: Bucket = None,
    hours: Hours = 1,
    show: bool = True,
) -> State[Link]:
    """Sign a download link; it works for the time asked, or as long as the credential does.

    Args:
        key: Key of a published object, or of the upload it was made from.
        bucket: S3 bucket block; none for the one named `headgate`.
        hours: How long the link should work, at most a week.
        show: Show the link in the Prefect UI, to all who may see this run.
    """
    bucket = await open_bucket(bucket)
    link = presign(bucket, find_table(bucket, key), hours, show=show)
    return Completed(message=f"Works until {link.until}.", data=link)
