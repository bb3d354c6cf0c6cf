"""Rows as lines of CSV, as results have them: UTF-8, commas, quotes only where they are needed.

Here: the one place that writes such lines. Not here: how an upload's own lines are read.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

_SPECIAL = (b'"', b",", b"\n", b"\r")

Texts: TypeAlias = pa.Array | pa.ChunkedArray


def write(columns: Sequence[Texts]) -> pa.StringArray:
    """Write columns of text as lines; a missing value is an empty cell.

    A table of one column says it with quotes, since an empty line would be no row.
    """
    *cells, last = (_quoted(_whole(column)) for column in columns)
    if not cells:
        last = pc.if_else(pc.fill_null(pc.equal(last, ""), True), '""', last)
    last = pc.binary_join_element_wise(last, "", "\n", null_handling="replace")
    if not cells:
        return last
    return pc.binary_join_element_wise(*cells, last, ",", null_handling="replace")


def changed(texts: Iterable[tuple[Texts, Texts]]) -> pa.BooleanArray:
    """Return for each row whether one of its texts has changed; a missing one is empty."""
    pairs = ((pc.fill_null(before, ""), pc.fill_null(after, "")) for before, after in texts)
    return _whole(reduce(pc.or_, (pc.not_equal(before, after) for before, after in pairs)))


def renew(
    lines: pa.StringArray, columns: Sequence[Texts], stale: pa.BooleanArray
) -> pa.StringArray:
    """Write rows anew that are marked as stale, from their cells."""
    rows = [_whole(column).filter(stale) for column in columns]
    return pc.replace_with_mask(lines, stale, write(rows))


def _whole(column: Texts) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _quoted(texts: pa.StringArray) -> pa.StringArray:
    """Put quotes around texts that would otherwise be read as more than one cell."""
    data = bytes(texts.buffers()[2] or b"")
    found = [mark for mark in _SPECIAL if data.find(mark) >= 0]
    if not found:
        return texts
    special = pc.fill_null(reduce(pc.or_, (pc.match_substring(texts, m) for m in found)), False)
    inner = texts.filter(special)
    if b'"' in found:
        inner = pc.replace_substring(inner, '"', '""')
    quoted = pc.binary_join_element_wise('"', inner, '"', "")
    return quoted if len(quoted) == len(texts) else pc.replace_with_mask(texts, special, quoted)
