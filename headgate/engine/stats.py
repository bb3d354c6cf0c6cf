"""Exact statistics of columns of any length, in bounded memory.

Here: quantiles, modes, mean and deviation of SQL expressions. Not here: what they are used for.
"""

from math import ceil, floor

import duckdb

DIRECT = 4_000_000  # values that fit memory as they are


def quantiles(
    con: duckdb.DuckDBPyConnection, relation: str, value: str, shares: list[float]
) -> list[float]:
    """Quantiles with linear interpolation, as numpy and scikit-learn define them.

    Past some millions of values each is found among those that an estimate puts near it.
    Empty when there is no value.
    """
    count, least, most = _row(
        con, f"SELECT count(v), min(v), max(v) FROM (SELECT {value} AS v FROM {relation})"
    )
    if not count:
        return []
    if count <= DIRECT:
        found = _row(
            con, f"SELECT quantile_cont(v, {shares}) FROM (SELECT {value} AS v FROM {relation})"
        )
        return list(found[0])
    values = f"(SELECT {value} AS v FROM {relation})"
    return [_far_quantile(con, values, share, count, (least, most)) for share in shares]


def _far_quantile(
    con: duckdb.DuckDBPyConnection,
    values: str,
    share: float,
    count: int,
    ends: tuple[float, float],
) -> float:
    place = share * (count - 1)
    around = [max(share - 0.01, 0.0), min(share + 0.01, 1.0)]
    low, high = _row(con, f"SELECT approx_quantile(v, {around}) FROM {values}")[0]
    for bounds in ((low, high), ends):
        inside = f"{values} WHERE v BETWEEN {bounds[0]!r} AND {bounds[1]!r}"
        below, within = _row(
            con,
            f"SELECT count(*) FILTER (WHERE v < {bounds[0]!r}),"
            f" count(*) FILTER (WHERE v BETWEEN {bounds[0]!r} AND {bounds[1]!r}) FROM {values}",
        )
        if below <= floor(place) and ceil(place) < below + within:
            first = _nth(con, inside, floor(place) - below)
            second = _nth(con, inside, ceil(place) - below)
            return first + (second - first) * (place - floor(place))
    raise ValueError(values)


def _nth(con: duckdb.DuckDBPyConnection, inside: str, place: int) -> float:
    """The value at a place of the sorted values; equal ones are counted, not kept."""
    sql = (
        f"SELECT v FROM (SELECT v, sum(n) OVER (ORDER BY v) AS upto FROM"
        f" (SELECT v, count(*) AS n FROM {inside} GROUP BY v)) WHERE upto > {place}"
        " ORDER BY v LIMIT 1"
    )
    return float(_row(con, sql)[0])


def mode(
    con: duckdb.DuckDBPyConnection, relation: str, value: str, text: str
) -> tuple[object, str] | None:
    """The most frequent value and its text; of equally frequent ones the least."""
    row = con.execute(
        f"SELECT {value} AS v, min({text}) FROM {relation} WHERE ({value}) IS NOT NULL"
        " GROUP BY v ORDER BY count(*) DESC, v LIMIT 1"
    ).fetchone()
    return (row[0], str(row[1])) if row else None


def mean(con: duckdb.DuckDBPyConnection, relation: str, value: str) -> float | None:
    """The arithmetic mean."""
    found = _row(con, f"SELECT favg({value}) FROM {relation}")[0]
    return None if found is None else float(found)


def _row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple:  # type: ignore[type-arg]
    return con.execute(sql).fetchone() or ()
