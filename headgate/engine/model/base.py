"""The typed rows that a model's recipe is fitted on and applied to, in one Parquet file.

Here: writing that file, with each row's part in training. Not here: any fitting.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from headgate.engine.cleaning.staged import Rows
from headgate.engine.columns.types import quote_name, quote_text
from headgate.engine.duck import first
from headgate.engine.result.recipe import Split
from headgate.engine.staging import LINE

TEST = "_headgate_test"
FOLD = "_headgate_fold"
ROW_HASH = "_headgate_row"
PLACE = "_headgate_place"
FULL_HASH = "_headgate_full"
SHARES = 1_000_000  # steps in which a hash is compared with the test share
BETWEEN, NOTHING = "\x1f", "\x1e"


@dataclass(frozen=True)
class Base:
    """The file of typed rows; text is cleaned, and every row knows its part."""

    con: duckdb.DuckDBPyConnection
    path: Path

    @property
    def rows(self) -> str:
        """All rows, in file order."""
        return f"read_parquet({quote_text(str(self.path))})"

    @property
    def training(self) -> str:
        """The rows that everything is fitted on."""
        return f"(SELECT * FROM {self.rows} WHERE {TEST} = 0)"

    @property
    def fingerprint(self) -> str:
        """What tells these rows from any others, whatever their order."""
        found = first(self.con, f"SELECT count(*), sum({FULL_HASH}::HUGEINT) FROM {self.rows}")
        count, total = found or (0, 0)
        return f"{count}-{total or 0:x}"


def write_base(rows: Rows, split: Split, target: str, path: Path) -> Base:
    """Write the typed rows that stay.

    The row hash leaves the target out: rows that differ in nothing else stay together, and no
    target can move a row. md5 is the same in every version and on every machine.
    """
    inputs = rows.staged.inputs
    features = [rows.text(each.name) for each in inputs if each.name != target]
    row = _md5([quote_text(str(split.seed)), *map(_cell, features)])
    placed = row
    if split.how == "group":
        group = rows.text(split.column or "")
        alone = f"CASE WHEN {group} IS NULL THEN {row} ELSE "
        placed = f"{alone}{_md5([quote_text(str(split.seed)), group])} END"
    full = _md5([f"{ROW_HASH}::VARCHAR", _cell(rows.text(target))])
    cells = [f"{rows.value(each.name)} AS {quote_name(each.name)}" for each in inputs]
    with rows.visible() as relation:
        inner = f"(SELECT *, {row} AS {ROW_HASH}, {placed} AS {PLACE} FROM {relation})"
        rows.staged.con.execute(
            f"COPY (SELECT {LINE}, {', '.join(cells)}, {_test(rows, split)} AS {TEST},"
            f" ({PLACE} // {SHARES} % {split.folds})::TINYINT AS {FOLD}, {ROW_HASH},"
            f" {full} AS {FULL_HASH}"
            f" FROM {inner}) TO {quote_text(str(path))} (FORMAT parquet, COMPRESSION snappy)"
        )
    return Base(rows.staged.con, path)


def _test(rows: Rows, split: Split) -> str:
    if split.how == "time":
        (column,) = [each for each in rows.staged.inputs if each.name == split.column]
        if split.latest is None:
            return "0::TINYINT"
        latest = f"{quote_text(split.latest)}::{column.sql_type}"
        return f"coalesce({rows.value(column.name)} > {latest}, false)::TINYINT"
    return f"({PLACE} % {SHARES} < {round(split.test_share * SHARES)})::TINYINT"


def _cell(text: str) -> str:
    return f"coalesce({text}, {quote_text(NOTHING)})"


def _md5(parts: list[str]) -> str:
    return f"md5_number_lower(concat_ws({quote_text(BETWEEN)}, {', '.join(parts)}))"
