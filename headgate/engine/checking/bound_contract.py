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
from headgate.engine.checking.later_numbers import LaterNumbers
from headgate.engine.checking.limits import hold_to_columns
from headgate.engine.checking.quarantine import Fault
from headgate.engine.checking.unique_keys import Key
from headgate.engine.columns.column import BLANKS, MARKERS
from headgate.engine.columns.formats import Format, Kind
from headgate.engine.columns.numbers import Number
from headgate.engine.columns.sample import sample_of
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
        self._untold = [each for each in self.expected if each.kind != "text"]
        self.formats = {each.name: each.plain for each in self._untold}
        """By name of a column that has a type, how it is written, as far as it was learnt."""
        self._later: Mapping[Expected, LaterNumbers] = {}
        """Of columns whose numbers did not yet show all of how they are written."""
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

    def knows(self, rows: pa.Table) -> bool:
        """Return whether it was learnt how the values of these rows are written."""
        filled = (not pc.all(self._texts(each, rows)[1]).as_py() for each in self._untold)
        return not any(filled) and not self._shown(self._later, rows)

    def learn(self, rows: pa.Table, further: Iterator[pa.Table]) -> None:
        """Find out how columns are written that have a type and had no such value further up.

        Args:
            rows: The first rows in which some have one.
            further: The file's rows, all of which are looked at where a sample does not tell.

        Raises:
            ContractError: The values of a column could as well be others.
        """
        found = self._found_in(rows, dict.fromkeys(self._untold, ()))
        later = {**self._later, **self._begun(found)}
        shown = self._shown(later, rows)
        self._look_further(found, shown, further)
        for each, forms in found.items():
            if len(forms) > 1:
                raise each.undecided(forms)
            self.formats[each.name] = forms[0] if forms else each.plain
        self.formats |= {each.name: numbers.settled for each, numbers in shown.items()}
        self._later = {each: later[each] for each in later if each not in shown}
        self._untold = [each for each in self._untold if each not in found]

    def _look_further(
        self,
        found: dict[Expected, Sequence[Format]],
        shown: Mapping[Expected, LaterNumbers],
        further: Iterator[pa.Table],
    ) -> None:
        """Look at the rows of the file as long as they may tell more."""
        while True:
            doubtful = {each: forms for each, forms in found.items() if len(forms) != 1}
            more = next(further, None) if doubtful or shown else None
            if more is None:
                return
            found |= self._found_in(more, doubtful, whole=True)
            for each, numbers in shown.items():
                numbers.look(more[each.name].combine_chunks())

    def _begun(self, found: Mapping[Expected, Sequence[Format]]) -> dict[Expected, LaterNumbers]:
        """Return what the first numbers of some columns leave open."""
        begun = {
            each: LaterNumbers(forms[0], each.kind, point=self._point)
            for each, forms in found.items()
            if each.coerce and len(forms) == 1 and isinstance(forms[0], Number)
        }
        return {each: numbers for each, numbers in begun.items() if numbers.open}

    def _shown(
        self, later: Mapping[Expected, LaterNumbers], rows: pa.Table
    ) -> dict[Expected, LaterNumbers]:
        """Choose those that some rows show to be written in another way."""
        return {
            each: numbers
            for each, numbers in later.items()
            if numbers.shows(rows[each.name].combine_chunks())
        }

    def _found_in(
        self, rows: pa.Table, among: Mapping[Expected, Sequence[Format]], *, whole: bool = False
    ) -> dict[Expected, Sequence[Format]]:
        """Return how columns may be written that have a value in some rows."""
        samples = {each: sample_of(rows[each.name], self._missing, whole=whole) for each in among}
        return {
            each: each.formats_of(sample, point=self._point, among=among[each])
            for each, sample in samples.items()
            if sample
        }

    def check(self, rows: pa.Table) -> list[Fault]:
        """Return everything that is wrong with any of these rows; may run in several threads.

        Raises:
            ContractError: A check speaks of the whole file, and fails; or dates are in several
                orders.
            SettingsError: A check itself fails.
            NoRoomError: The values are too long for the memory.
        """
        texts, faults = self._hold_to_types(rows)
        refused = {(fault.line, fault.column) for fault in faults}
        faults += self._outside_references(rows, texts)
        if self._model and rows.num_rows:
            judged = self._model.judge(self._typed(texts), rows)
            faults += (each for each in judged if (each.line, each.column) not in refused)
        return faults

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
            texts, blank = self._texts(each, rows)
            if form := self.formats.get(each.name):
                unfit = pc.invert(pc.or_(form.fits(texts), blank))
                each.refuse_other_orders(form, texts, unfit, rows[LINE].combine_chunks())
                reason = f"is not {_KIND_IN_WORDS[form.kind]} written like {form.label}"
                faults += _faults(rows, each.name, unfit, "type", reason)
                blank = pc.or_(blank, unfit)
            columns[each.name] = pc.if_else(blank, pa.scalar(None, pa.string()), texts)
        return columns, faults

    def _texts(self, each: Expected, rows: pa.Table) -> tuple[pa.Array, pa.BooleanArray]:
        """Return the texts of a column as they are judged, and which of them are missing."""
        texts = rows[each.name].combine_chunks()
        texts = pc.utf8_trim_whitespace(texts) if each.coerce else texts
        absent = self._absent(self.formats.get(each.name))
        return texts, pc.is_in(texts, value_set=pa.array(absent, pa.string()))

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
