"""Where rows begin and end in the bytes of a plain table, and which lines break its quoting.

Everything works on offsets found by NumPy, so that a block costs milliseconds. Not here: the
splitting of rows into fields.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from headgate.engine.reading.mend import MAX_MENDED_LINES

Octets = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MAX_ROW_BYTES = 16 << 20
"""Bytes after which an open quote is taken for a stray one."""
NEWLINE, _RETURN = ord("\n"), ord("\r")


class Marks(NamedTuple):
    """The two bytes that shape a row."""

    delimiter: int
    quote: int | None


class RowSpans(NamedTuple):
    """Offsets of the rows that are not blank, and the number of each one's line, from 0."""

    starts: Offsets
    ends: Offsets
    lines: Offsets
    blank: int


def whole_rows(data: bytes, marks: Marks) -> int:
    """Return the offset up to which the data holds whole rows only; 0 where not even one is."""
    cut = data.rfind(b"\n") + 1
    if marks.quote is None or count(memoryview(data)[:cut], marks.quote) % 2 == 0:
        return cut
    _, open_from = _follow_quotes(data[:cut], marks)
    if open_from is None or len(data) - open_from > MAX_ROW_BYTES:
        return cut
    return open_from


def damaged_spans(data: bytes, marks: Marks) -> list[tuple[int, int]]:
    """Find the lines whose quotes do not pair up or that hold a lone carriage return."""
    spans: list[tuple[int, int]] = []
    if marks.quote is not None and data.find(marks.quote) >= 0:
        spans, open_from = _follow_quotes(data, marks)
        while open_from is not None:
            end = _line_end(data, open_from)
            spans.append((open_from, end))
            more, open_from = _follow_quotes(data[end:], marks)
            spans += [(a + end, b + end) for a, b in more]
            open_from = None if open_from is None else open_from + end
    if data.find(b"\r") >= 0:
        gaps = zip(
            [0, *(end for _, end in spans)], [*(a for a, _ in spans), len(data)], strict=True
        )
        spans += [
            (start + a, start + b)
            for start, stop in gaps
            for a, b in _lone_returns(data[start:stop], marks)
        ]
    return _merge(spans)


