"""Whether a file's last rows are no rows like the others but their totals.

Here: finding it out. They stay rows: leaving them out is for whoever knows the file.
"""

import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from headgate.engine.columns.column import Column
from headgate.engine.columns.formats import NUMBERS
from headgate.engine.duck import COLUMNS_PER_STATEMENT, database
from headgate.engine.duck import first as first_row
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.reading.lines import read_lines
from headgate.engine.staging import CSV, LINE, StagedFile
from headgate.words import lines_between

_WORD = re.compile(
    r"\b(?:(?:sub|grand[ -]?)?totals?|sum|sums|summe|zwischensumme|(?:ins)?gesamt(?:summe|betrag)?|"
    r"totaal|suma|somme|totale|totaux|razem|celkem|yhteensä|toplam|итого|всего)\b|合計|总计|總計|합계",
    re.IGNORECASE,
)
_LONGEST = 60
"""Characters of a cell that still is a label."""
_MANY = 8
"""More totals than follow each other, such as one for each group and one for all."""


def find_total(
    path: Path, dialect: Dialect, staged: Path, columns: Sequence[Column]
) -> tuple[Evidence, ...]:
    """Tell of last rows that say so in a word, if a number of the last is its column's sum.

    The sum is that of the rows above them all, or of some of them too. Where many rows in a row say
    the word, it is what a column holds in every row. The very last row is told of whatever its
    numbers, if a cell holds the word alone and no other row does.
    """
    totals = [*takewhile(_label, _last_rows(staged))]
    if not 0 < len(totals) < _MANY:
        return ()
    last = totals[0]
    numbers = [each for each in columns if each.kind in NUMBERS and last[each.name]]
    first = _first_total(staged, [each[LINE] for each in reversed(totals)], numbers)
    if first is None and not _stands_alone(staged, last):
        return ()
    doubt = "" if first else ", though these do not add up to it"
    first = first or last[LINE]
    place = lines_between(first, last[LINE])
    one = first == last[LINE]
    lines = sum(map(len, read_lines(path, dialect.lenient))) - first + 1
    why = (
        f"{place} {'looks like a total' if one else 'look like totals'} of the rows above "
        f"({_label(last)!r}){doubt}; {'it is kept as a row' if one else 'they are kept as rows'}: "
        f"leave {'it' if one else 'them'} out with --footer-lines {lines}"
    )
    return (Evidence(what="total", found=place, why=why),)


def _label(row: dict[str, Any]) -> str | None:
    """Return the cell that says in a word that a row is a total."""
    texts = (text.strip() for name, text in row.items() if name not in (LINE, CSV))
    return next((text for text in texts if len(text) <= _LONGEST and _WORD.search(text)), None)


def _stands_alone(staged: Path, row: dict[str, Any]) -> bool:
    """Return whether a cell holds nothing but the word, and its column holds it only there."""
    label = _label(row) or ""
    name = next(name for name, text in row.items() if label == str(text).strip())
    same = (pc.sum(pc.equal(batch[name], row[name])) for batch in StagedFile(staged, [name]))
    alone = _WORD.fullmatch(label.strip(" :.*#-")) is not None
    return alone and sum(each.as_py() or 0 for each in same) == 1


def _last_rows(staged: Path) -> list[dict[str, Any]]:
    """Return the last rows, the very last first."""
    rows: list[dict[str, Any]] = []
    for batch in reversed(StagedFile(staged)):
        rows += reversed(batch.slice(max(0, batch.num_rows - _MANY)).to_pylist())
        if len(rows) >= _MANY:
            break
    return rows[:_MANY]


def _first_total(staged: Path, lines: Sequence[int], numbers: Sequence[Column]) -> int | None:
    """Return the first of these lines above which the numbers add up to that on the last line."""
    found: set[int] = set()
    with database(staged.parent, staged) as con:
        for start in range(0, len(numbers), COLUMNS_PER_STATEMENT):
            some = numbers[start : start + COLUMNS_PER_STATEMENT]
            con.register("staged", StagedFile(staged, [LINE, *(each.name for each in some)]))
            found.update(line for line in lines if _adds_up(con, line, lines[-1], some))
            con.unregister("staged")
    return min(found, default=None)


def _adds_up(con: DuckDBPyConnection, first: int, last: int, numbers: Sequence[Column]) -> bool:
    """Return whether a number on the line `last` is the sum of several on the lines before `first`.

    Each statement has its rows for all its columns: a filter for each would cost memory by the
    square of their number.
    """
    values = ", ".join(each.sql for each in numbers)
    sums = ", ".join(f"sum({each.sql})" for each in numbers)
    rows, *above = first_row(con, f"SELECT count(*), {sums} FROM staged WHERE {LINE} < {first}")
    below = first_row(con, f"SELECT {values} FROM staged WHERE {LINE} = {last}")
    return rows > 1 and any(a == b for a, b in zip(above, below, strict=True) if a is not None)
