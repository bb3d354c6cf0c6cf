"""Rows above a table's data that are none of its names: titles, prose, keys and values, facts."""

import re
from functools import partial
from itertools import chain, compress, dropwhile, takewhile

from headgate.engine.reading.cells import (
    SECTION,
    count_filled,
    is_line,
    is_typed,
    shape,
    table_width,
    value_kind,
)
from headgate.engine.reading.header import MAX_HEADER_ROWS, count_header_rows, names_all
from headgate.engine.reading.header_cells import typed_columns

MAX_PREAMBLE_ROWS = 500
_FEW, _MANY = 3, 20
"""Rows of text, and of numbers, that tell prose above a table of numbers from its names."""
_DIGIT_FIRST = re.compile(r"\s*[-+(]?\.?\d")
_TOLD = re.compile(r"[^:=]+(?::(?: |$)| = )")
"""How a cell begins that holds a key, or one before its value."""
_KEYED = re.compile("[:=]")


def first_row(block: list[list[str]], width: int) -> int:
    """Return the first row that is no title, note or blank above the table."""
    keys = _count_keys(block, width) or _count_above_numbers(block, width)
    return keys or _go_up(block, _first_full_row(block, width))


def _count_above_numbers(block: list[list[str]], width: int) -> int:
    """Count the rows of prose, most of them narrower, above many rows of numbers alone.

    Above one column they hold keys. Rows of words right above the numbers name them, of one column
    no more than one word.
    """
    full = [row for row in block if len(row) == width]
    if len(full) < _MANY or not all(typed_columns(full, width)):
        return 0
    data = next((i for i, row in enumerate(block) if _is_of_numbers(row, width)), 0)
    names = [*takewhile(partial(_may_name, width), reversed(block[:data]))][:MAX_HEADER_ROWS]
    above = block[: data - len(names)]
    others = [row for row in above if len(row) != width or (width == 1 and _KEYED.search(row[0]))]
    if len(above) < _FEW or 2 * len(others) < len(above):
        return 0
    beside = not names and len(above[-1]) not in (1, width)  # they may be names that were split
    values = any(2 * sum(map(is_typed, row)) > count_filled(row) for row in above)
    return 0 if beside or values else len(above)


def _is_of_numbers(row: list[str], width: int) -> bool:
    """Return whether a full row holds numbers or dates, and blanks at most beside them."""
    kinds = {*map(shape, row)}
    return len(row) == width and kinds != {"empty"} and kinds <= {"number", "moment", "empty"}


def _may_name(width: int, row: list[str]) -> bool:
    """Return whether a row may name numbers below it: words, no title of a section and no key."""
    text = " ".join(row).strip()
    told = SECTION.fullmatch(text) or _TOLD.match(text)
    named = len(row) == width and text and not told and not any(map(is_typed, row))
    return bool(named) and (width > 1 or len(text.split()) == 1)


def _go_up(block: list[list[str]], first: int) -> int:
    """Go up from a row over those of another width that begin as it does, and to their names."""
    at = first
    while at and _begins_like(block[at - 1], block[first]):
        at -= 1
    named = 0 < at < first and _names_columns(block[at - 1], block[at])
    return at - named


def _begins_like(row: list[str], full: list[str]) -> bool:
    """Return whether a row, more than half as wide, has numbers, dates and texts as this one."""
    filled = [pair for pair in zip(row, full, strict=False) if all(map(str.strip, pair))]
    kinds = [(value_kind(a), value_kind(b)) for a, b in filled]
    alike = len(kinds) > 2 and all(a == b for a, b in kinds) and len({*kinds}) > 1
    return alike and 2 * len(row) > len(full)


def _first_full_row(block: list[list[str]], width: int) -> int:
    for i, row in enumerate(block[:MAX_PREAMBLE_ROWS]):
        below = [later for later in block[i + 1 : i + 12] if count_filled(later)]
        if _is_title(row, below, width):
            if len(row) == width and not any(count_filled(later) > 1 for later in below):
                return i
            continue
        if len(row) >= width - 1 > 0 or len(row) == width:
            if len(row) < width and below and len(below[0]) == 1 < width:
                continue  # a title that holds the delimiter, above another title
            if len(row) <= width or not _is_prose(row, below, width):
                return i
        elif below and len(below[0]) == width and _names_columns(row, below[0]):
            return i
    return next((i for i, row in enumerate(block) if len(row) == width), 0)


def _count_keys(block: list[list[str]], width: int) -> int:
    """Return how many rows of titles, keys and values, and blanks stand above names of all columns.

    They are filled from the left, or hold one amount, and less than the first rows of data, which
    follow the names, or their units, at once: numbers among them, or below a blank row and several
    keys, words too. A single row of two cells or more, as wide as the table, may name a group of
    columns if no blank row follows it.
    """
    lone = [*takewhile(lambda row: count_filled(row) == 1 or _tells_less(row, width), block)]
    above = [*dropwhile(lambda row: not _tells_less(row, width), reversed(lone))][::-1]
    names, *below = block[len(above) : len(above) + 4] or [[]]
    if len(below) > 1 and not any(map(is_typed, below[0])) and any(map(is_typed, below[1])):
        below = below[1:]
    told = [row for row in above if count_filled(row) > 1]
    apart = len(above) > 0 and count_filled(above[-1]) == 0
    named = names_all(names, width)
    if not below or not (
        named or (len(told) > 1 and count_header_rows(block[len(above) :], width))
    ):
        return 0
    if not any(map(is_typed, below[0])) and not (apart and len(told) > 1):
        return 0
    rows = [row for row in block[len(above) + 1 :] if len(row) == width]
    if named and _holds_values(names, rows):
        return 0
    if max(map(count_filled, told), default=0) >= min(map(count_filled, below)):
        return 0
    is_group = len(told) == 1 and len(told[0]) == width and not apart
    return 0 if is_group else len(above)


