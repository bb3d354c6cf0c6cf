"""What is still to do: uploads without a receipt, found by merging two sorted listings.

One request for each 1,000 uploads and one for each 1,000 receipts, whatever is new; memory for a
few pages. Nothing is remembered from one time to the next, so nothing can be forgotten.
"""

from collections.abc import Iterator
from heapq import nlargest
from itertools import chain, pairwise
from operator import attrgetter
from random import random

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


def pending(store: Store) -> Iterator[Upload]:
    """Yield every upload that has no receipt, in the order of the listing.

    One whose receipt is written meanwhile may still be given; claiming tells.
    """
    receipts = _Receipts(store)
    for item in store.list(UPLOADS):
        if not is_upload(item.key, item.size):
            continue
        upload = Upload(bucket=store.bucket, key=item.key, etag=item.etag, size=item.size)
        if not receipts.cover(upload):
            yield upload


def choose_pending(store: Store, most: int) -> list[Upload]:
    """List uploads that have no receipt, the smallest first; where there are too many, any of them.

    Chosen by chance, those that fail each time never keep the others from their turn.
    """
    chosen = nlargest(most, pending(store), key=lambda _: random())  # noqa: S311 - no secret
    return sorted(chosen, key=attrgetter("size"))


class _Receipts:
    """The listing of receipts, read alongside the uploads'.

    Where the merge cannot tell, the one receipt in question is asked for.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._order = _Order()
        self._listing = self._read()
        self._head = next(self._listing, None)
        self._last = ""

    def cover(self, upload: Upload) -> bool:
        """Return whether an upload has a receipt; uploads must come in the order of the listing."""
        if not has_mirrored_receipt(upload.key):
            return self._look_up(upload)
        self._order.check(self._last, upload.key)
        self._last = upload.key
        found = False
        before: bool | None = True
        while self._head and before:
            key, receipt_id = self._head
            before = key == upload.key or self._order.before(key, upload.key)
            if before:
                found = found or (key, receipt_id) == (upload.key, upload.id)
                self._head = next(self._listing, None)
        return found or (self._unclear(upload, before) and self._look_up(upload))

    def _unclear(self, upload: Upload, before: bool | None) -> bool:
        """After `a.csv!`, names like `a.csv (2)` come before the receipt of `a.csv`."""
        follows = self._head is not None and self._head[0].startswith(upload.key)
        return before is None or follows or self._order.broken

    def _look_up(self, upload: Upload) -> bool:
        return self._store.exists(receipt_key(upload))

    def _read(self) -> Iterator[tuple[str, str]]:
        """Yield key and id of each receipt; the order is learned one ahead."""
        found = (parse_receipt_key(item.key) for item in self._store.list(RECEIPTS))
        for receipt, following in pairwise(chain(filter(None, found), [None])):
            if receipt and following:
                self._order.learn(receipt[0], following[0])
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
