"""Rows and headers whose cells hold the delimiter without quotes: refused, never shifted."""

import re
from collections.abc import Sequence
from itertools import pairwise

from headgate.engine.reading.cells import Shape, count_filled, is_typed, shape, shapes
from headgate.errors import UndecidableError
from headgate.words import counted

_PAIRS = (("{", "}"), ("[", "]"), ("(", ")"), ("“", "”"), ("„", "“"), ("«", "»"))
_SPLIT_NUMBER = re.compile(r"\s*[-+]?\d+,\d+\s*")
_IN_THOUSANDS = re.compile(r"\s*[-+]?(?:[$€£¥₹]\s?)?\d{1,3},\d{3}(?:\.\d+)?\s*")
_WITH_CENTS = re.compile(r"\s*[-+]?(?:[$€£¥₹]\s?)?[1-9]\d{0,2},\d{3}\.\d+\s*")
"""Thousands and decimals: hardly two numbers of all rows look so by chance."""
_WHOLE = re.compile(r"\s*[-+]?\d+\s*")
_POINT = re.compile(r"\s*[-+]?\d+\.(?!\d{3}\s*$)\d+\s*")
"""A number whose decimal mark is a point."""
_REST = re.compile(r"\s*0\d")
"""The beginning of what is hardly a number of its own."""
_OWN_KINDS: tuple[tuple[Shape, re.Pattern[str]], ...] = (
    (
        "moment",
        re.compile(r"date|datum|data|fecha|time|timestamp|zeit|day|tag|jour", re.IGNORECASE),
    ),
    ("number", re.compile(r"(?:id|nr|no)\.?|#|№", re.IGNORECASE)),
)
"""Names that tell what the values below them are."""
_MOST = 0.9
"""Share of rows that look split, from which on it is hardly by chance."""


def refuse_split_values(body: list[list[str]], line: int, *, commas: bool, uneven: bool) -> None:
    """Refuse rows with one cell more than names where two cells of each look like one value.

    To take the first column for row names would put all values up to these under wrong names.

    Args:
        body: rows that are all as wide as the table.
        line: the header's number.
        commas: whether the delimiter may be the decimal mark or part thousands too.
        uneven: whether other rows have as many cells as names.
    """
    columns = [*zip(*body, strict=True)]
    decimals = commas and not any(_POINT.fullmatch(cell) for row in body for cell in row)
    for at, pair in enumerate(pairwise(columns), start=1):
        split = (
            _are_split(*pair)
            or (decimals and _are_split_numbers(columns[0], *pair))
            or (commas and uneven and _match(_IN_THOUSANDS, *pair))
            or (commas and not _are_row_names(columns[0]) and _match(_WITH_CENTS, *pair))
        )
        if len(body) > 1 and split:
            count = len(body[0])
            raise UndecidableError(
                f"{_uneven(count - 1, count)}: cells {at} and {at + 1} look like one value that "
                "holds the delimiter.",
                where=f"line {line}",
                todo="Enclose such values in quotes; if they are two columns, set `header_rows`.",
            )


def refuse_shifted_names(names: list[str], body: list[list[str]], line: int) -> None:
    """Refuse rows with one cell more than names where the first name fits the first cells alone.

    They are no row names then: `date` stands above dates, but would name the prices beside them.
    """
    first, second = ([row[at] for row in body] for at in (0, 1))
    for kind, pattern in _OWN_KINDS:
        fits = len(body) > 1 and all(shape(cell) == kind for cell in first)
        others = 2 * shapes(second)[kind] < len(second)
        if fits and pattern.fullmatch(names[0].strip()) and others:
            raise UndecidableError(
                f"{_uneven(len(names), len(names) + 1)}: {names[0]!r} seems to name the first, "
                "so that another one has no name.",
                where=f"line {line}",
                todo="Name each column.",
            )


