"""What is still to do: uploads without a receipt, found by merging two sorted listings.

One request for each 1,000 uploads and one for each 1,000 receipts, whatever is new; memory for a
few pages. Nothing is remembered from one time to the next, so nothing can be forgotten.
"""

from collections.abc import Callable, Iterator

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

Order = Callable[[str], list[bytes]]


def pending(store: Store) -> Iterator[Upload]:
    """Give every upload that has no receipt, in the order of the listing.

    None is ever left out. One that is done may be given where its receipt is written meanwhile or
    where the store lists in an order of its own (found out on the way); claiming tells.
    """
    receipts = _Receipts(store)
    for item in store.list(UPLOADS):
        if not is_upload(item.key, item.size):
            continue
        upload = Upload(bucket=store.bucket, key=item.key, etag=item.etag, size=item.size)
        if not receipts.cover(upload):
            yield upload


class _Receipts:
    """The listing of receipts, read alongside the uploads'."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listing = filter(None, map(parse_receipt_key, (r.key for r in store.list(RECEIPTS))))
        self._head = next(self._listing, None)
        self._order: Order = _as_bytes
        self._last = ""
        self._sorted = True

    def cover(self, upload: Upload) -> bool:
        """Tell whether an upload has a receipt; uploads must come in the order of the listing."""
        if not has_mirrored_receipt(upload.key):
            return self._look_up(upload)
        self._learn_order(upload.key)
        here = self._order(upload.key)
        found = False
        while self._head and (self._head[0] == upload.key or self._order(self._head[0]) < here):
            found = found or self._head == (upload.key, upload.id)
            self._head = next(self._listing, None)
        return found or ((not self._sorted or self._unclear(upload)) and self._look_up(upload))

    def _learn_order(self, key: str) -> None:
        """S3 sorts keys as bytes; stores on a file system sort folder by folder."""
        if self._order(key) < self._order(self._last):
            self._order = _by_folder
            self._sorted = self._sorted and self._order(key) >= self._order(self._last)
        self._last = key

    def _unclear(self, upload: Upload) -> bool:
        """After `a.csv!`, names like `a.csv (2)` come before the receipt of `a.csv`."""
        return self._head is not None and self._head[0].startswith(upload.key)

    def _look_up(self, upload: Upload) -> bool:
        return self._store.exists(receipt_key(upload))


def _as_bytes(key: str) -> list[bytes]:
    return [key.encode()]


def _by_folder(key: str) -> list[bytes]:
    return key.encode().split(b"/")
