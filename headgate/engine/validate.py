"""A file becomes a staged table: every good row as text with its line, every bad one set aside.

Here: `validate_file`, the one path from a file of any size to a `Reading`. Not here: how the
dialect is found, what the contract says, and what is made of the good rows afterwards.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple, Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, model_validator

from headgate.disk import full_disk_explained, require_room
from headgate.engine.checking.block_checker import BlockChecker, CheckedBlock, rows_of_other_tables
from headgate.engine.checking.correction import Corrections
from headgate.engine.checking.drift import Drift, Layout, compare
from headgate.engine.checking.limits import (
    hold_to_counts,
    hold_to_header,
    hold_to_share,
    refuse_drift,
    refuse_nothing_left,
)
from headgate.engine.checking.quarantine import Failure, Quarantine
from headgate.engine.checking.totals import find_total
from headgate.engine.checking.unique_keys import set_repeats_aside
from headgate.engine.columns.column import Column
from headgate.engine.columns.safe_names import with_safe_names
from headgate.engine.contract import Contract
from headgate.engine.reading.blocks import Block, map_blocks
from headgate.engine.reading.detect import detect, refuse_useless_delimiter
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.reading.left_out import LeftOut, list_left_out
from headgate.engine.reading.open_quotes import LOOKED_AT, Row, find_open_quotes
from headgate.engine.staging import LINE, StagedFile, writing
from headgate.errors import RowsUnaccountedError
from headgate.options import CheckOptions, DriftPolicy, ReadOptions
from headgate.record import Record

Result = TypeVar("Result")

ROOM = 4
"""Bytes on the scratch disk for each byte of a file: its staged rows, cells and lines; its CSV and
Parquet."""


class Reading(Record):
    """What was read from one file; `rows_in == rows_good + quarantined` always holds."""

    name: Annotated[str, Field(description="Name of the file")]
    dialect: Annotated[Dialect, Field(description="How the file is written")]
    table: Annotated[
        Path,
        Field(description="Staged good rows in file order: text columns and `_line`"),
    ]
    columns: Annotated[tuple[Column, ...], Field(description="Columns in file order")]
    contract: Annotated[str, Field(description="Name of the contract")]
    contract_hash: Annotated[str, Field(description="Hash of what the contract says")]
    rows_in: Annotated[int, Field(description="Rows in the file, header excluded", ge=0)]
    rows_good: Annotated[int, Field(description="Rows in the staged table", ge=0)]
    quarantined: Annotated[int, Field(description="Rows kept back", ge=0)]
    corrected: Annotated[
        int, Field(description="Rows that a person put right, or accepted as they are", ge=0)
    ] = 0
    quarantine: Annotated[Path | None, Field(description="CSV of the rows kept back")] = None
    failures: Annotated[tuple[Failure, ...], Field(description="Why rows were kept back")] = ()
    drift: Annotated[tuple[Drift, ...], Field(description="Changes since the last file")] = ()
    blank_lines: Annotated[int, Field(description="Empty lines passed over", ge=0)] = 0
    left_out: Annotated[
        tuple[LeftOut, ...], Field(description="Lines that are neither header nor rows")
    ] = ()
    left_out_lines: Annotated[Path | None, Field(description="CSV of these lines")] = None
    notes: Annotated[tuple[Evidence, ...], Field(description="What else a reader should know")] = ()
    aside: Annotated[
        Path | None, Field(description="Parquet of columns that are new and kept aside, by `_line`")
    ] = None

    @model_validator(mode="after")
    def _every_row_is_accounted_for(self) -> Self:
        if self.rows_in != self.rows_good + self.quarantined:
            raise RowsUnaccountedError(
                f"{self.rows_in} rows were read, but {self.rows_good} are good and "
                f"{self.quarantined} in quarantine",
                todo="Nothing was published; please report this with the file's first lines.",
            )
        return self

    @property
    def layout(self) -> Layout:
        """Names and kinds, to compare the data set's next file with."""
        return _layout(self.columns, self.rows_good)


