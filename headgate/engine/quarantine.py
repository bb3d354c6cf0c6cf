"""Rows that are kept back: each with its raw text, its line and the reasons in plain words.

Here: the quarantine file, its summary, and how a corrected one is joined with the accepted rows.
Not here: the checks that send a row there.
"""

from typing import Annotated

from pydantic import Field

from headgate.record import Record


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
