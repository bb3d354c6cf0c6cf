"""The files of a result: CSV, Parquet, the spreadsheet copy, the preview.

Here: writing them from one relation each. Not here: what stands in their cells.
"""

import csv
from itertools import islice
from pathlib import Path

import duckdb

from headgate.engine.columns.types import quote_name, quote_text
from headgate.engine.duck import first

PREVIEW_ROWS = 50
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(
    con: duckdb.DuckDBPyConnection, relation: str, cells: list[tuple[str, str]], path: Path
) -> int:
    """Write named expressions as UTF-8 CSV, a missing value as an empty cell; count the rows."""
    if len(cells) == 1:  # an empty cell must not become an empty line
        cells = [(cells[0][0], f"coalesce(({cells[0][1]})::VARCHAR, '')")]
    return _copy(con, relation, cells, path, "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"'")


def write_parquet(
    con: duckdb.DuckDBPyConnection, relation: str, cells: list[tuple[str, str]], path: Path
) -> int:
    """Write named expressions as Parquet; count the rows."""
    return _copy(
        con, relation, cells, path, "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
    )


def write_spreadsheet(
    con: duckdb.DuckDBPyConnection, relation: str, cells: list[tuple[str, str]], path: Path
) -> int:
    """Write a CSV copy whose formulas are text; count the cells that were escaped.

    An apostrophe before `=`, `+`, `-`, `@`, tab and carriage return keeps a spreadsheet program
    from running what a stranger wrote. Plain numbers stay as they are.
    """
    starts = ", ".join(map(quote_text, FORMULA_STARTS))
    risky = {
        name: f"(left(({cell})::VARCHAR, 1) IN ({starts})"
        f" AND try_cast(({cell})::VARCHAR AS DOUBLE) IS NULL)"
        for name, cell in cells
    }
    safe = [
        (name, f"CASE WHEN {risky[name]} THEN '''' || ({cell})::VARCHAR ELSE ({cell})::VARCHAR END")
        for name, cell in cells
    ]
    write_csv(con, relation, safe, path)
    counts = " + ".join(f"count(*) FILTER (WHERE {each})" for each in risky.values())
    row = first(con, f"SELECT {counts} FROM {relation}")
    return int(row[0]) if row else 0


def preview(path: Path) -> tuple[tuple[str, ...], ...]:
    """The first rows of a written CSV, header excluded."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(tuple(row) for row in islice(csv.reader(lines), 1, PREVIEW_ROWS + 1))


def _copy(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    cells: list[tuple[str, str]],
    path: Path,
    form: str,
) -> int:
    columns = ", ".join(f"{cell} AS {quote_name(name)}" for name, cell in cells)
    row = first(con, f"COPY (SELECT {columns} FROM {relation}) TO {quote_text(str(path))} ({form})")
    return int(row[0]) if row else 0