def validate_file(
    path: Path,
    scratch: Path,
    *,
    options: ReadOptions,
    check: CheckOptions,
    contract: Contract,
    previous: Layout | None = None,
    corrected: Path | None = None,
    upload: str | None = None,
    drops_duplicates: bool = True,
) -> Reading:
    """Read, type and check one file; stage its good rows and quarantine the others.

    Args:
        path: The file.
        scratch: Where the staged rows go.
        options: How the file is read.
        check: What comes before the contract.
        contract: What the file is held to.
        previous: Columns of the data set's last accepted file.
        corrected: Ledger of rows that stand in the place of the file's own.
        upload: The upload's mark, to stand beside each row kept back.
        drops_duplicates: Whether cleaning drops exact duplicates, which then break no unique key.

    Raises:
        BadFileError: The file as a whole cannot be accepted.
        OptionsError: The delimiter splits nothing, and another one would.
        SettingsError: The contract cannot judge.
        NoRoomError: The scratch disk cannot hold what is made of it.
    """
    require_room(scratch, ROOM * path.stat().st_size)
    found = detect(path, options)
    refuse_useless_delimiter(path, options, found)
    dialect, notes = with_safe_names(found)
    hold_to_header(dialect, contract, options, check)
    others = dialect.others if options.table is None else ()
    checker = BlockChecker(dialect, contract, options.missing)
    file = _File(path, scratch, dialect, notes, others, contract, check, checker, drops_duplicates)
    with full_disk_explained(scratch):
        rows = _stage(file, corrected, upload)
        judged = _judge(file, rows, previous)
        refuse_nothing_left([each.name for each in judged.columns], dialect.names)
        return _describe(file, rows, judged)


class _File(NamedTuple):
    """A file on its way, and what it is held to."""

    path: Path
    scratch: Path
    dialect: Dialect
    notes: tuple[Evidence, ...]
    others: tuple[tuple[int, int], ...]
    """First and last line of each table that is not read; its rows are kept back."""
    contract: Contract
    check: CheckOptions
    checker: BlockChecker
    drops_duplicates: bool


class _Rows(NamedTuple):
    """Its rows: the good ones are staged, the others are kept back."""

    staged: Path
    good: int
    kept: Quarantine
    total: int
    blank: int
    corrected: int
    notes: tuple[Evidence, ...]


class _Judged(NamedTuple):
    """Its columns, and how they differ from those of the last accepted file."""

    columns: tuple[Column, ...]
    drift: tuple[Drift, ...]
    aside: Path | None


def _stage(file: _File, corrected: Path | None, upload: str | None) -> _Rows:
    """Stage the good rows and keep the others back, unless these are too many."""
    path, scratch, dialect = file.path, file.scratch, file.dialect
    staged = scratch / "staged.arrow"
    corrections = Corrections(corrected, scratch, dialect.names) if corrected else None
    with Quarantine(scratch / "quarantine.csv", dialect.names, upload) as kept:
        passed = _check(file, corrections, staged, kept)
        repeats = _set_repeats_aside(file, corrections, staged, kept)
        if repeats:
            file.checker.typing.begin_anew(staged)
        hold_to_share(passed.rows, kept, file.contract, file.check)
        others = kept.add(rows_of_other_tables(path, dialect, file.others))
    return _Rows(
        staged=staged,
        good=passed.good - repeats,
        kept=kept,
        total=passed.rows + others,
        blank=passed.blank,
        corrected=corrections.rows if corrections else 0,
        notes=find_open_quotes(dialect, passed.long),
    )


class _Passed(NamedTuple):
    """What a pass over a file shows of its rows."""

    good: int
    rows: int
    blank: int
    long: list[Row]


def _check(file: _File, corrections: Corrections | None, staged: Path, kept: Quarantine) -> _Passed:
    """Pass over the file block by block; stage its good rows and keep the others back."""
    good, rows, blank, checker = 0, 0, 0, file.checker
    long: list[Row] = []
    with writing(staged, checker.schema) as out:
        for part in _map_blocks(file, corrections, checker.try_check):
            further = _map_blocks(file, corrections, lambda block: block.rows)
            checked = part if isinstance(part, CheckedBlock) else checker.learn(part, further)
            out.write(checked.good)
            checker.typing.add(checked.seen)
            kept.add(checked.kept)
            good += checked.good.num_rows
            rows += checked.rows
            blank += checked.blank
            long += checked.long[: LOOKED_AT - len(long)]
    return _Passed(good, rows, blank, long)


