"""The staged rows under a recipe's inputs, batch by batch: their text cleaned, their values typed.

Here: what every rule works on, as Arrow tables and as rows that SQL can see. Not here: which
rules there are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import csv_lines
from headgate.engine.cleaning.texts import Changes, clean
from headgate.engine.columns.column import Column, arrow_type, decimals_of
from headgate.engine.columns.formats import EXPONENT, NUMBERS
from headgate.engine.duck import evaluate, quote_name
from headgate.engine.recipe import Input
from headgate.engine.staging import CSV, LINE, StagedFile
from headgate.engine.threads import map_ahead
from headgate.errors import DefectError
from headgate.words import quoted

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Staged:
    """A staged file, and how its columns are cleaned and typed."""

    con: duckdb.DuckDBPyConnection
    path: Path
    scratch: Path
    inputs: tuple[Input, ...]
    columns: dict[str, Column]
    rows: int

    @cached_property
    def names(self) -> list[str]:
        """The columns of the file that are inputs, and the line."""
        return [LINE, *(each.name for each in self.inputs if each.name in self.columns)]

    @cached_property
    def whole(self) -> bool:
        """Whether the inputs are all columns of the file, in their order, as in its lines."""
        own = [name for name in StagedFile(self.path).schema.names if name not in (LINE, CSV)]
        return own == [each.name for each in self.inputs]

    @cached_property
    def key(self) -> list[str]:
        """The columns of cleaned texts that tell rows apart."""
        return [CSV] if self.whole else [each.name for each in self.inputs]

    def batches(self, *, lines: bool = False) -> StagedFile:
        """Return the staged rows, and if asked for their lines, where these hold the inputs."""
        return StagedFile(self.path, [*self.names, *([CSV] if lines and self.whole else [])])

    def texts(self, batch: pa.RecordBatch) -> tuple[pa.Table, dict[str, Changes]]:
        """Return the cleaned texts of all inputs and the lines; what the cleaning changed."""
        cleaned, changes = {LINE: batch.column(LINE)}, {}
        for each in self.inputs:
            if each.name in self.columns:
                texts, changed = clean(batch.column(each.name), each, self.columns[each.name])
                cleaned[each.name], changes[each.name] = texts, changed
            else:
                cleaned[each.name] = pa.nulls(batch.num_rows, pa.string())
        if CSV in batch.schema.names:
            cleaned[CSV] = self._lines(batch, cleaned, [name for name in changes if changes[name]])
        return pa.table(cleaned), changes

    def _lines(
        self, batch: pa.RecordBatch, cleaned: dict[str, pa.Array], changed: Sequence[str]
    ) -> pa.StringArray:
        """Return the lines of a batch, those written anew of which the cleaning changed a cell."""
        if not changed:
            return batch.column(CSV)
        stale = csv_lines.changed((batch.column(name), cleaned[name]) for name in changed)
        columns = [cleaned[each.name] for each in self.inputs]
        return csv_lines.renew(batch.column(CSV), columns, stale)

    def typed(self, texts: pa.Table, names: Sequence[str] | None = None) -> dict[str, pa.Array]:
        """Return the typed values of cleaned texts, null where one is missing.

        Texts of another kind than a replayed recipe has in a column are missing there as well.

        Raises:
            DefectError: A text of the column's own kind has no value.
        """
        values: dict[str, pa.Array] = {}
        others: list[Input] = []
        for each in self.inputs:
            if names is not None and each.name not in names:
                continue
            value = self._cast(each, texts[each.name])
            if value is None:
                others.append(each)
            else:
                values[each.name] = value
        return values | (self._by_sql(texts, others) if others else {})

    def read(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Return the typed value of one text of each of some inputs, or None."""
        rows = pa.table({name: pa.array([text], pa.string()) for name, text in texts.items()})
        sql = {each.name: self._sql(each) for each in self.inputs if each.name in texts}
        return {name: found[0].as_py() for name, found in evaluate(self.con, rows, sql).items()}

    def _cast(self, column: Input, texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
        """Let Arrow cast what is written plainly, which is much faster than SQL.

        It would take a text that is kept although it counts as missing for a value.
        """
        if column.sql_type == "VARCHAR":
            return texts
        found = self.columns.get(column.name)
        if found is None or not self._has_own_type(column):
            return None
        kept = {each.marker.strip() for each in found.missing} - {"", *column.missing}
        if kept or not found.plain:
            return None
        try:
            return pc.cast(texts, arrow_type(column.sql_type))
        except pa.ArrowInvalid:
            return None

    def _by_sql(self, texts: pa.Table, columns: Sequence[Input]) -> dict[str, pa.Array]:
        values = evaluate(self.con, texts, {each.name: self._sql(each) for each in columns})
        for each in columns:
            if self._has_own_type(each):
                self._hold_to_texts(each.name, texts[each.name], values[each.name])
        return values

    def _hold_to_texts(self, name: str, texts: pa.ChunkedArray, values: pa.ChunkedArray) -> None:
        """Make sure that no text but a sign for a missing value is without a value."""
        if values.null_count == texts.null_count:
            return
        column = self.columns[name]
        without = texts.filter(pc.is_null(values)).drop_null().unique().to_pylist()
        missing = {"", *(each.marker.strip() for each in column.missing)}
        lost = {text.strip() for text in without} - missing
        if lost:
            raise DefectError(
                f"{quoted(lost)} would have no value as {column.sql_type}",
                where=f"column {name}",
                todo="Nothing was published; please report this.",
            )

    def _has_own_type(self, column: Input) -> bool:
        """Return whether a column is typed as its file's own texts say."""
        found = self.columns.get(column.name)
        return found is not None and found.sql_type == column.sql_type

    def _sql(self, column: Input) -> str:
        found = self.columns.get(column.name)
        near = found.near.sql if found and found.near else ""
        if found is None or column.sql_type == "VARCHAR" or (found.kind == "text" and not near):
            return _from_text(quote_name(column.name), column)
        if self._has_own_type(column):
            return found.sql
        sql = near or found.sql
        cast = f"TRY_CAST({sql} AS {column.sql_type})"
        return f"CASE WHEN {cast} = {sql} THEN {cast} END"


def _from_text(text: str, column: Input) -> str:
    """Read a text as a value of another kind, if it is written so that nothing is lost."""
    if column.sql_type == "VARCHAR":
        return text
    cast = f"TRY_CAST({text} AS {column.sql_type})"
    if column.kind not in (*NUMBERS, "date"):
        return cast
    return f"CASE WHEN regexp_full_match({text}, '\\s*{_written(column)}\\s*') THEN {cast} END"


def _written(column: Input) -> str:
    """Regular expression of a day, or of a number that the column's type holds exactly."""
    if column.kind == "date":
        return "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    if column.sql_type == "DOUBLE":
        return rf"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)({EXPONENT})?"
    return rf"[-+]?[0-9]+(\.[0-9]{{0,{decimals_of(column.sql_type)}}})?"


@dataclass(frozen=True)
class RemainingRows:
    """The rows that stay, in file order, cleaned; `changes` tells what the cleaning changed."""

    staged: Staged
    gone: Sequence[Flags] = field(repr=False)
    changes: dict[str, Changes]

    def full(self, name: str) -> bool:
        """Return whether every row of the file has a value in this column."""
        return name in self.changes and self.changes[name].filled == self.staged.rows

    def map(self, make: Callable[[pa.Table], Any], *, lines: bool = False) -> Iterator[Any]:
        """Yield what `make` makes of the cleaned texts of each batch; several run at a time.

        There is a batch without rows where there is no row. The lines of CSV are among the texts
        if asked for, where these hold the inputs.
        """
        batches = self.staged.batches(lines=lines)

        def made(place: int) -> Any:
            there = place < len(batches)
            batch = stay(batches[place], self.gone[place]) if there else batches.nothing()
            return make(self.staged.texts(batch)[0])

        return map_ahead(made, range(max(1, len(batches))))

    def read(self, *names: str) -> pa.RecordBatchReader:
        """Read rows: `_line`, and `text` and `value` of each column, as this class calls them."""
        wanted = [each for each in self.staged.inputs if not names or each.name in names]

        def shown(texts: pa.Table) -> pa.RecordBatch:
            values = self.staged.typed(texts, [each.name for each in wanted])
            columns = {LINE: texts[LINE]}
            columns |= {self.text(each.name): texts[each.name] for each in wanted}
            columns |= {self.value(each.name): values[each.name] for each in wanted}
            return pa.table(columns)

        empty = shown(self.staged.texts(self.staged.batches().nothing())[0])
        batches = (batch for table in self.map(shown) for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(empty.schema, batches)

    @contextmanager
    def visible(self, *names: str) -> Iterator[str]:
        """Let one SQL statement see what `read` reads; yields the relation."""
        self.staged.con.register("visible_rows", self.read(*names))
        yield "visible_rows"
        self.staged.con.unregister("visible_rows")

    def text(self, name: str) -> str:
        """Return what SQL calls the cleaned text of a column."""
        return f"t{self._places[name]}"

    def value(self, name: str) -> str:
        """Return what SQL calls the typed value of a column."""
        return f"v{self._places[name]}"

    @cached_property
    def _places(self) -> dict[str, int]:
        return {each.name: place for place, each in enumerate(self.staged.inputs)}


def stay(batch: pa.RecordBatch, gone: Flags) -> pa.RecordBatch:
    """Return a batch without the rows that go."""
    return batch.filter(pa.array(~gone)) if gone.any() else batch
