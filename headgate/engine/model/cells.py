"""The cells of the result that need nothing but their source, worked out in Arrow.

They are the same to the last bit as by the SQL of `sql`, which is left to do what Arrow cannot.
Not here: writing them as text (`replay`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.duck import COLUMNS_PER_STATEMENT, evaluate
from headgate.engine.model import sql
from headgate.engine.recipe import DatePart, MissingFlag, Number, OneHot, Output, TargetColumn

_PARTS: dict[DatePart, Callable[[pa.Array], pa.Array]] = {
    "year": pc.year,
    "month": pc.month,
    "day": pc.day,
    "weekday": lambda dates: pc.day_of_week(dates, count_from_zero=False),
    "hour": pc.hour,
}
_DAY = 86400.0  # seconds


def work_out(
    con: duckdb.DuckDBPyConnection, source: str, values: pa.Array, outputs: Sequence[Output]
) -> list[pa.Array]:
    """Work some columns out for the values of their source."""
    others = [each for each in outputs if not _is_plain(values, each)]
    found = iter(_by_sql(con, pa.table({source: values}), others))
    return [next(found) if each in others else _cell(con, values, each) for each in outputs]


def _is_plain(values: pa.Array, output: Output) -> bool:
    """Return whether Arrow finds what SQL does; a decimal number as a class it writes otherwise."""
    match output:
        case Number() | MissingFlag() | OneHot() | TargetColumn(classes=()):
            return True
        case TargetColumn():
            return not (pa.types.is_decimal(values.type) or pa.types.is_floating(values.type))
    return False


def _cell(con: duckdb.DuckDBPyConnection, values: pa.Array, output: Output) -> pa.Array:
    match output:
        case Number():
            filled = pc.fill_null(_numbers(con, values, output.part), output.fill)
            if (output.center, output.scale) == (0.0, 1.0):
                return filled
            return pc.divide(pc.subtract(filled, output.center), output.scale)
        case MissingFlag():
            return pc.cast(pc.is_null(values), pa.int32())
        case OneHot():
            return pc.cast(pc.fill_null(pc.equal(values, output.category), False), pa.int32())
        case TargetColumn(classes=()):
            return _numbers(con, values, None)
        case TargetColumn():
            classes = pa.array(output.classes, pa.string())
            return pc.index_in(pc.cast(values, pa.string()), value_set=classes)
    raise TypeError(output)


def _numbers(con: duckdb.DuckDBPyConnection, values: pa.Array, part: DatePart | None) -> pa.Array:
    if part == "days since 1970":
        return _days(values)
    if part:
        return pc.cast(_PARTS[part](values), pa.float64())
    if pa.types.is_decimal(values.type):
        return _from_decimals(con, values)
    return pc.cast(values, pa.float64(), safe=False)


def _days(dates: pa.Array) -> pa.Array:
    if pa.types.is_date(dates.type):
        return pc.cast(pc.cast(dates, pa.int32()), pa.float64())
    moments = pc.cast(pc.cast(dates, pa.int64()), pa.float64(), safe=False)
    return pc.divide(pc.divide(moments, 1e6), _DAY)


def _from_decimals(con: duckdb.DuckDBPyConnection, values: pa.Array) -> pa.Array:
    """Divide, as SQL does; Arrow's own cast multiplies, which is not exact."""
    scale = values.type.scale
    try:
        units = pc.cast(values, pa.decimal64(18, scale)).view(pa.int64())
        return pc.divide(pc.cast(units, pa.float64()), 10.0**scale)
    except pa.ArrowInvalid:  # more digits than a double has
        found = evaluate(con, pa.table({"v": values}), {"v": "CAST(v AS DOUBLE)"})
        return found["v"].combine_chunks()


def _by_sql(
    con: duckdb.DuckDBPyConnection, rows: pa.Table, outputs: Sequence[Output]
) -> list[pa.Array]:
    found: list[pa.Array] = []
    with con.cursor() as own:
        for start in range(0, len(outputs), COLUMNS_PER_STATEMENT):
            some = enumerate(outputs[start : start + COLUMNS_PER_STATEMENT])
            wanted = ", ".join(f"{sql.own_cell(each)} AS c{place}" for place, each in some)
            made: Any = own.from_arrow(rows).project(wanted).to_arrow_table()
            found += [column.combine_chunks() for column in made.columns]
    return found
