"""Mode `clean`: the rules that make a table tidy without changing anything unseen.

Here: fitting the rules into a recipe, and the SQL that carries the recipe out.
Not here: which rows are left out (`removal`), and writing files (`outputs`).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from headgate.engine.cleaning import stats
from headgate.engine.cleaning.removal import Removed, kept
from headgate.engine.cleaning.staged import Staged
from headgate.engine.columns.types import Column, quote_name, quote_text
from headgate.engine.duck import double, first
from headgate.engine.reading.blocks import LINE
from headgate.engine.result.recipe import (
    CleanColumn,
    CleanOutput,
    Fence,
    Filling,
    Input,
    OutlierFlag,
    Output,
    Recipe,
    Removal,
)
from headgate.errors import OptionsError
from headgate.options import CleanOptions, ColumnRules, Fill, Outliers

NUMBERS = ("integer", "decimal")
AFFIXES = re.compile(r"([^\d.,+-]*)[-+]?[\d.,]+([^\d]*)")


def inputs(columns: tuple[Column, ...], options: CleanOptions) -> tuple[Input, ...]:
    """What the options say about reading each column's cells.

    Raises:
        OptionsError: A rule names a column that the file does not have.
    """
    rules = _rules(columns, options)
    return tuple(
        Input(
            name=column.name,
            kind=column.kind,
            sql_type=column.sql_type,
            trim=_chosen(rules[column.name].trim, options.trim),
            normalise=_chosen(rules[column.name].normalise, options.normalise),
            missing=_markers(column, rules[column.name], options),
        )
        for column in columns
        if not rules[column.name].drop
    )


def removal(options: CleanOptions, target: str | None) -> Removal:
    """Which rows the options leave out."""
    return Removal(
        duplicates=options.drop_duplicates, empty_rows=options.drop_empty_rows, target=target
    )


def fit(staged: Staged, removed: Removed, options: CleanOptions) -> tuple[Output, ...]:
    """Fit every column's filling and fence on the rows that stay."""
    rules = _rules(tuple(staged.columns.values()), options)
    kept_inputs = [
        each
        for each in staged.inputs
        if staged.changes[each.name].filled or not options.drop_empty_columns
    ]
    names = output_names([each.name for each in kept_inputs], options.names)
    outputs: list[Output] = []
    flags: list[Output] = []
    for column, name in zip(kept_inputs, names, strict=True):
        own = rules[column.name]
        outliers = own.outliers or options.outliers
        fence = _fence(staged, removed, column, options) if outliers != Outliers.KEEP else None
        fill = _filling(staged, removed, column, own, options)
        outputs.append(
            CleanColumn(
                name=name,
                source=column.name,
                sql_type=_fitting_type(column, fill, fence if outliers == Outliers.CLIP else None),
                fill=fill,
                clip=fence if outliers == Outliers.CLIP else None,
            )
        )
        if fence and outliers == Outliers.FLAG:
            flags.append(OutlierFlag(name=f"{name}_outlier", source=column.name, fence=fence))
    return (*outputs, *flags)


def output_names(names: Iterable[str], how: str) -> list[str]:
    """Keep names, or write them in lower case with underscores, each once."""
    if how == "keep":
        return list(names)
    taken: dict[str, int] = {}
    tidied = []
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
        base = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "column"
        taken[base] = taken.get(base, 0) + 1
        tidied.append(base if taken[base] == 1 else f"{base}_{taken[base]}")
    return tidied


def _rules(columns: tuple[Column, ...], options: CleanOptions) -> dict[str, ColumnRules]:
    rules = {column.name: ColumnRules(name=column.name) for column in columns}
    for rule in options.columns:
        if rule.name not in rules:
            raise OptionsError(
                f"There is a rule for the column {rule.name!r}, which the file does not have.",
                todo=f"The columns are: {', '.join(rules)}.",
            )
        rules[rule.name] = rule
    return rules


def _chosen(own: bool | None, general: bool) -> bool:
    return general if own is None else own


def _markers(column: Column, rule: ColumnRules, options: CleanOptions) -> tuple[str, ...]:
    found = [each.marker.strip() for each in column.missing] if options.empty_missing else []
    return tuple(sorted({marker for marker in (*found, *rule.missing) if marker}))


def _filling(
    staged: Staged, removed: Removed, column: Input, rule: ColumnRules, options: CleanOptions
) -> Filling | None:
    how = rule.fill or options.fill
    if how == Fill.KEEP:
        return None
    relation = kept(staged.text, removed)
    value = staged.typed(column)
    if how == Fill.CONSTANT:
        constant = rule.constant if rule.constant is not None else options.constant
        if constant is None:
            raise OptionsError(
                f"The column {column.name!r} is to be filled with a constant, but none is given.",
                todo="Set `constant`.",
            )
        return _constant(staged, column, constant)
    if how == Fill.MODE:
        found = stats.mode(staged.con, relation, value, quote_name(column.name))
        return Filling(how=how, text=found[1]) if found else None
    if column.kind not in NUMBERS:
        return None
    if how == Fill.MEDIAN:
        (middle,) = stats.quantiles(staged.con, relation, [value], [0.5])
        number = middle[0] if middle else None
    else:
        (moments,) = stats.moments(staged.con, relation, LINE, [value])
        number = moments.mean if moments else None
    if number is None:
        return None
    if staged.full(column.name):
        number = _as_typed(staged, column, number)
    return Filling(how=how, text=_write(staged, column, number), number=number)


def _as_typed(staged: Staged, column: Input, number: float) -> float:
    """Round to what the column's type holds: no cell of this file is filled, so the type stays."""
    return float(first(staged.con, f"SELECT {double(number)}::{column.sql_type}::DOUBLE")[0])


