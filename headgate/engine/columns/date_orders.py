"""Dates in several orders of day, month and year in one column: `24/01/2024` beside `12/16/2024`.

What could be either, such as `01/02/2024`, then means nothing certain. Not here: what order the
dates of a column are most likely in.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.columns.formats import Format
from headgate.engine.columns.guess import moment_written, moments
from headgate.engine.columns.moments import Moment
from headgate.engine.columns.trial import Misfit
from headgate.engine.staging import LINE, StagedFile

_ALIKE = (("dmY", "mdY"), ("dmy", "mdy", "ymd"))
"""Orders that the same digits may be in."""
_PIVOTS = 20
"""Texts of a sample of which one is likely a date, if most are."""


def orders_of(form: Format) -> list[Moment]:
    """List a format of dates and those of other orders, zeros before parts aside.

    Empty where its parts can be in no other order.
    """
    if not isinstance(form, Moment):
        return []
    own = "".join(re.findall("%([dmyY])", form.parse))
    alike = next((orders for orders in _ALIKE if own in orders), ())
    return [_written(form, order) for order in sorted(alike, key=lambda order: order != own)]


def ruled_out(orders: Sequence[Moment], texts: pa.Array, lines: pa.Array) -> dict[Moment, Misfit]:
    """Return for each order the first text that is a date in another of them, but not in it."""
    fits = np.array([order.fits(texts) for order in orders], bool)
    found = {}
    for order, against in zip(orders, fits.any(axis=0) & ~fits, strict=True):
        for at in map(int, np.flatnonzero(against)[:1]):
            found[order] = Misfit(lines[at].as_py(), texts[at].as_py())
    return found


def told(against: Mapping[Moment, Misfit]) -> str:
    """Say which values rule out which orders."""
    return "; ".join(
        f"{misfit.value!r} on line {misfit.line:,} rules out {order.label}"
        for order, misfit in against.items()
    )


def mixed(staged: Path, name: str, sample: Sequence[str]) -> str:
    """Tell which dates rule out each order that they could be in; empty where one is left.

    Args:
        staged: The staged file.
        name: The column.
        sample: Some of its texts, most of which must be dates.
    """
    orders = _orders_in(sample, name)
    if not orders:
        return ""
    against: dict[Moment, Misfit] = {}
    for batch in StagedFile(staged, [name, LINE]):
        texts = pc.utf8_trim_whitespace(batch.column(0))
        against = ruled_out(orders, texts, batch.column(1)) | against
        if len(against) == len(orders):
            return f"{told(against)}."
    return ""


def _orders_in(sample: Sequence[str], name: str) -> list[Moment]:
    """List the orders that most texts of a sample could be dates in."""
    guesses = (form for text in sample[:_PIVOTS] for form in moments([text], name))
    orders = next(filter(None, map(orders_of, guesses)), [])
    fits = [np.asarray(order.fits(pa.array(sample, pa.string()))) for order in orders]
    return orders if np.sum(np.any(fits, axis=0)) > len(sample) / 2 else []


def _written(form: Moment, order: str) -> Moment:
    parts = iter(order)
    return moment_written(re.sub("%[dmyY]", lambda _: f"%{next(parts)}", form.parse))
