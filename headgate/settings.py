"""Every setting that Headgate reads from the environment or `.env`; read when called, not before.

Options of a single run are in `headgate.options`; deployment matters are in `prefect.yaml`.
"""

import logging
import os
import re
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from headgate.errors import SettingsError

log = logging.getLogger(__name__)

_Seconds = Annotated[float, Field(gt=0)]
_ASSIGNED = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=", re.MULTILINE)
"""The variables of a `.env`."""


class Settings(BaseSettings):
    """Where the bucket is, how to reach it, and how patient to be."""

    model_config = SettingsConfigDict(
        env_prefix="HEADGATE_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    bucket: str | None = Field(
        default=None,
        description="Bucket name",
        validation_alias=AliasChoices("HEADGATE_BUCKET", "AWS_BUCKET_NAME"),
    )
    folder: str = Field(default="", description="Folder in the bucket that holds everything")
    access_key_id: str | None = Field(
        default=None,
        description="Access key; empty for the machine's own role",
        validation_alias=AliasChoices("AWS_ACCESS_KEY_ID"),
    )
    secret_access_key: SecretStr | None = Field(
        default=None,
        description="Secret key",
        validation_alias=AliasChoices("AWS_SECRET_ACCESS_KEY"),
    )
    session_token: SecretStr | None = Field(
        default=None,
        description="Token of temporary credentials",
        validation_alias=AliasChoices("AWS_SESSION_TOKEN"),
    )
    region: str | None = Field(
        default=None,
        description="AWS region",
        validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"),
    )
    endpoint_url: str | None = Field(
        default=None,
        description="Address of an S3-compatible server; empty for AWS",
        validation_alias=AliasChoices("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    )
    queue_url: str | None = Field(default=None, description="SQS queue that announces uploads")
    queue_endpoint_url: str | None = Field(
        default=None,
        description="Address of an SQS-compatible server; empty for AWS",
        validation_alias=AliasChoices("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"),
    )
    scratch: Path | None = Field(
        default=None, description="Folder for work in progress; empty for the system's own"
    )

    lease_seconds: _Seconds = Field(
        default=60, description="A claim not renewed for so long lapses"
    )
    connect_seconds: _Seconds = Field(default=5, description="Time-out for reaching the store")
    read_seconds: _Seconds = Field(default=30, description="Time-out for each answer of the store")
    attempts: int = Field(default=6, description="Tries of each request", ge=1, le=20)
    connections: int = Field(default=8, description="Connections at once for one file", ge=1, le=64)
    part_mib: int = Field(default=16, description="Size of one part of a transfer", ge=5, le=512)
    poll_seconds: _Seconds = Field(default=15, description="Interval of listing, without a queue")
    sweep_seconds: _Seconds = Field(default=300, description="Interval of listing beside a queue")

    def required_bucket(self) -> str:
        """Return the bucket's name.

        Raises:
            SettingsError: None is named.
        """
        if not self.bucket:
            raise SettingsError(
                "No bucket is named.", todo="Set AWS_BUCKET_NAME in the environment or in .env."
            )
        return self.bucket

    def region_at(self, endpoint_url: str | None) -> str | None:
        """Return the region to sign for; a server that is not AWS takes whatever it is asked in."""
        return self.region or ("us-east-1" if endpoint_url else None)


def load() -> Settings:
    """Read the settings, again only where the environment or `.env` has changed.

    Raises:
        SettingsError: A variable has a value that cannot be; the message names it.
    """
    file = Path(".env")
    dotenv = file.read_bytes() if file.is_file() else b""
    return _load(tuple(os.environ.items()), dotenv)


@lru_cache(maxsize=1)
def _load(environment: tuple[tuple[str, str], ...], dotenv: bytes) -> Settings:
    """Read the settings; the arguments are the cache's key and what the settings are made of.

    Every step of every file asks for them, and reading them takes milliseconds.
    """
    for variable in (*dict(environment), *_ASSIGNED.findall(dotenv.decode(errors="replace"))):
        _warn_if_unknown(variable)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        variable = name if name.isupper() else f"HEADGATE_{name.upper()}"
        raise SettingsError(
            f"{first['msg'].replace('Input', 'It', 1)}.",
            where=variable,
            todo="Correct it in the environment or in .env.",
        ) from error


@cache
def _warn_if_unknown(variable: str) -> None:
    """Say once that a variable, by its name one of Headgate's, sets nothing."""
    prefix, _, name = variable.upper().partition("_")
    known = [field.upper() for field in Settings.model_fields]
    if prefix == "HEADGATE" and name not in known:
        near = get_close_matches(name, known, 1)
        advice = f"did you mean HEADGATE_{near[0]}?" if near else "docs/settings.md lists them all."
        log.warning("There is no setting %s, so it changes nothing: %s", variable, advice)
