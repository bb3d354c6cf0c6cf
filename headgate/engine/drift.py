"""How a file's columns differ from those of the data set's last accepted file.

Here: the comparison and its wording. Not here: where the last accepted file is remembered.
"""

from typing import Annotated, Literal

from pydantic import Field

from headgate.engine.formats import Kind
from headgate.record import Record

Change = Literal["added", "removed", "renamed", "retyped", "reordered"]


class Layout(Record):
    """Names and kinds of a file's columns, in order."""

    names: Annotated[tuple[str, ...], Field(description="Column names in order")]
    kinds: Annotated[tuple[Kind, ...], Field(description="Their kinds, in the same order")]


class Drift(Record):
    """One difference from the last accepted file."""

    change: Annotated[Change, Field(description="What kind of difference")]
    column: Annotated[str, Field(description="Column as it is called now; or was, if removed")]
    detail: Annotated[str, Field(description="The difference in plain words")]
