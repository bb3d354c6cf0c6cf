"""String arrays of Arrow as what they are made of: bytes and offsets, which NumPy sees as a whole.

Here: what saves looking at one text after another. Not here: what the texts mean.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Octets = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]


def octets(texts: pa.StringArray) -> memoryview:
    """Return the bytes of all texts, one after another, without copying them."""
    _, _, data = texts.buffers()
    places = _places(texts)
    return memoryview(data or b"")[places[0] : places[-1]]


def parts(texts: pa.StringArray) -> tuple[Octets, Offsets]:
    """Return the bytes of all texts, and where each of them begins and the last one ends."""
    places = _places(texts)
    return np.frombuffer(octets(texts), np.uint8), places - places[0]


def is_ascii(texts: pa.StringArray) -> bool:
    """Return whether all characters are of ASCII."""
    data, _ = parts(texts)
    return bool(data.max(initial=0) < 0x80)


def holds(texts: pa.StringArray, mark: str) -> bool:
    """Return whether a character of ASCII stands in any text."""
    data, _ = parts(texts)
    return bool((data == ord(mark)).any())


def is_empty(texts: pa.StringArray) -> pa.BooleanArray:
    """Return for each text whether it is without any character; null where it is missing."""
    return pc.equal(pc.binary_length(texts), 0)


def without_empty(texts: pa.StringArray) -> pa.StringArray:
    """Leave out empty texts, none of which is null; no byte is copied, since these have none."""
    places = _places(texts)
    kept: Any = np.append(places[:-1][places[1:] > places[:-1]], places[-1])
    data = texts.buffers()[2] or pa.py_buffer(b"")
    return pa.StringArray.from_buffers(len(kept) - 1, pa.py_buffer(kept), data)


def _places(texts: pa.StringArray) -> Offsets:
    _, offsets, _ = texts.buffers()
    if not len(texts):
        return np.zeros(1, np.int32)
    return np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
