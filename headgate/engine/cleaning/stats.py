"""Exact statistics of columns of any length, in bounded memory.

Here: quantiles, modes, means and deviations of SQL expressions. Not here: what they are for.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import ceil, floor, fsum, inf, sqrt
from typing import Any, NamedTuple

import duckdb

from headgate.engine.duck import COLUMNS_PER_STATEMENT, double, first

DIRECT = 8_000_000  # values that fit memory as they are
SAMPLE = 100_000  # of more values, which show where to look

ROWS = "_headgate_rows"
"""What SQL calls the number of rows that a counted row stands for."""
Counts = Counter[float | None]
"""The number of rows that have each value."""


class Moments(NamedTuple):
    """Number of values, their mean, population standard deviation, least and greatest."""

    n: int
    mean: float
    deviation: float
    least: float
    most: float


class Mode(NamedTuple):
    """The most frequent value of a column, and the least text that stands for it."""

    value: Any
    text: str


def quantiles(
    con: duckdb.DuckDBPyConnection, relation: str, values: Sequence[str], shares: Sequence[float]
) -> list[list[float]]:
    """Quantiles of each expression, interpolated as numpy and scikit-learn do.

    A column without a value has none. Past some millions of values each quantile is looked for
    among the values that a sample puts near it.
    """
    rows = int(first(con, f"SELECT count(*) FROM {relation}")[0])
    if rows > DIRECT:
        return [_far_quantiles(con, relation, value, shares) for value in values]
    together = min(max(1, DIRECT // max(rows, 1)), COLUMNS_PER_STATEMENT)
    found: list[Any] = []
    for start in range(0, len(values), together):
        wanted = ", ".join(
            f"quantile_cont(({value})::DOUBLE, {list(shares)})"
            for value in values[start : start + together]
        )
        found += first(con, f"SELECT {wanted} FROM {relation}")
    return [each or [] for each in found]


def counted(con: duckdb.DuckDBPyConnection, relation: str, values: Sequence[str]) -> list[Counts]:
    """Count each value of each expression over rows that stand for several, as `ROWS` says."""
    wanted = ", ".join(f"({value})::DOUBLE" for value in values)
    counts = [Counts() for _ in values]
    for rows, *own in con.execute(f"SELECT {ROWS}, {wanted} FROM {relation}").fetchall():
        for value, count in zip(own, counts, strict=True):
            count[value] += rows
    return counts


def counted_quantiles(counts: Counts, shares: Sequence[float]) -> list[float]:
    """Quantiles of counted values, which `None` is none of."""
    numbers = sorted(each for each in counts if each is not None)
    upto = [*accumulate(counts[each] for each in numbers)]
    places = [share * (upto[-1] - 1) for share in shares if upto]
    ends = [[numbers[bisect(upto, at(place))] for at in (floor, ceil)] for place in places]
    return [_between(one, other, place) for (one, other), place in zip(ends, places, strict=True)]


def counted_moments(counts: Counts) -> Moments | None:
    """Moments of counted values; None without a value."""
    known = {value: rows for value, rows in counts.items() if value is not None}
    if not known:
        return None
    count = sum(known.values())
    mean = fsum(rows * value for value, rows in known.items()) / count
    spread = fsum(rows * (value - mean) ** 2 for value, rows in known.items())
    return Moments(count, mean, sqrt(spread / count), min(known), max(known))


def moments(
    con: duckdb.DuckDBPyConnection, relation: str, chunk: str, values: Sequence[str]
) -> list[Moments | None]:
    """Moments of each expression; None without a value.

    Sums are taken chunk by chunk and then added exactly, so that threads cannot change them;
    `chunk` tells them apart, each of which lies in at most two parts that a thread reads.
    """
    if not values:
        return []
    chunks = f"GROUP BY {chunk}"
    sums = ", ".join(
        f"count({value}), sum({value}), min({value}), max({value})"
        for value in (f"({value})::DOUBLE" for value in values)
    )
    parts = con.execute(f"SELECT {sums} FROM {relation} {chunks}").fetchall()
    counts = [sum(part[4 * place] for part in parts) for place in range(len(values))]
    means = [
        _total(part[4 * place + 1] or 0 for part in parts) / count if count else 0.0
        for place, count in enumerate(counts)
    ]
    away = [
        f"(({value})::DOUBLE - {double(mean)})" for value, mean in zip(values, means, strict=True)
    ]
    squares = ", ".join(f"sum({each} * {each})" for each in away)
    spread = con.execute(f"SELECT {squares} FROM {relation} {chunks}").fetchall()
    return [
        Moments(
            count,
            means[place],
            sqrt(_total(part[place] or 0 for part in spread) / count),
            min(part[4 * place + 2] for part in parts if part[4 * place]),
            max(part[4 * place + 3] for part in parts if part[4 * place]),
        )
        if count
        else None
        for place, count in enumerate(counts)
    ]


def _total(parts: Iterable[float]) -> float:
    """Add exactly; infinity where that is beyond what a number can be."""
    try:
        return fsum(parts)
    except (OverflowError, ValueError):
        return inf


def modes(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[tuple[str, str]]
) -> dict[int, Mode]:
    """Return the most frequent value of each column of one type, of equal ones the least.

    Args:
        con: Whose database does it.
        relation: Where the columns are.
        columns: Of each the value and the text.
    """
    found: dict[int, Mode] = {}
    for start in range(0, len(columns), COLUMNS_PER_STATEMENT):
        values, texts = zip(*columns[start : start + COLUMNS_PER_STATEMENT], strict=True)
        cells = (
            f"SELECT unnest(range({len(values)})) AS place, unnest([{', '.join(values)}]) AS v,"
            f" unnest([{', '.join(texts)}]) AS t FROM {relation}"
        )
        counts = (
            f"SELECT place, v, min(t) AS t, count(*) AS n FROM ({cells})"
            " WHERE v IS NOT NULL GROUP BY place, v"
        )
        rows = con.execute(
            "SELECT place, m.v, m.t FROM (SELECT place, arg_min({'v': v, 't': t},"
            f" {{'n': -n, 'v': v}}) AS m FROM ({counts}) GROUP BY place)"
        ).fetchall()
        found |= {start + place: Mode(value, text) for place, value, text in rows}
    return found


def _far_quantiles(
    con: duckdb.DuckDBPyConnection, relation: str, value: str, shares: Sequence[float]
) -> list[float]:
    values = f"(SELECT v FROM (SELECT ({value})::DOUBLE AS v FROM {relation}) WHERE v IS NOT NULL)"
    count, least, most = first(con, f"SELECT count(*), min(v), max(v) FROM {values}")
    if not count:
        return []
    some = f"{values} USING SAMPLE {min(100 * SAMPLE / count, 100):.9f} PERCENT (bernoulli)"
    near = [min(max(share + by, 0.0), 1.0) for share in shares for by in (-0.01, 0.01)]
    ends = first(con, f"SELECT quantile_cont(v, {near}) FROM (SELECT v FROM {some})")[0]
    ends = ends or [least, most] * len(shares)
    known = {0.0: least, 1.0: most}
    ends = [known.get(place, end) for place, end in zip(near, ends, strict=True)]
    found = []
    for share, low, high in zip(shares, ends[::2], ends[1::2], strict=True):
        place = share * (count - 1)
        pair = _places(con, values, place, low, high) or _places(con, values, place, least, most)
        one, other = pair or (least, most)
        found.append(_between(one, other, place))
    return found


def _between(one: float, other: float, place: float) -> float:
    """Return the number at a place between those on both of its sides."""
    return one + (other - one) * (place - floor(place))


def _places(
    con: duckdb.DuckDBPyConnection, values: str, place: float, low: float, high: float
) -> tuple[float, float] | None:
    """Return the sorted values on both sides of a place, if they lie between low and high."""
    inside = f"v BETWEEN {double(low)} AND {double(high)}"
    below, within = first(
        con,
        f"SELECT count(*) FILTER (WHERE v < {double(low)}), count(*) FILTER (WHERE {inside})"
        f" FROM {values}",
    )
    if not below <= floor(place) <= ceil(place) < below + within:
        return None
    wanted = ", ".join(
        f"min(v) FILTER (WHERE upto > {at - below})" for at in (floor(place), ceil(place))
    )
    one, other = first(
        con,
        f"SELECT {wanted} FROM (SELECT v, sum(n) OVER (ORDER BY v) AS upto FROM"
        f" (SELECT v, count(*) AS n FROM {values} WHERE {inside} GROUP BY v))",
    )
    return one, other
