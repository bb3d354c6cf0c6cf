"""Where one table of a file ends and another begins, and which of them only tell about others."""

import re
from collections.abc import Callable
from functools import cache
from itertools import compress

from headgate.engine.reading.cells import (
    SECTION,
    SENTENCE,
    count_filled,
    is_rule,
    is_typed,
    table_width,
    value_kind,
)
from headgate.engine.reading.header import MAX_HEADER_ROWS
from headgate.engine.reading.header_cells import is_typed_column, typed_columns
from headgate.engine.reading.preamble import MAX_PREAMBLE_ROWS
from headgate.engine.reading.span import Span, find_span

_LAST = 3
"""Rows at the end of which one may be a note as wide as the table."""
_KEY = re.compile(r"[^:]+:(?: |$)")


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
        if (
            _starts_below_title(*place)
            or _turns_below_title(*place)
            or _comes_below_another_title(fields, starts[-1], i)
        ):
            starts.append(i - 1)
        elif (
            (in_sections and _is_section(fields, i))
            or _repeats_header(fields, typed, starts[-1], i)
            or _starts_anew(fields, lines, i)
            or _names_others(fields, lines, starts[-1], i)
            or _puts_phrases_below(fields, lines, i)
        ):
            starts.append(i)
    starts = [*dict.fromkeys(starts)]  # the title of a section may be that of a table as well
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
    """Return whether row `i` names the columns again, as the header above does, or nearly.

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
    """Return whether rows of another width follow from row `i` on, under names of their own."""
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
    """Return whether names, most of them new, follow a gap between numbers in as many cells."""
    row, below = fields[i], fields[i + 1 : i + 2]
    names = {cell for cell in row if cell.strip()}
    if not _follows_gap(fields, lines, i) or len(names) < max(2, count_filled(row)):
        return False
    above = next((fields[k] for k in range(i - 1, start - 1, -1) if count_filled(fields[k])), [])
    if not below or not len(above) == len(row) == len(below[0]) or any(map(is_typed, names)):
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
    """Return whether a blank row or line stands above a row."""
    return lines[i] - lines[i - 1] > 1 or count_filled(fields[i - 1]) == 0


def _puts_phrases_below(fields: list[list[str]], lines: list[int], i: int) -> bool:
    """Return whether one of the last rows, behind a gap, has phrases below most numbers."""
    row, width = fields[i], len(fields[i])
    if i < len(fields) - _LAST or not _follows_gap(fields, lines, i):
        return False
    body = [cells for cells in fields[:i] if len(cells) == width and count_filled(cells)][1:]
    below = [*compress(row, typed_columns(body, width))]
    phrases = {cell for cell in below if len(cell.split()) > 1 and not is_typed(cell)}
    return len(phrases) > 1 and 2 * len(phrases) > len(below)


def _starts_below_title(fields: list[list[str]], lines: list[int], start: int, i: int) -> bool:
    """Return whether names, other than the first row and above values, stand below a title."""
    names = [cell for cell in fields[i] if cell.strip()]
    if len(names) < 2 or any(map(is_typed, names)) or fields[i] == fields[start]:
        return False
    if not _is_below_title(fields, lines, i):
        return False
    data = fields[i + 1]
    return len(data) == len(fields[i]) and any(map(is_typed, data))


def _turns_below_title(fields: list[list[str]], lines: list[int], start: int, i: int) -> bool:
    """Return whether a header comes again below a title, with numbers where it had words."""
    if not _is_below_title(fields, lines, i):
        return False
    heads = fields[start : min(start + MAX_PREAMBLE_ROWS, i - 1)]
    if fields[i] not in heads:
        return False
    first, again = (fields[at + 1][1:] for at in (start + heads.index(fields[i]), i))
    fewer, more = sorted(sum(map(is_typed, row)) for row in (first, again))
    return len(first) == len(again) and fewer == 0 and 2 * more > len(first)


def _comes_below_another_title(fields: list[list[str]], start: int, i: int) -> bool:
    """Return whether a header comes again below another title than the one it stood below.

    Titles of words that differ in their numbers alone are those of the pages of one table.
    """
    row = fields[i]
    if i - start < 3 or count_filled(fields[i - 1]) != 1 or count_filled(row) < 2:
        return False
    heads = fields[start : min(start + MAX_PREAMBLE_ROWS, i - 1)]
    at = heads.index(row) if row in heads else 0
    first = all(count_filled(head) < count_filled(row) for head in heads[:at])
    if at == 0 or not first or count_filled(heads[at - 1]) != 1 or any(map(_is_value, row)):
        return False
    above, again = ("".join(cells).strip() for cells in (heads[at - 1], fields[i - 1]))
    words, others = (re.sub(r"\d", "", title) for title in (above, again))
    return above != again and (words != others or not words)


def _is_value(cell: str) -> bool:
    """Return whether a cell holds a number or date; years may be names."""
    return is_typed(cell) and not (len(cell.strip()) == 4 and cell.strip().isdecimal())


def _is_below_title(fields: list[list[str]], lines: list[int], i: int) -> bool:
    """Return whether a row that others follow stands below a gap and a line of one text."""
    if not 3 <= i < len(fields) - 1 or len(fields[i - 1]) != 1 or is_rule(fields[i - 1]):
        return False
    return lines[i - 1] - lines[i - 2] > 1 or count_filled(fields[i - 2]) == 0


def _is_section(fields: list[list[str]], i: int) -> bool:
    """Return whether a row holds `[Data]` or the like alone, above a row of several cells."""
    row, below = fields[i], fields[i + 1 : i + 2]
    alone = count_filled(row) == 1 and SECTION.fullmatch(row[0].strip()) is not None
    return alone and max(map(count_filled, below), default=0) > 1


def without_keys(spans: list[Span], fields: list[list[str]]) -> list[Span]:
    """Leave out lists of keys and values above the first table: they tell about it.

    In sections all rows of two cells do that, if a wider table follows and they begin with words.
    """
    blocks = [fields[span.first : span.last + 1] for span in spans]
    sections = _is_section(fields, 0) and not all(map(_holds_pairs, blocks))
    tables = (
        i
        for i, block in enumerate(blocks[:-1])
        if not _holds_keys(block) and not (sections and _holds_pairs(block))
    )
    return spans[next(tables, len(spans) - 1) :]


def _holds_pairs(block: list[list[str]]) -> bool:
    words = not is_typed_column([cell for row in block for cell in row[:1]])
    return words and max(map(count_filled, block), default=0) <= 2


def _holds_keys(block: list[list[str]]) -> bool:
    """Return whether rows tell one thing each, or nothing, or hold sentences.

    Keys end with a colon, or the values are of several kinds: those of one kind may be a table.
    """
    rows = [row for row in block if count_filled(row) > 1]
    if not rows:
        sentences = sum(len(" ".join(row).split()) >= SENTENCE for row in block)
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
    return len({*map(value_kind, values)}) > 1


def _has_keys(row: list[str]) -> bool:
    """Return whether each cell but one holds a key, with a colon, before its value."""
    keys = [cell.rstrip() for cell in row[::2] if cell.strip()]
    return len(keys) > 0 and all(key.endswith(":") for key in keys)
