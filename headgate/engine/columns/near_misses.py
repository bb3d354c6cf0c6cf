"""Which format nearly all values of a column are written in, where a few others keep it text.

The first rows tell whether there is such a format; only then are the column's values counted.
"""

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Annotated, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from headgate.engine.columns.formats import MOMENTS, NUMBERS, Format, Kind, Precision
from headgate.engine.columns.guess import candidates, groupings, has_digit
from headgate.engine.columns.numbers import MOST_DECIMALS, Number
from headgate.engine.duck import quote_name, quote_text
from headgate.engine.staging import LINE, StagedFile
from headgate.record import Record

_MOST_MISFITS = 0.05
"""Share of a column's values that may be written in another way than nearly all."""
_MOST_IN_SAMPLE = 2 * _MOST_MISFITS
"""The same share where it is only guessed from the first rows."""
_SAMPLE = 2000
_PIVOTS = 5
_MOST_DIGITS = Precision(18, MOST_DECIMALS)
_SHOWN = 40
_IN_WORDS: dict[Kind, str] = {
    "integer": "whole numbers",
    "decimal": "numbers",
    "boolean": "truth values",
    "date": "dates",
    "timestamp": "dates with times",
}
_CODE = r"^(?:-?0[0-9]+|\+[0-9][0-9 .-]*|-?[0-9]{19,})$"
"""Digits that are no number, such as a postcode: the others in the column are hardly numbers."""


class Near(Record):
    """What nearly all values of a text column are, and the first that is not."""

    kind: Annotated[Kind, Field(description="What they are")]
    formats: Annotated[
        tuple[str, ...],
        Field(description="How they are written; several where nothing tells these apart"),
    ]
    values: Annotated[int, Field(description="Values that are not missing", ge=1)]
    misfits: Annotated[int, Field(description="Those among them that are written otherwise", ge=1)]
    sql: Annotated[
        str,
        Field(description="DuckDB expression of their values, unless these are plain or in doubt"),
    ] = ""
    value: Annotated[str, Field(description="The first misfit")]
    line: Annotated[int, Field(description="Line on which it stands", ge=1)]

    def __str__(self) -> str:
        """Return what was found, in one sentence."""
        written = "" if self.formats == (Number().label,) else f" written {self._readings}"
        value = self.value if len(self.value) <= _SHOWN else self.value[:_SHOWN] + "…"
        more = f" and {self.misfits - 1:,} more are not" if self.misfits > 1 else " is not"
        return (
            f"{self.values - self.misfits:,} of {self.values:,} are "
            f"{_IN_WORDS[self.kind]}{written}, but {value!r} on line {self.line:,}{more}."
        )

    @property
    def _readings(self) -> str:
        return " or ".join(self.formats)


