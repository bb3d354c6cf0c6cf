"""The main journey: one upload becomes a checked, cleaned, published result."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect_aws import S3Bucket

from headgate.errors import BadFileError
from headgate.journey.processing import repeated_if_overwritten
from headgate.journey.receipt import Receipt
from headgate.journey.work import Download, Work
from headgate.options import Key, ProcessOptions
from prefect_support.block import Bucket, open_bucket
from prefect_support.states import receipt_state, supervised
from tasks.claim import claim, renewing
from tasks.cleanup import cleanup
from tasks.download import download
from tasks.preprocess import preprocess
from tasks.presign import presign
from tasks.resubmission import answer_resubmission
from tasks.upload_processed import refuse, upload_processed
from tasks.validate import validate


@flow(name="process-upload", flow_run_name="process {key}", persist_result=False)
@supervised
async def process_upload(
    key: Key,
    bucket: Bucket = None,
    options: ProcessOptions = ProcessOptions(),  # noqa: B008 - frozen
) -> State[Receipt]:
    """Check, clean and publish one uploaded CSV file.

    The good rows go to `processed/`, the bad ones with their reasons to `quarantine/`, and a
    receipt that accounts for every row to `receipts/`. An upload that has a receipt is left alone.

    Args:
        key: Key of the upload, such as `uploads/sales.csv`.
        bucket: S3 bucket block; none for the one named `headgate`.
        options: How the file is read, checked, prepared and delivered.
    """
    bucket = await open_bucket(bucket)
    return receipt_state(repeated_if_overwritten(_journey, bucket, key, options))


def _journey(bucket: S3Bucket, key: str, options: ProcessOptions) -> Receipt:
    work = claim(bucket, key, options)
    if isinstance(work, Receipt):
        return work
    receipt, deliver = None, options.deliver
    with renewing(bucket, work):
        try:
            file = download(bucket, work)
            receipt = _answer(bucket, work, file)
            if receipt.outcome == "published":
                presign(bucket, receipt.key(), deliver.link_hours, show=deliver.show_link)
        finally:
            cleanup(bucket, work, receipt)
    return receipt


def _answer(bucket: S3Bucket, work: Work, file: Download) -> Receipt:
    try:
        if receipt := answer_resubmission(bucket, work, file):
            return receipt
        reading = validate(bucket, work, file)
        prepared = preprocess(bucket, work, reading)
    except BadFileError as error:
        return refuse(bucket, work, file, error)
    return upload_processed(bucket, work, file, reading, prepared)
