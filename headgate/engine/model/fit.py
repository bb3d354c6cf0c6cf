"""A model recipe fitted from the first step to the last.

Here: the order of the steps. Not here: any of them.
"""

from headgate.engine.cleaning.cleaned_rows import RemainingRows
from headgate.engine.model.encode import encode, goals
from headgate.engine.model.feature_names import settle
from headgate.engine.model.roles import judge
from headgate.engine.model.task import find_split, find_target, find_task
from headgate.engine.model.typed_rows import TypedRows, typed_rows_path, write_typed_rows
from headgate.engine.recipe import Modelling, Output, Split, TargetColumn, TestFlag
from headgate.errors import OptionsError
from headgate.options import ModelOptions


def fit(
    rows: RemainingRows, options: ModelOptions, wanted: str | None
) -> tuple[Modelling, tuple[Output, ...]]:
    """Fit everything on the training rows.

    Raises:
        OptionsError: The target or an option does not suit the file.
    """
    staged = rows.staged
    target = find_target(staged, wanted)
    split = find_split(rows, options)
    typed = write_typed_rows(rows, split, target.name, typed_rows_path(staged.scratch))
    task, classes = find_task(typed, target, options.task)
    _check_training(typed, split)
    inputs = [each for each in staged.inputs if each.name != target.name]
    verdict = judge(typed, inputs, target, task, options)
    predicted = TargetColumn(name=target.name, source=target.name, classes=classes)
    features = encode(typed, verdict, goals(typed, predicted), options)
    outputs: list[Output] = [predicted, TestFlag(name="_test"), *features]
    names = settle(each.name for each in outputs)
    named = [
        each.model_copy(update={"name": name}) for each, name in zip(outputs, names, strict=True)
    ]
    modelling = Modelling(
        task=task,
        target=target.name,
        split=split,
        risks=tuple(verdict.risks),
        fingerprint=typed.fingerprint,
    )
    return modelling, (*named[2:], *named[:2])


def _check_training(typed: TypedRows, split: Split) -> None:
    if typed.training_rows:
        return
    if split.how == "group":
        raise OptionsError(
            f"All groups of the column {split.column!r} are held out; there are too few of them.",
            todo="Name a `group_column` with more groups, or take another `seed`.",
        )
    raise OptionsError(
        "No row is left to train on.",
        todo="Lower `test_share`, or give a file with more rows that have a target.",
    )
