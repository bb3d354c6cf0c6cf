"""Where the table lies among the parsed rows: preamble, header, body, footer, column names.

It sees rows of text with their line numbers, not the file.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from headgate.engine.reading.cells import is_typed, shape, shapes
from headgate.engine.reading.dialect import Evidence
from headgate.engine.reading.tokenise import Rows
from headgate.errors import OptionsError, UndecidableError
from headgate.words import counted

MAX_HEADER_ROWS = 6
MAX_PREAMBLE_ROWS = 500
_PROFILED_ROWS = 200
_DIGIT_FIRST = re.compile(r"\s*[-+(]?\.?\d")
_TRUST_IN_HEADERS = 0.35
"""Votes that a first row of text has before its cells are looked at: most tables have a header."""
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_RULE = frozenset("-=+:_")
_END_OF_FILE = frozenset("\x1a\0 ")
"""What DOS ends a text file with, and what may fill its last block."""
_NOTE = re.compile(
    r"\W*(?:source|note|total rows|footnote|copyright|produced|generated|data as|end of)\b",
    re.IGNORECASE,
)

_QUOTED = 200
_PAIRS = (("{", "}"), ("[", "]"), ("(", ")"), ("“", "”"), ("„", "“"), ("«", "»"))


class Layout(NamedTuple):
    """The table's place: physical lines before, of and after it, and its column names."""

    skip_lines: int
    header_lines: int
    header_rows: int
    header_notes: int
    footer_lines: int
    header: tuple[str, ...]
    names: tuple[str, ...]
    others: tuple[tuple[int, int], ...]
    evidence: tuple[Evidence, ...]


class _Span(NamedTuple):
    """One table among the rows: its first row, the end of its names, its first and last data."""

    first: int
    named: int
    data: int
    last: int


def table_width(fields: list[list[str]]) -> int:
    """The width of the table: the most common one, wider ones first if as common."""
    counts = Counter(map(len, fields))
    return max(counts, key=lambda w: (counts[w] * (1 if w > 1 else 0.5), w))


def find_layout(
    rows: Rows,
    total_lines: int,
    *,
    skip_lines: int | None = None,
    header_rows: int | None = None,
    footer_lines: int | None = None,
    table: int | None = None,
    whole: bool = True,
) -> Layout:
    """Find the table among the rows of a sample of `total_lines` lines.

    A footer and further tables are only looked for where the sample is the whole file and the
    footer's size is not told.

    Raises:
        OptionsError: there is no table of the number asked for, or nothing is left of it.
        UndecidableError: the header names fewer columns than there are, as where values that hold
            the delimiter are not enclosed in quotes.
    """
    skip, stop = skip_lines or 0, total_lines - (footer_lines or 0) * whole
    kept = rows.only([i for i, line in enumerate(rows.lines) if skip < line <= stop])
    fields, lines, ends = kept.fields, kept.lines, kept.ends
    if not fields:
        raise OptionsError(
            f"No row is left between the {skip} lines before the table and those after it.",
            todo="Correct the options `skip_lines` and `footer_lines`.",
        )
    fixed = skip_lines is not None
    if footer_lines is None and whole:
        spans = _tables(fields, lines, fixed=fixed, header_rows=header_rows)
    else:
        spans = [_span(fields, 0, len(fields), fixed=fixed, header_rows=header_rows, told=True)]
    if not fixed:
        spans = _without_keys(spans, fields)
    index = _choose(spans, fields, table)
    span = spans[index]
    width = max(table_width(fields[span.data : span.last + 1] or fields[span.first : span.data]), 1)
    body = fields[span.data : span.last + 1][:_PROFILED_ROWS]
    if header_rows is None and any(
        len(row) == width - 1 for row in fields[span.first : span.named]
    ):
        _refuse_split_values([row for row in body if len(row) == width], lines[span.first])
    if header_rows is None and not fixed and span.named == span.first > 0:
        _refuse_split_numbers(fields[span.first - 1], body, lines[span.first - 1])
    header = _join_header(fields[span.first : span.named], body, width)
    skip = lines[span.first] - 1
    named_end = ends[span.named - 1] if span.named > span.first else skip
    header_end = ends[span.data - 1] if span.data > span.first else skip
    last_end = ends[span.last] if span.last >= span.first else header_end
    footer = footer_lines or 0
    if footer_lines is None and span.last < len(fields) - 1:
        footer = total_lines - last_end
    others = tuple(
        (lines[each.data], ends[each.last])
        for each in spans
        if each is not span and each.last >= each.data
    )
    layout = Layout(
        skip_lines=skip,
        header_lines=header_end - skip,
        header_rows=span.named - span.first,
        header_notes=header_end - named_end if span.data > span.named else 0,
        footer_lines=footer,
        header=header,
        names=_names(header, width),
        others=others,
        evidence=(),
    )
    evidence = _explain(layout, spans, index, kept, told=header_rows is not None)
    return layout._replace(evidence=evidence)


