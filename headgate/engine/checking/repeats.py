"""Keys that may occur once in the whole file: the first row stays, later ones are kept back.

Here: rules that no block can judge by itself. Not here: duplicates of whole rows, which are no
fault and which cleaning drops.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection

from headgate.engine.checking.quarantine import Fault, Kept
from headgate.engine.columns.types import quote_name, quote_text
from headgate.engine.duck import database
from headgate.engine.reading.blocks import LINE
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.source import raw_lines


def set_repeats_aside(
    staged: Path, key: Sequence[str], source: Path, dialect: Dialect
) -> Iterator[Kept]:
    """Take rows whose key stood further up out of the staged file, and yield them.

    Rows in which a part of the key is empty are no repeats.
    """
    rest = staged.with_suffix(".rest.parquet")
    with database(staged.parent, staged) as con:
        table = f"read_parquet({quote_text(str(staged))})"
        parts = ", ".join(map(quote_name, key))
        filled = " AND ".join(f"{quote_name(part)} <> ''" for part in key)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE twice AS SELECT {parts}, min({LINE}) AS first"
            f" FROM {table} WHERE {filled} GROUP BY {parts} HAVING count(*) > 1"
        )
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE repeats AS SELECT first, t.* FROM {table} t"
            f" JOIN twice USING ({parts}) WHERE {LINE} > first"
        )
        lines = con.execute("SELECT count(*) FROM repeats").fetchone()
        if not lines or not lines[0]:
            return
        con.execute(
            f"COPY (SELECT * FROM {table} WHERE {LINE} NOT IN (SELECT {LINE} FROM repeats))"
            f" TO {quote_text(str(rest))} (FORMAT parquet, COMPRESSION lz4)"
        )
        rest.replace(staged)
        yield from _kept(con, key, source, dialect)


def _kept(
    con: DuckDBPyConnection, key: Sequence[str], source: Path, dialect: Dialect
) -> Iterator[Kept]:
    """Put every repeat into words, beside its text from the file."""
    texts = ", ".join(map(quote_name, dialect.names))
    parts = ", ".join(map(quote_name, key))
    end = " + ".join(
        f"length({quote_name(n)}) - length(replace({quote_name(n)}, chr(10), ''))"
        for n in dialect.names
    )
    spans = con.execute(f"SELECT {LINE}, {LINE} + {end} FROM repeats ORDER BY {LINE}").fetchall()
    raws = raw_lines(source, dialect, spans)
    rows = con.execute(
        f"SELECT {LINE}, first, concat_ws(', ', {parts}), {texts} FROM repeats ORDER BY {LINE}"
    )
    while row := rows.fetchone():
        line, first, value, *fields = row
        reason = f"stands already on line {first:,}, and may occur once"
        fault = Fault(line, ", ".join(key), "unique", value, reason)
        yield Kept(line, fields, next(raws).rstrip("\r\n"), [fault])
