"""A quarantine file that came back, as a spreadsheet program may have saved it.

Here: knowing it, and reading its rows; the files of this form that Headgate wrote are read alike.
Not here: what is made of its rows.
"""

import codecs
import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from headgate.engine.checking.quarantine import CHECK, NOTES, RAW, REASON, UPLOAD
from headgate.engine.columns.column import BLANKS
from headgate.engine.duck import quote_text
from headgate.engine.reading.blocks import Block, map_blocks, with_lines
from headgate.engine.reading.detect import detect
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.file_kinds import sniff_compression
from headgate.engine.reading.unpack import open_bytes
from headgate.engine.staging import CSV, LINE
from headgate.errors import BadFileError
from headgate.options import ReadOptions
from headgate.words import counted

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
_SURE = {CHECK, REASON, RAW, UPLOAD}
"""Columns by which a quarantine file is known that lacks others of Headgate's."""
_WHY = "known by the header of a quarantine file"
_LINE_NUMBER = r"^0*([0-9]{1,18})(?:[.,]0{1,2})?$"
"""Regular expression of a line's number, as programs may show it."""
_HEAD = 1 << 16
_LINES = 20
"""Lines among which a sheet's header stands."""
_SAMPLE = 1 << 20
_OF_SPREADSHEETS = ("cp1252", "mac-roman", *(f"cp125{number}" for number in (0, 1, 3, 4, 5, 6, 7)))
"""Encodings other than of Unicode in which spreadsheet programs save."""


class Sheet(NamedTuple):
    """A quarantine file that came back, how it is read, and the mark of its upload, if any."""

    path: Path
    options: ReadOptions
    dialect: Dialect
    upload: str | None

    def columns(self, notes: int) -> tuple[str, ...]:
        """Return the upload's own columns, which stand between so many notes and the raw text."""
        names = self.dialect.names
        return names[notes : names.index(RAW)]


def open_sheet(path: Path, member: str | None = None) -> Sheet | None:
    """Open a quarantine file that came back, known by its header; None where it is another file.

    In a zip it may also lie alone, whatever member the files of its data set have.

    Raises:
        BadFileError: It is one, but its rows are of several uploads.
    """
    options = _header(path, member) or _header(path, None)
    if options is None:
        return None
    dialect = _dialect(path, options)
    return Sheet(path, options, dialect, _upload(path, dialect))


def own_sheet(path: Path) -> Sheet:
    """Open a file that Headgate wrote: rows kept back, or the ledger of those put right."""
    return Sheet(path, _OWN, _dialect(path, _OWN), None)


def as_shown(sheet: Sheet, shown: Sheet) -> Sheet:
    """Read a sheet in the encoding in which its letters are those of the rows that were shown.

    By themselves, a few letters do not tell in which of many a spreadsheet program saved them.
    """
    found = sheet.dialect.encoding
    if found.startswith("utf"):
        return sheet
    data, known = _sample(sheet), {*_sample(shown).decode(errors="replace")}

    def strange(encoding: str) -> int:
        letters = Counter(data.decode(encoding, errors="replace"))
        return sum(count for letter, count in letters.items() if letter not in known)

    best = min((found, *_OF_SPREADSHEETS), key=strange)
    options = sheet.options.model_copy(update={"encoding": best})
    return sheet._replace(options=options, dialect=_dialect(sheet.path, options))


def _sample(sheet: Sheet) -> bytes:
    compression, member = sheet.dialect.compression, sheet.dialect.member
    with open_bytes(sheet.path, compression, member) as file:
        return file.read(_SAMPLE)


