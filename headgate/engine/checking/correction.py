"""Rows that were kept back and that a person has put right, from sheet to table.

A *sheet* is a quarantine file that came back, as a spreadsheet program may have saved it. The
*ledger* keeps each corrected row twice and more: as it was kept back, and as each sheet had it.
Not here: who corrects, and where the files are kept.
"""

import codecs
import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection
from pydantic import Field

from headgate.engine.checking.quarantine import CHECK, NOTES, RAW, REASON, SHEET, UPLOAD
from headgate.engine.duck import database, first, quote_text
from headgate.engine.reading.blocks import Block, map_blocks, with_lines
from headgate.engine.reading.detect import detect
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.kinds import sniff_compression
from headgate.engine.reading.unpack import open_bytes
from headgate.engine.staging import CSV, LINE
from headgate.errors import BadFileError, NotKeptBackError
from headgate.options import ReadOptions
from headgate.record import Record

Made = TypeVar("Made")

_LEDGER = {"sheet": SHEET, "raw": RAW}
_OWN = ReadOptions(
    delimiter=",",
    quotechar='"',
    escapechar="",
    skip_lines=0,
    header_rows=1,
    footer_lines=0,
    table=1,
)
"""How the files are read that Headgate itself wrote."""
_HEAD = 1 << 16
_LINES = 20
"""Lines among which a sheet's header stands."""


class Sheet(NamedTuple):
    """A quarantine file that came back, how it is read, and the mark of its upload, if any."""

    path: Path
    options: ReadOptions
    dialect: Dialect
    upload: str | None


class SheetCounts(Record):
    """What one sheet has put right."""

    rows: Annotated[int, Field(description="Rows that it changed or accepted", ge=1)]
    cells: Annotated[dict[str, int], Field(description="Cells that it changed, by column")]


def open_sheet(path: Path, member: str | None = None) -> Sheet | None:
    """Open a quarantine file that came back, known by its header; None where it is another file.

    Raises:
        BadFileError: It is one, but its rows are of several uploads.
    """
    options = _header(path, member)
    if options is None:
        return None
    dialect = _dialect(path, options)
    return Sheet(path, options, dialect, _upload(path, dialect))


def extend_ledger(
    scratch: Path, kept: Path | None, sheet: Sheet, name: str, earlier: Path | None = None
) -> tuple[Path, SheetCounts]:
    """Write the ledger anew with the rows that a sheet puts right; return it and what they are.

    A row counts as put right where a cell differs from every state in which it was shown, or
    where its reason was emptied. All others stay as they are.

    Args:
        scratch: Where the ledger goes.
        kept: The quarantine file of the result that stands, if it has one.
        sheet: The file that came back.
        name: How the ledger calls that file.
        earlier: The ledger of the result that stands, if it has one.

    Raises:
        BadFileError: The sheet lacks columns or corrects nothing.
        NotKeptBackError: It holds other rows than those that were kept back.
    """
    if kept:
        names = _own_columns(kept, len(NOTES))
    elif earlier:
        names = _own_columns(earlier, len(_LEDGER))
    else:
        raise NotKeptBackError(
            "No row of the original is kept back.",
            where=sheet.path.name,
            todo="Upload further rows as a file of their own.",
        )
    _require(sheet, (LINE, *names))
    with database(scratch, kept or sheet.path) as con:
        _load(con, "kept", kept, names=names, notes={"fault": CHECK, "raw": RAW})
        _load(con, "sent", sheet, names=names, notes={"reason": REASON})
        _load(con, "ledger", earlier, names=names, notes=_LEDGER)
        _refuse_strangers(con, sheet.path.name)
        _find_corrected(con, sheet.path.name)
        ledger = scratch / "corrections.csv"
        _write(con, ledger, names, name)
        return ledger, _count_cells(con, names)


