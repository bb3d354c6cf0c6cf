"""Rows that may be alike, found by the hashes of all rows in bounded memory.

Here: which hashes occur more than once. Not here: whether such rows really are alike.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

AT_ONCE = 1 << 22
"""Hashes that are sorted at a time (32 MiB); of more, one part of all possible values after
another is looked at."""
CHUNK = 1 << 20
"""Hashes that are read at a time."""
_SIEVE = 1 << 20


class Digests:
    """The hashes of rows in file order, 8 bytes each on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink()

    def add(self, hashes: Hashes) -> None:
        """Take the hashes of the next rows."""
        self._file.write(hashes.tobytes())
        self._rows += len(hashes)

    def repeated(self) -> npt.NDArray[np.bool_]:
        """Tell for each row whether another one has the same hash."""
        self._file.flush()
        marked = np.zeros(self._rows, np.bool_)
        bits = max(0, (self._rows // AT_ONCE).bit_length())
        for part in range(1 << bits):
            own = [hashes[_part(hashes, bits) == part] for _, hashes in self._chunks()]
            twice = _twice(np.concatenate(own)) if own else np.empty(0, np.uint64)
            if len(twice):
                for start, hashes in self._chunks():
                    marked[start + _among(hashes, twice)] = True
        return marked

    def _chunks(self) -> Iterator[tuple[int, Hashes]]:
        for start in range(0, self._rows, CHUNK):
            yield start, np.fromfile(self._path, np.uint64, CHUNK, offset=8 * start)


def _part(hashes: Hashes, bits: int) -> Hashes:
    return hashes >> np.uint64(64 - bits) if bits else np.zeros_like(hashes)


def _twice(hashes: Hashes) -> Hashes:
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def _among(hashes: Hashes, wanted: Hashes) -> npt.NDArray[np.int64]:
    """Find the places of hashes that are among the sorted ones."""
    low = np.uint64(_SIEVE - 1)
    sieve = np.zeros(_SIEVE, np.bool_)
    sieve[wanted & low] = True
    places: npt.NDArray[np.int64] = np.flatnonzero(sieve[hashes & low])
    near = np.minimum(np.searchsorted(wanted, hashes[places]), len(wanted) - 1)
    alike: npt.NDArray[np.int64] = places[wanted[near] == hashes[places]]
    return alike
