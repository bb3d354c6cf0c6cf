"""Features fitted on the training rows: each column becomes one or more numbers.

Here: medians, scales, categories and means. Not here: which columns are features (`judge`), and
the SQL that applies what was fitted (`sql`).
"""

from collections.abc import Iterable
from math import hypot, inf, isfinite, sqrt
from typing import get_args

from headgate.engine.cleaning import stats
from headgate.engine.duck import double, quote_name
from headgate.engine.model.base import CHUNK, Base
from headgate.engine.model.judge import Verdict
from headgate.engine.model.means import Goal, fit_means
from headgate.engine.model.sql import DAY_PARTS, number_value, words
from headgate.engine.recipe import (
    DatePart,
    Feature,
    Frequency,
    HashedText,
    Input,
    MissingFlag,
    Number,
    OneHot,
    TargetColumn,
    TargetMean,
    Word,
)
from headgate.errors import OptionsError
from headgate.options import ModelOptions

SELDOM = 5  # training rows that must have a word before it gets a column
ENOUGH_TEXTS = 100_000  # texts from which words are chosen
EPSILON = 2.0**-52
MOST_CATEGORIES = 10_000  # the most frequent ones; the others share what is fitted for unseen ones

Part = tuple[Input, DatePart | None]
"""A column of numbers, or a part of one of dates."""


def goals(base: Base, target: TargetColumn) -> list[Goal]:
    """The target of a regression, the second of two classes, or each of more in training."""
    if len(target.classes) <= 2:
        return [Goal(target, each) for each in target.classes[1:]] or [Goal(target)]
    name = f"{quote_name(target.source)}::VARCHAR"
    seen = base.con.execute(f"SELECT DISTINCT {name} FROM {base.training}").fetchall()
    return [Goal(target, each) for each in target.classes if (each,) in seen]


def encode(
    base: Base,
    verdict: Verdict,
    goals: list[Goal],
    options: ModelOptions,
) -> list[Feature]:
    """Fit every feature; those of one source stand together, in the file's order."""
    features = verdict.features
    fitted: dict[str, list[Feature]] = {column.name: [] for column, _ in features}
    numbers = [column for column, role in features if role == "number"]
    dates = [column for column, role in features if role == "date"]
    for number in _numbers(base, numbers, dates, options):
        fitted[number.source].append(number)
    for column, role in features:
        if role in ("category", "many", "phrases"):
            counts = _categories(base, column)
            named = {category: count for category, count in counts.items() if category}
            if len(named) <= options.one_hot_limit:
                fitted[column.name] += _one_hot(column, named)
            elif options.many_categories == "frequency":
                fitted[column.name].append(_frequency(base, column, named))
            else:
                fitted[column.name] += _target_means(base, column, counts, goals, options.folds)
        if role in ("phrases", "text") and options.text != "drop":
            fitted[column.name] += _text(base, column, options)
    for name in fitted.keys() & verdict.gaps:
        fitted[name].append(MissingFlag(name=f"{name} missing", source=name))
    return [feature for own in fitted.values() for feature in own]


