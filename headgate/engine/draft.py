"""A first contract, drafted from a file that was read: it passes, and it is meant to be edited.

Not here: what a contract means once it is written.
"""

import keyword
import math
import re
import textwrap
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import NamedTuple

from duckdb import DuckDBPyConnection
from pandera.pandas import DataFrameModel

from headgate.engine.columns.column import BLANKS, MARKERS, Column
from headgate.engine.columns.formats import NUMBERS, Kind
from headgate.engine.duck import database, first, quote_name, quote_text
from headgate.engine.staging import register
from headgate.engine.validate import Reading

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
_OFTEN = 10
"""Rows in which each text of a closed set stands at least."""
_LONGEST_CODE = 1000
"""Digits that a pattern may count (RE2)."""
_TOGETHER = 100
"""Columns that one statement looks at; one for each, or one for all, takes far longer to plan."""
_WIDTH = 92
_ORDER = re.compile(r"try_strptime\(.*'(%[dmy]([/-])%[dmy]\2%[dmyY][^']*)'")
"""A column of dates of which another file may not tell the order of day, month and year."""


class Facts(NamedTuple):
    """What the good rows show of one column."""

    filled: int
    distinct: int
    """About how many values there are."""
    unique: bool
    """Whether each row has its own value; asked of the first column alone."""
    negative: bool
    code: int


class SeenText(NamedTuple):
    """A text that a column holds, cleaned; `same` where it was so but for blanks around it."""

    text: str
    rows: int
    same: bool


def draft(reading: Reading, name: str, missing: Sequence[str] = ()) -> str:
    """Write the source of a contract that the file passes, and what `clean` makes of it.

    Args:
        reading: The file.
        name: The data set's name.
        missing: Texts that were told to stand for a missing value.
    """
    columns, rows = reading.columns, reading.rows_good
    values = {column.name: _cleaned(column, missing) for column in columns}
    with database(reading.table.parent, reading.table) as con:
        register(con, reading.table)
        facts = _facts(con, columns, values)
        few = [each for each in columns if facts[each.name].distinct <= 2 * _FEW]
        seen = _texts(con, few, values) if rows >= _ENOUGH else {}
    named = zip(columns, _attributes(columns), strict=True)
    fields = [
        _field(each, attribute, facts[each.name], seen.get(each.name, []), rows)
        for each, attribute in named
    ]
    return _module(reading, name, fields, missing)


def _facts(
    con: DuckDBPyConnection, columns: Sequence[Column], values: Mapping[str, str]
) -> dict[str, Facts]:
    """Measure the columns, by name."""
    found: dict[str, Facts] = {}
    for some in _parts(columns):
        asked = ", ".join(_measures(column, values[column.name]) for column in some)
        measured = first(con, f"SELECT {asked} FROM staged")
        found |= {each.name: Facts(**facts) for each, facts in zip(some, measured, strict=True)}
    return found


def _parts(columns: Sequence[Column]) -> Iterator[Sequence[Column]]:
    for start in range(0, len(columns), _TOGETHER):
        yield columns[start : start + _TOGETHER]


def _trimmed(column: Column) -> str:
    return f"trim({quote_name(column.name)}, {quote_text(BLANKS)})"


def _cleaned(column: Column, missing: Sequence[str]) -> str:
    """Return the SQL of a value as `clean` leaves it."""
    if column.kind != "text":
        return column.sql
    absent = ", ".join(map(quote_text, ("", *(marker.strip() for marker in missing))))
    text = f"nfc_normalize({_trimmed(column)})"
    return f"CASE WHEN {text} NOT IN ({absent}) THEN {text} END"


def _measures(column: Column, value: str) -> str:
    """Count what tells how a column may be held to a rule."""
    name = _trimmed(column)
    negative = f"bool_or(({value}) < 0)" if column.kind in NUMBERS else "false"
    digits = f"bool_and(regexp_full_match({name}, '[0-9]+'))"
    least, most = f"min(length({name}))", f"max(length({name}))"
    code = f"CASE WHEN {least} = {most} AND {most} <= {_LONGEST_CODE} AND {digits} THEN {most} END"
    unique = f"count(DISTINCT {value}) = count(*)" if column.position == 0 else "false"
    return (
        f"{{'filled': count({value}), 'distinct': approx_count_distinct({value}),"
        f" 'unique': {unique}, 'negative': coalesce({negative}, false),"
        f" 'code': coalesce({code if column.kind == 'text' else 'NULL'}, 0)}}"
    )