def refuse_split_decimals(names: list[str], body: list[list[str]], line: int) -> None:
    """Refuse rows of several cells more than names whose whole numbers may be halves of others.

    That is so where all whole numbers stand in pairs, one for each cell that has no name.
    """
    columns = [*zip(*body, strict=True)]
    whole = [at for at, column in enumerate(columns) if all(map(_WHOLE.fullmatch, column))]
    pairs = [*zip(whole[::2], whole[1::2], strict=False)]
    spare = len(columns) - len(names)
    paired = len(whole) == 2 * spare and all(
        b - a == 1 and all(cell.strip().isdecimal() for cell in columns[b]) for a, b in pairs
    )
    if spare > 1 and len(body) > 1 and paired:
        raise UndecidableError(
            f"{_uneven(len(names), len(columns))}: the delimiter may be the decimal mark too.",
            where=f"line {line}",
            todo="Enclose the numbers in quotes or use another delimiter; if the last columns have "
            "no names, set `header_rows`.",
        )


def refuse_split_numbers(above: list[str], body: list[list[str]], line: int) -> None:
    """Refuse rows of whole numbers, two for each name above: halves of decimal numbers, maybe."""
    named = len(above) > 1 and count_filled(above) == len(above) and not any(map(is_typed, above))
    if named and all(
        len(row) == 2 * len(above)
        and all(cell.strip().removeprefix("-").isdecimal() for cell in row)
        for row in body
    ):
        raise UndecidableError(
            f"{_uneven(len(above), 2 * len(above))}, all whole numbers: the delimiter may be the "
            "decimal mark too.",
            where=f"line {line}",
            todo="Enclose the numbers in quotes or use another delimiter; if this line is no "
            "header, set `skip_lines`.",
        )


def refuse_split_names(row: list[str], width: int, line: int, *, words: bool) -> None:
    """Refuse a header with more names than the rows have cells where names may have been split.

    Else the last cells are missing: programs leave them out where they are empty in all rows.

    Args:
        row: the header's cells.
        width: cells of a row.
        line: the header's number.
        words: whether blanks part the cells, as they part the words of a name.
    """
    lost = any(map(str.strip, row[width:]))
    if lost and (words or any(_is_split(*pair) for pair in pairwise(row))):
        raise UndecidableError(
            f"{_uneven(count_filled(row), width, 'most rows')}: a name may hold the "
            "delimiter, or cells are missing.",
            where=f"line {line}",
            todo="Enclose such names in quotes; if only the last cells are missing, set "
            "`header_rows`.",
        )


def _uneven(names: int, cells: int, rows: str = "the rows") -> str:
    """Say that a header and its rows differ."""
    return f"The header names {counted(names, 'column')}, but {rows} have {cells} cells"


def _are_split(left: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether nearly all cells of two columns are parts of one text or date."""
    return sum(map(_is_split, left, right)) >= _MOST * len(left)


def _are_split_numbers(first: Sequence[str], left: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether two columns can be what stood before and behind the comma of numbers.

    Row names in the first column speak against it, unless some numbers behind it begin with a zero.
    """
    rests = any(map(_REST.match, right))
    return _match(_SPLIT_NUMBER, left, right) and (rests or not _are_row_names(first))


def _match(pattern: re.Pattern[str], left: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether nearly all cells of two columns are such a text when a comma joins them."""
    joined = map(",".join, zip(left, right, strict=True))
    return sum(pattern.fullmatch(text) is not None for text in joined) >= _MOST * len(left)


def _are_row_names(column: Sequence[str]) -> bool:
    """Return whether cells are texts of which none comes twice, or blank."""
    filled = [cell for cell in column if cell.strip()]
    return len({*filled}) == len(filled) and not any(map(is_typed, filled))


def _is_split(left: str, right: str) -> bool:
    """Return whether a delimiter stood inside `Smith, John`, `{"a": 1}` or `Jan 2, 2024`."""
    if right[:1] == " " and shape(f"{left},{right}") == "moment" != shape(right):
        return True
    if is_typed(left) or is_typed(right):
        return False
    opened = any(
        left.count(a) > left.count(b) and right.count(b) > right.count(a) for a, b in _PAIRS
    )
    return opened or (right[:1] == " " and left[:1] not in ("", " ") and bool(right.strip()))
