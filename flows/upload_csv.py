"""A local file goes up, once it has been found good."""

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from headgate.journey.intake import Uploaded, new_key
from headgate.options import CheckOptions, ReadOptions
from prefect_support.block import Bucket, open_bucket
from prefect_support.states import supervised
from tasks.upload import upload, validate_local


@flow(name="upload-csv", flow_run_name="upload {path.name}", persist_result=False)
@supervised
async def upload_csv(
    path: Path,
    bucket: Bucket = None,
    dataset: str | None = None,
    read: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
    check: CheckOptions = CheckOptions(),  # noqa: B008 - frozen
) -> State[Uploaded]:
    """Check a local CSV file and upload it; a bad file is refused and nothing is uploaded.

    Returns the columns, the first 50 rows, the key and the file name. The file itself stays.

    Args:
        path: A CSV file on the machine that runs this.
        bucket: S3 bucket block; none for the one named `headgate`.
        dataset: Data set whose contract holds; also the folder under `uploads/`.
        read: How the file is read.
        check: What the file is held to.
    """
    bucket = await open_bucket(bucket)
    inspection = validate_local(bucket, path, dataset, read, check)
    key = new_key(path, inspection, dataset)
    uploaded = upload(bucket, path, key, inspection)
    return Completed(message=str(uploaded), data=uploaded)
