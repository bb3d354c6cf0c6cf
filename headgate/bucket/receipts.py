"""Receipts: the commit point of an upload, found by its identity or by its content.

What a receipt says is the journey's matter; here it is a JSON object with `outputs`.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from headgate.bucket.errors import PreconditionError
from headgate.bucket.keys import (
    Upload,
    attempts_prefixes,
    content_key,
    has_mirrored_receipt,
    older_receipt_key,
    older_receipts_prefix,
    parse_receipt_key,
    quarantine_prefix,
    receipt_key,
    receipts_prefix,
    result_prefix,
)
from headgate.bucket.store import Store, Stored
from headgate.errors import (
    AlreadyProcessedError,
    ClaimLostError,
    DefectError,
    ReceiptError,
    TransientError,
)
from headgate.record import Record

Format = Literal["headgate-receipt/1"]

T = TypeVar("T", bound=BaseModel)
log = logging.getLogger(__name__)


class Finding(Record):
    """What `verify` says of one output."""

    key: str
    ok: bool
    detail: str


class _Output(BaseModel):
    key: str


class _Result(BaseModel):
    """What is to be known of a receipt here; it says much more."""

    format: Format = "headgate-receipt/1"
    outputs: tuple[_Output, ...]
    finished: str = ""

    @property
    def folders(self) -> set[str]:
        """The folders that it points to."""
        return {output.key.rpartition("/")[0] + "/" for output in self.outputs}


class _Pointer(BaseModel):
    """Where the receipt of a content is."""

    receipt: str


def parse(stored: Stored, kind: type[T]) -> T:
    """Return what a receipt says.

    Raises:
        ReceiptError: The receipt is damaged, or of a later version.
    """
    try:
        return kind.model_validate_json(stored.body)
    except (ValidationError, DefectError) as error:
        raise ReceiptError(
            "This receipt cannot be read: it is damaged, or a later version of Headgate wrote it.",
            where=stored.where,
            todo="`headgate process KEY --force`, or a run with `force`, writes a new one and "
            "keeps this one beside it; where corrected rows were joined to the upload, send them "
            "again after that.",
        ) from error


def find(store: Store, upload: Upload) -> dict[str, Any] | None:
    """Return the receipt of exactly this upload, if it has one.

    Raises:
        ReceiptError: The receipt cannot be read.
    """
    stored = read(store, upload)
    return None if stored is None else parse(stored, RootModel[dict[str, Any]]).root


def read(store: Store, upload: Upload) -> Stored | None:
    """Read the receipt of exactly this upload, with the ETag by which it can be replaced."""
    return store.read(receipt_key(upload))


def read_last(store: Store, key: str) -> Stored | None:
    """Read the newest receipt of what lay under a key, unless its place was hashed.

    Raises:
        ReceiptError: One of them cannot be read, and may be the newest.
    """
    if not has_mirrored_receipt(key):
        return None
    listed = store.list(receipts_prefix(key))
    own = [item.key for item in listed if (parse_receipt_key(item.key) or ("",))[0] == key]
    found = filter(None, map(store.read, own))
    return max(found, key=lambda stored: parse(stored, _Result).finished, default=None)


def read_content(store: Store, sha256: str) -> Stored | None:
    """Read the receipt of any upload with the same bytes, under whatever key."""
    pointer = store.read(content_key(sha256))
    if pointer is None:
        return None
    try:
        return store.read(_Pointer.model_validate_json(pointer.body).receipt)
    except ValidationError:  # the next receipt of this content writes it anew
        return None


def commit(
    store: Store,
    upload: Upload,
    receipt: Mapping[str, Any],
    *,
    sha256: str | None = None,
    replaces: str | None = None,
) -> None:
    """Publish a result by writing its receipt, the last of all writes.

    The receipt must tell its `run` and when that `started`, for a lost acknowledgement to be told
    from another's receipt. An attempt that commits again, after a retry, has succeeded.
    With `replaces` the receipt of this ETag makes way, and is kept beside the new one.

    Raises:
        AlreadyProcessedError: Another run has published a result for this upload.
        ClaimLostError: The receipt to be replaced no longer stands.
    """
    key, body = receipt_key(upload), json.dumps(receipt, indent=1, ensure_ascii=False).encode()
    try:
        if replaces:
            _replace(store, upload, body, replaces)
        else:
            store.put_new(key, body)
    except (PreconditionError, ClaimLostError) as error:
        if not _of_one_run(find(store, upload), receipt):
            if replaces:
                raise
            raise AlreadyProcessedError(where=store.where(upload.key)) from error
    if sha256:
        pointer = json.dumps({"receipt": key}).encode()
        with suppress(TransientError):  # a convenience; the result is published without it
            store.put(content_key(sha256), pointer, "application/json")


def verify(store: Store, receipt: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare each output of a receipt, byte for byte by sha256, with what the bucket holds."""
    for output in receipt["outputs"]:
        chunks = store.stream(output["key"])
        if chunks is None:
            yield Finding(key=output["key"], ok=False, detail="missing")
            continue
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
        same = digest.hexdigest() == output["sha256"]
        detail = f"{size:,} bytes as published" if same else "its content has changed"
        yield Finding(key=output["key"], ok=same, detail=detail)


