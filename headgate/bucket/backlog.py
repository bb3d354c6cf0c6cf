"""Every upload and whether it has a receipt, found by merging two sorted listings.

One request for each 1,000 uploads and one for each 1,000 receipts, whatever is new; memory for a
few pages. Nothing is remembered from one time to the next, so nothing can be forgotten.
"""

from collections.abc import Iterator
from datetime import datetime
from heapq import nlargest
from itertools import chain, pairwise
from operator import attrgetter
from random import random
from typing import NamedTuple

from headgate.bucket.keys import (
    RECEIPTS,
    UPLOADS,
    Upload,
    has_mirrored_receipt,
    is_upload,
    parse_receipt_key,
    receipt_key,
)
from headgate.bucket.store import Store


class Entry(NamedTuple):
    """An upload of which the listings tell: itself, its receipt, or both."""

    key: str
    at: datetime
    """When it came or, if later, was answered."""
    upload: Upload | None
    """None where only the receipt is left."""
    receipt: str | None
    """Key of its receipt."""


def inventory(store: Store, prefix: str = UPLOADS) -> Iterator[Entry]:
    """Yield every upload that is there or has a receipt, in the order of the listing.

    Where names upset the order, a receipt without an upload may stand anywhere; hashed receipts are
    found only by their uploads. One that is written meanwhile may be overlooked.
    """
    receipts = _Receipts(store, prefix)
    for item in store.list(prefix):
        if not is_upload(item.key, item.size):
            continue
        upload = Upload(bucket=store.bucket, key=item.key, etag=item.etag, size=item.size)
        yield from receipts.passed(upload)
        receipt = receipt_key(upload) if receipts.cover(upload) else None
        yield Entry(item.key, max(item.modified, receipts.at or item.modified), upload, receipt)
    yield from receipts.rest()


def pending(store: Store) -> Iterator[Upload]:
    """Yield every upload that has no receipt, in the order of the listing.

    One whose receipt is written meanwhile may still be given; claiming tells.
    """
    for entry in inventory(store):
        if entry.upload and not entry.receipt:
            yield entry.upload


def choose_pending(store: Store, most: int) -> list[Upload]:
    """List uploads that have no receipt, the smallest first; where there are too many, any of them.

    Chosen by chance, those that fail each time never keep the others from their turn.
    """
    chosen = nlargest(most, pending(store), key=lambda _: random())  # noqa: S311 - no secret
    return sorted(chosen, key=attrgetter("size"))


class _Receipt(NamedTuple):
    """A line of the listing of receipts."""

    key: str
    id: str
    at: datetime
    place: str


class _Receipts:
    """The listing of receipts, read alongside the uploads'.

    Where the merge cannot tell, the one receipt in question is asked for.
    """

    def __init__(self, store: Store, prefix: str) -> None:
        self.at: datetime | None = None
        self._store = store
        self._prefix = RECEIPTS + prefix.removeprefix(UPLOADS)
        self._order = _Order()
        self._listing = self._read()
        self._head = next(self._listing, None)
        self._last = ""
        self._before: bool | None = True
        self._looked_up: set[str] = set()

    def passed(self, upload: Upload) -> Iterator[Entry]:
        """Go on to an upload, which must come in the order of the listing; yield what is passed."""
        self.at, self._before = None, True
        if not has_mirrored_receipt(upload.key):
            return
        self._order.check(self._last, upload.key)
        self._last = upload.key
        while self._head and self._before:
            head = self._head
            self._before = head.key == upload.key or self._order.before(head.key, upload.key)
            if not self._before:
                return
            if (head.key, head.id) == (upload.key, upload.id):
                self.at = head.at
            else:
                yield from self._left(head)
            self._head = next(self._listing, None)

    def cover(self, upload: Upload) -> bool:
        """Return whether the upload has a receipt to which `passed` went on."""
        return self.at is not None or (self._unclear(upload) and self._look_up(upload))

    def rest(self) -> Iterator[Entry]:
        """Yield what is listed behind the last upload."""
        while self._head:
            yield from self._left(self._head)
            self._head = next(self._listing, None)

    def _left(self, receipt: _Receipt) -> Iterator[Entry]:
        """Yield a receipt whose upload is gone, unless that may be listed elsewhere."""
        if receipt.id not in self._looked_up and not self._order.broken:
            yield Entry(receipt.key, receipt.at, None, receipt.place)

    def _unclear(self, upload: Upload) -> bool:
        """After `a.csv!`, names like `a.csv (2)` come before the receipt of `a.csv`."""
        follows = self._head is not None and self._head.key.startswith(upload.key)
        hashed = not has_mirrored_receipt(upload.key)
        return hashed or follows or self._before is None or self._order.broken

    def _look_up(self, upload: Upload) -> bool:
        found = self._store.exists(receipt_key(upload))
        if found:
            self._looked_up.add(upload.id)
        return found

    def _read(self) -> Iterator[_Receipt]:
        """Yield the receipts; the order is learned one ahead."""
        found = (
            _Receipt(*parsed, item.modified, item.key)
            for item in self._store.list(self._prefix)
            if (parsed := parse_receipt_key(item.key))
        )
        for receipt, following in pairwise(chain(found, [None])):
            if receipt and following:
                self._order.learn(receipt.key, following.key)
            if receipt:
                yield receipt


class _Order:
    """The order in which a store lists: S3 sorts keys as bytes, file systems folder by folder."""

    def __init__(self) -> None:
        self._by_folder: bool | None = None
        self.broken = False

    def learn(self, key: str, following: str) -> None:
        """Take two neighbours on which the orders differ as evidence."""
        if self._by_folder is None and self.before(key, following) is None:
            self._by_folder = key > following

    def check(self, key: str, following: str) -> None:
        """Learn, and notice a listing that keeps neither order."""
        self.learn(key, following)
        self.broken = self.broken or self.before(key, following) is False

    def before(self, one: str, other: str) -> bool | None:
        """Return whether one key is listed before another; None while that depends on the order."""
        plain = one < other  # by code point, which is the order of the UTF-8 bytes
        if self._by_folder is False or one.rpartition("/")[0] == other.rpartition("/")[0]:
            return plain
        folders = one.split("/") < other.split("/")
        return folders if self._by_folder or folders == plain else None
