"""A file's body cut into blocks of whole rows, each parsed into text columns with line numbers.

Here: the two ways into the one form, `Block`: Arrow's parser for the regular lines of a plain
dialect; the tokeniser for every other dialect and for damaged lines. Not here: types, checks,
and where rows go.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from headgate.engine import csv_lines
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.lines import body_lines, open_text, refuse_long_line, split_lines
from headgate.engine.reading.scan import (
    NEWLINE,
    Marks,
    RowSpans,
    count,
    damaged_spans,
    needless_quotes,
    row_spans,
    whole_rows,
)
from headgate.engine.reading.tokenise import Parser, Rows, parse
from headgate.engine.reading.unpack import open_bytes
from headgate.engine.staging import CSV, LINE
from headgate.engine.threads import map_ahead

BLOCK_BYTES = 4 << 20
_MANY_COLUMNS = 4000
"""Columns for which a block is larger by once its size, lest it hold only a few rows."""
_LARGEST = 4  # blocks of the usual size
_UTF8 = {"utf-8", "utf-8-sig", "utf8", "ascii", "us-ascii"}
_BOM = b"\xef\xbb\xbf"

Result = TypeVar("Result")


class Bad(NamedTuple):
    """A row that does not fit the table, as far as it could be split."""

    line: int
    raw: str
    fields: list[str]
    check: str


class Block(NamedTuple):
    """Whole rows in file order: those that fit as text columns, and those that do not."""

    rows: pa.Table
    bad: list[Bad]
    blank: int
    raw: Callable[[int], str | None]


def map_blocks(path: Path, dialect: Dialect, make: Callable[[Block], Result]) -> Iterator[Result]:
    """Parse the body block by block and yield what `make` makes of each, in file order.

    The first block is through before another is begun: `make` may learn from it what it holds the
    others to. These are worked on by a few threads; only a few of them are in memory at a time.
    """
    pieces = _plain_pieces(path, dialect) if dialect.plain else _general_pieces(path, dialect)
    first = next(pieces, None)
    if first is None:
        return
    yield make(first())
    yield from map_ahead(lambda piece: make(piece()), pieces)


def _plain_pieces(path: Path, dialect: Dialect) -> Iterator[Callable[[], Block]]:
    """Cut the bytes of a plain body at row ends."""
    quote = None if dialect.quotechar is None else ord(dialect.quotechar)
    marks = Marks(ord(dialect.delimiter), quote)
    size = BLOCK_BYTES * min(_LARGEST, 1 + len(dialect.names) // _MANY_COLUMNS)
    rest, line = b"", 1
    skip = dialect.skip_lines + dialect.header_lines
    for data in _utf8_bytes(path, dialect):
        rest += data
        refuse_long_line(len(rest) - rest.rfind(b"\n") - 1, path)
        while skip and (at := rest.find(b"\n")) >= 0:
            rest, line, skip = rest[at + 1 :], line + 1, skip - 1
        if skip or len(rest) < size:
            continue
        cut = whole_rows(rest[: _before_footer(rest, dialect.footer_lines)], marks)
        if cut:
            piece, rest = rest[:cut], rest[cut:]
            lines = count(piece, NEWLINE)
            yield partial(_parse_plain, piece, line, lines, dialect, marks)
            line += lines

    rest = b"" if skip else rest[: _before_footer(rest, dialect.footer_lines)]
    if rest:
        yield partial(_parse_plain, rest, line, _lines_in(rest), dialect, marks)


def _utf8_bytes(path: Path, dialect: Dialect) -> Iterator[bytes]:
    if dialect.encoding.lower() not in _UTF8:
        yield from (text.encode() for text in open_text(path, dialect))
        return
    with open_bytes(path, dialect.compression, dialect.member) as file:
        start = _BOM
        while start == _BOM:
            start = file.read(len(_BOM))
        yield start
        while data := file.read(BLOCK_BYTES):
            yield data


def _before_footer(data: bytes, lines: int) -> int:
    """Return the offset before the last lines, where a table's footer may stand."""
    end = len(data)
    if lines and not data.endswith(b"\n"):
        lines -= 1
        end = data.rfind(b"\n") + 1
    for _ in range(lines):
        end = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
    return end


def _lines_in(data: bytes) -> int:
    """Count physical lines, the last of which may lack its end."""
    ended = count(data, NEWLINE)
    return ended if data.endswith(b"\n") else ended + 1


