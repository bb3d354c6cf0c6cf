"""Staged tables made by hand, so that preparing is tested apart from reading; and their rows."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from headgate.engine.columns.column import Column, Missing
from headgate.engine.columns.formats import Kind
from headgate.engine.duck import quote_name
from headgate.engine.reading.dialect import Dialect
from headgate.engine.staging import CSV, LINE, StagedFile, writing
from headgate.engine.validate import Reading

if TYPE_CHECKING:
    import pandas as pd

TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 2)",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def column(name: str, position: int, kind: Kind = "text", missing: tuple[str, ...] = ()) -> Column:
    """Return a column whose text DuckDB's own casts understand, and that may hold white space."""
    quoted = quote_name(name)
    return Column(
        name=name,
        position=position,
        kind=kind,
        format={"integer": "1234", "decimal": "1234.56"}.get(kind, ""),
        padded=kind == "text",
        sql_type=TYPES[kind],
        sql=quoted if kind == "text" else f"TRY_CAST({quoted} AS {TYPES[kind]})",
        missing=tuple(Missing(marker=marker, count=1) for marker in missing),
    )


def line_of(*cells: str) -> str:
    """Return a row as a line of CSV, as Python writes it."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"


def rows_of(table: pa.Table) -> dict[int, tuple[str, ...]]:
    """Cells by line, which the line of CSV beside them must hold too."""
    found = {}
    for row in table.to_pylist():
        line, written = row.pop(LINE), row.pop(CSV)
        found[line] = tuple(row.values())
        assert written == line_of(*found[line])
    return found


def staged_rows(path: Path) -> dict[int, tuple[str, ...]]:
    """Return the rows of a staged file."""
    file = StagedFile(path)
    return rows_of(pa.Table.from_batches(file, file.schema))


def write(scratch: Path, table: pa.Table) -> Path:
    """Write a staged file."""
    path = scratch / "staged.arrow"
    cells = table.drop_columns(LINE).to_pylist()
    lines = [line_of(*(text or "" for text in row.values())) for row in cells]
    table = table.append_column(CSV, pa.array(lines, pa.string()))
    with writing(path, table.schema) as out:
        out.write(table)
    return path


def reading(
    scratch: Path,
    names: dict[str, Kind],
    rows: list[tuple[str | None, ...]],
    *,
    missing: tuple[str, ...] = (),
) -> Reading:
    """Stage rows of text; lines count from 2, as after a header."""
    scratch.mkdir(parents=True, exist_ok=True)
    columns = zip(*rows, strict=True)
    texts = {name: pa.array(cells, pa.string()) for name, cells in zip(names, columns, strict=True)}
    path = write(scratch, pa.table(texts | {LINE: pa.array(range(2, len(rows) + 2))}))
    return Reading(
        name="file.csv",
        dialect=Dialect(names=tuple(names)),
        table=path,
        columns=tuple(
            column(name, place, kind, missing) for place, (name, kind) in enumerate(names.items())
        ),
        contract="default",
        contract_hash="0",
        rows_in=len(rows),
        rows_good=len(rows),
        quarantined=0,
    )


def staged_frame(scratch: Path, frame: "pd.DataFrame") -> Reading:
    """Stage a pandas frame as a reader would, each column of the kind that it has."""
    kinds = {str(name): _kind(values) for name, values in frame.items()}
    columns = [_texts(frame[name], _kind(frame[name])) for name in frame]
    staged = reading(scratch, kinds, list(zip(*columns, strict=True)))
    typed = tuple(map(_as_double, staged.columns))
    return staged.model_copy(update={"columns": typed})


def _kind(values: "pd.Series") -> Kind:
    from pandas.api import types

    kinds: dict[Kind, Callable[..., bool]] = {
        "boolean": types.is_bool_dtype,
        "integer": types.is_integer_dtype,
        "decimal": types.is_float_dtype,
        "timestamp": types.is_datetime64_any_dtype,
    }
    return next((kind for kind, fits in kinds.items() if fits(values)), "text")


def _texts(values: "pd.Series", kind: Kind) -> list[str | None]:
    shown = values.map(repr if kind == "decimal" else str).astype(object)
    return shown.where(values.notna(), None).tolist()


def _as_double(found: Column) -> Column:
    """Let decimals be floating-point numbers, as they are in a frame."""
    if found.kind != "decimal":
        return found
    sql = found.sql.replace(TYPES["decimal"], "DOUBLE")
    return found.model_copy(update={"sql": sql, "sql_type": "DOUBLE"})
