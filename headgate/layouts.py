"""The columns of each data set's last accepted file, remembered in the bucket to notice drift."""

from pathlib import Path

from headgate.bucket import keys
from headgate.bucket.store import Store
from headgate.engine.checking.drift import Layout


def recall(store: Store, dataset: str | None, copy: Path | None = None) -> Layout | None:
    """Return the columns of the data set's last accepted file, if there was one.

    Args:
        store: Where they are remembered.
        dataset: Files outside data sets have no history.
        copy: Local file that keeps what was found, where `remember` is to compare.
    """
    stored = store.read(keys.layout_key(dataset)) if dataset else None
    if stored is None:
        return None
    if copy:
        copy.write_bytes(stored.body)
    return Layout.model_validate_json(stored.body)


def remember(store: Store, dataset: str | None, layout: Layout, copy: Path) -> None:
    """Keep the columns of a file that was accepted, unless they are what was recalled."""
    body = layout.model_dump_json().encode()
    if dataset and not (copy.exists() and copy.read_bytes() == body):
        store.put(keys.layout_key(dataset), body, "application/json")
