"""Values of a column from which its formats are guessed."""

from collections import Counter
from collections.abc import Container, Iterable
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.columns.column import MARKERS

_SAMPLE = 200


def sample_of(
    texts: pa.ChunkedArray, missing: Iterable[str], *, whole: bool = False
) -> Counter[str]:
    """Pick values from all over the texts, none of which stands for a missing one; count them.

    With `whole` all of them are taken.
    """
    passed_over = {"", *MARKERS, *missing}
    picked = _picked(texts, passed_over, whole=whole)
    if not picked:
        absent = pc.is_in(pc.utf8_trim_whitespace(texts), pa.array([*passed_over], pa.string()))
        picked = _picked(texts.filter(pc.invert(absent)), passed_over, whole=whole)
    return picked


def _picked(texts: pa.ChunkedArray, passed_over: Container[str], *, whole: bool) -> Counter[str]:
    step = 1 if whole else max(1, len(texts) // 2000)
    picked = Counter(text.strip() for text in texts[::step].to_pylist())
    distinct = (text for text in picked if text not in passed_over)
    return Counter({text: picked[text] for text in islice(distinct, None if whole else _SAMPLE)})
