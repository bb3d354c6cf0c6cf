"""The hashes that decide which rows are held out: as published, on every machine."""

import hashlib

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.engine.model.hashes import murmur64, row_hashes, with_cell


@pytest.mark.parametrize(
    ("text", "seed", "expected"),
    [
        ("zhenhao", 0x1234, 16299279845682521441),
        ("fransisco", 1, 0x83FDAF4A6D0D3D9),
        ("aaaa", 0x9747B28C, 0x41DA53FDABAF04C8),
        ("hash me", 22, 15828218858260124487),
    ],
)
def test_murmur64_gives_published_values(text, seed, expected):
    """Values that other implementations of MurmurHash64A give, whatever stands beside the text."""
    texts = pa.array(["", "another", text, "x" * 100, None]).slice(1)
    assert murmur64(texts, np.uint64(seed))[1] == expected


@given(st.lists(st.text(max_size=40)), st.integers(0, 2**64 - 1))
def test_murmur64_hashes_each_text_as_if_it_stood_alone(texts, seed):
    """Texts of all lengths, in any order, give what the algorithm gives byte by byte."""
    found = murmur64(pa.array(texts, pa.string()), np.uint64(seed))
    assert found.tolist() == [murmur64a(text.encode(), seed) for text in texts]


def murmur64a(text, seed):
    """MurmurHash64A of one text, as its author wrote it down."""
    factor, mask = 0xC6A4A7935BD1E995, 2**64 - 1
    hashed = seed ^ len(text) * factor & mask
    whole = len(text) // 8 * 8
    for at in range(0, whole, 8):
        word = int.from_bytes(text[at : at + 8], "little") * factor & mask
        hashed = (hashed ^ (word ^ word >> 47) * factor & mask) * factor & mask
    if text[whole:]:
        hashed = (hashed ^ int.from_bytes(text[whole:], "little")) * factor & mask
    hashed = (hashed ^ hashed >> 47) * factor & mask
    return hashed ^ hashed >> 47


def test_md5_gives_what_hashlib_gives():
    """Recipes of version 1 find their rows again."""
    cells = [pa.chunked_array([["Oslo", None]]), pa.chunked_array([["1.5", "ä"]])]

    def later_half(text):
        return int.from_bytes(hashlib.md5(text.encode()).digest()[8:], "little")

    with duckdb.connect() as con:
        rows = row_hashes(con, "md5", 7, cells)
        full = with_cell(con, "md5", rows, cells[0])
    assert rows.tolist() == [later_half("7\x1fOslo\x1f1.5"), later_half("7\x1f\x1e\x1fä")]
    assert full.tolist() == [later_half(f"{rows[0]}\x1fOslo"), later_half(f"{rows[1]}\x1f\x1e")]
