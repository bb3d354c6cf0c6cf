"""How quotes, escapes and blanks stand beside a delimiter in a sample.

Here: what they are, and how well they go with it. Not here: which delimiter it is.
"""

import re
from collections import Counter
from typing import NamedTuple

_MAX_TEXT = 1 << 16


class Quoting(NamedTuple):
    """How well the quotes of the sample go with a delimiter."""

    fit: float
    """The share of quotes that stand beside a delimiter, a line end or another quote."""
    enclosed: int
    """Fields that are enclosed in quotes."""

    def worth(self, rows: int) -> float:
        """Return a factor of the score: more than 1 where fields of these rows are enclosed."""
        return (0.3 + 0.7 * self.fit) * (1 + 0.3 * min(1, self.enclosed / rows))

    @property
    def ceiling(self) -> float:
        """The most that it can be worth."""
        return self.worth(1)


def quote_of(text: str, delimiter: str, told: str | None) -> str | None:
    """Return the quote character that encloses most fields; what is inside one encloses none."""
    if told is not None:
        return told or None
    if "'" not in text:
        return '"'
    either = "|".join(_field(delimiter, quote) for quote in "\"'")
    whole = text[: text.rfind("\n", 0, _MAX_TEXT) + 1] if len(text) > _MAX_TEXT else text
    enclosed = Counter(field[0][0] for field in re.finditer(either, whole, re.MULTILINE))
    return "'" if enclosed["'"] > 2 * enclosed['"'] else '"'


def escape_of(text: str, delimiter: str, quote: str | None, told: str | None) -> str | None:
    """Return a backslash, if it stands before quotes that neither open nor close a field."""
    if told is not None:
        return told or None
    if quote is None or "\\" + quote not in text:
        return None
    inner = len(re.findall(rf"\\{quote}(?!{re.escape(delimiter)}|{quote}|\r?\n|$)", text))
    return "\\" if inner * 2 >= text.count("\\" + quote) else None


def has_padding(text: str, delimiter: str, quote: str | None) -> bool:
    """Return whether blanks follow the delimiter so regularly that they belong to it."""
    if delimiter == " " or delimiter + " " not in text:
        return False
    if quote and delimiter + " " + quote in text and delimiter + quote not in text:
        return True
    total, padded = text.count(delimiter), text.count(delimiter + " ")
    at_end = len(re.findall(re.escape(delimiter) + r"\r?(?:\n|$)", text))
    return padded == total - at_end > 2


def quotings_of(text: str, quotes: dict[str, str | None]) -> dict[str, Quoting]:
    """Weigh the quotes beside each delimiter; where none encloses a field, they are values'."""
    found = {delimiter: _quoting(text, delimiter, quote) for delimiter, quote in quotes.items()}
    if any(quoting.enclosed for quoting in found.values()):
        return found
    return dict.fromkeys(quotes, Quoting(1, 0))


def _quoting(text: str, delimiter: str, quote: str | None) -> Quoting:
    text = text[:_MAX_TEXT]
    enclosed = _count_enclosed(text, delimiter, quote or '"')
    if quote is None or quote not in text:
        return Quoting(1, enclosed)
    d, q = re.escape(delimiter), re.escape(quote)
    pattern = rf"{_opening(d, q)}|{q}(?:(?=[ ]*(?:{d}|\r?$))|{q})"
    beside = len(re.findall(pattern, text, re.MULTILINE))
    return Quoting(min(1.0, beside / text.count(quote)), enclosed)


def _count_enclosed(text: str, delimiter: str, quote: str) -> int:
    text = text[:_MAX_TEXT]
    if quote not in text:
        return 0
    return len(re.findall(_field(delimiter, quote), text, re.MULTILINE))


def _field(delimiter: str, quote: str) -> str:
    """Return the pattern of a field that is enclosed in quotes."""
    d, q = re.escape(delimiter), re.escape(quote)
    return rf"{_opening(d, q)}(?:[^{q}]++|{q}{q})++{q}[ ]*(?={d}|\r?$)"


def _opening(d: str, q: str) -> str:
    """Return the pattern of a quote behind a delimiter or a line end, and blanks.

    It begins with the quote, to which a search jumps; what comes before is looked at from there.
    """
    behind = (rf"(?<={start}{' ' * blanks}{q})" for start in (d, "^") for blanks in range(4))
    return rf"{q}(?:{'|'.join(behind)})"
