"""A model recipe fitted from the first step to the last, and applied to typed rows.

Here: the order of the steps. Not here: any of them.
"""

from dataclasses import dataclass
from pathlib import Path

from headgate.engine.duck import first
from headgate.engine.model import sql
from headgate.engine.model.base import FOLD, TEST, Base, write_base
from headgate.engine.model.encode import encode, goals
from headgate.engine.model.judge import judge
from headgate.engine.model.names import settle
from headgate.engine.model.task import find_split, find_target, find_task
from headgate.engine.recipe import Modelling, Output, Recipe, TargetColumn, TestFlag
from headgate.engine.removal import Removed
from headgate.engine.staged import Staged
from headgate.errors import OptionsError
from headgate.options import ModelOptions


@dataclass(frozen=True)
class Table:
    """The rows of the result, and name and expression of each of its columns."""

    relation: str
    cells: list[tuple[str, str]]


def fit(
    staged: Staged, removed: Removed, options: ModelOptions, wanted: str | None, folder: Path
) -> tuple[Modelling, tuple[Output, ...]]:
    """Fit everything on the training rows.

    Raises:
        OptionsError: The target or an option does not suit the file.
    """
    target = find_target(staged, wanted)
    task, classes = find_task(staged, removed, target, options.task)
    split = find_split(staged, removed, options)
    base = write_base(staged, removed, split, target.name, folder / "typed.parquet")
    _check_training(base)
    inputs = [each for each in staged.inputs if each.name != target.name]
    verdict = judge(base, inputs, target, task, options)
    features = encode(base, verdict.features, goals(target, task, classes), options)
    outputs: list[Output] = [
        TargetColumn(name=target.name, source=target.name, classes=classes),
        TestFlag(name="_test"),
        *features,
    ]
    names = settle(each.name for each in outputs)
    named = [
        each.model_copy(update={"name": name}) for each, name in zip(outputs, names, strict=True)
    ]
    modelling = Modelling(
        task=task,
        target=target.name,
        split=split,
        risks=tuple(verdict.risks),
        fingerprint=base.fingerprint,
    )
    return modelling, (*named[2:], *named[:2])


def apply(staged: Staged, removed: Removed, recipe: Recipe, folder: Path) -> Table:
    """Lay out the result of a recipe.

    On the very rows that the recipe was fitted on, training rows get the means of the folds that
    they are not in; on any others, every row is new.
    """
    modelling = recipe.modelling
    if modelling is None:
        raise OptionsError("This recipe is not one for a model.", todo="Replay it as a clean one.")
    path = folder / "typed.parquet"
    base = (
        Base(staged.con, path)
        if path.exists()
        else write_base(staged, removed, modelling.split, modelling.target, path)
    )
    same = base.fingerprint == modelling.fingerprint
    test = TEST if same else "CAST(1 AS TINYINT)"
    fold = f"(CASE WHEN {TEST} = 1 THEN {sql.ALL} ELSE {FOLD} END)" if same else str(sql.ALL)
    for lookup in sql.lookups(recipe, folds=same):
        _load(base, lookup)
    return Table(sql.source(recipe, base.rows, fold), sql.cells(recipe, test, fold))


def _check_training(base: Base) -> None:
    row = first(base.con, f"SELECT count(*) FROM {base.training}")
    if not row or not row[0]:
        raise OptionsError(
            "No row is left to train on.",
            todo="Lower test_share, or give a file with more rows that have a target.",
        )


def _load(base: Base, lookup: sql.Lookup) -> None:
    import pyarrow as pa

    folds, categories, numbers = zip(*lookup.rows, strict=True) if lookup.rows else ((), (), ())
    rows = pa.table(
        {
            "lookup_fold": pa.array(folds, pa.int8()),
            "lookup_key": pa.array(categories, pa.string()),
            "lookup_number": pa.array(numbers, pa.float64()),
        }
    )
    base.con.register("lookup_rows", rows)
    base.con.execute(f"CREATE TEMP TABLE {lookup.name} AS FROM lookup_rows")
    base.con.unregister("lookup_rows")
