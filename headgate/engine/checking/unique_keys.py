"""Keys that may occur once in the whole file: the first row stays, later ones are kept back.

Here: rules that no block can judge by itself. Not here: dropping duplicates of whole rows, which
cleaning does.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from headgate.engine.checking.correction import Corrections
from headgate.engine.checking.quarantine import Fault, Kept
from headgate.engine.duck import database, first, quote_name
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.lines import raw_lines
from headgate.engine.staging import CSV, LINE, StagedFile, register, writing

_FIRST, _ROW, _PART = "_headgate_first", "_headgate_row", "_headgate_part"
"""The line on which a key stands first, the row there, and how the key's values are called."""
_REPEATS = "repeats the key of an earlier row"
"""The reason that is counted."""


class Key(NamedTuple):
    """A key that may occur once."""

    names: Sequence[str]
    values: Sequence[str]
    """The DuckDB expression of each part's value, null where it is missing."""


def set_repeats_aside(
    staged: Path,
    key: Key,
    source: Path,
    dialect: Dialect,
    corrections: Corrections | None = None,
    *,
    duplicates: bool = False,
) -> Iterator[Kept]:
    """Take rows whose key stood further up out of the staged file, and yield them.

    Rows in which a part of the key is missing are no repeats.

    Args:
        staged: The staged file.
        key: The key.
        source: The file that was staged, which has the rows' original text.
        dialect: How that is written.
        corrections: Rows of it that were put right.
        duplicates: Whether to leave rows that repeat the first in every cell, since cleaning drops
            them.
    """
    with database(staged.parent, staged) as con:
        register(con, staged)
        parts = [f"{_PART}_{place}" for place, _ in enumerate(key.values)]
        named = ", ".join(f"{v} AS {part}" for v, part in zip(key.values, parts, strict=True))
        filled = " AND ".join(f"{part} IS NOT NULL" for part in parts)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE twice AS"
            f" SELECT {', '.join(parts)}, min({LINE}) AS {_FIRST}"
            f" FROM (SELECT {LINE}, {named} FROM staged)"
            f" WHERE {filled} GROUP BY {', '.join(parts)} HAVING count(*) > 1"
        )
        if not first(con, "SELECT 1 FROM twice LIMIT 1"):
            return
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE firsts AS SELECT {LINE} AS {_FIRST}, {CSV} AS {_ROW}"
            f" FROM staged WHERE {LINE} IN (SELECT {_FIRST} FROM twice)"
        )
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE repeats AS SELECT * FROM (SELECT *, {named} FROM staged)"
            f" JOIN twice USING ({', '.join(parts)}) JOIN firsts USING ({_FIRST})"
            f" WHERE {LINE} > {_FIRST} AND NOT ({duplicates} AND {CSV} = {_ROW})"
        )
        con.unregister("staged")
        lines = con.execute(f"SELECT {LINE} FROM repeats").fetchnumpy()[LINE]
        if len(lines):
            _leave_out(lines, staged)
            yield from _kept(con, key.names, source, dialect, corrections)


def _leave_out(lines: Any, staged: Path) -> None:
    """Write the staged file anew without some lines."""
    rest, rows = staged.with_suffix(".rest"), StagedFile(staged)
    with writing(rest, rows.schema) as out:
        for batch in rows:
            stay = pa.array(np.isin(batch.column(LINE).to_numpy(), lines, invert=True))
            out.write(pa.Table.from_batches([batch.filter(stay)]))
    rest.replace(staged)


def _kept(
    con: DuckDBPyConnection,
    names: Sequence[str],
    source: Path,
    dialect: Dialect,
    corrections: Corrections | None,
) -> Iterator[Kept]:
    """Put every repeat into words, beside its text from the file."""
    texts = ", ".join(map(quote_name, dialect.names))
    parts = ", ".join(map(quote_name, names))
    end = " + ".join(
        f"length({quote_name(n)}) - length(replace({quote_name(n)}, chr(10), ''))"
        for n in dialect.names
    )
    spans = con.execute(f"SELECT {LINE}, {LINE} + {end} FROM repeats ORDER BY {LINE}").fetchall()
    if corrections:  # their cells do not tell how many lines they took in the file
        spans = [span for span in spans if corrections.raw(span[0]) is None]
    raws = raw_lines(source, dialect, spans)
    rows = con.execute(
        f"SELECT {LINE}, {_FIRST}, concat_ws(', ', {parts}), {texts} FROM repeats ORDER BY {LINE}"
    )
    while row := rows.fetchone():
        line, first, value, *fields = row
        reason = f"stands already on line {first:,}, and may occur once"
        fault = Fault(line, ", ".join(names), "unique", value, reason, _REPEATS)
        raw = corrections.raw(line) if corrections else None
        yield Kept(line, fields, next(raws).rstrip("\r\n") if raw is None else raw, [fault])
