"""A run's sign of life: a label in Prefect that it renews for as long as its process is there.

Who sees the same one again and again knows that the process is gone (`bridge/upkeep.py`).
Prefect's own heartbeats are not enough: they are events, which are lost with a server that dies,
come every three minutes, and may be switched off.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.logging import get_logger
from prefect.runtime import flow_run

LABEL = "headgate.alive"
EVERY = 30.0  # seconds

log = get_logger("headgate.alive")


@contextmanager
def telling(client: SyncPrefectClient, every: float = EVERY) -> Iterator[None]:
    """Renew the label of the flow run that this is called in, until the block ends."""
    ended, run_id = Event(), UUID(flow_run.get_id())
    Thread(target=_tell, args=(client, run_id, every, ended), name="alive", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _tell(client: SyncPrefectClient, run_id: UUID, every: float, ended: Event) -> None:
    while not ended.is_set():
        try:
            client.update_flow_run_labels(run_id, {LABEL: datetime.now(UTC).isoformat()})
        except Exception as error:  # noqa: BLE001 - whatever it was, the run is alive and goes on
            log.debug("Not told: %s", error)
        ended.wait(every)
