"""The staged table as SQL: its text cleaned, its values typed, its removed rows left out.

Here: the views that every rule works on. Not here: which rules there are.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from headgate.engine.columns.types import Column, quote_name, quote_text
from headgate.engine.duck import first
from headgate.engine.reading.blocks import LINE
from headgate.engine.result.recipe import Input

BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


AT_ONCE = 500  # columns looked at in one statement
FEW = 4096  # rows that are held in memory rather than read again by each statement


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
    scratch: Path
    relation: str
    inputs: tuple[Input, ...]
    columns: dict[str, Column]
    rows: int
    changes: dict[str, Changes]

    @cached_property
    def text(self) -> str:
        """The cleaned text of every input, with its line."""
        cells = [f"{self.cell(each)} AS {quote_name(each.name)}" for each in self.inputs]
        return f"(SELECT {LINE}, {', '.join(cells)} FROM {self.relation})"

    def full(self, name: str) -> bool:
        """Whether every row has a value in this column."""
        return name in self.changes and self.changes[name].filled == self.rows

    def cell(self, column: Input) -> str:
        """The cleaned text of a cell, or NULL, doing only what this table has need of."""
        name = quote_name(column.name)
        if column.name not in self.columns:
            return "NULL::VARCHAR"
        changes = self.changes[column.name]
        if self.full(column.name) and changes == Changes(filled=self.rows):
            return name
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
    scratch: Path,
    *,
    inputs: tuple[Input, ...],
    columns: dict[str, Column],
) -> Staged:
    """Count the rows, and what the text rules change in each column.

    A first scan counts what it can and looks for signs of blanks, since trimming every cell costs
    more than all the rest; a second one takes the columns that show such signs.
    """
    table = f"read_parquet({quote_text(str(path))})"
    rows = pq.read_metadata(path).num_rows
    if rows <= FEW:
        con.execute(f"CREATE TEMP TABLE few AS FROM {table}")
        table = "few"
    present = [column for column in inputs if column.name in columns]
    seen = _scan(con, table, {each.name: _look(each, columns[each.name]) for each in present})
    again = {
        column.name: _counts(column, blank=bool(blanks), composed=bool(others))
        for column in present
        for blanks, others, *_ in [seen[column.name]]
        if blanks or others
    }
    counts = {name: [0, 0, *plain] for name, (_, _, *plain) in seen.items()}
    counts |= _scan(con, table, again)
    changes = {name: Changes(*some) for name, some in counts.items()}
    return Staged(con, path, scratch, table, inputs, columns, rows, changes)


def _scan(
    con: duckdb.DuckDBPyConnection, table: str, wanted: dict[str, list[str]]
) -> dict[str, list[int]]:
    """Evaluate the aggregates of all columns in one scan, or in several of a very wide table."""
    names = list(wanted)
    found: dict[str, list[int]] = {}
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        values = iter(
            first(con, f"SELECT {', '.join(', '.join(wanted[name]) for name in some)} FROM {table}")
        )
        found |= {name: [next(values) for _ in wanted[name]] for name in some}
    return found


def _look(column: Input, found: Column) -> list[str]:
    """Signs of blanks and of text that is not in composed form; missing and filled cells."""
    name = quote_name(column.name)
    plain = _plain_counts(column, name)
    if found.kind != "text":
        return [str(int(column.trim and found.padded)), "0", *plain]
    ends = f"{name} < '!' OR right({name}, 1) < '!' OR strlen({name}) <> length({name})"
    return [
        f"count(*) FILTER (WHERE {name} <> '' AND ({ends}))" if column.trim else "0",
        f"count(*) FILTER (WHERE nfc_normalize({name}) <> {name})" if column.normalise else "0",
        *plain,
    ]


def _counts(column: Input, *, blank: bool, composed: bool) -> list[str]:
    """Cells that trimming, composing and emptying change, and filled cells afterwards."""
    name = quote_name(column.name)
    trimmed = f"trim({name}, {quote_text(BLANKS)})" if blank else name
    normal = f"nfc_normalize({trimmed})" if composed else trimmed
    return [
        f"count(*) FILTER (WHERE {trimmed} <> {name})" if blank else "0",
        f"count(*) FILTER (WHERE {normal} <> {trimmed})" if composed else "0",
        *_plain_counts(column, normal),
    ]


def _plain_counts(column: Input, text: str) -> list[str]:
    if not column.missing:
        return ["0", f"count(*) FILTER (WHERE {text} <> '')"]
    markers = ", ".join(map(quote_text, column.missing))
    return [
        f"count(*) FILTER (WHERE {text} IN ({markers}))",
        f"count(*) FILTER (WHERE {text} NOT IN ('', {markers}))",
    ]
