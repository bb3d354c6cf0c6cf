"""A first contract, drafted from a file that was read: it passes, and it is meant to be edited.

Not here: what a contract means once it is written.
"""

import keyword
import math
import re
from collections.abc import Container, Iterator, Sequence
from itertools import chain, count
from typing import NamedTuple

from pandera.pandas import DataFrameModel

from headgate.engine.columns.formats import Kind
from headgate.engine.columns.types import Column, quote_name
from headgate.engine.duck import database
from headgate.engine.staging import register
from headgate.engine.table import Reading

_PYTHON: dict[Kind, str] = {
    "text": "str",
    "integer": "int",
    "decimal": "float",
    "boolean": "bool",
    "date": "pd.Timestamp",
    "timestamp": "pd.Timestamp",
}
_FEW = 12
"""Distinct texts up to which a column is a choice between them."""
_ENOUGH = 50
"""Rows from which on a file shows what a column may hold."""


class Facts(NamedTuple):
    """What the good rows show of one column."""

    filled: int
    distinct: int
    negative: bool
    code: int


def draft(reading: Reading, name: str) -> str:
    """Write the source of a contract for `schemas/` that the file passes."""
    with database(reading.table.parent, reading.table) as con:
        register(con, reading.table)
        fields = []
        for column, attribute in zip(reading.columns, _attributes(reading.columns), strict=True):
            row = con.execute(f"SELECT {_measures(column)} FROM staged").fetchone() or ()
            facts = Facts(*row)
            choices: list[str] = []
            if column.kind == "text" and facts.distinct <= _FEW and reading.rows_good >= _ENOUGH:
                found = con.execute(
                    f"SELECT DISTINCT {column.sql} AS value FROM staged"
                    " WHERE value IS NOT NULL ORDER BY value"
                )
                choices = [text for (text,) in found.fetchall()]
            fields.append(_field(column, attribute, facts, choices, reading.rows_good))
    return _module(reading, name, fields)


def _measures(column: Column) -> str:
    """Count what tells how a column may be held to a rule."""
    name, value = quote_name(column.name), column.sql
    negative = f"bool_or(({value}) < 0)" if column.kind in ("integer", "decimal") else "false"
    code = f"CASE WHEN bool_and(regexp_full_match({name}, '[0-9]+')) THEN max(length({name})) END"
    same = f"CASE WHEN min(length({name})) = max(length({name})) THEN {code} END"
    return (
        f"count({value}), count(DISTINCT {value}), coalesce({negative}, false),"
        f" coalesce({same if column.kind == 'text' else 'NULL'}, 0)"
    )


def _field(column: Column, attribute: str, facts: Facts, choices: list[str], rows: int) -> str:
    rules = []
    if attribute != column.name:
        rules.append(f"alias={column.name!r}")
    if facts.filled < rows:
        rules.append("nullable=True")
    elif facts.distinct == rows >= _ENOUGH and column.position == 0:
        rules.append("unique=True")
    if choices:
        rules.append(f"isin={choices!r}")
    elif facts.code:
        rules.append(f'str_matches=r"^[0-9]{{{facts.code}}}$"')
    if column.kind in ("integer", "decimal") and not facts.negative:
        rules.append("ge=0")
    field = f"    {attribute}: {_PYTHON[column.kind]} = pa.Field({', '.join(rules)})"
    doubts = [each.why for each in column.evidence if column.kind == "text"]
    return "\n".join([*(f"    # {doubt[:88]}" for doubt in doubts), field])


def _attributes(columns: Sequence[Column]) -> Iterator[str]:
    """Yield for each column its own name where a model takes it, else one made from it."""
    taken = {*dir(DataFrameModel), *_PYTHON.values(), "pa", "pd", "Config", "Contract"}
    for column in columns:
        plain = re.sub(r"\W+", "_", column.name).strip("_").lower()
        numbered = (f"column_{number}" for number in count(column.position + 1))
        names = chain((column.name, plain, f"{plain}_"), numbered)
        name = next(each for each in names if _is_free(each, taken))
        taken.add(name)
        yield name


def _is_free(name: str, taken: Container[str]) -> bool:
    usable = name.isidentifier() and not name.startswith("_") and not keyword.iskeyword(name)
    return usable and name not in taken


def _module(reading: Reading, name: str, fields: list[str]) -> str:
    title = "".join(part.title() for part in re.split(r"\W+|_", name) if part) or "Table"
    title = title if title.isidentifier() else f"Table{title}"
    share = reading.quarantined / reading.rows_in if reading.rows_in else 0
    dates = any("pd.Timestamp" in field for field in fields)
    lines = [
        f'"""Contract of the data set {name!r}, drafted from a file; make it your own."""',
        "",
        *(["import pandas as pd"] if dates else []),
        "import pandera.pandas as pa",
        "",
        "from headgate.engine.contract import Contract",
        "",
        "",
        f"class {title}(pa.DataFrameModel):",
        '    """One row."""',
        "",
        *fields,
        "",
        "    class Config:",
        '        """Numbers and dates may be written in the file\'s own way."""',
        "",
        "        coerce = True",
        "",
        "",
        "CONTRACT = Contract(",
        f"    model={title},",
        '    unknown="keep",  # or "drop", "refuse"',
        f"    max_bad_share={max(0.05, math.ceil(share * 100) / 100):g},",
        ")",
    ]
    return "\n".join(lines) + "\n"