def _constant(staged: Staged, column: Input, constant: str) -> Filling:
    """A constant must be a value of the column's kind, so that the column keeps its type."""
    value = _read(staged, column, constant)
    if value is None:
        raise OptionsError(
            f"The constant {constant!r} is no {column.kind}, as the column {column.name!r} is.",
            todo="Give a constant that is written as the column's values are.",
        )
    return Filling(how=Fill.CONSTANT, text=constant)


def _fence(staged: Staged, removed: Removed, column: Input, options: CleanOptions) -> Fence | None:
    if column.kind not in NUMBERS:
        return None
    relation = kept(staged.text, removed)
    (quarters,) = stats.quantiles(staged.con, relation, [staged.typed(column)], [0.25, 0.75])
    if not quarters:
        return None
    reach = options.fence * (quarters[1] - quarters[0])
    low, high = quarters[0] - reach, quarters[1] + reach
    return Fence(
        low=low,
        high=high,
        low_text=_write(staged, column, low),
        high_text=_write(staged, column, high),
    )


def _write(staged: Staged, column: Input, number: float) -> str:
    """Write a number as the column's own values are: their decimal mark, prefix and suffix.

    What is written must be read as that number, up to the digits that the column's type keeps.
    """
    plain = str(int(number)) if number == int(number) else repr(number)
    example = first(
        staged.con,
        f"SELECT min({quote_name(column.name)}) FROM {staged.text}"
        f" WHERE ({staged.typed(column)}) IS NOT NULL",
    )[0]
    around = AFFIXES.fullmatch(example or "")
    before, after = around.groups() if around else ("", "")
    for text in (plain, plain.replace(".", ",")):
        found = _read(staged, column, before + text + after)
        if found is not None and abs(float(found) - number) <= max(abs(number) / 100, 0.5):
            return before + text + after
    return plain


def _read(staged: Staged, column: Input, text: str) -> Any:
    row = first(
        staged.con,
        f"SELECT {staged.typed(column)} FROM (SELECT {quote_text(text)} AS"
        f" {quote_name(column.name)})",
    )
    return row[0] if row else None


def _fitting_type(column: Input, fill: Filling | None, clip: Fence | None) -> str:
    """A number that the exact type cannot hold makes the column DOUBLE."""
    numbers = [fill.number] if fill and fill.number is not None else []
    numbers += [clip.low, clip.high] if clip else []
    if column.kind not in NUMBERS or all(number == int(number) for number in numbers):
        return column.sql_type
    return "DOUBLE"


def cells(staged: Staged, recipe: Recipe) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Name and expression of every output over `staged.text`: as text, and as typed value."""
    wanted = [each for each in recipe.outputs if isinstance(each, CleanColumn | OutlierFlag)]
    return (
        [(each.name, _csv_cell(staged, each)) for each in wanted],
        [(each.name, _typed_cell(staged, each)) for each in wanted],
    )


def _csv_cell(staged: Staged, output: CleanOutput) -> str:
    """The text of an output's cell over `staged.text`."""
    column = _input(staged, output.source)
    name = quote_name(column.name)
    if isinstance(output, OutlierFlag):
        return _flag(staged, output)
    if not output.clip and not output.fill:
        return name
    clauses = _clip_clauses(staged, output, quoted=True)
    if output.fill:
        clauses.append(f"WHEN {name} IS NULL THEN {quote_text(output.fill.text)}")
    return f"CASE {' '.join(clauses)} ELSE {name} END"


def _typed_cell(staged: Staged, output: CleanOutput) -> str:
    """The typed value of an output's cell over `staged.text`."""
    column = _input(staged, output.source)
    if isinstance(output, OutlierFlag):
        return _flag(staged, output)
    value = staged.typed(column)
    if not output.clip and not output.fill:
        return value
    clauses = _clip_clauses(staged, output, quoted=False)
    if output.fill:
        clauses.append(f"WHEN {quote_name(column.name)} IS NULL THEN {_fill_value(staged, output)}")
    return f"CASE {' '.join(clauses)} ELSE ({value})::{output.sql_type} END"


def _fill_value(staged: Staged, output: CleanColumn) -> str:
    fill = output.fill
    if fill is None:
        return "NULL"
    if fill.number is not None:
        return f"{double(fill.number)}::{output.sql_type}"
    column = _input(staged, output.source)
    name = quote_name(column.name)
    return (
        f"(SELECT {staged.typed(column)} FROM (SELECT {quote_text(fill.text)} AS {name}))"
        f"::{output.sql_type}"
    )


def _clip_clauses(staged: Staged, output: CleanColumn, *, quoted: bool) -> list[str]:
    if output.clip is None:
        return []
    value = f"({staged.typed(_input(staged, output.source))})::DOUBLE"
    low, high = output.clip.low, output.clip.high
    if quoted:
        texts = quote_text(output.clip.low_text), quote_text(output.clip.high_text)
    else:
        texts = f"{double(low)}::{output.sql_type}", f"{double(high)}::{output.sql_type}"
    return [
        f"WHEN {value} < {double(low)} THEN {texts[0]}",
        f"WHEN {value} > {double(high)} THEN {texts[1]}",
    ]


def _flag(staged: Staged, output: OutlierFlag) -> str:
    value = f"({staged.typed(_input(staged, output.source))})::DOUBLE"
    return (
        f"({value} < {double(output.fence.low)} OR {value} > {double(output.fence.high)})::TINYINT"
    )


def _input(staged: Staged, name: str) -> Input:
    return next(each for each in staged.inputs if each.name == name)
