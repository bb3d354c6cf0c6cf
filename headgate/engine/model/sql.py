"""A fitted model recipe as SQL over the typed rows.

Here: one expression per output column, and the look-up tables they join. Not here: fitting, and
the same in Arrow, which is faster (`cells`, `replay`).
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from headgate.engine.duck import double, quote_name, quote_text
from headgate.engine.recipe import (
    DatePart,
    Frequency,
    HashedText,
    Means,
    MissingFlag,
    Number,
    OneHot,
    Output,
    Recipe,
    TargetColumn,
    TargetMean,
    TestFlag,
    Word,
)

PARTS: dict[DatePart, str] = {
    "year": "EXTRACT(YEAR FROM {})",
    "month": "EXTRACT(MONTH FROM {})",
    "day": "EXTRACT(DAY FROM {})",
    "weekday": "EXTRACT(ISODOW FROM {})",
    "hour": "EXTRACT(HOUR FROM {})",
    "days since 1970": "EXTRACT(EPOCH FROM {}) / 86400",
}
DAY_PARTS: tuple[DatePart, ...] = ("year", "month", "day", "weekday")
"""What the day settles, whatever the time."""


ROW, KEY, NUMBER = "_headgate_row", "_headgate_key", "_headgate_number"
"""A row's place, and how the columns of a look-up table begin: no column of a file is called so."""


class Lookup(NamedTuple):
    """A table from the categories of a source to a number for each output that is made of it."""

    name: str
    source: str
    means: dict[int, Means]
    """By the place of the output."""

    @property
    def columns(self) -> list[str]:
        """What its columns are called."""
        return [KEY, *map(_number_of, self.means)]

    @property
    def rows(self) -> Iterator[list[str]]:
        """Its cells."""
        for category in dict.fromkeys(chain.from_iterable(each.means for each in self._each)):
            numbers = (each.means.get(category, each.prior) for each in self._each)
            yield [literal(category), *map(double, numbers)]

    @property
    def _each(self) -> list[Means]:
        return [*self.means.values()]


def literal(text: str) -> str:
    """Write a text as an SQL literal; carriage returns, which not every reader keeps, by code."""
    return quote_text(text).replace("\r", "' || chr(13) || '")


def number_value(source: str, part: DatePart | None) -> str:
    """Return a number column, or a part of a date column, before it is filled and scaled."""
    name = quote_name(source)
    return f"CAST({PARTS[part].format(name) if part else name} AS DOUBLE)"


def lookups(recipe: Recipe) -> list[Lookup]:
    """Return the look-up tables of a recipe, for rows that were not trained on."""
    found: dict[str, dict[int, Means]] = {}
    for place, output in enumerate(recipe.outputs):
        if isinstance(output, Frequency | TargetMean):
            found.setdefault(output.source, {})[place] = known(output)
    return [Lookup(f"lookup_{place}", *each) for place, each in enumerate(found.items())]


def known(output: Frequency | TargetMean) -> Means:
    """Return what stands for the categories of a column in rows that were not trained on."""
    if isinstance(output, Frequency):
        return Means(prior=0.0, means=output.shares)
    return output.all


def cells(recipe: Recipe) -> list[tuple[str, str]]:
    """Name and expression of every output but the test flag, over the rows `r` and look-ups."""
    return [
        (output.name, _cell(output, place))
        for place, output in enumerate(recipe.outputs)
        if not isinstance(output, TestFlag)
    ]


def joined(relation: str, tables: Iterable[Lookup]) -> str:
    """Return the rows `r` joined with their look-ups, in their own order."""
    numbered = f"(SELECT *, row_number() OVER () AS {ROW} FROM {relation})"
    joins = []
    for table in tables:
        key = f"COALESCE({quote_name(table.source)}, '')"
        joins.append(f"LEFT JOIN {table.name} ON {table.name}.{KEY} = {key}\n")
    return f"{numbered} r\n{''.join(joins)}ORDER BY {ROW}" if joins else f"{relation} r"


def _number_of(place: int) -> str:
    return f"{NUMBER}_{place}"


def _cell(output: Output, place: int) -> str:
    if isinstance(output, Frequency | TargetMean):
        return f"COALESCE({_number_of(place)}, {double(known(output).prior)})"
    return own_cell(output)


def own_cell(output: Output) -> str:
    """Return what needs nothing but the row's own value."""
    name = quote_name("" if isinstance(output, TestFlag) else output.source)
    match output:
        case Number():
            return _number(output)
        case MissingFlag():
            return f"CASE WHEN {name} IS NULL THEN 1 ELSE 0 END"
        case OneHot():
            return f"CASE WHEN {name} = {literal(output.category)} THEN 1 ELSE 0 END"
        case HashedText():
            return _hashed(output)
        case Word():
            return _word(output)
        case TargetColumn():
            return _target(output)
    raise TypeError(output)


def _number(output: Number) -> str:
    filled = f"COALESCE({number_value(output.source, output.part)}, {double(output.fill)})"
    if (output.center, output.scale) == (0.0, 1.0):
        return filled
    return f"({filled} - {double(output.center)}) / {double(output.scale)}"


def words(source: str) -> str:
    """Return the words of a text: runs of letters and digits, in lower case."""
    return f"regexp_extract_all(lower({quote_name(source)}), '[\\pL\\pN]+')"


def _hashed(output: HashedText) -> str:
    bucket = f"md5_number_lower(w) % {output.buckets} = {output.bucket}"
    count = f"len(list_filter({words(output.source)}, lambda w: {bucket}))"
    return f"COALESCE(ln(1 + {count}), 0.0)"


def _word(output: Word) -> str:
    found = f"list_contains({words(output.source)}, {quote_text(output.word)})"
    return f"CASE WHEN {found} THEN 1 ELSE 0 END"


def _target(output: TargetColumn) -> str:
    name = quote_name(output.source)
    if not output.classes:
        return f"CAST({name} AS DOUBLE)"
    codes = " ".join(
        f"WHEN {literal(each)} THEN {code}" for code, each in enumerate(output.classes)
    )
    return f"CASE CAST({name} AS VARCHAR) {codes} END"
