"""The texts of one column cleaned: blanks around them, their Unicode form, signs for missing ones.

Here: what is done to a cell whatever else stands in its row, and how often. Not here: types, and
rules that look at more than one cell.
"""

from dataclasses import astuple, dataclass

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.columns.column import BLANKS, Column
from headgate.engine.recipe import Input


@dataclass(frozen=True)
class Changes:
    """Cells of one column that each rule changes, and those that hold a value afterwards."""

    trimmed: int = 0
    normalised: int = 0
    emptied: int = 0
    filled: int = 0

    def __bool__(self) -> bool:
        """Return whether any text is another one now."""
        return bool(self.trimmed or self.normalised or self.emptied)

    def __add__(self, other: "Changes") -> "Changes":
        """Count both."""
        return Changes(
            *(one + more for one, more in zip(astuple(self), astuple(other), strict=True))
        )


def clean(texts: pa.Array, rule: Input, found: Column) -> tuple[pa.Array, Changes]:
    """Clean texts as a rule says; a missing one becomes null.

    What the whole column was found to hold saves looking for what it cannot have.
    """
    trimmed = normalised = emptied = 0
    if rule.trim and found.padded:
        texts, trimmed = _changed(texts, pc.utf8_trim(texts, BLANKS))
    if rule.normalise and not found.ascii:
        texts, normalised = _changed(texts, pc.utf8_normalize(texts, "NFC"))
    if rule.missing:
        marked = pc.is_in(texts, pa.array(rule.missing, pa.string()))
        emptied = pc.sum(marked).as_py() or 0
        texts = pc.if_else(marked, "", texts) if emptied else texts
    empty = strings.is_empty(texts)
    if pc.any(empty).as_py():
        texts = _missing(texts, empty)
    return texts, Changes(trimmed, normalised, emptied, len(texts) - texts.null_count)


def _missing(texts: pa.StringArray, empty: pa.BooleanArray) -> pa.StringArray:
    """Say of empty texts that they are missing, without copying the others."""
    whole = pa.concat_arrays([texts]) if texts.offset else texts
    _, offsets, octets = whole.buffers()
    _, there = pc.invert(empty).buffers()
    return pa.StringArray.from_buffers(len(texts), offsets, octets, there)


def _changed(before: pa.Array, after: pa.Array) -> tuple[pa.Array, int]:
    return after, pc.sum(pc.not_equal(before, after)).as_py() or 0
