"""Columns of a model's result worked out from one source, batch by batch."""

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.model.cells import work_out
from headgate.engine.model.sql import DAY_PARTS, known
from headgate.engine.model.typed_rows import FOLD, TEST
from headgate.engine.model.words import marks
from headgate.engine.recipe import (
    Frequency,
    Means,
    Number,
    Output,
    Recipe,
    TargetMean,
    TestFlag,
    Word,
)

PROBE_ROWS = 1024  # values that show whether the same ones recur
PROBE_SHARE = 0.99  # share of them that differ where about half of a large batch does
FEW = 0.5  # share of a column's numbers that differ up to which each is written once
LEAST_ROWS = 4 * PROBE_ROWS  # rows from which on it is worth asking


class ColumnCells(NamedTuple):
    """Some columns of the result: their cells, joined by commas or not, and their numbers.

    Texts of which a few recur are coded by a dictionary.
    """

    texts: list[pa.StringArray | pa.DictionaryArray]
    typed: list[pa.Array]


class Computed:
    """Columns made of one source alone."""

    def __init__(self, source: str, outputs: Iterable[Output]) -> None:
        self._source, self._outputs = source, [*outputs]

    def cells(self, con: duckdb.DuckDBPyConnection, batch: pa.RecordBatch) -> ColumnCells:
        """Work the columns out for some rows: where values recur, once for each of them."""
        values = self._values(batch)
        if not _recur(values):
            typed = work_out(con, self._source, values, self._outputs)
            return ColumnCells([*map(_as_text, typed)], typed)
        coded = values.dictionary_encode(null_encoding="encode")
        typed = work_out(con, self._source, coded.dictionary, self._outputs)
        texts = side_by_side([pc.cast(each, pa.string()) for each in typed])
        return ColumnCells(
            [pa.DictionaryArray.from_arrays(coded.indices, texts)],
            [each.take(coded.indices) for each in typed],
        )

    def _values(self, batch: pa.RecordBatch) -> pa.Array:
        return batch.column(self._source)


class Dated(Computed):
    """Parts of times that the day settles: it recurs where the time of day does not."""

    def _values(self, batch: pa.RecordBatch) -> pa.Array:
        return pc.cast(batch.column(self._source), pa.date32(), safe=False)


class Worded:
    """Columns that mark the words of one source."""

    def __init__(self, source: str, outputs: Iterable[Word]) -> None:
        self._source = source
        self._words = [each.word for each in outputs]

    def cells(self, _: duckdb.DuckDBPyConnection, batch: pa.RecordBatch) -> ColumnCells:
        """Mark the words for some rows; each cell is one digit."""
        marked = marks(batch.column(self._source), self._words)
        rows, width = len(marked), 2 * len(self._words) - 1
        digits = np.full((rows, width), ord(","), np.uint8)
        digits[:, ::2] = marked + ord("0")
        ends = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
        texts = pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(digits))
        flags = marked.T.astype(np.int32, order="C")
        return ColumnCells([texts], [pa.array(column) for column in flags])


class LookedUp:
    """Columns of numbers that stand for the categories of one source, in training rows by fold."""

    def __init__(
        self, source: str, outputs: Iterable[Frequency | TargetMean], *, folds: bool
    ) -> None:
        fitted = [_by_fold(each, folds=folds) for each in outputs]
        categories = [*dict.fromkeys(chain.from_iterable(each[0].means for each in fitted))]
        self._source, self._folds = source, len(fitted[0]) > 1
        self._categories = pa.array(categories, pa.string())
        self._numbers = [_in_places(each, categories) for each in fitted]
        self._texts = side_by_side([pc.cast(each, pa.string()) for each in self._numbers])

    def cells(self, _: duckdb.DuckDBPyConnection, batch: pa.RecordBatch) -> ColumnCells:
        """Look the numbers up for some rows; a missing category is ''."""
        keys = pc.fill_null(batch.column(self._source), "")
        found = pc.fill_null(pc.index_in(keys, value_set=self._categories), -1)
        places = np.asarray(found) + 1
        if self._folds:
            test = np.asarray(batch.column(TEST)) == 1
            fold = np.where(test, 0, np.asarray(batch.column(FOLD)).astype(np.int64) + 1)
            places = places + fold * (len(self._categories) + 1)
        rows = pa.array(places)
        return ColumnCells(
            [pa.DictionaryArray.from_arrays(rows, self._texts)],
            [each.take(rows) for each in self._numbers],
        )


