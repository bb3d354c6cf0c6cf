"""A local file without a bucket: look at it, clean it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
from pydantic import Field

from headgate.engine.checking.rejoin import Rejoined
from headgate.engine.checking.rejoin import rejoin as join_corrected
from headgate.engine.prepare import Prepared, prepare
from headgate.engine.reading.blocks import LINE
from headgate.engine.table import Reading, read
from headgate.errors import OptionsError
from headgate.options import CheckOptions, PrepareOptions, ReadOptions
from headgate.receipt import RowCounts
from headgate.record import Record
from headgate.scratch import new_scratch, remove_scratch
from headgate.settings import load
from schemas import contract_for

PREVIEW_ROWS = 50


class Inspection(Record):
    """What a file is found to be, with its first good rows."""

    reading: Annotated[Reading, Field(description="Its paths are gone; its figures stay")]
    columns: tuple[str, ...]
    rows: Annotated[tuple[tuple[str, ...], ...], Field(description="The first 50 good rows")]


class Cleaned(Record):
    """What a local clean left in the output folder."""

    rows: RowCounts
    reading: Reading
    prepared: Prepared
    files: tuple[Path, ...]


def inspect(
    path: Path, *, dataset: str | None = None, read: ReadOptions, check: CheckOptions
) -> Inspection:
    """Read a file and hold it to its contract, changing nothing.

    Raises:
        BadFileError: The file cannot be accepted.
        OptionsError: There is no such file.
    """
    with _read(path, dataset, read, check) as (reading, _):
        return Inspection(
            reading=reading,
            columns=tuple(column.name for column in reading.columns),
            rows=_first_rows(reading),
        )


def clean(
    path: Path,
    out: Path,
    *,
    dataset: str | None = None,
    read: ReadOptions,
    check: CheckOptions,
    options: PrepareOptions,
) -> Cleaned:
    """Do to a local file what the main journey does to an upload; results go to `out`.

    Raises:
        BadFileError: The file cannot be accepted; `out` is left as it was.
    """
    recipe = _existing(Path(options.recipe)) if options.recipe else None
    with _read(path, dataset, read, check) as (reading, scratch):
        prepared = prepare(reading, scratch, options, target=check.target, recipe=recipe)
        rows = RowCounts(
            rows_in=reading.rows_in,
            rows_out=prepared.rows_out,
            quarantined=reading.quarantined,
            duplicates=prepared.duplicates,
            dropped=prepared.dropped,
        )
        made = (
            prepared.csv,
            prepared.parquet,
            prepared.report,
            prepared.recipe,
            prepared.spreadsheet,
            reading.quarantine,
            *prepared.extras,
        )
        files = tuple(Path(shutil.move(file, _folder(out) / file.name)) for file in made if file)
    return Cleaned(rows=rows, reading=reading, prepared=prepared, files=files)


def rejoin(
    path: Path,
    corrected: Path,
    out: Path,
    *,
    dataset: str | None = None,
    read: ReadOptions,
    check: CheckOptions,
) -> Rejoined:
    """Put the corrected rows of a quarantine file back among the good rows of its original.

    Raises:
        BadFileError: The corrected file lacks columns, or holds rows that were not kept back.
    """
    _existing(corrected)
    with _read(path, dataset, read, check) as (reading, _):
        return join_corrected(reading, corrected, out)


def draft_contract(path: Path, *, dataset: str | None = None, read: ReadOptions) -> str:
    """Write the source of a first contract that this file passes."""
    from headgate.engine.checking.draft import draft

    with _read(path, None, read, CheckOptions()) as (reading, _):
        return draft(reading, dataset or path.name.split(".")[0])


@contextmanager
def _read(
    path: Path, dataset: str | None, options: ReadOptions, check: CheckOptions
) -> Iterator[tuple[Reading, Path]]:
    _existing(path)
    scratch = new_scratch(load().scratch)
    try:
        contract = contract_for(dataset, check.contract)
        yield read(path, scratch, read=options, check=check, contract=contract), scratch
    finally:
        remove_scratch(scratch)


def _existing(path: Path) -> Path:
    if path.is_dir():
        raise OptionsError("This is a folder.", where=str(path), todo="Name a file in it.")
    if not path.is_file():
        raise OptionsError("There is no such file.", where=str(path), todo="Check the path.")
    if not os.access(path, os.R_OK):
        raise OptionsError("You may not read this file.", where=str(path), todo="Ask its owner.")
    return path


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionsError(
            f"Results cannot be put there ({error.strerror}).",
            where=str(path),
            todo="Choose another folder.",
        ) from error
    return path


def _first_rows(reading: Reading) -> tuple[tuple[str, ...], ...]:
    for batch in pq.ParquetFile(reading.table).iter_batches(PREVIEW_ROWS):
        columns = [name for name in batch.schema.names if name != LINE]
        rows = zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
        return tuple(tuple("" if cell is None else cell for cell in row) for row in rows)
    return ()