def _parse_plain(data: bytes, line: int, lines: int, dialect: Dialect, marks: Marks) -> Block:
    """Parse whole rows, `lines` physical ones: regular ones in bulk, damaged ones with care."""
    damaged = damaged_spans(data, marks)
    if not damaged:
        return _parse_regular(data, line, lines, dialect, marks)
    parts: list[Block] = []
    done = 0
    for start, end in [*damaged, (len(data), len(data))]:
        for part, text in ((_parse_regular, data[done:start]), (_parse_damaged, data[start:end])):
            if text:
                lines = _lines_in(text)
                parts.append(part(text, line, lines, dialect, marks))
                line += lines
        done = end
    return _join(parts)


def _join(parts: list[Block]) -> Block:
    def raw(line: int) -> str | None:
        return next((text for part in parts if (text := part.raw(line)) is not None), None)

    return Block(
        pa.concat_tables([part.rows for part in parts]),
        [bad for part in parts for bad in part.bad],
        sum(part.blank for part in parts),
        raw,
    )


def _parse_regular(data: bytes, line: int, lines: int, dialect: Dialect, marks: Marks) -> Block:
    """Let Arrow parse; the line of each row is looked for only where it is not the next one."""
    text = RowText(data, line, marks)
    if not _is_utf8(data):
        return _parse_undecodable(text, dialect)
    refused: list[Any] = []
    rows = _parse_by_arrow(data, dialect, refused)
    even = lines == rows.num_rows + len(refused)
    places = np.arange(line, line + lines) if even else text.spans.lines + line
    at = [row.number - 1 for row in refused]
    bad = [_misfit(int(places[i]), row.text, dialect) for i, row in zip(at, refused, strict=True)]
    own = _own_lines(data, rows, at, dialect, marks) if even else None
    rows = with_lines(rows, np.delete(places, at), own)
    kept = [row for row in bad if len(row.fields) > 1 or row.fields[0].strip()]
    blank = 0 if even else text.spans.blank
    return Block(rows, kept, blank + len(bad) - len(kept), text.row_on)


def _is_utf8(data: bytes) -> bool:
    """Let Arrow look at the bytes once, before it hands out texts of refused rows."""
    if data.isascii():
        return True
    offsets = pa.array([0, len(data)], pa.int32()).buffers()[1]
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _parse_by_arrow(data: bytes, dialect: Dialect, refused: list[Any]) -> pa.Table:
    def refuse(row: Any) -> str:
        refused.append(row)
        return "skip"

    if data.startswith(_BOM):
        data = _BOM + data  # Arrow takes one away, which is part of a cell here
    return pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(
            use_threads=False, block_size=len(data) + 1, column_names=dialect.names
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quotechar or False,
            invalid_row_handler=refuse,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(dialect.names, pa.string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )


def _parse_undecodable(text: "RowText", dialect: Dialect) -> Block:
    """Keep back the rows that are not valid UTF-8 and parse the others."""
    good: list[int] = []
    bad: list[Bad] = []
    refused: list[Any] = []
    for i in range(len(text.spans.starts)):
        data = text.octets(i)
        try:
            data.decode()
        except UnicodeDecodeError:
            bad.append(Bad(text.line_of(i), text.row(i), [], "encoding"))
        else:
            good.append(i)
    rows = _parse_by_arrow(b"\n".join(map(text.octets, good)) + b"\n", dialect, refused)
    lines = text.spans.lines[good] + text.line
    at = [row.number - 1 for row in refused]
    bad += [_misfit(int(lines[i]), text.row(good[i]), dialect) for i in at]
    rows = with_lines(rows, np.delete(lines, at))
    return Block(rows, sorted(bad), text.spans.blank, text.row_on)


def with_lines(
    rows: pa.Table, lines: npt.ArrayLike, written: pa.StringArray | None = None
) -> pa.Table:
    """Put beside the cells of rows the lines on which they start, and the rows as lines of CSV."""
    written = csv_lines.write(rows.columns) if written is None else written
    return rows.append_column(LINE, pa.array(lines, pa.int64())).append_column(CSV, written)


def _own_lines(
    data: bytes, rows: pa.Table, refused: list[int], dialect: Dialect, marks: Marks
) -> pa.StringArray | None:
    """Take lines that are rows for lines of CSV as they stand, if the file is written so.

    Args:
        data: The lines.
        rows: The cells of the rows that were not refused.
        refused: The places of the others.
        dialect: How the lines are written.
        marks: The same in bytes.
    """
    alike = dialect.delimiter == "," and (dialect.quotechar == '"' or b'"' not in data)
    if not alike or not data.endswith(b"\n"):
        return None
    data = data.replace(b"\r\n", b"\n") if b"\r" in data else data
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE) + 1
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    stale = np.zeros(len(ends), np.bool_)
    stale[np.searchsorted(ends, needless_quotes(data, marks), "right")] = True
    if refused:
        stays = np.ones(len(ends), np.bool_)
        stays[refused] = False
        lines, stale = lines.filter(pa.array(stays)), stale[stays]
    return csv_lines.renew(lines, rows.columns, pa.array(stale)) if stale.any() else lines


