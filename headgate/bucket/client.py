"""How boto3 is set up for Headgate: credentials, patience and signatures."""

from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import boto3
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.utils import determine_content_length

from headgate import __version__
from headgate.bucket.errors import explain, explained
from headgate.bucket.listing import parse_listings
from headgate.errors import HeadgateError, TransientError
from headgate.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

FILES_AT_ONCE = 8
"""How many files may share a client before connections are thrown away and made again."""

_SMALL = 2**20


def s3_client(settings: Settings) -> "S3Client":
    """Build a client with the settings' credentials, or the machine's own."""
    client: S3Client = _client("s3", settings, settings.endpoint_url, client_config(settings))
    return client


def sqs_client(settings: Settings, longest_wait: float) -> "SQSClient":
    """Build the same for the queue, which may let an answer wait for so many seconds."""
    config = _config(settings).merge(Config(read_timeout=longest_wait + settings.read_seconds))
    client: SQSClient = _client("sqs", settings, settings.queue_endpoint_url, config)
    return client


def client_config(settings: Settings) -> Config:
    """Give clients of S3 the settings' patience; path-style addresses serve any endpoint."""
    own = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"} if settings.endpoint_url else None,
    )
    return _config(settings).merge(own)


def client_of(session: boto3.Session, service: str, **how: Any) -> Any:
    """Build a client that lists quickly, and signs links that work everywhere.

    The descriptions of services, 60 ms to read, are read once for all sessions.

    Args:
        session: Whose credentials it takes.
        service: Name of the service.
        how: As for the session's own method.
    """
    session._session.register_component("data_loader", _descriptions())  # noqa: SLF001
    client = session.client(service, **how)  # type: ignore[call-overload]
    events = client.meta.events
    events.register_last("before-call.s3", _send_at_once)
    events.register_first(f"needs-retry.{service}", _try_nothing_final_again)
    events.register("choose-signer.s3.GetObject", _sign_by_v4)
    parse_listings(client)
    return client


class Credentials(NamedTuple):
    """What a client signs with, at this moment."""

    access_key: str
    token: str | None
    expires_at: datetime | None
    """Where the credentials themselves tell it."""


def credentials_of(client: Any) -> Credentials | None:
    """Return what a client signs with; boto3 has no public way to ask."""
    found = client._get_credentials()  # noqa: SLF001
    if found is None:
        return None
    now = found.get_frozen_credentials()
    return Credentials(now.access_key, now.token, getattr(found, "_expiry_time", None))


def warm_up() -> None:
    """Read what every client needs; nothing is sent."""
    with suppress(HeadgateError), explained("AWS"):
        client_of(boto3.Session("no", "body"), "s3", region_name="us-east-1")


@cache
def _descriptions() -> Loader:
    return create_loader()


def _client(
    service: Literal["s3", "sqs"], settings: Settings, endpoint_url: str | None, config: Config
) -> Any:
    secret, token = settings.secret_access_key, settings.session_token
    where = endpoint_url or "AWS"
    with explained(where):
        try:
            return client_of(
                boto3.Session(),
                service,
                endpoint_url=endpoint_url,
                region_name=settings.region_at(endpoint_url),
                aws_access_key_id=settings.access_key_id,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                aws_session_token=token.get_secret_value() if token else None,
                config=config,
            )
        except ValueError as error:
            raise explain(error, where) from error


def _config(settings: Settings) -> Config:
    return Config(
        user_agent=f"headgate/{__version__}",
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        connect_timeout=settings.connect_seconds,
        read_timeout=settings.read_seconds,
        max_pool_connections=settings.connections * FILES_AT_ONCE,
    )


def _send_at_once(params: dict[str, Any], **_: Any) -> None:
    """Spare a small body the round trip of asking first whether it is welcome."""
    size = determine_content_length(params["body"])
    if size is not None and size < _SMALL:
        params["headers"].pop("Expect", None)


def _try_nothing_final_again(caught_exception: Exception | None, **_: Any) -> bool | None:
    """Keep boto from taking every failed handshake for a broken connection."""
    final = caught_exception and not isinstance(explain(caught_exception, ""), TransientError)
    return False if final else None


def _sign_by_v4(signature_version: str, **_: Any) -> str | None:
    """Presigning still defaults to version 2, which regions since 2014 and other stores refuse."""
    return "s3v4" if signature_version in ("s3", "s3-query") else None
