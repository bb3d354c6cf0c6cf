"""Numbers in a first row that name columns: years, days, channels, wavelengths.

Here: telling them from values, by their order along the row. Not here: names that are words.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from itertools import compress, pairwise

from headgate.engine.reading.cells import is_typed, shape
from headgate.engine.reading.header_cells import SOME, is_typed_column, vote_of_text

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_ONE = {Decimal(1)}
_CENSUS = ({Decimal(1)}, {Decimal(5)}, {Decimal(10)})
"""Years from one count of people to the next."""
_MANY = 6
"""Numbers along a row that are hardly in order by chance."""
_FEW = 3
"""Rows that show more than chance does."""
_ENOUGH = 20
"""Values that make it unlikely that the first one is a year, or stands above them by chance."""


def is_series(row: list[str], body: list[list[str]]) -> bool:
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


def runs_beside_names(row: list[str], body: list[list[str]], typed: list[bool]) -> bool:
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


def names_years(row: list[str], columns: Sequence[Sequence[str]]) -> bool:
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
        two = two or (fractions and len(below) > SOME and all(map(is_typed, below)))
        tell = len(below) > 1 if len(places) > 2 else two
        return tell and (min(steps) > 0 or max(steps) < 0)
    enough = len(below) >= (SOME if fractions and not others else _ENOUGH)
    return (fractions or not others) and enough and all(map(is_typed, below))


def is_year(cell: str) -> bool:
    """Return whether a cell is a year of the last centuries."""
    return _YEAR.fullmatch(cell.strip()) is not None


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


def _leads(cell: str, column: Sequence[str]) -> bool:
    """Return whether a cell is blank, or a word unlike those below it, as above row names."""
    if len(column) < _ENOUGH or is_typed(cell):
        return False
    if not cell.strip():
        return all(map(str.strip, column))
    return is_typed_column(column) or vote_of_text(cell, column) >= 0.5