def _holds_values(row: list[str], below: list[list[str]]) -> bool:
    """Return whether a row has a sign for a missing value, or a text found again below it."""
    if any(shape(cell) == "empty" for cell in row):
        return True
    return any(cell in column for cell, column in zip(row, zip(*below, strict=True), strict=False))


def _tells_less(row: list[str], width: int) -> bool:
    """Return whether a row is filled from the left, but not to its end, or with one amount."""
    filled = count_filled(row)
    return filled < width and (all(map(str.strip, row[:filled])) or _is_amount(row, width))


def _is_amount(row: list[str], width: int) -> bool:
    """Return whether a row holds a text and, apart from it, one number."""
    label, *others = row
    number = "".join(filter(str.strip, others))
    apart = count_filled(row) == 2 and width > 4 and not others[0].strip()
    return apart and label.strip() != "" and not is_typed(label) and shape(number) == "number"


def _is_prose(row: list[str], below: list[list[str]], width: int) -> bool:
    """Return whether a row wider than the table is a sentence, or stands above its header."""
    names = [*takewhile(lambda row: len(row) == width and not any(map(is_typed, row)), below)]
    if names and len(names) < min(len(below), MAX_HEADER_ROWS) and count_filled(names[0]) == width:
        data = below[len(names)]
        if len(data) == width and any(map(is_typed, data)):
            return True
    spaced = sum(1 for cell in row[1:] if cell.startswith(" "))
    return len(row) < 20 and spaced > 0.5 * (len(row) - 1) and not any(map(is_typed, row))


def _names_columns(row: list[str], data: list[str]) -> bool:
    """Return whether a row too short for the table is its header: texts above values."""
    return (
        2 * len(row) > len(data)
        and count_filled(row[1:]) == len(row) - 1
        and not any(is_typed(cell) for cell in row)
        and any(is_typed(cell) for cell in data)
    )


def _is_title(row: list[str], below: list[list[str]], width: int) -> bool:
    """Return whether a row is blank, says one thing only, or several above names."""
    filled = count_filled(row)
    following = below[0] if below else []
    if filled > 1:
        told = filled < width and (_is_key_first(row) or _all_told(row))
        amount = _is_amount(row, width) and names_all(following, width)
        return told or amount or _is_divider(row) or _is_sentence_above(row, below, width)
    if width < 2:
        return False
    if filled == 0 or row[0].strip():
        return True
    return width > 3 and count_filled(following) > 0.8 * width


def _all_told(row: list[str]) -> bool:
    """Return whether each cell holds a key, or one before its value."""
    return all(_TOLD.match(cell) for cell in row if cell.strip())


def _is_key_first(row: list[str]) -> bool:
    """Return whether a row begins with a key, as `Period:,,from:,1 May,,`, and is mostly blank."""
    return row[0].rstrip().endswith(":") and 2 * count_filled(row) < len(row)


def _is_divider(row: list[str]) -> bool:
    """Return whether a text stands between dashes: `-----,Pump,-----`."""
    first, *_, last = [cell for cell in row if cell.strip()]
    return is_line([first]) and is_line([last])


def _is_sentence_above(row: list[str], below: list[list[str]], width: int) -> bool:
    """Return whether sentences stand above short names of every column, and values below."""
    if not below or len(below[0]) != width or not any(map(is_typed, chain(*below[1:4]))):
        return False
    names = below[0]
    if count_filled(names) < width or any(is_typed(cell) for cell in (*row, *names)):
        return False
    words = sum(len(cell.split()) for cell in row)
    return words > 3 * count_filled(row) and words > 3 * sum(len(cell.split()) for cell in names)


def fact_rows(block: list[list[str]]) -> int:
    """Count the rows at the top that tell of the columns one thing each: title, unit, source.

    Their first cells are words, those of all rows below begin with digits. Other cells of theirs
    are words as well as numbers and dates: rows of names alone are a header. Numbers and dates will
    do where the last of these rows names the first column alone.
    """
    begins = [bool(row) and _DIGIT_FIRST.match(row[0]) is not None for row in block]
    count = begins.index(True) if True in begins else 0
    if count < 3 or len(block) - count < 3 or not all(begins[count:]):
        return 0
    width = table_width(block[count:])
    typed = typed_columns([row for row in block[count:] if len(row) == width], width)
    if _is_like(block[count - 1], block[count], typed):
        return 0
    told = [
        cell
        for row in block[1:count]
        for cell, is_number in zip(row[1:], typed[1:], strict=False)
        if is_number and cell.strip()
    ]
    words = sum(not is_typed(cell) for cell in told)
    numbers = len(told) > words or any(map(is_typed, block[0][1:]))
    index = count_filled(block[count - 1]) == 1 and names_all(block[0], width)
    mixed = 3 * words >= len(told) or (index and len({*map(shape, told)}) > 1)
    return count if mixed and numbers else 0


def _is_like(row: list[str], below: list[str], typed: list[bool]) -> bool:
    """Return whether a row with a name has several numbers or dates, as the one below."""
    values, others = ([*compress(cells[1:], typed[1:])] for cells in (row, below))
    alike = [*map(shape, values)] == [*map(shape, others)]
    return row[0].strip() != "" and len({*values}) > 1 and all(map(is_typed, values)) and alike


def sums_up(facts: list[list[str]], width: int) -> bool:
    """Return whether the last of these rows names the columns: words, as many as any has."""
    names, most = facts[-1], min(width, max(map(count_filled, facts)))
    return names[0].strip() != "" and count_filled(names) >= most and not any(map(is_typed, names))
