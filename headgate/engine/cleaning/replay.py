"""A clean recipe carried out on the rows that stay: gaps filled, outliers clipped or flagged.

Here: the cells of the result, as text and as typed values, and how many a rule changed. Not here:
fitting the recipe, and writing files.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import csv_lines
from headgate.engine.cleaning.cleaned_rows import RemainingRows
from headgate.engine.columns.column import arrow_type
from headgate.engine.recipe import CleanColumn, Fence, Filling, OutlierFlag, Recipe
from headgate.engine.staging import CSV

FILL, CLIP, FLAG = "fill", "clip outliers", "flag outliers"
"""The rules that a recipe carries out cell by cell."""
UNREAD = "values of another kind"
"""Texts of a later file that a recipe's type cannot hold."""

Columns = dict[str, pa.ChunkedArray]


@dataclass(frozen=True)
class Cells:
    """Cells of some rows by output column: as text and as typed value, null where missing."""

    texts: Columns
    typed: Columns
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cells that a rule changed, by output and rule."""
    lines: pa.StringArray | None = None
    """The rows as lines of CSV, where they are known already."""


class Replay:
    """A clean recipe made ready for the rows of one file."""

    def __init__(self, rows: RemainingRows, recipe: Recipe) -> None:
        """Get ready: the values that fill gaps are the same for every row."""
        self._rows = rows
        self._outputs = [
            each for each in recipe.outputs if isinstance(each, CleanColumn | OutlierFlag)
        ]
        sources = [each.source for each in self._outputs]
        self.keeps_lines = rows.staged.whole and sources == [e.name for e in rows.staged.inputs]
        """Whether the lines of CSV beside the staged rows hold what the result has."""
        self._fills = self._fill_values()

    def cells(self, texts: pa.Table) -> Cells:
        """Return the cells of the result for some cleaned rows; may run in several threads."""
        values = self._rows.staged.typed(texts)
        made = Cells({}, {}, changed=Counter())
        for each in self._outputs:
            text, value = texts[each.source], values[each.source]
            if isinstance(each, OutlierFlag):
                flags = _flags(value, each.fence)
                text, value = pc.cast(flags, pa.string()), flags
                made.changed[each.name, FLAG] = pc.sum(flags).as_py() or 0
            else:
                text, value = self._treated(each, text, value, made.changed)
            made.texts[each.name], made.typed[each.name] = text, value
        return replace(made, lines=self._lines(texts, made)) if CSV in texts.column_names else made

    def _lines(self, texts: pa.Table, made: Cells) -> pa.StringArray:
        """Return the rows as lines of CSV; those with a filled or clipped cell are written anew."""
        lines = texts[CSV].combine_chunks()
        touched = {name for (name, _), count in made.changed.items() if count}
        pairs = [
            (texts[each.source], made.texts[each.name])
            for each in self._outputs
            if each.name in touched
        ]
        if not pairs:
            return lines
        return csv_lines.renew(lines, [*made.texts.values()], csv_lines.changed(pairs))

    def _treated(
        self,
        output: CleanColumn,
        text: pa.ChunkedArray,
        value: pa.ChunkedArray,
        changed: Counter[Any],
    ) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        fills = output.fill and self._fills[output.name].is_valid
        missing = pc.is_null(text) if fills else None
        wanted = arrow_type(output.sql_type)
        typed = _as_type(value, wanted)
        changed[output.name, UNREAD] = typed.null_count - text.null_count
        if output.clip:
            low, high = _beyond(value, output.clip)
            for side, bound, written in (
                (low, output.clip.low, output.clip.low_text),
                (high, output.clip.high, output.clip.high_text),
            ):
                if cells := pc.sum(side).as_py():  # a bound may be more than the type holds
                    changed[output.name, CLIP] += cells
                    text = pc.if_else(side, written, text)
                    typed = pc.if_else(side, _scalar(bound, wanted), typed)
        if output.fill and missing is not None and text.null_count:
            changed[output.name, FILL] = text.null_count
            text = pc.if_else(missing, output.fill.text, text)
            typed = pc.if_else(missing, self._fills[output.name], typed)
        return text, typed

    def _fill_values(self) -> dict[str, pa.Scalar]:
        """Return the values that fill gaps, by output: of their texts, if the type holds such."""
        types = {each.name: each.sql_type for each in self._rows.staged.inputs}
        fills = [
            (each, each.fill)
            for each in self._outputs
            if isinstance(each, CleanColumn) and each.fill
        ]
        alike = {
            each.source: fill.text for each, fill in fills if each.sql_type == types[each.source]
        }
        read = self._rows.staged.read(alike)
        return {
            each.name: _fill_value(fill, read.get(each.source), arrow_type(each.sql_type))
            for each, fill in fills
        }


def _fill_value(fill: Filling, value: Any, wanted: pa.DataType) -> pa.Scalar:
    """Return what was read of a fill; its number, where the file's own type holds less of it."""
    if fill.number is not None and (value is None or float(value) != fill.number):
        return _scalar(fill.number, wanted)
    return pa.scalar(value, wanted)


def _scalar(number: float, wanted: pa.DataType) -> pa.Scalar:
    """Return a fitted number as a value of its column's type, which holds it."""
    if pa.types.is_integer(wanted):
        return pa.scalar(round(number), wanted)
    return pa.scalar(repr(number)).cast(wanted)


def _as_type(value: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """Cast; decimals by way of text, as Arrow's own cast to a double is not exact."""
    if pa.types.is_decimal(value.type) and pa.types.is_floating(wanted):
        value = pc.cast(value, pa.string())
    return value if value.type == wanted else pc.cast(value, wanted, safe=False)


def _beyond(value: pa.ChunkedArray, fence: Fence) -> tuple[Any, Any]:
    """Return, for each number, whether it lies below and above a fence; missing ones do not."""
    number = _as_type(value, pa.float64())
    low, high = pc.less(number, fence.low), pc.greater(number, fence.high)
    return pc.fill_null(low, False), pc.fill_null(high, False)


def _flags(value: pa.ChunkedArray, fence: Fence) -> pa.ChunkedArray:
    low, high = _beyond(value, fence)
    flags = pc.cast(pc.or_(low, high), pa.int8())
    return pc.if_else(pc.is_null(value), pa.scalar(None, pa.int8()), flags)
