"""Dates in several orders of day, month and year in one column: `24/01/2024` beside `12/16/2024`.

What could be either, such as `01/02/2024`, then means nothing certain. Not here: what order the
dates of a column are most likely in.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from headgate.engine.columns.formats import Format, Moment
from headgate.engine.columns.guess import moment_written
from headgate.engine.columns.trial import Misfit

_ALIKE = (("dmY", "mdY"), ("dmy", "mdy", "ymd"))
"""Orders that the same digits may be in."""


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


def _written(form: Moment, order: str) -> Moment:
    parts = iter(order)
    return moment_written(re.sub("%[dmyY]", lambda _: f"%{next(parts)}", form.parse))
