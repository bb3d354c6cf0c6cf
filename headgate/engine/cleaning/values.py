"""Values of single columns, on the disk in a form that statistics of any length can be had from.

Here: writing that file, from the rows that stay, and what all its columns of numbers are asked at
once: of a wide table, a statement for each would take minutes. Not here: the statistics.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import duckdb

from headgate.engine.cleaning import stats
from headgate.engine.cleaning.staged import RemainingRows
from headgate.engine.columns.formats import NUMBERS
from headgate.engine.duck import COLUMNS_PER_STATEMENT, first, quote_text
from headgate.engine.recipe import Input
from headgate.engine.staging import LINE

_AFFIXES = re.compile(r"([^\d.,+-]*)[-+]?[\d.,]+([^\d]*)")
_COMMA = re.compile(r"234,\d|1\.234(?!\d)")  # of a format's example: the decimal mark is a comma


class Writing(NamedTuple):
    """How the numbers of a column are written."""

    before: str
    after: str
    mark: str
    decimals: int
    """Digits behind the mark that each of them has."""


class Values:
    """Text and typed value of the columns that rules are fitted on."""

    def __init__(self, rows: RemainingRows, columns: Sequence[Input]) -> None:
        """Write them down, if there are any."""
        self.rows = rows
        self._numbers = [each for each in columns if each.kind in NUMBERS]
        self._quantiles: dict[tuple[float, ...], dict[str, list[float]]] = {}
        self._path = rows.staged.scratch / "values.parquet"
        if columns:
            wanted = [LINE, *map(self.text, columns), *map(self.value, columns)]
            with rows.visible(*(each.name for each in columns)) as relation:
                self.con.execute(
                    f"COPY (SELECT {', '.join(wanted)} FROM {relation})"
                    f" TO {quote_text(str(self._path))} (FORMAT parquet, COMPRESSION lz4_raw)"
                )

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """Where SQL about them is to run."""
        return self.rows.staged.con

    @property
    def relation(self) -> str:
        """What SQL calls them."""
        return f"read_parquet({quote_text(str(self._path))})"

    def text(self, column: Input) -> str:
        """What SQL calls the cleaned text of a column."""
        return self.rows.text(column.name)

    def value(self, column: Input) -> str:
        """What SQL calls the typed value of a column."""
        return self.rows.value(column.name)

    def quantiles(self, column: Input, *shares: float) -> list[float]:
        """Quantiles of a column of numbers; none where it has no value."""
        if shares not in self._quantiles:
            values = [self.value(each) for each in self._numbers]
            found = stats.quantiles(self.con, self.relation, values, shares)
            self._quantiles[shares] = self._by_name(found)
        return self._quantiles[shares][column.name]

    @cached_property
    def moments(self) -> dict[str, stats.Moments | None]:
        """Moments of each column of numbers; None where it has no value."""
        values = [self.value(each) for each in self._numbers]
        chunk = f"{LINE} // {stats.CHUNK}"
        return self._by_name(stats.moments(self.con, self.relation, chunk, values))

    @cached_property
    def writings(self) -> dict[str, Writing]:
        """How each column of numbers is written."""
        examples = self._least(map(self.text, self._numbers))
        around = [_AFFIXES.fullmatch(example or "") for example in examples]
        affixes = [found.groups() if found else ("", "") for found in around]
        marks = [self._mark(each) for each in self._numbers]
        decimals = self._least(
            _decimals(self.text(column), mark, after)
            for column, mark, (_, after) in zip(self._numbers, marks, affixes, strict=True)
        )
        parts = zip(affixes, marks, decimals, strict=True)
        return self._by_name(
            Writing(before, after, mark, least or 0) for (before, after), mark, least in parts
        )

    def _mark(self, column: Input) -> str:
        return "," if _COMMA.search(self.rows.staged.columns[column.name].format) else "."

    def _least(self, expressions: Iterable[str]) -> list[Any]:
        """The least of an expression over each column of numbers, where it has a value."""
        wanted = [
            f"min({expression}) FILTER (WHERE {self.value(column)} IS NOT NULL)"
            for expression, column in zip(expressions, self._numbers, strict=True)
        ]
        found: list[Any] = []
        for start in range(0, len(wanted), COLUMNS_PER_STATEMENT):
            some = ", ".join(wanted[start : start + COLUMNS_PER_STATEMENT])
            found += first(self.con, f"SELECT {some} FROM {self.relation}")
        return found

    def _by_name(self, found: Iterable[Any]) -> dict[str, Any]:
        return dict(zip((each.name for each in self._numbers), found, strict=True))


def _decimals(text: str, mark: str, after: str) -> str:
    place = f"strpos({text}, '{mark}')"
    return f"if({place} = 0, 0, length({text}) - {place} - {len(after)})"
