"""How numbers are written: marks, signs, separators of thousands, and what stands around."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.columns.formats import NO_DIGITS, Format, Kind, Precision
from headgate.engine.columns.plain_numbers import all_plain
from headgate.engine.duck import quote_text

Negative = Literal["-5", "5-", "(5)"]
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


def has_point(form: Format) -> bool:
    """Return whether a point is the decimal mark of numbers that are written so."""
    return isinstance(form, Number) and (form.thousands == "," or form.mark == ".")
