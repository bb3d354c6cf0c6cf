"""A local file without a bucket: look at it, clean it."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from headgate.contracts import contract_for, default_note
from headgate.engine import recipe as recipes
from headgate.engine.checking.ledger import SheetCounts, extend_ledger
from headgate.engine.checking.sheets import Sheet, open_sheet
from headgate.engine.prepare import Prepared, prepare
from headgate.engine.reading.detect import detect
from headgate.engine.result.outputs import PREVIEW_ROWS
from headgate.engine.staging import CSV, LINE, StagedFile
from headgate.engine.table import Reading, read
from headgate.errors import BadFileError, NotKeptBackError, OptionsError
from headgate.options import CheckOptions, PrepareOptions, ReadOptions
from headgate.receipt import ROLES, RowCounts, result_files
from headgate.record import Record
from headgate.scratch import new_scratch, remove_scratch
from headgate.settings import load

R = TypeVar("R", bound=Record)


class Inspection(Record):
    """What a file is found to be, with its first good rows."""

    reading: Annotated[Reading, Field(description="Its files are gone; its figures stay")]
    corrects: Annotated[
        str | None, Field(description="Mark of the upload whose rows it corrects, if it does")
    ] = None
    columns: tuple[str, ...]
    rows: Annotated[tuple[tuple[str, ...], ...], Field(description="The first 50 good rows")]


class Cleaned(Record):
    """What a local clean left in the output folder."""

    rows: RowCounts
    corrected: Annotated[tuple[SheetCounts, ...], Field(description="What was put right")] = ()
    reading: Reading
    prepared: Prepared
    files: tuple[Path, ...]


def inspect(
    path: Path, *, dataset: str | None = None, read: ReadOptions, check: CheckOptions
) -> Inspection:
    """Read a file and hold it to its contract, changing nothing.

    A quarantine file that comes back is held to none: its rows are judged with those of its upload.

    Raises:
        BadFileError: The file cannot be accepted.
        OptionsError: There is no such file.
    """
    sheet = open_sheet(_readable(path), read.member)
    if sheet:
        read, check, dataset = sheet.options, CheckOptions(max_bad_share=1), None
    with _reader(path, dataset, read, check) as (read_it, _):
        reading = read_it(None)
        return Inspection(
            reading=reading,
            corrects=sheet.upload if sheet else None,
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
    corrected: Sequence[Path] = (),
) -> Cleaned:
    """Do to a local file what the main journey does to an upload; results go to `out`.

    Older results in `out` go first, so that none looks like this file's. With a recipe the file is
    held to the recipe's contract, unless a data set or a contract is named.

    Args:
        path: The file.
        out: Folder for the results.
        dataset: Data set whose contract holds.
        read: How the file is read.
        check: What it is held to besides.
        options: What is made of it.
        corrected: Its quarantine files, with cells put right, in their order.

    Raises:
        BadFileError: The file, or what is to correct it, cannot be accepted; there are no results.
        OptionsError: There is no such file, or `out` is no place for results.
    """
    recipe = _readable(Path(options.recipe)) if options.recipe else None
    if recipe and dataset is None and check.contract is None:
        check = check.model_copy(update={"contract": recipes.load(recipe).contract})
    sheets = [_sheet(each) for each in corrected]
    _clear(out, _readable(path), recipe, *corrected)
    with _reader(path, dataset, read, check) as (read_it, scratch):
        reading, ledger, counts = _read_corrected(read_it, scratch, sheets)
        with _naming(path):
            prepared = prepare(reading, scratch, options, target=check.target, recipe=recipe)
        rows = RowCounts.of(reading, prepared)
        moved = _moved(result_files(reading, prepared, ledger), out)
    return Cleaned(
        rows=rows,
        corrected=counts,
        reading=_relocated(reading, moved),
        prepared=_relocated(prepared, moved, extras=tuple(moved[each] for each in prepared.extras)),
        files=tuple(moved.values()),
    )


def draft_contract(path: Path, *, dataset: str | None = None, read: ReadOptions) -> str:
    """Write the source of a first contract that this file passes."""
    from headgate.engine.checking.draft import draft

    with _reader(path, None, read, CheckOptions()) as (read_it, _):
        return draft(read_it(None), dataset or path.name.split(".")[0], read.missing)


@contextmanager
def _reader(
    path: Path, dataset: str | None, options: ReadOptions, check: CheckOptions
) -> Iterator[tuple[Callable[[Path | None], Reading], Path]]:
    """Yield what reads the file, with the ledger of corrected rows if any, and the scratch."""
    with _naming(path):
        _refuse_useless_delimiter(_readable(path), options)
    contract = contract_for(dataset, check.contract)
    scratch = new_scratch(load().scratch)

    def read_it(corrected: Path | None) -> Reading:
        with _naming(path):
            reading = read(
                path, scratch, options=options, check=check, contract=contract, corrected=corrected
            )
        notes = (*reading.notes, *default_note(contract, dataset, check.contract))
        return reading.model_copy(update={"notes": notes})

    try:
        yield read_it, scratch
    finally:
        remove_scratch(scratch)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error that names a place in a file, such as a line, name the file as well."""
    try:
        yield
    except BadFileError as error:
        if path.name not in error.where:
            error.where = f"{path.name}, {error.where}" if error.where else path.name
        raise


