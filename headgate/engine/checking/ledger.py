"""The ledger of rows that a person put right: each as it was kept back, and as each sheet had it.

Here: what a sheet adds to it. Not here: how a sheet is read, and where the ledger is kept.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from duckdb import DuckDBPyConnection
from pydantic import Field

from headgate.engine.checking.quarantine import CHECK, NOTES, RAW, REASON, SHEET
from headgate.engine.checking.sheets import Sheet, as_shown, load_rows, own_sheet
from headgate.engine.columns.column import BLANKS
from headgate.engine.duck import database, first, quote_text
from headgate.engine.staging import LINE
from headgate.errors import BadFileError, NotKeptBackError
from headgate.record import Record
from headgate.words import quoted

LEDGER_NOTES = {"sheet": SHEET, "raw": RAW}
"""What the ledger says of each row besides its cells."""

_CUT = "The row ends before its last column; a file that was cut off must be sent whole."
_NO_LINE = f"{LINE} says {{!r}}, which is no line's number."
_NOT_KEPT = f"{LINE} says {{}}, which is not the line of a row that was kept back."
_TWICE = f"{LINE} says {{}}, as does a row further up."


class SheetCounts(Record):
    """What one sheet has put right."""

    rows: Annotated[int, Field(description="Rows that it changed or accepted", ge=1)]
    cells: Annotated[dict[str, int], Field(description="Cells that it changed, by column")]


def extend_ledger(
    scratch: Path,
    kept: Path | None,
    sheet: Sheet,
    name: str,
    earlier: Path | None = None,
    *,
    later: Sequence[str] = (),
) -> tuple[Path, SheetCounts]:
    """Write the ledger anew with the rows that a sheet puts right; return it and what they are.

    A row counts as put right where a cell differs from every state in which it was shown, or
    where its reason was emptied. All others stay as they are.

    Args:
        scratch: Where the ledger goes.
        kept: The quarantine file of the result that stands, if it has one.
        sheet: The file that came back.
        name: How the ledger calls that file.
        earlier: The ledger of the result that stands, if it has one.
        later: Sheets in that ledger whose rows stay in force where this one has them too.

    Raises:
        BadFileError: The sheet lacks columns, corrects nothing, or has a row twice or cut off.
        NotKeptBackError: It holds other rows than those that were kept back.
    """
    stands, former = (own_sheet(each) if each else None for each in (kept, earlier))
    names = _columns(stands, former, sheet)
    if shown := stands or former:
        sheet = as_shown(sheet, shown)
    _require(sheet, (LINE, *names))
    with database(scratch, kept or sheet.path) as con:
        load_rows(con, "kept", stands, names=names, notes={"fault": CHECK, "raw": RAW})
        load_rows(con, "sent", sheet, names=names, notes={"reason": REASON})
        load_rows(con, "ledger", former, names=names, notes=LEDGER_NOTES)
        _refuse_strangers(con, sheet.path.name)
        _find_corrected(con, sheet.path.name)
        ledger = scratch / "corrections.csv"
        _write(con, ledger, names, name, later)
        return ledger, _count_cells(con, names)


def _columns(kept: Sheet | None, ledger: Sheet | None, sheet: Sheet) -> tuple[str, ...]:
    """Return the columns of the upload whose rows the sheet corrects."""
    if kept:
        return kept.columns(len(NOTES))
    if ledger:
        return ledger.columns(len(LEDGER_NOTES))
    raise NotKeptBackError(
        "No row of the original is kept back.",
        where=sheet.path.name,
        todo="Upload further rows as a file of their own.",
    )


def _require(sheet: Sheet, columns: Sequence[str]) -> None:
    if absent := [name for name in columns if name not in sheet.dialect.names]:
        raise BadFileError(
            f"The corrected file lacks {quoted(absent)}.",
            where=sheet.path.name,
            todo="Correct the cells of the quarantine file and leave its header as it is.",
        )


def _refuse_strangers(con: DuckDBPyConnection, where: str) -> None:
    """Let only rows in that were kept back, and each once."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE state AS SELECT line, last(cells ORDER BY row_at) AS cells,"
        " last(plain ORDER BY row_at) AS plain, last(raw ORDER BY row_at) AS raw,"
        " any_value(fault) AS fault, max(row_at) = 0 AS fresh FROM"
        " (SELECT 0 AS row_at, line, cells, plain, raw, fault FROM kept"
        " UNION ALL SELECT row_at, line, cells, plain, raw, NULL FROM ledger) GROUP BY line"
    )
    strange = first(
        con,
        f"SELECT row_at, CASE WHEN cut THEN {quote_text(_CUT)}"
        f" WHEN line IS NULL THEN {quote_text(_NO_LINE)}"
        f" WHEN line NOT IN (SELECT line FROM state) THEN {quote_text(_NOT_KEPT)}"
        f" WHEN row_number() OVER (PARTITION BY line ORDER BY row_at) > 1 THEN {quote_text(_TWICE)}"
        " END AS why, shown FROM sent QUALIFY why IS NOT NULL ORDER BY row_at LIMIT 1",
    )
    if strange:
        at, why, shown = strange
        refusal = NotKeptBackError if why == _NOT_KEPT else BadFileError
        raise refusal(
            why.format(shown),
            where=f"{where}, line {at}",
            todo=f"Leave {LINE} as it was; new rows belong into a file of their own.",
        )


