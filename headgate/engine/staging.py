"""The staged rows of a file: its text columns, their lines, and the rows as lines of CSV.

They are on the disk between two steps.

Here: the one place that knows the form, Arrow's IPC file, which costs next to nothing to write
and to read. Not here: what stands in the rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from headgate.engine.threads import Behind

LINE = "_line"
"""Name of the column that holds the physical line on which a row starts."""
CSV = "_headgate_csv"
"""Name of the column that holds a row as the line of CSV that the result has if no cell changes."""
PLACES = 64
"""Parts of a large file from which a sample is taken."""
_GOLDEN = 5**0.5 / 2 - 0.5  # its multiples, less the whole numbers, lie evenly, in no order


@dataclass(frozen=True)
class Writer:
    """Takes tables of a staged file's columns; each becomes one batch of the file."""

    file: pa.RecordBatchFileWriter
    behind: Behind

    def write(self, rows: pa.Table) -> None:
        """Append rows."""
        self.behind.do(partial(self._append, rows))

    def _append(self, rows: pa.Table) -> None:
        for batch in rows.combine_chunks().to_batches():
            self.file.write_batch(batch)


@contextmanager
def writing(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    """Open a new staged file for writing."""
    with pa.ipc.new_file(str(path), schema) as file, Behind() as behind:
        yield Writer(file, behind)


class StagedFile:
    """A staged file, read batch by batch; each is mapped into memory until it is let go."""

    def __init__(self, path: Path, names: Sequence[str] | None = None) -> None:
        """Open a file; with `names` only these columns are read."""
        self._path = str(path)
        file = self._open()
        self._names = file.schema.names if names is None else [*names]
        self.schema = pa.schema([file.schema.field(name) for name in self._names])
        self._batches = int(file.num_record_batches)
        self._only = self._batch(file, 0) if self._batches == 1 else None

    def __len__(self) -> int:
        """Return the number of batches."""
        return self._batches

    @property
    def sizes(self) -> list[int]:
        """The number of rows in each batch."""
        file = self._open()
        return [file.get_batch(place).num_rows for place in range(len(self))]

    @property
    def num_rows(self) -> int:
        """The number of rows in all batches."""
        return sum(self.sizes)

    def __getitem__(self, place: int) -> pa.RecordBatch:
        """Read one batch."""
        return self._batch(self._open(), place) if self._only is None else self._only

    def _open(self) -> pa.RecordBatchFileReader:
        mapped = pa.memory_map(self._path).read_buffer()  # a plain file would be read by a thread
        return pa.ipc.open_file(mapped)

    def _batch(self, file: pa.RecordBatchFileReader, place: int) -> pa.RecordBatch:
        """Choose columns of a whole batch: Arrow copies those that it is asked to read alone."""
        return file.get_batch(place).select(self._names)

    def sample(self, rows: int, most: int) -> pa.RecordBatch:
        """Take at most so many of its rows from all over the file; the same ones each time."""
        places, sizes = range(len(self)) if rows <= most else self._spread(), self.sizes
        share = min(1.0, most / max(1, sum(sizes[place] for place in places)))
        taken = [self[place].take(_all_over(sizes[place], share)) for place in places]
        return pa.concat_batches(taken) if taken else self.nothing()

    def nothing(self) -> pa.RecordBatch:
        """Return a batch without rows."""
        return pa.record_batch([pa.array([], each.type) for each in self.schema], self.schema)

    def _spread(self) -> Sequence[int]:
        return sorted({place * len(self) // PLACES for place in range(PLACES)})

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Read all batches, one after another."""
        return (self[place] for place in range(len(self)))

    def __arrow_c_stream__(self, requested: object = None) -> object:
        """Let DuckDB read the batches, anew for each statement."""
        reader = pa.RecordBatchReader.from_batches(self.schema, iter(self))
        return reader.__arrow_c_stream__(requested)


def _all_over(rows: int, share: float) -> pa.Array:
    """Choose a share of so many rows: one of each part, so that what recurs is not always hit."""
    part = np.arange(int(rows * share))
    places = (part + part * _GOLDEN % 1) * (rows / max(1, len(part)))
    return pa.array(np.unique(places.astype(np.int64)))


def register(con: DuckDBPyConnection, path: Path, name: str = "staged") -> None:
    """Let SQL see a staged file as a view of this name."""
    con.register(name, StagedFile(path))