def discard_attempt(store: Store, upload: Upload, attempt: str) -> None:
    """Delete what one failed attempt has written.

    Nothing is deleted where a receipt points to it: a run may have published and not know it,
    because the acknowledgement was lost. Nor where a receipt cannot be read.
    """
    prefixes = (result_prefix(upload, attempt), quarantine_prefix(upload, attempt))
    published = _published(store, upload)
    if published is not None:
        _discard(store, prefixes, published)


def discard_attempts(store: Store, upload: Upload) -> bool:
    """Delete what attempts without a receipt have left of this upload; return whether that is over.

    For the owner of a claim that was taken over. Where there is no receipt, nothing is deleted:
    somebody may be working. Where there is one, it is first written again as it is, which gives it
    another ETag: a run that was stopped just before it replaced it can no longer do so. Where one
    cannot be read, all stays for good.
    """
    standing = read(store, upload)
    if standing is None:
        return False
    prefixes, published = attempts_prefixes(upload), _published(store, upload)
    if published is None:
        return True
    if any(_unpublished(store, prefix, published) for prefix in prefixes):
        try:
            store.replace(receipt_key(upload), standing.body + b"\n", standing.etag)
        except PreconditionError:
            return False
    _discard(store, prefixes, published)
    return True


def _replaced(store: Store, upload: Upload) -> Iterator[Stored]:
    listed = store.list(older_receipts_prefix(upload))
    return filter(None, (store.read(item.key) for item in listed))


def _published(store: Store, upload: Upload) -> set[str] | None:
    """Name the folders that the receipts of an upload point to; None where one cannot be read."""
    found = filter(None, (read(store, upload), *_replaced(store, upload)))
    try:
        return set[str]().union(*(parse(stored, _Result).folders for stored in found))
    except ReceiptError as error:
        log.warning("%s Until then, nothing of the upload's is removed.", error)
        return None


def _discard(store: Store, prefixes: Iterable[str], published: set[str]) -> None:
    for prefix in prefixes:
        store.delete(*_unpublished(store, prefix, published))
        store.abort_multiparts(prefix)


def _unpublished(store: Store, prefix: str, published: set[str]) -> list[str]:
    folders = tuple(published)
    return [item.key for item in store.list(prefix) if not item.key.startswith(folders)]


def _of_one_run(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    return one is not None and all(one.get(name) == other.get(name) for name in ("run", "started"))


def _replace(store: Store, upload: Upload, body: bytes, etag: str) -> None:
    """Keep the older receipt, then put the new one in its place, if it still is the one it was."""
    key = receipt_key(upload)
    older = store.read(key)
    if older is not None and older.etag == etag:
        store.put(older_receipt_key(upload, etag), older.body, "application/json")
        with suppress(PreconditionError):
            store.replace(key, body, etag)
            return
    raise ClaimLostError(
        "Another run has published a newer result meanwhile.",
        where=store.where(upload.key),
        todo="Nothing is lost; where work is left, the next run does it on that result.",
    )