def _find_corrected(con: DuckDBPyConnection, where: str) -> None:
    """Find the rows that differ from every state in which they were shown, or are accepted."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE corrected AS"
        " SELECT line, sent.cells, sent.plain, state.cells AS before, state.plain AS plain_before,"
        " raw, fault, fresh FROM sent JOIN state USING (line)"
        f" WHERE (fresh AND trim(reason, {quote_text(BLANKS)}) = '') OR NOT EXISTS (FROM"
        " (SELECT line, plain FROM kept UNION ALL SELECT line, plain FROM ledger) AS shown"
        " WHERE shown.line = sent.line AND shown.plain = sent.plain)"
    )
    if not first(con, "SELECT 1 FROM corrected LIMIT 1"):
        raise BadFileError(
            "No row was corrected: each is as it was kept back, or corrected before.",
            where=where,
            todo=f"Correct cells, or empty {REASON} in rows that are right as they are. Rows that "
            "are left alone or deleted stay kept back: nothing need be sent for them.",
        )
    if foreign := first(con, "SELECT line FROM corrected WHERE fault = 'table' LIMIT 1"):
        raise BadFileError(
            f"Line {foreign[0]} belongs to another table of the file.",
            where=where,
            todo="Leave such rows as they are, and upload the other table as a file of its own.",
        )


def _count_cells(con: DuckDBPyConnection, names: Sequence[str]) -> SheetCounts:
    changed = ", ".join(
        f"count_if(plain[{i}] <> plain_before[{i}])" for i, _ in enumerate(names, start=1)
    )
    rows, *cells = first(con, f"SELECT count(*), {changed} FROM corrected")
    return SheetCounts(
        rows=rows, cells={name: n for name, n in zip(names, cells, strict=True) if n}
    )


def _write(
    con: DuckDBPyConnection, ledger: Path, names: Sequence[str], sheet: str, later: Sequence[str]
) -> None:
    """Write all states of every corrected row, the one in force last.

    Cells that did not change keep their line ends.
    """
    cells = ", ".join(
        f"CASE WHEN plain[{i}] = plain_before[{i}] THEN before[{i}] ELSE cells[{i}] END"
        for i, _ in enumerate(names, start=1)
    )
    in_force = f"list_contains([{', '.join(map(quote_text, later))}]::VARCHAR[], sheet)"
    rows = con.execute(
        "SELECT line, sheet, cells, raw FROM (SELECT row_at, line, sheet, cells, raw FROM ledger"
        " UNION ALL SELECT 0, line, '', before, raw FROM corrected WHERE fresh"
        f" UNION ALL SELECT {2**62}, line, {quote_text(sheet)}, [{cells}], raw FROM corrected)"
        f" ORDER BY line, {in_force}, row_at"
    )
    with ledger.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([LINE, SHEET, *names, RAW])
        while batch := rows.fetchmany(1000):
            writer.writerows([line, by, *row, raw] for line, by, row, raw in batch)
