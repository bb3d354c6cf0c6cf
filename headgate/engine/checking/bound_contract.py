"""A contract bound to one file: its columns are held to it first, then its rows, block by block.

Which rows are bad is worked out here, row by row. Not here: how pandera judges, rules that span the
file, and what becomes of bad rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.checking.expected import Expected
from headgate.engine.checking.limits import hold_to_columns
from headgate.engine.checking.quarantine import Fault
from headgate.engine.columns.column import MARKERS
from headgate.engine.columns.formats import Format, Kind
from headgate.engine.columns.inference import sample_of
from headgate.engine.contract import Contract
from headgate.engine.duck import evaluate, shared_database
from headgate.engine.staging import LINE

if TYPE_CHECKING:
    import pandas as pd

    from headgate.engine.checking.bound_model import BoundModel

_KIND_IN_WORDS: Mapping[Kind, str] = {
    "integer": "a whole number",
    "decimal": "a number",
    "boolean": "a truth value",
    "date": "a date",
    "timestamp": "a date with a time",
}

Formats = Mapping[str, Format]
"""By name of a column that has a type, how it is written."""


class BoundContract:
    """A contract made ready for the columns of one file."""

    def __init__(
        self,
        contract: Contract,
        names: Sequence[str],
        missing: Sequence[str] = (),
        *,
        point: bool | None = True,
    ) -> None:
        """Hold the file's columns to the contract.

        Args:
            contract: What is asked for.
            names: The file's columns, in order.
            missing: Texts that count as missing besides the empty one.
            point: Whether a point is the decimal mark; None where nothing tells.

        Raises:
            ContractError: A column is missing, unknown or out of place.
            SettingsError: The contract cannot judge.
        """
        hold_to_columns(names, {*contract.references, *(n for key in contract.unique for n in key)})
        model = _bound(contract, names)
        self.expected: tuple[Expected, ...] = model.expected if model else ()
        self.unique = (*contract.unique, *(model.unique if model else ()))
        self.dropped = model.dropped if model else ()
        self._model = model
        self._references = contract.references
        self._missing = ("", *missing)
        self._point = point

    def formats(self, rows: pa.Table) -> dict[str, Format]:
        """Find out from the first rows how the columns that have a type are written.

        Raises:
            ContractError: The values of one could as well be others.
        """
        return {
            each.name: each.format_of(sample_of(rows[each.name], self._missing), point=self._point)
            for each in self.expected
            if each.kind != "text"
        }

    def check(self, rows: pa.Table, formats: Formats) -> list[Fault]:
        """Return everything that is wrong with any of these rows; may run in several threads.

        Raises:
            ContractError: A check speaks of the whole file, and fails.
            SettingsError: A check itself fails.
            NoRoomError: The values are too long for the memory.
        """
        faults = [*self._outside_references(rows)]
        if self._model and rows.num_rows:
            texts, unfit = self._hold_to_types(rows, formats)
            refused = {(fault.line, fault.column) for fault in unfit}
            judged = self._model.judge(self._typed(texts, formats), rows)
            faults += [*unfit, *(f for f in judged if (f.line, f.column) not in refused)]
        return faults

    def _outside_references(self, rows: pa.Table) -> Iterator[Fault]:
        for name, allowed in self._references.items():
            known = pa.array([*allowed, *self._missing], pa.string())
            outside = pc.invert(pc.is_in(rows[name], value_set=known))
            reason = "is not in the list of known values"
            yield from _faults(rows, name, outside, "reference", reason)

    def _hold_to_types(self, rows: pa.Table, formats: Formats) -> tuple[pa.Table, list[Fault]]:
        """Blank out the cells that are missing or not of their column's type."""
        columns, faults = {}, list[Fault]()
        for each in self.expected:
            texts, form = rows[each.name].combine_chunks(), formats.get(each.name)
            texts = pc.utf8_trim_whitespace(texts) if each.coerce else texts
            absent = pa.array([*self._missing, *(MARKERS if form else ())], pa.string())
            blank = pc.is_in(texts, value_set=absent)
            if form:
                unfit = pc.invert(pc.or_(form.fits(texts), blank))
                each.refuse_other_orders(form, texts, unfit, rows[LINE].combine_chunks())
                reason = f"is not {_KIND_IN_WORDS[form.kind]} written like {form.label}"
                faults += _faults(rows, each.name, unfit, "type", reason)
                blank = pc.or_(blank, unfit)
            columns[each.name] = pc.if_else(blank, pa.scalar(None, pa.string()), texts)
        return pa.table(columns), faults

    def _typed(self, texts: pa.Table, formats: Formats) -> "pd.DataFrame":
        """Return the values of some texts."""
        cells = {each.name: each.sql(formats.get(each.name)) for each in self.expected}
        with shared_database() as con:
            values: pd.DataFrame = pa.table(evaluate(con, texts, cells)).to_pandas()
        return values


def _bound(contract: Contract, names: Sequence[str]) -> "BoundModel | None":
    if contract.model is None:
        return None
    from headgate.engine.checking.bound_model import BoundModel

    return BoundModel(contract, names)


def _faults(
    rows: pa.Table, name: str, bad: pa.BooleanArray, check: str, reason: str
) -> Iterator[Fault]:
    """Tell of the cells of a column that are marked as bad."""
    found = np.flatnonzero(np.asarray(bad))
    lines, texts = rows[LINE].take(found).to_pylist(), rows[name].take(found).to_pylist()
    for line, text in zip(lines, texts, strict=True):
        yield Fault(line, name, check, text, reason)
