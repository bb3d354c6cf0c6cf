"""What a format is: one way to write one kind of value, and whether every value of a column is so.

Each format accepts only texts that can be had back from the typed value and the format alone:
`007`, `+5` or a lone `1.10` among `2.5` fit none. Not here: those of numbers and dates, and which
a column may have.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.duck import quote_text

Kind = Literal["text", "integer", "decimal", "boolean", "date", "timestamp"]
NUMBERS: tuple[Kind, ...] = ("integer", "decimal")
MOMENTS: tuple[Kind, ...] = ("date", "timestamp")


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
