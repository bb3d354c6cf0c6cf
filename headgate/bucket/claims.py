"""Claims: who is working on an upload, for how long, and how another may take over.

A claim saves work; it is not what makes a result appear once. That is the receipt's conditional
PUT, which holds even where a claim was lost. All times are the store's own: a claim has lapsed when
the store's clock is more than a lease past its last renewal, whatever the clocks of the machines.
"""

import json
import math
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import ConfigDict, Field, ValidationError

from headgate.bucket import receipts
from headgate.bucket.errors import PreconditionError
from headgate.bucket.keys import CLAIMS, Upload, claim_key
from headgate.bucket.store import Store, Stored
from headgate.errors import (
    AlreadyProcessedError,
    ClaimHeldError,
    ClaimLostError,
    HeadgateError,
    NoSuchObjectError,
    TransientError,
)
from headgate.record import Record

RENEWALS_PER_LEASE = 4

_left: set[str] = set()
"""Attempts of this process that have ended and left their claims: others must wait until these
lapse, but this process, which alone knows, may take them over at once."""


class Claim(Record):
    """A live claim; each renewal gives a new one. A later version may say more of it."""

    model_config = ConfigDict(extra="ignore")

    upload: Upload
    owner: str = Field(description="Who works on it, in words a person understands")
    attempt: str = Field(description="8 hex digits, the folder of what this attempt writes")
    lease: float = Field(description="Seconds without renewal after which others may take over")
    beat: int = Field(default=0, description="Number of renewals")
    took_over: bool = Field(default=False, description="Whether an earlier owner let it lapse")
    etag: str = Field(default="", description="ETag of the claim object")

    def body(self) -> bytes:
        """Return the claim object's content; no two are alike, so that each has its own ETag."""
        return json.dumps(self.model_dump(exclude={"etag"}), indent=1).encode()


def claim(
    store: Store, upload: Upload, owner: str, lease: float = 60, *, force: bool = False
) -> Claim:
    """Claim an upload for this owner.

    Raises:
        ClaimHeldError: Another owner's claim is live.
        AlreadyProcessedError: There is a receipt, and no `force`.
    """
    wanted = Claim(upload=upload, owner=owner, attempt=secrets.token_hex(4), lease=lease)
    with kept_if_unanswered(wanted):
        won = _put(store, wanted)
    try:
        if not force and receipts.read(store, upload):  # only now can no other commit
            raise AlreadyProcessedError(where=store.where(upload.key))
    except HeadgateError:
        with suppress(HeadgateError):  # else it would be held against the next try
            release(store, won, age=0)
        raise
    return won


def renew(store: Store, held: Claim) -> Claim:
    """Extend the lease.

    Raises:
        ClaimLostError: Another owner has taken over.
    """
    following = held.model_copy(update={"beat": held.beat + 1})
    try:
        etag = store.replace(claim_key(held.upload), following.body(), held.etag)
    except PreconditionError as error:
        raise _lost(store, held) from error
    return following.model_copy(update={"etag": etag})


def release(store: Store, held: Claim, age: float = math.inf) -> None:
    """Give up a claim, once what dead predecessors left is cleared away.

    One that somebody else has taken over stays, and so does one with such a predecessor where there
    is no receipt yet, for a next owner who can tell what is to be cleared away.

    Args:
        store: Where it lies.
        held: The claim.
        age: Seconds since it was last written; within a lease nobody can have taken it over.
    """
    key = claim_key(held.upload)
    with kept_if_unanswered(held):
        if age > held.lease / 2:
            current = _read(store, key)
            if current is None or current[0].attempt != held.attempt:
                return
        if not held.took_over or receipts.discard_attempts(store, held.upload):
            store.delete(key)
            return
    _left.add(held.attempt)


def confirm(store: Store, held: Claim) -> None:
    """Make sure that a claim is still one's own and live, before a result is replaced.

    Raises:
        ClaimLostError: The claim lapsed, or another owner has taken over.
    """
    found = _read(store, claim_key(held.upload))
    if found is None or found[0].attempt != held.attempt or _seconds_left(*found) <= 0:
        raise _lost(store, held)


@contextmanager
def kept_if_unanswered(held: Claim) -> Iterator[None]:
    """Keep the claim, as a run that died would, where no answer came to what the block writes.

    The write may yet take effect. Whoever takes over writes the same, or finds it written, and only
    then can tell what is to be cleared away.
    """
    try:
        yield
    except (AlreadyProcessedError, ClaimLostError):  # by now no earlier try can take effect either
        _left.discard(held.attempt)
        raise
    except BaseException as error:
        if isinstance(error, TransientError) or not isinstance(error, HeadgateError):
            _left.add(held.attempt)
        raise
    _left.discard(held.attempt)


def is_left(held: Claim) -> bool:
    """Return whether a claim of this process is left for its next owner to clear away."""
    return held.attempt in _left


