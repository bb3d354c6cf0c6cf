"""What a model may read as numbers although a clean table must keep it as text.

Numbers written unevenly (`2.5` beside `3.10`) stay text in a clean table, since their exact text
could not be had back. A model has no use for that text, only for the number.
"""

import re
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from headgate.engine.columns.types import MARKERS, Column, quote_name, quote_text
from headgate.engine.duck import first
from headgate.engine.result.profile import take
from headgate.engine.result.recipe import Input

NUMBER = r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?"
UNEVEN = re.compile(r"[.eE]")


def as_numbers(
    con: duckdb.DuckDBPyConnection,
    table: Path,
    columns: tuple[Column, ...],
    inputs: tuple[Input, ...],
) -> tuple[Input, ...]:
    """Take text columns of numbers for numbers, if every value of the file is one."""
    kinds = {column.name: column.kind for column in columns}
    texts = [each.name for each in inputs if kinds[each.name] == "text"]
    likely = _likely(table, texts)
    if not likely:
        return inputs
    others = ", ".join(f"count(*) FILTER (WHERE {_other(name)})" for name in likely)
    counts = first(con, f"SELECT {others} FROM read_parquet({quote_text(str(table))})")
    numbers = {name for name, count in zip(likely, counts, strict=True) if not count}
    return tuple(_number(each) if each.name in numbers else each for each in inputs)


def _likely(table: Path, names: list[str]) -> list[str]:
    rows = take(pq.ParquetFile(table)).select(names)
    return [name for name in names if _all_numbers(rows[name].to_pylist())]


def _all_numbers(texts: list[str | None]) -> bool:
    values = {text.strip() for text in texts if text} - {*MARKERS, ""}
    return any(UNEVEN.search(text) for text in values) and all(
        re.fullmatch(NUMBER, text) for text in values
    )


def _other(name: str) -> str:
    text = f"trim({quote_name(name)})"
    markers = ", ".join(map(quote_text, ("", *MARKERS)))
    return f"{text} NOT IN ({markers}) AND NOT regexp_full_match({text}, '{NUMBER}')"


def _number(column: Input) -> Input:
    missing = tuple(sorted({*column.missing, *MARKERS}))
    return column.model_copy(update={"kind": "decimal", "sql_type": "DOUBLE", "missing": missing})
