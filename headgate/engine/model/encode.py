"""Features fitted on the training rows: each column becomes one or more numbers.

Here: categories, texts and missing values. Not here: which columns are features (`roles`), numbers
(`numeric`), means of the target (`target_encoding`), the SQL that applies what was fitted (`sql`).
"""

from headgate.engine.duck import quote_name
from headgate.engine.model.numeric import fit_numbers, hold_finite
from headgate.engine.model.roles import Verdict
from headgate.engine.model.sql import words
from headgate.engine.model.target_encoding import Goal, fit_means
from headgate.engine.model.typed_rows import TypedRows
from headgate.engine.recipe import (
    Feature,
    Frequency,
    HashedText,
    Input,
    MissingFlag,
    OneHot,
    TargetColumn,
    TargetMean,
    Word,
)
from headgate.options import ModelOptions

SELDOM = 5  # training rows that must have a word before it gets a column
ENOUGH_TEXTS = 100_000  # texts from which words are chosen
MOST_CATEGORIES = 10_000  # the most frequent ones; the others share what is fitted for unseen ones
MOST_MEANS = 2_000_000  # of all columns, classes and folds: they are in memory and in the recipe


def goals(typed: TypedRows, target: TargetColumn) -> list[Goal]:
    """Return the target of a regression, the second of two classes, or each of more in training."""
    if len(target.classes) <= 2:
        return [Goal(target, each) for each in target.classes[1:]] or [Goal(target)]
    name = f"{quote_name(target.source)}::VARCHAR"
    seen = typed.con.execute(f"SELECT DISTINCT {name} FROM {typed.training}").fetchall()
    return [Goal(target, each) for each in target.classes if (each,) in seen]


def encode(
    typed: TypedRows,
    verdict: Verdict,
    goals: list[Goal],
    options: ModelOptions,
) -> list[Feature]:
    """Fit every feature; those of one source stand together, in the file's order."""
    features = verdict.features
    fitted: dict[str, list[Feature]] = {column.name: [] for column, _ in features}
    many = sum(role in ("many", "phrases") for _, role in features)
    most = MOST_MEANS // (max(1, many) * len(goals) * (options.folds + 1))
    numbers = [column for column, role in features if role == "number"]
    dates = [column for column, role in features if role == "date"]
    for number in fit_numbers(typed, numbers, dates, options):
        fitted[number.source].append(number)
    for column, role in features:
        if role in ("category", "many", "phrases"):
            counts = _categories(typed, column)
            named = {category: count for category, count in counts.items() if category}
            if len(named) <= options.one_hot_limit:
                fitted[column.name] += _one_hot(column, named)
            elif options.many_categories == "frequency":
                fitted[column.name].append(_frequency(typed, column, named))
            else:
                kept = [*counts][: max(1, most)]
                fitted[column.name] += _target_means(typed, column, kept, goals, options.folds)
        if role in ("phrases", "text") and options.text != "drop":
            fitted[column.name] += _text(typed, column, options)
    for name in fitted.keys() & verdict.gaps:
        fitted[name].append(MissingFlag(name=f"{name} missing", source=name))
    return [feature for own in fitted.values() for feature in own]


def _categories(typed: TypedRows, column: Input) -> dict[str, int]:
    """Categories of the training rows with their counts, the most frequent first; '' is missing."""
    rows = typed.con.execute(
        f"SELECT coalesce({quote_name(column.name)}, ''), count(*) FROM {typed.training}"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_CATEGORIES}"
    ).fetchall()
    return dict(rows)


def _one_hot(column: Input, counts: dict[str, int]) -> list[Feature]:
    return [
        OneHot(name=f"{column.name}={category}", source=column.name, category=category)
        for category in sorted(counts)
    ]


def _frequency(typed: TypedRows, column: Input, counts: dict[str, int]) -> Frequency:
    return Frequency(
        name=f"{column.name} frequency",
        source=column.name,
        shares={category: counts[category] / typed.training_rows for category in sorted(counts)},
    )


def _text(typed: TypedRows, column: Input, options: ModelOptions) -> list[Feature]:
    name, count = column.name, options.text_columns
    if options.text == "hash":
        return [
            HashedText(name=f"{name} words {bucket}", source=name, bucket=bucket, buckets=count)
            for bucket in range(count)
        ]
    return [
        Word(name=f"{name} has {word}", source=name, word=word)
        for word in _frequent_words(typed, column, count)
    ]


def _frequent_words(typed: TypedRows, column: Input, count: int) -> list[str]:
    """Return the words that most training rows have, but neither all nor next to none of them.

    Past some hundred thousand rows a fixed part of them, chosen by their hash, has the say.
    """
    asked = typed.some_training(ENOUGH_TEXTS)
    found = typed.con.execute(
        f"WITH seen AS (SELECT unnest(list_distinct({words(column.name)})) AS word FROM {asked}),"
        f" n AS (SELECT count(*) AS n FROM {asked})"
        " SELECT word FROM seen, n GROUP BY word, n"
        f" HAVING count(*) >= greatest({SELDOM}, n / 100) AND count(*) < n"
        f" ORDER BY count(*) DESC, word LIMIT {count}"
    ).fetchall()
    return sorted(row[0] for row in found)


def _target_means(
    typed: TypedRows, column: Input, kept: list[str], goals: list[Goal], folds: int
) -> list[TargetMean]:
    name = f"{column.name} target"
    found = fit_means(typed, column.name, sorted(kept), goals, folds)
    for fitted, _ in found:
        hold_finite(goals[0].target.source, (fitted.prior, *fitted.means.values()))
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
