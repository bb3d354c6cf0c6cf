"""Mode `clean`: the rules that make a table tidy without changing anything unseen.

Here: fitting the rules into a recipe. Not here: what the options ask (`inputs`), carrying the
recipe out (`replay`), and writing files (`outputs`).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from math import hypot, isfinite, ulp
from typing import Any

from headgate.engine.cleaning.cleaned_rows import RemainingRows
from headgate.engine.cleaning.inputs import rules_of
from headgate.engine.cleaning.number_style import decimals_in, digits_of
from headgate.engine.cleaning.values import Values
from headgate.engine.columns.column import decimals_of
from headgate.engine.columns.formats import NUMBERS
from headgate.engine.names import numbered
from headgate.engine.recipe import (
    CleanColumn,
    Fence,
    Filling,
    Input,
    OutlierFlag,
    Output,
)
from headgate.errors import OptionsError
from headgate.options import CleanOptions, ColumnRules, Fill, Outliers

_OF_NUMBERS = (Fill.MEDIAN, Fill.MEAN, Outliers.FLAG, Outliers.CLIP)
_MORE_DECIMALS = 4
"""Than the values of an exact type have: what their median and their fences need."""

_ULPS = 4
_READ_BACK = 18
"""Decimals of a number in a column where they vary; one with more would make it text."""


def fit(rows: RemainingRows, options: CleanOptions) -> tuple[Output, ...]:
    """Fit every column's filling and fence on the rows that stay."""
    rules = rules_of(tuple(rows.staged.columns.values()), options)
    _refuse_unfit(rows, rules, options)
    kept_inputs = [
        each
        for each in rows.staged.inputs
        if rows.changes[each.name].filled
        or rows.staged.columns[each.name].declared
        or not options.drop_empty_columns
    ] or rows.staged.inputs
    names = output_names([each.name for each in kept_inputs], options.names)
    taken = {each.casefold() for each in names}
    values = Values(
        rows, [each for each in kept_inputs if _is_fitted(each, rules[each.name], options)]
    )
    outputs: list[Output] = []
    flags: list[Output] = []
    for column, name in zip(kept_inputs, names, strict=True):
        own = rules[column.name]
        outliers = own.outliers or options.outliers
        fence = _fence(values, column, options, outliers)
        fill = _filling(values, column, own, options)
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
            flag = numbered(f"{name}_outlier", lambda each: each.casefold() in taken)
            taken.add(flag.casefold())
            flags.append(OutlierFlag(name=flag, source=column.name, fence=fence))
    return (*outputs, *flags)


def output_names(names: Iterable[str], how: str) -> list[str]:
    """Keep names, or write them in lower case with underscores, each once."""
    if how == "keep":
        return list(names)
    tidied: dict[str, str] = {}
    again: Counter[str] = Counter()
    for name in names:
        plain = "".join(map(_plain, unicodedata.normalize("NFC", name)))
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
        base = "_".join(plain.lower().split()) or "column"
        tidy = base
        while tidy in tidied:
            again[base] += 1
            tidy = f"{base}_{again[base] + 1}"
        tidied[tidy] = name
    return list(tidied)


def _plain(letter: str) -> str:
    """Return a letter or digit without an accent, as it is in other scripts; else a blank."""
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    if not plain and unicodedata.category(letter)[0] in "LMN":
        return letter
    return "".join(each for each in plain if each.isalnum()) or " "


def _refuse_unfit(
    rows: RemainingRows, rules: dict[str, ColumnRules], options: CleanOptions
) -> None:
    """Refuse a rule for a single column that would do nothing there."""
    for each in rows.staged.inputs:
        rule = rules[each.name]
        asked = [how for how in (rule.fill, rule.outliers) if how in _OF_NUMBERS]
        if asked and each.kind not in NUMBERS and rows.changes[each.name].filled:
            doubt = rows.staged.columns[each.name].doubt
            raise OptionsError(
                f"The rule '{asked[0]}' for the column {each.name!r} is one for numbers, and the "
                f"column is {each.kind}." + (f" {doubt}" if doubt else ""),
                todo="Leave that rule out, or correct the file.",
            )
        if rule.constant is not None and (rule.fill or options.fill) != Fill.CONSTANT:
            raise OptionsError(
                f"The rule for the column {each.name!r} gives a constant, but fills nothing "
                "with it.",
                todo="Set its `fill` to 'constant'.",
            )


def _is_fitted(column: Input, rule: ColumnRules, options: CleanOptions) -> bool:
    """Return whether a rule of a column rests on the column's values."""
    fill, outliers = rule.fill or options.fill, rule.outliers or options.outliers
    by_number = fill not in (Fill.KEEP, Fill.MODE) or outliers != Outliers.KEEP
    return fill == Fill.MODE or (by_number and column.kind in NUMBERS)


