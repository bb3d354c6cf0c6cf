"""The heartbeat of a flow run: a label in Prefect, renewed for as long as the run's process lives.

Where it stands still, the process is gone (`bridge/watchdog.py`). Prefect's own heartbeats are not
enough: they are events, which are lost with a server that dies, come every three minutes, and may
be switched off.
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
INTERVAL = 30.0  # seconds

log = get_logger("headgate.heartbeat")


@contextmanager
def heartbeat(client: SyncPrefectClient, interval: float = INTERVAL) -> Iterator[None]:
    """Renew the label of the flow run that this is called in, until the block ends."""
    stop, run_id = Event(), UUID(flow_run.get_id())
    arguments = (client, run_id, interval, stop)
    Thread(target=_beat, args=arguments, name="run-heartbeat", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def _beat(client: SyncPrefectClient, run_id: UUID, interval: float, stop: Event) -> None:
    while not stop.is_set():
        try:
            client.update_flow_run_labels(run_id, {LABEL: datetime.now(UTC).isoformat()})
        except Exception as error:  # noqa: BLE001 - whatever it was, the run is alive and goes on
            log.debug("A heartbeat was lost: %s", error)
        stop.wait(interval)
