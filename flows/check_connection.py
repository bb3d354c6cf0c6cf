"""Can Headgate work with this bucket? Each step is told apart, with what to do where it fails."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from headgate.bucket.connection import CheckResult
from prefect_support.block import Bucket, open_bucket
from prefect_support.states import supervised
from tasks.check_connection import check_bucket


@flow(name="check-connection", flow_run_name="check the connection", persist_result=False)
@supervised
async def check_connection(
    bucket: Bucket = None,
    full: bool = False,
) -> State[list[CheckResult]]:
    """Check credentials, region, bucket and permissions, one line for each step.

    Args:
        bucket: S3 bucket block; none for the one named `headgate`.
        full: Also write, read, sign, compare and delete a small object.
    """
    bucket = await open_bucket(bucket)
    steps = check_bucket(bucket, full)
    failed = [step for step in steps if not step.ok]
    if failed:
        return Failed(message=f"{failed[0].name}: {failed[0].detail} {failed[0].todo}", data=steps)
    return Completed(message=f"All {len(steps)} steps passed.", data=steps)
