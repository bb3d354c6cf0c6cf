"""Rows that are kept back: each with its raw text, its line and the reasons in plain words.

Here: the quarantine file and its summary. Not here: the checks that send a row there, and what
becomes of rows that a person has corrected.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple, Self

from pydantic import Field

from headgate.engine.names import numbered
from headgate.engine.staging import LINE
from headgate.record import Record

CHECK, REASON, RAW, UPLOAD = "_check", "_reason", "_raw", "_upload"
NOTES = (LINE, "_column", CHECK, "_value", REASON)
"""Columns before the file's own."""
SHEET = "_corrected_by"
"""What the record of corrected rows adds: the file that a row was corrected in."""
_EXAMPLES = 5
_BETWEEN = " | "


class Fault(NamedTuple):
    """One thing that is wrong with one row."""

    line: int
    column: str
    check: str
    value: str
    reason: str
    counted_as: str = ""
    """The reason in a summary, where that of each row is its own."""


class Kept(NamedTuple):
    """A row that is kept back."""

    line: int
    fields: Sequence[str]
    raw: str
    faults: Sequence[Fault]


class Example(Record):
    """One bad value and where it stands."""

    line: Annotated[int, Field(description="Physical line on which the row starts, from 1")]
    value: Annotated[str, Field(description="The value as it stands in the file")]


class Failure(Record):
    """One reason for which rows were kept back."""

    column: Annotated[str, Field(description="Column; empty where the row as a whole is bad")]
    check: Annotated[str, Field(description="Short name of the check")]
    reason: Annotated[str, Field(description="What is wrong, in plain words")]
    count: Annotated[int, Field(description="Rows that failed it", ge=1)]
    examples: Annotated[tuple[Example, ...], Field(description="The first few")] = ()


def own_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Name a file's own columns as the quarantine shows them, apart from what it adds."""
    taken = {*NOTES, RAW, UPLOAD, SHEET}
    shown = []
    for name in names:
        shown.append(numbered(name, taken.__contains__))
        taken.add(shown[-1])
    return tuple(shown)


class Quarantine:
    """The file of the rows kept back, in a form that opens in any spreadsheet."""

    def __init__(self, path: Path, names: Sequence[str], upload: str | None = None) -> None:
        """Begin the file; the mark of the upload stands beside each row, if there is one."""
        self._file = path.open("w", newline="", encoding="utf-8-sig")
        self._writer = csv.writer(self._file)
        self._mark = [upload] if upload else []
        self._writer.writerow([*NOTES, *own_columns(names), RAW, *([UPLOAD] if upload else [])])
        self._width = len(names)
        self._path = path
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._examples: dict[tuple[str, str, str], list[Example]] = {}
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def path(self) -> Path | None:
        """The file, if any row was kept back."""
        return self._path if self.rows else None

    def add(self, rows: Iterable[Kept]) -> int:
        """Keep rows back; tell how many these were."""
        before = self.rows
        for row in rows:
            self.rows += 1
            said = [_BETWEEN.join(each) for each in zip(*(f[1:5] for f in row.faults), strict=True)]
            cells = [*row.fields, *[""] * self._width][: self._width]
            self._writer.writerow([row.line, *said, *cells, row.raw, *self._mark])
            for fault in row.faults:
                self._count(fault)
        return self.rows - before

    def _count(self, fault: Fault) -> None:
        key = (fault.column, fault.check, fault.counted_as or fault.reason)
        self._counts[key] += 1
        examples = self._examples.setdefault(key, [])
        if len(examples) < _EXAMPLES:
            examples.append(Example(line=fault.line, value=fault.value[:200]))

    def failures(self) -> tuple[Failure, ...]:
        """Sum up why rows were kept back, the most frequent reason first."""
        return tuple(
            Failure(
                column=column,
                check=check,
                reason=reason,
                count=count,
                examples=tuple(self._examples[column, check, reason]),
            )
            for (column, check, reason), count in self._counts.most_common()
        )
