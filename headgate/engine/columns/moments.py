"""How dates and times are written: by ISO 8601, in other orders, or as days of Excel."""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.columns.formats import NO_DIGITS, Format, Kind, Precision
from headgate.engine.duck import quote_text

_MICROSECONDS = len("2024-03-14 15:09:26.535897")
_PARTS = {"%d": "DD", "%m": "MM", "%Y": "YYYY", "%y": "YY", "%b": "Mon", "%B": "Month"}
_PARTS |= {"%H": "hh", "%I": "hh", "%M": "mm", "%S": "ss", "%p": "AM"}


@dataclass(frozen=True)
class IsoMoment(Format):
    """ISO 8601, all texts of one length and one form: `2024-03-14`, `2024-03-14T15:09:26Z`.

    `separator` stands before the time: a space, `T`, or nothing where there is no time.
    `zone` is `Z` or nothing.
    """

    length: int
    separator: str = ""
    zone: str = ""

    @property
    def kind(self) -> Kind:
        """A date where there is no time."""
        return "timestamp" if self.separator else "date"

    @property
    def plain(self) -> bool:
        """No zone, and no more digits than a microsecond has."""
        return not self.zone and self.length <= _MICROSECONDS

    @property
    def label(self) -> str:
        """A moment that is written so."""
        example = f"2024-03-14{self.separator}15:09:26.535897932"
        return example[: self.length - len(self.zone)] + self.zone

    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Let Arrow parse, which knows the calendar; texts of another form fail."""
        mask = pc.equal(pc.binary_length(values), self.length)
        if self.separator:
            behind_day = pc.binary_slice(pc.cast(values, pa.binary()), 10, 11)
            mask = pc.and_(mask, pc.equal(behind_day, self.separator.encode()))
        inside = values if pc.all(mask).as_py() else values.filter(mask)
        try:
            pc.cast(inside, self._arrow_type)
        except pa.ArrowInvalid:
            mask = pa.array([self._parses(value) for value in values], pa.bool_())
        return mask

    def _parses(self, value: pa.Scalar) -> bool:
        try:
            pc.cast(value, self._arrow_type)
        except pa.ArrowInvalid:
            return False
        text = value.as_py()
        return len(text) == self.length and text[10:11] in (self.separator, "")

    @property
    def _arrow_type(self) -> pa.DataType:
        if not self.separator:
            return pa.date32()
        return pa.timestamp(
            "ns" if self.length > _MICROSECONDS else "us", "UTC" if self.zone else None
        )

    def sql(self, text: str, _: Precision = NO_DIGITS) -> tuple[str, str]:
        """Cast; DuckDB reads the same forms."""
        if not self.separator:
            return f"TRY_CAST({text} AS DATE)", "DATE"
        text = f"rtrim({text}, 'Z')" if self.zone else text
        return f"TRY_CAST({text} AS TIMESTAMP)", "TIMESTAMP"


@dataclass(frozen=True)
class Moment(Format):
    """A date, perhaps with a time, in any other order of parts.

    `shape` is a regular expression whose first group is the day; `parse` the strptime pattern.
    """

    shape: str
    parse: str
    any_century: bool = False
    """Whether years of two digits may be such as programs put into different centuries."""

    @property
    def kind(self) -> Kind:
        """A date where there is no time."""
        return "timestamp" if "%M" in self.parse else "date"

    @property
    def certain(self) -> bool:
        """Not where 1945 and 2045 are written alike."""
        return not self.any_century

    @property
    def label(self) -> str:
        """The order of its parts, as people write it."""
        return re.sub("%.", lambda part: _PARTS[part[0]], self.parse)

    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Match the shape, parse, and refuse days that the month does not have."""
        mask = pc.match_substring_regex(values, self.shape)
        moments = pc.strptime(values, self.parse, "s", error_is_null=True)
        mask = pc.fill_null(pc.and_(mask, pc.is_valid(moments)), False)
        spilt = pc.and_(mask, pc.less_equal(pc.fill_null(pc.day(moments), 0), 3))
        if not pc.any(spilt).as_py():
            return mask
        written = pc.replace_substring_regex(values.filter(spilt), self.shape, r"\1")
        same = pc.equal(pc.cast(written, pa.int64()), pc.day(moments.filter(spilt)))
        return pc.replace_with_mask(mask, spilt, same)

    def sql(self, text: str, _: Precision = NO_DIGITS) -> tuple[str, str]:
        """Parse with the same pattern."""
        moment = f"try_strptime({text}, {quote_text(self.parse)})"
        if self.kind == "timestamp":
            return moment, "TIMESTAMP"
        return f"CAST({moment} AS DATE)", "DATE"

    def rivals(self, other: Format) -> bool:
        """Day and month, or day and year, may be the other way round."""
        if not isinstance(other, Moment):
            return False
        return self.order != other.order

    @property
    def order(self) -> list[str]:
        """The parts in the order in which they stand."""
        return re.findall("[a-z]", self.parse.lower())


@dataclass(frozen=True)
class SerialDay(Format):
    """Excel's number of a day, counted from the end of 1899."""

    @property
    def kind(self) -> Kind:
        """A date, as the column's name must have said."""
        return "date"

    @property
    def label(self) -> str:
        """A day that is written so."""
        return "45365 (an Excel day)"

    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Accept days from 1954 to 2064."""
        return pc.match_substring_regex(values, "^[2-5][0-9]{4}$")

    def sql(self, text: str, _: Precision = NO_DIGITS) -> tuple[str, str]:
        """Add the days to Excel's day zero."""
        return f"DATE '1899-12-30' + TRY_CAST({text} AS INTEGER)", "DATE"