class Corrections:
    """The rows put right, each in its last state, ready to take the place of what a file holds."""

    def __init__(self, ledger: Path, scratch: Path, names: Sequence[str]) -> None:
        """Load the last state of each row of a ledger, to be mapped into memory as it is needed.

        Args:
            ledger: What `extend_ledger` wrote.
            scratch: Where it is kept in order.
            names: The columns of the file that is corrected.

        Raises:
            BadFileError: The ledger has other columns than the file.
        """
        own = _own_columns(ledger, len(_LEDGER))
        if len(own) != len(names):
            raise BadFileError(
                f"The corrected rows have {len(own)} columns, and the file has {len(names)}.",
                where=ledger.name,
                todo="Read the file with the options with which the rows were kept back.",
            )
        ordered = scratch / "corrections.arrow"
        with database(scratch, ledger) as con:
            _load(con, "ledger", ledger, names=own, notes=_LEDGER)
            rows = con.sql(
                "SELECT line, last(raw ORDER BY row_at), last(cells ORDER BY row_at) FROM ledger"
                " WHERE sheet <> '' GROUP BY line ORDER BY line"
            ).to_arrow_reader()
            with pa.OSFile(str(ordered), "wb") as file, pa.ipc.new_file(file, rows.schema) as out:
                for batch in rows:
                    out.write_batch(batch)
        self._names = tuple(names)
        self._rows = pa.ipc.open_file(pa.memory_map(str(ordered))).read_all()
        self._lines = self._rows.column(0).to_numpy()

    def apply(self, block: Block) -> Block:
        """Put the corrected rows of a block in their places."""
        bad = [each.line for each in block.bad]
        there = np.concatenate((block.rows[LINE].to_numpy(), np.array(bad, np.int64)))
        at = np.flatnonzero(np.isin(self._lines, there))
        if not at.size:
            return block
        lines = self._lines[at]
        others = pc.invert(pc.is_in(block.rows[LINE], value_set=pa.array(lines)))
        rows = pa.concat_tables([block.rows.filter(others), self._table(at)]).sort_by(LINE)
        left = [each for each in block.bad if each.line not in set(lines.tolist())]
        return block._replace(rows=rows, bad=left)

    def before(self, work: Callable[[Block], Made]) -> Callable[[Block], Made]:
        """Do some work on each block after its rows were corrected."""
        return lambda block: work(self.apply(block))

    def raw(self, line: int) -> str | None:
        """Return the original text of a corrected row."""
        at = int(np.searchsorted(self._lines, line))
        if at == len(self._lines) or self._lines[at] != line:
            return None
        text: str = self._rows.column(1)[at].as_py()
        return text

    def _table(self, at: npt.NDArray[np.int64]) -> pa.Table:
        rows = self._rows.take(pa.array(at))
        texts = [pc.list_element(rows.column(2), i) for i in range(len(self._names))]
        return with_lines(pa.table(texts, names=self._names), rows.column(0).to_numpy())


def _header(path: Path, member: str | None) -> ReadOptions | None:
    """Find the lines above a sheet's header, and the delimiter between its columns."""
    try:
        with open_bytes(path, *sniff_compression(path, member)) as file:
            head = file.read(_HEAD).replace(b"\0", b"").removeprefix(codecs.BOM_UTF8)
    except BadFileError:
        return None
    if LINE.encode() not in head:
        return None
    for skip, line in enumerate(head.decode("latin-1").lstrip("\xff\xfe").splitlines()[:_LINES]):
        for delimiter in ",;\t|":
            names = {*next(csv.reader([line], delimiter=delimiter), ())}
            if LINE in names and (UPLOAD in names or {*NOTES[1:], RAW} <= names):
                told = {"delimiter": delimiter, "skip_lines": skip, "member": member}
                return _OWN.model_copy(update=told)
    return None


def _dialect(path: Path, read: ReadOptions = _OWN) -> Dialect:
    """Find out what a spreadsheet program may have changed: encoding and line ends."""
    return detect(path, read).model_copy(update={"comment": None})


def _own_columns(path: Path, notes: int) -> tuple[str, ...]:
    """Return the file's own columns, which stand between some notes and the raw text."""
    names = _dialect(path).names
    return names[notes : names.index(RAW)]


def _require(sheet: Sheet, columns: Sequence[str]) -> None:
    if absent := [name for name in columns if name not in sheet.dialect.names]:
        raise BadFileError(
            f"The corrected file lacks {', '.join(map(repr, absent[:8]))}.",
            where=sheet.path.name,
            todo="Correct the cells of the quarantine file and leave its header as it is.",
        )


def _upload(path: Path, dialect: Dialect) -> str | None:
    """Return the mark that all rows bear."""
    if UPLOAD not in dialect.names:
        return None
    marks: set[str] = set()
    for rows in map_blocks(path, _numbered(dialect), _padded):
        marks.update(pc.unique(rows.column(dialect.names.index(UPLOAD))).to_pylist())
    marks.discard("")
    if len(marks) > 1:
        raise BadFileError(
            f"The column {UPLOAD!r} names {len(marks)} uploads.",
            where=path.name,
            todo="Send the corrected rows of each upload by themselves.",
        )
    return marks.pop() if marks else None


def _numbered(dialect: Dialect) -> Dialect:
    """Name columns by their places, since a sheet has a `_line` of its own."""
    return dialect.model_copy(
        update={"names": tuple(f"c{place}" for place in range(len(dialect.names)))}
    )


def _padded(block: Block) -> pa.Table:
    """Take rows that lost empty cells at their end, as some programs save them, for whole ones."""
    names = [name for name in block.rows.column_names if name not in (LINE, CSV)]
    width = len(names)
    for bad in block.bad:
        if any(bad.fields[width:]):
            raise BadFileError(
                f"The row has {len(bad.fields)} cells where the header has {width}.",
                where=f"line {bad.line}",
                todo="Leave the columns as they are, and quote cells that hold the delimiter.",
            )
    fields = [[*bad.fields, *[""] * width][:width] for bad in block.bad]
    columns = [pa.array(column, pa.string()) for column in zip(*fields, strict=True)]
    if not columns:
        return block.rows
    short = pa.table(columns, names=names)
    return pa.concat_tables([block.rows, with_lines(short, [bad.line for bad in block.bad])])


