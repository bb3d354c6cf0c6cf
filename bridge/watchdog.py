"""Ends, in Prefect, the runs whose process is gone without anyone having reported it.

A worker reports the end of a process of its own at once, unless it died as well, or the Prefect
server was away. So every worker and the watcher check the heartbeats of all runs that have not
ended. What such a run left undone is announced again by the watcher, or found by `process_backlog`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import anyio
from anyio import to_thread
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.logging import get_logger
from prefect.states import Cancelled, Crashed, Scheduled

from bridge.runs import every_run
from prefect_support.heartbeat import LABEL

INTERVAL = 15.0  # seconds between two checks
MOST_SILENT = {StateType.PENDING: 8, StateType.RUNNING: 20, StateType.CANCELLING: 20}
"""Checks in a row that may show nothing new; a live run would have missed ten heartbeats."""

_DEPLOYMENT = "headgate"

log = get_logger("headgate.watchdog")


class _Seen(NamedTuple):
    """What the checks have shown of a run."""

    beat: object
    repeats: int = 0
    """Checks in a row at which nothing had changed."""


class Watchdog:
    """Finds the runs that fell silent: neither in another state nor with another heartbeat.

    Checks are counted, not seconds: if the machine sleeps, the runs may have slept as well.
    """

    def __init__(self, most_silent: Mapping[StateType, int] = MOST_SILENT) -> None:
        """Expect something new of a run in each of these states within so many checks."""
        self._most_silent = most_silent
        self._seen: dict[UUID, _Seen] = {}

    def silent(self, runs: Iterable[FlowRun]) -> list[FlowRun]:
        """Check all runs that have not ended; return those that fell silent."""
        checked = list(runs)
        self._seen = {run.id: self._check(run) for run in checked}
        return [run for run in checked if self._is_silent(run)]

    def reset(self) -> None:
        """Begin anew, after a time in which heartbeats may have been lost."""
        self._seen = {}

    def _check(self, run: FlowRun) -> _Seen:
        beat, last = _last_beat(run), self._seen.get(run.id)
        return _Seen(beat, last.repeats + 1) if last and last.beat == beat else _Seen(beat)

    def _is_silent(self, run: FlowRun) -> bool:
        repeats, state = self._seen[run.id].repeats, run.state_type
        return state is not None and repeats >= self._most_silent[state]


async def watch_runs() -> None:
    """End silent runs until cancelled; a server that is away is waited for."""
    watchdog = Watchdog()
    with get_client(sync_client=True) as prefect:
        while True:
            await anyio.sleep(INTERVAL)
            try:
                await to_thread.run_sync(check_runs, prefect, watchdog, abandon_on_cancel=True)
            except Exception as error:  # noqa: BLE001 - its worker or watcher must go on
                log.warning("Heartbeats could not be checked: %s", error)
                watchdog.reset()


def check_runs(prefect: SyncPrefectClient, watchdog: Watchdog) -> None:
    """Check all runs once; end the silent ones, or have them started if they never began."""
    for run in watchdog.silent(_unfinished(prefect)):
        if _last_beat(prefect.read_flow_run(run.id)) != _last_beat(run):
            continue
        log.warning("The run %s (%s) fell silent as %s.", run.name, run.id, run.state_name)
        prefect.set_flow_run_state(run.id, _final_state(run))


def _last_beat(run: FlowRun) -> object:
    return run.state and run.state.id, run.labels.get(LABEL)


def _final_state(run: FlowRun) -> State[None]:
    match run.state_type:
        case StateType.PENDING:
            return Scheduled(
                scheduled_time=datetime.now(UTC), message="Its worker did not start it."
            )
        case StateType.CANCELLING:
            return Cancelled(message="Its process no longer answers.")
        case _:
            return Crashed(message="Its process no longer answers.")


def _unfinished(prefect: SyncPrefectClient) -> Iterator[FlowRun]:
    """Yield the runs that wait for their process or have one and are known as Headgate's.

    Others have no heartbeat.
    """
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(MOST_SILENT)))
    yield from every_run(
        prefect,
        flow_run_filter=FlowRunFilter(state=state),
        deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[_DEPLOYMENT])),
    )
    by_hand = FlowRunFilterDeploymentId(is_null_=True)
    for run in every_run(
        prefect, flow_run_filter=FlowRunFilter(state=state, deployment_id=by_hand)
    ):
        if LABEL in run.labels:
            yield run
