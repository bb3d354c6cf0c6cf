"""Tables without a delimiter, whose columns stand one below the other with blanks between them.

Here: where the columns begin, and a line cut there. Not here: whether a delimiter does better.
"""

import re
from collections.abc import Sequence
from itertools import product, takewhile

import numpy as np
import numpy.typing as npt

MARK = "\x1f"
"""What stands between the cells of a line that was cut."""
_RULE = re.compile(r" *(?:-+(?: +-+)+|=+(?: +=+)+)")
"""A line of dashes, one run a column, as the clients of databases draw it."""
_BESIDE_QUOTES = re.compile(r'"[^\w\s]|[^\w\s]"')
"""A quote beside a delimiter: blanks are inside the cells then."""
_HEADED = 50
"""Lines among which that one is looked for."""
_FEWEST = 4
"""Lines from which on a column of blanks is hardly an accident, and columns that are hardly one."""
_ROWS = 20
"""Lines of a table of so many columns that others are no rows of it where they run over one."""
_AROUND = 6
"""Lines above or below the table that may be titles and notes."""
_ABOVE, _GAPS = 50, 10
"""Lines above such a table that may be, and blank ones at which it may end."""
_WIDEST = 4000
_MISFITS = 0.02
"""Share of lines in which a cell may be too long for its column."""


def find_borders(lines: Sequence[str]) -> tuple[int, ...]:
    """Return where the columns begin, the first at 0; none where these lines show no columns.

    Of several ways to tell titles and notes from rows, the one that gives most cells holds.
    """
    texts = [line.rstrip() for line in lines if line.strip()]
    if any("\t" in text for text in texts):
        return ()
    widest = max(map(len, texts), default=0)
    quoted = sum(_BESIDE_QUOTES.search(text) is not None for text in texts)
    if len(texts) < _FEWEST or widest > _WIDEST or 10 * quoted > len(texts):
        return ()
    filled = np.array([[char != " " for char in text.ljust(widest)] for text in texts])
    above = np.concatenate((np.zeros((1, widest), int), filled.cumsum(axis=0)))
    best: tuple[int, ...] = ()
    most = 0
    for start, stop in _blocks(lines):
        block, counts = filled[start:stop], above[stop] - above[start]
        runs = [_runs(counts > misfits) for misfits in (0, int(_MISFITS * len(block)))]
        if max(map(len, runs)) * len(block) <= most:
            continue
        borders = _borders(block, runs[0]) or _borders(block, runs[1])
        many = len(borders) >= _FEWEST and len(block) >= _ROWS
        near = start < _AROUND and len(texts) - stop < _AROUND
        outside = texts[:start] + texts[stop:]
        cells = len(borders) * len(block)
        if cells > most and (many or near) and all(_is_apart(t, borders, many) for t in outside):
            best, most = _with_room(borders, block), cells
    return best


def _blocks(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the table may begin and end among the lines that are not blank.

    It ends near the last, or above one of the last gaps.
    """
    filled = np.cumsum([bool(line.strip()) for line in lines])
    total = int(filled[-1])
    gaps = [int(filled[at]) for at, line in enumerate(lines) if not line.strip()]
    ends = {*range(total - _AROUND + 1, total + 1), *gaps[-_GAPS:]}
    fewest = max(_FEWEST, total // 2)
    pairs = product(range(_ABOVE), sorted(ends, reverse=True))
    return [(start, stop) for start, stop in pairs if stop - start >= fewest]


def find_ruled_borders(lines: Sequence[str]) -> tuple[int, ...]:
    """Return the same where dashes are drawn below the names, one run a column."""
    ruled = next((line for line in lines[:_HEADED] if _RULE.fullmatch(line.rstrip())), "")
    starts = [found.start() for found in re.finditer("[-=]+", ruled)]
    return (0, *starts[1:]) if starts else ()


def _is_apart(text: str, borders: tuple[int, ...], many: bool) -> bool:
    """Return whether a line is a title, a note or names that are not aligned with the columns.

    It ends before the first border, runs over many, or over one where the table tells that itself,
    or has a word for each column elsewhere.
    """
    reached = [start for start in borders[1:] if start < len(text)]
    crossed = sum(text[start - 1] != " " for start in reached)
    named = len(text.split()) == len(borders) > len(reached) + 1
    fewest = 1 if many else max(1, len(reached) / 2)
    return not reached or named or crossed >= fewest


def _runs(taken: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Find where text begins behind columns of blanks."""
    return np.flatnonzero(taken & ~np.concatenate(([False], taken[:-1])))


def _borders(filled: npt.NDArray[np.bool_], starts: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Find where columns begin, of the places where text begins behind columns of blanks.

    Most lines must fill a column. Between two there must be several blanks in some line, or the
    first line must fill both: else words that stand one below the other by chance would be parted.
    Nor is there a column that the first line alone fills.
    """
    borders = [0]
    padded = False
    if len(starts) < 2:
        return ()
    for start, end in zip(starts[1:], [*starts[2:], filled.shape[1]], strict=True):
        right = np.any(filled[:, start:end], axis=1)
        both: npt.NDArray[np.bool_] = right & np.any(filled[:, borders[-1] : start], axis=1)
        apart = bool((both & ~(filled[:, start - 2] & filled[:, start])).any())
        first = bool(both[0])
        if 2 * right.sum() >= len(filled) and (apart or first):
            borders.append(int(start))
            padded |= apart
    below = filled[1:, : borders[1]] if len(borders) > 1 else filled
    return tuple(borders) if padded and below.any() else ()


def _with_room(borders: tuple[int, ...], filled: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Move borders to where cells further down that are longer stay clear of them.

    A column of texts grows to the right alone, others may grow to the left. Where some lines run
    over a border, few others count for nothing, but no more may run over it then.
    """
    roomy = [0]
    ends = [*borders[2:], filled.shape[1]]
    for before, border, end in zip(borders, borders[1:], ends, strict=False):
        over = filled[:, border - 1]
        left, right = filled[~over, before:border], filled[~over, border:end]
        few = int(_MISFITS * len(filled)) if over.any() else 0
        gap = before + int(np.flatnonzero(left.sum(axis=0) > few).max(initial=-1)) + 1
        middle = (gap + 1 + border) // 2
        grows_right = _vary(left[:, ::-1]) and not _vary(right)
        stays = grows_right or filled[:, middle - 1].sum() > over.sum()
        roomy.append(border if stays else middle)
    return tuple(roomy)


def _vary(filled: npt.NDArray[np.bool_]) -> bool:
    """Return whether cells begin in various places, but for a few of them."""
    places = np.argmax(filled, axis=1)[filled.any(axis=1)]
    return bool(len(places)) and 10 * np.bincount(places).max() < 9 * len(places)


def cut(line: str, borders: Sequence[int]) -> str:
    """Part the cells of a line; one in which text runs over a border is left whole."""
    text = line.rstrip("\r\n")
    end = line[len(text) :]
    inside = [*takewhile(lambda start: start < len(text), borders[1:])]
    if not text.strip() or any(text[start - 1] != " " for start in inside):
        return line
    starts, ends = borders, (*borders[1:], len(text))
    return MARK.join(text[a:b].strip() for a, b in zip(starts, ends, strict=True)) + end
