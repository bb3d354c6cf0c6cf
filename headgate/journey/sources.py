"""Uploaded objects once their result is published: archived or deleted, if the options say so."""

from contextlib import suppress

from headgate.bucket import keys, receipts
from headgate.bucket.keys import Upload
from headgate.bucket.store import Store
from headgate.errors import NoSuchObjectError, ObjectChangedError
from headgate.journey.receipt import Receipt
from headgate.options import ProcessOptions, SourcePolicy


def archive_or_delete(store: Store, upload: Upload, options: ProcessOptions) -> None:
    """Archive or delete the source; one that is gone, or new content in its place, is left."""
    policy = options.deliver.source
    with suppress(NoSuchObjectError, ObjectChangedError):
        if policy is SourcePolicy.ARCHIVE:
            store.copy(upload, keys.archive_key(upload))
        if policy is not SourcePolicy.KEEP:
            store.delete_upload(upload)


def receipt_of_removed(store: Store, key: str) -> Receipt | None:
    """Return the receipt of an upload whose source is no longer there, by its own options."""
    stored = receipts.read_last(store, key)
    if stored is None:
        return None
    receipt = receipts.parse(stored, Receipt)
    put_away = receipt.options.deliver.source is not SourcePolicy.KEEP
    return receipt if put_away and receipt.outcome == "published" else None


def not_there(store: Store, upload: Upload) -> NoSuchObjectError:
    """Say where a source is that was put away and is wanted again."""
    archived = keys.archive_key(upload)
    where = store.where(upload.key)
    if store.exists(archived):
        return NoSuchObjectError(
            f"This upload was archived once it was done: it is {store.where(archived)} now.",
            where=where,
            todo=f"Copy it back to {where}, then process it again.",
        )
    return NoSuchObjectError(
        "This upload was archived or deleted once it was done, and is not in the archive.",
        where=where,
        todo="Upload it again.",
    )
