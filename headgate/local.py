"""A local file without a bucket: look at it, clean it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from headgate.engine.checking.rejoin import Rejoined
from headgate.engine.checking.rejoin import rejoin as join_corrected
from headgate.engine.prepare import Prepared, prepare
from headgate.engine.reading.detect import detect
from headgate.engine.staging import LINE, Staging
from headgate.engine.table import Reading, read
from headgate.errors import OptionsError
from headgate.options import CheckOptions, PrepareOptions, ReadOptions
from headgate.receipt import RowCounts
from headgate.record import Record
from headgate.scratch import new_scratch, remove_scratch
from headgate.settings import load
from schemas import choice, contract_for

PREVIEW_ROWS = 50
RESULTS = (
    "data.csv",
    "data.parquet",
    "dictionary.csv",
    "pipeline.py",
    "quarantine.csv",
    "recipe.json",
    "recipe.sql",
    "report.html",
    "spreadsheet.csv",
)
"""What a clean may leave in its folder."""

R = TypeVar("R", bound=Record)


class Inspection(Record):
    """What a file is found to be, with its first good rows."""

    reading: Annotated[Reading, Field(description="Its files are gone; its figures stay")]
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

    Older results in `out` go first, so that none looks like this file's.

    Raises:
        BadFileError: The file cannot be accepted; there are no results then.
        OptionsError: There is no such file, or `out` is no place for results.
    """
    recipe = _existing(Path(options.recipe)) if options.recipe else None
    _clear(out, _existing(path), recipe)
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
        moved = {file: Path(shutil.move(file, _folder(out) / file.name)) for file in made if file}
    return Cleaned(
        rows=rows,
        reading=_pointed(reading, moved),
        prepared=_pointed(prepared, moved),
        files=tuple(moved.values()),
    )


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
    _hold_to_delimiter(_existing(path), options)
    scratch = new_scratch(load().scratch)
    try:
        contract = contract_for(dataset, check.contract)
        reading = read(path, scratch, read=options, check=check, contract=contract)
        notes = (*reading.notes, *choice(contract, dataset, check.contract))
        yield reading.model_copy(update={"notes": notes}), scratch
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


def _hold_to_delimiter(path: Path, options: ReadOptions) -> None:
    """Refuse a delimiter that splits nothing, where another one would."""
    if options.delimiter is None or len(detect(path, options).names) > 1:
        return
    found = detect(path, options.model_copy(update={"delimiter": None}))
    if len(found.names) > 1:
        raise OptionsError(
            f"The delimiter {options.delimiter!r} splits no line of this file; "
            f"{found.delimiter!r} does.",
            where=str(path),
            todo="Leave --delimiter out, or name another.",
        )


def _clear(out: Path, path: Path, recipe: Path | None) -> None:
    """See that `out` can take results, and remove those of an earlier file."""
    if not out.exists():
        return
    if not out.is_dir() or not os.access(out, os.W_OK):
        why = "you may not write there" if out.is_dir() else "it is a file"
        raise OptionsError(
            f"Results cannot be put there ({why}).", where=str(out), todo="Choose another folder."
        )
    older = {file.resolve() for name in RESULTS if (file := out / name).exists()}
    if older and not (out / "recipe.json").exists():
        raise OptionsError(
            f"There are files that results would replace: {', '.join(f.name for f in older)}.",
            where=str(out),
            todo="Choose another folder.",
        )
    for needed in (path, recipe):
        if needed and needed.resolve() in older:
            raise OptionsError(
                "This file is needed, and would be overwritten.",
                where=str(needed),
                todo="Choose another folder for the results.",
            )
    for name in RESULTS:
        (out / name).unlink(missing_ok=True)


def _pointed(record: R, moved: dict[Path, Path]) -> R:
    """Point a record's paths to where the files are now."""
    at = {
        name: tuple(moved.get(each, each) for each in value)
        if name == "extras"
        else moved.get(value, value)
        for name, value in record
        if name == "extras" or isinstance(value, Path)
    }
    return record.model_copy(update=at)


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
    for batch in Staging(reading.table):
        columns = [name for name in batch.schema.names if name != LINE]
        first = batch.slice(0, PREVIEW_ROWS)
        rows = zip(*(first.column(name).to_pylist() for name in columns), strict=True)
        return tuple(tuple("" if cell is None else cell for cell in row) for row in rows)
    return ()
