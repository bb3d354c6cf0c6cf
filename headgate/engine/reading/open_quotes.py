"""Rows that may have taken in others: a quote that was left open ends at the next one.

Here: finding such rows. They stay as they are: their quotes pair up, and nothing is lost.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from headgate.engine.reading.cells import is_typed
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.staging import CSV, LINE
from headgate.words import counted, lines_between

_FEWEST = 3
"""Lines inside a cell that hardly all look like rows by chance."""
LOOKED_AT = 100
"""Rows over several lines that are looked at."""

Row: TypeAlias = dict[str, Any]
"""Its cells and its line, by column."""


def find_open_quotes(dialect: Dialect, long: Iterable[Row]) -> tuple[Evidence, ...]:
    """Tell of the first row over several lines whose inner ones look like rows of the table."""
    if dialect.quotechar is None or dialect.borders:
        return ()
    for row in long:
        cells = [str(row[name]).splitlines() for name in dialect.names]
        inner = next((lines[1:-1] for lines in cells if _look_like_rows(lines[1:-1], dialect)), [])
        if inner:
            place = lines_between(row[LINE], row[LINE] + sum(max(0, len(c) - 1) for c in cells))
            why = (
                f"{place} are one row, as a quote opens on the first and the "
                f"next one is on the last; but {counted(len(inner), 'line')} between look like "
                "rows: close the quote, or double it, if they are"
            )
            return (Evidence(what="open quote", found=place, why=why),)
    return ()


def long_rows(rows: pa.Table) -> list[Row]:
    """Return rows over several lines: the next one does not stand on a line soon after."""
    ends = np.diff(rows[LINE], append=np.iinfo(np.int64).max) > _FEWEST + 1
    ended = rows.drop_columns(CSV).take(np.flatnonzero(ends)[:LOOKED_AT]).to_pylist()
    return [row for row in ended if any("\n" in str(text) for text in row.values())]


def _look_like_rows(lines: list[str], dialect: Dialect) -> bool:
    """Return whether all have a cell for each column, and numbers or dates in the same ones."""
    rows = [line.split(dialect.delimiter) for line in lines]
    typed = {tuple(map(is_typed, row)) for row in rows}
    whole = {*map(len, rows)} == {len(dialect.names)}
    return len(lines) >= _FEWEST and whole and len(typed) == 1 and any(*typed)
