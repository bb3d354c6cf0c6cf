"""A file becomes a staged table: every good row as text with its line, every bad one set aside.

Here: `read`, the one path from a file of any size to a `Reading`. Not here: how the dialect is
found, what the contract says, and what is made of the good rows afterwards.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field, model_validator

from headgate.engine.checking.checks import Rules
from headgate.engine.checking.correction import Corrections
from headgate.engine.checking.drift import Drift, Layout, compare
from headgate.engine.checking.quarantine import Failure, Fault, Kept, Quarantine
from headgate.engine.checking.repeats import set_repeats_aside
from headgate.engine.checking.totals import find_total
from headgate.engine.columns.types import Column, Seen, Typing
from headgate.engine.contract import Contract
from headgate.engine.reading.blocks import Bad, Block, map_blocks
from headgate.engine.reading.detect import detect, parse
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.reading.left_out import LeftOut, list_left_out
from headgate.engine.reading.source import raw_lines
from headgate.engine.staging import CSV, LINE, Staging, Writer
from headgate.errors import ContractError, DriftError, RowsUnaccountedError
from headgate.options import CheckOptions, DriftPolicy, ReadOptions
from headgate.record import Record
from headgate.scratch import filling, require_room
from headgate.words import counted

ROOM = 4
"""Bytes on the scratch disk for each byte of a file: its staged rows, cells and lines; its CSV and
Parquet."""
_MOST_NOTES = 50
_UNNAMED = "the header has no name there"


class Reading(Record):
    """What was read from one file; `rows_in == rows_good + quarantined` always holds."""

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
        return _layout(self.columns)


def read(
    path: Path,
    scratch: Path,
    *,
    read: ReadOptions,
    check: CheckOptions,
    contract: Contract,
    previous: Layout | None = None,
    corrected: Path | None = None,
    upload: str | None = None,
) -> Reading:
    """Read, type and check one file; stage its good rows and quarantine the others.

    Args:
        path: the file.
        scratch: where the staged rows go.
        read: how the file is read.
        check: what comes before the contract.
        contract: what the file is held to.
        previous: columns of the data set's last accepted file.
        corrected: ledger of rows that stand in the place of the file's own.
        upload: the upload's mark, to stand beside each row kept back.

    Raises:
        BadFileError: The file as a whole cannot be accepted.
        NoRoomError: The scratch disk cannot hold what is made of it.
    """
    require_room(scratch, ROOM * path.stat().st_size)
    dialect, notes = _with_safe_names(detect(path, read))
    _hold_to_header(dialect, contract, read, check)
    sieve = Sieve(dialect, contract, read.missing)
    corrections = Corrections(corrected, scratch, dialect.names) if corrected else None
    sift = corrections.before(sieve.sift) if corrections else sieve.sift
    staged = scratch / "staged.arrow"
    rows_in, blank = 0, 0
    with filling(scratch), Quarantine(scratch / "quarantine.csv", dialect.names, upload) as kept:
        with Writer(staged, sieve.schema) as out:
            for part in map_blocks(path, dialect, sift):
                out.write(part.good)
                sieve.typing.add(part.seen)
                kept.add(part.kept)
                rows_in += part.rows
                blank += part.blank
        for key in sieve.rules.unique:
            kept.add(set_repeats_aside(staged, key, path, dialect, corrections))
        _hold_to_share(rows_in, kept, contract, check)
        if read.table is None:
            before = kept.rows
            kept.add(_of_other_tables(path, dialect))
            rows_in += kept.rows - before
    good = sum(batch.num_rows for batch in Staging(staged, [LINE]))
    _hold_to_counts(good, kept.failures(), contract, path.name)
    columns = [c for c in sieve.typing.settle(staged) if c.name not in sieve.rules.dropped]
    drift = compare(previous, _layout(columns)) if previous else ()
    known = {each.name for each in sieve.rules.expected}
    columns, added = _apply(check.drift or contract.drift, drift, columns, known)
    listed = scratch / "left-out.csv"
    others = [range(a, b + 1) for a, b in dialect.others] if read.table is None else []
    left_out = list_left_out(path, dialect, listed, others)
    return Reading(
        dialect=dialect,
        table=staged,
        columns=tuple(columns),
        contract=contract.name,
        contract_hash=contract.hash,
        rows_in=rows_in,
        rows_good=good,
        quarantined=kept.rows,
        quarantine=kept.path,
        failures=kept.failures(),
        drift=drift,
        blank_lines=blank - sum(each.lines for each in left_out if each.where == "comment"),
        left_out=left_out,
        left_out_lines=listed if left_out else None,
        notes=(*notes, *find_total(path, dialect, staged, columns)),
        aside=_set_aside(staged, added) if added else None,
    )


class Sifted(NamedTuple):
    """One block, its good rows parted from the bad ones."""

    good: pa.Table
    kept: list[Kept]
    seen: list[Seen]
    rows: int
    blank: int


class Sieve:
    """Parts the good rows of each block from the bad ones; `sift` may run in several threads."""

    def __init__(self, dialect: Dialect, contract: Contract, missing: Sequence[str]) -> None:
        """Get ready for one file.

        Raises:
            ContractError: The file's columns are not what the contract asks for.
        """
        absent = (*missing, *contract.missing)
        self.rules = Rules(contract, dialect.names, absent)
        self.typing = Typing(
            dialect.names,
            absent,
            text={each.name for each in self.rules.expected if each.kind == "text"},
            loose={each.name for each in self.rules.expected if each.kind == "decimal"},
            point=dialect.delimiter == ",",
        )
        texts = [(name, pa.string()) for name in dialect.names]
        self.schema = pa.schema([*texts, (LINE, pa.int64()), (CSV, pa.string())])
        self._width = len(dialect.names)
        self._header = dialect.header if dialect.header_rows == 1 else ()
        self._started = False

    def sift(self, block: Block) -> Sifted:
        """Check the rows of a block; the first block must be through before the others."""
        if not self._started:
            self.rules.start(block.rows)
        faults = [*self._repeated_headers(block.rows), *self.rules.check(block.rows)]
        kept = [self._misfit(bad) for bad in block.bad]
        good = block.rows
        if faults:
            lines = sorted({fault.line for fault in faults})
            bad = np.isin(good[LINE].to_numpy(), lines)
            kept += _at_fault(good.filter(pa.array(bad)), faults, block)
            good = good.filter(pa.array(~bad))
        if not self._started:
            self.typing.start(good)
            self._started = True
        kept.sort(key=lambda row: row.line)
        rows = good.num_rows + len(kept)
        return Sifted(good, kept, self.typing.look(good), rows, block.blank)

    def _repeated_headers(self, rows: pa.Table) -> Iterator[Fault]:
        """Find rows that say the column names again, as where files were put one after another."""
        alike = rows if self._header else rows.slice(0, 0)
        for position, text in enumerate(self._header):
            alike = alike.filter(pc.equal(alike.column(position), text))
            if not alike.num_rows:
                return
        for line in alike[LINE].to_pylist():
            yield Fault(line, "", "header", "", "repeats the header")

    def _misfit(self, bad: Bad) -> Kept:
        """Put into words why a row does not fit the table."""
        found = len(bad.fields)
        if bad.check == "encoding":
            reason = "holds bytes that are no valid text in the file's encoding"
        else:
            cells = "1 cell" if found == 1 else f"{found} cells"
            reason = f"has {cells} where the header has {self._width}"
        value = "" if bad.check == "encoding" else str(found)
        return Kept(bad.line, bad.fields, bad.raw, [Fault(bad.line, "", bad.check, value, reason)])


def _at_fault(rows: pa.Table, faults: list[Fault], block: Block) -> Iterator[Kept]:
    by_line: dict[int, list[Fault]] = {}
    for fault in faults:
        by_line.setdefault(fault.line, []).append(fault)
    cells = (column.to_pylist() for column in rows.drop_columns(CSV).columns)
    for *fields, line in zip(*cells, strict=True):
        yield Kept(line, fields, block.raw(line) or "", by_line[line])


def _with_safe_names(dialect: Dialect) -> tuple[Dialect, tuple[Evidence, ...]]:
    """Tell names apart that differ in case only, which SQL does not, and free `_line`."""
    taken = {LINE, CSV}
    names = []
    for place, name in enumerate(dialect.names, start=1):
        safe = plain = name.replace("\0", "") or f"column_{place}"
        number = 1
        while safe.casefold() in taken:
            number += 1
            safe = f"{plain}_{number}"
        taken.add(safe.casefold())
        names.append(safe)
    header = dialect.header if len(dialect.header) == len(names) else dialect.names
    changed = [(a, b) for a, b in zip(header, names, strict=True) if a != b]
    notes = tuple(
        Evidence(
            what="column name",
            found=new,
            why=f"the header says {old!r}, {_why_renamed(old, new)}" if old.strip() else _UNNAMED,
        )
        for old, new in changed[:_MOST_NOTES]
    )
    return dialect.model_copy(update={"names": tuple(names)}), notes


def _why_renamed(old: str, new: str) -> str:
    """Say why a column is not called what the header says."""
    if "\0" in old:
        return "which holds a NUL character"
    if old.split() == new.split():
        return "with blanks or line breaks"
    if old.strip().casefold() in (LINE, CSV):
        return "which Headgate needs for itself"
    return "which another column is called already"


def _hold_to_header(
    dialect: Dialect, contract: Contract, read: ReadOptions, check: CheckOptions
) -> None:
    if contract.header and dialect.header_rows == 0 and read.header_rows is None:
        raise ContractError(
            "The first line looks like data, not like a header.",
            where=f"line {dialect.skip_lines + 1}",
            todo="Add a header, or set header_rows to 0 (there is none) or 1 (it is one).",
        )
    if check.target and check.target not in dialect.names:
        raise ContractError(
            f"There is no column {check.target!r} to be predicted; the file has "
            f"{', '.join(map(repr, dialect.names[:20]))}.",
            where="header",
            todo="Name one of these as the target.",
        )


def _of_other_tables(path: Path, dialect: Dialect) -> Iterator[Kept]:
    """Keep back the rows of tables that follow or come before the one that is read."""
    for first, last in dialect.others:
        lines = [*raw_lines(path, dialect, [(line, line) for line in range(first, last + 1)])]
        rows = parse(lines, dialect.syntax, None)
        for fields, start, end in zip(rows.fields, rows.lines, rows.ends, strict=True):
            raw = "".join(lines[start - 1 : end]).rstrip("\r\n")
            reason = "belongs to another table of the file; choose it with the option `table`"
            line = first + start - 1
            yield Kept(line, fields, raw, [Fault(line, "", "table", "", reason)])


def _hold_to_share(rows_in: int, kept: Quarantine, contract: Contract, check: CheckOptions) -> None:
    share = contract.max_bad_share if check.max_bad_share is None else check.max_bad_share
    if rows_in and kept.rows / rows_in > share:
        raise ContractError(
            f"{kept.rows:,} of {rows_in:,} rows are bad, more than the share of {share:g} "
            f"that is allowed: {_worst(kept.failures())}.",
            todo="Correct the file, or allow a larger share.",
        )


def _worst(failures: Sequence[Failure]) -> str:
    return "; ".join(
        f"{each.column or 'row'} {each.reason} ({counted(each.count, 'row')}, first on line "
        f"{each.examples[0].line:,})"
        for each in failures[:5]
    )


def _hold_to_counts(good: int, failures: Sequence[Failure], contract: Contract, where: str) -> None:
    worst = _worst(failures)
    if contract.min_rows and not good and not failures:
        raise ContractError(
            "The file holds only a header, no row; the contract asks for at least "
            f"{contract.min_rows:,}.",
            where=where,
            todo="Send it again, complete.",
        )
    if good < contract.min_rows:
        raise ContractError(
            f"The file has {counted(good, 'good row')}; the contract asks for at least "
            f"{contract.min_rows:,}." + (f" {worst}." if worst else ""),
            where=where,
        )
    if contract.max_rows is not None and good > contract.max_rows:
        raise ContractError(
            f"The file has {counted(good, 'good row')}; the contract allows {contract.max_rows:,}.",
            where=where,
        )


def _layout(columns: Sequence[Column]) -> Layout:
    return Layout(
        names=tuple(column.name for column in columns),
        kinds=tuple(column.kind for column in columns),
    )


def _apply(
    policy: DriftPolicy, drift: Sequence[Drift], columns: list[Column], known: set[str]
) -> tuple[list[Column], list[str]]:
    """Refuse changed columns, or part new ones that no contract knows, where the policy says so."""
    told = [each for each in drift if each.change != "reordered"]
    if policy is DriftPolicy.REFUSE and told:
        raise DriftError(
            "The columns changed since the last accepted file: "
            + "; ".join(each.detail for each in told)
            + ".",
            where="header",
            todo="If this is meant, process the file with drift set to 'accept' or 'set-aside'.",
        )
    if policy is not DriftPolicy.SET_ASIDE:
        return columns, []
    new = {each.column for each in drift if each.change == "added"} - known
    added = [column.name for column in columns if column.name in new]
    return [column for column in columns if column.name not in added], added


def _set_aside(staged: Path, names: Sequence[str]) -> Path:
    """Copy columns into a file of their own, row by row beside their lines."""
    aside = staged.with_name("aside.parquet")
    schema = pa.schema([(LINE, pa.int64()), *((name, pa.string()) for name in names)])
    with pq.ParquetWriter(aside, schema) as out:
        for batch in Staging(staged, schema.names):
            out.write_batch(batch.select(schema.names))
    return aside