def _texts(
    con: DuckDBPyConnection, columns: Sequence[Column], values: Mapping[str, str]
) -> dict[str, list[SeenText]]:
    """List the distinct texts of each column that has few, by name."""
    seen: dict[str, list[SeenText]] = {}
    for some in _parts([column for column in columns if column.kind == "text"]):
        cells = (
            f"SELECT unnest(range({len(some)})) AS place,"
            f" unnest([{', '.join(values[each.name] for each in some)}]) AS value,"
            f" unnest([{', '.join(map(_trimmed, some))}]) AS trimmed FROM staged"
        )
        found = con.execute(
            f"SELECT place, value, count(*), bool_and(trimmed = value) FROM ({cells})"
            " WHERE value IS NOT NULL GROUP BY place, value"
            f" QUALIFY count(*) OVER (PARTITION BY place) <= {_FEW} ORDER BY place, value"
        )
        for place, *text in found.fetchall():
            seen.setdefault(some[place].name, []).append(SeenText(*text))
    return seen


def _field(column: Column, attribute: str, facts: Facts, seen: list[SeenText], rows: int) -> str:
    if not facts.filled:
        return _comment(f"{column.name!r} holds no value; `clean` leaves such columns out.")
    rules, comments = [], [column.doubt]
    if attribute != column.name:
        rules.append(f"alias={column.name!r}")
    if facts.filled < rows:
        rules.append("nullable=True")
    elif facts.unique and rows >= _ENOUGH:
        rules.append("unique=True")
    if seen and all(each.same and each.rows >= _OFTEN for each in seen) and not _marks(seen):
        rules.append(f"isin={[each.text for each in seen]!r}")
    elif seen and not facts.code:
        comments += [_listed(seen), _marks(seen)]
    elif facts.code:
        rules.append(f'str_matches=r"^[0-9]{{{facts.code}}}$"')
    if column.kind in NUMBERS and not facts.negative:
        rules.append("ge=0")
    if order := _ORDER.search(column.sql):
        rules.append(f"metadata={{'format': {order[1]!r}}}")
    typed = _typed(column, attribute, rules)
    field = f"    {attribute}: {_PYTHON[column.kind]} = pa.Field({', '.join(rules)})"
    return "\n".join([*map(_comment, filter(None, comments)), *typed, field])


def _typed(column: Column, attribute: str, rules: Sequence[str]) -> Iterator[str]:
    """Yield the line that would give a text column the type that nearly all its values have."""
    if column.near is None or len(column.near.formats) > 1:
        return
    kept = [rule for rule in rules if rule.startswith(("alias", "nullable"))]
    yield "    # With this line instead it has that type, and rows that do not fit are kept back:"
    yield f"    # {attribute}: {_PYTHON[column.near.kind]} = pa.Field({', '.join(kept)})"


def _listed(seen: Sequence[SeenText]) -> str:
    return f"Seen: {', '.join(f'{each.text!r} ({each.rows:,})' for each in seen)}."


def _marks(seen: Sequence[SeenText]) -> str:
    marks = [each.text for each in seen if each.text in MARKERS]
    if not marks:
        return ""
    return f"If {', '.join(map(repr, marks))} stands for a missing value, name it in `missing`."


def _comment(text: str) -> str:
    return "\n".join(f"    # {line}" for line in textwrap.wrap(text, _WIDTH))


def _attributes(columns: Sequence[Column]) -> Iterator[str]:
    """Yield for each column its own name where a model takes it, else one made from it."""
    taken = {*dir(DataFrameModel), *_PYTHON.values(), "pa", "pd", "Config", "Contract"}
    for column in columns:
        plain = re.sub(r"\W+", "_", _composed(column.name)).strip("_").lower()
        numbered = (f"column_{number}" for number in count(column.position + 1))
        names = chain((column.name, plain, f"{plain}_"), numbered)
        name = next(each for each in names if _is_free(each, taken))
        taken.add(name)
        yield name


def _is_free(name: str, taken: Container[str]) -> bool:
    same = name.isidentifier() and name == _composed(name)
    return same and not name.startswith("_") and not keyword.iskeyword(name) and name not in taken


def _composed(name: str) -> str:
    """Return how Python reads a name, where letters may be written in several ways."""
    return unicodedata.normalize("NFKC", name)


def _module(reading: Reading, name: str, fields: list[str], missing: Sequence[str]) -> str:
    title = "".join(part.title() for part in re.split(r"\W+|_", name) if part) or "Table"
    title = title if title.isidentifier() and title != "Contract" else f"Table{title}"
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
        *([f"    missing={tuple(missing)!r},"] if missing else []),
        ")",
    ]
    return "\n".join(lines) + "\n"