def _refuse_split_values(body: list[list[str]], line: int) -> None:
    """Refuse rows with one cell more than names where two cells of each look like one value.

    To take the first column for row names would put all values up to these under wrong names.
    """
    for at, pairs in enumerate(pairwise(zip(*body, strict=True)), start=1):
        split = sum(map(_is_split, *pairs))
        if len(body) > 1 and split >= 0.9 * len(body):
            count = len(body[0])
            raise UndecidableError(
                f"The header names {count - 1} columns, but the rows have {count} cells: cells "
                f"{at} and {at + 1} look like one value that holds the delimiter.",
                where=f"line {line}",
                todo="Enclose such values in quotes; if they are two columns, set `header_rows`.",
            )


def _refuse_split_numbers(above: list[str], body: list[list[str]], line: int) -> None:
    """Refuse rows of whole numbers, two for each name above: halves of decimal numbers, maybe."""
    named = len(above) > 1 and _filled(above) == len(above) and not any(map(is_typed, above))
    if named and all(
        len(row) == 2 * len(above)
        and all(cell.strip().removeprefix("-").isdecimal() for cell in row)
        for row in body
    ):
        raise UndecidableError(
            f"The header names {len(above)} columns, but the rows have {2 * len(above)} cells, all "
            "whole numbers: the delimiter may be the decimal mark too.",
            where=f"line {line}",
            todo="Enclose the numbers in quotes or use another delimiter; if this line is no "
            "header, set `skip_lines`.",
        )


def _is_split(left: str, right: str) -> bool:
    """Whether a delimiter stood inside `Smith, John`, `{"a": 1, "b": 2}` or `“Smith, John”`."""
    if is_typed(left) or is_typed(right):
        return False
    opened = any(
        left.count(a) > left.count(b) and right.count(b) > right.count(a) for a, b in _PAIRS
    )
    return opened or (right[:1] == " " and left[:1] not in ("", " ") and bool(right.strip()))


def name_by_comment(layout: Layout, cells: list[str]) -> Layout:
    """Take the comment on the line above a table without a header for its header, if it is one.

    Args:
        layout: the table's place.
        cells: the comment without its mark, split as the rows are.
    """
    width = len(layout.names)
    *names, last = cells or [""]
    fits = len(cells) == width or (len(cells) == width - 1 and not last)
    if not fits or width < 2 or any(is_typed(cell) or not cell.strip(" #") for cell in names):
        return layout
    header = tuple((*cells, "")[:width])
    line = layout.skip_lines
    why = "a comment that has a word for each column stands above the first row"
    named = Evidence(what="header", found=f"1 row, {_places(line, line)}", why=why)
    evidence = [named if each.what == "header" else each for each in layout.evidence]
    return layout._replace(
        skip_lines=line - 1,
        header_lines=1,
        header_rows=1,
        header=header,
        names=_names(header, width),
        evidence=tuple(evidence),
    )


