"""Doubles as programs write them: by the shortest text of each, or by digits and an exponent."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.columns.formats import NO_DIGITS, Format, Kind, Precision

_SHAPE = (
    r"^(?:0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,15})\.[0-9]+"
    r"|-?[1-9](?:\.[0-9]+)?e[+-][0-9]{1,3})$"
)
"""A longer whole number is an id, and `-0` is none at all, whatever can be had back."""
_FRACTION = r"[1-9][0-9]{0,6}\.[0-9]{0,6}[1-9]|0\.0{0,2}[1-9](?:[0-9]{0,10}[1-9])?"
_WHOLE = r"[1-9][0-9]{0,3}|[1-9][0-9]{0,8}[1-9]0{0,4}"
_CERTAIN = rf"^(?:0|-?(?:{_FRACTION}|{_WHOLE}))$"
_CERTAIN_IN_PYTHON = rf"^-?(?:{_FRACTION}|0\.0|[1-9][0-9]{{0,6}}\.0)$"
_ALIKE = r"^-?(?:[1-9][0-9]{0,14}\.[0-9]*[1-9]|0\.0{0,2}[1-9](?:[0-9]*[1-9])?)$"
"""What all programs write alike, as Arrow does, if they write it at all."""
_SURE_DIGITS = 15
"""Every decimal number of up to 15 digits is the shortest text of its double, since no other of 15
digits has the same; and so near to 1 no program writes an exponent."""


class _Digits(NamedTuple):
    """The digits that tell a double from all others; `power` is that of the first one."""

    minus: str
    digits: str
    power: int

    def fixed(self) -> str:
        """Write them without an exponent."""
        if self.power < 0:
            return f"{self.minus}0.{'0' * (-1 - self.power)}{self.digits}"
        whole, after = self.digits[: self.power + 1], self.digits[self.power + 1 :]
        return f"{self.minus}{whole:0<{self.power + 1}}{'.' if after else ''}{after}"

    def scientific(self, width: int = 2) -> str:
        """Write them with an exponent of at least so many digits."""
        first, after = self.digits[0], self.digits[1:]
        sign = "-" if self.power < 0 else "+"
        return f"{self.minus}{first}{'.' if after else ''}{after}e{sign}{abs(self.power):0{width}}"


def _by_c(found: _Digits) -> str:
    """Write as C's `printf` does with `%.15g`."""
    return found.fixed() if -5 < found.power < 15 else found.scientific()


def _by_r(found: _Digits) -> str:
    """Write as R does: with an exponent where that is shorter."""
    return min(found.fixed(), found.scientific(), key=len)


def _by_javascript(found: _Digits) -> str:
    """Write as JavaScript does, and JSON made by it (ECMA-262, Number::toString)."""
    return found.fixed() if -7 < found.power < 21 else found.scientific(width=1)


def _digits(number: float) -> _Digits:
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    text = "".join(map(str, digits))
    return _Digits("-" * sign, text, int(exponent) + len(text) - 1)


_WRITERS: Mapping[str, Callable[[_Digits], str]] = {
    "C": _by_c,
    "R": _by_r,
    "JavaScript": _by_javascript,
}
PROGRAMS = ("Python", *_WRITERS)


class _Double(Format):
    """Numbers that are kept as doubles, from which what was written can be had back."""

    @property
    def kind(self) -> Kind:
        """A number that is kept as a double."""
        return "decimal"

    @property
    def label(self) -> str:
        """A number that is written so."""
        return self.write(1.5e-07)

    @property
    def plain(self) -> bool:
        """Arrow, too, reads the nearest double."""
        return True

    @property
    @abstractmethod
    def shape(self) -> str:
        """Regular expression of what may be written so."""

    @property
    @abstractmethod
    def sure(self) -> str:
        """Regular expression of what certainly is."""

    @abstractmethod
    def write(self, number: float) -> str:
        """Write a finite number."""

    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Hold the texts to a pattern; those that are not certain are read and written back."""
        mask = pc.match_substring_regex(values, self.shape)
        doubtful = pc.and_not(mask, pc.match_substring_regex(values, self.sure))
        if not pc.any(doubtful).as_py():
            return mask
        doubted = values.filter(doubtful)
        kept = [text for text in pc.unique(doubted).to_pylist() if self._gives_back(text)]
        back = pc.is_in(doubted, value_set=pa.array(kept, values.type))
        return pc.replace_with_mask(mask, doubtful, back)

    def sql(self, text: str, _: Precision = NO_DIGITS) -> tuple[str, str]:
        """Cast to the nearest double."""
        return f"TRY_CAST({text} AS DOUBLE)", "DOUBLE"

    def _gives_back(self, text: str) -> bool:
        number = float(text)
        return number not in (float("inf"), float("-inf")) and self.write(number) == text


@dataclass(frozen=True)
class Shortest(_Double):
    """Numbers that one program has written, each by the shortest text that stands for its double.

    Python and pandas write `1.0` and `1e-05`; others write `1` and differ in when they begin to
    write an exponent.
    """

    program: str = "Python"

    @property
    def shape(self) -> str:
        """With or without an exponent."""
        return _SHAPE

    @property
    def sure(self) -> str:
        """No exponent, and few digits."""
        return _CERTAIN_IN_PYTHON if self.program == "Python" else _CERTAIN

    def write(self, number: float) -> str:
        """Write as the program does."""
        if self.program == "Python":
            return repr(number)
        return _WRITERS[self.program](_digits(number))

    def fits(self, values: pa.Array) -> pa.BooleanArray:
        """Let Arrow write what all write alike, which takes a fraction of the time."""
        alike = pc.match_substring_regex(values, _ALIKE)
        numbers = values.filter(alike)
        written = pc.cast(pc.cast(numbers, pa.float64()), values.type)
        fits = pc.replace_with_mask(alike, alike, pc.equal(written, numbers))
        others = pc.invert(fits)
        return pc.replace_with_mask(fits, others, super().fits(values.filter(others)))


@dataclass(frozen=True)
class Scientific(_Double):
    """Numbers that all have an exponent and as many digits, as C's `printf` writes with `%.6e`.

    `width` is that of the shortest exponent, and `after` counts the digits after the mark.
    """

    after: int
    letter: str = "e"
    width: int = 2

    @property
    def label(self) -> str:
        """A number that is written so."""
        return f"1.{5:0<{self.after}}{self.letter}-{7:0{self.width}}"

    @property
    def shape(self) -> str:
        """A longer exponent has no leading zeros."""
        exponent = f"(?:[0-9]{{{self.width}}}|[1-9][0-9]{{{self.width}}})"
        return rf"^-?[0-9]\.[0-9]{{{self.after}}}{self.letter}[+-]{exponent}$"

    @property
    def sure(self) -> str:
        """No two texts of up to 15 digits stand for the same double."""
        after = self.after if self.after < _SURE_DIGITS else 0
        return rf"^-?[1-9]\.[0-9]{{{after}}}{self.letter}[+-]0*[0-9]{{2}}$"

    def write(self, number: float) -> str:
        """Write as `printf` does, with this letter and width."""
        mantissa, _, exponent = f"{number:.{self.after}e}".partition("e")
        return f"{mantissa}{self.letter}{exponent[0]}{exponent[1:]:0>{self.width}}"
