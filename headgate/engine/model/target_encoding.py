"""Means of the target by category, over all training rows and without each fold.

Here: fitting these. Not here: which columns get them (`encode`), and looking them up (`replay`).
"""

from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.model.cells import work_out
from headgate.engine.model.typed_rows import FOLD, TEST, TypedRows, for_training
from headgate.engine.recipe import Means, TargetColumn
from headgate.engine.threads import map_ahead

GOALS_PER_PASS = 8  # goals whose sums are in memory together

Numbers = npt.NDArray[np.float64]
"""One for each category in order, and last one for all others together; by fold."""
Places = npt.NDArray[np.int64]


class Goal(NamedTuple):
    """What a mean is the mean of: the target itself, or 1 for a class of it and 0 for others."""

    target: TargetColumn
    category: str | None = None

    def of(self, targets: npt.NDArray[Any]) -> Numbers:
        """Give its value for some rows, from the cells of the target."""
        if self.category is None:
            return np.asarray(targets, np.float64)
        code = self.target.classes.index(self.category)
        return np.asarray(targets == code, np.float64)


class Tallies(NamedTuple):
    """Rows, sums of targets, and squared distances of targets from their category's mean."""

    rows: Numbers
    sums: Numbers
    squares: Numbers


@np.errstate(over="ignore", invalid="ignore")  # no number is refused by `encode`
def fit_means(
    typed: TypedRows, column: str, kept: Sequence[str], goals: Sequence[Goal], folds: int
) -> list[tuple[Means, list[Means]]]:
    """Fit for each goal the means of all training rows, and those that rows of each fold get.

    Of the column's categories some are kept, the others share one mean; '' is the missing one.
    Batches are added up in the order of the file, so that threads cannot change a sum.
    """
    every = np.ones(folds, np.bool_)
    chosen = [every, *(np.arange(folds) != fold for fold in range(folds))]
    fitted = []
    for start in range(0, len(goals), GOALS_PER_PASS):
        for tallies in _tallies(typed, column, kept, goals[start : start + GOALS_PER_PASS], folds):
            means, *by_fold = (_means(kept, tallies, some) for some in chosen)
            fitted.append((means, by_fold))
    return fitted


def _tallies(
    typed: TypedRows, column: str, kept: Sequence[str], goals: Sequence[Goal], folds: int
) -> list[Tallies]:
    """Tally the goals; what the second look at the rows needs waits in a file."""
    size, shape = (len(kept) + 1) * folds, (-1, folds)
    rows, (sums, squares) = np.zeros(size), np.zeros((2, len(goals), size))
    with TemporaryFile(dir=typed.path.parent) as seen:
        batches = 0
        for places, targets in _rows(typed, column, kept, goals[0].target, folds):
            rows += np.bincount(places, minlength=size)
            for place, goal in enumerate(goals):
                sums[place] += np.bincount(places, goal.of(targets), size)
            np.save(seen, places)
            np.save(seen, targets)
            batches += 1
        counts = rows.reshape(shape).sum(1)
        middles = [_ratio(own.reshape(shape).sum(1), counts) for own in sums]
        seen.seek(0)
        for _ in range(batches):
            places, targets = np.load(seen), np.load(seen)
            categories = places // folds
            for place, goal in enumerate(goals):
                away = (goal.of(targets) - middles[place][categories]) ** 2
                squares[place] += np.bincount(places, away, size)
    return [
        Tallies(rows.reshape(shape), own.reshape(shape), spread.reshape(shape))
        for own, spread in zip(sums, squares, strict=True)
    ]


def _rows(
    typed: TypedRows, column: str, kept: Sequence[str], target: TargetColumn, folds: int
) -> Iterator[tuple[Places, npt.NDArray[Any]]]:
    """Yield the place of each training row's category and fold, and its target."""
    categories = pa.array(kept, pa.string())

    def placed(batch: pa.RecordBatch) -> tuple[Places, npt.NDArray[Any]]:
        rows = for_training(batch)
        keys = pc.fill_null(rows.column(column), "")
        category = pc.fill_null(pc.index_in(keys, value_set=categories), len(kept))
        places = np.asarray(category).astype(np.int64) * folds + np.asarray(rows.column(FOLD))
        (found,) = work_out(typed.con, target.source, rows.column(target.source), [target])
        return places, np.asarray(found)

    names = dict.fromkeys([TEST, FOLD, column, target.source])
    return map_ahead(placed, typed.batches(names=[*names]))


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