def footer_rows(fields: list[list[str]], width: int) -> int:
    """How many rows at the end are no rows of a table of this width."""
    last = len(fields) - 1
    if last < 0 or _filled(fields[last]) > 1:
        return 0
    column = [len(f[0]) for f in fields[:-1] if len(f) == width and _filled(f) > 1]
    usual = max(column, default=0)
    while last >= 0 and _is_note(fields[last], width, usual):
        last -= 1
    return len(fields) - 1 - last


def _is_note(row: list[str], width: int, usual: int) -> bool:
    filled = _filled(row)
    if filled == 0 or _END_OF_FILE.issuperset("".join(row)):
        return True
    if width < 2 or filled > 1 or not row[0].strip():
        return False
    if _NOTE.match(row[0]) or _is_rule(row):
        return width > 2 or len(row) < width
    if len(row) < width:  # else a row that broke off: it has to be kept back, not passed over
        return not is_typed(row[0]) and (" " in row[0].strip() or len(row[0]) > usual)
    return width > 2 and len(row[0]) > 2 * usual + 10


def _filled(row: list[str]) -> int:
    return sum(map(bool, map(str.strip, row)))


def _tables(
    fields: list[list[str]], lines: list[int], *, fixed: bool, header_rows: int | None
) -> list[_Span]:
    """Cut the rows into tables: where a header comes back, or a gap and another width follow."""
    width = table_width(fields)
    typed = _typed_columns([row for row in fields if len(row) == width], width)
    starts = [0]
    for i in range(1, len(fields)):
        if _repeats_header(fields, typed, starts[-1], i) or _starts_anew(fields, lines, i):
            starts.append(i)
    return [
        _span(fields, start, stop, fixed=fixed and start == 0, header_rows=header_rows)
        for start, stop in zip(starts, [*starts[1:], len(fields)], strict=True)
    ]


def _repeats_header(fields: list[list[str]], typed: list[bool], start: int, i: int) -> bool:
    """Whether row `i` names the columns again: all that the header above names, less or more.

    Only where numbers or dates stand below the names can this be told from a repeated row.
    """
    row = fields[i]
    if row == fields[start]:
        return False  # the same columns go on; the row itself is kept back
    if not any(row[0] == head[0] for head in fields[start : start + MAX_HEADER_ROWS]):
        return False
    over = [cell for cell, is_number in zip(row, typed, strict=False) if is_number]
    if i - start < 3 or not over or any(is_typed(c) or not c.strip() for c in over):
        return False
    for head in fields[start : min(start + MAX_HEADER_ROWS, i - 2)]:
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
    gap = lines[i] - lines[i - 1] > 1 or _filled(fields[i - 1]) == 0
    reach = 4 if gap else 12
    above = [len(f) for f in fields[max(0, i - reach) : i] if _filled(f)]
    before = set(above)
    after = {len(f) for f in fields[i : i + reach - 1]}
    if after != {width}:
        return False
    if gap and width > max(before, default=1) > 1 and any(map(is_typed, fields[i + 1])):
        return 2 * len(names) > width
    if i + 2 >= len(fields) or len(above) < 2 or len(before) > 1 or before <= {1, width}:
        return False
    return gap or any(is_typed(cell) for cell in fields[i + 1])


def _without_keys(spans: list[_Span], fields: list[list[str]]) -> list[_Span]:
    """Leave out lists of keys and values above the first table: they tell about it."""
    first = next((i for i, span in enumerate(spans) if not _holds_keys(span, fields)), 0)
    return spans[first:]


def _holds_keys(span: _Span, fields: list[list[str]]) -> bool:
    """Whether rows tell one thing each: keys end with a colon, or values are of all kinds."""
    rows = [row for row in fields[span.first : span.last + 1] if _filled(row) > 1]
    if not rows or 2 * sum(_filled(row[2:]) > 0 for row in rows) > len(rows):
        return False
    if 2 * sum(row[0].rstrip().endswith(":") for row in rows) >= len(rows):
        return True
    values = [row[1] for row in rows[1:]]
    numbers = sum(map(is_typed, values))
    return 0 < numbers < len(values) and not any(is_typed(row[0]) for row in rows)