def abandoned(store: Store, key: str) -> Claim | None:
    """Return the claim under a key if its owner has let it lapse and no other will take over."""
    held = lapsed(store, key)
    return None if held is None or _waits(store, held.upload) else held


def remove_abandoned(store: Store, key: str) -> None:
    """Remove an abandoned claim, and what its owner had written without publishing it.

    The claim is taken over first, so that an owner who was only slow finds out.
    """
    held = abandoned(store, key)
    if held is None:
        return
    taken = held.model_copy(update={"attempt": secrets.token_hex(4), "owner": "housekeeping"})
    try:
        store.replace(key, taken.body(), held.etag)
    except PreconditionError:
        return
    receipts.discard_attempts(store, held.upload)
    store.delete(key)


def remove_all_abandoned(store: Store) -> None:
    """Remove all abandoned claims."""
    for item in store.list(CLAIMS):
        remove_abandoned(store, item.key)


class Renewal:
    """Keeps a claim alive while its owner works."""

    def __init__(self, store: Store, held: Claim) -> None:
        self.claim = held
        self._store = store
        self._written = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="claim-renewal", daemon=True)

    def start(self) -> None:
        """Begin to renew in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End renewing and give the claim up.

        Where that fails, the claim lapses by itself, and housekeeping finds the rest.
        """
        self._stop.set()
        self._thread.join()
        if is_left(self.claim):
            return
        with suppress(HeadgateError):
            release(self._store, self.claim, time.monotonic() - self._written)

    def _run(self) -> None:
        while not self._stop.wait(self.claim.lease / RENEWALS_PER_LEASE):
            now = time.monotonic()
            try:
                self.claim = renew(self._store, self.claim)
                self._written = now
            except ClaimLostError:
                return  # the owner finds out when it publishes
            except HeadgateError:
                continue  # the next renewal may get through; the receipt decides in any case


@contextmanager
def renewed(store: Store, held: Claim) -> Iterator[Renewal]:
    """Renew a claim in the background until the block ends, then release it."""
    renewal = Renewal(store, held)
    renewal.start()
    try:
        yield renewal
    finally:
        renewal.stop()


def lapsed(store: Store, key: str) -> Claim | None:
    """Return the claim under a key if its owner has let it lapse."""
    found = _read(store, key)
    return found[0] if found and _seconds_left(*found) <= 0 else None


def _waits(store: Store, upload: Upload) -> bool:
    """Return whether an upload is still there and has no receipt."""
    if receipts.read(store, upload):
        return False
    try:
        return store.head(upload.key).etag == upload.etag
    except NoSuchObjectError:
        return False


def _put(store: Store, wanted: Claim) -> Claim:
    """Write a claim where there is none, or over one that has lapsed or was given up here."""
    key = claim_key(wanted.upload)
    try:
        return wanted.model_copy(update={"etag": store.put_new(key, wanted.body())})
    except PreconditionError:
        stored = store.read(key)
    if stored is None:
        raise _refusal(store, wanted, "Another run, which has just ended,", 0)
    held = _parse(stored) or wanted.model_copy(update={"attempt": "", "owner": "An unknown run"})
    seconds = _seconds_left(held, stored)
    if seconds > 0 and not is_left(held):
        raise _refusal(store, wanted, held.owner, seconds)
    taken = wanted.model_copy(update={"took_over": True})
    try:
        etag = store.replace(key, taken.body(), stored.etag)
    except PreconditionError as error:
        raise _refusal(store, wanted, "Another run, which was quicker,", wanted.lease) from error
    return taken.model_copy(update={"etag": etag})


def _seconds_left(held: Claim, stored: Stored) -> float:
    """Both times are the store's and cut to whole seconds, hence one second of grace."""
    return held.lease + 1 - (stored.now - stored.modified).total_seconds()


def _refusal(store: Store, wanted: Claim, owner: str, seconds: float) -> ClaimHeldError:
    return ClaimHeldError(
        f"{owner} is working on it.",
        where=store.where(wanted.upload.key),
        todo=f"Its claim lapses in {seconds:.0f} s unless it is renewed.",
    )


def _lost(store: Store, held: Claim) -> ClaimLostError:
    return ClaimLostError(
        "The claim lapsed, and others may have taken over.",
        where=store.where(held.upload.key),
        todo="Nothing is lost: the result that stands stays, or the other run publishes one.",
    )


def _read(store: Store, key: str) -> tuple[Claim, Stored] | None:
    """Read the claim under a key; None where there is none, or something else."""
    stored = store.read(key)
    held = _parse(stored) if stored else None
    return (held, stored) if held and stored else None


def _parse(stored: Stored) -> Claim | None:
    try:
        held = Claim.model_validate_json(stored.body)
    except ValidationError:
        return None
    return held.model_copy(update={"etag": stored.etag})
