"""What time leaves behind in the bucket, found first and removed only when asked.

Never an upload, a receipt or a published result.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from headgate.bucket import claims
from headgate.bucket.keys import ARCHIVE, CLAIMS, PROBES, PROCESSED, QUARANTINE
from headgate.bucket.store import Store
from headgate.record import Record

STALE = timedelta(days=1)


class Leftover(Record):
    """One thing that nobody needs any more."""

    kind: Literal["lapsed claim", "unfinished upload", "old quarantine", "probe"]
    key: str
    detail: str = ""
    upload_id: str = Field(default="", description="Of an unfinished multipart upload")


def leftovers(store: Store, *, quarantine_days: int | None = None) -> Iterator[Leftover]:
    """Find lapsed claims, multipart uploads of dead runs, and quarantine older than a policy.

    Args:
        store: Where to look.
        quarantine_days: Age at which quarantined rows go; by default they stay.
    """
    now = datetime.now(UTC)
    for item in store.list(CLAIMS):
        held = claims.abandoned(store, item.key)
        if held is not None:
            yield Leftover(kind="lapsed claim", key=item.key, detail=f"of {held.owner}")
    for prefix in (PROCESSED, QUARANTINE, ARCHIVE):
        for key, upload_id in store.multiparts(prefix, before=now - STALE):
            yield Leftover(kind="unfinished upload", key=key, upload_id=upload_id)
    for item in store.list(PROBES):
        if item.modified < now - STALE:
            yield Leftover(kind="probe", key=item.key, detail="of a connection check")
    if quarantine_days is not None:
        for item in store.list(QUARANTINE):
            if item.modified < now - timedelta(days=quarantine_days):
                yield Leftover(
                    kind="old quarantine", key=item.key, detail=f"of {item.modified:%d %b %Y}"
                )


def sweep(
    store: Store, *, quarantine_days: int | None = None, dry_run: bool = True
) -> list[Leftover]:
    """Find the leftovers and, unless it is a dry run, remove them; give what was found."""
    found = list(leftovers(store, quarantine_days=quarantine_days))
    if not dry_run:
        for leftover in found:
            remove(store, leftover)
    return found


def remove(store: Store, leftover: Leftover) -> None:
    """Remove one leftover; one that is gone already is a success."""
    if leftover.kind == "unfinished upload":
        store.abort_multipart(leftover.key, leftover.upload_id)
    elif leftover.kind == "lapsed claim":
        claims.remove_abandoned(store, leftover.key)
    else:
        store.delete(leftover.key)