def _choose(spans: list[_Span], fields: list[list[str]], table: int | None) -> int:
    """The table asked for; else the first, unless a later one has far more cells."""
    if table is not None:
        if table > len(spans):
            raise OptionsError(
                f"There is no table {table} in the file: {len(spans)} found.",
                todo="Set the option `table` to a smaller number.",
            )
        return table - 1
    sizes = [sum(map(_filled, fields[each.data : each.last + 1])) for each in spans]
    return next(i for i, size in enumerate(sizes) if 5 * size >= max(sizes))


def _span(
    fields: list[list[str]],
    start: int,
    stop: int,
    *,
    fixed: bool,
    header_rows: int | None,
    told: bool = False,
) -> _Span:
    block = fields[start:stop]
    width = table_width(block)
    first = 0 if fixed else _first_row(block, width)
    notes = 0 if told else footer_rows(block[first:], width)
    last = len(block) - 1 - notes * (first + notes < len(block))
    facts = 0 if fixed or header_rows is not None else _facts(block[first : last + 1])
    if facts and _sums_up(block[first : first + facts]):
        first, facts = first + facts - 1, 0
    count = _header_rows(block[first : last + 1], width) if header_rows is None else header_rows
    if header_rows is None:
        count = _with_rule(block[first : last + 1], count)
    named = min(first + count, len(block))
    data = max(named, first + facts)
    return _Span(start + first, start + named, start + data, start + max(last, data - 1))


def _facts(block: list[list[str]]) -> int:
    """How many rows at the top tell about the columns, one thing each: title, unit, date, source.

    Their first cells are words, those of all rows below begin with digits. Other cells of theirs
    are words as well as numbers and dates: rows of names alone are a header.
    """
    begins = [bool(row) and _DIGIT_FIRST.match(row[0]) is not None for row in block]
    count = begins.index(True) if True in begins else 0
    if count < 3 or len(block) - count < 3 or not all(begins[count:]):
        return 0
    width = table_width(block[count:])
    typed = _typed_columns([row for row in block[count:] if len(row) == width], width)
    told = [
        cell
        for row in block[1:count]
        for cell, is_number in zip(row[1:], typed[1:], strict=False)
        if is_number and cell.strip()
    ]
    words = sum(not is_typed(cell) for cell in told)
    return count if 3 * words >= len(told) > words else 0


def _sums_up(facts: list[list[str]]) -> bool:
    """Whether the last of these rows names the columns: words only, no row has more of them."""
    most = max(map(_filled, facts))
    return _filled(facts[-1]) == most and not any(map(is_typed, facts[-1]))


def _first_row(block: list[list[str]], width: int) -> int:
    """The first row that is no title, note or blank above the table."""
    for i, row in enumerate(block[:MAX_PREAMBLE_ROWS]):
        below = [later for later in block[i + 1 : i + 12] if _filled(later)]
        if _is_title(row, below, width):
            if len(row) == width and not any(_filled(later) > 1 for later in below):
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


def _is_prose(row: list[str], below: list[list[str]], width: int) -> bool:
    """Whether a row wider than the table is a sentence, or stands above the table's header."""
    names = [*takewhile(lambda row: len(row) == width and not any(map(is_typed, row)), below)]
    if names and len(names) < min(len(below), MAX_HEADER_ROWS) and _filled(names[0]) == width:
        data = below[len(names)]
        if len(data) == width and any(map(is_typed, data)):
            return True
    spaced = sum(1 for cell in row[1:] if cell.startswith(" "))
    return len(row) < 20 and spaced > 0.5 * (len(row) - 1) and not any(map(is_typed, row))


def _names_columns(row: list[str], data: list[str]) -> bool:
    """Whether a row too short for the table is its header all the same: texts above values."""
    return (
        2 * len(row) > len(data)
        and _filled(row) == len(row)
        and not any(is_typed(cell) for cell in row)
        and any(is_typed(cell) for cell in data)
    )


