"""The columns of each data set's last accepted file, remembered in the bucket to notice drift."""

from headgate.bucket import keys
from headgate.bucket.store import Store
from headgate.engine.checking.drift import Layout


def recall(store: Store, dataset: str | None) -> Layout | None:
    """Return the columns of the data set's last accepted file, if there was one."""
    stored = store.read(keys.layout_key(dataset)) if dataset else None
    return Layout.model_validate_json(stored.body) if stored else None


def remember(store: Store, dataset: str | None, layout: Layout) -> None:
    """Keep the columns of a file that was accepted; files outside data sets have no history."""
    if dataset:
        store.put(keys.layout_key(dataset), layout.model_dump_json().encode(), "application/json")
