"""A corrected quarantine file joined with the rows that were accepted before.

The result is one CSV in the order of the original file; it is then read and checked like any
other. Not here: who corrects, and where the files are kept.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import Field

from headgate.engine.columns.types import quote_name, quote_text
from headgate.engine.duck import database
from headgate.engine.reading.detect import detect
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.tokenise import tokenise
from headgate.engine.staging import LINE, register
from headgate.engine.table import Reading
from headgate.errors import BadFileError
from headgate.record import Record


class Rejoined(Record):
    """One file of the rows accepted before and those corrected since."""

    file: Annotated[Path, Field(description="CSV in the order of the original file")]
    accepted: Annotated[int, Field(description="Rows that were good before", ge=0)]
    corrected: Annotated[int, Field(description="Rows from the corrected file", ge=0)]
    left: Annotated[int, Field(description="Rows kept back that nobody corrected", ge=0)]


def rejoin(reading: Reading, corrected: Path, out: Path) -> Rejoined:
    """Write the accepted and the corrected rows into one CSV.

    Args:
        reading: the original file, read again with the contract it was held to.
        corrected: its quarantine file, with the file's own columns put right.
        out: where the joined CSV goes.

    Raises:
        BadFileError: The corrected file lacks columns, or holds rows that were not kept back.
    """
    names = reading.dialect.names
    rows = _corrected_rows(corrected, names, _lines_kept_back(reading))
    table = pa.table(
        {LINE: pa.array(rows, pa.int64())}
        | {
            name: pa.array([fields[i] for fields in rows.values()], pa.string())
            for i, name in enumerate(names)
        }
    )
    cells = ", ".join(f"nullif({quote_name(name)}, '') AS {quote_name(name)}" for name in names)
    with database(out.parent, reading.table) as con:
        register(con, reading.table)
        con.register("corrected", table)
        con.execute(
            f"COPY (SELECT {cells} FROM (FROM staged"
            f" UNION ALL BY NAME FROM corrected) ORDER BY {LINE})"
            f" TO {quote_text(str(out))} (FORMAT csv, HEADER)"
        )
        con.unregister("corrected")
    return Rejoined(
        file=out,
        accepted=reading.rows_good,
        corrected=len(rows),
        left=reading.quarantined - len(rows),
    )


def _lines_kept_back(reading: Reading) -> set[int]:
    if reading.quarantine is None:
        return set()
    with reading.quarantine.open(newline="", encoding="utf-8-sig") as file:
        return {int(row[LINE]) for row in csv.DictReader(file)}


def _corrected_rows(
    corrected: Path, names: Sequence[str], kept_back: set[int]
) -> dict[int, list[str]]:
    """Return the cells of each corrected row by its line in the original file."""
    dialect = detect(corrected)
    absent = [name for name in (LINE, *names) if name not in dialect.names]
    if absent:
        raise BadFileError(
            f"The corrected file lacks {', '.join(map(repr, absent))}.",
            where=corrected.name,
            todo="Correct the cells of the quarantine file and leave its header as it is.",
        )
    rows: dict[int, list[str]] = {}
    for at, fields in _fields(corrected, dialect):
        line = fields[dialect.names.index(LINE)]
        if not line.isdecimal() or int(line) not in kept_back or int(line) in rows:
            raise BadFileError(
                f"{line!r} in {LINE} is not the line of a row that was kept back, or stands twice.",
                where=f"{corrected.name}, line {at}",
                todo=f"Leave {LINE} as it was; new rows belong into a file of their own.",
            )
        rows[int(line)] = [fields[dialect.names.index(name)] for name in names]
    return rows


def _fields(corrected: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    for batch in tokenise(corrected, dialect):
        for at, fields in zip(batch.lines, batch.fields, strict=True):
            yield at, [*fields, *[""] * len(dialect.names)][: len(dialect.names)]
