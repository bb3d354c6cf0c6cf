"""Automations that keep the states of runs true, as far as the server has their events.

Prefect's server does not notice by itself when a run's process and its worker die together. What
such a run left undone is announced again by the watcher, or found by `process_backlog`.
"""

from datetime import timedelta

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

_ENDS = {"Completed", "Failed", "Cancelled", "Crashed"}


def _silence(after: str, unless: set[str], seconds: int) -> EventTrigger:
    """Fire for a run that, so long after an event, has sent none of the others."""
    return EventTrigger(
        posture=Posture.Proactive,
        match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
        for_each={"prefect.resource.id"},
        after={f"prefect.flow-run.{after}"},
        expect={f"prefect.flow-run.{event}" for event in unless},
        threshold=1,
        within=timedelta(seconds=seconds),
    )


def _become(state: StateType, message: str) -> ChangeFlowRunState:
    return ChangeFlowRunState(state=state, name=state.title(), message=message, force=False)


AUTOMATIONS = (
    AutomationCore(
        name="Headgate: end runs that fell silent",
        description="A run tells every 30 s that it is alive; without that, its process is gone.",
        trigger=_silence("heartbeat", unless=_ENDS | {"heartbeat"}, seconds=75),
        actions=[_become(StateType.CRASHED, "Its process no longer answers.")],
    ),
    AutomationCore(
        name="Headgate: start runs again that never began",
        description="A worker that dies between taking a run and starting it leaves it Pending.",
        trigger=_silence("Pending", unless=_ENDS | {"Running", "Scheduled"}, seconds=120),
        actions=[_become(StateType.SCHEDULED, "Its worker did not start it.")],
    ),
)


async def ensure() -> None:
    """Make the automations, in place of former ones of the same names."""
    async with get_client() as client:
        for automation in AUTOMATIONS:
            for former in await client.read_automations_by_name(automation.name):
                await client.delete_automation(former.id)
            await client.create_automation(automation)
