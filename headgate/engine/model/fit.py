"""A model recipe fitted from the first step to the last, and applied to typed rows.

Here: the order of the steps. Not here: any of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.cleaning.staged import Rows
from headgate.engine.columns.types import quote_name
from headgate.engine.duck import double, first
from headgate.engine.model import sql
from headgate.engine.model.base import FOLD, TEST, Base, write_base
from headgate.engine.model.encode import encode, goals
from headgate.engine.model.judge import judge
from headgate.engine.model.names import settle
from headgate.engine.model.task import find_split, find_target, find_task
from headgate.engine.result.outputs import Cells
from headgate.engine.result.recipe import Modelling, Output, Recipe, TargetColumn, TestFlag
from headgate.engine.threads import map_ahead
from headgate.errors import OptionsError
from headgate.options import ModelOptions

Made = TypeVar("Made")
BATCH = 1 << 16  # rows that are brought into the form of the files at a time
FEW = 1024  # numbers that show whether the same ones recur
STEPS = 20  # into which the range of a number to predict is cut for the report


class Balance(NamedTuple):
    """How many rows have a target of one class, or in one step of its range."""

    label: str
    train: int
    test: int


@dataclass(frozen=True)
class Table:
    """The result: a query whose rows come in the order of the file."""

    con: duckdb.DuckDBPyConnection
    query: str
    balance: tuple[Balance, ...]

    def map(self, make: Callable[[Cells], Made]) -> Iterator[Made]:
        """Yield what `make` makes of the cells of each batch; several run at a time."""

        def made(batch: pa.RecordBatch) -> Made:
            typed = dict(zip(batch.schema.names, map(_chunked, batch.columns), strict=True))
            texts = {name: _as_text(values) for name, values in typed.items()}
            return make(Cells(texts, typed))

        reader = self.con.sql(self.query).to_arrow_reader(BATCH)
        nothing = reader.schema.empty_table().to_batches(BATCH)
        return map_ahead(made, chain(nothing, reader))


def _chunked(values: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array([values])


def _as_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write numbers; where they recur, each of them once."""
    if len(values.slice(0, FEW).unique()) > FEW / 4:
        return pc.cast(values, pa.string())
    coded = values.combine_chunks().dictionary_encode()
    return _chunked(pc.cast(coded.dictionary, pa.string()).take(coded.indices))


def typed_rows(scratch: Path) -> Path:
    """Where the typed rows lie between fitting a recipe and applying it."""
    return scratch / "typed.parquet"


def fit(
    rows: Rows, options: ModelOptions, wanted: str | None
) -> tuple[Modelling, tuple[Output, ...]]:
    """Fit everything on the training rows.

    Raises:
        OptionsError: The target or an option does not suit the file.
    """
    staged = rows.staged
    target = find_target(staged, wanted)
    split = find_split(rows, options)
    base = write_base(rows, split, target.name, typed_rows(staged.scratch))
    task, classes = find_task(base, target, options.task)
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


def apply(rows: Rows, recipe: Recipe) -> Table:
    """Lay out the result of a recipe.

    On the very rows that the recipe was fitted on, training rows get the means of the folds that
    they are not in; on any others, every row is new.
    """
    modelling = recipe.modelling
    if modelling is None:
        raise OptionsError("This recipe is not one for a model.", todo="Replay it as a clean one.")
    path = typed_rows(rows.staged.scratch)
    base = (
        Base(rows.staged.con, path)
        if path.exists()
        else write_base(rows, modelling.split, modelling.target, path)
    )
    same = base.fingerprint == modelling.fingerprint
    test = TEST if same else "CAST(1 AS TINYINT)"
    fold = f"(CASE WHEN {TEST} = 1 THEN {sql.ALL} ELSE {FOLD} END)" if same else str(sql.ALL)
    for lookup in sql.lookups(recipe, folds=same):
        _load(base, lookup)
    cells = ", ".join(
        f"{cell} AS {quote_name(name)}" for name, cell in sql.cells(recipe, test, fold)
    )
    return Table(
        base.con,
        f"SELECT {cells} FROM {sql.source(recipe, base.rows, fold)}",
        _balance(base, recipe, test),
    )


def _balance(base: Base, recipe: Recipe, test: str) -> tuple[Balance, ...]:
    """Rows by class of the target, or by twenty steps of its range."""
    (target,) = [each for each in recipe.outputs if isinstance(each, TargetColumn)]
    name = quote_name(target.source)
    if target.classes:
        return tuple(Balance(*row) for row in _counts(base, f"{name}::VARCHAR", name, test))
    low, high = first(base.con, f"SELECT min({name})::DOUBLE, max({name})::DOUBLE FROM {base.rows}")
    if low is None:
        return ()
    width = (high - low) / STEPS or 1.0
    step = f"least(floor(({name}::DOUBLE - {double(low)}) / {double(width)}), {STEPS - 1})::INT"
    found = {place: counts for place, *counts in _counts(base, step, name, test)}
    return tuple(
        Balance(f"{low + width * place:.4g}", *found.get(place, (0, 0))) for place in range(STEPS)
    )


def _counts(base: Base, key: str, name: str, test: str) -> list[tuple[Any, int, int]]:
    return base.con.execute(
        f"SELECT {key}, count(*) FILTER (WHERE {test} = 0), count(*) FILTER (WHERE {test} = 1)"
        f" FROM {base.rows} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()


def _check_training(base: Base) -> None:
    row = first(base.con, f"SELECT count(*) FROM {base.training}")
    if not row or not row[0]:
        raise OptionsError(
            "No row is left to train on.",
            todo="Lower test_share, or give a file with more rows that have a target.",
        )


def _load(base: Base, lookup: sql.Lookup) -> None:
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
