"""What an upload has become: how it stands, its receipt, and the table that was made of it."""

from pathlib import PurePath

from headgate.bucket import keys, receipts
from headgate.bucket.addresses import key_of, upload_key_of
from headgate.bucket.keys import Upload
from headgate.bucket.store import Store
from headgate.errors import BadFileError, NoSuchObjectError, OptionsError
from headgate.journey.receipt import Receipt
from headgate.record import Record


class Standing(Record):
    """How an upload stands: its receipt, if it has one, or else whether a run has begun on it."""

    upload: Upload
    receipt: Receipt | None = None
    begun: bool = False


def standing(store: Store, key: str) -> Standing:
    """See how the upload stands that lies under this key, or lay there last.

    Raises:
        NoSuchObjectError: There is no such upload.
        OptionsError: The key is no upload's, or the address is another store's.
    """
    key = upload_key_of(store, key)
    try:
        upload = store.head(key)
    except NoSuchObjectError:
        stored = receipts.read_last(store, key)
        if stored is None:
            raise
        last = receipts.parse(stored, Receipt)
        return Standing(upload=last.source.upload, receipt=last)
    stored = receipts.read(store, upload)
    if stored is None:
        return Standing(upload=upload, begun=store.exists(keys.claim_key(upload)))
    return Standing(upload=upload, receipt=receipts.parse(stored, Receipt))


def find_receipt(store: Store, key: str) -> Receipt:
    """Return the receipt of the upload that lies under this key, or lay there last.

    Raises:
        NoSuchObjectError: There is no such upload, or it has no receipt yet.
        OptionsError: The key is no upload's, or the address is another store's.
    """
    found = standing(store, key)
    if found.receipt is None:
        raise NoSuchObjectError(
            "This upload has no result yet.",
            where=store.where(found.upload.key),
            todo="Process it, or wait for its run.",
        )
    return found.receipt


def find_result(store: Store, key: str) -> Receipt:
    """Return the receipt of an upload that was not refused.

    Raises:
        NoSuchObjectError: There is no such upload, or it has no receipt yet.
        BadFileError: The upload was refused.
    """
    receipt = find_receipt(store, key)
    if receipt.outcome == "refused":
        raise BadFileError(
            "This upload was refused, and nothing was published.",
            where=store.where(receipt.source.upload.key),
            todo=" ".join(receipt.reasons),
        )
    return receipt


def find_file(store: Store, key: str, name: str) -> tuple[str, str]:
    """Return the key of a file of an upload's result, and what to call it beside other uploads'.

    Raises:
        NoSuchObjectError: There is no such upload, or no such file of it.
        BadFileError: The upload was refused.
    """
    receipt = find_result(store, key)
    for output in receipt.outputs:
        if output.key.rpartition("/")[2] == name:
            return output.key, f"{PurePath(receipt.source.upload.name).stem}-{name}"
    raise NoSuchObjectError(f"Its result has no file {name!r}.", where=store.where(key))


def find_table(store: Store, key: str) -> str:
    """Return the key of the table made from an upload; any other key must exist and is returned.

    Raises:
        NoSuchObjectError: There is no such object, or the upload has no receipt yet.
        BadFileError: The upload was refused.
        OptionsError: The key is a folder's, or the address is another store's.
    """
    key = key_of(store, key)
    if key.endswith("/"):
        raise OptionsError(
            "This is a folder.", where=store.where(key), todo="Name an object in it, or an upload."
        )
    return find_result(store, key).key() if keys.is_upload(key) else store.head(key).key
