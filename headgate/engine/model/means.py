"""Means of the target by category, over all training rows and without each fold.

Here: fitting these. Not here: which columns get them (`encode`), and looking them up (`replay`).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.duck import evaluate
from headgate.engine.model.base import FOLD, TEST, Base
from headgate.engine.result.recipe import Means
from headgate.engine.threads import map_ahead

Numbers = npt.NDArray[np.float64]
"""One for each category in order, and last one for all others together; by fold."""
Places = npt.NDArray[np.int64]


class Goal(NamedTuple):
    """What a mean is the mean of: an expression over the target, for a class of it or itself."""

    target: str
    value: str
    category: str | None = None


class Tallies(NamedTuple):
    """Rows, sums of targets, and squared distances of targets from their category's mean."""

    rows: Numbers
    sums: Numbers
    squares: Numbers


def fit_means(
    base: Base, column: str, kept: Sequence[str], goal: Goal, folds: int
) -> tuple[Means, list[Means]]:
    """Fit the means of all training rows, and those that rows of each fold get.

    Of the column's categories some are kept, the others share one mean; '' is the missing one.
    Batches are added up in the order of the file, so that threads cannot change a sum.
    """
    tallies = _tallies(base, column, kept, goal, folds)
    every = np.ones(folds, np.bool_)
    others = [np.arange(folds) != fold for fold in range(folds)]
    fitted, *by_fold = (_means(kept, tallies, chosen) for chosen in (every, *others))
    return fitted, by_fold


def _tallies(base: Base, column: str, kept: Sequence[str], goal: Goal, folds: int) -> Tallies:
    size = (len(kept) + 1) * folds
    rows, sums, squares = (np.zeros(size) for _ in Tallies._fields)
    for places, values in _rows(base, column, kept, goal, folds):
        rows += np.bincount(places, minlength=size)
        sums += np.bincount(places, values, size)
    shape = (-1, folds)
    middles = _ratio(sums.reshape(shape).sum(1), rows.reshape(shape).sum(1))
    for places, values in _rows(base, column, kept, goal, folds):
        squares += np.bincount(places, (values - middles[places // folds]) ** 2, size)
    return Tallies(rows.reshape(shape), sums.reshape(shape), squares.reshape(shape))


def _rows(
    base: Base, column: str, kept: Sequence[str], goal: Goal, folds: int
) -> Iterator[tuple[Places, Numbers]]:
    """Yield the place of each training row's category and fold, and its goal."""
    categories = pa.array(kept, pa.string())

    def placed(batch: pa.RecordBatch) -> tuple[Places, Numbers]:
        rows = batch.filter(pc.equal(batch.column(TEST), 0))
        keys = pc.fill_null(rows.column(column), "")
        category = pc.fill_null(pc.index_in(keys, value_set=categories), len(kept))
        places = np.asarray(category).astype(np.int64) * folds + np.asarray(rows.column(FOLD))
        target = pa.table({goal.target: rows.column(goal.target)})
        values: Any = evaluate(base.con, target, {goal.target: goal.value})[goal.target]
        return places, np.asarray(values)

    names = dict.fromkeys([TEST, FOLD, column, goal.target])
    return map_ahead(placed, base.batches(names=[*names]))


def _means(categories: Sequence[str], tallies: Tallies, folds: npt.NDArray[np.bool_]) -> Means:
    """Means by category in some folds, drawn to the overall mean as empirical Bayes says.

    Formula: Micci-Barreca 2001, as in scikit-learn's TargetEncoder(smooth="auto").
    """
    rows, sums = (each[:, folds].sum(1) for each in (tallies.rows, tallies.sums))
    own = _ratio(sums, rows)
    middles = _ratio(tallies.sums.sum(1), tallies.rows.sum(1))
    squares = np.maximum(tallies.squares[:, folds].sum(1) - rows * (own - middles) ** 2, 0.0)
    prior = float(_ratio(sums.sum(), rows.sum()))
    spread = _ratio((squares + rows * (own - prior) ** 2).sum(), rows.sum())
    weight = spread * rows
    trust = _ratio(weight, weight + _ratio(squares, rows))
    drawn = trust * own + (1 - trust) * prior
    there = zip(categories, drawn.tolist(), rows.tolist(), strict=False)
    return Means(prior=prior, means={category: mean for category, mean, n in there if n})


def _ratio(over: Any, under: Any) -> Any:
    """Divide; what has no rows is 0."""
    return np.divide(over, under, out=np.zeros(np.shape(over)), where=np.asarray(under) > 0)
