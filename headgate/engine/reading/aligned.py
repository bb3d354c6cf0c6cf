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
"""Lines from which on a column of blanks is hardly an accident."""
_AROUND = 6
"""Lines above or below the table that may be titles and notes."""
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
    best: tuple[int, ...] = ()
    most = 0
    for above, below in product(range(_AROUND), repeat=2):
        inside = range(above, len(texts) - below)
        if len(inside) < max(_FEWEST, len(texts) // 2):
            continue
        block = filled[above : len(texts) - below]
        borders = _borders(block, 0) or _borders(block, int(_MISFITS * len(block)))
        outside = [text for i, text in enumerate(texts) if i not in inside]
        cells = len(borders) * len(inside)
        if cells > most and all(_is_apart(text, borders) for text in outside):
            best, most = borders, cells
    return best


def find_ruled_borders(lines: Sequence[str]) -> tuple[int, ...]:
    """Return the same where dashes are drawn below the names, one run a column."""
    ruled = next((line for line in lines[:_HEADED] if _RULE.fullmatch(line.rstrip())), "")
    starts = [found.start() for found in re.finditer("[-=]+", ruled)]
    return (0, *starts[1:]) if starts else ()


def _is_apart(text: str, borders: tuple[int, ...]) -> bool:
    """Whether a line is a title, a note or names that are not aligned with the columns.

    It ends before the first border, runs over many, or has a word for each column elsewhere.
    """
    reached = [start for start in borders[1:] if start < len(text)]
    crossed = sum(text[start - 1] != " " for start in reached)
    named = len(text.split()) == len(borders) > len(reached) + 1
    return not reached or named or (crossed > 0 and 2 * crossed >= len(reached))


def _borders(filled: npt.NDArray[np.bool_], misfits: int) -> tuple[int, ...]:
    """Find the columns of blanks that part columns of text.

    Most lines must fill a column. Between two there must be several blanks in some line, or the
    first line must fill both: else words that stand one below the other by chance would be parted.
    """
    taken = filled.sum(axis=0) > misfits
    starts = np.flatnonzero(taken & ~np.concatenate(([False], taken[:-1])))
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
    return tuple(borders) if padded else ()


def cut(line: str, borders: Sequence[int]) -> str:
    """Part the cells of a line; one in which text runs over a border is left whole."""
    text = line.rstrip("\r\n")
    end = line[len(text) :]
    inside = [*takewhile(lambda start: start < len(text), borders[1:])]
    if not text.strip() or any(text[start - 1] != " " for start in inside):
        return line
    starts, ends = borders, (*borders[1:], len(text))
    return MARK.join(text[a:b].strip() for a, b in zip(starts, ends, strict=True)) + end
