"""The columns of each data set's last accepted file, remembered in the bucket to notice drift."""

import math
import time
from pathlib import Path
from weakref import WeakKeyDictionary

from headgate.bucket import keys
from headgate.bucket.store import Store
from headgate.engine.checking.drift import Layout

FRESH = 5.0  # seconds for which what was recalled or remembered last need not be read again

_recent: WeakKeyDictionary[Store, dict[str, tuple[float, bytes | None]]] = WeakKeyDictionary()
"""What is remembered of each data set in a store, and since when that is known."""


def recall(store: Store, dataset: str | None, copy: Path) -> Layout | None:
    """Return the columns of the data set's last accepted file, if there was one.

    Args:
        store: Where they are remembered.
        dataset: Files outside data sets have no history.
        copy: Local file that keeps what was found, for `remember` to compare.
    """
    body = _read(store, dataset) if dataset else None
    if body is None:
        return None
    copy.write_bytes(body)
    return Layout.model_validate_json(body)


def remember(store: Store, dataset: str | None, layout: Layout, copy: Path) -> None:
    """Keep the columns of a file that was accepted, unless they are what was recalled."""
    body = layout.model_dump_json().encode()
    if dataset and not (copy.exists() and copy.read_bytes() == body):
        store.put(keys.layout_key(dataset), body, "application/json")
        _recent.setdefault(store, {})[dataset] = time.monotonic(), body


def _read(store: Store, dataset: str) -> bytes | None:
    recent = _recent.setdefault(store, {})
    since, body = recent.get(dataset, (-math.inf, None))
    if time.monotonic() - since > FRESH:
        stored = store.read(keys.layout_key(dataset))
        body = stored.body if stored else None
        recent[dataset] = time.monotonic(), body
    return body