def _read_corrected(
    read_it: Callable[[Path | None], Reading], scratch: Path, sheets: Sequence[Sheet]
) -> tuple[Reading, Path | None, tuple[SheetCounts, ...]]:
    """Read the file, and again with the rows that each sheet corrects; give their ledger, too."""
    reading, counts = read_it(None), list[SheetCounts]()
    ledger: Path | None = None
    for sheet in sheets:
        with _naming(sheet.path):
            ledger, done = _extend_ledger(scratch, reading.quarantine, sheet, ledger)
        counts.append(done)
        reading = read_it(ledger)
    return reading, ledger, tuple(counts)


def _extend_ledger(
    scratch: Path, kept: Path | None, sheet: Sheet, ledger: Path | None
) -> tuple[Path, SheetCounts]:
    try:
        return extend_ledger(scratch, kept, sheet, sheet.path.name, ledger)
    except NotKeptBackError as error:
        raise NotKeptBackError(
            error.what,
            where=error.where,
            todo=f"Use the --dataset and options of the first clean, and leave {LINE} as it was.",
        ) from error


def _sheet(corrected: Path) -> Sheet:
    sheet = open_sheet(_readable(corrected))
    if sheet is None:
        raise BadFileError(
            "This is no quarantine file: it lacks the columns that a clean puts there.",
            where=str(corrected),
            todo="Correct the cells of quarantine.csv and leave its header as it is.",
        )
    return sheet


def _readable(path: Path) -> Path:
    if path.is_dir():
        raise OptionsError("This is a folder.", where=str(path), todo="Name a file in it.")
    if not path.exists():
        raise OptionsError("There is no such file.", where=str(path), todo="Check the path.")
    if not path.is_file():
        raise OptionsError(
            "This is a pipe or a device.",
            where=str(path),
            todo="Save what comes from it as a file: it is read more than once.",
        )
    if not os.access(path, os.R_OK):
        raise OptionsError("You may not read this file.", where=str(path), todo="Ask its owner.")
    return path


def _refuse_useless_delimiter(path: Path, options: ReadOptions) -> None:
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


def _clear(out: Path, *needed: Path | None) -> None:
    """See that `out` can take results, and remove those of an earlier file."""
    if not out.exists():
        return
    if not out.is_dir() or not os.access(out, os.W_OK):
        why = "you may not write there" if out.is_dir() else "it is a file"
        raise OptionsError(
            f"Results cannot be put there ({why}).", where=str(out), todo="Choose another folder."
        )
    older = {file.resolve() for name in ROLES if (file := out / name).exists()}
    if older and not (out / "recipe.json").exists():
        raise OptionsError(
            f"There are files that results would replace: {', '.join(f.name for f in older)}.",
            where=str(out),
            todo="Choose another folder.",
        )
    for each in needed:
        if each and each.resolve() in older:
            raise OptionsError(
                "This file is needed, and would be overwritten.",
                where=str(each),
                todo="Choose another folder for the results.",
            )
    for name in ROLES:
        (out / name).unlink(missing_ok=True)


def _relocated(record: R, moved: dict[Path, Path], **others: object) -> R:
    """Point a record's paths to where the files are now."""
    paths = {name: moved.get(value, value) for name, value in record if isinstance(value, Path)}
    return record.model_copy(update=paths | others)


def _moved(files: Iterable[tuple[str, Path]], out: Path) -> dict[Path, Path]:
    """Move files to a folder, which is made where it is missing; say where each is now."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionsError(
            f"Results cannot be put there ({error.strerror}).",
            where=str(out),
            todo="Choose another folder.",
        ) from error
    return {file: Path(shutil.move(file, out / file.name)) for _, file in files}


def _first_rows(reading: Reading) -> tuple[tuple[str, ...], ...]:
    staged = StagedFile(reading.table)
    names = [name for name in staged.schema.names if name not in (LINE, CSV)]
    first = (batch.select(names).slice(0, PREVIEW_ROWS) for batch in staged)
    rows = (row for batch in first for row in zip(*batch.to_pydict().values(), strict=True))
    return tuple(tuple(cell or "" for cell in row) for row in islice(rows, PREVIEW_ROWS))
