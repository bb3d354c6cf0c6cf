"""What is still to do: uploads without a receipt, found by merging two listings."""

from collections.abc import Iterator

from headgate.bucket.keys import UPLOADS, Upload, is_upload, receipt_key
from headgate.bucket.store import Store


def pending(store: Store) -> Iterator[Upload]:
    """Give every upload that has no receipt."""
    for item in store.list(UPLOADS):
        if not is_upload(item.key, item.size):
            continue
        upload = Upload(bucket=store.bucket, key=item.key, etag=item.etag, size=item.size)
        if not store.exists(receipt_key(upload)):
            yield upload
