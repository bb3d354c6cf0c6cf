"""Values of single columns, on the disk in a form that statistics of any length can be had from.

Here: writing that file, from the rows that stay. Not here: the statistics.
"""

from collections.abc import Sequence

import duckdb

from headgate.engine.cleaning.staged import RemainingRows
from headgate.engine.duck import quote_text
from headgate.engine.recipe import Input
from headgate.engine.staging import LINE


class Values:
    """Text and typed value of the columns that rules are fitted on."""

    def __init__(self, rows: RemainingRows, columns: Sequence[Input]) -> None:
        """Write them down, if there are any."""
        self.rows = rows
        self._path = rows.staged.scratch / "values.parquet"
        if columns:
            wanted = [LINE, *map(self.text, columns), *map(self.value, columns)]
            with rows.visible(*(each.name for each in columns)) as relation:
                self.con.execute(
                    f"COPY (SELECT {', '.join(wanted)} FROM {relation})"
                    f" TO {quote_text(str(self._path))} (FORMAT parquet, COMPRESSION lz4_raw)"
                )

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """Where SQL about them is to run."""
        return self.rows.staged.con

    @property
    def relation(self) -> str:
        """What SQL calls them."""
        return f"read_parquet({quote_text(str(self._path))})"

    def text(self, column: Input) -> str:
        """What SQL calls the cleaned text of a column."""
        return self.rows.text(column.name)

    def value(self, column: Input) -> str:
        """What SQL calls the typed value of a column."""
        return self.rows.value(column.name)
