"""Rows whose hash occurs again are found, however many there are."""

import numpy as np
import pytest

from headgate.engine.cleaning import digests


@pytest.mark.parametrize("at_once", [1 << 24, 64, 1], ids=["at once", "by parts", "many parts"])
def test_every_row_whose_hash_occurs_again_is_marked(monkeypatch, tmp_path, at_once):
    """Across batches, and whether all hashes fit memory or one part of them at a time."""
    monkeypatch.setattr(digests, "HASHES_PER_PART", at_once)
    rng = np.random.default_rng(3)
    hashes = rng.integers(0, 2**64, 1000, np.uint64)
    hashes[[7, 400, 999]] = hashes[3]
    hashes[20:30] = hashes[500:510]
    with digests.Digests(tmp_path, 1000) as kept:
        for start in range(0, 1000, 130):
            kept.add(hashes[start : start + 130])
        marked = np.flatnonzero(kept.repeated())
    assert set(marked) == {3, 7, 400, 999, *range(20, 30), *range(500, 510)}


def test_no_rows_have_no_repeats(tmp_path):
    """An empty table is no special case."""
    with digests.Digests(tmp_path, 0) as kept:
        assert not len(kept.repeated())
