"""A local file is looked at, and sent to `uploads/` when it is good."""

from pathlib import Path

from prefect import task
from prefect_aws import S3Bucket

from headgate.journey import intake
from headgate.journey.intake import Checked, Uploaded
from headgate.options import CheckOptions, ReadOptions
from prefect_support.artifacts import show_preview
from prefect_support.block import store_of
from prefect_support.policies import KEEP_NOTHING, RETRY_TRANSIENT


@task(task_run_name="validate-local {path.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def validate_local(
    bucket: S3Bucket, path: Path, dataset: str | None, read: ReadOptions, check: CheckOptions
) -> Checked:
    """Read the file and hold it to its data set's contract."""
    return intake.inspect(store_of(bucket), path, dataset=dataset, read=read, check=check)


@task(task_run_name="upload {path.name}", **RETRY_TRANSIENT, **KEEP_NOTHING)
def upload(bucket: S3Bucket, path: Path, key: str, inspection: Checked) -> Uploaded:
    """Send the file as it is."""
    uploaded = intake.upload(store_of(bucket), path, key, inspection)
    show_preview(path.name, uploaded.columns, uploaded.rows)
    return uploaded
