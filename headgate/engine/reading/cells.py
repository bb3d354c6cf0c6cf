"""What single cells look like, for guessing a file's shape. Column types are settled elsewhere."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Shape = Literal["empty", "number", "moment", "word", "text", "odd"]

_EMPTY = frozenset(
    {"", "-", "--", ".", "..", "na", "n/a", "nan", "null", "none", "nil", "#n/a", "?", "*", "\\n"}
)
_LONGEST = 200
"""Characters of a cell that are looked at."""
_DELIMITERS = ",;|"
_LEFTOVERS = frozenset("#:~^=&")
_CURRENCIES = (
    "AED|ARS|AUD|BDT|BGN|BHD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HRK|HUF|IDR|ILS|INR|"
    "IQD|IRR|ISK|JOD|JPY|KES|KRW|KWD|KZT|LKR|MAD|MXN|MYR|NGN|NOK|NPR|NZD|OMR|PHP|PKR|PLN|QAR|RON|"
    "RSD|RUB|SAR|SEK|SGD|THB|TND|TRY|TWD|UAH|USD|UYU|VND|XAF|XOF|ZAR"
)
_MONEY = r"[$£€¥¢₩₪₫₭₮₱₲₴₵₸₹₺₼₽₾฿]|[A-Z]{1,3}\$"
SIGN = rf"{_MONEY}|[%‰°]|zł|Kč|kr\.?|{_CURRENCIES}"
"""Money, shares and degrees. Anything else changes what the number beside it means: `<5`, `(5)`."""
_NUMBER = re.compile(
    rf"""[-+(]?\s?(?:{_MONEY}|EUR|USD|GBP|CHF)?\s?[-+]?
    (?:\d{{1,3}}(?:[,.' \u00a0\u202f]\d{{3}})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)
    (?:[eE][-+]?\d+)?\s?(?:{SIGN})?\)?""",
    re.VERBOSE,
)
_MOMENT = re.compile(
    r"""(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s)?
    (?:\d{1,4}[-/.]\s?\d{1,2}[-/.]\s?\d{1,4}\.?
      |\d{1,2}[-/ .](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[-/ .,]+\d{2,4}
      |(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[-/ ]\d{1,2}(?:,?\s\d{2,4})?
      |\d{1,2}[-/](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*
      |\d{4}-\d{2})
    (?:[T ,]\s?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:[ap]\.?m\.?)?\s?
      (?:Z|UTC|GMT|[-+]\d\d:?\d\d)?)?
    |\d{1,3}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:[ap]\.?m\.?)?(?:Z|[-+]\d\d:?\d\d)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BETWEEN_MOMENTS = re.compile(r"\s+(?:[-\u2013\u2014]|bis|to|au|al|a|do)\s+")
"""What stands between the ends of a period."""
_WORD = re.compile(r"[^\s,;|\t\"]+")
_RULE = frozenset("-=+:_─━═┌┬┐├┼┤└┴┘╞╪╡╔╦╗╠╬╣╚╩╝")
_LINE = re.compile("[-=_─━═]{3}")
_STARS = re.compile(r"\*{3,}(?:\s+\*{3,})+|\*{6,}")
"""A line of stars; fewer of them in a single cell may be a value, such as the stars of a hotel."""
_TIGHT = re.compile(r"[^\s&][;|\t#][^\s]|[^\s\d],[^\s\d]")
"""A delimiter with no blank on either side: hardly prose."""
SENTENCE = 5
"""Words of what is hardly a value."""
SECTION = re.compile(r"\[[^\[\]]+\]")


def shape(cell: str) -> Shape:
    """Tell a number, a date or time, a single word and running text from leftovers of a row."""
    return _shape(cell.strip()[:_LONGEST])


def shapes(column: Iterable[str]) -> Counter[Shape]:
    """Count the shapes of a column's cells."""
    return Counter(map(shape, column))


@lru_cache(1 << 14)
def _shape(cell: str) -> Shape:
    """Look at a cell once: each column is looked at several times, and its cells come back."""
    if cell.lower() in _EMPTY:
        return "empty"
    if len(cell) > 40 or cell[0] in _DELIMITERS or cell[-1] in _DELIMITERS:
        return _shape_of_text(cell)
    if _NUMBER.fullmatch(cell):
        return "number"
    return "moment" if _MOMENT.fullmatch(cell) else _shape_of_text(cell)


def _shape_of_text(cell: str) -> Shape:
    if "://" in cell[:10]:
        return "word"
    if cell in _LEFTOVERS or cell[0] in _DELIMITERS or _TIGHT.search(cell):
        return "odd"
    return "word" if _WORD.fullmatch(cell) else "text"


def is_typed(cell: str) -> bool:
    """Return whether a cell reads as a number, an amount, a date or a time."""
    return shape(cell) in ("number", "moment")


def count_filled(row: list[str]) -> int:
    """Count the cells of a row that are not blank."""
    return sum(map(bool, map(str.strip, row)))


def is_rule(row: list[str]) -> bool:
    """Return whether a row only draws a line: `--,-----`, `----+----`, `|:--|--:|` or `***,***`."""
    cells = " ".join(row).split()
    drawn = all(_RULE.issuperset(cell) and cell.strip("+:") for cell in cells)
    stars = _STARS.fullmatch(" ".join(cells)) is not None
    return stars or (drawn and any(len(cell) > 1 for cell in cells))


def is_line(row: list[str]) -> bool:
    """Return whether a row draws a line of some length."""
    return _LINE.search("".join(row)) is not None and is_rule(row)


def is_line_across(row: list[str], width: int) -> bool:
    """Return whether a row draws a line in every column of a table, or one below all of them.

    In a table of one column it is a value.
    """
    across = len(row) == 1 or (len(row) == width and all(len(cell.strip()) > 1 for cell in row))
    return width > 1 and across and is_line(row)


def table_width(fields: list[list[str]]) -> int:
    """Return the width of the table: the most common one, wider ones first if as common."""
    counts = Counter(map(len, fields))
    return max(counts, key=lambda w: (counts[w] * (1 if w > 1 else 0.5), w))


def value_kind(value: str) -> str:
    """Tell dates, times and periods, what holds no letters, as `01/2024`, and words apart."""
    if is_typed(value):
        return shape(value)
    if [*map(shape, _BETWEEN_MOMENTS.split(value))] == ["moment", "moment"]:
        return "moment"
    return "word" if any(map(str.isalpha, value)) else "number"
