"""Lines made fit for Python's csv module, which knows no long delimiter and unescapes too much."""

import csv
import re
from typing import Any

from headgate.engine.reading.aligned import MARK, cut
from headgate.engine.reading.dialect import Syntax
from headgate.errors import UnreadableError

_WRAPPED = re.compile(r'"((?![{\[])(?:[^"]|"")*)"[;, \t]*(\r?\n?)')
"""A row enclosed in quotes as a whole; JSON within them is a value."""

_STAND_INS = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6\ufdd7\x1c\x1d\x1e\x1f"
"""Characters that stand for a long delimiter or an escaped character while a line is split."""


class CsvInput:
    """Lines made fit for the csv module, which knows no long delimiter and unescapes too much."""

    def __init__(self, lines: list[str], syntax: Syntax) -> None:
        self.originals: dict[str, str] = {}
        self.lines = lines
        self.syntax = syntax
        if syntax.wrapped:
            self.lines = unwrap(lines)
        if syntax.framed:
            self.lines = unframe(self.lines, syntax.delimiter)
        if syntax.borders:
            self._cut(syntax)
        if syntax.escapechar is not None:
            self._hide_escapes(syntax.escapechar)
        if len(syntax.delimiter) > 1:
            self._shorten_delimiter()
        if syntax.skipinitialspace and syntax.delimiter == " ":
            self.lines = [line.rstrip(" \r\n") + "\n" for line in self.lines]
        self.format = _csv_format(self.syntax)

    def _cut(self, syntax: Syntax) -> None:
        mark = syntax.comment or "\0"
        self.lines = [
            line if line.startswith(mark) else cut(line, syntax.borders) for line in self.lines
        ]
        self.syntax = syntax._replace(delimiter=MARK, quotechar=None, borders=())

    def _hide_escapes(self, escape: str) -> None:
        quote = self.syntax.quotechar or ""
        hidden = [(escape * 2, escape)]
        hidden += [(escape + c, c) for c in (quote, self.syntax.delimiter) if c and c != escape]
        for sequence, plain in hidden:
            self._replace(sequence, plain)
        self.syntax = self.syntax._replace(escapechar=None)

    def _shorten_delimiter(self) -> None:
        delimiter = self.syntax.delimiter
        self.syntax = self.syntax._replace(delimiter=self._replace(delimiter, delimiter))

    def _replace(self, sequence: str, plain: str) -> str:
        """Put a stand-in for a sequence that reads as `plain` inside a field."""
        text = "".join(self.lines)
        stand_in = next((c for c in _STAND_INS if c not in text), None)
        if stand_in is None:
            raise UnreadableError("The text holds too many control characters to be split.")
        self.originals[stand_in] = plain
        self.lines = [line.replace(sequence, stand_in) for line in self.lines]
        return stand_in

    def restore(self, row: list[str]) -> list[str]:
        """Put the characters back that stand-ins stand for."""
        for stand_in, plain in self.originals.items():
            if any(stand_in in cell for cell in row):
                row = [cell.replace(stand_in, plain) for cell in row]
        return row


def unwrap(lines: list[str]) -> list[str]:
    """Take away the quotes that enclose whole lines, as a spreadsheet puts them round a row."""
    return [
        found[1].replace('""', '"') + found[2] if (found := _WRAPPED.fullmatch(line)) else line
        for line in lines
    ]


def unframe(lines: list[str], delimiter: str) -> list[str]:
    """Take away the delimiter where it stands both before and behind a row."""
    return [_unframed(line, delimiter) for line in lines]


def _unframed(line: str, delimiter: str) -> str:
    text = line.strip()
    framed = len(text) > 1 and text.startswith(delimiter) and text.endswith(delimiter)
    return text[1:-1] + line[len(line.rstrip("\r\n")) :] if framed else line


def _csv_format(syntax: Syntax) -> dict[str, Any]:
    if syntax.quotechar is None:
        quoting: dict[str, Any] = {"quoting": csv.QUOTE_NONE, "quotechar": None}
    else:
        quoting = {"quotechar": syntax.quotechar, "doublequote": syntax.doublequote, "strict": True}
    return quoting | {
        "delimiter": syntax.delimiter,
        "skipinitialspace": syntax.skipinitialspace,
    }
