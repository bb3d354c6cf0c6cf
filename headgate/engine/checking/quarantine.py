"""Rows that are kept back: each with its raw text, its line and the reasons in plain words.

Here: the quarantine file, its summary, and how a corrected one is joined with the accepted rows.
Not here: the checks that send a row there.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, NamedTuple, Self

from pydantic import Field

from headgate.engine.staging import LINE
from headgate.record import Record

NOTES = (LINE, "_column", "_check", "_value", "_reason")
"""Columns before the file's own; a corrected file needs the first of them only."""
RAW = "_raw"
_EXAMPLES = 5
_BETWEEN = " | "


class Fault(NamedTuple):
    """One thing that is wrong with one row."""

    line: int
    column: str
    check: str
    value: str
    reason: str


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


class Quarantine:
    """The file of the rows kept back, in a form that opens in any spreadsheet."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._file = path.open("w", newline="", encoding="utf-8-sig")
        self._writer = csv.writer(self._file)
        self._writer.writerow([*NOTES, *names, RAW])
        self._width = len(names)
        self._path = path
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._examples: dict[tuple[str, str, str], list[Example]] = {}
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def path(self) -> Path | None:
        """The file, if any row was kept back."""
        return self._path if self.rows else None

    def add(self, rows: Iterable[Kept]) -> None:
        """Keep rows back."""
        for row in rows:
            self.rows += 1
            said = [_BETWEEN.join(each) for each in zip(*(f[1:] for f in row.faults), strict=True)]
            cells = [*row.fields, *[""] * self._width][: self._width]
            self._writer.writerow([row.line, *said, *cells, row.raw])
            for fault in row.faults:
                self._count(fault)

    def _count(self, fault: Fault) -> None:
        key = (fault.column, fault.check, fault.reason)
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
