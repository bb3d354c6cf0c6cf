"""Which rows belong together as one table, and which stand above or below it."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from itertools import chain, compress, dropwhile, takewhile
from typing import NamedTuple

from headgate.engine.reading.cells import count_filled, is_line, is_rule, is_typed, shape
from headgate.engine.reading.header import (
    MAX_HEADER_ROWS,
    count_header_rows,
    names_all,
    typed_columns,
    with_rule,
)
from headgate.errors import OptionsError

MAX_PREAMBLE_ROWS = 500
_FEW, _MANY = 3, 20
"""Rows of text, and of numbers, that tell prose above a table of numbers from its names."""
_WORDS = re.compile(r"[^\W\d]+(?: [^\d\"]+){2}")
"""The beginning of a sentence: words, no numbers or quotes."""
_SENTENCE = 5
"""Words of what is hardly a value."""
_LAST = 3
"""Rows at the end of which one may be a note as wide as the table."""
_DIGIT_FIRST = re.compile(r"\s*[-+(]?\.?\d")
_END_OF_FILE = frozenset("\x1a\0 ")
"""What DOS ends a text file with, and what may fill its last block."""
_KEY = re.compile(r"[^:]+:(?: |$)")
_TOLD = re.compile(r"[^:=]+(?::(?: |$)| = )")
"""How a cell begins that holds a key, or one before its value."""
_KEYED = re.compile("[:=]")
_SECTION = re.compile(r"\[[^\[\]]+\]")
_NOTE = re.compile(
    r"\W*(?:source|note|total rows|footnote|copyright|produced|generated|data as|end of)\b",
    re.IGNORECASE,
)
_CITES = re.compile(
    r"\W*(?:(?:foot)?notes?|sources?|disclaimer|quellen?|hinweise?|anmerkung(?:en)?|fuentes?|fontes?"
    r"|remarques?|uwaga|notas?|źródło|bron|kilder?|källa)\s?\d*:",
    re.IGNORECASE,
)
"""How a note begins, whatever delimiters it holds."""


class Span(NamedTuple):
    """One table among the rows: its first row, the end of its names, its first and last data."""

    first: int
    named: int
    data: int
    last: int


def table_width(fields: list[list[str]]) -> int:
    """The width of the table: the most common one, wider ones first if as common."""
    counts = Counter(map(len, fields))
    return max(counts, key=lambda w: (counts[w] * (1 if w > 1 else 0.5), w))


def footer_rows(fields: list[list[str]], width: int) -> int:
    """How many rows at the end are no rows of a table of this width."""
    last = len(fields) - 1
    if last < 0:
        return 0
    cites = _cites(fields[last], width) or _cites_across(fields, width)
    if count_filled(fields[last]) > 1 and not cites:
        return 0
    column = [len(f[0]) for f in fields[:-1] if len(f) == width and count_filled(f) > 1]
    usual = max(column, default=0)
    while last >= 0 and (
        _is_note(fields[last], width, usual) or _cites_across(fields[: last + 1], width)
    ):
        last -= 1
    return len(fields) - 1 - last


def _is_note(row: list[str], width: int, usual: int) -> bool:
    filled = count_filled(row)
    if filled == 0 or _END_OF_FILE.issuperset("".join(row)):
        return True
    if _cites(row, width):
        return True
    if width < 2 or filled > 1 or not row[0].strip():
        return False
    if _NOTE.match(row[0]) or is_rule(row):
        return width > 2 or len(row) < width
    if len(row) < width:  # else a row that broke off: it has to be kept back, not passed over
        return not is_typed(row[0]) and (" " in row[0].strip() or len(row[0]) > usual)
    return width > 2 and len(row[0]) > 2 * usual + 10


def _cites(row: list[str], width: int) -> bool:
    """Whether a row begins as a note does, and is no full row of the table; or is a sentence.

    One begins with words, and a blank stands behind each of its commas.
    """
    full = len(row) == count_filled(row) == width
    spaced = 1 < len(row) < width and all(cell.startswith(" ") for cell in row[1:])
    sentence = spaced and len(" ".join(row).split()) >= _SENTENCE and _WORDS.match(row[0])
    return not full and bool(sentence or _CITES.match(row[0])) and not any(map(is_typed, row))


def _cites_across(fields: list[list[str]], width: int) -> bool:
    """Whether the last row is a note of as many cells as the table, with words below numbers.

    Behind each comma of a sentence stands a blank. Where that does not begin as notes do, it has
    several commas, and a blank stands behind no other.
    """
    row = fields[-1]
    if len(row) != width or not all(cell.startswith(" ") for cell in row[1:]):
        return False
    body = [row for row in fields[1:-1] if len(row) == width]
    usual = width < 3 or any(cell.startswith(" ") for cells in body for cell in cells[1:])
    if any(map(is_typed, row)) or (usual and not _CITES.match(row[0])):
        return False
    return any(shape(cell) != "empty" for cell in compress(row, typed_columns(body, width)))


def cut_tables(
    fields: list[list[str]], lines: list[int], *, fixed: bool, header_rows: int | None
) -> list[Span]:
    """Cut the rows into tables: where a header comes back, or a gap and another width follow.

    Where the first row is the title of a section, each section is cut off too.
    """
    typed = cache(lambda: _typed(fields))  # seldom needed
    starts = [0]
    in_sections = _is_section(fields, 0)
    for i in range(1, len(fields)):
        place = (fields, lines, starts[-1], i)
        if _starts_below_title(*place) or _turns_below_title(*place):
            starts.append(i - 1)
        elif (
            (in_sections and _is_section(fields, i))
            or _repeats_header(fields, typed, starts[-1], i)
            or _starts_anew(fields, lines, i)
            or _names_others(fields, lines, starts[-1], i)
            or _puts_phrases_below(fields, lines, i)
        ):
            starts.append(i)
    return [
        find_span(fields, start, stop, fixed=fixed and start == 0, header_rows=header_rows)
        for start, stop in zip(starts, [*starts[1:], len(fields)], strict=True)
    ]


def _typed(fields: list[list[str]]) -> list[bool]:
    width = table_width(fields)
    return typed_columns([row for row in fields if len(row) == width], width)


def _repeats_header(
    fields: list[list[str]], typed: Callable[[], list[bool]], start: int, i: int
) -> bool:
    """Whether row `i` names the columns again: all that the header above names, less or more.

    Only where numbers or dates stand below the names can this be told from a repeated row.
    """
    if i - start < 3:
        return False
    row, heads = fields[i], fields[start : min(start + MAX_HEADER_ROWS, i - 2)]
    if not any(row[0] == head[0] for head in heads):
        return False
    if row == fields[start] or is_rule(row):
        return False  # the same columns go on; the row itself is kept back
    over = [cell for cell, is_number in zip(row, typed(), strict=False) if is_number]
    if not over or any(is_typed(c) or not c.strip() for c in over):
        return False
    for head in heads:
        shared = min(len(head), len(row))
        if shared > 1 and row[:shared] == head[:shared] and abs(len(head) - len(row)) < 3:
            return True
    return False


def _starts_anew(fields: list[list[str]], lines: list[int], i: int) -> bool:
    """Whether rows of another width follow from row `i` on, under names of their own."""
    width = len(fields[i])
    if width < 2 or i + 1 >= len(fields) or (width == len(fields[i - 1]) and any(fields[i - 1])):
        return False
    names = [cell for cell in fields[i] if cell.strip()]
    if len(names) < 2 or any(is_typed(cell) for cell in names):
        return False
    gap = _follows_gap(fields, lines, i)
    reach = 4 if gap else 12
    near = range(max(0, i - reach), i)
    close = next((k for k in reversed(near[1:-1]) if _follows_gap(fields, lines, k)), near[0])
    above = [len(f) for f in fields[close if gap else near[0] : i] if count_filled(f)]
    before = set(above)
    after = {len(f) for f in fields[i + 1 : i + reach - 1]}
    if len(after) != 1 or min(after) < width:
        return False
    width = min(after)
    if gap and width > max(before, default=1) > 1 and any(map(is_typed, fields[i + 1])):
        return 2 * len(names) > width
    if i + 2 >= len(fields) or len(above) < 2 or len(before) > 1 or before <= {1, width}:
        return False
    return gap or any(is_typed(cell) for cell in fields[i + 1])


def _names_others(fields: list[list[str]], lines: list[int], start: int, i: int) -> bool:
    """Whether names, most of them new, follow a gap and stand between numbers in as many cells."""
    row, below = fields[i], fields[i + 1 : i + 2]
    above = next(filter(count_filled, reversed(fields[start:i])), [])
    names = {cell for cell in row if cell.strip()}
    if (
        not below
        or not len(above) == len(row) == len(below[0])
        or not _follows_gap(fields, lines, i)
    ):
        return False
    if len(names) < max(2, count_filled(row)) or any(map(is_typed, names)):
        return False
    if any(
        2 * len(names & {*head}) > len(names) for head in fields[start : start + MAX_HEADER_ROWS]
    ):
        return False
    over, under = (
        sum(is_typed(value) for name, value in zip(row, values, strict=True) if name.strip())
        for values in (above, below[0])
    )
    return over > 1 and under > 0


def _follows_gap(fields: list[list[str]], lines: list[int], i: int) -> bool:
    """Whether a blank row or line stands above a row."""
    return lines[i] - lines[i - 1] > 1 or count_filled(fields[i - 1]) == 0


def _puts_phrases_below(fields: list[list[str]], lines: list[int], i: int) -> bool:
    """Whether one of the last rows, behind a gap, has phrases where most columns have numbers."""
    row, width = fields[i], len(fields[i])
    if i < len(fields) - _LAST or not _follows_gap(fields, lines, i):
        return False
    body = [cells for cells in fields[:i] if len(cells) == width and count_filled(cells)][1:]
    below = [*compress(row, typed_columns(body, width))]
    phrases = {cell for cell in below if len(cell.split()) > 1 and not is_typed(cell)}
    return len(phrases) > 1 and 2 * len(phrases) > len(below)


def _starts_below_title(fields: list[list[str]], lines: list[int], start: int, i: int) -> bool:
    """Whether names, other than the first row and above values, stand below a title."""
    names = [cell for cell in fields[i] if cell.strip()]
    if len(names) < 2 or any(map(is_typed, names)) or fields[i] == fields[start]:
        return False
    if not _is_below_title(fields, lines, i):
        return False
    data = fields[i + 1]
    return len(data) == len(fields[i]) and any(map(is_typed, data))


def _turns_below_title(fields: list[list[str]], lines: list[int], start: int, i: int) -> bool:
    """Whether a header comes again below a title, above numbers where it had words, or none."""
    if not _is_below_title(fields, lines, i) or fields[i] not in fields[start : i - 1]:
        return False
    first, again = (fields[at + 1][1:] for at in (fields.index(fields[i], start), i))
    fewer, more = sorted(sum(map(is_typed, row)) for row in (first, again))
    return len(first) == len(again) and fewer == 0 and 2 * more > len(first)


def _is_below_title(fields: list[list[str]], lines: list[int], i: int) -> bool:
    """Whether a row that others follow stands below a gap and a line that holds one text only."""
    if not 3 <= i < len(fields) - 1 or len(fields[i - 1]) != 1 or is_rule(fields[i - 1]):
        return False
    return lines[i - 1] - lines[i - 2] > 1 or count_filled(fields[i - 2]) == 0


def _is_section(fields: list[list[str]], i: int) -> bool:
    """Whether a row holds `[Data]` or the like beside blank cells, above a row of several cells."""
    row, below = fields[i], fields[i + 1 : i + 2]
    alone = len(row) > 1 == count_filled(row) and _SECTION.fullmatch(row[0].strip()) is not None
    return alone and max(map(count_filled, below), default=0) > 1


def without_keys(spans: list[Span], fields: list[list[str]]) -> list[Span]:
    """Leave out lists of keys and values above the first table: they tell about it.

    In sections all rows of two cells do that are padded to the width of a wider table.
    """
    above = enumerate(fields[span.first : span.last + 1] for span in spans[:-1])
    in_sections = _is_section(fields, 0)
    tables = (
        i
        for i, block in above
        if not _holds_keys(block) and not (in_sections and _holds_pairs(block))
    )
    return spans[next(tables, len(spans) - 1) :]


def _holds_pairs(block: list[list[str]]) -> bool:
    return table_width(block) > 2 >= max(map(count_filled, block))


def _holds_keys(block: list[list[str]]) -> bool:
    """Whether rows tell one thing each, or nothing, or hold sentences.

    Keys end with a colon, or the values are of several kinds: those of one kind may be a table.
    """
    rows = [row for row in block if count_filled(row) > 1]
    if not rows:
        sentences = sum(len(" ".join(row).split()) >= _SENTENCE for row in block)
        return table_width(block) > 1 or 2 * sentences > len(block)
    cells = [cell for row in rows for cell in row if cell.strip()]
    if all(_KEY.match(cell) for cell in cells):
        return True
    if 2 * sum(_has_keys(row) for row in rows) >= len(rows):
        return True
    if 2 * sum(count_filled(row[2:]) > 0 for row in rows) > len(rows):
        return False
    keys, values = {row[0] for row in rows}, [row[1] for row in rows[1:]]
    if any(map(is_typed, keys)) or len(keys) < len(rows):
        return False
    return len({*map(_kind, values)}) > 1


def _has_keys(row: list[str]) -> bool:
    """Whether each cell but one holds a key, with a colon, before its value."""
    keys = [cell.rstrip() for cell in row[::2] if cell.strip()]
    return len(keys) > 0 and all(key.endswith(":") for key in keys)


def _kind(value: str) -> str:
    """Tell dates and times, what holds no letters, as `01/2024`, and words apart."""
    if is_typed(value):
        return shape(value)
    return "word" if any(map(str.isalpha, value)) else "number"


def choose(spans: list[Span], fields: list[list[str]], table: int | None) -> int:
    """The table asked for; else the first, unless a later one has far more cells."""
    if table is not None:
        if table > len(spans):
            raise OptionsError(
                f"There is no table {table} in the file: {len(spans)} found.",
                todo="Set the option `table` to a smaller number.",
            )
        return table - 1
    sizes = [count_cells(each, fields) for each in spans]
    return next(i for i, size in enumerate(sizes) if 5 * size >= max(sizes))


def count_cells(span: Span, fields: list[list[str]]) -> int:
    """Count the cells of a table's data that are not blank."""
    return sum(map(count_filled, fields[span.data : span.last + 1]))


