"""The files of a result: CSV, Parquet, the spreadsheet copy, the preview.

Here: writing them from cells, batch by batch. Not here: what stands in the cells.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PREVIEW_ROWS = 50
ROW_GROUP_ROWS = 100_000
ROW_GROUP_BYTES = 32 << 20
ESCAPE = "escape formulas"
_SPECIAL = (b'"', b",", b"\n", b"\r")
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"

Columns = dict[str, pa.ChunkedArray]


@dataclass(frozen=True)
class Cells:
    """Cells of some rows by output column: as text and as typed value, null where missing."""

    texts: Columns
    typed: Columns
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cells that a rule changed, by output and rule."""


class Rendered(NamedTuple):
    """Some rows in the form in which they go into the files."""

    csv: memoryview
    spreadsheet: memoryview | None
    typed: pa.Table
    changed: Counter[tuple[str, str]]


def render(cells: Cells, *, spreadsheet: bool) -> Rendered:
    """Bring rows into the form of the files; may run in several threads."""
    changed = cells.changed
    sheet = None
    if spreadsheet:
        safe, counts = zip(*map(_escaped, cells.texts.values()), strict=True)
        sheet, changed = _lines(safe), Counter(changed | {("", ESCAPE): sum(counts)})
    return Rendered(_lines([*cells.texts.values()]), sheet, pa.table(cells.typed), changed)


class Written(NamedTuple):
    """How many rows were written, and the cells that rules changed on the way."""

    rows: int
    changed: Counter[tuple[str, str]]


def write(
    folder: Path, names: Iterable[str], rows: Iterable[Rendered], *, spreadsheet: bool
) -> Written:
    """Write `data.csv`, `data.parquet` and, if asked for, `spreadsheet.csv`.

    Args:
        folder: where to.
        names: the columns.
        rows: all rows in order, in at least one batch.
        spreadsheet: whether the batches hold a copy for spreadsheets.
    """
    count, changed = 0, Counter[tuple[str, str]]()
    with ExitStack() as files:
        table = files.enter_context((folder / "data.csv").open("wb"))
        groups = files.enter_context(_RowGroups(folder / "data.parquet"))
        copies = [table]
        if spreadsheet:
            copies.append(files.enter_context((folder / "spreadsheet.csv").open("wb")))
        for copy in copies:
            copy.write(_header(names))
        for batch in rows:
            for copy, lines in zip(copies, (batch.csv, batch.spreadsheet), strict=False):
                copy.write(lines or b"")
            groups.add(batch.typed)
            count += batch.typed.num_rows
            changed.update(batch.changed)
    return Written(count, changed)


def preview(path: Path) -> tuple[tuple[str, ...], ...]:
    """The first rows of a written CSV, header excluded."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(tuple(row) for row in islice(csv.reader(lines), 1, PREVIEW_ROWS + 1))


class _RowGroups:
    """A Parquet file whose row groups are large, however small the batches are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._pending: list[pa.Table] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pending and kind is None:
            self._flush()
        if self._writer:
            self._writer.close()

    def add(self, rows: pa.Table) -> None:
        """Take the next rows."""
        self._pending.append(rows)
        count = sum(each.num_rows for each in self._pending)
        if count >= ROW_GROUP_ROWS or sum(each.nbytes for each in self._pending) >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        rows, self._pending = pa.concat_tables(self._pending), []
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path,
                rows.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=False,
            )
        self._writer.write_table(rows, row_group_size=max(1, rows.num_rows))


def _header(names: Iterable[str]) -> bytes:
    return bytes(_lines([pa.chunked_array([[name]], pa.string()) for name in names]))


def _lines(columns: Sequence[pa.ChunkedArray]) -> memoryview:
    """Join columns of text to the lines of a CSV; a missing value is an empty cell.

    A table of one column says it with quotes, since an empty line would be no row.
    """
    nothing = "" if len(columns) > 1 else '""'
    *cells, last = (_quoted(column.combine_chunks()) for column in columns)
    last = pc.binary_join_element_wise(
        last, "", "\n", null_handling="replace", null_replacement=nothing
    )
    if cells:
        last = pc.binary_join_element_wise(
            *cells, last, ",", null_handling="replace", null_replacement=""
        )
    _, offsets, data = last.buffers()
    return memoryview(data)[: np.frombuffer(offsets, np.int32)[len(last)]]


def _quoted(texts: pa.StringArray) -> pa.StringArray:
    """Put quotes around texts that would otherwise be read as more than one cell."""
    data = bytes(texts.buffers()[2] or b"")
    found = [mark for mark in _SPECIAL if data.find(mark) >= 0]
    if not found:
        return texts
    special = pc.fill_null(reduce(pc.or_, (pc.match_substring(texts, m) for m in found)), False)
    quoted = pc.replace_substring(texts.filter(special), '"', '""')
    return pc.replace_with_mask(texts, special, pc.binary_join_element_wise('"', quoted, '"', ""))


def _escaped(texts: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Put an apostrophe before what a spreadsheet program would run; count such cells.

    Plain numbers stay as they are.
    """
    number = pc.match_substring_regex(texts, _NUMBER)
    risky = pc.and_(pc.match_substring_regex(texts, _FORMULA), pc.invert(number))
    count = pc.sum(risky).as_py() or 0
    return pc.if_else(risky, pc.binary_join_element_wise("'", texts, ""), texts), count
