"""The typed rows that a model's recipe is fitted on and applied to, in one file.

Here: writing that file, with each row's part in training. Not here: any fitting.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.cleaning.cleaned_rows import Flags, RemainingRows, Staged
from headgate.engine.duck import evaluate, first, quote_name, quote_text
from headgate.engine.model.hashes import row_hashes, with_cell
from headgate.engine.recipe import Split
from headgate.engine.staging import StagedFile, writing

TEST = "_headgate_test"
FOLD = "_headgate_fold"
ROW_HASH = "_headgate_row_hash"
FULL_HASH = "_headgate_full"
CHUNK = "_headgate_chunk"
"""Which batch of the file a row is in: sums are taken batch by batch."""
SHARES = 1_000_000  # steps in which a hash is compared with the test share
BATCH_ROWS = 1 << 17  # rows of a batch at most, which one thread reads


@dataclass(frozen=True)
class TypedRows:
    """The file of typed rows; text is cleaned, and every row knows its part."""

    con: duckdb.DuckDBPyConnection
    path: Path
    rows = "typed_rows"
    """What SQL calls all rows."""

    def __post_init__(self) -> None:
        """Let SQL see them."""
        self.con.register(self.rows, StagedFile(self.path))

    @property
    def training(self) -> str:
        """The rows that everything is fitted on."""
        return f"(SELECT * FROM {self.rows} WHERE {TEST} = 0)"

    @cached_property
    def training_rows(self) -> int:
        """How many these are."""
        return int(first(self.con, f"SELECT count(*) FROM {self.training}")[0])

    def some_training(self, enough: int) -> str:
        """Return a fixed part of them, chosen by their hash: at least so many, if there are."""
        part = max(1, self.training_rows // enough)
        return f"(SELECT * FROM {self.training} WHERE {ROW_HASH} % {part} = 0)"

    @property
    def fingerprint(self) -> str:
        """What tells these rows from any others, whatever their order."""
        found = first(self.con, f"SELECT count(*), sum({FULL_HASH}::HUGEINT) FROM {self.rows}")
        count, total = found or (0, 0)
        return f"{count}-{total or 0:x}"

    def batches(
        self, most: int = BATCH_ROWS, names: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Read all rows in file order, at most so many at a time; at least one batch."""
        staging = StagedFile(self.path, names)
        yield staging.nothing()
        for batch in staging:
            yield from _in_parts(batch, most)


def for_training(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Those of some rows that everything is fitted on."""
    return rows.filter(pc.equal(rows.column(TEST), 0))


def typed_rows_path(scratch: Path) -> Path:
    """Return where the typed rows lie between fitting a recipe and applying it."""
    return scratch / "typed.arrow"


def write_typed_rows(rows: RemainingRows, split: Split, target: str, path: Path) -> TypedRows:
    """Write the typed rows that stay.

    The row hash leaves the target out: rows that differ in nothing else stay together, and no
    target can move a row.
    """

    def based(texts: pa.Table) -> pa.Table:
        values = rows.staged.typed(texts)
        own = _parts(rows.staged, split, target, texts, values)
        return pa.table({each.name: values[each.name] for each in rows.staged.inputs} | own)

    tables = rows.map(based)
    head = next(tables)
    schema = head.schema.append(pa.field(CHUNK, pa.int32()))
    with writing(path, schema) as out:
        for chunk, batch in enumerate(_batches(chain([head], tables))):
            number = pa.repeat(pa.scalar(chunk, pa.int32()), batch.num_rows)
            out.write(pa.table([*batch.columns, number], schema))
    return TypedRows(rows.staged.con, path)


def _batches(tables: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    for table in tables:
        for batch in table.combine_chunks().to_batches():
            yield from _in_parts(batch, BATCH_ROWS)


def _in_parts(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch]:
    """Cut a batch into even parts of at most so many rows."""
    parts = ceil(batch.num_rows / most)
    size = ceil(batch.num_rows / max(1, parts))
    return (batch.slice(part * size, size) for part in range(parts))


def _parts(
    staged: Staged, split: Split, target: str, texts: pa.Table, values: dict[str, pa.Array]
) -> dict[str, Any]:
    """Return the columns of the file that tell each row's part."""
    con = staged.con
    features = [texts[each.name] for each in staged.inputs if each.name != target]
    nothing = pa.repeat("", texts.num_rows)
    hashes = row_hashes(con, split.hash, split.seed, features or [nothing])
    placed = hashes
    if split.how == "group":
        group = texts[split.column]
        alone = np.asarray(pc.is_null(group))
        placed = np.where(alone, hashes, row_hashes(con, split.hash, split.seed, [group]))
    held_out = placed % SHARES < round(split.test_share * SHARES)
    if split.how == "time":
        held_out = _later(staged, split, values)
    return {
        TEST: pa.array(held_out).cast(pa.int8()),
        FOLD: (placed // SHARES % split.folds).astype(np.int8),
        ROW_HASH: hashes,
        FULL_HASH: with_cell(con, split.hash, hashes, texts[target]),
    }


def _later(staged: Staged, split: Split, values: dict[str, pa.Array]) -> Flags:
    """Return, for each row, whether it lies beyond the time up to which rows are for training."""
    (column,) = [each for each in staged.inputs if each.name == split.column]
    if split.latest is None:
        return np.zeros(len(values[column.name]), np.bool_)
    latest = f"{quote_text(split.latest)}::{column.sql_type}"
    later = f"coalesce({quote_name(column.name)} > {latest}, false)"
    rows = pa.table({column.name: values[column.name]})
    return np.asarray(evaluate(staged.con, rows, {column.name: later})[column.name])
