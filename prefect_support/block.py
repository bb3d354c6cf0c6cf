"""The S3 bucket block: made from the settings, chosen for a run, and opened as a store."""

from functools import lru_cache
from typing import Any

from prefect_aws import AwsCredentials, MinIOCredentials, S3Bucket
from prefect_aws.client_parameters import AwsClientParameters

from headgate.bucket.client import client_config, client_of
from headgate.bucket.store import Store, limits_of
from headgate.errors import SettingsError
from headgate.settings import Settings, load

BLOCK = "headgate"

Bucket = S3Bucket | None
"""The parameter of a flow; none for the block named `headgate`."""


async def open_bucket(bucket: Bucket) -> S3Bucket:
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


def store_of(bucket: S3Bucket) -> Store:
    """Open the block's bucket; exact keys, since the block's own methods tidy them."""
    return Store(
        _s3_client(bucket.credentials),
        bucket.bucket_name,
        folder=bucket.bucket_folder,
        limits=limits_of(load()),
    )


def block_of(settings: Settings) -> S3Bucket:
    """Make the S3 bucket block that the settings describe.

    Raises:
        SettingsError: No bucket is named.
    """
    bucket = settings.required_bucket()
    token = settings.session_token
    credentials = AwsCredentials(
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        aws_session_token=token.get_secret_value() if token else None,
        region_name=settings.region_at(settings.endpoint_url),
        aws_client_parameters=AwsClientParameters(
            endpoint_url=settings.endpoint_url,
            config=client_config(settings),  # type: ignore[arg-type]  # it takes either
        ),
    )
    return S3Bucket(bucket_name=bucket, bucket_folder=settings.folder, credentials=credentials)


@lru_cache(maxsize=8)
def _s3_client(credentials: AwsCredentials | MinIOCredentials) -> Any:
    """Do as the block's own method does, and share with all clients what is slow to read."""
    how = credentials.aws_client_parameters.get_params_override()
    session = credentials.get_boto3_session()
    return client_of(session, "s3", region_name=credentials.region_name, **how)
