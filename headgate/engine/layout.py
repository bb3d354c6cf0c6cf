"""Where the table lies among the parsed rows: preamble, header, body, footer, column names.

It sees rows of text with their line numbers, not the file.
"""

import re
from collections import Counter
from typing import NamedTuple

from headgate.engine.dialect import Evidence
from headgate.engine.tokenise import Rows

_TYPED = re.compile(
    r"""[-+(]?\s*[$€£¥]?\s*[-+]?(?:\d[\d.,' \u00a0]*)?\d\s*(?:[eE][-+]?\d+)?\s*[%€$£)]?
    |\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?.*)?
    |\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:\s?[AaPp]\.?[Mm]\.?)?
    """,
    re.VERBOSE,
)


class Layout(NamedTuple):
    """The table's place: physical lines before, of and after it, and its column names."""

    skip_lines: int
    header_lines: int
    header_rows: int
    footer_lines: int
    names: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def is_typed(cell: str) -> bool:
    """Whether a cell reads as a number, an amount, a date or a time."""
    return _TYPED.fullmatch(cell.strip()) is not None


def modal_width(widths: list[int]) -> int:
    """The width of the table: the most common one, the larger if two are as common."""
    counts = Counter(widths)
    return max(counts, key=lambda w: (counts[w], w))


def find_layout(
    rows: Rows, last_line: int, skip_lines: int | None, header_rows: int | None, whole: bool
) -> Layout:
    """Find the table among the rows of a sample that reaches to `last_line`."""
    if skip_lines is not None:
        rows = rows.only([i for i, line in enumerate(rows.lines) if line > skip_lines])
    width = modal_width([len(f) for f in rows.fields])
    first = 0 if skip_lines is not None else _first_row(rows.fields, width)
    last = _last_row(rows.fields, width, first) if whole else len(rows.fields) - 1
    count = header_rows if header_rows is not None else _header_rows(rows.fields[first : last + 1])
    count = min(count, last + 1 - first)
    start = rows.lines[first]
    skip = start - 1
    end = rows.ends[first + count - 1] if count else skip
    names = _names(rows.fields[first : first + count], width)
    evidence = [
        Evidence(what="header", found=f"{count} rows", why="first rows against the rows below")
    ]
    if skip:
        evidence.append(
            Evidence(what="preamble", found=f"{skip} lines", why="they do not look like the table")
        )
    footer = last_line - rows.ends[last] if whole and last < len(rows.fields) - 1 else 0
    return Layout(skip, end - skip, count, footer, names, tuple(evidence))


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _first_row(fields: list[list[str]], width: int) -> int:
    """The first row as wide as the table in which more than a title is filled."""
    for i, row in enumerate(fields):
        if len(row) == width and (width < 3 or _filled(row) >= max(2, width // 3)):
            return i
    return next((i for i, row in enumerate(fields) if len(row) == width), 0)


def _last_row(fields: list[list[str]], width: int, first: int) -> int:
    last = len(fields) - 1
    while last > first and width > 1 and len(fields[last]) != width and len(fields[last]) == 1:
        last -= 1
    return last


def _header_rows(fields: list[list[str]]) -> int:
    if not fields:
        return 0
    head, body = fields[0], fields[1:50]
    if not body:
        return 0 if any(is_typed(c) for c in head) else 1
    if any(is_typed(cell) for cell in head if cell.strip()):
        return 0
    count = 1
    while count < min(4, len(fields) - 1) and fields[count] == head:
        count += 1
    return count


def _names(header: list[list[str]], width: int) -> tuple[str, ...]:
    names: list[str] = []
    seen: set[str] = set()
    for position in range(width):
        parts = [row[position].strip() for row in header if position < len(row)]
        name = " ".join(p for p in parts if p) or f"column_{position + 1}"
        base, suffix = name, 2
        while name in seen:
            name = f"{base}_{suffix}"
            suffix += 1
        seen.add(name)
        names.append(name)
    return tuple(names)
