"""Whether a file's last row is no row like the others but their total.

Here: finding it out. It stays a row: leaving it out is for whoever knows the file.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from headgate.engine.columns.types import Column
from headgate.engine.duck import database
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.reading.source import read_lines
from headgate.engine.staging import CSV, LINE, Staging

_WORD = re.compile(
    r"\b(?:(?:sub|grand[ -]?)?totals?|sum|sums|summe|zwischensumme|(?:ins)?gesamt(?:summe|betrag)?|"
    r"totaal|suma|somme|totale|totaux|razem|celkem|yhteensä|toplam|итого|всего)\b|合計|总计|總計|합계",
    re.IGNORECASE,
)
_LONGEST = 60
"""Characters of a cell that still is a label."""


def find_total(
    path: Path, dialect: Dialect, staged: Path, columns: Sequence[Column]
) -> tuple[Evidence, ...]:
    """Tell of a last row that says so in a word, and one of whose numbers is its column's sum."""
    row = _last(staged)
    texts = [text.strip() for name, text in row.items() if name not in (LINE, CSV)]
    label = next((text for text in texts if len(text) <= _LONGEST and _WORD.search(text)), None)
    numbers = [each for each in columns if each.kind in ("integer", "decimal") and row[each.name]]
    if label is None or not numbers or not _adds_up(staged, row[LINE], numbers):
        return ()
    lines = sum(map(len, read_lines(path, dialect))) - row[LINE] + 1
    why = (
        f"line {row[LINE]:,} looks like a total of the rows above ({label!r}); it is kept as a "
        f"row: leave it out with --footer-lines {lines}"
    )
    return (Evidence(what="total", found=f"line {row[LINE]:,}", why=why),)


def _last(staged: Path) -> dict[str, Any]:
    """The last row; empty where there is none."""
    batches = Staging(staged)
    for place in reversed(range(len(batches))):
        batch: pa.RecordBatch = batches[place]
        if batch.num_rows:
            return dict(batch.slice(batch.num_rows - 1).to_pylist()[0])
    return {}


def _adds_up(staged: Path, line: int, numbers: Sequence[Column]) -> bool:
    batches = Staging(staged, [LINE, *(each.name for each in numbers)])
    with database(staged.parent, staged) as con:
        con.register("staged", pa.RecordBatchReader.from_batches(batches.schema, iter(batches)))
        sums = ", ".join(
            f"coalesce(sum({each.sql}) FILTER ({LINE} <> {line})"
            f" = any_value({each.sql}) FILTER ({LINE} = {line}), false)"
            for each in numbers
        )
        ((*equal, rows),) = con.execute(f"SELECT {sums}, count(*) FROM staged").fetchall()
        con.unregister("staged")
    return rows > 2 and any(equal)
