"""Values of single columns, on the disk in a form that statistics of any length can be had from.

Here: writing that file, from the rows that stay, and what all its columns are asked at once: of a
wide table, a statement for each would take minutes. Not here: the statistics.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from headgate.engine.cleaning import stats
from headgate.engine.cleaning.cleaned_rows import RemainingRows
from headgate.engine.cleaning.number_style import Form, NumberStyle, form_of
from headgate.engine.columns.column import BLANKS
from headgate.engine.columns.formats import NUMBERS
from headgate.engine.duck import COLUMNS_PER_STATEMENT, first, quote_text
from headgate.engine.recipe import Input

CHUNK = "chunk"
"""Which part of the file, as one thread reads it, a row is in: sums are taken part by part."""
GROUP_BYTES = 32 << 20


class Values:
    """Text and typed value of the columns that rules are fitted on."""

    def __init__(self, rows: RemainingRows, columns: Sequence[Input]) -> None:
        """Write them down, if there are any."""
        self.rows = rows
        self._numbers = [each for each in columns if each.kind in NUMBERS]
        self._quantiles: dict[tuple[float, ...], dict[str, list[float]]] = {}
        self._columns = columns
        self._path = rows.staged.scratch / "values.parquet"
        if columns:
            _write(rows.read(*(each.name for each in columns)), self._path)

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """Where SQL about them is to run."""
        return self.rows.staged.con

    @property
    def relation(self) -> str:
        """What SQL calls them."""
        return f"read_parquet({quote_text(str(self._path))})"

    def text(self, column: Input) -> str:
        """Return what SQL calls the cleaned text of a column."""
        return self.rows.text(column.name)

    def value(self, column: Input) -> str:
        """Return what SQL calls the typed value of a column."""
        return self.rows.value(column.name)

    def quantiles(self, column: Input, *shares: float) -> list[float]:
        """Quantiles of a column of numbers; none where it has no value."""
        if shares not in self._quantiles:
            values = [self.value(each) for each in self._numbers]
            found = stats.quantiles(self.con, self.relation, values, shares)
            self._quantiles[shares] = self._by_name(found)
        return self._quantiles[shares][column.name]

    @cached_property
    def moments(self) -> dict[str, stats.Moments | None]:
        """Moments of each column of numbers; None where it has no value."""
        values = [self.value(each) for each in self._numbers]
        return self._by_name(stats.moments(self.con, self.relation, CHUNK, values))

    @cached_property
    def modes(self) -> dict[str, stats.Mode]:
        """The mode of each column that has a value."""
        by_type: dict[str, list[Input]] = {}
        for each in self._columns:
            by_type.setdefault(each.sql_type, []).append(each)
        found: dict[str, stats.Mode] = {}
        for columns in by_type.values():
            pairs = [(self.value(each), self.text(each)) for each in columns]
            modes = stats.modes(self.con, self.relation, pairs)
            found |= {columns[place].name: mode for place, mode in modes.items()}
        return found

    @cached_property
    def number_styles(self) -> dict[str, NumberStyle]:
        """How each column of numbers is written."""
        columns = self.rows.staged.columns
        forms = {each.name: form_of(columns[each.name].format) for each in self._numbers}
        marked = [(each, form) for each in self._numbers if (form := forms[each.name])]
        marked = [(each, form) for each, form in marked if form["mark"]]
        decimals = self._ends((each, _decimals(self._bare(each), form)) for each, form in marked)
        firsts = self._ends((each, f"ltrim({self._bare(each)}, '-')") for each, _ in marked)
        none = (None, None)
        return {
            name: _style(form, decimals.get(name, none), firsts.get(name, none)[0])
            for name, form in forms.items()
        }

    def _bare(self, column: Input) -> str:
        """Return what SQL calls the cleaned text of a column without blanks around it."""
        text = self.text(column)
        return text if column.trim else f"trim({text}, {quote_text(BLANKS)})"

    def _ends(self, asked: Iterable[tuple[Input, str]]) -> dict[str, Any]:
        """Return the least and the most of an expression over columns of numbers, if any."""
        cells = (
            (column.name, f"CASE WHEN {self.value(column)} IS NOT NULL THEN {expression} END")
            for column, expression in asked
        )
        wanted = {name: f"[min({cell}), max({cell})]" for name, cell in cells}
        found: list[Any] = []
        for start in range(0, len(wanted), COLUMNS_PER_STATEMENT):
            some = ", ".join([*wanted.values()][start : start + COLUMNS_PER_STATEMENT])
            found += first(self.con, f"SELECT {some} FROM {self.relation}")
        return dict(zip(wanted, found, strict=True))

    def _by_name(self, found: Iterable[Any]) -> dict[str, Any]:
        return dict(zip((each.name for each in self._numbers), found, strict=True))


def _write(rows: pa.RecordBatchReader, path: Path) -> None:
    """Write rows in groups that are neither small nor too large for memory, each numbered."""
    schema = rows.schema.append(pa.field(CHUNK, pa.int32()))
    with pq.ParquetWriter(
        path, schema, compression="lz4", use_dictionary=False, write_statistics=False
    ) as out:
        for number, batches in enumerate(_gathered(rows)):
            group = pa.Table.from_batches(batches, rows.schema)
            numbers = pa.repeat(pa.scalar(number, pa.int32()), len(group))
            out.write_table(group.append_column(CHUNK, numbers))


def _gathered(rows: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    pending: list[pa.RecordBatch] = []
    for batch in rows:
        pending.append(batch)
        if sum(each.nbytes for each in pending) >= GROUP_BYTES:
            yield pending
            pending = []
    yield pending


def _style(form: Form | None, decimals: Sequence[int | None], first: str | None) -> NumberStyle:
    """Tell how numbers are written by their format, their decimals, and the first of their texts.

    Where some have more decimals than others, none but a zero right behind the mark is at an end.
    """
    least, most = (each or 0 for each in decimals)
    whole = bool(form and form["lakh"])  # no decimals are read beside such groups
    even = whole or 0 < least == most
    return NumberStyle(form, least if even else min(least, 1), even, (first or "0")[0] in ".,")


def _decimals(text: str, form: Form) -> str:
    """Return how many digits stand behind the decimal mark of a text, as SQL."""
    bare = f"rtrim({text}, '-)')" if form["closed"] else text
    place = f"strpos({text}, '{form['mark']}')"
    return f"if({place} = 0, 0, length({bare}) - {place} - {len(form['after'])})"
