"""The checks of a pandera model as they are asked of a batch.

Here: what they see where values are missing, and that each gives a verdict. Not here: which checks
there are, and what becomes of a row that fails one.
"""

import datetime as dt
import numbers
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandas.api.types import infer_dtype
from pandera import dtypes

from headgate.engine.checking.reasons import reason
from headgate.engine.columns.formats import Kind
from headgate.words import counted

_VERDICTS = {"bool", "boolean", "integer"}
"""What Python and pandas call that which tells whether a rule holds."""
_EXACT = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
"""Types of pandas that keep values exact beside missing ones."""
_USUAL = {"Int64": ("int64", "float64"), "boolean": ("bool", "object")}
"""What pandas makes of a column of these types: where no value is missing, and where some are."""
_ARROW: Mapping[Kind, Any] = {
    "text": pd.ArrowDtype(pa.string()),
    "integer": pd.ArrowDtype(pa.int64()),
    "decimal": pd.ArrowDtype(pa.float64()),
    "boolean": pd.ArrowDtype(pa.bool_()),
    "date": pd.ArrowDtype(pa.date32()),
    "timestamp": pd.ArrowDtype(pa.timestamp("us")),
}
"""Types in which whatever is compared with a missing value is missing too."""
_MASKED: Mapping[Kind, Any] = {**_ARROW, "integer": "Int64", "decimal": "Float64"}
"""The same, for what Arrow does not do, such as taking the remainder of a division."""

_COMPARED = {
    "isin": "allowed_values",
    "notin": "forbidden_values",
    "unique_values_eq": "values",
    "equal_to": "value",
    "not_equal_to": "value",
}
"""Checks that look for values which are the same, and how each calls them."""
_SAME: Mapping[Kind, tuple[type, ...]] = {
    "text": (str,),
    "integer": (numbers.Number,),
    "decimal": (numbers.Number,),
    "boolean": (numbers.Number, np.bool_),
    "date": (dt.date, np.datetime64),
    "timestamp": (dt.datetime, np.datetime64),
}
"""Types of what may be the same as a value of a kind."""


def frame(values: pa.Table) -> pd.DataFrame:
    """Return the values that checks judge, exact also beside missing ones."""
    seen: pd.DataFrame = values.to_pandas()
    for name, column in zip(values.column_names, values.columns, strict=True):
        if column.null_count and column.type in _EXACT:
            seen[name] = column.to_pandas(types_mapper=_EXACT.get)
    return seen


def bounds(dtype: Any) -> Iterator[pandera.Check]:
    """Hold the values of a narrow type, such as `uint8`, to what it can hold."""
    if dtype is None:
        return
    if dtypes.is_int(dtype) and not (dtype.signed and dtype.bit_width == 64):
        least = -(2 ** (dtype.bit_width - 1)) if dtype.signed else 0
        yield pandera.Check.in_range(least, least + 2**dtype.bit_width - 1)
    if dtypes.is_float(dtype) and dtype.bit_width < 64:
        most = float(np.finfo(f"float{dtype.bit_width}").max)
        yield pandera.Check.in_range(-most, most)


def never_the_same(check: pandera.Check, kind: Kind) -> list[Any]:
    """Return what a check compares values of a kind with, if none of it can be the same.

    Pandas takes a text for a moment only where it is compared with a single one.
    """
    rule = check.registry_name or ""
    said = (check.statistics or {}).get(_COMPARED.get(rule, ""))
    single = rule.endswith("equal_to")
    if said is None or (single and kind == "timestamp" and isinstance(said, str)):
        return []
    named = [said] if single else [*said]
    return [] if any(_may_be_the_same(each, kind) for each in named) else named


def _may_be_the_same(said: Any, kind: Kind) -> bool:
    """Return whether some value of a kind can equal this; a date never equals a moment."""
    return isinstance(said, _SAME[kind]) and not (kind == "date" and isinstance(said, dt.datetime))


