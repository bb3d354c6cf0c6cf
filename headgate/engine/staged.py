"""The staged table as SQL: its text cleaned, its values typed, its removed rows left out.

Here: the views that every rule works on. Not here: which rules there are.
"""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from headgate.engine.blocks import LINE
from headgate.engine.duck import first
from headgate.engine.recipe import Input
from headgate.engine.types import Column, quote_name, quote_text

BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


@dataclass(frozen=True)
class Changes:
    """Cells of one column that each rule changes, and those that hold a value afterwards."""

    trimmed: int = 0
    normalised: int = 0
    emptied: int = 0
    filled: int = 0


@dataclass(frozen=True)
class Staged:
    """A staged table under a recipe's inputs; `changes` tells which rules have work to do."""

    con: duckdb.DuckDBPyConnection
    path: Path
    inputs: tuple[Input, ...]
    columns: dict[str, Column]
    changes: dict[str, Changes] = field(default_factory=dict)

    @property
    def raw(self) -> str:
        """The table as it was staged."""
        return f"read_parquet({quote_text(str(self.path))})"

    @property
    def text(self) -> str:
        """The cleaned text of every input, with its line."""
        cells = [f"{self.cell(each)} AS {quote_name(each.name)}" for each in self.inputs]
        return f"(SELECT {LINE}, {', '.join(cells)} FROM {self.raw})"

    def cell(self, column: Input) -> str:
        """The cleaned text of a cell, or NULL, doing only what this table has need of."""
        name = quote_name(column.name)
        if column.name not in self.columns:
            return "NULL::VARCHAR"
        changes = self.changes[column.name]
        if changes.trimmed:
            name = f"trim({name}, {quote_text(BLANKS)})"
        if changes.normalised:
            name = f"nfc_normalize({name})"
        if changes.emptied:
            markers = ", ".join(map(quote_text, column.missing))
            return f"CASE WHEN {name} NOT IN ('', {markers}) THEN {name} END"
        return f"nullif({name}, '')"

    def typed(self, column: Input) -> str:
        """The typed value over `text`, or NULL where it is missing or of another kind."""
        found = self.columns.get(column.name)
        if found is None:
            return f"NULL::{column.sql_type}"
        value = quote_name(column.name) if found.kind == "text" else found.sql
        if found.sql_type == column.sql_type:
            return value
        return f"TRY_CAST({value} AS {column.sql_type})"


def stage(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    inputs: tuple[Input, ...],
    columns: dict[str, Column],
) -> Staged:
    """Count what the text rules change in each column, in one scan."""
    present = [column for column in inputs if column.name in columns]
    table = f"read_parquet({quote_text(str(path))})"
    counts: list[int] = []
    for start in range(0, len(present), 500):
        sums = [each for column in present[start : start + 500] for each in _counts(column)]
        counts += first(con, f"SELECT {', '.join(sums)} FROM {table}")
    changes = {
        column.name: Changes(*counts[4 * place : 4 * place + 4])
        for place, column in enumerate(present)
    }
    return Staged(con, path, inputs, columns, changes)


def _counts(column: Input) -> list[str]:
    name = quote_name(column.name)
    trimmed = f"trim({name}, {quote_text(BLANKS)})" if column.trim else name
    normal = f"nfc_normalize({trimmed})" if column.normalise else trimmed
    markers = ", ".join(map(quote_text, column.missing)) or "''"
    return [
        f"count(*) FILTER (WHERE {trimmed} <> {name})" if column.trim else "0",
        f"count(*) FILTER (WHERE {normal} <> {trimmed})" if column.normalise else "0",
        f"count(*) FILTER (WHERE {normal} <> '' AND {normal} IN ({markers}))",
        f"count(*) FILTER (WHERE {normal} <> '' AND {normal} NOT IN ({markers}))",
    ]
