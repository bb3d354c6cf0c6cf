"""A clean recipe carried out on the rows that stay: gaps filled, outliers clipped or flagged.

Here: the cells of the result, as text and as typed values, and how many a rule changed. Not here:
fitting the recipe, and writing files.
"""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.cleaning.staged import Rows
from headgate.engine.columns.types import arrow_type
from headgate.engine.duck import double, first
from headgate.engine.result.outputs import Cells
from headgate.engine.result.recipe import CleanColumn, Fence, OutlierFlag, Recipe

FILL, CLIP, FLAG = "fill", "clip outliers", "flag outliers"
"""The rules that a recipe carries out cell by cell."""


class Replay:
    """A clean recipe made ready for the rows of one file."""

    def __init__(self, rows: Rows, recipe: Recipe) -> None:
        """Get ready: the values that fill gaps are the same for every row."""
        self._rows = rows
        self._outputs = [
            each for each in recipe.outputs if isinstance(each, CleanColumn | OutlierFlag)
        ]
        self._fills = {
            each.name: self._fill_value(each)
            for each in self._outputs
            if isinstance(each, CleanColumn) and each.fill
        }

    def cells(self, texts: pa.Table) -> Cells:
        """The cells of the result for some rows of cleaned texts; may run in several threads."""
        values = self._rows.staged.typed(texts)
        made = Cells({}, {}, Counter())
        for each in self._outputs:
            text, value = texts[each.source], values[each.source]
            if isinstance(each, OutlierFlag):
                flags = _flags(value, each.fence)
                text, value = pc.cast(flags, pa.string()), flags
                made.changed[each.name, FLAG] = pc.sum(flags).as_py() or 0
            else:
                text, value = self._treated(each, text, value, made.changed)
            made.texts[each.name], made.typed[each.name] = text, value
        return made

    def _treated(
        self,
        output: CleanColumn,
        text: pa.ChunkedArray,
        value: pa.ChunkedArray,
        changed: Counter[Any],
    ) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        missing = pc.is_null(text) if output.fill else None
        wanted = arrow_type(output.sql_type)
        typed = value if value.type == wanted else pc.cast(value, wanted, safe=False)
        if output.clip:
            low, high = _beyond(value, output.clip)
            changed[output.name, CLIP] = sum(pc.sum(side).as_py() or 0 for side in (low, high))
            for side, bound, written in (
                (low, output.clip.low, output.clip.low_text),
                (high, output.clip.high, output.clip.high_text),
            ):
                text = pc.if_else(side, written, text)
                typed = pc.if_else(side, pa.scalar(bound).cast(wanted), typed)
        if output.fill and missing is not None and text.null_count:
            changed[output.name, FILL] = text.null_count
            text = pc.if_else(missing, output.fill.text, text)
            typed = pc.if_else(missing, self._fills[output.name], typed)
        return text, typed

    def _fill_value(self, output: CleanColumn) -> pa.Scalar:
        fill, wanted = output.fill, arrow_type(output.sql_type)
        if fill and fill.number is not None:
            con = self._rows.staged.con
            value = first(con, f"SELECT {double(fill.number)}::{output.sql_type}")[0]
        else:
            source = next(e for e in self._rows.staged.inputs if e.name == output.source)
            value = self._rows.staged.read(source, fill.text) if fill else None
        return pa.scalar(value, wanted)


def _beyond(value: pa.ChunkedArray, fence: Fence) -> tuple[Any, Any]:
    """Tell which numbers lie below and above a fence; missing ones do not."""
    number = pc.cast(value, pa.float64(), safe=False)
    low, high = pc.less(number, fence.low), pc.greater(number, fence.high)
    return pc.fill_null(low, False), pc.fill_null(high, False)


def _flags(value: pa.ChunkedArray, fence: Fence) -> pa.ChunkedArray:
    low, high = _beyond(value, fence)
    flags = pc.cast(pc.or_(low, high), pa.int8())
    return pc.if_else(pc.is_null(value), pa.scalar(None, pa.int8()), flags)
