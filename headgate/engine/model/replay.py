"""A model recipe carried out on typed rows: the result's numbers, and its lines of CSV.

Here: working cells out once for each value that recurs. Not here: how one is worked out (`cells`),
and fitting the recipe.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.cleaning.cleaned_rows import RemainingRows
from headgate.engine.cleaning.rules import ESCAPE
from headgate.engine.duck import double, first, quote_name
from headgate.engine.model.steps import (
    PROBE_ROWS,
    Step,
    decoded,
    side_by_side,
    steps,
)
from headgate.engine.model.typed_rows import (
    TEST,
    TypedRows,
    typed_rows_path,
    write_typed_rows,
)
from headgate.engine.recipe import (
    Frequency,
    OneHot,
    Recipe,
    TargetColumn,
    TargetMean,
)
from headgate.engine.result.outputs import Rendered
from headgate.engine.result.profile import Balance
from headgate.engine.threads import map_ahead
from headgate.errors import OptionsError

CELLS = 1 << 22  # that are worked out at a time
LINES = 4096  # joined at a time, so that their cells stay in the processor's cache
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
            strings.octets(side_by_side([each.slice(at, LINES) for each in texts]))
            for at in range(0, batch.num_rows, LINES)
        ]
        typed = chain.from_iterable(each.typed for each in columns)
        table = pa.table(dict(zip(self.names, typed, strict=True)))
        if not spreadsheet:
            return Rendered(lines, None, table, Counter())
        return Rendered(lines, lines, table, Counter({("", ESCAPE): 0}))


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
        [*steps(recipe, same=same)],
        [each.name for each in recipe.outputs],
        _balance(typed, recipe, TEST if same else "1"),
        () if same else tuple(_unseen(typed, recipe)),
    )


def _ended(coded: pa.StringArray | pa.DictionaryArray) -> pa.StringArray | pa.DictionaryArray:
    """Put the end of a line behind each cell, a missing one too."""
    if isinstance(coded, pa.DictionaryArray) and not coded.null_count:
        return pa.DictionaryArray.from_arrays(coded.indices, _ended(coded.dictionary))
    return pc.binary_join_element_wise(
        decoded(coded), "", "\n", null_handling="replace", null_replacement=""
    )


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
