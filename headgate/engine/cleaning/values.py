"""Values of single columns, on the disk in a form that statistics of any length can be had from.

Here: writing that file, from the rows that stay, and what all its columns of numbers are asked at
once: of a wide table, a statement for each would take minutes. Not here: the statistics.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import duckdb

from headgate.engine.cleaning import stats
from headgate.engine.cleaning.staged import RemainingRows
from headgate.engine.cleaning.writing import Form, Writing, form_of
from headgate.engine.columns.formats import NUMBERS
from headgate.engine.duck import COLUMNS_PER_STATEMENT, first, quote_text
from headgate.engine.recipe import Input
from headgate.engine.staging import LINE


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
        columns = self.rows.staged.columns
        texts = [self.text(each) for each in self._numbers]
        forms = [form_of(columns[each.name].format) for each in self._numbers]
        decimals = self._least(map(_decimals, texts, forms))
        firsts = self._least(f"ltrim({text}, '-')" for text in texts)
        return self._by_name(
            Writing(form, least or 0, bare=(first or "").startswith((".", ",")))
            for form, least, first in zip(forms, decimals, firsts, strict=True)
        )

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


def _decimals(text: str, form: Form | None) -> str:
    """How many digits stand behind the decimal mark of a text, as SQL."""
    if form is None or not form["mark"]:
        return "0"
    bare = f"rtrim({text}, '-)')" if form["closed"] else text
    place = f"strpos({text}, '{form['mark']}')"
    return f"if({place} = 0, 0, length({bare}) - {place} - {len(form['after'])})"
