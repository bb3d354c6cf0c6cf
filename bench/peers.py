"""What others write by hand for the same work: read, drop duplicates, fill gaps, write.

python -m bench.peers NAME FILE OUT
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NUMBERS = ("amount", "quantity", "score")
WORDS = ("region", "ordered")


def plain_pandas(file: Path, out: Path) -> None:
    """Run the script that most people have."""
    import pandas as pd

    frame = pd.read_csv(file, on_bad_lines="skip").drop_duplicates()
    for name in NUMBERS:
        frame[name] = frame[name].fillna(frame[name].median())
    for name in WORDS:
        frame[name] = frame[name].fillna(frame[name].mode()[0])
    frame.to_csv(out / "data.csv", index=False)


def duckdb_script(file: Path, out: Path) -> None:
    """Do the same in SQL, but for the order of the rows; bad ones are dropped in silence."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"CREATE TABLE t AS SELECT DISTINCT * FROM read_csv('{file}', ignore_errors=true)")
    _fill_and_write(con, out)


def duckdb_in_order(file: Path, out: Path) -> None:
    """Do the same in SQL, the first of equal rows kept in its place, as pandas does."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"CREATE TABLE r AS FROM read_csv('{file}', ignore_errors=true)")
    names = ", ".join(name for name, *_ in con.execute("DESCRIBE r").fetchall())
    again = f"row_number() OVER (PARTITION BY {names} ORDER BY rowid)"
    con.execute(f"CREATE TABLE t AS FROM r QUALIFY {again} = 1 ORDER BY rowid")
    _fill_and_write(con, out)


def _fill_and_write(con: "DuckDBPyConnection", out: Path) -> None:
    measures = [f"median({name})" for name in NUMBERS] + [f"mode({name})" for name in WORDS]
    found = con.execute(f"SELECT {', '.join(measures)} FROM t").fetchone() or ()
    filled = ", ".join(
        f"coalesce({name}, '{value}') AS {name}"
        for name, value in zip((*NUMBERS, *WORDS), found, strict=True)
    )
    con.execute(f"COPY (SELECT * REPLACE ({filled}) FROM t) TO '{out / 'data.csv'}' (HEADER)")


def polars_script(file: Path, out: Path) -> None:
    """Do the same in Polars."""
    import polars as pl

    frame = pl.read_csv(file, ignore_errors=True, truncate_ragged_lines=True, try_parse_dates=True)
    frame = frame.unique(maintain_order=True)
    frame = frame.with_columns(
        *(pl.col(name).fill_null(pl.col(name).median()) for name in NUMBERS),
        *(pl.col(name).fill_null(pl.col(name).mode().first()) for name in WORDS),
    )
    frame.write_csv(out / "data.csv")


def pyarrow_read(file: Path, out: Path) -> None:
    """Read with inference alone."""
    import pyarrow.csv as pacsv

    del out
    skip = pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip")
    pacsv.read_csv(file, parse_options=skip)


def duckdb_read(file: Path, out: Path) -> None:
    """Read with inference alone, looked at once."""
    import duckdb

    del out
    names = ", ".join(f"max({name})" for name in (*NUMBERS, *WORDS, "note", "updated"))
    duckdb.execute(f"SELECT {names} FROM read_csv('{file}', ignore_errors=true)").fetchall()


def polars_read(file: Path, out: Path) -> None:
    """Read with inference alone."""
    import polars as pl

    del out
    pl.read_csv(file, ignore_errors=True, truncate_ragged_lines=True, try_parse_dates=True)


def headgate_read(file: Path, out: Path) -> None:
    """Dialect, types over the whole file, default contract, quarantine, staging."""
    from headgate.contracts import contract_for
    from headgate.engine.validate import validate_file
    from headgate.options import CheckOptions, ReadOptions

    validate_file(
        file, out, options=ReadOptions(), check=CheckOptions(), contract=contract_for(None)
    )


PEERS: dict[str, Callable[[Path, Path], None]] = {
    each.__name__: each
    for each in (
        plain_pandas,
        duckdb_script,
        duckdb_in_order,
        polars_script,
        headgate_read,
        duckdb_read,
        polars_read,
        pyarrow_read,
    )
}

if __name__ == "__main__":
    PEERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
