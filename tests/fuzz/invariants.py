"""What must hold for every file, however damaged: it is read whole, or refused with a reason."""

import csv
import importlib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq

from headgate.engine.columns.column import Column
from headgate.engine.contract import Contract
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.lines import split_lines
from headgate.engine.reading.unpack import open_bytes
from headgate.engine.result.prepared import Prepared
from headgate.engine.staging import CSV, LINE, StagedFile
from headgate.engine.validate import Reading, validate_file
from headgate.errors import DefectError, HeadgateError
from headgate.options import CheckOptions
from tests.fuzz.cases import PREPARATIONS, Case, Table
from tests.harness.staging import line_of

ANYTHING = Contract(min_rows=0, max_bad_share=1)


class BrokenError(AssertionError):
    """An invariant does not hold."""


def examine(case: Case, folder: Path) -> None:
    """Read and prepare a case's file; a refusal is fine where the file is damaged.

    Raises:
        BrokenError: An invariant does not hold.
        Exception: Whatever else was raised that is no `HeadgateError`.
    """
    path = folder / "file.csv"
    path.write_bytes(case.content)
    with _limits(case.limits):
        try:
            reading = validate_file(
                path, folder, options=case.read, check=CheckOptions(), contract=ANYTHING
            )
            _check_reading(path, reading)
            if case.table is not None:
                _check_round_trip(case.table, reading)
            prepared = preprocess_rows(reading, folder, case.prepare)
            _check_prepared(reading, prepared, untouched=case.prepare == PREPARATIONS[-1])
        except DefectError:
            raise
        except HeadgateError as refusal:
            if case.table is not None and len(case.table) > 1:
                raise BrokenError(f"An undamaged file is refused: {refusal}") from refusal


@contextmanager
def _limits(limits: dict[str, int]) -> Iterator[None]:
    before = {}
    for place, size in limits.items():
        module, name = place.split(".")
        module = importlib.import_module(f"headgate.engine.reading.{module}")
        before[module, name] = getattr(module, name)
        setattr(module, name, size)
    try:
        yield
    finally:
        for (module, name), size in before.items():
            setattr(module, name, size)


def _hold(fact: bool, what: str) -> None:
    if not fact:
        raise BrokenError(what)


def staged(reading: Reading) -> dict[int, list[str]]:
    """Return the good rows by line."""
    cells = [row for batch in StagedFile(reading.table) for row in batch.to_pylist()]
    lines = [row.pop(LINE) for row in cells]
    written = [row.pop(CSV) for row in cells]
    again = [line_of(*row.values()) for row in cells]
    _hold(written == again, "A line of CSV holds other cells than its row, or in another way.")
    _hold(lines == sorted(set(lines)), "Good rows are not in file order, each on its own line.")
    return {line: list(row.values()) for line, row in zip(lines, cells, strict=True)}


def _quarantined(reading: Reading) -> list[tuple[int, str, str]]:
    """Line, check and raw text of the rows kept back."""
    if reading.quarantine is None:
        return []
    with reading.quarantine.open(newline="", encoding="utf-8-sig") as file:
        return [(int(row[0]), row[2], row[-1]) for row in list(csv.reader(file))[1:]]


def _check_reading(path: Path, reading: Reading) -> None:
    good, kept = staged(reading), _quarantined(reading)
    _hold(len(good) == reading.rows_good, "The staged table has other rows than are counted.")
    _hold(len(kept) == reading.quarantined, "The quarantine has other rows than are counted.")
    lines = _lines(path, reading.dialect)
    for line, check, raw in kept:
        _hold(
            _stands(raw, iter(lines[line - 1 :])),
            f"Line {line} is not what the quarantine says ({check}).",
        )
    ours = [(line, raw) for line, check, raw in kept if check != "table"]
    _hold(not good.keys() & {line for line, _ in ours}, "A row is good and kept back.")
    _check_lines(reading, lines, good, dict(ours))