def find_span(
    fields: list[list[str]],
    start: int,
    stop: int,
    *,
    fixed: bool,
    header_rows: int | None,
    told: bool = False,
) -> Span:
    """Tell titles, header, facts about the columns, data and notes of one table apart.

    Args:
        fields: All rows.
        start: The first row that may be the table's.
        stop: The row behind its last.
        fixed: Whether the header, or the data, begins with the first row.
        header_rows: Rows of the header, if an option tells.
        told: Whether an option tells the lines of the footer.
    """
    block = fields[start:stop]
    width = table_width(block)
    first = 0 if fixed else _first_row(block, width)
    notes = 0 if told else footer_rows(block[first:], width)
    last = len(block) - 1
    if first + notes < len(block):
        last -= notes
    facts = 0 if fixed or header_rows is not None else _facts(block[first : last + 1])
    if facts and _sums_up(block[first : first + facts], width):
        first, facts = first + facts - 1, 0
    count = (
        count_header_rows(block[first : last + 1], width) if header_rows is None else header_rows
    )
    if header_rows is None:
        count = with_rule(block[first : last + 1], count)
    named = min(first + count, len(block))
    data = max(named, first + facts)
    return Span(start + first, start + named, start + data, start + max(last, data - 1))


def _facts(block: list[list[str]]) -> int:
    """How many rows at the top tell about the columns, one thing each: title, unit, date, source.

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
    """Whether a row with a name has several numbers or dates, not all alike, as the one below."""
    values, others = ([*compress(cells[1:], typed[1:])] for cells in (row, below))
    alike = [*map(shape, values)] == [*map(shape, others)]
    return row[0].strip() != "" and len({*values}) > 1 and all(map(is_typed, values)) and alike


def _sums_up(facts: list[list[str]], width: int) -> bool:
    """Whether the last of these rows names the columns: words, as many as any row or the table."""
    names, most = facts[-1], min(width, max(map(count_filled, facts)))
    return names[0].strip() != "" and count_filled(names) >= most and not any(map(is_typed, names))


def _first_row(block: list[list[str]], width: int) -> int:
    """The first row that is no title, note or blank above the table."""
    keys = _count_keys(block, width) or _count_above_numbers(block, width)
    return keys or _go_up(block, _first_full_row(block, width))


def _count_above_numbers(block: list[list[str]], width: int) -> int:
    """How many rows of prose, most of them not as wide, stand above many rows of numbers alone.

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
    """Whether a full row holds numbers or dates, and blanks at most beside them."""
    kinds = {*map(shape, row)}
    return len(row) == width and kinds != {"empty"} and kinds <= {"number", "moment", "empty"}


