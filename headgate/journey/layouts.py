"""The columns of each data set's last accepted file, remembered in the bucket to notice drift."""

from pathlib import Path

from pydantic import ValidationError

from headgate.bucket import keys
from headgate.bucket.store import Store
from headgate.engine.checking.drift import Layout
from headgate.engine.reading.dialect import Evidence

UNREADABLE = Evidence(
    what="drift",
    found="not looked for",
    why="what is remembered of the data set's last file cannot be read",
)


def recall(store: Store, dataset: str | None, copy: Path | None = None) -> Layout | None:
    """Return the columns of the data set's last accepted file, if there was one.

    What cannot be read counts as none: the next accepted file writes it anew.

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
    try:
        return Layout.model_validate_json(stored.body)
    except ValidationError:
        return None


def unread(previous: Layout | None, copy: Path) -> tuple[Evidence, ...]:
    """Say so where columns were remembered, but could not be read."""
    return (UNREADABLE,) if previous is None and copy.exists() else ()


def remember(store: Store, dataset: str | None, layout: Layout, copy: Path) -> None:
    """Keep the columns of a file that was accepted, unless they are what was recalled."""
    body = layout.model_dump_json().encode()
    if dataset and not (copy.exists() and copy.read_bytes() == body):
        store.put(keys.layout_key(dataset), body, "application/json")