def nearly(texts: pa.ChunkedArray, name: str, missing: Container[str]) -> list[Format]:
    """List the formats, rivals of each other, that nearly all of the first texts are written in."""
    step = max(1, len(texts) // _SAMPLE)
    picked = (text.strip() for text in texts[::step].to_pylist())
    counts = Counter(text for text in picked if text not in missing)
    distinct = list(counts)
    common = [text for text, _ in counts.most_common(2)]
    pivots = [common, *([text] for text in distinct[:: len(distinct) // _PIVOTS + 1])]
    enough = (1 - _MOST_IN_SAMPLE) * counts.total()
    kinds = _possible(counts, enough)
    found = chain.from_iterable(candidates(each, name) for each in pivots)
    guesses = _with_groupings([form for form in found if form.kind in kinds])
    if not guesses:
        return []
    array, weights = pa.array(distinct, pa.string()), np.array([*counts.values()])
    hits = {form: int(weights[np.asarray(form.fits(array))].sum()) for form in guesses}
    best = max(hits, key=lambda form: hits[form])
    if hits[best] < enough:
        return []
    return [form for form in hits if form == best or _as_good(form, best, hits)]


def _with_groupings(formats: Sequence[Format]) -> list[Format]:
    """Add formats that differ for large numbers only, which are few; and what else may fit these.

    A separator in whole numbers may as well be a decimal mark; few of these are in lakhs.
    """
    found = chain.from_iterable(map(groupings, formats))
    grouped = [form for form in found if form.scale != 0 or not form.lakh]
    decimals = [
        replace(form, mark=form.thousands, thousands="", scale=None, late=False)
        for form in grouped
        if form.scale == 0 and form.thousands in (".", ",")
    ]
    return [*dict.fromkeys([*formats, *grouped, *decimals])]


def _possible(counts: Counter[str], enough: float) -> set[Kind]:
    """Name the kinds that enough of some texts may be of."""
    if sum(count for text, count in counts.items() if has_digit(text)) < enough:
        return {"boolean"}
    if any(re.search(_CODE, text) for text in counts):
        return {"boolean", *MOMENTS}
    return {*get_args(Kind)}


def _as_good(form: Format, best: Format, hits: dict[Format, int]) -> bool:
    return hits[form] == hits[best] and best.rivals(form)


@dataclass
class _Tally:
    misfits: int = 0
    codes: bool = False
    value: str = ""
    line: int = 0

    def add(self, values: pa.Array, lines: pa.Array, kind: Kind) -> None:
        """Count texts that are not written in the format."""
        if not self.misfits and len(values):
            self.value, self.line = values[0].as_py(), lines[0].as_py()
        self.misfits += len(values)
        if kind in NUMBERS:
            self.codes |= bool(pc.any(pc.match_substring_regex(values, _CODE)).as_py())


def count_misfits(
    staged: Path, name: str, formats: Sequence[Format], missing: Sequence[str]
) -> Near | None:
    """Hold all values to the formats; None if too many of them fit none.

    Args:
        staged: The staged file.
        name: The column.
        formats: What nearly all first values were written in.
        missing: Texts that stand for a missing value.
    """
    absent = pa.array(missing, pa.string())
    tallies = {form: _Tally() for form in _with_groupings(formats)}
    count = 0
    most = _MOST_MISFITS * StagedFile(staged).num_rows
    for batch in StagedFile(staged, [name, LINE]):
        texts = pc.utf8_trim_whitespace(batch.column(0))
        filled = pc.invert(pc.is_in(texts, value_set=absent))
        values, lines = texts.filter(filled), batch.column(1).filter(filled)
        count += len(values)
        for form, tally in tallies.items():
            outside = pc.invert(form.fits(values))
            tally.add(values.filter(outside), lines.filter(outside), form.kind)
        tallies = {f: t for f, t in tallies.items() if t.misfits <= most and not t.codes}
        if not tallies:
            return None
    return _near(tallies, count, name)


def _near(tallies: dict[Format, _Tally], count: int, name: str) -> Near | None:
    fewest = min(tally.misfits for tally in tallies.values())
    if not 0 < fewest <= _MOST_MISFITS * count:
        return None
    best = {form: tally for form, tally in tallies.items() if tally.misfits == fewest}
    form, tally = next(iter(best.items()))
    rivals = [each.label for each in best if each == form or form.rivals(each)]
    return Near(
        kind=form.kind,
        formats=tuple(dict.fromkeys(rivals)),
        values=count,
        misfits=fewest,
        sql=_held(form, quote_name(name)) if form.certain and len({*rivals}) == 1 else "",
        value=tally.value,
        line=tally.line,
    )


def _held(form: Format, text: str) -> str:
    """Read a text as a format says, if it is written so; what is plain needs no format."""
    sql, _ = form.sql(text, _MOST_DIGITS)
    if not isinstance(form, Number):
        return "" if form.plain else sql
    if replace(form, bare=False, point=False, loose=False).plain:
        return ""
    return f"CASE WHEN regexp_matches({text}, {quote_text(form.pattern)}) THEN {sql} END"
