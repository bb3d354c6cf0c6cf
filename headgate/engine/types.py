"""What a column holds: a type is settled over the whole file, or the column stays text.

Here: the kinds of column, the formats they are written in, and the SQL that turns the staged
text into typed values. Not here: how the text got there, and whether a contract accepts it.
"""

from typing import Annotated, Literal

from pydantic import Field

from headgate.engine.dialect import Evidence
from headgate.record import Record

Kind = Literal["text", "integer", "decimal", "boolean", "date", "timestamp"]


class Missing(Record):
    """How often one text stands for a missing value in a column."""

    marker: Annotated[str, Field(description="The text; empty for an empty cell")]
    count: Annotated[int, Field(description="Cells that hold it", ge=0)]


class Column(Record):
    """One column of the staged table and what its text means."""

    name: Annotated[str, Field(description="Name in the staged table")]
    position: Annotated[int, Field(description="Place in the file, from 0", ge=0)]
    kind: Annotated[Kind, Field(description="What every value of the file is")] = "text"
    format: Annotated[str, Field(description="How it is written, in words a person knows")] = ""
    sql_type: Annotated[str, Field(description="DuckDB type of the typed value")] = "VARCHAR"
    sql: Annotated[
        str,
        Field(description="DuckDB expression over the staged text column: typed value, or NULL"),
    ]
    missing: Annotated[tuple[Missing, ...], Field(description="Missing values by marker")] = ()
    evidence: Annotated[tuple[Evidence, ...], Field(description="Why this kind")] = ()

    @property
    def quoted(self) -> str:
        """The column's name as an SQL identifier."""
        return quote_name(self.name)


def quote_name(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