def _filling(
    values: Values, column: Input, rule: ColumnRules, options: CleanOptions
) -> Filling | None:
    how = rule.fill or options.fill
    if how == Fill.KEEP:
        return None
    if how == Fill.CONSTANT:
        constant = rule.constant if rule.constant is not None else options.constant
        if constant is None:
            raise OptionsError(
                f"The column {column.name!r} is to be filled with a constant, but none is given.",
                todo="Set `constant`.",
            )
        return _constant(values, column, constant)
    if how == Fill.MODE:
        found = values.modes.get(column.name)
        return _known(column, how, *found) if found else None
    if column.kind not in NUMBERS:
        return None
    number, size = _middle(values, column, how)
    if number is None:
        return None
    number = _without_noise(column, number, size)
    unused = values.rows.full(column.name)
    number = _rounded(values, column, number, ROUND_HALF_UP, unused=unused)
    return Filling(how=how, text=_write(values, column, number), number=number)


def _middle(values: Values, column: Input, how: Fill) -> tuple[float | None, float]:
    """Return the median or the mean, and the size of the numbers that were added up for it."""
    if how == Fill.MEDIAN:
        found = values.quantiles(column, 0.5)
        return (found[0], found[0]) if found else (None, 0.0)
    moments = values.moments[column.name]
    if moments is None:
        return None, 0.0
    return moments.mean, hypot(moments.mean, moments.deviation)


def _constant(values: Values, column: Input, constant: str) -> Filling:
    """Refuse a constant that is no value of the column's kind: the column keeps its type."""
    value = values.rows.staged.read({column.name: constant})[column.name]
    if value is None:
        raise OptionsError(
            f"The constant {constant!r} is no {column.kind}, as the column {column.name!r} is.",
            todo="Give a constant that is written as the column's values are.",
        )
    if column.kind in NUMBERS:
        style, exact = values.number_styles[column.name], column.sql_type != "DOUBLE"
        places = style.decimals if style.even else decimals_of(column.sql_type)
        if (style.even or exact) and decimals_in(constant, style.form) > places:
            raise OptionsError(
                f"The constant {constant!r} has more decimals than the column {column.name!r}.",
                todo=f"Give one with {places} at most.",
            )
        constant = style.write(digits_of(value, column.sql_type))
    return _known(column, Fill.CONSTANT, value, constant)


def _known(column: Input, how: Fill, value: Any, text: str) -> Filling:
    """Return a filling with a value that the column can hold."""
    return Filling(how=how, text=text, number=float(value) if column.kind in NUMBERS else None)


def _fence(
    values: Values, column: Input, options: CleanOptions, outliers: Outliers
) -> Fence | None:
    """Bounds of outliers; one at which nothing is clipped is such as the column's type holds.

    Rounded inwards, it still moves no value across it. One at which values are clipped has the
    decimals that they have. Without a quartile range there is none: it would leave one value.
    """
    if outliers == Outliers.KEEP or column.kind not in NUMBERS:
        return None
    found = values.quantiles(column, 0, 0.25, 0.75, 1)
    if not found:
        return None
    least, lower, upper, most = found
    if lower == upper:
        return None
    reach = options.fence * (upper - lower)
    size = max(abs(lower), abs(upper), reach)
    low, high = (_without_noise(column, each, size) for each in (lower - reach, upper + reach))
    if outliers == Outliers.CLIP:
        inside, outside = low <= least, most <= high
        low = _rounded(
            values, column, low, ROUND_CEILING if inside else ROUND_HALF_UP, unused=inside
        )
        high = _rounded(
            values, column, high, ROUND_FLOOR if outside else ROUND_HALF_UP, unused=outside
        )
    return Fence(
        low=low,
        high=high,
        low_text=_write(values, column, low),
        high_text=_write(values, column, high),
    )


def _rounded(values: Values, column: Input, number: float, rounding: str, *, unused: bool) -> float:
    """Round to the decimals that all values have; one that no cell gets, to what its type holds.

    Elsewhere to what can be read back of a column of an exact type.
    """
    style = values.number_styles[column.name]
    if not isfinite(number) or not (style.even or column.sql_type != "DOUBLE"):
        return number
    places = decimals_of(column.sql_type) if unused else _READ_BACK
    places = style.decimals if style.even else places
    unit = Decimal(1).scaleb(-places)
    return float((Decimal(repr(number)) / unit).to_integral_value(rounding) * unit) or 0.0


def _without_noise(column: Input, number: float, size: float) -> float:
    """Take away what adding doubles of some size left: 0.3 is the median of 0.2 and 0.4."""
    short = round(number, decimals_of(column.sql_type) + _MORE_DECIMALS)
    return short if abs(short - number) <= _ULPS * ulp(size) else number


def _write(values: Values, column: Input, number: float) -> str:
    """Write a number as the column's own values are, so that the column can be read as before.

    Raises:
        OptionsError: The number is not finite.
    """
    if not isfinite(number):
        raise OptionsError(
            f"The numbers of the column {column.name!r} are too large to be added up.",
            todo="Give it a rule of its own: fill 'keep' and outliers 'keep'.",
        )
    return values.number_styles[column.name].write(digits_of(number, column.sql_type))


def _fitting_type(column: Input, fill: Filling | None, clip: Fence | None) -> str:
    """Return the type, or DOUBLE where a number does not fit the exact one."""
    numbers = [fill.number] if fill and fill.number is not None else []
    numbers += [clip.low, clip.high] if clip else []
    places = decimals_of(column.sql_type)
    if column.kind not in NUMBERS or all(number == round(number, places) for number in numbers):
        return column.sql_type
    return "DOUBLE"
