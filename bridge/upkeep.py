"""Ends, in Prefect, the runs whose process is gone, where nobody lived to tell.

A worker reports the end of a process of its own at once, unless it died as well, or the Prefect
server was away. So every worker and the watcher look again and again at all runs that have not
ended. What such a run left undone is announced again by the watcher, or found by `process_backlog`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
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

EVERY = 15.0  # seconds between two looks
LOOKS = {StateType.PENDING: 8, StateType.RUNNING: 20, StateType.CANCELLING: 20}
"""Looks in a row that may show nothing new; a live run would have missed ten signs of life."""

_DEPLOYMENT = "headgate"

log = get_logger("headgate.upkeep")


class Vigil:
    """Tells the runs that fell silent: neither in another state nor with another sign of life.

    Looks are counted, not seconds: if the machine sleeps, the runs may have slept as well.
    """

    def __init__(self, looks: Mapping[StateType, int] = LOOKS) -> None:
        """Expect something new of a run in each of these states within so many looks."""
        self._looks = looks
        self._seen: dict[UUID, tuple[object, int]] = {}

    def silent(self, runs: Iterable[FlowRun]) -> list[FlowRun]:
        """Take in a look at all runs that have not ended; return those that fell silent."""
        former, self._seen, silent = self._seen, {}, []
        for run in runs:
            sign, (last, count) = _sign(run), former.get(run.id, (None, 0))
            count = count + 1 if sign == last else 0
            self._seen[run.id] = sign, count
            if run.state_type and count >= self._looks[run.state_type]:
                silent.append(run)
        return silent

    def forget(self) -> None:
        """Begin anew, after a time in which runs may have had nobody to tell."""
        self._seen = {}


async def keep_true() -> None:
    """End silent runs until cancelled; a server that is away is waited for."""
    vigil = Vigil()
    with get_client(sync_client=True) as prefect:
        while True:
            await anyio.sleep(EVERY)
            try:
                await to_thread.run_sync(look, prefect, vigil, abandon_on_cancel=True)
            except Exception as error:  # noqa: BLE001 - its worker or watcher must go on
                log.warning("Runs were not looked after: %s", error)
                vigil.forget()


def look(prefect: SyncPrefectClient, vigil: Vigil) -> None:
    """Look at all runs once; end the silent ones, or have them started if they never began."""
    for run in vigil.silent(_unfinished(prefect)):
        if _sign(prefect.read_flow_run(run.id)) != _sign(run):
            continue
        log.warning("The run %s (%s) fell silent as %s.", run.name, run.id, run.state_name)
        prefect.set_flow_run_state(run.id, _end(run))


def _sign(run: FlowRun) -> object:
    return run.state and run.state.id, run.labels.get(LABEL)


def _end(run: FlowRun) -> State[None]:
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
    """Give the runs that wait for their process or have one and are known as Headgate's.

    Others are none of its business: they give no sign of life.
    """
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(LOOKS)))
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
