"""Which of a table's first rows name its columns.

Here: whether the first one does, and how many after it. Not here: what a single cell tells
(`header_cells`), numbers as names (`header_series`), and the names themselves (`header_names`).
"""

import re
from collections.abc import Sequence
from itertools import chain, compress, dropwhile, pairwise

from headgate.engine.reading.cells import count_filled, is_rule, is_typed, shape, shapes
from headgate.engine.reading.header_cells import typed_columns, vote_of_text
from headgate.engine.reading.header_names import fit
from headgate.engine.reading.header_series import (
    is_series,
    is_year,
    names_years,
    runs_beside_names,
)

MAX_HEADER_ROWS = 6
PROFILED_ROWS = 200
_TRUST_IN_HEADERS = 0.35
"""Votes that a first row of text has before its cells are looked at: most tables have a header."""
_MARK = re.compile("[:.*\u2013\u2014-]+")
"""What stands for a missing value, and names nothing."""
_FEW = 3
"""Values of one form, or names, that are hardly so by chance."""


def count_header_rows(block: list[list[str]], width: int) -> int:
    """Return how many rows above the data name the columns."""
    if not block:
        return 0
    body = _rows_below(block, width)
    if not body:
        return 0 if any(is_typed(cell) for cell in block[0]) else 1
    sample = body[min(len(body) // 2, MAX_HEADER_ROWS - 1) :][:PROFILED_ROWS]
    typed = typed_columns(sample, width)
    count = _sparse_rows_above_names(block, typed)
    if not count and not _is_header(block[0], sample, typed):
        return 0
    count = max(count, 1)
    most = min(MAX_HEADER_ROWS, len(block) - 1)
    telling = len(sample) + sum(typed) > 4
    while (
        count < most
        and (telling or _tells_itself(block, count, typed))
        and _continues(block, count, typed)
    ):
        count += 1
    while count > 1 and count_filled(block[count - 1]) == 0:
        count -= 1
    return count


def _rows_below(block: list[list[str]], width: int) -> list[list[str]]:
    """Return the rows below the first, but for names that come again above numbers or dates."""
    body = [row for row in block[1:] if len(row) == width]
    if block[0] not in body or not names_all(block[0], width):
        return body
    others = [row for row in body if row != block[0]]
    return others if any(typed_columns(others, width)) else body


def with_rule(block: list[list[str]], count: int) -> int:
    """Take the line that is drawn below a header for its last row; it shows that there is one."""
    rule = max(count, 1)
    return rule + 1 if rule < len(block) - 1 and is_rule(block[rule]) else count


def _sparse_rows_above_names(block: list[list[str]], typed: list[bool]) -> int:
    """Count the rows, mostly empty, alike, years or channels, above a full row of names."""
    for i, row in enumerate(block[:4]):
        if len(row) != len(typed) or _is_missing(row):
            return 0
        corner = not row[0].strip()
        over = [*compress(row[corner:], typed[corner:])]
        names = [cell for cell in over if cell.strip() and not is_typed(cell)]
        if not any(map(is_year, chain(*block[i + 1 : i + 2]))):
            names += filter(is_year, over)
        if i and 1 < len(names) == len(over) and count_filled(row) + corner >= 0.8 * len(row):
            return i + 1
        if 2 * _count_groups(row) > len(row) and not (_spans_by_years(over) or _counts(row)):
            return 0
    return 0


def _is_missing(row: list[str]) -> bool:
    """Return whether a row holds signs for missing values alone."""
    return count_filled(row) > 0 and {*map(shape, row)} == {"empty"}


def _count_groups(row: list[str]) -> int:
    """Count the cells that are filled, and not like the one before, as names of groups are."""
    return sum(cell.strip() != "" and cell != before for before, cell in pairwise(["", *row]))


def _spans_by_years(cells: list[str]) -> bool:
    """Return whether all are years, of which some stand above several columns."""
    years = [*filter(str.strip, cells)]
    return 0 < len({*years}) < len(cells) and all(map(is_year, years))


def _counts(row: list[str]) -> bool:
    """Return whether a word stands before numbers from one on, as with channels of a scope."""
    numbers = [*map(str, range(1, len(row)))]
    return len(numbers) > 0 and not is_typed(row[0]) and [*map(str.strip, row[1:])] == numbers


def _is_header(row: list[str], body: list[list[str]], typed: list[bool]) -> bool:
    """Weigh whether a row names columns or is data like the rows below it."""
    values = [cell for cell in row if is_typed(cell) and not is_year(cell)]
    if len(row) < len(typed) and 0 < len(values) < count_filled(row):
        return False
    if _is_missing(row):
        return False
    row = fit(row, body, len(typed))
    columns = [*zip(*body, strict=True)]
    return (
        _votes(row, columns, typed) > 0
        or is_series(row, body)
        or runs_beside_names(row, body, typed)
        or names_years(row, columns)
    )


def _votes(row: list[str], columns: Sequence[Sequence[str]], typed: list[bool]) -> float:
    """Return how much more the cells of a row speak for names than for values of these columns.

    Several dates or times above numbers alone name these; one may be a first, longest time.
    """
    votes = _TRUST_IN_HEADERS
    dates = 0
    for cell, column, is_number in zip(row, columns, typed, strict=True):
        kind = shape(cell)
        if kind == "empty":
            continue
        if is_number and kind == "moment" and not shapes(column)["moment"]:
            dates += 1
        elif is_number:
            votes += -1 if kind in ("number", "moment") else 1
        elif kind in ("number", "moment"):
            votes -= 0.25
        else:
            votes += vote_of_text(cell, column)
    return votes + dates if dates > 1 else votes


def _continues(block: list[list[str]], count: int, typed: list[bool]) -> bool:
    """Return whether the row after `count` header rows belongs to the header too."""
    row = block[count]
    if row == block[0]:
        return True
    if len(row) != len(typed):
        return False
    if count_filled(row) == 0:
        return count + 1 < len(block) - 1 and _continues(block, count + 1, typed)
    over = [cell for cell, is_number in zip(row, typed, strict=True) if is_number and cell.strip()]
    if any(is_typed(cell) for cell in over):
        below = [cells for cells in block[count + 1 :][:PROFILED_ROWS] if len(cells) == len(row)]
        return (
            _puts_years_under_groups(block, count)
            or _numbers_columns(row)
            or runs_beside_names(row, below, typed)
        )
    words = {cell for cell in over if shape(cell) != "empty" and not _MARK.fullmatch(cell.strip())}
    if over and (len(words) >= _FEW or words.issuperset(over)):
        return _names_parts(block, count) or not _lacks_numbers(block, count, typed)
    above = block[:count]
    return not over and (
        _fills_gaps(above[-1], row) or _names_index(block, count) or _names_parts(block, count)
    )


def _tells_itself(block: list[list[str]], count: int, typed: list[bool]) -> bool:
    """Return whether a row that may belong to the header does so, however few rows are below."""
    row = block[count]
    return row == block[0] or _names_units(row, typed) or _names_parts(block, count)


def _names_units(row: list[str], typed: list[bool]) -> bool:
    """Return whether a row has cells above numbers alone, and blanks above the other columns."""
    beside = [cell for cell, is_number in zip(row, typed, strict=False) if not is_number]
    return len(beside) > 0 and not any(map(str.strip, beside)) and count_filled(row) > 0


def _lacks_numbers(block: list[list[str]], count: int, typed: list[bool]) -> bool:
    """Return whether a row is data with marks, such as `n.d.` or `<LOD`, in place of its numbers.

    One of its texts comes back among the values below, or, under names of all columns, differs from
    most of them by its digits and letters alone. Where the names above come back, it does so as
    part of the header.
    """
    above = next(filter(count_filled, reversed(block[:count])), [])
    row, after = block[count : count + 2]
    below = [cells for cells in block[count + 1 :][:PROFILED_ROWS] if len(cells) == len(row)]
    if above in below:
        return False
    named = names_all(above, len(row))
    if named and _repeats_mark(row, after, typed):
        return True
    values = dropwhile(lambda cells: not _has_number(cells, typed), below)
    columns = [*zip(*values, strict=True)]
    return any(
        (shape(cell) != "empty" and cell in column)
        or (named and not is_number and _has_form(cell, column))
        for cell, column, is_number in zip(row, columns, typed, strict=False)
    )


def _has_number(row: list[str], typed: list[bool]) -> bool:
    return any(is_typed(cell) for cell, is_number in zip(row, typed, strict=True) if is_number)


def _repeats_mark(row: list[str], after: list[str], typed: list[bool]) -> bool:
    """Return whether all numbers of a row are one mark, which the row after it holds too."""
    marks = [*compress(row, typed)]
    return len({*marks}) == 1 < len(marks) and marks[0] in after


def names_all(row: list[str], width: int) -> bool:
    """Return whether a row names each column, and no two alike."""
    return width == len(row) == count_filled(row) == len({*row}) and not any(map(is_typed, row))


def _has_form(cell: str, column: Sequence[str]) -> bool:
    """Return whether a cell is like most of those below but for its digits and letters."""
    if len(column) < _FEW or not any(map(str.isdigit, cell)):
        return False
    return 2 * sum(_form(value) == _form(cell) for value in column) > len(column)


def _form(cell: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", cell.strip()))


def _names_parts(block: list[list[str]], count: int) -> bool:
    """Return whether a row whose first cell is blank names each column that the row above does not.

    No row of data begins with a blank then.
    """
    above, row = block[count - 1], block[count]
    nameless = [cell for name, cell in zip(above, row, strict=False) if not name.strip()]
    return _begins_blank(block, count) and len(nameless) > 0 and all(map(str.strip, nameless))


def _begins_blank(block: list[list[str]], at: int) -> bool:
    """Return whether a row begins with a blank, as no row does but those that follow it at once."""
    below = [*dropwhile(lambda row: not count_filled(row[:1]), block[at + 1 :][:PROFILED_ROWS])]
    return not block[at][0].strip() and all(row and row[0].strip() for row in below)


def _names_index(block: list[list[str]], count: int) -> bool:
    """Return whether a row names the first column alone, which none of several rows above it does.

    They may name themselves there if the first names groups of columns, each once or above each of
    them, and if no row below holds its first cell alone.
    """
    above, row, below = block[:count], block[count], block[count + 1 :][:PROFILED_ROWS]
    if len(above) < 2 or count_filled(row) > 1 or not row[0].strip():
        return False
    if not any(each[0].strip() for each in above):
        return True
    groups = above[0][1:]
    grouped = len({*filter(str.strip, groups)}) < len(groups)
    return grouped and not any(cells[0].strip() and count_filled(cells) == 1 for cells in below)


def _puts_years_under_groups(block: list[list[str]], count: int) -> bool:
    """Return whether a row holds years or days alone, under names that each span several of them.

    Its first cell is blank, unlike that of any row below. A name that spans several is written
    once, or again above each of them.
    """
    above, row = block[count - 1], block[count]
    years = [cell.strip() for cell in row if cell.strip()]
    names = [name.strip() for name in above[1:]]
    if len(years) < 2 or not _begins_blank(block, count):
        return False
    spanned = len(set(names)) < len(names) or len(above) < len(row)
    days = all(shape(year) == "moment" for year in years)
    return spanned and (days or all(map(is_year, years)))


def _numbers_columns(row: list[str]) -> bool:
    """Return whether a row counts columns in brackets: `(1)`, `(2)` and so on."""
    cells = [*filter(None, map(str.strip, row))]
    first = cells[0].strip("()") if len(cells) > 1 else ""
    return first.isdecimal() and cells == [f"({int(first) + i})" for i in range(len(cells))]


def _fills_gaps(above: list[str], row: list[str]) -> bool:
    """Return whether the row names only columns that the row above left unnamed."""
    gaps = len(above) - count_filled(above)
    if not count_filled(row) or gaps < max(2, len(row) // 3):
        return False
    return not any(name.strip() and cell.strip() for name, cell in zip(above, row, strict=False))
