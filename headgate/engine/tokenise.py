"""Physical lines into rows of fields, for any dialect, with damage mended where it is clear.

Which dialect a file has is not decided here, nor what its values mean.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from headgate.engine.dialect import Dialect, Syntax
from headgate.engine.mend import cheapest_row
from headgate.engine.source import body_lines

MAX_ROW = 16 << 20
"""Characters that an open quote may swallow before it is taken for a stray one."""
_STAND_INS = "\x1f\x1e\x1d\x1c"


class Rows(NamedTuple):
    """Rows in file order, and the first and last physical line of each, counted from 1."""

    fields: list[list[str]]
    lines: list[int]
    ends: list[int]

    def only(self, keep: list[int]) -> "Rows":
        """The rows at these positions."""
        return Rows(
            [self.fields[i] for i in keep],
            [self.lines[i] for i in keep],
            [self.ends[i] for i in keep],
        )

    def __add__(self, other: "Rows") -> "Rows":  # type: ignore[override]
        return Rows(self.fields + other.fields, self.lines + other.lines, self.ends + other.ends)


def tokenise(path: Path, dialect: Dialect) -> Iterator[Rows]:
    """Yield the table's rows in batches: of any width, without header, footer and blank lines.

    Raises:
        UnreadableError: the bytes cannot be decoded, decompressed, or exceed a limit.
    """
    parser = Parser(dialect.syntax, len(dialect.names))
    number = 0
    for number, lines in body_lines(path, dialect):
        yield parser.feed(number, lines)
    yield parser.finish()


class Parser:
    """Splits lines into rows; an open quoted field waits for the next lines."""

    def __init__(self, syntax: Syntax, width: int | None = None) -> None:
        csv.field_size_limit(sys.maxsize)
        self._syntax = syntax
        self._width = width
        self._format = _csv_format(syntax)
        self._pending: list[str] = []
        self._pending_at = 1

    def feed(self, number: int, lines: list[str]) -> Rows:
        """Parse lines, the first of which has this number in the file."""
        if self._pending:
            number, lines = self._pending_at, self._pending + lines
            self._pending = []
        return self._parse(number, lines, final=False)

    def finish(self) -> Rows:
        """Parse what is left over at the end of the table."""
        pending, self._pending = self._pending, []
        return self._parse(self._pending_at, pending, final=True)

    def _parse(self, number: int, lines: list[str], *, final: bool) -> Rows:
        prepared, stand_in = self._prepare(lines)
        reader = csv.reader(prepared, **self._format)
        try:
            fields = list(reader)
        except csv.Error:
            return self._parse_carefully(number, lines, prepared, stand_in, final=final)
        if reader.line_num != len(fields):
            return self._parse_carefully(number, lines, prepared, stand_in, final=final)
        starts = list(range(number, number + len(fields)))
        return self._tidy(fields, starts, starts, stand_in)

    def _prepare(self, lines: list[str]) -> tuple[list[str], str]:
        """Put one rare character in place of a long delimiter, which the csv module cannot."""
        syntax = self._syntax
        if syntax.collapse:
            return [line.rstrip(syntax.delimiter + "\r\n") for line in lines], ""
        if len(syntax.delimiter) == 1:
            return lines, ""
        text = "".join(lines)
        stand_in = next(c for c in _STAND_INS + "\ue000\ue001\ue002" if c not in text)
        self._format["delimiter"] = stand_in
        return [line.replace(syntax.delimiter, stand_in) for line in lines], stand_in

    def _parse_carefully(
        self, number: int, lines: list[str], prepared: list[str], stand_in: str, *, final: bool
    ) -> Rows:
        cursor = _Cursor(prepared)
        reader = csv.reader(cursor, **self._format)
        fields: list[list[str]] = []
        starts: list[int] = []
        ends: list[int] = []
        while cursor.at < len(lines):
            start = cursor.at
            try:
                row: list[str] | None = next(reader)
            except csv.Error:
                row = None
            if row is None or (cursor.at - start > 1 and len(row) != self._width):
                if cursor.at == len(lines) and not final and _size(lines[start:]) < MAX_ROW:
                    self._pending, self._pending_at = lines[start:], number + start
                    break
                row, used = self._mend(lines, start, cursor.at, row)
                cursor.at = start + used
            fields.append(row)
            starts.append(number + start)
            ends.append(number + cursor.at - 1)
        return self._tidy(fields, starts, ends, stand_in)

    def _mend(
        self, lines: list[str], start: int, end: int, strict: list[str] | None
    ) -> tuple[list[str], int]:
        """Read a damaged row: over as few lines as give the expected width."""
        alone, cost = cheapest_row(lines[start], self._syntax, self._width)
        best = (cost, alone, 1)
        for used in range(2, min(end - start, 20) + 1):
            text = "".join(lines[start : start + used])
            row, cost = cheapest_row(text, self._syntax, self._width)
            if self._width is not None and len(row) == self._width and cost + used < best[0]:
                best = (cost + used, row, used)
        if strict is not None and self._width is None:
            return strict, end - start
        return best[1], best[2]

    def _tidy(
        self, fields: list[list[str]], starts: list[int], ends: list[int], stand_in: str
    ) -> Rows:
        """Leave out blank lines and put long delimiters back into quoted values."""
        if stand_in:
            long = self._syntax.delimiter
            fields = [
                [f.replace(stand_in, long) for f in row] if any(stand_in in f for f in row) else row
                for row in fields
            ]
        blank = [
            i for i, row in enumerate(fields) if not row or (len(row) == 1 and not row[0].strip())
        ]
        rows = Rows(fields, starts, ends)
        if not blank:
            return rows
        drop = set(blank)
        return rows.only([i for i in range(len(fields)) if i not in drop])


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


def _csv_format(syntax: Syntax) -> dict[str, Any]:
    if syntax.quotechar is None:
        return {"delimiter": syntax.delimiter[0], "quoting": csv.QUOTE_NONE, "quotechar": None}
    return {
        "delimiter": syntax.delimiter[0],
        "quotechar": syntax.quotechar,
        "escapechar": syntax.escapechar,
        "doublequote": syntax.doublequote,
        "skipinitialspace": syntax.collapse,
        "strict": True,
    }
