"""What the blocks of a file show of one column: which formats all its values are written in so far.

Here: what is seen, and how it adds up. Not here: which formats are tried, and what is settled.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.columns.column import MARKERS
from headgate.engine.columns.formats import Format, Precision
from headgate.engine.staging import LINE

_ABSENT = ("", *MARKERS)


@dataclass(frozen=True)
class Misfit:
    """A value that is not written in a format, and where it stands."""

    line: int
    value: str


@dataclass
class Seen:
    """What one column was seen to hold, in one block or in several."""

    filled: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    markers: Counter[str] = field(default_factory=Counter)
    misfits: dict[Format, Misfit] = field(default_factory=dict)
    precision: dict[Format, Precision] = field(default_factory=dict)
    padded: bool = False
    ascii: bool = True

    def add(self, later: "Seen") -> None:
        """Add what was seen further down the file.

        Another thread may have tried a format there that fell before: that counts for nothing.
        """
        self.filled += later.filled
        self.missing += later.missing
        self.markers += later.markers
        fallen = {form: each for form, each in later.misfits.items() if form not in self.misfits}
        self.misfits = fallen | self.misfits
        for form, digits in later.precision.items():
            self.precision[form] = digits.widened(self.precision.get(form, digits))
        self.padded |= later.padded
        self.ascii &= later.ascii


@dataclass
class Trial:
    """The formats that one column is tried against, and how far each has come."""

    name: str
    sample: list[str] = field(default_factory=list)
    formats: list[Format] = field(default_factory=list)
    ruled_out: dict[Format, str] = field(default_factory=dict)
    near: list[Format] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    @property
    def live(self) -> list[Format]:
        """The formats that every value seen is written in."""
        return [each for each in self.formats if each not in self.seen.misfits]

    @property
    def contested(self) -> list[Format]:
        """Those of them that give the same texts different values."""
        return [each for each in self.live if any(map(each.rivals, self.live))]

    def look(self, rows: pa.Table, missing: Iterable[str]) -> Seen:
        """See what a block holds besides texts that count as missing."""
        texts, live, seen = rows[self.name].combine_chunks(), self.live, Seen()
        values = _without_missing(texts, missing, seen)
        seen.filled = len(values)
        if not seen.filled:
            return seen
        seen.ascii = strings.is_ascii(values)
        if not live:
            seen.padded = _padded(values)
            return seen
        for form in live:
            kept = _hold(values, form, seen)
            if form in seen.misfits:
                value = seen.misfits[form].value
                line = rows[LINE][pc.index(texts, value).as_py()].as_py()
                seen.misfits[form] = Misfit(line, value)
                seen.padded = _padded(values)
            seen.precision[form] = form.precision(kept)
        return seen


def _without_missing(texts: pa.StringArray, missing: Iterable[str], seen: Seen) -> pa.StringArray:
    """Leave out empty cells and texts that count as missing, and count them."""
    values = strings.without_empty(texts)
    if len(values) < len(texts):
        seen.missing[""] = len(texts) - len(values)
    for marker in missing:
        found = pc.equal(values, marker)
        if count := pc.sum(found).as_py() or 0:
            seen.missing[marker] = count
            values = values.filter(pc.invert(found))
    return values


def _hold(values: pa.Array, form: Format, seen: Seen) -> pa.Array:
    """Hold values to a format; return them without padding and signs for missing ones."""
    mask = form.fits(values)
    if pc.all(mask).as_py() is not False:
        return values
    others = pc.value_counts(values.filter(pc.invert(mask)))
    words = {each["values"].as_py(): each["counts"].as_py() for each in others}
    stripped = {word: word.strip() for word in words}
    distinct = [text for text in dict.fromkeys(stripped.values()) if text not in _ABSENT]
    fine = form.fits(pa.array(distinct, pa.string())).to_pylist()
    bad = {text for text, fits in zip(distinct, fine, strict=True) if not fits}
    if bad:
        word = next(word for word in words if stripped[word] in bad)
        seen.misfits[form] = Misfit(0, word)
        return values
    seen.padded = seen.padded or any(word != text for word, text in stripped.items())
    for word, count in words.items():
        if stripped[word] in _ABSENT:
            seen.markers[word] = count
    values = pc.utf8_trim_whitespace(values)
    return values.filter(pc.invert(pc.is_in(values, value_set=pa.array(_ABSENT))))


def _padded(values: pa.StringArray) -> bool:
    """Return whether blanks stand around any text, none of which is empty."""
    data, places = strings.parts(values)
    first, last = data[places[:-1]], data[places[1:] - 1]
    outer = values.filter(pa.array(~(_visible(first) & _visible(last))))
    return bool(pc.any(pc.not_equal(pc.utf8_trim_whitespace(outer), outer)).as_py())


def _visible(octets: strings.Octets) -> npt.NDArray[np.bool_]:
    """Return which are characters of ASCII, and no blanks."""
    return (octets > ord(" ")) & (octets < 0x80)
