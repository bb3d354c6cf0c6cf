"""Rows that may be alike, found by the hashes of all rows in bounded memory.

Here: which hashes occur more than once. Not here: whether such rows really are alike.
"""

from contextlib import ExitStack
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from headgate.engine.threads import map_ahead

Hashes = npt.NDArray[np.uint64]

HASHES_PER_PART = 1 << 19
"""Hashes that a thread looks at, so few that it does so in its cache; more are parted by value."""
_TOGETHER = 1 << 17  # hashes that are parted at a time, since each part is written to by itself
_MOST_PARTS = 512  # files that are open at a time
_IN_MEMORY = 1 << 18  # bytes of all parts that need no file
_ROUNDS = np.uint64(0), np.uint64(32)
_RECORD = np.dtype([("hash", np.uint64), ("row", np.uint64)])


class Digests:
    """The hashes of rows with the rows' places, 16 bytes each, on the disk if there are many."""

    def __init__(self, folder: Path, rows: int) -> None:
        """Get ready for so many rows; what does not fit memory goes to files in the folder."""
        self._bits = (min(rows // HASHES_PER_PART, _MOST_PARTS - 1)).bit_length()
        in_memory = _IN_MEMORY >> self._bits
        self._files = ExitStack()
        self._parts: list[IO[bytes]] = [
            self._files.enter_context(SpooledTemporaryFile(in_memory, dir=str(folder)))  # noqa: SIM115 - closed together
            for _ in range(1 << self._bits)
        ]
        self._pending: list[Hashes] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def add(self, hashes: Hashes) -> None:
        """Take the hashes of the next rows."""
        self._pending.append(hashes)
        if sum(map(len, self._pending)) >= _TOGETHER:
            self._part()

    def repeated(self) -> npt.NDArray[np.bool_]:
        """Return for each row whether another one has the same hash."""
        self._part()
        marked = np.zeros(self._rows, np.bool_)
        for rows in map_ahead(_repeated, self._parts):
            marked[rows] = True
        return marked

    def _part(self) -> None:
        """Write the hashes that have gathered to the files of their parts."""
        hashes = np.concatenate([*self._pending, np.empty(0, np.uint64)])
        self._pending = []
        records = np.empty(len(hashes), _RECORD)
        records["hash"] = hashes
        records["row"] = np.arange(self._rows, self._rows + len(hashes))
        self._rows += len(hashes)
        for part, own in zip(self._parts, self._parted(records), strict=True):
            part.write(own.tobytes())

    def _parted(self, records: npt.NDArray[np.void]) -> list[npt.NDArray[np.void]]:
        if not self._bits:
            return [records]
        part = (records["hash"] >> np.uint64(64 - self._bits)).astype(np.uint16)
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(1, len(self._parts)))
        return np.split(records[order], ends)


def _repeated(part: IO[bytes]) -> npt.NDArray[np.uint64]:
    """Return the places of a part's rows whose hash occurs more than once.

    Two rounds, each by other bits, leave hardly any other hashes to sort.
    """
    part.seek(0)
    records = np.frombuffer(part.read(), _RECORD)
    hashes, rows = (np.ascontiguousarray(records[name]) for name in ("hash", "row"))
    for shift in _ROUNDS:
        shared = _sharing(hashes >> shift)
        hashes, rows = hashes[shared], rows[shared]
    _, place, times = np.unique(hashes, return_inverse=True, return_counts=True)
    return rows[times[place] > 1]


def _sharing(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Return which hashes have their lowest bits in common with another one."""
    slots = 1 << (2 * len(hashes)).bit_length()
    slot = (hashes & np.uint64(slots - 1)).astype(np.intp)
    shared: npt.NDArray[np.bool_] = (np.bincount(slot) > 1)[slot]
    return shared