def _set_repeats_aside(
    file: _File, corrections: Corrections | None, staged: Path, kept: Quarantine
) -> int:
    """Keep back the rows that repeat a key; count them."""
    source, dialect, duplicates = file.path, file.dialect, file.drops_duplicates
    found = (
        set_repeats_aside(staged, key, source, dialect, corrections, duplicates=duplicates)
        for key in file.checker.contract.unique
    )
    return sum(map(kept.add, found))


def _map_blocks(
    file: _File, corrections: Corrections | None, make: Callable[[Block], Result]
) -> Iterator[Result]:
    """Do some work on each block of a file after its rows were corrected."""
    return map_blocks(file.path, file.dialect, corrections.before(make) if corrections else make)


def _judge(file: _File, rows: _Rows, previous: Layout | None) -> _Judged:
    """Hold the file to what only the whole of it tells: numbers of rows, types of columns."""
    hold_to_counts(rows.good, rows.kept.failures(), file.contract, file.path.name)
    bound, policy = file.checker.contract, file.check.drift or file.contract.drift
    declared = {each.name for each in bound.expected}
    columns = tuple(
        each.model_copy(update={"declared": each.name in declared})
        for each in file.checker.typing.settle(rows.staged)
        if each.name not in bound.dropped
    )
    drift = _drift(previous, columns, rows.good)
    if policy is DriftPolicy.REFUSE:
        refuse_drift(drift)
    if policy is not DriftPolicy.SET_ASIDE:
        return _Judged(columns, drift, None)
    new = {each.column for each in drift if each.change == "added"}
    new -= declared
    aside = [each.name for each in columns if each.name in new]
    columns = tuple(each for each in columns if each.name not in new)
    return _Judged(columns, drift, _set_aside(rows.staged, aside) if aside else None)


def _layout(columns: Sequence[Column], rows: int) -> Layout:
    """Lay out columns of which so many rows are good."""
    missing = {each.name: sum(marker.count for marker in each.missing) for each in columns}
    return Layout.of(columns, {name for name, count in missing.items() if count == rows})


def _drift(previous: Layout | None, columns: Sequence[Column], rows: int) -> tuple[Drift, ...]:
    """Compare the columns with those of the last file, but for types that the contract says."""
    declared = {each.name for each in columns if each.declared}
    found = compare(previous, _layout(columns, rows)) if previous else ()
    return tuple(each for each in found if each.change != "retyped" or each.column not in declared)


def _set_aside(staged: Path, names: Sequence[str]) -> Path:
    """Copy columns into a file of their own, row by row beside their lines."""
    aside = staged.with_name("aside.parquet")
    schema = pa.schema([(LINE, pa.int64()), *((name, pa.string()) for name in names)])
    with pq.ParquetWriter(aside, schema) as out:
        for batch in StagedFile(staged, schema.names):
            out.write_batch(batch.select(schema.names))
    return aside


def _describe(file: _File, rows: _Rows, judged: _Judged) -> Reading:
    """Put together what was found, and list the lines that are left out."""
    path, dialect, listed = file.path, file.dialect, file.scratch / "left-out.csv"
    elsewhere = [range(first, last + 1) for first, last in file.others]
    left_out = list_left_out(path, dialect, listed, elsewhere)
    comments = sum(each.lines for each in left_out if each.where == "comment")
    return Reading(
        name=path.name,
        dialect=dialect,
        table=rows.staged,
        columns=judged.columns,
        contract=file.contract.name,
        contract_hash=file.contract.hash,
        rows_in=rows.total,
        rows_good=rows.good,
        quarantined=rows.kept.rows,
        corrected=rows.corrected,
        quarantine=rows.kept.path,
        failures=rows.kept.failures(),
        drift=judged.drift,
        blank_lines=rows.blank - comments,
        left_out=left_out,
        left_out_lines=listed if left_out else None,
        notes=(
            *file.notes,
            *rows.notes,
            *find_total(path, dialect, rows.staged, judged.columns),
        ),
        aside=judged.aside,
    )
