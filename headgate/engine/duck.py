"""DuckDB with bounded memory: one shared instance for small tables, an own one for large ones.

Here: opening a connection and what SQL text needs. Not here: any statement about data.
"""

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from headgate.errors import NoRoomError

MEMORY = "384MB"
COLUMNS_PER_STATEMENT = 500
"""Columns that one statement looks at; DuckDB holds some thousand values of each in memory."""
SMALL = 16 * 2**20  # bytes of table below which an own instance (20 ms to start) is not worth it


@contextmanager
def database(scratch: Path, table: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection for work on one table; what does not fit memory spills into scratch.

    Raises:
        NoRoomError: Not even one block of rows fits the memory.
        OSError: The disk is full.
    """
    small = table.stat().st_size < SMALL
    con = _shared().cursor() if small else _instance(str(scratch / "spill"), _threads())
    with _told(scratch), _first_error(), closing(con):
        yield con


@contextmanager
def shared_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection for work on some rows in memory; several threads may have one each.

    Raises:
        NoRoomError: The rows do not fit the memory.
        OSError: The disk is full.
    """
    with _told(_shared_spill()), _first_error(), closing(_shared().cursor()) as con:
        yield con


@contextmanager
def _first_error() -> Iterator[None]:
    """Raise what ended the block, and not that a connection was still busy when it was closed."""
    try:
        yield
    except duckdb.ResourceInUseException as error:
        first: BaseException = error
        while isinstance(first, duckdb.ResourceInUseException) and first.__context__:
            first = first.__context__
        raise first  # noqa: B904 - it was there before


@contextmanager
def _told(spill: Path) -> Iterator[None]:
    """Put into words what memory or disk refuses, and let Ctrl-C be what it is elsewhere."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise NoRoomError(
            f"The table is too wide or its values are too long for {MEMORY} of working memory.",
            todo="Leave out columns that are not needed, or split the file by columns.",
        ) from error
    except duckdb.IOException as error:
        if "No space left" not in str(error):
            raise
        raise OSError(errno.ENOSPC, "DuckDB could not write", str(spill)) from error
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error


@cache
def _shared() -> duckdb.DuckDBPyConnection:
    """One thread only: starting a second costs more than a small table does."""
    return _instance(str(_shared_spill()), 1)


def _shared_spill() -> Path:
    return Path(tempfile.gettempdir()) / f"headgate-spill-{os.getpid()}"


def _threads() -> int:
    return min(os.cpu_count() or 1, 4)


def _instance(spill: str, threads: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "temp_directory": spill,
            "threads": threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def evaluate(
    con: duckdb.DuckDBPyConnection, rows: pa.Table, cells: Mapping[str, str]
) -> dict[str, pa.ChunkedArray]:
    """Evaluate an expression over each of some columns in memory; may run in several threads.

    Args:
        con: Whose database does it.
        rows: The columns.
        cells: By name of a column, the expression, which speaks of no other column.
    """
    found: list[pa.ChunkedArray] = []
    with con.cursor() as own:
        for start in range(0, len(cells), COLUMNS_PER_STATEMENT):
            names = [*cells][start : start + COLUMNS_PER_STATEMENT]
            some = ", ".join(f"{cells[name]} AS v{place}" for place, name in enumerate(names))
            table: Any = own.from_arrow(rows.select(names)).project(some).to_arrow_table()
            found += table.columns
    return dict(zip(cells, found, strict=True))


def double(number: float) -> str:
    """Write a number as an SQL literal that keeps its every bit; the exponent makes it a double."""
    if not isfinite(number):
        return f"CAST('{number!r}' AS DOUBLE)"
    text = repr(number)
    return text if "e" in text else f"{text}e0"


def first(con: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...]:
    """Run a statement to its end and return its first row."""
    rows = con.execute(statement).fetchall()
    return rows[0] if rows else ()


def quote_name(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
