"""The environment's bucket, for commands that a person may be waiting for."""

from threading import Lock
from typing import Any

from cli.console import note
from headgate.bucket.store import Store, connect
from headgate.settings import load


def open_store() -> Store:
    """Connect to the bucket; on standard error, it is told once that the store is waited for.

    Raises:
        SettingsError: The settings name no bucket, or cannot be.
    """
    store = connect(load())
    _tell_of_waiting(store)
    return store


def _tell_of_waiting(store: Store) -> None:
    """Say so where the store cannot be reached twice in a row."""
    first = Lock()  # requests of several threads may fail at once

    def tell(attempts: int, caught_exception: Exception | None, **_: Any) -> None:
        if caught_exception and attempts > 1 and first.acquire(blocking=False):
            note("Waiting for the store, which does not answer ...")

    store.client.meta.events.register("needs-retry.s3", tell)