def load_rows(
    con: DuckDBPyConnection,
    table: str,
    sheet: Sheet | None,
    *,
    names: Sequence[str],
    notes: Mapping[str, str],
) -> None:
    """Load each row with its cells, its place in the file, and some of the notes beside it.

    `shown` is what stands for the line, whether or not it is a number, and `cut` whether the row
    ends before the last of Headgate's columns.
    """
    said = "".join(f", {note} VARCHAR" for note in notes)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} (row_at BIGINT, line BIGINT, shown VARCHAR,"
        f" cut BOOLEAN, cells VARCHAR[], plain VARCHAR[]{said})"
    )
    if sheet is None:
        return
    place = {name: f"c{i}" for i, name in enumerate(sheet.dialect.names)}
    given = [f"coalesce({place[name]}, '')" for name in names]
    plain = ", ".join(f"replace({cell}, chr(13) || chr(10), chr(10))" for cell in given)
    last = " OR ".join(f"{place[name]} IS NULL" for name in (RAW, UPLOAD) if name in place)
    said = "".join(f", {place.get(column, 'NULL')}" for column in notes.values())
    line = f"trim(coalesce({place[LINE]}, ''), {quote_text(BLANKS)})"
    number = f"TRY_CAST(regexp_extract({line}, {quote_text(_LINE_NUMBER)}, 1) AS BIGINT)"
    filled = " OR ".join(f"{name} <> ''" for name in place.values())
    for part in map_blocks(sheet.path, _numbered(sheet.dialect), _padded):
        con.register("part", part)
        con.execute(
            f"INSERT INTO {table} SELECT {LINE}, {number}, {line}, {last or False},"
            f" [{', '.join(given)}], [{plain}]{said} FROM part WHERE {filled}"
        )
        con.unregister("part")


def _header(path: Path, member: str | None) -> ReadOptions | None:
    """Find the lines above a sheet's header, and the delimiter between its columns."""
    try:
        with open_bytes(path, *sniff_compression(path, member)) as file:
            head = file.read(_HEAD).replace(b"\0", b"").removeprefix(codecs.BOM_UTF8)
    except BadFileError:
        return None
    if not any(name.encode() in head for name in (LINE, REASON)):
        return None
    for skip, line in enumerate(head.decode("latin-1").lstrip("\xff\xfe").splitlines()[:_LINES]):
        for delimiter in ",;\t|":
            names = {*next(csv.reader([line], delimiter=delimiter), ())}
            if (LINE in names and UPLOAD in names) or names >= _SURE or names >= {*NOTES, RAW}:
                told = {"delimiter": delimiter, "skip_lines": skip, "member": member}
                return _OWN.model_copy(update=told)
    return None


def _dialect(path: Path, read: ReadOptions) -> Dialect:
    """Find out what a spreadsheet program may have changed: encoding and line ends."""
    found = detect(path, read)
    why = [
        each if each.what == "encoding" else each.model_copy(update={"why": _WHY})
        for each in found.evidence
    ]
    return found.model_copy(update={"comment": None, "evidence": tuple(why)})


def _upload(path: Path, dialect: Dialect) -> str | None:
    """Return the mark that all rows bear."""
    if UPLOAD not in dialect.names:
        return None
    marks: set[str | None] = set()
    for rows in map_blocks(path, _numbered(dialect), _padded):
        marks.update(pc.unique(rows.column(dialect.names.index(UPLOAD))).to_pylist())
    marks -= {"", None}
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
    """Take rows that lost cells at their end for whole ones, with nulls in their places.

    Some programs leave out empty ones.
    """
    names = [name for name in block.rows.column_names if name not in (LINE, CSV)]
    width = len(names)
    for bad in block.bad:
        if any(bad.fields[width:]):
            raise BadFileError(
                f"The row has {counted(len(bad.fields), 'cell')} where the header has {width}.",
                where=f"line {bad.line}",
                todo="Leave the columns as they are, and quote cells that hold the delimiter.",
            )
    fields = [[*bad.fields, *[None] * width][:width] for bad in block.bad]
    columns = [pa.array(column, pa.string()) for column in zip(*fields, strict=True)]
    if not columns:
        return block.rows
    short = pa.table(columns, names=names)
    return pa.concat_tables([block.rows, with_lines(short, [bad.line for bad in block.bad])])
