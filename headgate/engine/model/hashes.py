"""Hashes of rows that stay the same in every version and on every machine.

Here: the two hashes that recipes name. Not here: what a hash decides (`typed_rows`).
"""

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine import strings
from headgate.engine.recipe import Hash

Hashes = npt.NDArray[np.uint64]

BETWEEN, NOTHING = "\x1f", "\x1e"
"""What stands between the cells of a row, and for a missing cell."""
_ROWS = 1 << 14  # hashed at a time, so that what is in between stays in the processor's cache
_WORD = 8  # bytes that murmur64 takes at a time
_FACTOR, _SHIFT = np.uint64(0xC6A4A7935BD1E995), np.uint64(47)


def row_hashes(
    con: duckdb.DuckDBPyConnection, how: Hash, seed: int, cells: list[pa.ChunkedArray]
) -> Hashes:
    """Hash rows by the texts of some of their cells."""
    if how == "md5":
        return _md5(con, [pa.repeat(str(seed), len(cells[0])), *cells])
    return murmur64(_joined(cells), np.uint64(seed))


def with_cell(
    con: duckdb.DuckDBPyConnection, how: Hash, hashes: Hashes, cell: pa.ChunkedArray
) -> Hashes:
    """Hash rows by their hashes and the text of another cell."""
    if how == "md5":
        return _md5(con, [pc.cast(pa.array(hashes), pa.string()), cell])
    return murmur64(_joined([cell]), hashes)


def murmur64(texts: pa.StringArray, seeds: Hashes | np.uint64) -> Hashes:
    """Hash each text by MurmurHash64A (Austin Appleby, public domain).

    Args:
        texts: In UTF-8.
        seeds: One for all, or one for each.
    """
    own = np.broadcast_to(seeds, len(texts))
    starts = range(0, max(1, len(texts)), _ROWS)
    return np.concatenate(
        [_murmur64(texts.slice(at, _ROWS), own[at : at + _ROWS]) for at in starts]
    )


def _murmur64(texts: pa.StringArray, seeds: Hashes) -> Hashes:
    """Hash the longest texts first: those that have one more word are the first ones."""
    content, offsets = strings.parts(texts)
    places = offsets.astype(np.int64)
    whole = np.diff(places) // _WORD
    most = whole.max(initial=0)
    order = np.argsort((most - whole).astype(np.min_scalar_type(most)), kind="stable")
    lengths = np.diff(places)[order]
    words = _Words(content, places[:-1][order])
    hashes: Hashes = seeds[order] ^ (lengths.astype(np.uint64) * _FACTOR)
    for longer in len(texts) - np.cumsum(np.bincount(whole))[:-1]:
        word = words.next(longer)
        word *= _FACTOR
        word ^= word >> _SHIFT
        word *= _FACTOR
        hashes[:longer] ^= word
        hashes[:longer] *= _FACTOR
    left = (lengths % _WORD).astype(np.uint64)
    mask = (np.uint64(1) << np.uint64(8) * left) - np.uint64(1)
    word = words.next(len(texts)) & mask
    hashes = np.where(left, (hashes ^ word) * _FACTOR, hashes)
    hashes = (hashes ^ hashes >> _SHIFT) * _FACTOR
    in_order = np.empty_like(hashes)
    in_order[order] = hashes ^ hashes >> _SHIFT
    return in_order


class _Words:
    """The words of some texts one after another, put together of aligned ones: these are fast."""

    def __init__(self, content: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> None:
        self._aligned = np.zeros(len(content) // _WORD + 2, "<u8")
        self._aligned.view(np.uint8)[: len(content)] = content
        self._at = starts // _WORD
        self._low = (starts % _WORD * 8).astype(np.uint64)
        self._high = np.uint64(63) - self._low
        self._now = self._aligned[self._at]

    def next(self, some: int) -> Hashes:
        """Return the next word of the first texts; behind a text there is what follows it."""
        self._at[:some] += 1
        after = self._aligned[self._at[:some]]
        words: Hashes = after << np.uint64(1)
        words <<= self._high[:some]
        words |= self._now[:some] >> self._low[:some]
        self._now[:some] = after
        return words


def _md5(con: duckdb.DuckDBPyConnection, cells: list[Any]) -> Hashes:
    """Hash each row by the later half of its MD5, as recipes of version 1 do."""
    with con.cursor() as own:
        texts = own.from_arrow(pa.table({"t": _joined(cells)}))
        found: Any = texts.project("md5_number_lower(t) AS h").to_arrow_table()
        return np.asarray(found["h"])


def _joined(cells: list[Any]) -> pa.StringArray:
    """Write each row as one text."""
    texts = pc.binary_join_element_wise(
        *cells, BETWEEN, null_handling="replace", null_replacement=NOTHING
    )
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
