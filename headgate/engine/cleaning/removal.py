"""Which rows are left out: exact duplicates, rows without any value, rows without a target.

Here: one look at all rows, which also counts what their cleaning changes, and a second one at
those that may be duplicates. Not here: counting bad rows, which never reach the staged table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, chain
from operator import and_
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.cleaning.cleaned_rows import Flags, RemainingRows, Staged, stay
from headgate.engine.cleaning.digests import Digests, Hashes
from headgate.engine.cleaning.texts import Changes
from headgate.engine.columns.column import Column
from headgate.engine.duck import COLUMNS_PER_STATEMENT, quote_name
from headgate.engine.recipe import Removal
from headgate.engine.threads import map_ahead

ROW = "_headgate_row"
"""A row's place in the staged file, from 0."""
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Removed:
    """How many rows each rule left out."""

    rows: int = 0
    duplicates: int = 0
    empty: int = 0
    without_target: int = 0

    @property
    def rows_left(self) -> int:
        """Rows that stay."""
        return self.rows - self.duplicates - self.empty - self.without_target


class Look(NamedTuple):
    """What one batch shows; a row counts as empty first, then as one without target."""

    changes: dict[str, Changes]
    empty: Flags
    without: Flags
    hashes: Hashes | None


def leave_out(staged: Staged, rules: Removal) -> tuple[RemainingRows, Removed]:
    """Find the rows that stay.

    A row counts under the first rule that hits it: empty, without target, duplicate.
    """
    changes = {each.name: Changes() for each in staged.inputs if each.name in staged.columns}
    gone: list[Flags] = []
    empty = without = duplicates = 0
    batches = staged.batches(lines=True)
    with Digests(staged.scratch, staged.rows) as digests:
        looks = map_ahead(lambda place: _look(staged, rules, batches[place]), range(len(batches)))
        for look in looks:
            changes = {name: changes[name] + more for name, more in look.changes.items()}
            empty += int(look.empty.sum())
            without += int(look.without.sum())
            gone.append(look.empty | look.without)
            if look.hashes is not None:
                digests.add(look.hashes)
        if rules.duplicates:
            repeated = _duplicates(staged, digests, gone)
            duplicates = sum(int(flags.sum()) for flags in repeated)
            gone = [*map(np.logical_or, gone, repeated)]
    return RemainingRows(staged, gone, changes), Removed(staged.rows, duplicates, empty, without)


def _duplicates(staged: Staged, digests: Digests, gone: Sequence[Flags]) -> Sequence[Flags]:
    """Return batch by batch which rows are equal to an earlier one, but for those already gone."""
    repeated = digests.repeated()
    by_batch = np.split(repeated, np.cumsum([*map(len, gone)])[:-1])
    for flags, others in zip(by_batch, gone, strict=False):
        flags[others] = False
    for places in _firsts(staged, by_batch) if repeated.any() else ():
        repeated[places] = False  # by then all of them are read
    return by_batch


def _look(staged: Staged, rules: Removal, batch: pa.RecordBatch) -> Look:
    texts, changes = staged.texts(batch)
    names = [each.name for each in staged.inputs]
    nothing = np.zeros(batch.num_rows, np.bool_)
    empty = _missing(texts, names) if rules.empty_rows else nothing
    target = staged.columns.get(rules.target or "")
    known = target and target.name in names
    without = _without(texts, target) & ~empty if target and known else nothing
    hashes = _hashes(staged, texts.select(staged.key)) if rules.duplicates else None
    return Look(changes, empty, without, hashes)


def _missing(texts: pa.Table, names: list[Any]) -> Flags:
    """Return for each row whether none of these columns has a value."""
    if not all(texts[name].null_count for name in names):
        return np.zeros(texts.num_rows, np.bool_)
    return reduce(and_, (np.asarray(pc.is_null(texts[name])) for name in names))


def _without(texts: pa.Table, column: Column) -> Flags:
    """Return for each row whether a column has no value; a sign for a missing one may be kept."""
    signs = {text for each in column.missing for text in (each.marker, each.marker.strip())}
    kept = pc.is_in(texts[column.name], pa.array(sorted(signs), pa.string()))
    return np.asarray(pc.or_(pc.is_null(texts[column.name]), kept))


def _hashes(staged: Staged, texts: pa.Table) -> Hashes:
    """Hash rows; of very many columns, some hundred at a time."""
    names = texts.column_names
    hashes = np.zeros(texts.num_rows, np.uint64)
    with staged.con.cursor() as con:
        for start in range(0, len(names), COLUMNS_PER_STATEMENT):
            part = names[start : start + COLUMNS_PER_STATEMENT]
            cells = ", ".join(map(quote_name, part))
            found: Any = con.from_arrow(texts.select(part)).project(f"hash({cells}) AS h")
            hashes = hashes * _ODD + np.asarray(found.to_arrow_table()["h"])
    return hashes


def _firsts(staged: Staged, repeated: Sequence[Flags]) -> Iterator[Any]:
    """Compare rows whose hash occurs again in full; yield the places of the first of equal ones."""
    cells = ", ".join(map(quote_name, staged.key))
    candidates = _candidates(staged, repeated)
    first = next(candidates)
    reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], candidates))
    staged.con.register("candidate_rows", reader)
    found = staged.con.sql(f"SELECT min({ROW}) FROM candidate_rows GROUP BY [{cells}]")
    for batch in found.to_arrow_reader():
        yield batch.column(0).to_numpy()
    staged.con.unregister("candidate_rows")


def _candidates(staged: Staged, repeated: Sequence[Flags]) -> Iterator[pa.RecordBatch]:
    """Yield the texts that tell rows apart and their places, of rows whose hash occurs again.

    The last batches come first: of a file larger than memory they are what is still there of it.
    """
    batches, starts = staged.batches(lines=True), [0, *accumulate(map(len, repeated))]

    def candidates(place: int) -> pa.Table:
        chosen = repeated[place]
        texts, _ = staged.texts(stay(batches[place], ~chosen))
        places = pa.array(np.flatnonzero(chosen) + starts[place])
        return texts.select(staged.key).append_column(ROW, places)

    for table in map_ahead(candidates, reversed(range(len(batches)))):
        yield from table.to_batches()