def _load(
    con: DuckDBPyConnection,
    table: str,
    rows: Path | Sheet | None,
    *,
    names: Sequence[str],
    notes: Mapping[str, str],
) -> None:
    """Load each row with its cells, its place in the file, and some of the notes beside it."""
    said = "".join(f", {note} VARCHAR" for note in notes)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}"
        f" (row_at BIGINT, line BIGINT, cells VARCHAR[], plain VARCHAR[]{said})"
    )
    if rows is None:
        return
    path, dialect = (rows, _dialect(rows)) if isinstance(rows, Path) else (rows.path, rows.dialect)
    place = {name: f"c{i}" for i, name in enumerate(dialect.names)}
    cells = ", ".join(place[name] for name in names)
    plain = ", ".join(f"replace({place[name]}, chr(13) || chr(10), chr(10))" for name in names)
    said = "".join(f", {place.get(column, 'NULL')}" for column in notes.values())
    filled = " OR ".join(f"{name} <> ''" for name in place.values())
    for part in map_blocks(path, _numbered(dialect), _padded):
        con.register("part", part)
        con.execute(
            f"INSERT INTO {table} SELECT {LINE}, TRY_CAST(trim({place[LINE]}) AS BIGINT),"
            f" [{cells}], [{plain}]{said} FROM part WHERE {filled}"
        )
        con.unregister("part")


def _refuse_strangers(con: DuckDBPyConnection, where: str) -> None:
    """Let only rows in that were kept back, and each once."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE state AS SELECT line, last(cells ORDER BY row_at) AS cells,"
        " last(plain ORDER BY row_at) AS plain, last(raw ORDER BY row_at) AS raw,"
        " any_value(fault) AS fault, max(row_at) = 0 AS fresh FROM"
        " (SELECT 0 AS row_at, line, cells, plain, raw, fault FROM kept"
        " UNION ALL SELECT row_at, line, cells, plain, raw, NULL FROM ledger) GROUP BY line"
    )
    strange = first(
        con,
        "SELECT row_at, line FROM sent WHERE line IS NULL OR line NOT IN (SELECT line FROM state)"
        " UNION ALL SELECT max(row_at), line FROM sent GROUP BY line HAVING count(*) > 1"
        " ORDER BY row_at LIMIT 1",
    )
    if strange:
        at, line = strange
        raise NotKeptBackError(
            f"{LINE} says {line or 'no number'}, which is not the line of a row that was kept "
            "back, or stands twice.",
            where=f"{where}, line {at}",
            todo=f"Leave {LINE} as it was; new rows belong into a file of their own.",
        )


def _find_corrected(con: DuckDBPyConnection, where: str) -> None:
    """Find the rows that differ from every state in which they were shown, or are accepted."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE corrected AS"
        " SELECT line, sent.cells, sent.plain, state.cells AS before, state.plain AS plain_before,"
        " raw, fault, fresh FROM sent JOIN state USING (line)"
        " WHERE (fresh AND trim(reason) = '') OR NOT EXISTS (FROM"
        " (SELECT line, plain FROM kept UNION ALL SELECT line, plain FROM ledger) AS shown"
        " WHERE shown.line = sent.line AND shown.plain = sent.plain)"
    )
    if not first(con, "SELECT 1 FROM corrected LIMIT 1"):
        raise BadFileError(
            "No row was corrected: each is as it was kept back, or corrected before.",
            where=where,
            todo=f"Correct cells, or empty {REASON} in rows that are right as they are.",
        )
    if foreign := first(con, "SELECT line FROM corrected WHERE fault = 'table' LIMIT 1"):
        raise BadFileError(
            f"Line {foreign[0]} belongs to another table of the file.",
            where=where,
            todo="Leave such rows as they are, and upload the other table as a file of its own.",
        )


def _count_cells(con: DuckDBPyConnection, names: Sequence[str]) -> SheetCounts:
    changed = ", ".join(
        f"count_if(plain[{i}] <> plain_before[{i}])" for i, _ in enumerate(names, start=1)
    )
    rows, *cells = first(con, f"SELECT count(*), {changed} FROM corrected")
    return SheetCounts(
        rows=rows, cells={name: n for name, n in zip(names, cells, strict=True) if n}
    )


def _write(con: DuckDBPyConnection, ledger: Path, names: Sequence[str], sheet: str) -> None:
    """Write all states of every corrected row; cells that did not change keep their line ends."""
    cells = ", ".join(
        f"CASE WHEN plain[{i}] = plain_before[{i}] THEN before[{i}] ELSE cells[{i}] END"
        for i, _ in enumerate(names, start=1)
    )
    rows = con.execute(
        "SELECT line, sheet, cells, raw FROM (SELECT row_at, line, sheet, cells, raw FROM ledger"
        " UNION ALL SELECT 0, line, '', before, raw FROM corrected WHERE fresh"
        f" UNION ALL SELECT {2**62}, line, {quote_text(sheet)}, [{cells}], raw FROM corrected)"
        " ORDER BY line, row_at"
    )
    with ledger.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([LINE, SHEET, *names, RAW])
        while batch := rows.fetchmany(1000):
            writer.writerows([line, by, *row, raw] for line, by, row, raw in batch)
