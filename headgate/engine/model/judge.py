"""What each column is good for, judged on the training rows: which kind of feature, or a risk.

Here: empty, constant and identifying columns, those that repeat the target, and free text.
Not here: turning features into numbers (`encode`).
"""

import re
from typing import Any, Literal, NamedTuple

from headgate.engine.columns.types import quote_name
from headgate.engine.duck import first
from headgate.engine.model.base import Base
from headgate.engine.model.task import Task
from headgate.engine.result.recipe import Input, Risk
from headgate.options import ModelOptions

Role = Literal["number", "date", "category", "many", "phrases", "text"]
AT_ONCE = 200  # columns judged in one statement
ENOUGH = 20  # training rows below which "all different" says nothing
IDENTIFYING = re.compile(
    r"(^|[_\W])(id|uuid|guid|key|index|rowid|row|nr|no)$|^unnamed", re.IGNORECASE
)
ALL_BUT = 0.9999  # correlation, or share of rows, from which a column repeats the target
MISSED = 0.1  # of the rows that guessing the most frequent class gets wrong, what a leak may miss
ENOUGH_ROWS = 50_000  # training rows that show that a column cannot repeat the target
PERHAPS = 0.99  # what it tells of these, below which it cannot tell all but all of the others
PER_VALUE = 5  # rows that a value must have on average before it can be said to tell the target


class Look(NamedTuple):
    """What one column's training rows look like."""

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
    base: Base, inputs: list[Input], target: Input, task: Task, options: ModelOptions
) -> Verdict:
    """Judge every column but the target."""
    looks = _looks(base, inputs)
    rows = _one(base, f"SELECT count(*) FROM {base.training}")
    leaks = _leaks(base, inputs, looks, target, task)
    features: list[tuple[Input, Role]] = []
    risks: list[Risk] = []
    for column in inputs:
        look = looks[column.name]
        risk = _risk(base, column, look, rows, options)
        if risk is None and column.name in leaks:
            leak = leaks[column.name]
            kept = options.leaks == "keep" or not leak.repeats
            risk = Risk(column=column.name, risk="leak", kept=kept, why=leak.why)
        if risk:
            risks.append(risk)
        if risk is None or risk.kept:
            features.append((column, _role(column, look, options)))
    gaps = {name for name, look in looks.items() if look.filled < rows}
    return Verdict(features, risks, gaps)


def _looks(base: Base, inputs: list[Input]) -> dict[str, Look]:
    looks: dict[str, Look] = {}
    for start in range(0, len(inputs), AT_ONCE):
        some = inputs[start : start + AT_ONCE]
        wanted = ", ".join(_look(each) for each in some)
        row = first(base.con, f"SELECT {wanted} FROM {base.training}")
        for place, column in enumerate(some):
            looks[column.name] = Look(*row[5 * place : 5 * place + 5])
    return looks


def _look(column: Input) -> str:
    name = quote_name(column.name)
    text = column.kind == "text"
    words = f"coalesce(avg(len(string_split({name}, ' '))), 0)"
    return (
        f"count({name}), approx_count_distinct({name}), min({name}), max({name}),"
        f" {words if text else 0}"
    )


def _risk(base: Base, column: Input, look: Look, rows: int, options: ModelOptions) -> Risk | None:
    name = column.name
    if nothing := _nothing(column, look, rows):
        return nothing
    if name == options.group_column:
        return Risk(column=name, risk="identifier", kept=False, why="Rows are grouped by it.")
    if _identifies(base, column, look):
        why = f"All but all of {look.filled} values differ, so it tells rows apart, nothing more."
        return Risk(column=name, risk="identifier", kept=False, why=why)
    if _role(column, look, options) == "text":
        kept = options.text != "drop"
        why = (
            f"Free text of {look.words:.1f} words on average; it may name what is to be predicted."
        )
        return Risk(column=name, risk="text", kept=kept, why=why)
    if _role(column, look, options) in ("many", "phrases") and options.many_categories == "drop":
        why = f"About {look.distinct} categories."
        return Risk(column=name, risk="text", kept=False, why=why)
    return None


def _nothing(column: Input, look: Look, rows: int) -> Risk | None:
    if not look.filled:
        why = "No training row has a value."
        return Risk(column=column.name, risk="empty", kept=False, why=why)
    if look.least == look.most and look.filled == rows:
        why = f"Every training row has {look.least}."
        return Risk(column=column.name, risk="constant", kept=False, why=why)
    return None


def _identifies(base: Base, column: Input, look: Look) -> bool:
    """Whether a column numbers or names the rows."""
    if column.kind not in ("integer", "text") or look.filled < ENOUGH or look.words > 3:
        return False
    if look.distinct < 0.85 * look.filled:
        return False
    if column.kind == "integer":
        running = look.most - look.least < 2 * look.filled
        named = IDENTIFYING.search(column.name) is not None
        return (running or named) and _distinct(base, column) >= look.filled
    return _distinct(base, column) >= 0.95 * look.filled