class Flagged:
    """The column that tells which rows took no part in fitting: on other rows, all of them."""

    def __init__(self, *, same: bool) -> None:
        self._same = same

    def cells(self, _: duckdb.DuckDBPyConnection, batch: pa.RecordBatch) -> ColumnCells:
        """Return the flags of some rows."""
        all_new = pa.repeat(pa.scalar(1, pa.int8()), batch.num_rows)
        flags = batch.column(TEST) if self._same else all_new
        return ColumnCells([_as_text(flags)], [flags])


Step = Computed | Dated | Worded | LookedUp | Flagged


def steps(recipe: Recipe, *, same: bool) -> Iterator[Step]:
    """Columns of one source that stand together are worked out together."""
    times = {each.name for each in recipe.inputs if each.kind == "timestamp"}
    for (step, source), outputs in groupby(recipe.outputs, partial(_manner, times)):
        if step is Computed or step is Dated:
            yield step(source, outputs)
        elif step is Worded:
            yield Worded(source, [each for each in outputs if isinstance(each, Word)])
        elif step is LookedUp:
            found = [each for each in outputs if isinstance(each, Frequency | TargetMean)]
            yield LookedUp(source, found, folds=same)
        else:
            yield Flagged(same=same)


def _manner(times: Container[str], output: Output) -> tuple[type[Step], str]:
    match output:
        case TestFlag():
            return Flagged, ""
        case Frequency() | TargetMean():
            return LookedUp, output.source
        case Word():
            return Worded, output.source
        case Number() if output.part in DAY_PARTS and output.source in times:
            return Dated, output.source
        case _:
            return Computed, output.source


def _by_fold(output: Frequency | TargetMean, *, folds: bool) -> list[Means]:
    """Return what categories stand for: in new rows, and in training rows of each fold."""
    by_fold = output.folds if folds and isinstance(output, TargetMean) else ()
    return [known(output), *by_fold]


def _in_places(by_fold: Iterable[Means], categories: Sequence[str]) -> pa.Array:
    """Numbers of all categories, after that of an unseen one; fold by fold."""
    numbers = (
        (means.prior, *(means.means.get(each, means.prior) for each in categories))
        for means in by_fold
    )
    return pa.array(chain.from_iterable(numbers), pa.float64())


def _recur(values: pa.Array, share: float = PROBE_SHARE) -> bool:
    """Return whether so many rows share a value with others that it pays to look for them."""
    few = values.slice(0, PROBE_ROWS).drop_null()
    return len(values) >= LEAST_ROWS and len(few.unique()) <= share * len(few)


def _as_text(numbers: pa.Array) -> pa.StringArray | pa.DictionaryArray:
    """Write numbers; where most recur, each of them once."""
    if not _recur(numbers, FEW):
        return pc.cast(numbers, pa.string())
    coded = numbers.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices, pc.cast(coded.dictionary, pa.string()))


def side_by_side(coded: Sequence[pa.StringArray | pa.DictionaryArray]) -> pa.StringArray:
    """Join columns of cells by commas; a missing one is empty."""
    texts = [*map(decoded, coded)]
    if len(texts) == 1:
        return texts[0]
    return pc.binary_join_element_wise(*texts, ",", null_handling="replace", null_replacement="")


def decoded(coded: pa.StringArray | pa.DictionaryArray) -> pa.StringArray:
    """Return texts that are coded by a dictionary as they are."""
    return coded.dictionary_decode() if isinstance(coded, pa.DictionaryArray) else coded
