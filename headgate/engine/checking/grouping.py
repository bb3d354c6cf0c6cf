"""How numbers part thousands, where the first ones of a file are too small to show it.

Here: what all values of one column tell. Not here: when they are looked at.
"""

import re
from collections import Counter
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.columns.formats import Format, Kind, Number
from headgate.engine.columns.guess import groupings


class Grouping:
    """The separators of thousands that one column may still turn out to have."""

    def __init__(self, form: Format, kind: Kind, *, point: bool | None) -> None:
        """Begin with no value seen.

        Args:
            form: How the first values are written.
            kind: What the contract says that they are.
            point: Whether a point is the decimal mark; None where nothing tells.
        """
        self._form = form
        self._whole = kind == "integer"
        self._point = point
        self._ways = [replace(way, optional=True) for way in groupings(form) if not way.late]
        self._parted = Counter[Number]()
        self._told = set[Number]()
        self._large = 0

    @property
    def open(self) -> bool:
        """Whether there is any way to part thousands."""
        return bool(self._ways)

    @property
    def settled(self) -> Format:
        """How the values are written; most large whole numbers must be parted, if any are."""
        least = self._large if self._whole else 0
        likely = [way for way in self._ways if way in self._told and self._parted[way] > least]
        return max(likely, key=lambda way: self._parted[way], default=self._form)

    def shows(self, texts: pa.StringArray) -> bool:
        """Return whether some values can only be numbers if thousands are parted."""
        content = str(strings.octets(texts), "utf-8")
        ways = [way for way in self._ways if way.thousands in content]
        if not ways:
            return False
        _, others = self._split(texts)
        return any(pc.any(way.fits(others)).as_py() for way in ways)

    def look(self, texts: pa.StringArray) -> None:
        """Count the values with separators, and the large ones without."""
        plain, others = self._split(texts)
        self._large += pc.sum(pc.match_substring_regex(plain, "[0-9]{4}")).as_py() or 0
        for way in self._ways:
            parted = others.filter(way.fits(others))
            self._parted[way] += len(parted)
            if self._tells(way, parted):
                self._told.add(way)

    def _split(self, texts: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
        """Part the values that are written as the first ones are from all others."""
        values = pc.utf8_trim_whitespace(texts)
        plain = self._form.fits(values)
        return values.filter(plain), values.filter(pc.invert(plain))

    def _tells(self, way: Number, parted: pa.StringArray) -> bool:
        """Return whether what stands in some numbers cannot be a decimal mark."""
        if self._whole and not (self._point and way.thousands == "."):
            return len(parted) > 0
        marks = {way.thousands} if way.scale == 0 else {way.thousands, way.mark}
        behind = "|".join(map(re.escape, marks))
        between = f"[0-9]{re.escape(way.thousands)}[0-9]{{2,3}}(?:{behind})[0-9]"
        return bool(pc.any(pc.match_substring_regex(parted, between)).as_py())
