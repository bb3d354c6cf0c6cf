"""How the numbers of a column are written: marks, signs, thousands and decimals.

Here: writing another number alike, as the example of the column's format shows. Not here: which
numbers are written.
"""

import re
from decimal import Decimal
from typing import NamedTuple

Form = re.Match[str]
_LABEL = re.compile(
    r"(?P<opened>\()?(?P<before>\D*)(?:1(?P<thousands>\D?)234|12(?P<late>\D)345|(?P<lakh>12,34,567))"
    r"(?:(?P<mark>[.,])(?P<decimals>\d+))?(?P<after>.*?)(?P<closed>[-)])?"
)
"""A number as the example of a format writes it."""


def form_of(label: str) -> Form | None:
    """Return what a format's example shows of it; None if its numbers may have an exponent."""
    return _LABEL.fullmatch(label)


def decimal_mark(label: str) -> str:
    """Return the decimal mark of numbers that are written so; '' where nothing tells it."""
    form = form_of(label)
    if form is None or not {form["mark"], form["thousands"], form["late"]} & {".", ","}:
        return ""
    return _mark(form)


class NumberStyle(NamedTuple):
    """How the numbers of a column are written."""

    form: Form | None
    decimals: int
    """Digits behind the mark that another one has at least."""
    even: bool = False
    """Whether each has just so many: one with more would make them texts."""
    bare: bool = False
    """Whether no zero stands before the mark."""

    def write(self, digits: str) -> str:
        """Write a number alike, of which the digits are given, with a point and a minus."""
        form = self.form
        if form is None or "e" in digits:
            return digits
        whole, _, part = digits.removeprefix("-").partition(".")
        whole = "" if self.bare and whole == "0" else _grouped(whole, form)
        mark = _mark(form) if part or self.decimals else ""
        text = f"{form['before']}{whole}{mark}{part.ljust(self.decimals, '0')}{form['after']}"
        if not digits.startswith("-"):
            return text
        return f"({text})" if form["opened"] else f"{text}-" if form["closed"] else f"-{text}"


def _mark(form: Form) -> str:
    """Return the decimal mark; of whole numbers, the one that goes with their thousands."""
    return form["mark"] or ("," if "." in (form["thousands"], form["late"]) else ".")


def _grouped(whole: str, form: Form) -> str:
    """Part the thousands of a whole number as a format does."""
    separator = "," if form["lakh"] else form["thousands"] or form["late"]
    if not separator or (form["late"] and len(whole) < 5):
        return whole
    size = 2 if form["lakh"] else 3
    return re.sub(rf"(?<=\d)(?=(?:\d{{{size}}})*\d{{3}}$)", separator, whole)


def written_like(label: str, number: float, places: int | None, sql_type: str) -> tuple[float, str]:
    """Write a number as the example of a format does; round it where all have just its decimals.

    Args:
        label: The example.
        number: The number.
        places: How many decimals the values of a column have at most, if it is known.
        sql_type: Type of the number.
    """
    form = form_of(label)
    shown = (form["decimals"] or "") if form else ""
    whole = form is not None and bool(form["lakh"])
    even = whole or (bool(shown) and places in (None, len(shown)))
    decimals = len(shown if even else shown.removesuffix("56"))
    number = round(number, decimals) if even else number
    return number, NumberStyle(form, decimals).write(digits_of(number, sql_type))


def digits_of(number: float | Decimal, sql_type: str) -> str:
    """Write a number plainly, with an exponent only where those of its type may have one."""
    text = str(number) if sql_type == "DOUBLE" else f"{Decimal(str(number)):f}"
    whole, mark, part = text.partition(".")
    return text if "e" in text else f"{whole}{mark}{part.rstrip('0')}".removesuffix(".")


def decimals_in(text: str, form: Form | None) -> int:
    """Count the digits behind the mark of a number, but for zeros at the end."""
    found = re.search(rf"{re.escape(_mark(form))}(\d+)", text) if form else None
    return len(found[1].rstrip("0")) if found else 0