def _is_title(row: list[str], below: list[list[str]], width: int) -> bool:
    """Whether a row says nothing, only something in its first cell, or one thing above names."""
    filled = _filled(row)
    following = below[0] if below else []
    if filled > 1:
        return _is_sentence_above(row, below, width)
    if width < 2:
        return False
    if filled == 0 or row[0].strip():
        return True
    return width > 3 and _filled(following) > 0.8 * width


def _is_sentence_above(row: list[str], below: list[list[str]], width: int) -> bool:
    """Whether a row of sentences stands above short names of every column, and values below."""
    if len(below) < 2 or len(below[0]) != width or not any(map(is_typed, below[1])):
        return False
    names = below[0]
    if _filled(names) < width or any(is_typed(cell) for cell in (*row, *names)):
        return False
    words = sum(len(cell.split()) for cell in row)
    return words > 3 * _filled(row) and words > 3 * sum(len(cell.split()) for cell in names)


def _header_rows(block: list[list[str]], width: int) -> int:
    """How many rows above the data name the columns."""
    if not block:
        return 0
    body = [row for row in block[1:] if len(row) == width]
    if not body:
        return 0 if any(is_typed(cell) for cell in block[0]) else 1
    sample = body[min(len(body) // 2, MAX_HEADER_ROWS - 1) :][:_PROFILED_ROWS]
    typed = _typed_columns(sample, width)
    count = _sparse_rows_above_names(block, typed)
    if not count and not _is_header(block[0], sample, typed):
        return 0
    count = max(count, 1)
    most = min(MAX_HEADER_ROWS, len(block) - 1)
    while (
        count < most
        and (len(sample) + sum(typed) > 4 or block[count] == block[0])
        and _continues(block, count, typed)
    ):
        count += 1
    while count > 1 and _filled(block[count - 1]) == 0:
        count -= 1
    return count


def _with_rule(block: list[list[str]], count: int) -> int:
    """Take the line that is drawn below a header for its last row; it shows that there is one."""
    rule = max(count, 1)
    return rule + 1 if rule < len(block) - 1 and _is_rule(block[rule]) else count


def _is_rule(row: list[str]) -> bool:
    """Whether a row only draws a line: `--,-----`, `----+----` or `|:--|--:|`."""
    cells = [cell.strip() for cell in row if cell.strip()]
    drawn = all(_RULE.issuperset(cell) and cell.strip("+:") for cell in cells)
    return drawn and any(len(cell) > 1 for cell in cells)


def _sparse_rows_above_names(block: list[list[str]], typed: list[bool]) -> int:
    """How many rows, mostly empty, lead to a full row of names above numbers: groups of columns."""
    for i, row in enumerate(block[:4]):
        if len(row) != len(typed):
            return 0
        over = [cell for cell, is_number in zip(row, typed, strict=True) if is_number]
        names = sum(1 for cell in over if cell.strip() and not is_typed(cell))
        if i and names > 1 and names == len(over) and _filled(row) > 0.8 * len(row):
            return i + 1
        if 2 * _filled(row) > len(row):
            return 0
    return 0


def _typed_columns(body: list[list[str]], width: int) -> list[bool]:
    return [*map(_is_typed_column, zip(*body, strict=True))] if body else [False] * width


def _is_typed_column(cells: Sequence[str]) -> bool:
    found = shapes(cells)
    filled = len(cells) - found["empty"]
    return filled > 0 and found["number"] + found["moment"] >= 0.8 * filled


def _is_header(row: list[str], body: list[list[str]], typed: list[bool]) -> bool:
    """Weigh whether a row names columns or is data like the rows below it."""
    row = _fit(row, body, len(typed))
    votes = _TRUST_IN_HEADERS
    for position, (cell, is_number) in enumerate(zip(row, typed, strict=True)):
        kind = shape(cell)
        if kind == "empty":
            continue
        if is_number:
            votes += -1 if kind in ("number", "moment") else 1
        elif kind in ("number", "moment"):
            votes -= 0.25
        else:
            votes += _vote_of_text(cell, [r[position] for r in body])
    return votes > 0 or _is_series(row, body)


def _fit(row: list[str], body: list[list[str]], width: int) -> list[str]:
    """Bring a header to the table's width; one that is one short may leave the row names out."""
    nameless = len(row) == width - 1 and any(cells[-1].strip() for cells in body)
    return ([""] * nameless + row + [""] * width)[:width]


def _vote_of_text(cell: str, column: list[str]) -> float:
    """A name does not come back in the column below it."""
    if cell in column:
        return -0.5 if 10 * column.count(cell) > len(column) else 0
    if len(cell) > 80 or "://" in cell[:10]:
        return -0.3
    lengths = {len(value) for value in column if value}
    uniform = len(lengths) == 1 and len(column) > 2
    return 0.5 if uniform and len(cell) not in lengths else 0.1


def _is_series(row: list[str], body: list[list[str]]) -> bool:
    """Whether whole numbers in even steps run along the row but not below it.

    Beside names of further columns only years tell.
    """
    cells = [cell.strip() for cell in row if cell.strip()][1:]
    numbers = [cell for cell in cells if cell.isdecimal()]
    if len(numbers) < 3 or not (numbers == cells or all(map(_YEAR.fullmatch, numbers))):
        return False
    steps = {int(b) - int(a) for a, b in pairwise(numbers)}
    below = [cell.strip() for cell in body[0] if cell.strip()][1:]
    return len(steps) == 1 and steps != {0} and not set(numbers) & set(below)


def _continues(block: list[list[str]], count: int, typed: list[bool]) -> bool:
    """Whether the row after `count` header rows belongs to the header too."""
    row = block[count]
    if row == block[0]:
        return True
    if len(row) != len(typed):
        return False
    if _filled(row) == 0:
        return count + 1 < len(block) - 1 and _continues(block, count + 1, typed)
    over = [cell for cell, is_number in zip(row, typed, strict=True) if is_number and cell.strip()]
    if any(is_typed(cell) for cell in over):
        return _puts_years_under_groups(block, count)
    if over and all(shape(cell) != "empty" for cell in over):
        return True
    above = block[:count]
    return not over and (
        _fills_gaps(above, row) or _names_index(above, row) or _names_parts(block, count)
    )


def _names_parts(block: list[list[str]], count: int) -> bool:
    """Whether a row whose first cell is blank names each column that the row above does not.

    No row of data begins with a blank then.
    """
    above, row = block[count - 1], block[count]
    nameless = [cell for name, cell in zip(above, row, strict=False) if not name.strip()]
    below = block[count + 1 : count + 1 + _PROFILED_ROWS]
    leads = not row[0].strip() and all(each and each[0].strip() for each in below)
    return leads and len(nameless) > 0 and all(map(str.strip, nameless))


def _names_index(above: list[list[str]], row: list[str]) -> bool:
    """Whether a row names the first column alone, which none of several rows above it does."""
    return len(above) > 1 and _filled(row) == 1 and not any(each[0].strip() for each in above)


def _puts_years_under_groups(block: list[list[str]], count: int) -> bool:
    """Whether a row holds years or days alone, under names that each span several of them.

    Its first cell is blank, unlike that of any row below. A name that spans several is written
    once, or again above each of them.
    """
    above, row = block[count - 1], block[count]
    years = [cell.strip() for cell in row if cell.strip()]
    names = [name.strip() for name in above[1:]]
    spanned = len(set(names)) < len(names)
    below = block[count + 1 : count + 1 + _PROFILED_ROWS]
    leads = not row[0].strip() and all(each and each[0].strip() for each in below)
    days = all(shape(year) == "moment" for year in years)
    return leads and spanned and len(years) > 1 and (days or all(map(_YEAR.fullmatch, years)))


def _fills_gaps(above: list[list[str]], row: list[str]) -> bool:
    """Whether the row names only columns that the rows above left without a name."""
    return (
        False
        if not above
        else _filled(row) > 0
        and all(
            not cell.strip() or not above[-1][i : i + 1] or not above[-1][i].strip()
            for i, cell in enumerate(row)
        )
        and sum(1 for cell in above[-1] if not cell.strip()) >= max(2, len(row) // 3)
    )


def _join_header(header: list[list[str]], body: list[list[str]], width: int) -> tuple[str, ...]:
    """One text per column; a group's name is carried over the columns that it spans."""
    rows = [_fit(row, body, width) for row in header if _filled(row) and not _is_rule(row)]
    if len(rows) == 1:
        return tuple(rows[0])
    carried = [_carry(rows, depth) for depth in range(len(rows))]
    return tuple(" ".join(p for row in carried if (p := row[i].strip())) for i in range(width))


def _carry(rows: list[list[str]], depth: int) -> list[str]:
    """A header row whose blanks under no other group, and above a name, repeat its last text."""
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


def _names(header: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Unique names, made up where there are none."""
    names: list[str] = []
    taken = {" ".join(text.split()) for text in header}
    seen: set[str] = set()
    for position in range(width):
        text = " ".join(header[position].split()) if position < len(header) else ""
        name = base = text or f"column_{position + 1}"
        suffix = 2
        while name in seen or (name != text and name in taken):
            name = f"{base}_{suffix}"
            suffix += 1
        seen.add(name)
        names.append(name)
    return tuple(names)


def _explain(
    layout: Layout,
    spans: list[_Span],
    index: int,
    rows: Rows,
    *,
    told: bool,
) -> tuple[Evidence, ...]:
    found, lines, ends = [], rows.lines, rows.ends
    if layout.skip_lines:
        why = "they hold titles, notes or blanks, not the table's columns"
        text = _quoted(rows.fields[: spans[index].first])
        found.append(
            Evidence(what="preamble", found=f"{_places(1, layout.skip_lines)}{text}", why=why)
        )
    size = counted(layout.header_rows, "row")
    if told:
        found.append(Evidence(what="header", found=size, why="told by an option"))
    elif layout.header_rows:
        why = "the values below are of another kind"
        end = layout.skip_lines + layout.header_lines
        place = _places(layout.skip_lines + 1, end - layout.header_notes)
        found.append(Evidence(what="header", found=f"{size}, {place}", why=why))
        if layout.header_notes:
            place = _places(end - layout.header_notes + 1, end)
            text = _quoted(rows.fields[spans[index].named : spans[index].data])
            why = "they tell about the columns, and hold numbers or dates as well as words"
            found.append(Evidence(what="notes below the header", found=f"{place}{text}", why=why))
    else:
        why = "the first row looks like the rows below it; the names are made up"
        found.append(Evidence(what="header", found="none", why=why))
    if layout.footer_lines:
        found.append(footer_evidence(layout.footer_lines, rows.fields[spans[index].last + 1 :]))
    if len(spans) > 1:
        places = "; ".join(
            f"table {i + 1}: {_places(lines[s.first], ends[max(s.last, s.first)])}"
            for i, s in enumerate(spans[:9])
        )
        why = f"{places}; choose with the option `table`"
        found.append(Evidence(what="table", found=f"{index + 1} of {len(spans)} is read", why=why))
    return tuple(found)


def footer_evidence(lines: int, fields: list[list[str]]) -> Evidence:
    """Say which lines at the end are left out, with the beginning of their text."""
    return Evidence(
        what="footer",
        found=f"the last {'line' if lines == 1 else f'{lines} lines'}{_quoted(fields)}",
        why=f"{'it comes' if lines == 1 else 'they come'} after the table's last row",
    )


def _places(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _quoted(fields: list[list[str]]) -> str:
    """Show the beginning of lines that are no rows, so that nothing is left out unseen."""
    text = " / ".join(" ".join(filter(None, row)).strip() for row in fields if _filled(row))
    return f": {text[:_QUOTED]!r}" if text else ""