def count(data: bytes | memoryview, octet: int) -> int:
    """Count a byte, several times faster than `bytes.count`."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == octet))


def needless_quotes(data: bytes, marks: Marks) -> Offsets:
    """Find where fields open that hold nothing for which quotes are needed, though they have some.

    All quotes of the data pair up.
    """
    if marks.quote is None or data.find(marks.quote) < 0:
        return np.empty(0, np.int64)
    octets = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(octets == marks.quote)
    opening: Offsets = quotes[::2]
    closing: Offsets = quotes[1::2]
    apart = opening[1:] != closing[:-1] + 1  # a quote inside a field closes and opens at once
    alone = np.append(True, apart) & np.append(apart, True)
    opening, closing = opening[alone], closing[alone]
    if opening.size:
        parting = (octets == marks.delimiter) | (octets == NEWLINE)
        bounds = np.column_stack([opening, closing]).ravel()
        inside, _between = np.logical_or.reduceat(parting, bounds).reshape(-1, 2).T
        opening = opening[~inside]
    return opening


def row_spans(data: bytes, marks: Marks) -> RowSpans:
    """Find every row of data whose quotes all pair up."""
    octets = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(octets == NEWLINE)
    if not data.endswith(b"\n"):
        newlines = np.append(newlines, len(data))
    ends = newlines
    if marks.quote is not None and data.find(marks.quote) >= 0:
        quotes = np.flatnonzero(octets == marks.quote)
        ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    starts = np.concatenate(([0], ends[:-1] + 1))
    returns = (ends > starts) & (octets[np.maximum(ends, 1) - 1] == _RETURN)
    filled = ends - returns > starts
    starts, stops = starts[filled], (ends - returns)[filled]
    return RowSpans(starts, stops, np.searchsorted(newlines, starts), int((~filled).sum()))


def _follow_quotes(data: bytes, marks: Marks) -> tuple[list[tuple[int, int]], int | None]:
    """Pair quotes up from the start; damaged lines are stepped over.

    Returns:
        The spans of damaged lines, and where the row starts that is still open at the end.
    """
    octets = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(octets == marks.quote)
    may_open, may_close = _neighbours(octets, quotes, marks)
    spans: list[tuple[int, int]] = []
    first = 0
    if not (may_open[::2].all() and may_close[1::2].all()):
        spans, first = _damage(data, quotes, may_open, may_close)
    if (len(quotes) - first) % 2 == 0:
        return spans, None
    return spans, _row_start(data, quotes, first, int(quotes[-1]))


def _neighbours(octets: Octets, quotes: Offsets, marks: Marks) -> tuple[Flags, Flags]:
    """Return for each quote whether what stands before it lets it open, and after it, close."""
    borders = np.zeros(256, np.bool_)
    borders[[marks.delimiter, marks.quote or 0, NEWLINE]] = True
    may_open = borders[octets[quotes - 1]]
    may_open[:1] |= quotes[:1] == 0
    borders[_RETURN] = True
    may_close = borders[octets[np.minimum(quotes + 1, len(octets) - 1)]]
    may_close[-1:] |= quotes[-1:] == len(octets) - 1
    return may_open, may_close


def _damage(
    data: bytes, quotes: Offsets, may_open: Flags, may_close: Flags
) -> tuple[list[tuple[int, int]], int]:
    """Find the damaged lines, and the quote from which on all pair up."""
    even = np.arange(len(quotes)) % 2 == 0
    wrong = (
        np.flatnonzero(~np.where(even, may_open, may_close)),
        np.flatnonzero(~np.where(even, may_close, may_open)),
    )
    spans: list[tuple[int, int]] = []
    first = 0
    while True:
        candidates = wrong[first % 2]
        at = int(np.searchsorted(candidates, first))
        if at == len(candidates):
            return spans, first
        found = int(candidates[at])
        opening = found if (found - first) % 2 == 0 else found - 1
        start = _row_start(data, quotes, first, int(quotes[opening]))
        end = _line_end(data, int(quotes[found]))
        if data.count(b"\n", start, end) > MAX_MENDED_LINES:
            end = _line_end(data, int(quotes[opening]))
        spans.append((start, end))
        first = int(np.searchsorted(quotes, end))


def _row_start(data: bytes, quotes: Offsets, first: int, offset: int) -> int:
    """Return where the row begins in which the offset stands."""
    start = data.rfind(b"\n", 0, offset) + 1
    while (inside := int(np.searchsorted(quotes, start)) - first) > 0 and inside % 2:
        start = data.rfind(b"\n", 0, int(quotes[first + inside - 1])) + 1
    return start


def _row_end(data: bytes, quotes: Offsets, offset: int) -> int:
    """Return where the row ends in which the offset stands."""
    end = _line_end(data, offset)
    while end < len(data) and (inside := int(np.searchsorted(quotes, end))) % 2:
        end = _line_end(data, int(quotes[inside]))
    return end


def _line_end(data: bytes, offset: int) -> int:
    return data.find(b"\n", offset) + 1 or len(data)


def _lone_returns(data: bytes, marks: Marks) -> list[tuple[int, int]]:
    octets = np.frombuffer(data, np.uint8)
    returns = np.flatnonzero(octets == _RETURN)
    alone = returns[octets[np.minimum(returns + 1, len(octets) - 1)] != NEWLINE]
    quotes = np.flatnonzero(octets == marks.quote) if marks.quote is not None else alone[:0]
    alone = alone[np.searchsorted(quotes, alone) % 2 == 0]
    return [
        (_row_start(data, quotes, 0, int(offset)), _row_end(data, quotes, int(offset)))
        for offset in alone
    ]


def _merge(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
