"""Rows that may have taken in others: a quote that was left open ends at the next one.

Here: finding such rows. They stay as they are: their quotes pair up, and nothing is lost.
"""

from itertools import islice, pairwise
from pathlib import Path

from headgate.engine.reading.cells import is_typed
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.reading.lines import raw_lines
from headgate.engine.staging import LINE, StagedFile
from headgate.words import counted, lines_between

_FEWEST = 3
"""Lines inside a cell that hardly all look like rows by chance."""
_LOOKED_AT = 100
"""Rows over several lines that are looked at."""


def find_swallowed(path: Path, dialect: Dialect, staged: Path) -> tuple[Evidence, ...]:
    """Tell of the first row over several lines whose inner ones look like rows of the table."""
    if dialect.quotechar is None or dialect.borders:
        return ()
    numbers = (line for batch in StagedFile(staged, [LINE]) for line in batch[LINE].to_pylist())
    long = ((a, b - 1) for a, b in pairwise(numbers) if b - a > _FEWEST + 1)
    spans = [*islice(long, _LOOKED_AT)]
    texts = raw_lines(path, dialect.lenient, spans)
    for (first, last), text in zip(spans, texts, strict=True):
        opening, *inner, _ = text.splitlines()
        if opening.count(dialect.quotechar) % 2 and _look_like_rows(inner, dialect):
            why = (
                f"{lines_between(first, last)} are one row, as a quote opens on the first and the "
                f"next one is on the last; but {counted(len(inner), 'line')} between look like "
                "rows: close the quote, or double it, if they are"
            )
            return (Evidence(what="open quote", found=lines_between(first, last), why=why),)
    return ()


def _look_like_rows(lines: list[str], dialect: Dialect) -> bool:
    """Return whether all have a cell for each column, and numbers or dates in the same ones."""
    rows = [line.split(dialect.delimiter) for line in lines]
    typed = {tuple(map(is_typed, row)) for row in rows}
    return {*map(len, rows)} == {len(dialect.names)} and len(typed) == 1 and any(*typed)
