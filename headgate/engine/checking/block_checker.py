"""The good rows of a block parted from the bad ones.

Here: what can be judged block by block. Not here: keys that may occur once in the whole file.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.checking.bound_contract import BoundContract
from headgate.engine.checking.quarantine import Fault, Kept
from headgate.engine.columns.inference import TypeInference
from headgate.engine.columns.trial import Seen
from headgate.engine.contract import Contract
from headgate.engine.reading.blocks import Bad, Block
from headgate.engine.reading.dialect import Dialect
from headgate.engine.reading.lines import raw_lines
from headgate.engine.reading.open_quotes import Row, long_rows
from headgate.engine.reading.tokenise import parse
from headgate.engine.staging import CSV, LINE
from headgate.words import counted


class CheckedBlock(NamedTuple):
    """One block, its good rows parted from the bad ones."""

    good: pa.Table
    kept: list[Kept]
    seen: list[Seen]
    rows: int
    blank: int
    long: list[Row]


class BlockChecker:
    """Parts the good rows of each block from the bad ones.

    `try_check` may run in several threads; they change nothing. `learn` sees the blocks in order.
    """

    def __init__(self, dialect: Dialect, contract: Contract, missing: Sequence[str]) -> None:
        """Get ready for one file.

        Raises:
            ContractError: The file's columns are not what the contract asks for.
        """
        absent = (*missing, *contract.missing)
        point = {",": True, ";": False}.get(dialect.delimiter)
        self.contract = BoundContract(contract, dialect.names, absent, point=point)
        self.typing = TypeInference(
            dialect.names,
            absent,
            text={each.name for each in self.contract.expected if each.kind == "text"},
            point=point,
        )
        texts = [(name, pa.string()) for name in dialect.names]
        self.schema = pa.schema([*texts, (LINE, pa.int64()), (CSV, pa.string())])
        self._width = len(dialect.names)
        self._first = True
        self._header = dialect.header if dialect.header_rows == 1 else ()

    def try_check(self, block: Block) -> CheckedBlock | Block:
        """Check the rows of a block; return it as it is if it must be learnt from before."""
        if self._first or not self.contract.knows(block.rows):
            return block
        return self._check(*self._part(block), block.blank)

    def learn(self, block: Block, further: Iterator[pa.Table]) -> CheckedBlock:
        """Learn from a block how its columns are written, then check its rows.

        Args:
            block: The first in which some column has a value.
            further: The file's rows, all of which are looked at where a sample does not tell.

        Raises:
            ContractError: The values of a column could as well be others.
        """
        self.contract.learn(block.rows, further)
        good, kept = self._part(block)
        if self._first:
            self.typing.start(good, self.contract.formats)
            self._first = False
        return self._check(good, kept, block.blank)

    def _check(self, good: pa.Table, kept: list[Kept], blank: int) -> CheckedBlock:
        rows, seen = good.num_rows + len(kept), self.typing.look(good)
        return CheckedBlock(good, kept, seen, rows, blank, long_rows(good))

    def _part(self, block: Block) -> tuple[pa.Table, list[Kept]]:
        checked = self.contract.check(block.rows)
        faults = [*self._repeated_headers(block.rows), *checked]
        kept = [self._misfit(bad) for bad in block.bad]
        good = block.rows
        if faults:
            lines = sorted({fault.line for fault in faults})
            bad = np.isin(good[LINE].to_numpy(), lines)
            kept += _at_fault(good.filter(pa.array(bad)), faults, block)
            good = good.filter(pa.array(~bad))
        return good, sorted(kept, key=lambda row: row.line)

    def _repeated_headers(self, rows: pa.Table) -> Iterator[Fault]:
        """Find rows that say the column names again, as where files were put one after another."""
        alike = rows if self._header else rows.slice(0, 0)
        for position, text in enumerate(self._header):
            marked = pa.array([text, "\ufeff" + text])
            alike = alike.filter(pc.is_in(alike.column(position), value_set=marked))
            if not alike.num_rows:
                return
        for line in alike[LINE].to_pylist():
            yield Fault(line, "", "header", "", "repeats the header")

    def _misfit(self, bad: Bad) -> Kept:
        """Put into words why a row does not fit the table."""
        found = len(bad.fields)
        if bad.check == "encoding":
            reason = "holds bytes that are no valid text in the file's encoding"
        else:
            width = counted(self._width, "column")
            reason = f"has {counted(found, 'cell')} where the table has {width}"
        value = "" if bad.check == "encoding" else str(found)
        return Kept(bad.line, bad.fields, bad.raw, [Fault(bad.line, "", bad.check, value, reason)])


def rows_of_other_tables(
    path: Path, dialect: Dialect, others: Sequence[tuple[int, int]]
) -> Iterator[Kept]:
    """Keep back the rows of tables that follow or come before the one that is read."""
    for first, last in others:
        lines = [*raw_lines(path, dialect, [(line, line) for line in range(first, last + 1)])]
        rows = parse(lines, dialect.syntax)
        for fields, start, end in zip(rows.fields, rows.lines, rows.ends, strict=True):
            raw = "".join(lines[start - 1 : end]).rstrip("\r\n")
            reason = "belongs to another table of the file; choose it with the option `table`"
            line = first + start - 1
            yield Kept(line, fields, raw, [Fault(line, "", "table", "", reason)])


def _at_fault(rows: pa.Table, faults: list[Fault], block: Block) -> Iterator[Kept]:
    by_line: dict[int, list[Fault]] = {}
    for fault in faults:
        by_line.setdefault(fault.line, []).append(fault)
    cells = (column.to_pylist() for column in rows.drop_columns(CSV).columns)
    for *fields, line in zip(*cells, strict=True):
        yield Kept(line, fields, block.raw(line) or "", by_line[line])
