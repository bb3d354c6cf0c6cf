"""A contract bound to one file: its columns are held to it first, then its rows, block by block.

Which rows are bad is worked out here, row by row. Not here: how pandera judges, rules that span the
file, and what becomes of bad rows.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.checking.expected import Expected
from headgate.engine.checking.limits import hold_to_columns
from headgate.engine.checking.quarantine import Fault
from headgate.engine.checking.unique_keys import Key
from headgate.engine.columns.column import BLANKS, MARKERS
from headgate.engine.columns.formats import Format, Kind
from headgate.engine.columns.inference import sample_of
from headgate.engine.contract import Contract
from headgate.engine.duck import evaluate, quote_name, quote_text, shared_database
from headgate.engine.staging import LINE

if TYPE_CHECKING:
    from headgate.engine.checking.bound_model import BoundModel

_KIND_IN_WORDS: Mapping[Kind, str] = {
    "integer": "a whole number",
    "decimal": "a number",
    "boolean": "a truth value",
    "date": "a date",
    "timestamp": "a date with a time",
}


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
        hold_to_columns(names, (*contract.references, *(n for key in contract.unique for n in key)))
        model = _bound(contract, names)
        self.expected: tuple[Expected, ...] = model.expected if model else ()
        self.dropped = model.dropped if model else ()
        self.formats: dict[str, Format] = {}
        """By name of a column that has a type, how it is written, as far as blocks have told."""
        self._untold = [each for each in self.expected if each.kind != "text"]
        self._lock = threading.Lock()
        self._keys = (*contract.unique, *(model.unique if model else ()))
        self._model = model
        self._references = contract.references
        self._missing = ("", *missing)
        self._point = point

    @property
    def unique(self) -> tuple[Key, ...]:
        """Keys that may occur once in the whole file, by the values that the checks judge."""
        expected = {each.name: each for each in self.expected}
        return tuple(
            Key(names, tuple(self._key_part(name, expected.get(name)) for name in names))
            for names in self._keys
        )

    def check(self, rows: pa.Table) -> list[Fault]:
        """Return everything that is wrong with any of these rows; may run in several threads.

        Raises:
            ContractError: A check speaks of the whole file, and fails; or the values of a column
                could as well be others.
            SettingsError: A check itself fails.
            NoRoomError: The values are too long for the memory.
        """
        self._learn(rows)
        texts, faults = self._hold_to_types(rows)
        refused = {(fault.line, fault.column) for fault in faults}
        faults += self._outside_references(rows, texts)
        if self._model and rows.num_rows:
            judged = self._model.judge(self._typed(texts), rows)
            faults += (each for each in judged if (each.line, each.column) not in refused)
        return faults

    def _learn(self, rows: pa.Table) -> None:
        """Find out how columns are written that have a type and had no value further up."""
        with self._lock:
            untold = []
            for each in self._untold:
                sample = sample_of(rows[each.name], self._missing)
                self.formats[each.name] = each.format_of(sample, point=self._point)
                untold += [] if sample else [each]
            self._untold = untold

    def _outside_references(self, rows: pa.Table, texts: dict[str, pa.Array]) -> Iterator[Fault]:
        for name, allowed in self._references.items():
            known = pa.array([*allowed, *self._missing, None], pa.string())
            outside = pc.invert(pc.is_in(texts.get(name, rows[name]), value_set=known))
            reason = "is not in the list of known values"
            yield from _faults(rows, name, outside, "reference", reason)

    def _hold_to_types(self, rows: pa.Table) -> tuple[dict[str, pa.Array], list[Fault]]:
        """Blank out the cells that are missing or not of their column's type."""
        columns, faults = dict[str, pa.Array](), list[Fault]()
        for each in self.expected:
            texts, form = rows[each.name].combine_chunks(), self.formats.get(each.name)
            texts = pc.utf8_trim_whitespace(texts) if each.coerce else texts
            blank = pc.is_in(texts, value_set=pa.array(self._absent(form), pa.string()))
            if form:
                unfit = pc.invert(pc.or_(form.fits(texts), blank))
                each.refuse_other_orders(form, texts, unfit, rows[LINE].combine_chunks())
                reason = f"is not {_KIND_IN_WORDS[form.kind]} written like {form.label}"
                faults += _faults(rows, each.name, unfit, "type", reason)
                blank = pc.or_(blank, unfit)
            columns[each.name] = pc.if_else(blank, pa.scalar(None, pa.string()), texts)
        return columns, faults

    def _absent(self, form: Format | None) -> tuple[str, ...]:
        """Texts that count as missing in a column of some format, or of texts."""
        return (*self._missing, *(MARKERS if form else ()))

    def _typed(self, texts: dict[str, pa.Array]) -> pa.Table:
        """Return the values of some texts."""
        cells = {
            each.name: each.sql(self.formats.get(each.name), quote_name(each.name))
            for each in self.expected
        }
        with shared_database() as con:
            return pa.table(evaluate(con, pa.table(texts), cells))

    def _key_part(self, name: str, expected: Expected | None) -> str:
        """Return the DuckDB expression of a value in a key, null where it is missing."""
        text = value = quote_name(name)
        form = self.formats.get(name)
        if expected:
            text = f"trim({text}, {quote_text(BLANKS)})" if expected.coerce else text
            value = expected.sql(form, text)
        absent = ", ".join(map(quote_text, self._absent(form)))
        return f"CASE WHEN {text} NOT IN ({absent}) THEN {value} END"


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
