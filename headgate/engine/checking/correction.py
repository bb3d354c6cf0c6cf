"""Rows that a person has put right take the place of what the file holds.

Here: that alone. Not here: how the ledger of these rows comes about.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.checking.ledger import LEDGER_NOTES
from headgate.engine.checking.sheets import load_rows, own_sheet
from headgate.engine.duck import database
from headgate.engine.reading.blocks import Block, with_lines
from headgate.engine.staging import LINE
from headgate.errors import BadFileError

Result = TypeVar("Result")


class Corrections:
    """The rows put right, each in its last state, ready to take the place of what a file holds."""

    def __init__(self, ledger: Path, scratch: Path, names: Sequence[str]) -> None:
        """Load the last state of each row of a ledger, to be mapped into memory as it is needed.

        Args:
            ledger: What `extend_ledger` wrote.
            scratch: Where it is kept in order.
            names: The columns of the file that is corrected.

        Raises:
            BadFileError: The ledger has other columns than the file.
        """
        sheet = own_sheet(ledger)
        own = sheet.columns(len(LEDGER_NOTES))
        if len(own) != len(names):
            raise BadFileError(
                f"The corrected rows have {len(own)} columns, and the file has {len(names)}.",
                where=ledger.name,
                todo="Read the file with the options with which the rows were kept back.",
            )
        ordered = scratch / "corrections.arrow"
        with database(scratch, ledger) as con:
            load_rows(con, "ledger", sheet, names=own, notes=LEDGER_NOTES)
            rows = con.sql(
                "SELECT line, last(raw ORDER BY row_at), last(cells ORDER BY row_at) FROM ledger"
                " WHERE sheet <> '' GROUP BY line ORDER BY line"
            ).to_arrow_reader()
            with pa.OSFile(str(ordered), "wb") as file, pa.ipc.new_file(file, rows.schema) as out:
                for batch in rows:
                    out.write_batch(batch)
        self._names = tuple(names)
        self._rows = pa.ipc.open_file(pa.memory_map(str(ordered))).read_all()
        self._lines = self._rows.column(0).to_numpy()

    @property
    def rows(self) -> int:
        """Number of rows that were put right, or accepted as they are."""
        return len(self._rows)

    def apply(self, block: Block) -> Block:
        """Put the corrected rows of a block in their places."""
        bad = [each.line for each in block.bad]
        there = np.concatenate((block.rows[LINE].to_numpy(), np.array(bad, np.int64)))
        at = np.flatnonzero(np.isin(self._lines, there))
        if not at.size:
            return block
        lines = self._lines[at]
        others = pc.invert(pc.is_in(block.rows[LINE], value_set=pa.array(lines)))
        rows = pa.concat_tables([block.rows.filter(others), self._table(at)]).sort_by(LINE)
        left = [each for each in block.bad if each.line not in set(lines.tolist())]
        return block._replace(rows=rows, bad=left)

    def before(self, work: Callable[[Block], Result]) -> Callable[[Block], Result]:
        """Do some work on each block after its rows were corrected."""
        return lambda block: work(self.apply(block))

    def raw(self, line: int) -> str | None:
        """Return the original text of a corrected row."""
        at = int(np.searchsorted(self._lines, line))
        if at == len(self._lines) or self._lines[at] != line:
            return None
        text: str = self._rows.column(1)[at].as_py()
        return text

    def _table(self, at: npt.NDArray[np.int64]) -> pa.Table:
        rows = self._rows.take(pa.array(at))
        texts = [pc.list_element(rows.column(2), i) for i in range(len(self._names))]
        return with_lines(pa.table(texts, names=self._names), rows.column(0).to_numpy())
