"""A model recipe carried out on typed rows: the result's numbers, and its lines of CSV.

Here: working cells out once for each value that recurs. Not here: how one is worked out (`cells`),
and fitting the recipe.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.cleaning.cleaned_rows import RemainingRows
from headgate.engine.cleaning.rules import ESCAPE
from headgate.engine.duck import double, first, quote_name
from headgate.engine.model.cells import work_out
from headgate.engine.model.sql import DAY_PARTS, known
from headgate.engine.model.typed_rows import (
    FOLD,
    TEST,
    TypedRows,
    typed_rows_path,
    write_typed_rows,
)
from headgate.engine.model.words import marks
from headgate.engine.recipe import (
    Frequency,
    Means,
    Number,
    OneHot,
    Output,
    Recipe,
    TargetColumn,
    TargetMean,
    TestFlag,
    Word,
)
from headgate.engine.result.outputs import Rendered
from headgate.engine.result.profile import Balance
from headgate.engine.threads import map_ahead
from headgate.errors import OptionsError

CELLS = 1 << 22  # that are worked out at a time
LINES = 4096  # joined at a time, so that their cells stay in the processor's cache
PROBE_ROWS = 1024  # values that show whether the same ones recur
PROBE_SHARE = 0.99  # share of them that differ where about half of a large batch does
FEW = 0.5  # share of a column's numbers that differ up to which each is written once
LEAST_ROWS = 4 * PROBE_ROWS  # rows from which on it is worth asking
SHOWN = 3  # categories that are named
STEPS = 20  # into which the range of a number to predict is cut for the report


class Unseen(NamedTuple):
    """Categories of one source that no training row has, the most frequent ones first."""

    source: str
    rows: int
    categories: tuple[str, ...]

    def __str__(self) -> str:
        """Return the count of unseen categories, in one line."""
        shown = ", ".join(map(repr, self.categories[:SHOWN]))
        more = ", …" if len(self.categories) > SHOWN else ""
        hold = "1 row holds" if self.rows == 1 else f"{self.rows:,} rows hold"
        return f"{self.source}: {hold} categories that training did not have: {shown}{more}"


class ColumnCells(NamedTuple):
    """Some columns of the result: their cells, joined by commas or not, and their numbers.

    Texts of which a few recur are coded by a dictionary.
    """

    texts: list[pa.StringArray | pa.DictionaryArray]
    typed: list[pa.Array]


@dataclass(frozen=True)
class Table:
    """The result, whose rows come in the order of the file."""

    typed: TypedRows
    steps: Sequence["Step"]
    names: Sequence[str]
    balance: tuple[Balance, ...]
    unseen: tuple[Unseen, ...]

    def rendered(self, *, spreadsheet: bool) -> Iterator[Rendered]:
        """Yield the rows in the form of the files; several batches are worked on at a time."""
        most = max(PROBE_ROWS, CELLS // len(self.names))
        render = partial(self._rendered, spreadsheet=spreadsheet)
        return map_ahead(render, self.typed.batches(most))

    def _rendered(self, batch: pa.RecordBatch, *, spreadsheet: bool) -> Rendered:
        """Numbers need no quotes, nor an escape in a spreadsheet."""
        columns = [step.cells(self.typed.con, batch) for step in self.steps]
        *texts, last = chain.from_iterable(each.texts for each in columns)
        texts.append(_ended(last))
        lines = [
            strings.octets(_side_by_side([each.slice(at, LINES) for each in texts]))
            for at in range(0, batch.num_rows, LINES)
        ]
        typed = chain.from_iterable(each.typed for each in columns)
        table = pa.table(dict(zip(self.names, typed, strict=True)))
        if not spreadsheet:
            return Rendered(lines, None, table, Counter())
        return Rendered(lines, lines, table, Counter({("", ESCAPE): 0}))


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
        texts = _side_by_side([pc.cast(each, pa.string()) for each in typed])
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
        self._texts = _side_by_side([pc.cast(each, pa.string()) for each in self._numbers])

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


def apply(rows: RemainingRows, recipe: Recipe) -> Table:
    """Lay out the result of a recipe.

    On the very rows that the recipe was fitted on, training rows get the means of the folds that
    they are not in; on any others, every row is new.
    """
    modelling = recipe.modelling
    if modelling is None:
        raise OptionsError("This recipe is not one for a model.", todo="Replay it as a clean one.")
    path = typed_rows_path(rows.staged.scratch)
    typed = (
        TypedRows(rows.staged.con, path)
        if path.exists()
        else write_typed_rows(rows, modelling.split, modelling.target, path)
    )
    same = typed.fingerprint == modelling.fingerprint
    return Table(
        typed,
        [*_steps(recipe, same=same)],
        [each.name for each in recipe.outputs],
        _balance(typed, recipe, TEST if same else "1"),
        () if same else tuple(_unseen(typed, recipe)),
    )


def _steps(recipe: Recipe, *, same: bool) -> Iterator[Step]:
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


def _side_by_side(coded: Sequence[pa.StringArray | pa.DictionaryArray]) -> pa.StringArray:
    """Join columns of cells by commas; a missing one is empty."""
    texts = [*map(_decoded, coded)]
    if len(texts) == 1:
        return texts[0]
    return pc.binary_join_element_wise(*texts, ",", null_handling="replace", null_replacement="")


def _ended(coded: pa.StringArray | pa.DictionaryArray) -> pa.StringArray | pa.DictionaryArray:
    """Put the end of a line behind each cell, a missing one too."""
    if isinstance(coded, pa.DictionaryArray) and not coded.null_count:
        return pa.DictionaryArray.from_arrays(coded.indices, _ended(coded.dictionary))
    return pc.binary_join_element_wise(
        _decoded(coded), "", "\n", null_handling="replace", null_replacement=""
    )


def _decoded(coded: pa.StringArray | pa.DictionaryArray) -> pa.StringArray:
    return coded.dictionary_decode() if isinstance(coded, pa.DictionaryArray) else coded


def _balance(typed: TypedRows, recipe: Recipe, test: str) -> tuple[Balance, ...]:
    """Rows by class of the target, or by twenty steps of its range."""
    (target,) = [each for each in recipe.outputs if isinstance(each, TargetColumn)]
    name = quote_name(target.source)
    if target.classes:
        return tuple(Balance(*row) for row in _counts(typed, f"{name}::VARCHAR", name, test))
    low, high = first(
        typed.con, f"SELECT min({name})::DOUBLE, max({name})::DOUBLE FROM {typed.rows}"
    )
    if low is None:
        return ()
    width = (high - low) / STEPS or 1.0
    step = f"least(floor(({name}::DOUBLE - {double(low)}) / {double(width)}), {STEPS - 1})::INT"
    found = {place: counts for place, *counts in _counts(typed, step, name, test)}
    return tuple(
        Balance(f"{low + width * place:.4g}", *found.get(place, (0, 0))) for place in range(STEPS)
    )


def _unseen(typed: TypedRows, recipe: Recipe) -> Iterator[Unseen]:
    """Count the rows of other data whose category is encoded as one never seen."""
    known: dict[str, set[str]] = {}
    for each in recipe.outputs:
        match each:
            case OneHot():
                known.setdefault(each.source, set()).add(each.category)
            case Frequency():
                known.setdefault(each.source, set()).update(each.shares)
            case TargetMean():
                known.setdefault(each.source, set()).update(each.all.means)
    for source, categories in known.items():
        name = quote_name(source)
        found = typed.con.execute(
            f"SELECT {name}, count(*), sum(count(*)) OVER () FROM {typed.rows}"
            f" WHERE {name} NOT IN (SELECT unnest(?::VARCHAR[]))"
            f" GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT {SHOWN + 1}",
            [sorted(categories)],
        ).fetchall()
        if found:
            yield Unseen(source, int(found[0][2]), tuple(category for category, *_ in found))


def _counts(typed: TypedRows, key: str, name: str, test: str) -> list[tuple[Any, int, int]]:
    return typed.con.execute(
        f"SELECT {key}, count(*) FILTER (WHERE {test} = 0), count(*) FILTER (WHERE {test} = 1)"
        f" FROM {typed.rows} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
