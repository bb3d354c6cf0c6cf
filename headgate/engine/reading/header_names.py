"""The names of columns, from the header rows that hold them."""

import re

from headgate.engine.names import numbered
from headgate.engine.reading.cells import count_filled, is_rule

_BRACKETED = re.compile(r"\(.*\)|\[.*\]")


def join_header(header: list[list[str]], body: list[list[str]], width: int) -> tuple[str, ...]:
    """One text per column; a group's name is carried over the columns that it spans."""
    rows = [row for row in header if count_filled(row) and not is_rule(row)]
    spanning = any(len(row) == width and not row[0].strip() for row in rows)
    rows = [fit(row, [] if spanning else body, width) for row in rows]
    if len(rows) == 1:
        return tuple(rows[0])
    carried = [_carry(rows, depth) for depth in range(len(rows))]
    return tuple(" ".join(p for row in carried if (p := row[i].strip())) for i in range(width))


def fit(row: list[str], body: list[list[str]], width: int) -> list[str]:
    """Bring a header to the table's width; one that is one short may leave the row names out.

    One that begins with a blank leaves them out already.
    """
    row = fit_names(row, body, width)
    if len(row) == width - 1 and row[0].strip() and any(cells[-1].strip() for cells in body):
        row = ["", *row]
    return (row + [""] * width)[:width]


def fit_names(row: list[str], body: list[list[str]], width: int) -> list[str]:
    """Put units behind their names in a header that is longer than all rows below it."""
    if not any(map(str.strip, row[width:])):
        return row[:width]
    if any(len(cells) >= len(row) for cells in body):
        return row
    joined: list[str] = []
    for cell in row:
        if joined and _BRACKETED.fullmatch(cell.strip()):
            joined[-1] += f" {cell}"
        else:
            joined.append(cell)
    return joined if len(joined) == width else row


def _carry(rows: list[list[str]], depth: int) -> list[str]:
    """Return a header row in which the last text fills blanks under no other group, above names."""
    row = list(rows[depth])
    group = ""
    for i, cell in enumerate(row):
        if cell.strip() or any(above[i].strip() for above in rows[:depth]):
            group = cell
        elif any(below[i].strip() for below in rows[depth + 1 :]):
            row[i] = group
        else:
            group = ""
    return row


def unique_names(header: tuple[str, ...]) -> tuple[str, ...]:
    """Return unique names, made up where there are none."""
    texts = [" ".join(text.split()) for text in header]
    taken = {*texts}
    names: dict[str, None] = {}
    for place, text in enumerate(texts, start=1):
        name = text
        if not text or text in names:
            name = numbered(text or f"column_{place}", taken.__contains__)
            taken.add(name)
        names[name] = None
    return tuple(names)
