"""Columns of numbers, and the parts of dates as numbers: what fills their gaps, and their scale.

Here: fitting these on the training rows. Not here: columns of categories and text (`encode`), and
the SQL that applies what was fitted (`sql`).
"""

from collections.abc import Iterable, Mapping, Sequence
from math import hypot, inf, isfinite, sqrt
from typing import NamedTuple, TypeVar, get_args

from headgate.engine.cleaning import stats
from headgate.engine.cleaning.stats import Counts, Moments
from headgate.engine.duck import double, quote_name
from headgate.engine.model.sql import DAY_PARTS, number_value
from headgate.engine.model.typed_rows import CHUNK, TypedRows
from headgate.engine.recipe import DatePart, Input, Number
from headgate.errors import OptionsError
from headgate.options import ModelOptions

EPSILON = 2.0**-52

Found = TypeVar("Found")
Part = tuple[Input, DatePart | None]
"""A column of numbers, or a part of one of dates."""


class _Values(NamedTuple):
    """Numbers of the training rows, as SQL, and counts of those that are the same all day."""

    typed: TypedRows
    numbers: list[str]
    counts: Mapping[str, Counts]

    def moments(self) -> list[Moments | None]:
        """Moments of each."""
        others = stats.moments(self.typed.con, self.typed.training, CHUNK, self._others())
        return self._all(map(stats.counted_moments, self.counts.values()), others)

    def quantiles(self, shares: list[float]) -> list[list[float]]:
        """Quantiles of each."""
        counted = (stats.counted_quantiles(each, shares) for each in self.counts.values())
        others = stats.quantiles(self.typed.con, self.typed.training, self._others(), shares)
        return self._all(counted, others)

    def filled(self, fills: Sequence[float]) -> "_Values":
        """Return the same with a number in place of what is missing."""
        numbers, counts = list[str](), dict[str, Counts]()
        for number, fill in zip(self.numbers, fills, strict=True):
            filled = f"coalesce({number}, {double(fill)})"
            numbers.append(filled)
            if number in self.counts:
                counts[filled] = own = Counts(self.counts[number])
                own[fill] += own.pop(None, 0)
        return _Values(self.typed, numbers, counts)

    def _others(self) -> list[str]:
        return [each for each in self.numbers if each not in self.counts]

    def _all(self, counted: Iterable[Found], others: Iterable[Found]) -> list[Found]:
        found = dict(zip(self.counts, counted, strict=True))
        found |= zip(self._others(), others, strict=True)
        return [found[each] for each in self.numbers]


def fit_numbers(
    typed: TypedRows, numbers: list[Input], dates: list[Input], options: ModelOptions
) -> list[Number]:
    """Fill first, then scale what was filled, as a pipeline of scikit-learn would."""
    parts: list[Part] = [(column, None) for column in numbers]
    left_out = set() if options.weekday else {"weekday"}
    parts += [
        (column, part)
        for column in dates
        for part in get_args(DatePart)
        if part not in left_out | ({"hour"} if column.kind == "date" else set())
    ]
    values = [number_value(column.name, part) for column, part in parts]
    given = _Values(typed, values, _by_day(typed, parts, values))
    found = given.moments()
    if options.fill == "median":
        fills = [each[0] if each else 0.0 for each in given.quantiles([0.5])]
    else:
        fills = [each.mean if each else 0.0 for each in found]
    scales = _scales(given, found, fills, options)
    numbered = []
    for (column, part), fill, scale, look in zip(parts, fills, scales, found, strict=True):
        if look is None or (part and look.least == look.most):
            continue
        center, width = (0.0, 1.0) if column.kind == "boolean" else scale
        hold_finite(column.name, (fill, center, width))
        numbered.append(
            Number(
                name=f"{column.name} {part}" if part else column.name,
                source=column.name,
                part=part,
                fill=fill,
                center=center,
                scale=width or 1.0,
            )
        )
    return numbered


def _by_day(typed: TypedRows, parts: list[Part], numbers: list[str]) -> dict[str, Counts]:
    """Count numbers that are the same all day: there are few days, whatever the number of rows."""
    by_day: dict[str, list[str]] = {}
    for (column, part), number in zip(parts, numbers, strict=True):
        if part in DAY_PARTS or (part == "days since 1970" and column.kind == "date"):
            by_day.setdefault(quote_name(column.name), []).append(number)
    counts: dict[str, Counts] = {}
    for name, own in by_day.items():
        days = (
            f"(SELECT {name}::DATE AS {name}, count(*) AS {stats.ROWS} FROM {typed.training}"
            " GROUP BY 1)"
        )
        counts |= zip(own, stats.counted(typed.con, days, own), strict=True)
    return counts


def _scales(
    given: _Values, found: list[Moments | None], fills: list[float], options: ModelOptions
) -> list[tuple[float, float]]:
    """Centre and width of each column once it is filled."""
    if options.scale == "none":
        return [(0.0, 1.0)] * len(fills)
    if options.scale == "robust":
        quarters = given.filled(fills).quantiles([0.25, 0.5, 0.75])
        return [(each[1], each[2] - each[0]) if each else (0.0, 1.0) for each in quarters]
    if options.scale == "minmax":
        return [(each.least, each.most - each.least) if each else (0.0, 1.0) for each in found]
    rows = given.typed.training_rows
    return [
        _spread(each, fill, rows) if each else (0.0, 1.0)
        for each, fill in zip(found, fills, strict=True)
    ]


def _spread(look: Moments, fill: float, rows: int) -> tuple[float, float]:
    """Mean and deviation of a column whose missing values are filled; 0 if that is but rounding.

    The bound of rounding is that of scikit-learn's StandardScaler.
    """
    known, missing = look.n / rows, 1 - look.n / rows
    mean = look.mean + missing * (fill - look.mean)
    deviation = hypot(look.deviation, look.mean - mean)
    deviation = hypot(sqrt(known) * deviation, sqrt(missing) * (fill - mean))
    noise = hypot(sqrt(rows * EPSILON) * deviation, rows * EPSILON * mean)
    return mean, 0.0 if deviation <= noise < inf else deviation


def hold_finite(column: str, fitted: Iterable[float]) -> None:
    """Refuse what is fitted to numbers so large that their sums are none.

    Raises:
        OptionsError: A fitted number is not finite.
    """
    if not all(map(isfinite, fitted)):
        raise OptionsError(
            f"The numbers of the column {column!r} are too large to be added up.",
            todo="Divide them all by the same number, or drop the column by a rule for it.",
        )
