"""Flow runs as the Prefect server knows them, however many there are."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

BATCH_FLOW = "process-batch"


class BatchRun(NamedTuple):
    """A run of `process_batch` that has not ended, as Prefect knows it."""

    keys: set[str]
    age: float | None
    """Seconds since it last started, by the server's clock; none while it waits."""


def every_run(prefect: SyncPrefectClient, **filters: Any) -> Iterator[FlowRun]:
    """Read all runs that the filters let through, page by page, as long as the server's pages are.

    A run that leaves the selection meanwhile may let another slip by: who must not miss one looks
    again.
    """
    read = 0
    while page := prefect.read_flow_runs(**filters, sort=FlowRunSort.ID_DESC, offset=read):
        yield from page
        read += len(page)


def unfinished_batches(prefect: SyncPrefectClient) -> list[BatchRun]:
    """Return all runs of batches that wait or are under way."""
    unfinished = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]
    runs = every_run(
        prefect,
        flow_filter=FlowFilter(name=FlowFilterName(any_=[BATCH_FLOW])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=unfinished))
        ),
    )
    return [BatchRun(set(run.parameters.get("keys", ())), _age(run)) for run in runs]


def _age(run: FlowRun) -> float | None:
    if run.state_type != StateType.RUNNING:
        return None
    return (run.estimated_run_time - run.total_run_time).total_seconds()  # without earlier tries
