"""The Prefect server beside the command line: which is named, does it answer, and for which bucket.

Import this only where Prefect is wanted: it takes longer to import than a small file to clean.
"""

from typing import cast
from urllib.parse import urlsplit

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings
from prefect_aws import S3Bucket

from headgate.errors import SettingsError, TransientError
from headgate.settings import Settings
from prefect_support.block import BLOCK


def api_url() -> str:
    """Return the address of the Prefect server's API.

    Raises:
        SettingsError: None is named.
    """
    url = get_current_settings().api.url
    if not url:
        raise SettingsError(
            "No Prefect server is named.",
            where="PREFECT_API_URL",
            todo="Start one with `prefect server start`, and set PREFECT_API_URL to its address, "
            "such as http://127.0.0.1:4200/api.",
        )
    return url


def require_server() -> None:
    """See that there is a Prefect server, and that it answers.

    Raises:
        SettingsError: None is named.
        TransientError: It does not answer.
    """
    url = api_url()
    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    if error:
        raise _away(url) from error


def require_same_bucket(settings: Settings) -> None:
    """See that the environment's bucket, where it names one, is the one that Prefect's runs use.

    Raises:
        SettingsError: They differ.
        TransientError: The server does not answer.
    """
    if not settings.bucket:
        return
    try:
        block = cast(S3Bucket, S3Bucket.load(BLOCK, _sync=True))  # type: ignore[call-arg]
    except HTTPError as error:
        raise _away(api_url()) from error
    except ValueError:
        return  # without a block, runs use the environment's bucket
    endpoint = block.credentials.aws_client_parameters.endpoint_url
    here = _place(settings.bucket, settings.folder, settings.endpoint_url)
    there = _place(block.bucket_name, block.bucket_folder, endpoint)
    if here != there:
        raise SettingsError(
            f"The environment names {here}, but the block s3-bucket/{BLOCK} in Prefect {there}.",
            todo="Run `headgate register` to save the environment's bucket in the block; or name "
            "the block's in the environment or `.env`, by AWS_BUCKET_NAME, HEADGATE_FOLDER and "
            "AWS_ENDPOINT_URL.",
        )


def _away(url: str) -> TransientError:
    return TransientError(
        f"No Prefect server answers at {url}.", where="PREFECT_API_URL", todo=_advice(url)
    )


def _advice(url: str) -> str:
    """Return what to do where no server answers; its API is not at the address of its UI."""
    if urlsplit(url).path.strip("/"):
        return (
            "Start it, or correct PREFECT_API_URL. Where that is not set, `headgate process` and "
            "`backlog` run without a server."
        )
    return f"Its API is below /api: set PREFECT_API_URL={url.rstrip('/')}/api."


def _place(bucket: str, folder: str, endpoint: str | None) -> str:
    path = f"s3://{bucket}/{folder.strip('/')}".rstrip("/")
    return f"{path} at {(endpoint or 'AWS').rstrip('/')}"
