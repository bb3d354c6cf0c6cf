"""Physical lines into rows of fields, for any dialect, with damage mended where it is clear.

Which dialect a file has is not decided here, nor what its values mean.
"""

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from headgate.engine.reading.cells import is_line_across
from headgate.engine.reading.csv_input import CsvInput
from headgate.engine.reading.dialect import Dialect, Syntax
from headgate.engine.reading.lines import body_lines
from headgate.engine.reading.mend import MAX_MENDED_LINES, cheapest_row
from headgate.errors import UnreadableError

MAX_ROW_CHARACTERS = 8 << 20
"""Characters that an open quote may swallow before it is taken for a stray one."""

MAX_COLUMNS = 100_000
LITERAL = re.compile(r'="([^"]*)"')
"""A formula that only holds a text, so that a spreadsheet takes it for no number."""


@dataclass(slots=True)
class Rows:
    """Rows in file order, and the first and last physical line of each, counted from 1."""

    fields: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    """Physical lines left out because they are blank, a comment or only drawn."""

    def __bool__(self) -> bool:
        return bool(self.fields)

    def __add__(self, later: "Rows") -> "Rows":
        return Rows(
            self.fields + later.fields,
            self.lines + later.lines,
            self.ends + later.ends,
            self.blank + later.blank,
        )

    def only(self, keep: list[int]) -> "Rows":
        """Return the rows at these positions."""
        return Rows(
            [self.fields[i] for i in keep],
            [self.lines[i] for i in keep],
            [self.ends[i] for i in keep],
            self.blank,
        )


def tokenise(path: Path, dialect: Dialect) -> Iterator[Rows]:
    """Yield the table's rows in batches: of any width, without header, footer and blank lines.

    Raises:
        UnreadableError: The bytes cannot be decoded, decompressed, or exceed a limit.
    """
    parser = Parser(dialect.syntax, len(dialect.names))
    for number, lines in body_lines(path, dialect):
        yield parser.feed(number, lines)
    yield parser.finish()


def parse(
    lines: list[str],
    syntax: Syntax,
    width: int | None = None,
    first: int = 1,
    *,
    cut: bool = False,
) -> Rows:
    """Split lines that begin with a row.

    Args:
        lines: Physical lines.
        syntax: How they are written.
        width: How many cells a row has.
        first: Number of the first line in the file.
        cut: Whether the lines may end within a row, which is left out then.
    """
    parser = Parser(syntax, width)
    rows, rest = parser.feed(first, lines), parser.finish()
    return rows if cut and rows and _is_cut(rest, width or _usual_width(rows)) else rows + rest


def _is_cut(rest: Rows, width: int) -> bool:
    """Return whether the rows from an open quote on are lines of one field: most are narrower.

    Otherwise the quote is a stray one.
    """
    return 2 * sum(len(row) == width for row in rest.fields) < len(rest.fields)


def _usual_width(rows: Rows) -> int:
    return Counter(map(len, rows.fields)).most_common(1)[0][0]


