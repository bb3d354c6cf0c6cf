"""What is to be predicted: the kind of task, the classes, and which rows are held out.

Here: finding these from the target and the options. Not here: any feature.
"""

from typing import Literal

from headgate.engine.cleaning.cleaned_rows import RemainingRows, Staged
from headgate.engine.columns.formats import MOMENTS, NUMBERS
from headgate.engine.duck import first, quote_name
from headgate.engine.model.typed_rows import TypedRows
from headgate.engine.recipe import Input, Split
from headgate.errors import OptionsError
from headgate.options import ModelOptions
from headgate.words import counted

Task = Literal["binary", "multiclass", "regression"]
MAX_INTEGER_CLASSES = 10  # more different whole numbers are no classes
MOST_CLASSES = 1000
FIRST_ROWS = 100_000  # which may show that there are more


def find_target(staged: Staged, target: str | None) -> Input:
    """Return the target's column.

    Raises:
        OptionsError: None is named, or the file has no such column.
    """
    names = [each.name for each in staged.inputs]
    if target is None:
        raise OptionsError(
            "A table for a model needs a target column, and none is named.",
            todo=f"Name one of: {', '.join(names)}.",
        )
    if target not in names:
        raise OptionsError(
            f"There is no column {target!r} to predict.", todo=f"Name one of: {', '.join(names)}."
        )
    return staged.inputs[names.index(target)]


def find_task(typed: TypedRows, target: Input, told: str) -> tuple[Task, tuple[str, ...]]:
    """Return the kind of task, and the classes in their order as text.

    Raises:
        OptionsError: The target does not suit the task.
    """
    values = _values(typed, target)
    count = len(values)
    if target.kind in MOMENTS:
        raise OptionsError(
            f"The target {target.name!r} is a {target.kind}, which cannot be predicted as it is.",
            todo="Choose a number or category column.",
        )
    if count < 2:
        raise OptionsError(
            f"The target {target.name!r} has {counted(count, 'different value')}; there is nothing "
            "to learn.",
            todo="Choose another target column.",
        )
    number = target.kind in NUMBERS
    task: Task
    if told == "regression" or (
        told == "auto"
        and number
        and count > (MAX_INTEGER_CLASSES if target.kind == "integer" else 2)
    ):
        task = "regression"
    else:
        task = "binary" if count == 2 else "multiclass"
    _check(target, task, told, count, number=number)
    return task, () if task == "regression" else tuple(values)


def _check(target: Input, task: Task, told: str, count: int, *, number: bool) -> None:
    if task == "regression" and not number:
        raise OptionsError(
            f"The target {target.name!r} is {target.kind}, so it cannot be a regression's.",
            todo="Choose a number column, or leave the task to be found.",
        )
    if told not in ("auto", task):
        raise OptionsError(
            f"The target {target.name!r} has {count} different values: the task is {task}, not"
            f" {told}.",
            todo="Correct the task, or leave it to be found.",
        )
    if task != "regression" and count > MOST_CLASSES:
        raise OptionsError(
            f"The target {target.name!r} has over {MOST_CLASSES} different values, too many for"
            " classes.",
            todo="Choose another target column, or the task regression for a number.",
        )


def _values(typed: TypedRows, target: Input) -> list[str]:
    """Different values in their order, as text; a few more than can be classes at most."""
    name = quote_name(target.name)
    some = f"(SELECT {name} FROM {typed.rows} LIMIT {FIRST_ROWS})"
    for rows in (some, typed.rows):
        found = typed.con.execute(
            f"SELECT {name}::VARCHAR FROM {rows} WHERE {name} IS NOT NULL GROUP BY {name}"
            f" ORDER BY {name} LIMIT {MOST_CLASSES + 1}"
        ).fetchall()
        if len(found) > MOST_CLASSES:
            break
    return [row[0] for row in found]


def find_split(rows: RemainingRows, options: ModelOptions) -> Split:
    """Settle which rows are held out.

    Raises:
        OptionsError: The split's column is not in the file or holds no times, or two ways to split
            are asked for.
    """
    column = options.group_column or options.time_column
    if options.group_column and options.time_column:
        raise OptionsError(
            "Rows can be split by group or by time, not both.",
            todo="Give `group_column` or `time_column`.",
        )
    if column and column not in [each.name for each in rows.staged.inputs]:
        raise OptionsError(
            f"There is no column {column!r} to split by.",
            todo=f"Name one of: {', '.join(each.name for each in rows.staged.inputs)}.",
        )
    how: Literal["row", "group", "time"] = "row"
    latest = None
    if options.group_column:
        how = "group"
    elif options.time_column:
        how = "time"
        _require_times(rows.staged, options.time_column)
        latest = _latest(rows, options.time_column, options.test_share)
    return Split(
        how=how,
        hash="murmur64",
        test_share=options.test_share,
        seed=options.seed,
        folds=options.folds,
        column=column,
        latest=latest,
    )


def _require_times(staged: Staged, column: str) -> None:
    """Refuse to split by a column whose order is that of letters, or none.

    Raises:
        OptionsError: The column holds neither dates nor numbers.
    """
    found = staged.columns[column]
    if found.kind in (*MOMENTS, *NUMBERS):
        return
    doubt = f" ({found.doubt})" if found.doubt else ""
    raise OptionsError(
        f"The column {column!r} is {found.kind}{doubt}, so that it has no order in time.",
        where="`time_column`",
        todo="Name a column of dates, times or numbers.",
    )


def _latest(rows: RemainingRows, column: str, test_share: float) -> str | None:
    """Return the time up to which rows are for training: exact, from counted times."""
    value = rows.value(column)
    with rows.visible(column) as relation:
        row = first(
            rows.staged.con,
            "SELECT min(v)::VARCHAR FROM (SELECT v, sum(n) OVER (ORDER BY v) AS upto, sum(n) OVER"
            f" () AS total FROM (SELECT {value} AS v, count(*) AS n FROM {relation}"
            f" WHERE {value} IS NOT NULL GROUP BY v))"
            f" WHERE upto >= total * {1 - test_share!r}",
        )
    return row[0] if row else None
