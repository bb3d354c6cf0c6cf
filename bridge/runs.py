"""Flow runs as the Prefect server knows them, however many there are."""

from collections.abc import Iterator
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort


def every_run(prefect: SyncPrefectClient, **filters: Any) -> Iterator[FlowRun]:
    """Read all runs that the filters let through, page by page, as long as the server's pages are.

    A run that leaves the selection meanwhile may let another slip by: who must not miss one looks
    again.
    """
    read = 0
    while page := prefect.read_flow_runs(**filters, sort=FlowRunSort.ID_DESC, offset=read):
        yield from page
        read += len(page)
