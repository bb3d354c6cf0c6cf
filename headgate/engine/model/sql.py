"""A fitted model recipe as SQL over the typed rows.

Here: one expression per output column, and the look-up tables they join. Not here: fitting, and
the same in Arrow, which is faster (`cells`, `replay`).
"""

from typing import NamedTuple

from headgate.engine.duck import double, quote_name, quote_text
from headgate.engine.recipe import (
    DatePart,
    Frequency,
    HashedText,
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


KEY, NUMBER = "_headgate_key", "_headgate_number"
"""The columns of a look-up table: no column of a file is called so."""


class Lookup(NamedTuple):
    """A table from categories to numbers."""

    name: str
    numbers: dict[str, float]


def literal(text: str) -> str:
    """Write a text as an SQL literal; carriage returns, which not every reader keeps, by code."""
    return quote_text(text).replace("\r", "' || chr(13) || '")


def number_value(source: str, part: DatePart | None) -> str:
    """A number column, or a part of a date column, before it is filled and scaled."""
    name = quote_name(source)
    return f"CAST({PARTS[part].format(name) if part else name} AS DOUBLE)"


def lookups(recipe: Recipe) -> list[Lookup]:
    """The look-up tables of a recipe, for rows that were not trained on."""
    tables = []
    for place, output in enumerate(recipe.outputs):
        if isinstance(output, Frequency):
            tables.append(Lookup(_table(place), output.shares))
        if isinstance(output, TargetMean):
            tables.append(Lookup(_table(place), output.all.means))
    return tables


def cells(recipe: Recipe) -> list[tuple[str, str]]:
    """Name and expression of every output but the test flag, over the rows `r` and look-ups."""
    return [
        (output.name, _cell(output, place))
        for place, output in enumerate(recipe.outputs)
        if not isinstance(output, TestFlag)
    ]


def source(recipe: Recipe, relation: str) -> str:
    """The rows `r` joined with their look-ups."""
    joins = [relation + " r"]
    for place, output in enumerate(recipe.outputs):
        if isinstance(output, Frequency | TargetMean):
            table, key = _table(place), f"COALESCE({quote_name(output.source)}, '')"
            joins.append(f"LEFT JOIN {table} ON {table}.{KEY} = {key}")
    return "\n".join(joins)


def _table(place: int) -> str:
    return f"lookup_{place}"


def _cell(output: Output, place: int) -> str:
    match output:
        case Frequency():
            return f"COALESCE({_table(place)}.{NUMBER}, 0.0)"
        case TargetMean():
            return f"COALESCE({_table(place)}.{NUMBER}, {double(output.all.prior)})"
        case _:
            return own_cell(output)


def own_cell(output: Output) -> str:
    """What needs nothing but the row's own value."""
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
    """The words of a text: runs of letters and digits, in lower case."""
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