def _distinct(base: Base, column: Input) -> int:
    values = f"SELECT {quote_name(column.name)} FROM {base.training} GROUP BY 1"
    return _one(base, f"SELECT count(*) FROM ({values}) WHERE 1 = 1")


def _role(column: Input, look: Look, options: ModelOptions) -> Role:
    if column.kind in ("date", "timestamp"):
        return "date"
    if column.kind != "text":
        return "number"
    if look.distinct <= options.one_hot_limit * 1.1:
        return "category"
    wordy = look.words > 3 and look.distinct > 0.2 * look.filled
    named = look.words > 1.5 and look.distinct > 0.5 * look.filled
    if wordy or named:
        return "text"
    return "phrases" if look.words > 1.2 else "many"


class Leak(NamedTuple):
    """Why a column is thought to give the target away, and whether it merely repeats it."""

    why: str
    repeats: bool


def _leaks(
    base: Base, inputs: list[Input], looks: dict[str, Look], target: Input, task: Task
) -> dict[str, Leak]:
    """Columns that all but tell the target."""
    leaks: dict[str, Leak] = {}
    if task == "regression":
        leaks |= _correlated(base, inputs, target)
    spread = f"var_pop({quote_name(target.name)}::DOUBLE)" if task == "regression" else None
    suspects = [
        each
        for each in inputs
        if each.name not in leaks
        and 2 <= looks[each.name].distinct <= looks[each.name].filled / PER_VALUE
    ]
    some = "some_rows"
    names = ", ".join(quote_name(each.name) for each in [*suspects, target])
    base.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {some} AS"
        f" SELECT {names} FROM {base.some_training(ENOUGH_ROWS)}"
    )
    for column in suspects:
        told = _told(base, some, column, target, spread)
        if told is not None and told < PERHAPS:
            continue
        share = _told(base, base.training, column, target, spread) or 0.0
        by_chance = 0.0 if spread else _most_frequent(base, column, target)
        if share >= ALL_BUT and 1 - share < MISSED * (1 - by_chance):
            back = _told(base, base.training, target, column, None) or 0.0
            why = (
                f"Its value alone tells {share:.2%} of the target, and the target {back:.2%} of it."
            )
            leaks[column.name] = Leak(why, back >= ALL_BUT)
    return leaks


def _correlated(base: Base, inputs: list[Input], target: Input) -> dict[str, Leak]:
    goal = f"{quote_name(target.name)}::DOUBLE"
    numbers = [each for each in inputs if each.kind in ("integer", "decimal")]
    leaks = {}
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        wanted = ", ".join(f"corr({quote_name(each.name)}::DOUBLE, {goal})" for each in some)
        row = first(base.con, f"SELECT {wanted} FROM {base.training}")
        for column, found in zip(some, row, strict=True):
            if found is not None and abs(found) >= ALL_BUT:
                why = f"It correlates with the target by {found:.5f}."
                leaks[column.name] = Leak(why, repeats=True)
    return leaks


def _most_frequent(base: Base, column: Input, target: Input) -> float:
    """The share of the most frequent class among the rows that a column has a value in."""
    filled = f"{base.training} WHERE {quote_name(column.name)} IS NOT NULL"
    classes = f"SELECT count(*) AS n FROM {filled} GROUP BY {quote_name(target.name)}"
    return float(first(base.con, f"SELECT max(n) / sum(n) FROM ({classes})")[0])


def _told(base: Base, rows: str, column: Input, goal: Input, spread: str | None) -> float | None:
    """The share of a goal that a column's values settle: of its rows, or of its spread, if any."""
    name, wanted = quote_name(column.name), quote_name(goal.name)
    filled = f"{rows} WHERE {name} IS NOT NULL"
    if spread:
        row = first(
            base.con,
            f"SELECT 1 - sum(n * v) / (SELECT nullif(count(*) * {spread}, 0) FROM {filled})"
            f" FROM (SELECT count(*) AS n, {spread} AS v FROM {filled} GROUP BY {name})",
        )
    else:
        row = first(
            base.con,
            "SELECT sum(most) / sum(n) FROM (SELECT max(n) AS most, sum(n) AS n FROM (SELECT"
            f" {name} AS v, {wanted}, count(*) AS n FROM {filled} GROUP BY ALL) GROUP BY v)",
        )
    return None if row[0] is None else float(row[0])


def _one(base: Base, sql: str) -> int:
    row = first(base.con, sql)
    return int(row[0]) if row else 0
