"""Presigned links to single objects, and how long they truly work."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from pydantic import Field, SecretStr

from headgate.bucket.client import credentials_of
from headgate.bucket.errors import explained
from headgate.bucket.store import Store
from headgate.errors import ExpiredCredentialsError
from headgate.record import Record

LIMIT = timedelta(days=7)
"""The longest that signature version 4 allows."""


class Link(Record):
    """A presigned URL. It is a secret: only `url.get_secret_value()` shows it."""

    url: SecretStr
    expires_at: datetime
    certain: bool = Field(description="False where temporary credentials do not tell their end")

    @property
    def until(self) -> str:
        """When it ends, for a person; not sooner than that only where the end is certain."""
        sooner = "" if self.certain else ", or until its temporary credentials end"
        return f"{self.expires_at:%d %b %Y %H:%M} UTC{sooner}"


def presign(store: Store, key: str, hours: float, saved_as: str | None = None) -> Link:
    """Sign a link for reading one object; it says honestly how long it will work.

    Args:
        store: Where it lies.
        key: The object.
        hours: How long the link should work at most.
        saved_as: What a browser calls the file that it saves, or shows where it is a page; by
            default as the key ends.

    Raises:
        ExpiredCredentialsError: The credentials have no life left.
    """
    with explained(store.where(key)):
        signer = credentials_of(store.client)
    now, ends = datetime.now(UTC), signer.expires_at if signer else None
    life = min(timedelta(hours=hours), LIMIT, *([ends - now] if ends else []))
    if life <= timedelta(0):
        raise ExpiredCredentialsError(
            "The credentials that would sign the link have expired.",
            where=store.where(key),
            todo="Get new ones and ask for the link again.",
        )
    seconds = max(1, int(life.total_seconds()))
    asked = store.at(key)
    if saved_as:
        kind = "inline" if saved_as.endswith(".html") else "attachment"
        asked["ResponseContentDisposition"] = f"{kind}; filename*=UTF-8''{quote(saved_as)}"
    with explained(store.where(key)):
        url = store.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
    return Link(
        url=SecretStr(url),
        expires_at=now + timedelta(seconds=seconds),
        certain=ends is not None or signer is None or not signer.token,
    )