def of_values(check: pandera.Check) -> pandera.Check:
    """Let a rule of the user's own see the types that pandas has, and hold it to its verdict."""
    if pandera.Check.is_builtin_check(check.registry_name or ""):
        if not check.ignore_na:  # of exact types it would find a missing value where one fails
            return _held(check, lambda values: check(_usual(values)).check_output)
        own = copy(check)
        own.error, own.n_failure_cases = reason(check), None
        return own
    rule: Any = check.get_backend(pd.Series())(check)

    def judge(values: Any) -> Any:
        grouped = isinstance(values, dict)
        usual = {key: _usual(each) for key, each in values.items()} if grouped else _usual(values)
        return _verdict(rule.apply(usual), values)

    return _held(check, judge)


def between_columns(check: pandera.Check, kinds: Mapping[str, Kind]) -> pandera.Check:
    """Make a rule between columns pass where a missing value leaves it undecided."""
    rule: Any = check.get_backend(pd.DataFrame())(check)

    def judge(values: Any) -> Any:
        if isinstance(values, dict) or not values.isna().any(axis=None):
            return _verdict(rule.apply(values), values)
        try:
            verdict = rule.apply(_typed(values, kinds, _ARROW))
        except (NotImplementedError, TypeError, pa.ArrowException):
            verdict = rule.apply(_typed(values, kinds, _MASKED))
        if not hasattr(verdict, "fillna"):
            return _verdict(verdict, values)
        return _verdict(verdict.fillna(True), values).astype(bool)

    if check.element_wise:
        rule.check_fn = partial(_of_row, rule.check_fn)
    return _held(check, judge)


def _held(check: pandera.Check, judge: Callable[[Any], Any]) -> pandera.Check:
    """Return a check that fails for every value of which its judge says so, in plain words."""
    return pandera.Check(
        judge,
        groups=check.groups,
        groupby=check.groupby,
        ignore_na=check.ignore_na,
        name=check.name,
        error=reason(check),
    )


def _usual(values: pd.Series) -> pd.Series:
    """Return values in the type that pandas has for them without further ado."""
    types: Any = _USUAL.get(str(values.dtype))
    return values.astype(types[values.hasnans]) if types else values


def _typed(
    values: pd.DataFrame, kinds: Mapping[str, Kind], types: Mapping[Kind, Any]
) -> pd.DataFrame:
    return values.astype({name: types[kind] for name, kind in kinds.items()})


def _of_row(rule: Callable[[pd.Series], Any], row: pd.Series) -> Any:
    """Judge one row; Python cannot say of a missing value whether it is true."""
    try:
        return rule(row)
    except TypeError:
        if not row.isna().any():
            raise
        return True


def _verdict(found: Any, values: Any) -> Any:
    """Return what a rule found, if it is one verdict for all values or one for each.

    Raises:
        TypeError: It is neither true or false nor a series of these, or of other rows.
    """
    if isinstance(found, pd.Series | pd.DataFrame):
        series = [each for _, each in pd.DataFrame(found).items()]
        kinds = {infer_dtype(each, skipna=False) for each in series if len(each)}
    else:
        kinds = {type(found).__name__}
    if not kinds <= _VERDICTS:
        raise TypeError(
            f"returned {' and '.join(sorted(kinds))}, not True, False or a series of these"
        )
    if isinstance(found, pd.DataFrame):
        found = found.all(axis="columns")
    in_groups = isinstance(values, dict)
    return found if in_groups or not isinstance(found, pd.Series) else _by_row(found, values.index)


def _by_row(verdicts: pd.Series, rows: pd.Index) -> pd.Series:
    """Put verdicts in the order of the rows; without an index of their own they stand in it.

    Raises:
        TypeError: They are not of all rows, each once.
    """
    if len(verdicts) == len(rows) and rows.isin(verdicts.index).all():
        return verdicts.reindex(rows)
    if len(verdicts) == len(rows) and verdicts.index.equals(pd.RangeIndex(len(rows))):
        return verdicts.set_axis(rows)
    raise TypeError(
        f"returned {counted(len(verdicts), 'verdict')} for {counted(len(rows), 'row')}; it has to "
        "return one for each, under its index, or one for all"
    )
