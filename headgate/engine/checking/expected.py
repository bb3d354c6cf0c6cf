"""A column that a contract gives a type, and the format in which the file's first rows meet it.

Not here: columns of which no contract speaks, whose types are found out in `columns.inference`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headgate.engine.columns.date_orders import orders_of, ruled_out, told
from headgate.engine.columns.formats import Format, Kind, Words
from headgate.engine.columns.guess import candidates, truth_values
from headgate.engine.columns.moments import IsoMoment, Moment
from headgate.engine.columns.numbers import Number, has_point
from headgate.errors import ContractError

_PLAIN: Mapping[Kind, tuple[Format, ...]] = {
    "integer": (Number(),),
    "decimal": (Number(scale=None, loose=True),),
    "boolean": (Words("true", "false"), Words("True", "False"), Words("1", "0")),
    "date": (IsoMoment(10),),
    "timestamp": (IsoMoment(19, " "), IsoMoment(19, "T"), IsoMoment(20, "T", "Z"), IsoMoment(10)),
}
"""Formats that need no coercion."""
_TAKEN: Mapping[Kind, set[Kind]] = {
    "integer": {"integer"},
    "decimal": {"integer", "decimal"},
    "boolean": {"boolean"},
    "date": {"date"},
    "timestamp": {"date", "timestamp"},
}
"""Kinds whose formats a column may be written in."""
_PIVOTS = 20
"""Texts of a sample, each of which may show how most are written."""

Fits = npt.NDArray[np.bool_]
"""Which texts of a sample are written in a format."""


@dataclass(frozen=True)
class Expected:
    """What a contract says of one column of the file."""

    name: str
    kind: Kind
    coerce: bool
    written: Format | None = None
    """How its dates are written, where the contract says so."""

    def formats_of(
        self, sample: Counter[str], *, point: bool | None, among: Sequence[Format] = ()
    ) -> Sequence[Format]:
        """Return the format that most of a sample is written in, unless the contract says which.

        Several are returned where the values could as well be others, and `among` where none fits.
        Of formats that fit as many, one that leaves the number of decimals open comes first.

        Args:
            sample: Texts of the column, and how often each stands there.
            point: Whether a point is the decimal mark; None where nothing tells.
            among: What other samples have left to choose from.
        """
        if self.written:
            return (self.written,)
        guesses = self._guesses([*sample], among)
        counts = np.array([*sample.values()], np.int64)
        hits = {form: int(counts[fits].sum()) for form, fits in guesses.items()}
        best = max(hits, key=lambda form: (hits[form], isinstance(form, Number) and form.loose))
        if not hits[best]:
            return among
        rivals = [each for each in hits if hits[each] == hits[best] and each.rivals(best)]
        if rivals and point and isinstance(best, Number):
            best, rivals = next(each for each in (best, *rivals) if has_point(each)), []
        return (best, *rivals) if rivals else (self._eased(best),)

    @property
    def plain(self) -> Format:
        """How its values are written where none tells."""
        return self.written or _PLAIN[self.kind][0]

    def undecided(self, forms: Sequence[Format]) -> ContractError:
        """Return the refusal of a file whose values could be written in several ways."""
        readings = dict.fromkeys(each.label for each in forms)
        return ContractError(
            f"The values could be written {' or '.join(readings)}.",
            where=self.name,
            todo=_told_apart(forms[0]),
        )

    def refuse_other_orders(
        self, form: Format, texts: pa.Array, unfit: pa.BooleanArray, lines: pa.Array
    ) -> None:
        """Refuse a file with dates in another order too, unless the contract says how they are.

        Args:
            form: How most values of the column are written.
            texts: Texts of the column.
            unfit: Which of them are not written so.
            lines: On which lines they stand.

        Raises:
            ContractError: It does; dates that fit several orders could be of any.
        """
        orders = [] if self.written else orders_of(form)
        others, at = texts.filter(unfit), lines.filter(unfit)
        if not orders or orders[0] not in ruled_out(orders, others, at):
            return
        evidence = told(ruled_out(orders, texts, lines))
        raise ContractError(
            f"Its dates are in more than one order: {evidence}. "
            "One that fits several could be of any.",
            where=self.name,
            todo="Write all in one order, or let the contract say which that is: "
            f"metadata={{'format': {orders[0].parse!r}}}.",
        )

    def sql(self, form: Format | None, text: str) -> str:
        """Return the DuckDB expression of the values that checks judge; text without a format."""
        if form is None:
            return text
        if isinstance(form, Number) and self.kind == "decimal":
            form = replace(form, scale=None, loose=True)
        value, _ = form.sql(text)
        return f"CAST({value} AS TIMESTAMP)" if self.kind == "timestamp" else value

    def _guesses(self, sample: Sequence[str], among: Sequence[Format]) -> dict[Format, Fits]:
        """List the formats that fit all texts of a sample or one of the first, and which they fit.

        A format must come to mind at the text that it fits, unless it is one of those given.
        """
        texts = pa.array(sample, pa.string())
        fits = cache(lambda form: np.asarray(form.fits(texts)))
        if among:
            return {form: fits(form) for form in among}
        guesses = dict.fromkeys(_PLAIN[self.kind])
        if self.coerce:
            guesses |= {form: None for form in self._taken(sample) if fits(form).all()}
            for place, text in enumerate(sample[:_PIVOTS]):
                guesses |= {form: None for form in self._taken([text]) if fits(form)[place]}
        if self.coerce and self.kind == "boolean":
            guesses |= dict.fromkeys(truth_values())
        return {form: fits(form) for form in guesses}

    def _eased(self, form: Format) -> Format:
        """Let numbers that part thousands stand without separators, and all with any decimals."""
        if not isinstance(form, Number):
            return form
        form = replace(form, optional=bool(form.thousands))
        return form if self.kind == "integer" else replace(form, scale=None, loose=True)

    def _taken(self, sample: Sequence[str]) -> Iterator[Format]:
        """Yield the formats of a kind that the column may have, as they come to mind."""
        for form in candidates(sample, self.name, loose=True):
            if form.kind in _TAKEN[self.kind]:
                yield form


def _told_apart(form: Format) -> str:
    """Say how a contract can tell readings apart."""
    if isinstance(form, Moment):
        return f"Say in the contract how they are: metadata={{'format': {form.parse!r}}}."
    return "Let the contract say int for groups of thousands, or leave out coerce for decimals."
