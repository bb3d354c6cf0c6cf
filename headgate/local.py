"""A local file without a bucket: look at it, clean it. Its results go to `output_folder`."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from headgate import output_folder
from headgate.contracts import answering_for_options, contract_for, notes_of
from headgate.engine import recipe as recipes
from headgate.engine.checking.drift import Layout
from headgate.engine.checking.ledger import SheetCounts, extend_ledger
from headgate.engine.checking.sheets import Sheet, open_sheet
from headgate.engine.contract import Contract
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.reading.file_kinds import sniff_compression
from headgate.engine.result.files import result_files
from headgate.engine.result.outputs import PREVIEW_ROWS
from headgate.engine.result.prepared import Prepared
from headgate.engine.result.row_counts import RowCounts
from headgate.engine.staging import LINE, StagedFile
from headgate.engine.validate import Reading, validate_file
from headgate.errors import BadFileError, ContractError, NotKeptBackError, OptionsError
from headgate.options import CheckOptions, PrepareOptions, ProcessOptions, ReadOptions
from headgate.record import Record
from headgate.scratch import scratch_folder
from headgate.settings import load


class Inspection(Record):
    """What a file is found to be, with its first good rows."""

    reading: Annotated[Reading, Field(description="Its files are gone; its figures stay")]
    corrects: Annotated[
        str | None, Field(description="Mark of the upload whose rows it corrects, if it does")
    ] = None
    corrected: Annotated[
        SheetCounts | None, Field(description="What it would put right there, where that is known")
    ] = None
    columns: tuple[str, ...]
    rows: Annotated[tuple[tuple[str, ...], ...], Field(description="The first 50 good rows")]
    refusal: Annotated[
        str | None, Field(description="Why it is refused: its numbers of good or bad rows")
    ] = None


class Cleaned(Record):
    """What a local clean left in the output folder."""

    rows: RowCounts
    corrected: Annotated[tuple[SheetCounts, ...], Field(description="What was put right")] = ()
    reading: Reading
    prepared: Prepared
    files: tuple[Path, ...]


def inspect(
    path: Path,
    *,
    dataset: str | None = None,
    read: ReadOptions,
    check: CheckOptions,
    previous: Layout | None = None,
    refused_too: bool = False,
) -> Inspection:
    """Read a file and hold it to its contract, changing nothing.

    A quarantine file that comes back is held to none: its rows are judged with those of its upload.

    Args:
        path: The file.
        dataset: Data set whose contract holds.
        read: How the file is read.
        check: What it is held to besides.
        previous: Columns of the data set's last accepted file.
        refused_too: Show the rows also of a file that is refused for how many are good or bad.

    Raises:
        BadFileError: The file cannot be accepted.
        OptionsError: There is no such file.
    """
    sheet, contract = open_sheet(_readable(path), read.member), None
    if sheet:
        read, check, contract = sheet.options, CheckOptions(max_bad_share=1), Contract()
        dataset, previous = None, None
    options = ProcessOptions(read=read, check=check)
    with _opened(path, dataset, options, contract=contract, previous=previous) as file:
        refusal = None
        try:
            reading = file.read()
        except ContractError as error:
            if not refused_too:
                raise
            reading, refusal = file.read_without_limits(), str(error)
        rows = _first_rows(reading)
        if sheet:
            reading = _as_sheet(reading, sheet.dialect)
        return Inspection(
            reading=reading,
            corrects=sheet.upload if sheet else None,
            columns=tuple(column.name for column in reading.columns),
            rows=rows,
            refusal=refusal,
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
    asked = ProcessOptions(read=read, check=check, prepare=options)
    with _opened(path, dataset, asked) as file:
        output_folder.clear(out, path, recipe, *corrected)
        reading, ledger, counts = _read_corrected(file, sheets)
        prepared = file.prepare(reading, recipe)
        rows = RowCounts.of(reading, prepared)
        moved = output_folder.fill(out, result_files(reading, prepared, ledger))
    extras = tuple(moved[each] for each in prepared.extras)
    return Cleaned(
        rows=rows,
        corrected=counts,
        reading=output_folder.relocated(reading, moved),
        prepared=output_folder.relocated(prepared, moved, extras=extras),
        files=tuple(moved.values()),
    )


def draft_contract(path: Path, *, dataset: str | None = None, read: ReadOptions) -> str:
    """Write the source of a first contract that this file passes."""
    from headgate.engine.draft import draft

    with _opened(path, None, ProcessOptions(read=read)) as file:
        return draft(file.read(), dataset or path.name.split(".")[0], read.missing)


class _LocalFile(NamedTuple):
    """A file on this machine, what it is held to, and the folder in which it is worked on."""

    path: Path
    options: ProcessOptions
    contract: Contract
    notes: tuple[Evidence, ...]
    scratch: Path
    previous: Layout | None

    def read(self, ledger: Path | None = None) -> Reading:
        """Read the file, with the rows of a ledger in the place of its own."""
        with _naming(self.path), answering_for_options(self.contract, self.options):
            reading = validate_file(
                self.path,
                self.scratch,
                options=self.options.read,
                check=self.options.check,
                contract=self.contract,
                previous=self.previous,
                corrected=ledger,
                drops_duplicates=self.options.prepare.drops_duplicates,
            )
        return reading.model_copy(update={"notes": (*reading.notes, *self.notes)})

    def read_without_limits(self) -> Reading:
        """Read the file, however many of its rows are good or bad."""
        check = self.options.check.model_copy(update={"max_bad_share": 1})
        options = self.options.model_copy(update={"check": check})
        contract = self.contract.model_copy(update={"min_rows": 0, "max_rows": None})
        reading = self._replace(options=options, contract=contract).read()
        return reading.model_copy(update={"contract_hash": self.contract.hash})

    def prepare(self, reading: Reading, recipe: Path | None) -> Prepared:
        """Make its good rows into what the options ask for."""
        options = self.options
        if recipe is None and options.prepare.recipe:
            raise OptionsError(
                f"The contract {self.contract.name!r} names a recipe that lies in the bucket.",
                where=options.prepare.recipe,
                todo="Download it, and give its path to `headgate apply`.",
            )
        with _naming(self.path), answering_for_options(self.contract, options):
            return preprocess_rows(
                reading,
                self.scratch,
                options.prepare,
                target=options.check.target,
                recipe=recipe,
                drift=options.check.drift,
            )


@contextmanager
def _opened(
    path: Path,
    dataset: str | None,
    options: ProcessOptions,
    *,
    contract: Contract | None = None,
    previous: Layout | None = None,
) -> Iterator[_LocalFile]:
    _readable(path)
    contract = contract or contract_for(dataset, options.check.contract)
    options = options.over(contract.options)
    notes = notes_of(contract, dataset, options)
    with scratch_folder(load().scratch) as scratch:
        yield _LocalFile(path, options, contract, notes, scratch, previous)


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
    file: _LocalFile, sheets: Sequence[Sheet]
) -> tuple[Reading, Path | None, tuple[SheetCounts, ...]]:
    """Read the file, and again with the rows that each sheet corrects; give their ledger, too."""
    reading, counts = file.read(), list[SheetCounts]()
    ledger: Path | None = None
    for sheet in sheets:
        with _naming(sheet.path):
            ledger, done = _extend_ledger(file.scratch, reading.quarantine, sheet, ledger)
        counts.append(done)
        reading = file.read(ledger)
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
        sniff_compression(corrected)  # what is no text at all is told as what it is
        raise BadFileError(
            "This is no quarantine file: it lacks the columns that a clean puts there.",
            where=str(corrected),
            todo="Correct the cells of quarantine.csv and leave its header as it is.",
        )
    return sheet


def _readable(path: Path) -> Path:
    try:
        path.stat()
    except OSError as error:
        known = isinstance(error, FileNotFoundError)
        what = "There is no such file." if known else f"It cannot be read ({error.strerror})."
        raise OptionsError(what, where=str(path), todo="Check the path.") from error
    if path.is_dir():
        raise OptionsError("This is a folder.", where=str(path), todo="Name a file in it.")
    if not path.is_file():
        raise OptionsError(
            "This is a pipe or a device.",
            where=str(path),
            todo="Save what comes from it as a file: it is read more than once.",
        )
    if not os.access(path, os.R_OK):
        raise OptionsError("You may not read this file.", where=str(path), todo="Ask its owner.")
    return path


def _as_sheet(reading: Reading, dialect: Dialect) -> Reading:
    """Call the columns as a quarantine file does, and say of no contract that it held."""
    columns = zip(reading.columns, dialect.names, strict=True)
    named = tuple(column.model_copy(update={"name": name}) for column, name in columns)
    notes = tuple(note for note in reading.notes if note.what != "column name")
    return reading.model_copy(
        update={"columns": named, "notes": notes, "dialect": dialect, "contract": ""}
    )


def _first_rows(reading: Reading) -> tuple[tuple[str, ...], ...]:
    staged = StagedFile(reading.table)
    names = [column.name for column in reading.columns]
    first = (batch.select(names).slice(0, PREVIEW_ROWS) for batch in staged)
    rows = (row for batch in first for row in zip(*batch.to_pydict().values(), strict=True))
    return tuple(tuple(cell or "" for cell in row) for row in islice(rows, PREVIEW_ROWS))
