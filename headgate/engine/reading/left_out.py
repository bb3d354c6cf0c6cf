"""The lines of a file that are neither header nor rows: titles, notes, comments. None is lost.

Here: listing them with their text. Not here: how it is decided that they are none.
"""

import csv
from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.lines import count_lines, raw_lines
from headgate.engine.reading.tokenise import tokenise
from headgate.record import Record

Where = Literal["preamble", "comment", "footer"]


class LeftOut(Record):
    """Lines of one kind; blank ones are not counted."""

    where: Annotated[Where, Field(description="Before the table, within it, or after it")]
    lines: Annotated[int, Field(description="How many", ge=1)]
    first: Annotated[int, Field(description="Number of the first, from 1")]
    last: Annotated[int, Field(description="Number of the last")]


def list_left_out(
    path: Path, dialect: Dialect, to: Path, kept_back: Collection[range] = ()
) -> tuple[LeftOut, ...]:
    """Write every line that is left out to a CSV, with its number and whole text, and count them.

    Args:
        path: The file.
        dialect: How it is written.
        to: The CSV to write; none is written where no line is left out.
        kept_back: Lines that are listed elsewhere.
    """
    places = [
        (where, line)
        for where, line in _outside(path, dialect)
        if not any(line in lines for lines in kept_back)
    ]
    texts = raw_lines(path, dialect.lenient, [(line, line) for _, line in places])
    listed = [
        (line, where, text.rstrip("\r\n"))
        for (where, line), text in zip(places, texts, strict=False)
        if text.strip()
    ]
    if not listed:
        return ()
    with to.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([("_line", "_where", "_text"), *listed])
    found = []
    for where, group in groupby(listed, itemgetter(1)):
        lines = [line for line, *_ in group]
        found.append(LeftOut(where=where, lines=len(lines), first=lines[0], last=lines[-1]))
    return tuple(found)


def _outside(path: Path, dialect: Dialect) -> Iterator[tuple[Where, int]]:
    for line in range(1, dialect.skip_lines + 1):
        yield "preamble", line
    data = dialect.skip_lines + dialect.header_lines + 1
    for line in range(data - dialect.header_notes, data):
        yield "preamble", line
    if dialect.comment or dialect.ruled:
        for rows in tokenise(path, dialect):
            for line in rows.blank:
                yield "comment", line
    if dialect.footer_lines:
        total = count_lines(path, dialect.lenient)
        for line in range(total - dialect.footer_lines + 1, total + 1):
            yield "footer", line
