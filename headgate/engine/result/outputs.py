"""The files of a result: CSV, Parquet, the spreadsheet copy, the preview.

Here: writing them from cells, batch by batch. Not here: what stands in the cells.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headgate.engine import csv_lines, strings
from headgate.engine.cleaning.replay import Cells
from headgate.engine.cleaning.rules import ESCAPE
from headgate.engine.threads import Behind

PREVIEW_ROWS = 50
ROW_GROUP_ROWS = 100_000
ROW_GROUP_BYTES = 32 << 20
PROBE_ROWS = 4096  # values that show whether the same ones recur
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class Rendered(NamedTuple):
    """Some rows in the form in which they go into the files."""

    csv: Sequence[memoryview]
    spreadsheet: Sequence[memoryview] | None
    typed: pa.Table
    changed: Counter[tuple[str, str]]


def render(cells: Cells, *, spreadsheet: bool) -> Rendered:
    """Bring rows into the form of the files; may run in several threads."""
    changed = cells.changed
    sheet = None
    if spreadsheet:
        safe, counts = zip(*map(_escaped, cells.texts.values()), strict=True)
        sheet = [strings.octets(csv_lines.write(safe))]
        changed = Counter(changed | {("", ESCAPE): sum(counts)})
    lines = cells.lines if cells.lines is not None else csv_lines.write([*cells.texts.values()])
    return Rendered([strings.octets(lines)], sheet, pa.table(cells.typed), changed)


class Written(NamedTuple):
    """How many rows were written, and the cells that rules changed on the way."""

    rows: int
    changed: Counter[tuple[str, str]]


def write(
    folder: Path, names: Iterable[str], rows: Iterable[Rendered], *, spreadsheet: bool
) -> Written:
    """Write `data.csv`, `data.parquet` and, if asked for, `spreadsheet.csv`, its names escaped too.

    Args:
        folder: Where to.
        names: The columns.
        rows: All rows in order, in at least one batch.
        spreadsheet: Whether the batches hold a copy for spreadsheets.
    """
    count, changed = 0, Counter[tuple[str, str]]()
    with ExitStack() as files:
        table = files.enter_context((folder / "data.csv").open("wb"))
        groups = files.enter_context(_row_groups(folder / "data.parquet"))
        copies, header = [table], pa.chunked_array([[*names]])
        table.write(_header(header))
        if spreadsheet:
            copies.append(files.enter_context((folder / "spreadsheet.csv").open("wb")))
            safe, changed["", ESCAPE] = _escaped(header)
            copies[1].write(_header(safe))
        for batch in rows:
            for copy, lines in zip(copies, (batch.csv, batch.spreadsheet), strict=False):
                copy.writelines(lines or ())
            groups.add(batch.typed)
            count += batch.typed.num_rows
            changed.update(batch.changed)
    return Written(count, changed)


def preview(path: Path) -> tuple[tuple[str, ...], ...]:
    """Return the first rows of a written CSV, header excluded."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(tuple(row) for row in islice(csv.reader(lines), 1, PREVIEW_ROWS + 1))


class _RowGroups:
    """A Parquet file whose row groups are large, however small the batches are.

    A thread writes one of them while the next one gathers.
    """

    def __init__(self, path: Path, behind: Behind) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._pending: list[pa.Table] = []
        self._rows = self._bytes = 0
        self._behind = behind

    def add(self, rows: pa.Table) -> None:
        """Take the next rows."""
        self._pending.append(rows)
        self._rows, self._bytes = self._rows + rows.num_rows, self._bytes + rows.nbytes
        if self._rows >= ROW_GROUP_ROWS or self._bytes >= ROW_GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the rows that have gathered."""
        if self._pending:
            rows, self._pending = pa.concat_tables(self._pending), []
            self._rows = self._bytes = 0
            self._behind.do(partial(self._write, rows))

    def close(self) -> None:
        """Close the file."""
        if self._writer:
            self._writer.close()

    def _write(self, rows: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path,
                rows.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[*_recurring(rows)],
            )
        self._writer.write_table(rows, row_group_size=max(1, rows.num_rows))


@contextmanager
def _row_groups(path: Path) -> Iterator[_RowGroups]:
    """Open a new Parquet file; its last rows are written where all went well."""
    behind = Behind()
    with closing(_RowGroups(path, behind)) as groups, behind:
        yield groups
        groups.flush()


def _recurring(rows: pa.Table) -> Iterator[str]:
    """Name the columns that have so few values that a dictionary of these saves time and room."""
    some = rows.slice(0, PROBE_ROWS)
    for name, column in zip(some.column_names, some.columns, strict=True):
        if pc.count_distinct(column).as_py() <= some.num_rows / 2:
            yield name


def _header(names: pa.ChunkedArray) -> bytes:
    cells = [names.slice(place, 1) for place in range(len(names))]
    return bytes(strings.octets(csv_lines.write(cells)))


def _escaped(texts: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Put an apostrophe before what a spreadsheet program would run; count such cells.

    Plain numbers stay as they are.
    """
    number = pc.match_substring_regex(texts, _NUMBER)
    risky = pc.and_(pc.match_substring_regex(texts, _FORMULA), pc.invert(number))
    count = pc.sum(risky).as_py() or 0
    return pc.if_else(risky, pc.binary_join_element_wise("'", texts, ""), texts), count
