"""How numbers, dates and truth values are written, and whether every value of a column is.

Each format accepts only texts that can be had back from the typed value and the format alone:
`007`, `+5` or a lone `1.10` among `2.5` fit none. Not here: which formats a
column may have.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.columns.plain_numbers import all_plain
from headgate.engine.duck import quote_text

Kind = Literal["text", "integer", "decimal", "boolean", "date", "timestamp"]
NUMBERS: tuple[Kind, ...] = ("integer", "decimal")
MOMENTS: tuple[Kind, ...] = ("date", "timestamp")
Negative = Literal["-5", "5-", "(5)"]

_MICROSECONDS = len("2024-03-14 15:09:26.535897")
_PARTS = {"%d": "DD", "%m": "MM", "%Y": "YYYY", "%y": "YY", "%b": "Mon", "%B": "Month"}
_PARTS |= {"%H": "hh", "%I": "hh", "%M": "mm", "%S": "ss", "%p": "AM"}


class Precision(NamedTuple):
    """How many digits stand before and after a decimal mark, at most."""

    before: int = 0
    after: int = 0

    def widened(self, other: "Precision") -> "Precision":
        """Return room for the digits of both."""
        return Precision(*map(max, self, other))


NO_DIGITS = Precision()
EXPONENT = r"[eE](\+?[0-2]?[0-9]{1,2}|-[0-9]{1,3})"
"""Regular expression of the exponent of a number that is not too large for a double."""


class Format(ABC):
    """One way to write one kind of value."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What is written."""

    @property
    @abstractmethod
    def label(self) -> str:
        """A value that is written so."""

    @property
    def plain(self) -> bool:
        """Whether Arrow's own cast reads what is written so, as `sql` does."""
        return False

    @property
    def certain(self) -> bool:
        """Whether a text that is written so means one value only."""
        return True

    @abstractmethod
    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Return for each text, none of them null, whether it is written so."""

    @abstractmethod
    def sql(self, text: str, precision: Precision = NO_DIGITS) -> tuple[str, str]:
        """Return the DuckDB expression of the value over a text expression, and its type.

        Only decimals of an exact type need the precision.
        """

    def precision(self, values: pa.Array) -> Precision:
        """Return how many digits these texts have before and after a decimal mark, at most."""
        return Precision(pc.max(pc.binary_length(values)).as_py() or 0)

    def rivals(self, _: "Format") -> bool:
        """Return whether both could fit the same texts and mean different values."""
        return False


MOST_DECIMALS = 20
"""Beside the 18 digits before the mark: a DECIMAL has 38."""


@dataclass(frozen=True)
class Number(Format):
    """Digits with a decimal mark, thousands separators and one constant prefix or suffix.

    `scale` counts the digits after the mark; None leaves it open but forbids trailing zeros,
    and `loose` allows them, plus signs and exponents, at the price of the exact text. With `point`
    a mark stands in every text, and a lone zero may follow it: `104.0` beside `18.96`. `lakh`
    puts two digits into all groups but the last, `late` parts thousands from five digits on,
    `optional` lets separators be left out, and `negative` tells where a minus stands.
    """

    mark: str = "."
    thousands: str = ""
    scale: int | None = 0
    prefix: str = ""
    suffix: str = ""
    bare: bool = False
    loose: bool = False
    point: bool = False
    lakh: bool = False
    late: bool = False
    optional: bool = False
    negative: Negative = "-5"

    @property
    def kind(self) -> Kind:
        """Integer where nothing may follow a mark."""
        return "integer" if self.scale == 0 else "decimal"

    @property
    def plain(self) -> bool:
        """Digits and a point, nothing else."""
        return self == Number(scale=self.scale)

    @property
    def label(self) -> str:
        """A number that is written so."""
        whole = f"1{self.thousands}234" if self.thousands else "1234"
        whole = f"12{self.thousands}345" if self.late else whole
        whole = "12,34,567" if self.lakh else whole
        whole = "1234" if self.optional else whole
        digits = "56" if self.scale is None else "5678901234567890"[: self.scale]
        digits = "0" if self.point else digits
        label = f"{self.prefix}{whole}{self.mark if digits else ''}{digits}{self.suffix}"
        return label if self.negative == "-5" else self.negative.replace("5", label)

    @cached_property
    def pattern(self) -> str:
        """Regular expression of a whole text."""
        whole = "[1-9][0-9]{0,17}"
        group = f"{re.escape(self.thousands)}[0-9]{{3}}"
        if self.thousands:
            whole = f"[1-9][0-9]{{0,2}}(?:{group}){{0,5}}"
        if self.late:
            once = f"[1-9][0-9]{{0,3}}|[1-9][0-9]{{1,2}}{group}"
            whole = f"{once}|[1-9][0-9]{{0,2}}(?:{group}){{2,5}}"
        if self.lakh:
            whole = "[1-9][0-9]{0,2}|[1-9][0-9]?(?:,[0-9]{2}){0,6},[0-9]{3}"
        if self.optional:
            whole = f"{whole}|[1-9][0-9]{{0,17}}"
        zero = "" if self.bare else "0"
        mark = re.escape(self.mark)
        if self.loose:
            body = rf"(?:(?:0|{whole})(?:{mark}[0-9]{{0,30}})?|{mark}[0-9]{{1,30}})"
            amount = rf"{re.escape(self.prefix)}{body}(?:[eE][-+]?[0-9]{{1,3}})?"
            if self.negative != "-5":
                return self._signed(amount + re.escape(self.suffix), "?")
            return rf"^[-+]?{amount}{self._end}"
        if self.scale == 0:
            body = f"0|{whole}"
        elif self.point:
            body = f"(?:{zero}|{whole}){mark}(?:[0-9]|[0-9]{{1,17}}[1-9])"
        elif self.scale is None:
            body = f"0|{whole}|(?:{zero}|{whole}){mark}[0-9]{{0,17}}[1-9]"
        else:
            body = f"(?:{zero}|{whole}){mark}[0-9]{{{self.scale}}}"
        return self._signed(f"{re.escape(self.prefix)}(?:{body}){re.escape(self.suffix)}", "?")

    def _signed(self, amount: str, often: str) -> str:
        """Regular expression of an amount with its minus, which stands once or may stand."""
        if self.negative == "5-":
            return f"^{amount}-{often}$"
        if self.negative == "(5)":
            return rf"^\({amount}\)$" + often.replace("?", f"|^{amount}$")
        return f"^-{often}{amount}$"

    @property
    def _end(self) -> str:
        return re.escape(self.suffix) + "$"

    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Hold the texts to the pattern; a negative zero could not be had back."""
        plain = self == Number(scale=self.scale, point=self.point)
        if plain and all_plain(values, self.scale, point=self.point):
            mask = pa.repeat(True, len(values))
        else:
            mask = pc.match_substring_regex(values, self.pattern)
        if self.negative != "-5":
            zero = self._signed(f"{re.escape(self.prefix)}[0{self.mark}]+{self._end[:-1]}", "")
            return pc.and_not(mask, pc.match_substring_regex(values, zero))
        if self.loose or not strings.holds(values, "-"):
            return mask
        minus = "-" + self.prefix
        doubtful = pc.or_(
            pc.starts_with(values, minus + "0"), pc.starts_with(values, minus + self.mark)
        )
        if not pc.any(doubtful).as_py():
            return mask
        zeros = f"^{re.escape(minus)}0*(?:{re.escape(self.mark)}0*)?{self._end}"
        kept = pc.invert(pc.match_substring_regex(values.filter(doubtful), zeros))
        return pc.and_(mask, pc.replace_with_mask(mask, doubtful, kept))

    def sql(self, text: str, precision: Precision = NO_DIGITS) -> tuple[str, str]:
        """Strip what is not the number, and cast."""
        if self.negative != "-5":
            bare = f"trim({text}, {quote_text(self.negative.replace('5', ''))})"
            text = f"CASE WHEN {bare} = {text} THEN '' ELSE '-' END || {bare}"
        around = sorted((self.prefix, self.suffix), key=len, reverse=True)
        for extra in (*around, self.thousands):  # the longer one first: it may hold the other
            if extra:
                text = f"replace({text}, {quote_text(extra)}, '')"
        if self.mark != "." and self.scale != 0:
            text = f"replace({text}, {quote_text(self.mark)}, '.')"
        if self.loose:
            return f"TRY_CAST({text} AS DOUBLE)", "DOUBLE"
        if self.scale == 0:
            return f"TRY_CAST({text} AS BIGINT)", "BIGINT"
        scale = self.scale or precision.after
        sql_type = f"DECIMAL({18 if precision.before + scale <= 18 else 38},{scale})"
        return f"TRY_CAST({text} AS {sql_type})", sql_type

    def precision(self, values: pa.Array) -> Precision:
        """Tell from the longest text where as many digits follow the mark in all."""
        if self.scale is not None:
            longest, _ = super().precision(values)
            return Precision(longest - self.scale, self.scale)
        marks = pc.find_substring(values, self.mark)
        ends = pc.subtract(pc.binary_length(values), len(self.suffix.encode()))
        marks = pc.if_else(pc.less(marks, 0), pc.cast(ends, marks.type), marks)
        after = pc.max(pc.subtract(pc.subtract(ends, marks), 1)).as_py() or 0
        return Precision(pc.max(marks).as_py() or 0, max(after, 0))

    def rivals(self, other: Format) -> bool:
        """Swap the marks: a separator of thousands could be a decimal mark, and vice versa."""
        return isinstance(other, Number) and (
            (self.scale == 0 and self.thousands == other.mark and other.scale != 0)
            or (other.scale == 0 and other.thousands == self.mark and self.scale != 0)
        )


@dataclass(frozen=True)
class Words(Format):
    """Two words, one for true and one for false."""

    true: str
    false: str

    @property
    def kind(self) -> Kind:
        """A truth value."""
        return "boolean"

    @property
    def plain(self) -> bool:
        """The words that Arrow knows."""
        return (self.true, self.false) == ("true", "false")

    @property
    def label(self) -> str:
        """Both words."""
        return f"{self.true}/{self.false}"

    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Accept the two words only."""
        return pc.is_in(values, value_set=pa.array([self.true, self.false]))

    def sql(self, text: str, _: Precision = NO_DIGITS) -> tuple[str, str]:
        """Compare with both words."""
        true, false = quote_text(self.true), quote_text(self.false)
        return f"CASE {text} WHEN {true} THEN true WHEN {false} THEN false END", "BOOLEAN"


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
