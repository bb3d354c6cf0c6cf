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

_LABEL = re.compile(
    r"(?P<opened>\()?(?P<before>\D*)(?:1(?P<thousands>\D?)234|12(?P<late>\D)345|(?P<lakh>12,34,567))"
    r"(?:(?P<mark>[.,])\d+)?(?P<after>.*?)(?P<closed>[-)])?"
)
"""A number as the example of a format writes it."""


class Writing(NamedTuple):
    """How the numbers of a column are written."""

    form: re.Match[str] | None
    """None where they may have an exponent."""
    decimals: int
    """Digits behind the mark that each of them has."""
    bare: bool
    """Whether no zero stands before the mark."""

    def write(self, digits: str) -> str:
        """Write a number alike, of which the digits are given, with a point and a minus."""
        form = self.form
        if form is None or "e" in digits:
            return digits
        whole, _, part = digits.removeprefix("-").partition(".")
        whole = "" if self.bare and whole == "0" else _grouped(whole, form)
        mark = _mark(form) if part or self.decimals else ""
        text = f"{form['before']}{whole}{mark}{part.ljust(self.decimals, '0')}{form['after']}"
        if not digits.startswith("-"):
            return text
        return f"({text})" if form["opened"] else f"{text}-" if form["closed"] else f"-{text}"


def _mark(form: re.Match[str]) -> str:
    """The decimal mark of a format; of whole numbers, the one that goes with their thousands."""
    return form["mark"] or ("," if "." in (form["thousands"], form["late"]) else ".")


def _grouped(whole: str, form: re.Match[str]) -> str:
    """Part the thousands of a whole number as a format does."""
    separator = "," if form["lakh"] else form["thousands"] or form["late"]
    if not separator or (form["late"] and len(whole) < 5):
        return whole
    size = 2 if form["lakh"] else 3
    return re.sub(rf"(?<=\d)(?=(?:\d{{{size}}})*\d{{3}}$)", separator, whole)


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
        forms = [_LABEL.fullmatch(columns[each.name].format) for each in self._numbers]
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


def _decimals(text: str, form: re.Match[str] | None) -> str:
    """How many digits stand behind the decimal mark of a text, as SQL."""
    if form is None or not form["mark"]:
        return "0"
    bare = f"rtrim({text}, '-)')" if form["closed"] else text
    place = f"strpos({text}, '{form['mark']}')"
    return f"if({place} = 0, 0, length({bare}) - {place} - {len(form['after'])})"
