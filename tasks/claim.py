"""The upload becomes this run's own."""

from contextlib import AbstractContextManager

from prefect import get_run_logger, task
from prefect.runtime import flow_run
from prefect_aws import S3Bucket

from headgate.bucket.claims import Renewal, renewed
from headgate.journey import steps
from headgate.journey.receipt import Receipt
from headgate.journey.summary import answered_before
from headgate.journey.work import Work
from headgate.options import ProcessOptions
from prefect_support.artifacts import show_receipt
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="claim {key}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def claim(bucket: S3Bucket, key: str, options: ProcessOptions) -> Work | Receipt:
    """Claim an upload for this run, or return the receipt that it already has."""
    claimed = steps.claim(store_of(bucket), key, options, owner=flow_run.get_id() or "")
    if isinstance(claimed, Receipt):
        get_run_logger().warning(answered_before(claimed, options, "deliver.force"))
        show_receipt(claimed)
    return claimed


def renewing(bucket: S3Bucket, work: Work) -> AbstractContextManager[Renewal]:
    """Keep the claim alive while the block runs; it is no task, since it spans several."""
    return renewed(store_of(bucket), work.claim)
