"""Which of a table's first rows name its columns, and what the names are."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from itertools import chain, compress, dropwhile, pairwise

from headgate.engine.names import numbered
from headgate.engine.reading.cells import count_filled, is_rule, is_typed, shape, shapes

MAX_HEADER_ROWS = 6
PROFILED_ROWS = 200
_TRUST_IN_HEADERS = 0.35
"""Votes that a first row of text has before its cells are looked at: most tables have a header."""
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_BRACKETED = re.compile(r"\(.*\)|\[.*\]")
_MARK = re.compile("[:.*\u2013\u2014-]+")
"""What stands for a missing value, and names nothing."""
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_IDENTIFIER = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[a-z]+://\S+|\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{2}(?::[\da-f]{2}){5}"
    r"|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{32,}|\+\d{1,3}[ \d()/-]{6,}"
    r"|[a-z]:\\.+",
    re.IGNORECASE,
)
"""An address of mail, of the web or of a machine, a UUID, a hash, a phone number, or a path."""
_LABEL = re.compile(r"[\w.-]+[=:](?=\S)")
"""What some programs write before each value: `level=info`."""
_ONE = {Decimal(1)}
_CENSUS = ({Decimal(1)}, {Decimal(5)}, {Decimal(10)})
"""Years from one count of people to the next."""
_MANY = 6
"""Numbers along a row that are hardly in order by chance."""
_FEW = 3
"""Values of one form that are hardly so by chance."""
_SOME, _ENOUGH = 5, 20
"""Values of another form, or of any, that make it unlikely that the first one is a year."""


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
        if not any(map(_is_year, chain(*block[i + 1 : i + 2]))):
            names += filter(_is_year, over)
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
    return 0 < len({*years}) < len(cells) and all(map(_is_year, years))


def _counts(row: list[str]) -> bool:
    """Return whether a word stands before numbers from one on, as with channels of a scope."""
    numbers = [*map(str, range(1, len(row)))]
    return len(numbers) > 0 and not is_typed(row[0]) and [*map(str.strip, row[1:])] == numbers


def _is_year(cell: str) -> bool:
    return _YEAR.fullmatch(cell.strip()) is not None


def typed_columns(body: list[list[str]], width: int) -> list[bool]:
    """Return for each column whether nearly all its values are numbers or dates."""
    return [*map(_is_typed_column, zip(*body, strict=True))] if body else [False] * width


def _is_typed_column(cells: Sequence[str]) -> bool:
    found = shapes(cells)
    filled = len(cells) - found["empty"]
    return filled > 0 and found["number"] + found["moment"] >= 0.8 * filled


def _is_header(row: list[str], body: list[list[str]], typed: list[bool]) -> bool:
    """Weigh whether a row names columns or is data like the rows below it."""
    values = [cell for cell in row if is_typed(cell) and not _is_year(cell)]
    if len(row) < len(typed) and 0 < len(values) < count_filled(row):
        return False
    if _is_missing(row):
        return False
    row = _fit(row, body, len(typed))
    columns = [*zip(*body, strict=True)]
    return (
        _votes(row, columns, typed) > 0
        or _is_series(row, body)
        or _runs_beside_names(row, body, typed)
        or _names_years(row, columns)
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
            votes += _vote_of_text(cell, column)
    return votes + dates if dates > 1 else votes


def _fit(row: list[str], body: list[list[str]], width: int) -> list[str]:
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


def _vote_of_text(cell: str, column: Sequence[str]) -> float:
    """Return whether no name, nor its pattern of digits, comes back in the column below it."""
    if cell in column:
        return -0.5 if 10 * column.count(cell) > len(column) else 0
    if _is_one_of(cell, column):
        return -1
    if len(column) > _SOME and _pattern(cell) and {_pattern(cell)} == {*map(_pattern, column)}:
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
    numbered = len(column) > _SOME and sum(map(str.isdigit, cell)) > 1
    return numbered and {_stem(cell)} == {*map(_stem, column)}


def _stem(cell: str) -> str:
    """Return what a cell is but for its digits, however many."""
    return re.sub(r"\d+", "0", cell)


def _pattern(cell: str) -> str:
    """Return a cell without its digits and letters; empty where it has hardly any digits."""
    digits = sum(map(str.isdigit, cell))
    return re.sub("[^\\W\\d_]", "a", re.sub(r"\d", "0", cell)) if digits > 1 else ""


def _is_series(row: list[str], body: list[list[str]]) -> bool:
    """Return whether numbers in even steps, or ever higher or lower ones, run along the row only.

    Those that count the columns may come as values in many rows that do not. Beside names of
    further columns only years tell, and two numbers only behind a blank above row names and one
    after the other.
    """
    cells, *below = ([cell.strip() for cell in line[1:] if cell.strip()] for line in (row, *body))
    numbers = [cell for cell in cells if _PLAIN.fullmatch(cell)]
    leads = _leads(row[0], [line[0] for line in body])
    fewest = 2 if leads and not row[0].strip() else 3
    if len(numbers) < fewest or not (numbers == cells or all(map(_YEAR.fullmatch, numbers))):
        return False
    steps = _steps(numbers)
    if len(numbers) == 2 and steps != {1}:
        return False
    if len(steps) == 1 and steps != {0}:
        if 2 * sum(map(partial(_goes_on, steps), below)) > len(below):
            return False
        return _counts_columns(cells, below) or not set(numbers) & set(below[0])
    slope = _slope(cells)
    return leads and slope != 0 and slope not in map(_slope, below)


def _runs_beside_names(row: list[str], body: list[list[str]], typed: list[bool]) -> bool:
    """Return whether many numbers rise, or fall, along the row only, beside a name.

    It stands above numbers, or is a blank above row names, as where wavelengths or days follow the
    columns that tell about a sample.
    """
    places = [i for i, cell in enumerate(row) if _PLAIN.fullmatch(cell.strip())]
    numbers, *below = ([line[i].strip() for i in places] for line in (row, *body))
    slope = _slope(numbers)
    if not slope or not (_names_numbers(row, typed) or _is_corner(row[0], body)):
        return False
    steps = _steps(numbers)
    if len(steps) == 1:
        return not any(map(partial(_goes_on, steps), below))
    return slope not in map(_slope, below)


def _names_numbers(row: list[str], typed: list[bool]) -> bool:
    """Return whether a name stands above numbers or dates."""
    over = compress(row, typed)
    return any(shape(cell) != "empty" and not is_typed(cell) for cell in over)


def _is_corner(cell: str, body: list[list[str]]) -> bool:
    """Return whether a cell is blank, as no first cell of several rows below it."""
    return not cell.strip() and len(body) >= _FEW and all(line[0].strip() for line in body)


def _steps(numbers: list[str]) -> set[Decimal]:
    return {Decimal(b) - Decimal(a) for a, b in pairwise(numbers)}


def _counts_columns(cells: list[str], below: list[list[str]]) -> bool:
    """Return whether numbers count on from the first columns, as hardly any rows below do."""
    if len(below) < _ENOUGH or cells in below or cells[0] not in ("0", "1", "2"):
        return False
    return _goes_on(_ONE, cells) and 10 * sum(map(partial(_goes_on, _ONE), below)) < len(below)


def _goes_on(steps: set[Decimal], cells: list[str]) -> bool:
    """Return whether numbers go up, or down, in these steps."""
    return all(map(_PLAIN.fullmatch, cells)) and _steps(cells) == steps


def _slope(cells: list[str]) -> int:
    """1 if each of many numbers is higher than the one before, -1 if each is lower, else 0."""
    if len(cells) < _MANY or not all(map(_PLAIN.fullmatch, cells)):
        return 0
    steps = _steps(cells)
    return (min(steps) > 0) - (max(steps) < 0)


def _names_years(row: list[str], columns: Sequence[Sequence[str]]) -> bool:
    """Return whether years name columns, in whose values no year comes.

    Several in order tell. Two do so above fractions alone, behind a blank or a label, or one, five
    or ten apart above many rows. A single one does above the only column, or beside labels above
    fractions, if the values are so many that it is hardly one of them.
    """
    places = [i for i, cell in enumerate(row) if _YEAR.fullmatch(cell.strip())]
    below = [cell.strip() for i in places for cell in columns[i] if cell.strip()]
    others = [cell for i, cell in enumerate(row) if i not in places]
    if not places or any(map(is_typed, others)) or any(map(_YEAR.fullmatch, below)):
        return False
    fractions = not any(cell.isdecimal() for cell in below)
    if len(places) > 1:
        steps = _steps([row[i].strip() for i in places])
        many = len(columns[0]) >= _ENOUGH and row[0] not in columns[0]
        two = _leads(row[0], columns[0]) or (many and steps in _CENSUS)
        two = two or (fractions and len(below) > _SOME and all(map(is_typed, below)))
        tell = len(below) > 1 if len(places) > 2 else two
        return tell and (min(steps) > 0 or max(steps) < 0)
    enough = len(below) >= (_SOME if fractions and not others else _ENOUGH)
    return (fractions or not others) and enough and all(map(is_typed, below))


def _leads(cell: str, column: Sequence[str]) -> bool:
    """Return whether a cell is blank, or a word unlike those below it, as above row names."""
    if len(column) < _ENOUGH or is_typed(cell):
        return False
    if not cell.strip():
        return all(map(str.strip, column))
    return _is_typed_column(column) or _vote_of_text(cell, column) >= 0.5


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
            or _runs_beside_names(row, below, typed)
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
    return spanned and (days or all(map(_YEAR.fullmatch, years)))


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


def join_header(header: list[list[str]], body: list[list[str]], width: int) -> tuple[str, ...]:
    """One text per column; a group's name is carried over the columns that it spans."""
    rows = [row for row in header if count_filled(row) and not is_rule(row)]
    spanning = any(len(row) == width and not row[0].strip() for row in rows)
    rows = [_fit(row, [] if spanning else body, width) for row in rows]
    if len(rows) == 1:
        return tuple(rows[0])
    carried = [_carry(rows, depth) for depth in range(len(rows))]
    return tuple(" ".join(p for row in carried if (p := row[i].strip())) for i in range(width))


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
