"""How a local file comes into the bucket, once it was found good."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from headgate import local
from headgate.bucket import transfer
from headgate.bucket.keys import (
    dataset_of,
    is_upload,
    marked_dataset,
    marked_key,
    new_upload_key,
)
from headgate.bucket.store import Store
from headgate.engine.checking.drift import Drift
from headgate.engine.checking.ledger import SheetCounts
from headgate.engine.checking.sheets import open_sheet
from headgate.engine.validate import Reading
from headgate.errors import OptionsError
from headgate.journey import corrections, layouts
from headgate.local import Inspection
from headgate.options import CheckOptions, ReadOptions
from headgate.record import Record
from headgate.scratch import scratch_folder
from headgate.settings import load
from headgate.words import counted, first_of


class Checked(Inspection):
    """A local file beside what the bucket holds."""

    joined: Annotated[
        Reading | None,
        Field(description="The upload that it corrects, with its rows, where that was read again"),
    ] = None

    @property
    def judged(self) -> Reading | None:
        """What its contract was seen to say of the rows; None where only their run will tell."""
        return self.joined if self.corrected else self.reading


class Uploaded(Record):
    """A file that is now under `uploads/`, with a look at what it holds."""

    key: Annotated[str, Field(description="Key of the upload")]
    file_name: str
    rows_in: Annotated[
        int, Field(description="Rows in the file, or in the one that it corrects, without header")
    ]
    quarantined: Annotated[int, Field(description="Rows found bad, which will be kept back")]
    contract: Annotated[
        str | None, Field(description="What its rows were held to, where they were read so far")
    ]
    drift: Annotated[
        tuple[Drift, ...], Field(description="How its columns differ from its data set's last file")
    ]
    corrects: Annotated[
        str | None, Field(description="Key of the upload whose rows it corrects, if it does")
    ]
    corrected: Annotated[SheetCounts | None, Field(description="What it puts right there")]
    columns: tuple[str, ...]
    rows: Annotated[tuple[tuple[str, ...], ...], Field(description="The first 50 good rows")]

    def __str__(self) -> str:
        """Tell in one line where the file is, and what its run will say of it."""
        said = [f"Uploaded as {self.key}"]
        if self.quarantined:
            rows = counted(self.rows_in, "row")
            said.append(f"{self.quarantined:,} of its {rows} will be kept back as bad")
        if self.drift:
            changes = first_of([each.detail for each in self.drift])
            said.append(f"its columns differ from the last file's: {changes}")
        return "; ".join(said)


def inspect(
    store: Store, path: Path, *, dataset: str | None, read: ReadOptions, check: CheckOptions
) -> Checked:
    """Look at a local file beside the last one that the bucket accepted of its data set.

    Corrected rows are looked at beside the result that they belong to.

    Raises:
        BadFileError: The file cannot be accepted.
        OptionsError: There is no such file, or `require_names` refuses it.
    """
    require_names(path.name, dataset)
    previous = layouts.recall(store, dataset)
    found = local.inspect(path, dataset=dataset, read=read, check=check, previous=previous)
    sheet = open_sheet(path, read.member)
    if sheet is None:
        return Checked(**dict(found))
    with scratch_folder(load().scratch) as scratch:
        corrected, joined = corrections.judge(store, sheet, scratch)
    return Checked(**dict(found) | {"corrected": corrected, "joined": joined})


def require_names(name: str, dataset: str | None) -> None:
    """Refuse names of which no upload can be made, before anybody waits for a look at the file.

    Raises:
        OptionsError: No folder can have the name of the data set, or the file's name says that it
            is half-written.
    """
    key = _new_key(name, dataset)
    plain = dataset is None or (dataset.isprintable() and not dataset.isspace())
    if dataset_of(key) != dataset or not plain:
        raise OptionsError(
            f"{dataset!r} cannot be the name of a data set.",
            where="`dataset`",
            todo="Name one folder under uploads/, without a slash.",
        )
    if not is_upload(key):
        raise OptionsError(
            "Its name says that the file is half-written, so no run would take it.",
            where=name,
            todo="Rename the file.",
        )


def new_key(path: Path, inspection: Inspection, dataset: str | None = None) -> str:
    """Name a new upload of a file that was found good.

    Corrected rows go to the data set of the upload that they belong to.
    """
    corrects = inspection.corrects
    return _new_key(path.name, marked_dataset(corrects) if corrects else dataset)


def upload(store: Store, path: Path, key: str, inspection: Checked) -> Uploaded:
    """Send a file that was found good, as it is; twice under one key, it is one upload."""
    transfer.upload(store, path, key, "text/csv")
    judged, mark = inspection.judged, inspection.corrects
    reading = judged or inspection.reading
    return Uploaded(
        key=key,
        file_name=path.name,
        rows_in=reading.rows_in,
        quarantined=reading.quarantined,
        contract=judged.contract if judged else None,
        drift=reading.drift,
        corrects=marked_key(mark) if mark else None,
        corrected=inspection.corrected,
        columns=inspection.columns,
        rows=inspection.rows,
    )


def _new_key(name: str, dataset: str | None) -> str:
    return new_upload_key(name, dataset, datetime.now(UTC), secrets.token_hex(4))
