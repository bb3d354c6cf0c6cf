"""How far a text in a first row speaks for a name, by the values that stand below it."""

import re
from collections.abc import Sequence

from headgate.engine.reading.cells import shapes

_IDENTIFIER = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[a-z]+://\S+|\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{2}(?::[\da-f]{2}){5}"
    r"|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{32,}|\+\d{1,3}[ \d()/-]{6,}"
    r"|[a-z]:\\.+",
    re.IGNORECASE,
)
"""An address of mail, of the web or of a machine, a UUID, a hash, a phone number, or a path."""
_LABEL = re.compile(r"[\w.-]+[=:](?=\S)")
"""What some programs write before each value: `level=info`."""
_LONG = 12
"""Characters of a code that hardly has the form of a name, though it has but one digit."""
SOME = 5
"""Values of one pattern or kind that are hardly so by chance."""


def typed_columns(body: list[list[str]], width: int) -> list[bool]:
    """Return for each column whether nearly all its values are numbers or dates."""
    return [*map(is_typed_column, zip(*body, strict=True))] if body else [False] * width


def is_typed_column(cells: Sequence[str]) -> bool:
    """Return whether nearly all values of a column are numbers or dates."""
    found = shapes(cells)
    filled = len(cells) - found["empty"]
    return filled > 0 and found["number"] + found["moment"] >= 0.8 * filled


def vote_of_text(cell: str, column: Sequence[str]) -> float:
    """Return whether no name, nor its pattern of digits, comes back in the column below it."""
    if cell in column:
        return -0.75 if 10 * column.count(cell) > len(column) else 0
    if _is_one_of(cell, column):
        return -1
    if len(column) > SOME and _pattern(cell) and {_pattern(cell)} == {*map(_pattern, column)}:
        return -0.5
    if len(cell) > 80 or "://" in cell[:10]:
        return -0.3
    lengths = {len(value) for value in column if value}
    uniform = len(lengths) == 1 and len(column) > 2
    return 0.5 if uniform and len(cell) not in lengths else 0.1


def _is_one_of(cell: str, column: Sequence[str]) -> bool:
    """Return whether a cell is an address above others labelled alike, or one of many codes."""
    values = [*filter(None, column)]
    if _IDENTIFIER.fullmatch(cell):
        return bool(values) and all(map(_IDENTIFIER.fullmatch, values))
    if label := _LABEL.match(cell):
        return bool(values) and all(value.startswith(label[0]) for value in values)
    numbered = len(column) > SOME and sum(map(str.isdigit, cell)) > 1
    return numbered and {_stem(cell)} == {*map(_stem, column)}


def _stem(cell: str) -> str:
    """Return what a cell is but for its digits, however many."""
    return re.sub(r"\d+", "0", cell)


def _pattern(cell: str) -> str:
    """Return a cell without its digits and letters; empty where a name may have that of codes."""
    digits = sum(map(str.isdigit, cell))
    telling = digits > 1 or (digits and len(cell) >= _LONG)
    return re.sub("[^\\W\\d_]", "a", re.sub(r"\d", "0", cell)) if telling else ""