def _lines(path: Path, dialect: Dialect) -> list[str]:
    with open_bytes(path, dialect.compression, dialect.member) as file:
        data = file.read()
    errors = f"headgate-{dialect.fallback}" if dialect.fallback else "replace"
    encoding = "utf-8" if dialect.encoding == "ascii" else dialect.encoding
    text = data.decode(encoding, errors).removeprefix("\ufeff")
    return split_lines(text, dialect.newline)


def _stands(raw: str, lines: Iterator[str]) -> bool:
    """Return whether this text is what the first lines hold, but for the last one's end."""
    text = ""
    while len(text) < max(1, len(raw)) and (line := next(lines, "")):
        text += line
    return text.startswith(raw) and not text[len(raw) :].strip("\r\n")


def _check_lines(
    reading: Reading, lines: list[str], good: dict[int, list[str]], kept: dict[int, str]
) -> None:
    """Hold every line between header and footer to be in one row, or blank, or a comment."""
    dialect = reading.dialect
    top = dialect.skip_lines + dialect.header_lines
    end = max(top, len(lines) - dialect.footer_lines)
    starts = sorted(good.keys() | kept.keys())
    _hold(all(top < line <= end for line in starts), "A row stands outside the table.")
    if dialect.comment is None:
        above = "".join(lines[top : starts[0] - 1 if starts else end])
        _hold(not _letters(above), "Text above the first row belongs to no row.")
    ends = 0
    for line, after in pairwise([*starts, end + 1]):
        cells = good.get(line, [kept.get(line, "")])
        ends += 1 + sum(len(split_lines(f"{cell}.", dialect.newline)) - 1 for cell in cells)
        text = "".join(lines[line - 1 : after - 1])
        if dialect.comment is None:
            _hold(_letters("".join(cells)) == _letters(text), f"Line {line} holds other text.")
    comments = sum(each.lines for each in reading.left_out if each.where == "comment")
    _hold(
        ends + comments + reading.blank_lines == end - top,
        "Rows and blank lines are not all lines.",
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _check_round_trip(table: Table, reading: Reading) -> None:
    header, *rows = table
    _hold(list(reading.dialect.header) == header, "The header is read differently.")
    _hold(reading.quarantined == 0, "A good row is kept back.")
    _hold(list(staged(reading).values()) == rows, "Cells are read differently.")


def _check_prepared(reading: Reading, prepared: Prepared, *, untouched: bool) -> None:
    with prepared.csv.open(newline="", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    parquet = pq.read_table(prepared.parquet)
    _hold(len(rows) == prepared.rows_out == parquet.num_rows, "Rows out are miscounted.")
    _hold(names == parquet.column_names, "CSV and Parquet have other columns.")
    if len(names) == len(reading.columns):
        for i, (column, values) in enumerate(zip(reading.columns, parquet.columns, strict=True)):
            empty = sum(1 for row in rows if _is_missing(row[i], column))
            _hold(values.null_count == empty, f"{names[i]!r} has other values in Parquet.")
    cells = list(staged(reading).values())
    if untouched:
        _hold(names == list(reading.dialect.names), "Columns are not what was read.")
        _hold(rows == cells, "Cells are changed by no rule.")
    elif len(rows) == len(cells) and len(names) == len(reading.dialect.names):
        _check_counts(cells, rows, prepared)


def _is_missing(cell: str, column: Column) -> bool:
    signs = {"", *(each.marker for each in column.missing)}
    return not cell or (column.kind != "text" and not signs.isdisjoint((cell, cell.strip())))


def _check_counts(before: Table, after: Table, prepared: Prepared) -> None:
    """Hold every changed cell to be trimmed, composed or emptied, and counted."""
    pairs = [
        (old, new)
        for row, made in zip(before, after, strict=True)
        for old, new in zip(row, made, strict=True)
        if old != new
    ]
    counted = sum(rule.cells for rule in prepared.rules if rule.rule != "escape formulas")
    _hold(len(pairs) <= counted, f"{len(pairs)} cells are changed, {counted} are counted.")
    for old, new in pairs:
        composed = unicodedata.normalize("NFC", old)
        _hold(new in ("", composed, composed.strip()), f"{old!r} became {new!r}.")