def _may_name(width: int, row: list[str]) -> bool:
    """Whether a row may name numbers below it: words, no title of a section and no key."""
    text = " ".join(row).strip()
    told = _SECTION.fullmatch(text) or _TOLD.match(text)
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
    """Whether a row of more than half as many cells has numbers, dates and texts where it has."""
    filled = [pair for pair in zip(row, full, strict=False) if all(map(str.strip, pair))]
    kinds = [(_kind(a), _kind(b)) for a, b in filled]
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
    """How many rows of titles, keys and values, and blanks stand above names of all columns.

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
    """Whether a row has a sign for a missing value, or a text that comes back in its column."""
    if any(shape(cell) == "empty" for cell in row):
        return True
    return any(cell in column for cell, column in zip(row, zip(*below, strict=True), strict=False))


def _tells_less(row: list[str], width: int) -> bool:
    """Whether a row holds less than a table's, with no gaps between its cells or one amount."""
    filled = count_filled(row)
    return filled < width and (all(map(str.strip, row[:filled])) or _is_amount(row, width))


def _is_amount(row: list[str], width: int) -> bool:
    """Whether a row holds a text and, apart from it, one number."""
    label, *others = row
    number = "".join(filter(str.strip, others))
    apart = count_filled(row) == 2 and width > 4 and not others[0].strip()
    return apart and label.strip() != "" and not is_typed(label) and shape(number) == "number"


