"""How numbers are written, where the first ones of a file do not show all of it.

They may be too small to part thousands, whole, or not below zero. Here: what all values of one
column tell. Not here: when they are looked at.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.columns.formats import Kind
from headgate.engine.columns.guess import groupings, other_negative
from headgate.engine.columns.numbers import Number


class LaterNumbers:
    """The other ways in which one column's numbers may still turn out to be written."""

    def __init__(self, form: Number, kind: Kind, *, point: bool | None) -> None:
        """Begin with no value seen.

        Args:
            form: How the first values are written.
            kind: What the contract says that they are.
            point: Whether a point is the decimal mark; None where nothing tells.
        """
        self._form = form
        self._whole = kind == "integer"
        self._point = point
        self._ways = [*_other_ways(form, whole=self._whole)]
        self._counts = Counter[Number]()
        self._told = Counter[Number]()
        self._large = 0

    @property
    def open(self) -> bool:
        """Whether there is any other way."""
        return bool(self._ways)

    @property
    def settled(self) -> Number:
        """How the values are written: as most of those that the first ones differ from."""
        likely = filter(self._is_likely, self._ways)
        return max(likely, key=lambda way: self._counts[way], default=self._form)

    def shows(self, texts: pa.StringArray) -> bool:
        """Return whether some values can only be numbers if they are written in another way."""
        content = str(strings.octets(texts), "utf-8")
        ways = [way for way in self._ways if all(sign in content for sign in self._signs(way))]
        if not ways:
            return False
        _, others = self._split(texts)
        return any(pc.any(way.fits(others)).as_py() for way in ways)

    def look(self, texts: pa.StringArray) -> None:
        """Count the values that are written in another way, and the large ones that are not."""
        plain, others = self._split(texts)
        self._large += pc.sum(pc.match_substring_regex(plain, "[0-9]{4}")).as_py() or 0
        self._ways = [way for way in self._ways if not self._contradicts(way, plain)]
        for way in self._ways:
            fitting = others.filter(way.fits(others))
            self._counts[way] += len(fitting)
            self._told[way] += self._telling(way, fitting)

    def _split(self, texts: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
        """Part the values that are written as the first ones are from all others."""
        values = pc.utf8_trim_whitespace(texts)
        plain = self._form.fits(values)
        return values.filter(plain), values.filter(pc.invert(plain))

    def _signs(self, way: Number) -> set[str]:
        """Return the characters by which a way differs from that of the first values."""
        signs = set[str]()
        if way.negative != self._form.negative:
            signs.add(way.negative.strip("5)"))
        if way.thousands != self._form.thousands:
            signs.add(way.thousands)
        elif way.mark != self._form.mark:
            signs.add(way.mark)
        return signs

    def _contradicts(self, way: Number, plain: pa.StringArray) -> bool:
        """Return whether some of the plain values would be others or none in this way."""
        marked = way.mark != self._form.mark and way.scale != 0
        signed = way.negative != self._form.negative
        return (marked and strings.holds(plain, self._form.mark)) or (
            signed and bool(pc.any(pc.starts_with(plain, "-")).as_py())
        )

    def _is_likely(self, way: Number) -> bool:
        """Return whether values tell a way: most of them, where some could be others as well."""
        told = self._told[way]
        if self._whole:
            return told > 0 and self._counts[way] > self._large
        if way.thousands or way.mark == self._form.mark:
            return told > 0
        return 2 * told > self._counts[way]

    def _telling(self, way: Number, fitting: pa.StringArray) -> int:
        """Count the values that show what their marks part: thousands, or an amount."""
        if self._whole and not (self._point and way.thousands == "."):
            return len(fitting)
        mark, thousands = re.escape(way.mark), re.escape(way.thousands)
        if way.thousands:
            behind = thousands if way.scale == 0 else f"(?:{thousands}|{mark})"
            shown = f"[0-9]{thousands}[0-9]{{2,3}}{behind}[0-9]"
        elif way.mark != self._form.mark:
            shown = f"(?:^|[^0-9])0{mark}|{mark}(?:[0-9]{{0,2}}|[0-9]{{4,}})(?:[^0-9]|$)"
        else:
            shown = mark
        return pc.sum(pc.match_substring_regex(fitting, shown)).as_py() or 0


def _other_ways(form: Number, *, whole: bool) -> Iterator[Number]:
    """Yield ways to write numbers that are the same for those which show none of their marks.

    A point is the decimal mark by default, as long as no digits stand behind it.
    """
    marks = [form.mark] if whole or form.thousands else [*dict.fromkeys((form.mark, ","))]
    signed = whole or form.negative != "-5"
    negatives = [form.negative, *([] if signed else [other_negative(form.prefix, form.suffix)])]
    for mark, negative in product(marks, negatives):
        way = replace(form, mark=mark, negative=negative)
        yield from [way] if way != form else []
        yield from (replace(each, optional=True) for each in groupings(way) if not each.late)
