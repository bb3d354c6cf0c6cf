"""How a local file comes into the bucket, once it was found good."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from headgate import layouts, local
from headgate.bucket import transfer
from headgate.bucket.keys import dataset_of, marked_dataset, new_upload_key
from headgate.bucket.store import Store
from headgate.errors import OptionsError
from headgate.local import Inspection
from headgate.options import CheckOptions, ReadOptions
from headgate.record import Record


class Uploaded(Record):
    """A file that is now under `uploads/`, with a look at what it holds."""

    key: str
    file_name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def inspect(
    store: Store, path: Path, *, dataset: str | None, read: ReadOptions, check: CheckOptions
) -> Inspection:
    """Look at a local file beside the last one that the bucket accepted of its data set.

    Raises:
        BadFileError: The file cannot be accepted.
        OptionsError: There is no such file.
    """
    previous = layouts.recall(store, dataset)
    return local.inspect(path, dataset=dataset, read=read, check=check, previous=previous)


def new_key(path: Path, inspection: Inspection, dataset: str | None = None) -> str:
    """Name a new upload of a file that was found good.

    Corrected rows go to the data set of the upload that they belong to.

    Raises:
        OptionsError: No folder can have the name of the data set.
    """
    dataset = dataset or marked_dataset(inspection.corrects or "")
    key = new_upload_key(path.name, dataset, datetime.now(UTC), secrets.token_hex(4))
    if dataset_of(key) != dataset:
        raise OptionsError(
            f"{dataset!r} cannot be the name of a data set.",
            where="dataset",
            todo="Name one folder under uploads/, without a slash.",
        )
    return key


def upload(store: Store, path: Path, key: str, inspection: Inspection) -> Uploaded:
    """Send a file that was found good, as it is; twice under one key, it is one upload."""
    transfer.upload(store, path, key, "text/csv")
    return Uploaded(key=key, file_name=path.name, columns=inspection.columns, rows=inspection.rows)