def _numbers(
    base: Base, numbers: list[Input], dates: list[Input], options: ModelOptions
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
    found = stats.moments(base.con, base.training, CHUNK, values)
    if options.fill == "median":
        middles = _quantiles(base, parts, values, [0.5])
        fills = [each[0] if each else 0.0 for each in middles]
    else:
        fills = [each.mean if each else 0.0 for each in found]
    scales = _scales(base, parts, found, fills, options)
    numbered = []
    for (column, part), fill, scale, look in zip(parts, fills, scales, found, strict=True):
        if look is None or (part and look.least == look.most):
            continue
        center, width = (0.0, 1.0) if column.kind == "boolean" else scale
        _hold_finite(column.name, (fill, center, width))
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


def _scales(
    base: Base,
    parts: list[Part],
    found: list[stats.Moments | None],
    fills: list[float],
    options: ModelOptions,
) -> list[tuple[float, float]]:
    """Centre and width of each column once it is filled."""
    if options.scale == "none":
        return [(0.0, 1.0)] * len(parts)
    if options.scale == "robust":
        filled = [
            f"coalesce({number_value(column.name, part)}, {double(fill)})"
            for (column, part), fill in zip(parts, fills, strict=True)
        ]
        quarters = _quantiles(base, parts, filled, [0.25, 0.5, 0.75])
        return [(each[1], each[2] - each[0]) if each else (0.0, 1.0) for each in quarters]
    if options.scale == "minmax":
        return [(each.least, each.most - each.least) if each else (0.0, 1.0) for each in found]
    rows = base.training_rows
    return [
        _spread(each, fill, rows) if each else (0.0, 1.0)
        for each, fill in zip(found, fills, strict=True)
    ]


def _quantiles(
    base: Base, parts: list[Part], values: list[str], shares: list[float]
) -> list[list[float]]:
    """Quantiles of each value; what the day settles has them from the days, which are counted."""
    found: dict[str, list[float]] = {}
    by_day: dict[str, list[str]] = {}
    for (column, part), value in zip(parts, values, strict=True):
        if part in DAY_PARTS or (part == "days since 1970" and column.kind == "date"):
            by_day.setdefault(quote_name(column.name), []).append(value)
    for name, own in by_day.items():
        days = (
            f"(SELECT {name}::DATE AS {name}, count(*) AS {stats.ROWS} FROM {base.training}"
            " GROUP BY 1)"
        )
        found |= zip(own, stats.counted_quantiles(base.con, days, own, shares), strict=True)
    others = [value for value in values if value not in found]
    found |= zip(others, stats.quantiles(base.con, base.training, others, shares), strict=True)
    return [found[value] for value in values]


def _spread(look: stats.Moments, fill: float, rows: int) -> tuple[float, float]:
    """Mean and deviation of a column whose missing values are filled; 0 if that is but rounding.

    The bound of rounding is that of scikit-learn's StandardScaler.
    """
    known, missing = look.n / rows, 1 - look.n / rows
    mean = look.mean + missing * (fill - look.mean)
    deviation = hypot(look.deviation, look.mean - mean)
    deviation = hypot(sqrt(known) * deviation, sqrt(missing) * (fill - mean))
    noise = hypot(sqrt(rows * EPSILON) * deviation, rows * EPSILON * mean)
    return mean, 0.0 if deviation <= noise < inf else deviation


def _categories(base: Base, column: Input) -> dict[str, int]:
    """Categories of the training rows with their counts, the most frequent first; '' is missing."""
    rows = base.con.execute(
        f"SELECT coalesce({quote_name(column.name)}, ''), count(*) FROM {base.training}"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_CATEGORIES}"
    ).fetchall()
    return dict(rows)


def _one_hot(column: Input, counts: dict[str, int]) -> list[Feature]:
    return [
        OneHot(name=f"{column.name}={category}", source=column.name, category=category)
        for category in sorted(counts)
    ]


def _frequency(base: Base, column: Input, counts: dict[str, int]) -> Frequency:
    return Frequency(
        name=f"{column.name} frequency",
        source=column.name,
        shares={category: counts[category] / base.training_rows for category in sorted(counts)},
    )


def _text(base: Base, column: Input, options: ModelOptions) -> list[Feature]:
    name, count = column.name, options.text_columns
    if options.text == "hash":
        return [
            HashedText(name=f"{name} words {bucket}", source=name, bucket=bucket, buckets=count)
            for bucket in range(count)
        ]
    return [
        Word(name=f"{name} has {word}", source=name, word=word)
        for word in _frequent_words(base, column, count)
    ]


def _frequent_words(base: Base, column: Input, count: int) -> list[str]:
    """The words that most training rows have, but neither all nor next to none of them.

    Past some hundred thousand rows a fixed part of them, chosen by their hash, has the say.
    """
    asked = base.some_training(ENOUGH_TEXTS)
    found = base.con.execute(
        f"WITH seen AS (SELECT unnest(list_distinct({words(column.name)})) AS word FROM {asked}),"
        f" n AS (SELECT count(*) AS n FROM {asked})"
        " SELECT word FROM seen, n GROUP BY word, n"
        f" HAVING count(*) >= greatest({SELDOM}, n / 100) AND count(*) < n"
        f" ORDER BY count(*) DESC, word LIMIT {count}"
    ).fetchall()
    return sorted(row[0] for row in found)


def _target_means(
    base: Base, column: Input, counts: dict[str, int], goals: list[Goal], folds: int
) -> list[TargetMean]:
    kept, name = sorted(counts), f"{column.name} target"
    found = fit_means(base, column.name, kept, goals, folds)
    for fitted, _ in found:
        _hold_finite(goals[0].target.source, (fitted.prior, *fitted.means.values()))
    return [
        TargetMean(
            name=name if goal.category is None else f"{name}={goal.category}",
            source=column.name,
            category=goal.category,
            all=fitted,
            folds=tuple(by_fold),
        )
        for goal, (fitted, by_fold) in zip(goals, found, strict=True)
    ]


def _hold_finite(column: str, fitted: Iterable[float]) -> None:
    """Refuse what is fitted to numbers so large that their sums are none.

    Raises:
        OptionsError: One is no finite number.
    """
    if not all(map(isfinite, fitted)):
        raise OptionsError(
            f"The numbers of the column {column!r} are too large to be added up.",
            todo="Divide them all by the same number, or drop the column by a rule for it.",
        )
