"""What is known of one column of the staged table: what its values are, and how to have them.

Here: the record, and what every column has in common. Not here: how it is found out.
"""

import re
from typing import Annotated

import pyarrow as pa
from pydantic import Field

from headgate.engine.columns.formats import Kind
from headgate.engine.columns.near_misses import Near
from headgate.engine.reading.dialect import Evidence
from headgate.errors import OptionsError
from headgate.record import Record

MARKERS = (
    *("NA", "N/A", "n/a", "na", "NaN", "nan", "NULL", "Null", "null", "None", "none", "#N/A"),
    *("-", "--", "?", ".", "..", "...", "(null)", "<NA>", "#NULL!", "#DIV/0!", "n.a.", "N.A."),
    *("NAN", "NaT", "nil", "\\N", "[NULL]", "<null>", "#NV", "#N/D", "#VALUE!", "#WERT!", "k.A."),
    *("k. A.", "n/d", "n.d.", "---", "***", "\u2013", "\u2014", ":"),
)
"""Texts that stand for a missing value where every other value of the column is no word."""
BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""Characters that `trim` takes away from both ends of a value."""
DECLARED = "The contract says that it is text."
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")
_ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


class Missing(Record):
    """How often one text stands for a missing value in a column."""

    marker: Annotated[str, Field(description="The text; empty for an empty cell")]
    count: Annotated[int, Field(description="Cells that hold it", ge=0)]


class Column(Record):
    """One column of the staged table and what its text means."""

    name: Annotated[str, Field(description="Name in the staged table")]
    position: Annotated[int, Field(description="Place in the file, from 0", ge=0)]
    kind: Annotated[Kind, Field(description="What every value of the file is")] = "text"
    format: Annotated[str, Field(description="How it is written, by an example")] = ""
    padded: Annotated[bool, Field(description="Whether white space stands around some values")] = (
        False
    )
    ascii: Annotated[bool, Field(description="Whether every text is ASCII")] = False
    sql_type: Annotated[str, Field(description="DuckDB type of the typed value")] = "VARCHAR"
    sql: Annotated[
        str,
        Field(description="DuckDB expression over the staged text column: typed value, or NULL"),
    ]
    plain: Annotated[
        bool, Field(description="Whether Arrow's cast of a trimmed text gives the typed value too")
    ] = False
    declared: Annotated[bool, Field(description="Whether the contract speaks of it")] = False
    missing: Annotated[tuple[Missing, ...], Field(description="Missing values by marker")] = ()
    evidence: Annotated[tuple[Evidence, ...], Field(description="Why this kind")] = ()
    near: Annotated[
        Near | None, Field(description="What nearly all its values are, if a few keep it text")
    ] = None

    @property
    def doubt(self) -> str:
        """Why it is text although it looks like something else; empty where it does not."""
        whys = (each.why for each in self.evidence if self.kind == "text")
        return next((why for why in whys if why != DECLARED), "")


def decimals_of(sql_type: str) -> int:
    """Return how many digits behind the mark a type keeps: none, but for an exact decimal."""
    decimal = _DECIMAL.fullmatch(sql_type)
    return int(decimal[2]) if decimal else 0


def arrow_type(sql_type: str) -> pa.DataType:
    """Return the Arrow type of what DuckDB calls so.

    Raises:
        OptionsError: No column has such a type; a recipe says so that Headgate did not write.
    """
    if decimal := _DECIMAL.fullmatch(sql_type):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    if sql_type not in _ARROW_TYPES:
        raise OptionsError(
            f"There is no type {sql_type!r}.", todo="Use a recipe.json that Headgate wrote."
        )
    return _ARROW_TYPES[sql_type]
