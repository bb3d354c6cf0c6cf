"""What a column's values look like, from rows all over the file, and what has drifted.

Here: the few figures that the report draws and that a recipe keeps for comparison. Not here:
anything that changes a cell, which must not rest on a sample.
"""

from collections import Counter
from collections.abc import Sequence
from math import log
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.cleaning.cleaned_rows import RemainingRows, Staged
from headgate.engine.recipe import Category, Profile
from headgate.engine.staging import StagedFile
from headgate.record import Record

SAMPLE_ROWS = 4096  # rows that are looked at
_DAY = 86_400_000_000  # microseconds
BINS = 24
TOP = 8
SHIFTED = 0.25  # population stability index from which on a shift is called clear
POINTS = 0.05  # difference of the missing share that is worth a word


class Shift(Record):
    """One way in which a file differs from the one that the recipe was fitted on."""

    column: str
    what: str


class Balance(NamedTuple):
    """How many rows have a target of one class, or in one step of its range."""

    label: str
    train: int
    test: int


def sampled(staged: Staged) -> pa.Table:
    """Return the cleaned texts of some thousand rows from all over a file, removed ones too."""
    texts, _ = staged.texts(StagedFile(staged.path, staged.names).sample(staged.rows, SAMPLE_ROWS))
    return texts


def profiles(
    rows: RemainingRows, sample: pa.Table, fitted: tuple[Profile, ...] = ()
) -> tuple[Profile, ...]:
    """Profile every input that is there; over the fitted steps, where there are such."""
    steps = {each.column: (each.low, each.high) for each in fitted}
    staged = rows.staged
    columns = [each for each in staged.inputs if each.name in staged.columns]
    values = staged.typed(sample)
    return tuple(
        Profile(
            column=column.name,
            kind=staged.columns[column.name].kind,
            missing=1 - rows.changes[column.name].filled / max(staged.rows, 1),
            **_figures(shown(values[column.name]), *steps.get(column.name, (None, None))),
        )
        for column in columns
    )


def shifts(fitted: tuple[Profile, ...], now: tuple[Profile, ...]) -> tuple[Shift, ...]:
    """Compare a file with the one that the recipe was fitted on."""
    after = {each.column: each for each in now}
    found = []
    for before in fitted:
        if before.column not in after:
            found.append(Shift(column=before.column, what="The column is not in this file."))
            continue
        found += [
            Shift(column=before.column, what=what)
            for what in _differences(before, after[before.column])
        ]
    return tuple(found)


def _differences(before: Profile, now: Profile) -> list[str]:
    found = []
    if before.kind != now.kind and now.missing < 1:
        found.append(f"It held {before.kind} values, now {now.kind}.")
    if abs(now.missing - before.missing) > POINTS:
        found.append(f"Missing in {now.missing:.1%} of the rows, before in {before.missing:.1%}.")
    if before.bins and now.bins:
        index = _stability(before.bins, now.bins)
    else:
        index = _stability(*_aligned(before, now))
    if index > SHIFTED:
        found.append(f"Its values are spread differently (stability index {index:.2f}).")
    return found


def _aligned(before: Profile, now: Profile) -> tuple[list[float], list[float]]:
    texts = [each.text for each in before.top]
    shares = {each.text: each.share for each in now.top}
    old = [each.share for each in before.top]
    new = [shares.get(text, 0.0) for text in texts]
    return [*old, 1 - sum(old)], [*new, 1 - sum(new)]


def _stability(before: Sequence[float], now: Sequence[float]) -> float:
    """Return the population stability index; empty steps count as a thousandth."""
    if not sum(before) or not sum(now):
        return 0.0
    pairs = [
        (max(old / sum(before), 0.001), max(new / sum(now), 0.001))
        for old, new in zip(before, now, strict=True)
    ]
    return sum((new - old) * log(new / old) for old, new in pairs)


def shown(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return what is counted or drawn of typed values: texts, numbers, or days since 1970."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_boolean(kind):
        return pc.cast(values, pa.string())
    if pa.types.is_date(kind):
        return pc.cast(pc.cast(values, pa.int32()), pa.float64())
    if pa.types.is_timestamp(kind):
        moments = pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64())
        return pc.divide(pc.cast(moments, pa.float64(), safe=False), _DAY)
    return pc.cast(values, pa.float64(), safe=False)


def _figures(values: pa.ChunkedArray, low: float | None, high: float | None) -> dict[str, Any]:
    """Return the most frequent texts, or of numbers the counts within their own or given ends."""
    if pa.types.is_string(values.type):
        return {"top": _top(values)}
    numbers = values.drop_null().to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if low is None or high is None:
        if not numbers.size:
            return {}
        low, high = float(numbers.min()), float(numbers.max())
    return {"low": low, "high": high, "bins": histogram(values, low, high)}


def _top(texts: pa.ChunkedArray) -> tuple[Category, ...]:
    counts = Counter(text for text in texts.to_pylist() if text is not None)
    total = counts.total()
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return tuple(Category(text=text[:80], share=count / total) for text, count in often)


def histogram(values: pa.ChunkedArray, low: float, high: float) -> tuple[int, ...]:
    """Return counts over equal steps from low to high; the outer ones count what lies beyond."""
    numbers = values.drop_null().to_numpy()
    numbers = np.clip(numbers[np.isfinite(numbers)], low, high)
    half = high / 2 - low / 2  # of the widest range, which is no finite number as a whole
    steps = (numbers / 2 - low / 2) / (half or 1) * BINS
    counts = np.bincount(steps.astype(int).clip(0, BINS - 1), minlength=BINS)
    return tuple(int(each) for each in counts)
