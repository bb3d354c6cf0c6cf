"""Hashes of rows that stay the same in every version and on every machine.

Here: the two hashes that recipes name. Not here: what a hash decides (`base`).
"""

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.recipe import Hash

Hashes = npt.NDArray[np.uint64]

BETWEEN, NOTHING = "\x1f", "\x1e"
"""What stands between the cells of a row, and for a missing cell."""
_ROWS = 8192  # hashed at a time, so that what is in between stays in the processor's cache
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
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int32)[texts.offset :][: len(texts) + 1].astype(np.int64)
    content = np.frombuffer(data or b"", np.uint8)[places[0] : places[-1]]
    padded = np.concatenate([content, np.zeros(_WORD, np.uint8)])
    starts, ends = places[:-1] - places[0], places[1:] - places[0]
    lengths = ends - starts
    words: Any = np.ndarray(len(content) + 1, "<u8", padded, strides=(1,))
    hashes: Hashes = seeds ^ (lengths.astype(np.uint64) * _FACTOR)
    for place in range(int(lengths.max(initial=0)) // _WORD):
        long = np.flatnonzero(lengths >= _WORD * (place + 1))
        word = words[starts[long] + _WORD * place] * _FACTOR
        word = (word ^ word >> _SHIFT) * _FACTOR
        hashes[long] = (hashes[long] ^ word) * _FACTOR
    left = (lengths % _WORD).astype(np.uint64)
    some = np.flatnonzero(left)
    mask = (np.uint64(1) << np.uint64(8) * left[some]) - np.uint64(1)
    word = words[ends[some] - left[some].astype(np.int64)] & mask
    hashes[some] = (hashes[some] ^ word) * _FACTOR
    hashes = (hashes ^ hashes >> _SHIFT) * _FACTOR
    return hashes ^ hashes >> _SHIFT


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
