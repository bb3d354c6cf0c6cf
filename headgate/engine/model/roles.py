"""What each column is good for, judged on the training rows: which kind of feature, or a risk.

Here: empty, constant and identifying columns, those that repeat the target, and free text.
Not here: turning features into numbers (`encode`).
"""

import re
from typing import Any, Literal, NamedTuple

import numpy as np

from headgate.engine.columns.formats import MOMENTS, NUMBERS
from headgate.engine.duck import first, quote_name
from headgate.engine.model.task import Task
from headgate.engine.model.typed_rows import TEST, TypedRows, for_training
from headgate.engine.recipe import Input, Risk
from headgate.options import ModelOptions

Role = Literal["number", "date", "category", "many", "phrases", "text"]
COLUMNS_PER_STATEMENT = 200  # columns judged in one statement
ENOUGH_ROWS = 20  # training rows below which "all different" says nothing
IDENTIFYING = re.compile(
    r"(^|[_\W])(id|uuid|guid|key|index|rowid|row|nr|no)$|^unnamed", re.IGNORECASE
)
LEAK_SHARE = 0.9999  # correlation, or share of rows, from which a column repeats the target
LEAK_MISS_SHARE = 0.1  # of what guessing the most frequent class gets wrong
SAMPLE_ROWS = 50_000  # training rows that are asked first
SAMPLE_SHARE = 0.99  # told by a column in the sample, below which the other rows are not asked
ROWS_PER_VALUE = 5  # that a value must have on average to be said to tell the target


class Figures(NamedTuple):
    """What one column's training rows show."""

    filled: int
    distinct: int
    least: Any
    most: Any
    words: float


class Verdict(NamedTuple):
    """The columns that become features, with their roles; those at risk; those with gaps."""

    features: list[tuple[Input, Role]]
    risks: list[Risk]
    gaps: set[str]


def judge(
    typed: TypedRows, inputs: list[Input], target: Input, task: Task, options: ModelOptions
) -> Verdict:
    """Judge every column but the target."""
    figures_of = _figures(typed, inputs)
    rows = typed.training_rows
    leaks = _leaks(typed, inputs, figures_of, target, task)
    features: list[tuple[Input, Role]] = []
    risks: list[Risk] = []
    for column in inputs:
        figures = figures_of[column.name]
        risk = _risk(typed, column, figures, rows, options)
        if risk is None and column.name in leaks:
            leak = leaks[column.name]
            kept = options.leaks == "keep" or not leak.repeats
            risk = Risk(column=column.name, risk="leak", kept=kept, why=leak.why)
        if risk:
            risks.append(risk)
        if risk is None or risk.kept:
            features.append((column, _role(column, figures, options)))
    gaps = {name for name, figures in figures_of.items() if figures.filled < rows}
    return Verdict(features, risks, gaps)


def _figures(typed: TypedRows, inputs: list[Input]) -> dict[str, Figures]:
    figures_of: dict[str, Figures] = {}
    for start in range(0, len(inputs), COLUMNS_PER_STATEMENT):
        some = inputs[start : start + COLUMNS_PER_STATEMENT]
        looks, words = (", ".join(map(look, some)) for look in (_look, _words))
        found = first(typed.con, f"SELECT {looks} FROM {typed.training}")
        lengths = first(typed.con, f"SELECT {words} FROM {typed.some_training(SAMPLE_ROWS)}")
        for place, (column, length) in enumerate(zip(some, lengths, strict=True)):
            filled, distinct, least, most = found[4 * place : 4 * place + 4]
            figures_of[column.name] = Figures(filled, distinct, least, most, length)
    return figures_of


def _look(column: Input) -> str:
    name = quote_name(column.name)
    return f"count({name}), approx_count_distinct({name}), min({name}), max({name})"


def _words(column: Input) -> str:
    """Words of a text on average, as SQL."""
    if column.kind != "text":
        return "0"
    return f"coalesce(avg(len(string_split({quote_name(column.name)}, ' '))), 0)"


def _risk(
    typed: TypedRows, column: Input, figures: Figures, rows: int, options: ModelOptions
) -> Risk | None:
    name = column.name
    if nothing := _nothing(column, figures, rows):
        return nothing
    if name == options.group_column:
        return Risk(column=name, risk="identifier", kept=False, why="Rows are grouped by it.")
    if _identifies(typed, column, figures):
        told = f"All or nearly all of its {figures.filled:,} values differ"
        why = f"{told}, so it tells rows apart, nothing more."
        return Risk(column=name, risk="identifier", kept=False, why=why)
    if _role(column, figures, options) == "text":
        kept = options.text != "drop"
        why = (
            f"Free text, {figures.words:.1f} words on average; it may name what is to be predicted."
        )
        return Risk(column=name, risk="text", kept=kept, why=why)
    if _role(column, figures, options) in ("many", "phrases") and options.many_categories == "drop":
        why = f"About {figures.distinct} categories."
        return Risk(column=name, risk="text", kept=False, why=why)
    return None


def _nothing(column: Input, figures: Figures, rows: int) -> Risk | None:
    if not figures.filled:
        why = "No training row has a value."
        return Risk(column=column.name, risk="empty", kept=False, why=why)
    if figures.least == figures.most and figures.filled == rows:
        why = f"Every training row has {figures.least}."
        return Risk(column=column.name, risk="constant", kept=False, why=why)
    return None