def _parse_damaged(data: bytes, line: int, lines: int, dialect: Dialect, marks: Marks) -> Block:
    """Read damaged lines; a first line that makes a row by itself is no concern of the others."""
    end = data.find(b"\n") + 1
    if 0 < end < len(data):
        alone = _tokenised(data[:end], line, dialect)
        if alone.rows.num_rows == 1 and not alone.bad:
            return _join([alone, _parse_plain(data[end:], line + 1, lines - 1, dialect, marks)])
    return _tokenised(data, line, dialect)


def _tokenised(data: bytes, line: int, dialect: Dialect) -> Block:
    lines = split_lines(data.decode(errors="replace"), "\n")
    rows = parse(lines, dialect.syntax, len(dialect.names), line)
    return _block_of_rows(rows, line, lines, dialect)


def _general_pieces(path: Path, dialect: Dialect) -> Iterator[Callable[[], Block]]:
    """Tokenise the lines of any dialect; rows may go on from one batch to the next."""
    parser = Parser(dialect.syntax, len(dialect.names))
    held: list[str] = []
    first = 1
    for number, lines in body_lines(path, dialect):
        first = first if held else number
        held = held + lines
        rows = parser.feed(number, lines)
        if rows.ends:
            used = rows.ends[-1] + 1 - first
            yield partial(_block_of_rows, rows, first, held[:used], dialect)
            held, first = held[used:], first + used
    if held:
        yield partial(_block_of_rows, parser.finish(), first, held, dialect)


def _block_of_rows(rows: Rows, first: int, lines: list[str], dialect: Dialect) -> Block:
    """Put tokenised rows into columns; `lines` are the physical lines from number `first` on."""
    width = len(dialect.names)
    ends = dict(zip(rows.lines, rows.ends, strict=True))

    def raw(line: int) -> str | None:
        if line not in ends:
            return None
        return "".join(lines[line - first : ends[line] - first + 1]).rstrip("\r\n")

    fits = [i for i, fields in enumerate(rows.fields) if len(fields) == width]
    good = rows if len(fits) == len(rows.fields) else rows.only(fits)
    bad = [
        Bad(line, raw(line) or "", fields, "width")
        for fields, line in zip(rows.fields, rows.lines, strict=True)
        if len(fields) != width
    ]
    columns = [pa.array(column, pa.string()) for column in zip(*good.fields, strict=True)]
    columns = columns or [pa.array([], pa.string())] * width
    table = with_lines(pa.table(columns, names=dialect.names), good.lines)
    filled = sum(end - start + 1 for start, end in ends.items())
    return Block(table, bad, len(lines) - filled, raw)


def _misfit(line: int, raw: str, dialect: Dialect) -> Bad:
    rows = Parser(dialect.syntax).feed(line, [raw])
    return Bad(line, raw, rows.fields[0] if rows.fields else [raw], "width")


class RowText:
    """The text of a piece of the file, from which single rows can be had back."""

    def __init__(self, data: bytes, line: int, marks: Marks) -> None:
        self._data = data
        self._marks = marks
        self.line = line

    @cached_property
    def spans(self) -> RowSpans:
        """Where the rows stand."""
        return row_spans(self._data, self._marks)

    def octets(self, index: int) -> bytes:
        """Return the bytes of a row, without its line end."""
        return self._data[self.spans.starts[index] : self.spans.ends[index]]

    def row(self, index: int) -> str:
        """Return the text of a row, without its line end."""
        return self.octets(index).decode(errors="replace")

    def line_of(self, index: int) -> int:
        """Return the physical line on which a row starts."""
        return self.line + int(self.spans.lines[index])

    def row_on(self, line: int) -> str | None:
        """Return the text of the row that starts on a line, if one does."""
        at = int(np.searchsorted(self.spans.lines, line - self.line))
        if at == len(self.spans.lines) or self.line_of(at) != line:
            return None
        return self.row(at)