class Parser:
    """Splits lines into rows; an open quoted field waits for the next lines."""

    def __init__(self, syntax: Syntax, width: int | None = None) -> None:
        csv.field_size_limit(sys.maxsize)
        self._syntax = syntax
        self._width = width
        self._pending: list[str] = []
        self._pending_at = 1
        self._enough = 0

    def feed(self, number: int, lines: list[str]) -> Rows:
        """Parse lines, the first of which has this number in the file."""
        if self._pending:
            self._pending += lines
            if _size(self._pending) < self._enough:
                return Rows()
            number, lines = self._pending_at, self._pending
            self._pending = []
        return self._parse(number, lines, final=False)

    def finish(self) -> Rows:
        """Parse what is left over at the end of the table."""
        pending, self._pending = self._pending, []
        return self._parse(self._pending_at, pending, final=True)

    def _parse(self, number: int, lines: list[str], *, final: bool) -> Rows:
        batch = CsvInput(lines, self._syntax)
        reader = csv.reader(batch.lines, **batch.format)
        try:
            fields = list(reader)
        except csv.Error:
            return self._parse_carefully(number, lines, batch, final=final)
        if reader.line_num != len(fields):
            return self._parse_carefully(number, lines, batch, final=final)
        starts = list(range(number, number + len(fields)))
        return self._tidy(Rows(fields, starts, starts), number, batch)

    def _parse_carefully(
        self, number: int, lines: list[str], batch: "CsvInput", *, final: bool
    ) -> Rows:
        """Parse row by row, so that a damaged one can be mended and the next one found."""
        cursor = _Cursor(batch.lines)
        reader = csv.reader(cursor, **batch.format)
        rows = Rows()
        while cursor.at < len(lines):
            start = cursor.at
            try:
                row: list[str] | None = next(reader)
            except csv.Error:
                row = None
            if row is None or self._swallows(row, cursor.at - start):
                if cursor.at == len(lines) and not final and self._wait(lines[start:]):
                    self._pending_at = number + start
                    break
                row, used = self._mend(batch, start, cursor.at)
                cursor.at = start + used
            rows.fields.append(row)
            rows.lines.append(number + start)
            rows.ends.append(number + cursor.at - 1)
        return self._tidy(rows, number, batch)

    def _swallows(self, row: list[str], lines: int) -> bool:
        """Return whether a row of another width has more likely taken in others."""
        return lines > MAX_MENDED_LINES and self._width not in (None, len(row))

    def _wait(self, lines: list[str]) -> bool:
        """Keep the lines of an unfinished row until there are twice as many, within bounds."""
        size = _size(lines)
        if size >= MAX_ROW_CHARACTERS:
            return False
        self._pending = lines
        self._enough = min(2 * size, MAX_ROW_CHARACTERS)
        return True

    def _mend(self, batch: "CsvInput", start: int, end: int) -> tuple[list[str], int]:
        """Read a damaged row over as few lines as give the expected width, and count them."""
        best, cost = cheapest_row(batch.lines[start], batch.syntax, self._width)
        used = 1
        if len(best) == self._width and self._fits_alone(batch, start + 1):
            return best, used
        for more in range(2, min(end - start, MAX_MENDED_LINES) + 1):
            text = "".join(batch.lines[start : start + more])
            row, row_cost = cheapest_row(text, batch.syntax, self._width)
            if len(row) == self._width and row_cost + more < cost:
                best, cost, used = row, row_cost + more, more
        return best, used

    def _fits_alone(self, batch: "CsvInput", index: int) -> bool:
        """Return whether a line is a row by itself, so that nothing above reaches into it."""
        if index >= len(batch.lines):
            return False
        return len(cheapest_row(batch.lines[index], batch.syntax, self._width)[0]) == self._width

    def _tidy(self, rows: Rows, number: int, batch: "CsvInput") -> Rows:
        """Leave out blank and drawn lines and comments; put back what stand-ins stood for."""
        if batch.originals:
            rows.fields = [batch.restore(row) for row in rows.fields]
        if self._syntax.literals:
            rows.fields = [[*map(_without_formula, row)] for row in rows.fields]
        if rows.fields and max(map(len, rows.fields)) > MAX_COLUMNS:
            raise UnreadableError(
                f"A row has more than {MAX_COLUMNS:,} fields.",
                todo="Check the delimiter, or split the table into fewer columns.",
            )
        drop = self._no_rows(rows, number, batch)
        if not drop:
            return rows
        keep = [i for i in range(len(rows.fields)) if i not in drop]
        rows.blank = [n for i in sorted(drop) for n in range(rows.lines[i], rows.ends[i] + 1)]
        return rows.only(keep)

    def _no_rows(self, rows: Rows, number: int, batch: "CsvInput") -> set[int]:
        """Return the places of blank and drawn lines and comments."""
        comment, ruled = self._syntax.comment, self._syntax.ruled
        if comment is None and not ruled:
            return {i for i, row in enumerate(rows.fields) if len(row) < 2 and self._is_blank(row)}
        starts = [batch.lines[line - number] for line in rows.lines]
        return {
            i
            for i, (row, start) in enumerate(zip(rows.fields, starts, strict=True))
            if self._is_blank(row)
            or (ruled and self._is_drawn(row, start))
            or (comment and start.startswith(comment) and self._is_comment(row, comment))
        }

    def _is_drawn(self, row: list[str], start: str) -> bool:
        """Return whether a row is a drawn line; what is enclosed in quotes is a value."""
        quoted = (self._syntax.quotechar or "\0") in start
        return not quoted and is_line_across(row, self._width or 0)

    def _is_comment(self, row: list[str], mark: str) -> bool:
        """Return whether a marked row does not fit the table; names may all bear the mark."""
        filled = [cell for cell in row if cell.strip()]
        named = len(filled) > 1 and all(cell.startswith(mark) for cell in filled)
        return len(row) != self._width and not named

    def _is_blank(self, row: list[str]) -> bool:
        """Return whether nothing is there; in a table of one column, `""` and `" "` are values."""
        if len(row) != 1 or self._width == 1:
            return not row
        return not row[0] or row[0].isspace()


def _without_formula(cell: str) -> str:
    found = LITERAL.fullmatch(cell.strip())
    return found[1] if found else cell


class _Cursor:
    """Lines that the csv module takes one by one and that can be gone back in."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.at = 0

    def __iter__(self) -> "_Cursor":
        return self

    def __next__(self) -> str:
        if self.at >= len(self._lines):
            raise StopIteration
        line = self._lines[self.at]
        self.at += 1
        return line


def _size(lines: list[str]) -> int:
    return sum(map(len, lines))