def _identifies(typed: TypedRows, column: Input, figures: Figures) -> bool:
    """Return whether a column numbers or names the rows."""
    if column.kind not in ("integer", "text") or figures.filled < ENOUGH_ROWS or figures.words > 3:
        return False
    if figures.distinct < 0.85 * figures.filled:
        return False
    if column.kind == "integer":
        running = figures.most - figures.least < 2 * figures.filled
        named = IDENTIFYING.search(column.name) is not None
        if not (running or named):
            return False
        return _rises(typed, column) or _distinct(typed, column) >= figures.filled
    return _distinct(typed, column) >= 0.95 * figures.filled


def _rises(typed: TypedRows, column: Input) -> bool:
    """Return whether each value is greater than those before it."""
    last = -np.inf
    for batch in typed.batches(names=[column.name, TEST]):
        values = np.asarray(for_training(batch).column(column.name).drop_null())
        if values.size and (values[0] <= last or (values[1:] <= values[:-1]).any()):
            return False
        last = values[-1] if values.size else last
    return True


def _distinct(typed: TypedRows, column: Input) -> int:
    values = f"SELECT {quote_name(column.name)} FROM {typed.training} GROUP BY 1"
    return _one(typed, f"SELECT count(*) FROM ({values})")


def _role(column: Input, figures: Figures, options: ModelOptions) -> Role:
    if column.kind in MOMENTS:
        return "date"
    if column.kind != "text":
        return "number"
    if figures.distinct <= options.one_hot_limit * 1.1:
        return "category"
    wordy = figures.words > 3 and figures.distinct > 0.2 * figures.filled
    named = figures.words > 1.5 and figures.distinct > 0.5 * figures.filled
    if wordy or named:
        return "text"
    return "phrases" if figures.words > 1.2 else "many"


class Leak(NamedTuple):
    """Why a column is thought to give the target away, and whether it merely repeats it."""

    why: str
    repeats: bool


def _leaks(
    typed: TypedRows, inputs: list[Input], figures_of: dict[str, Figures], target: Input, task: Task
) -> dict[str, Leak]:
    """Columns that all but tell the target."""
    leaks: dict[str, Leak] = {}
    if task == "regression":
        leaks |= _correlated(typed, inputs, target)
    spread = f"var_pop({quote_name(target.name)}::DOUBLE)" if task == "regression" else None
    suspects = [
        each
        for each in inputs
        if each.name not in leaks
        and 2 <= figures_of[each.name].distinct <= figures_of[each.name].filled / ROWS_PER_VALUE
    ]
    some = "some_rows"
    names = ", ".join(quote_name(each.name) for each in [*suspects, target])
    typed.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {some} AS"
        f" SELECT {names} FROM {typed.some_training(SAMPLE_ROWS)}"
    )
    for column in suspects:
        told = _told(typed, some, column, target, spread)
        if told is not None and told < SAMPLE_SHARE:
            continue
        share = _told(typed, typed.training, column, target, spread) or 0.0
        by_chance = 0.0 if spread else _most_frequent(typed, column, target)
        if share >= LEAK_SHARE and 1 - share < LEAK_MISS_SHARE * (1 - by_chance):
            back = _told(typed, typed.training, target, column, None) or 0.0
            why = (
                f"Its value alone tells {share:.2%} of the target, and the target {back:.2%} of it."
            )
            leaks[column.name] = Leak(why, back >= LEAK_SHARE)
    return leaks


def _correlated(typed: TypedRows, inputs: list[Input], target: Input) -> dict[str, Leak]:
    goal = f"{quote_name(target.name)}::DOUBLE"
    numbers = [each for each in inputs if each.kind in NUMBERS]
    leaks = {}
    for start in range(0, len(numbers), COLUMNS_PER_STATEMENT):
        some = numbers[start : start + COLUMNS_PER_STATEMENT]
        wanted = ", ".join(f"corr({quote_name(each.name)}::DOUBLE, {goal})" for each in some)
        row = first(typed.con, f"SELECT {wanted} FROM {typed.training}")
        for column, found in zip(some, row, strict=True):
            if found is not None and abs(found) >= LEAK_SHARE:
                why = f"It correlates with the target by {found:.5f}."
                leaks[column.name] = Leak(why, repeats=True)
    return leaks


def _most_frequent(typed: TypedRows, column: Input, target: Input) -> float:
    """Return the share of the most frequent class among the rows that a column has a value in."""
    filled = f"{typed.training} WHERE {quote_name(column.name)} IS NOT NULL"
    classes = f"SELECT {quote_name(target.name)} AS v, count(*) AS n FROM {filled} GROUP BY ALL"
    return float(first(typed.con, f"SELECT max(n) / sum(n) FROM ({classes})")[0])


def _told(
    typed: TypedRows, rows: str, column: Input, goal: Input, spread: str | None
) -> float | None:
    """Return the share of a goal, its rows or its spread, that a column's values settle."""
    name, wanted = quote_name(column.name), quote_name(goal.name)
    filled = f"{rows} WHERE {name} IS NOT NULL"
    if spread:
        row = first(
            typed.con,
            f"SELECT 1 - sum(n * v) / (SELECT nullif(count(*) * {spread}, 0) FROM {filled})"
            f" FROM (SELECT {name} AS w, count(*) AS n, {spread} AS v FROM {filled} GROUP BY ALL)",
        )
    else:
        row = first(
            typed.con,
            "SELECT sum(most) / sum(n) FROM (SELECT max(n) AS most, sum(n) AS n FROM (SELECT"
            f" {name} AS v, {wanted} AS w, count(*) AS n FROM {filled} GROUP BY ALL) GROUP BY v)",
        )
    return None if row[0] is None else float(row[0])


def _one(typed: TypedRows, sql: str) -> int:
    row = first(typed.con, sql)
    return int(row[0]) if row else 0
