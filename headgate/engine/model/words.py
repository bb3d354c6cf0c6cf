"""Which of some words a text has.

Here: finding them, in Arrow. Not here: which words get a column (`encode`), and the same as SQL
(`sql`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_NO_WORD = r"[^\pL\pN]+"
_BYTES = bytes(
    code if chr(code).isalnum() else ord(" ") for code in bytes(range(128)).lower().ljust(256)
)
"""What stands for each byte of ASCII text in lower case, where only words are wanted."""


def marks(texts: pa.StringArray, words: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Mark with 1 which words each text has.

    A word is a run of letters and digits, in lower case.

    Returns:
        One row for each text, one column for each word.
    """
    lists = _split(texts)
    found = pc.index_in(lists.flatten(), value_set=pa.array(words, pa.string()))
    width = len(words) + 1  # the last one is for other words
    rows, places = pc.list_parent_indices(lists), pc.fill_null(found, len(words))
    marked = np.zeros(len(texts) * width, np.uint8)
    marked[np.asarray(rows).astype(np.int64) * width + np.asarray(places)] = 1
    return marked.reshape(-1, width)[:, :-1]


def _split(texts: pa.StringArray) -> Any:
    """Split texts at what is neither a letter nor a digit; ASCII needs no table of letters."""
    _, _, data = texts.buffers()
    content = bytes(data or b"")
    if not content.isascii():
        return pc.split_pattern_regex(pc.utf8_lower(texts), _NO_WORD)
    valid, offsets, _ = texts.buffers()
    plain = pa.py_buffer(content.translate(_BYTES))
    spaced = pa.StringArray.from_buffers(
        len(texts), offsets, plain, valid, texts.null_count, texts.offset
    )
    return pc.ascii_split_whitespace(spaced)