def _is_prose(row: list[str], below: list[list[str]], width: int) -> bool:
    """Whether a row wider than the table is a sentence, or stands above the table's header."""
    names = [*takewhile(lambda row: len(row) == width and not any(map(is_typed, row)), below)]
    if names and len(names) < min(len(below), MAX_HEADER_ROWS) and count_filled(names[0]) == width:
        data = below[len(names)]
        if len(data) == width and any(map(is_typed, data)):
            return True
    spaced = sum(1 for cell in row[1:] if cell.startswith(" "))
    return len(row) < 20 and spaced > 0.5 * (len(row) - 1) and not any(map(is_typed, row))


def _names_columns(row: list[str], data: list[str]) -> bool:
    """Whether a row too short for the table is its header all the same: texts above values."""
    return (
        2 * len(row) > len(data)
        and count_filled(row[1:]) == len(row) - 1
        and not any(is_typed(cell) for cell in row)
        and any(is_typed(cell) for cell in data)
    )


def _is_title(row: list[str], below: list[list[str]], width: int) -> bool:
    """Whether a row says nothing, only something in its first cell, or one thing above names."""
    filled = count_filled(row)
    following = below[0] if below else []
    if filled > 1:
        told = filled < width and all(_TOLD.match(cell) for cell in row if cell.strip())
        amount = _is_amount(row, width) and names_all(following, width)
        return told or amount or _is_divider(row) or _is_sentence_above(row, below, width)
    if width < 2:
        return False
    if filled == 0 or row[0].strip():
        return True
    return width > 3 and count_filled(following) > 0.8 * width


def _is_divider(row: list[str]) -> bool:
    """Whether a text stands between dashes: `-----,Pump,-----`."""
    first, *_, last = [cell for cell in row if cell.strip()]
    return is_line([first]) and is_line([last])


def _is_sentence_above(row: list[str], below: list[list[str]], width: int) -> bool:
    """Whether a row of sentences stands above short names of every column, and values below."""
    if not below or len(below[0]) != width or not any(map(is_typed, chain(*below[1:4]))):
        return False
    names = below[0]
    if count_filled(names) < width or any(is_typed(cell) for cell in (*row, *names)):
        return False
    words = sum(len(cell.split()) for cell in row)
    return words > 3 * count_filled(row) and words > 3 * sum(len(cell.split()) for cell in names)
