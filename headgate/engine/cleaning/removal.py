"""Which rows are left out: exact duplicates, rows without any value, rows without a target.

Here: finding them on tables larger than memory, and remembering them as one bit a line.
Not here: counting bad rows, which never reach the staged table.
"""

from dataclasses import dataclass

import duckdb

from headgate.engine.cleaning.staged import Staged
from headgate.engine.columns.types import quote_name
from headgate.engine.duck import first
from headgate.engine.reading.blocks import LINE
from headgate.engine.result.recipe import Removal

BITS = 8192  # lines per bitmap


@dataclass(frozen=True)
class Removed:
    """How many rows each rule left out."""

    rows: int = 0
    duplicates: int = 0
    empty: int = 0
    without_target: int = 0

    @property
    def rows_left(self) -> int:
        """Rows that stay."""
        return self.rows - self.duplicates - self.empty - self.without_target

    @property
    def any(self) -> bool:
        """Whether a row was left out at all."""
        return bool(self.duplicates or self.empty or self.without_target)


def mark_removed(staged: Staged, rules: Removal) -> Removed:
    """Fill the temporary table `removed` with a bitmap of the lines that are left out.

    A row counts under the first rule that hits it: empty, without target, duplicate.
    """
    con = staged.con
    names = [quote_name(each.name) for each in staged.inputs]
    con.execute(f"CREATE TEMP TABLE left_out ({LINE} BIGINT)")
    empty = without = 0
    if rules.empty_rows and not any(staged.full(each.name) for each in staged.inputs):
        empty = _leave_out(con, _empty_rows(staged, names))
    if rules.target in staged.columns and not staged.full(rules.target):
        missing = f"{quote_name(rules.target)} IS NULL"
        if rules.empty_rows:
            missing += f" AND coalesce({', '.join(names)}) IS NOT NULL"
        without = _leave_out(con, f"SELECT {LINE} FROM {staged.text} WHERE {missing}")
    duplicates = _duplicates(staged, names) if rules.duplicates else 0
    if empty or without or duplicates:
        con.execute(
            f"CREATE TEMP TABLE removed AS SELECT {LINE} // {BITS} AS chunk,"
            f" bitstring_agg(({LINE} % {BITS})::INT, 0, {BITS - 1}) AS bits"
            " FROM left_out GROUP BY 1"
        )
    return Removed(staged.rows, duplicates, empty, without)


def kept(relation: str, removed: Removed) -> str:
    """The rows of a relation with lines that were not left out, in the same order.

    The bitmaps are few and small, so that the join never spills and never reorders.
    """
    if not removed.any:
        return relation
    return (
        f"(SELECT r.* FROM {relation} r LEFT JOIN removed x ON x.chunk = r.{LINE} // {BITS}"
        f" WHERE x.bits IS NULL OR get_bit(x.bits, (r.{LINE} % {BITS})::INT) = 0)"
    )


def _leave_out(con: duckdb.DuckDBPyConnection, lines: str) -> int:
    return _one(con, f"INSERT INTO left_out {lines}")


def _empty_rows(staged: Staged, names: list[str]) -> str:
    nothing = f"coalesce({', '.join(names)}) IS NULL"
    return f"SELECT {LINE} FROM {staged.text} WHERE {nothing}"


def _duplicates(staged: Staged, names: list[str]) -> int:
    """Leave out all but the first of equal rows.

    Hashes find the candidates; only these are compared in full, by grouping, which spills.
    """
    con = staged.con
    digest = f"hash({', '.join(names)})"
    twice = _one(
        con,
        f"CREATE TEMP TABLE twice AS SELECT {digest} AS h FROM {staged.text}"
        " GROUP BY h HAVING count(*) > 1",
    )
    found = 0
    if twice:
        candidates = (
            f"(SELECT * FROM {staged.text} WHERE {digest} IN (FROM twice)"
            f" AND {LINE} NOT IN (FROM left_out))"
        )
        con.execute(
            f"CREATE TEMP TABLE first AS SELECT min({LINE}) AS {LINE} FROM {candidates}"
            f" GROUP BY [{', '.join(names)}]"
        )
        found = _leave_out(con, f"SELECT {LINE} FROM {candidates} ANTI JOIN first USING ({LINE})")
        con.execute("DROP TABLE first")
    return found


def _one(con: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = first(con, statement)
    return int(row[0]) if row else 0
