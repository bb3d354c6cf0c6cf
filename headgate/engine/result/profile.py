"""What a column's values look like, from rows all over the file, and what has drifted.

Here: the few figures that the report draws and that a recipe keeps for comparison. Not here:
anything that changes a cell, which must not rest on a sample.
"""

from collections import Counter
from collections.abc import Container, Sequence
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.cleaning.cleaned_rows import RemainingRows, Staged
from headgate.engine.recipe import Category, Profile
from headgate.engine.staging import StagedFile
from headgate.record import Record

SAMPLE_ROWS = 4096  # rows that are looked at, or fewer of so many columns:
SAMPLE_CELLS = 1 << 22  # that are held until they are drawn
_DAY = 86_400_000_000  # microseconds
BINS = 24
TOP = 8
LONGEST = 80  # characters of a text
SHIFTED = 0.25  # population stability index from which on a shift is called clear
POINTS = 0.05  # difference of the missing share that is worth a word
DEVIATIONS = 3  # from what is expected, up to which a difference may be chance


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
    most = min(SAMPLE_ROWS, SAMPLE_CELLS // len(staged.names))
    texts, _ = staged.texts(StagedFile(staged.path, staged.names).sample(staged.rows, most))
    return texts


def profiles(
    rows: RemainingRows, sample: pa.Table, fitted: tuple[Profile, ...] = ()
) -> tuple[Profile, ...]:
    """Profile every input that is there; over the steps and categories that were fitted, if any."""
    before = {each.column: each for each in fitted}
    staged = rows.staged
    columns = [each for each in staged.inputs if each.name in staged.columns]
    values = staged.typed(sample)
    return tuple(
        Profile(
            column=column.name,
            kind=staged.columns[column.name].kind,
            missing=1 - rows.changes[column.name].filled / max(staged.rows, 1),
            **_figures(shown(values[column.name]), before.get(column.name)),
        )
        for column in columns
    )


def shifts(
    fitted: tuple[Profile, ...], now: tuple[Profile, ...], rows: tuple[int, int]
) -> tuple[Shift, ...]:
    """Compare a file with the one that the recipe was fitted on; `rows` tells the rows of both."""
    after = {each.column: each for each in now}
    found = []
    for before in fitted:
        if before.column not in after:
            found.append(Shift(column=before.column, what="The column is not in this file."))
            continue
        found += [
            Shift(column=before.column, what=what)
            for what in _differences(before, after[before.column], rows)
        ]
    return tuple(found)


def _differences(before: Profile, now: Profile, rows: tuple[int, int]) -> list[str]:
    found = []
    if before.kind != now.kind and now.missing < 1:
        found.append(f"It held {before.kind} values, now {now.kind}.")
    if abs(now.missing - before.missing) > max(POINTS, _missing_by_chance(before, now, rows)):
        found.append(f"Missing in {now.missing:.1%} of the rows, before in {before.missing:.1%}.")
    index, by_chance = _stability(*_counts(before, now, rows))
    if index > max(SHIFTED, by_chance):
        found.append(f"Its values are spread differently (stability index {index:.2f}).")
    return found


def _missing_by_chance(before: Profile, now: Profile, rows: tuple[int, int]) -> float:
    """Return how far missing shares may lie apart in so few rows, with Yates's correction."""
    share = (before.missing * rows[0] + now.missing * rows[1]) / max(1, sum(rows))
    few = sum(1 / max(1, each) for each in rows)
    return DEVIATIONS * sqrt(share * (1 - share) * few) + few / 2


def _counts(
    before: Profile, now: Profile, rows: tuple[int, int]
) -> tuple[Sequence[float], Sequence[float]]:
    """Count values by steps, or by the categories that were the most frequent and all others."""
    if before.bins and now.bins:
        return before.bins, now.bins
    shares = [{each.text: each.share for each in profile.top} for profile in (before, now)]
    known = [[own.get(text, 0.0) for text in shares[0]] for own in shares]
    sizes = [
        min(SAMPLE_ROWS, count) * (1 - profile.missing)
        for profile, count in zip((before, now), rows, strict=True)
    ]
    old, new = (
        [size * share for share in (*own, max(0.0, 1 - sum(own)))]
        for size, own in zip(sizes, known, strict=True)
    )
    return old, new


def _stability(old: Sequence[float], new: Sequence[float]) -> tuple[float, float]:
    """Return the population stability index of counts, and what it may be by chance.

    Each step counts half a value more, so that an empty one has a share. By chance the index is
    distributed as chi-squared, times the sum of one by each number of values (Yurdakul 2018).
    """
    pairs = [pair for pair in zip(old, new, strict=True) if any(pair)]
    sizes = sum(old), sum(new)
    if not all(sizes):
        return 0.0, 0.0
    index = 0.0
    for pair in pairs:
        was, now = (
            (count + 0.5) / (size + 0.5 * len(pairs))
            for count, size in zip(pair, sizes, strict=True)
        )
        index += (now - was) * log(now / was)
    free = len(pairs) - 1
    return index, (free + DEVIATIONS * sqrt(2 * free)) * sum(1 / size for size in sizes)


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


def _figures(values: pa.ChunkedArray, before: Profile | None) -> dict[str, Any]:
    """Return the most frequent texts, or of numbers the counts within their own or given ends."""
    if pa.types.is_string(values.type):
        return {"top": _top(values, {each.text for each in before.top} if before else set())}
    low, high = (before.low, before.high) if before else (None, None)
    numbers = values.drop_null().to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if low is None or high is None:
        if not numbers.size:
            return {}
        low, high = float(numbers.min()), float(numbers.max())
    return {"low": low, "high": high, "bins": histogram(values, low, high)}


def _top(texts: pa.ChunkedArray, known: Container[str]) -> tuple[Category, ...]:
    """Return the most frequent texts, and those that are known already."""
    counts = Counter(text[:LONGEST] for text in texts.to_pylist() if text is not None)
    total = counts.total()
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    chosen = [*often[:TOP], *(each for each in often[TOP:] if each[0] in known)]
    return tuple(Category(text=text, share=count / total) for text, count in chosen)


def histogram(values: pa.ChunkedArray, low: float, high: float) -> tuple[int, ...]:
    """Return counts over equal steps from low to high; the outer ones count what lies beyond."""
    numbers = values.drop_null().to_numpy()
    numbers = np.clip(numbers[np.isfinite(numbers)], low, high)
    half = high / 2 - low / 2  # of the widest range, which is no finite number as a whole
    steps = (numbers / 2 - low / 2) / (half or 1) * BINS
    counts = np.bincount(steps.astype(int).clip(0, BINS - 1), minlength=BINS)
    return tuple(int(each) for each in counts)
