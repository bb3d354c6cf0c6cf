"""How a flow ends: every outcome that Headgate knows becomes a state with a readable message."""

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from prefect.client.schemas.objects import State
from prefect.context import SyncClientContext
from prefect.states import Completed, Failed

from headgate.errors import HeadgateError
from headgate.journey.processing import Outcome
from headgate.journey.receipt import Receipt
from headgate.words import counted
from prefect_support.heartbeat import heartbeat

P = ParamSpec("P")
R = TypeVar("R")
MOST_FAILURES = 3
"""Bad files that a run's message names; its artifact names all."""


def supervised(flow: Callable[P, Awaitable[State[R]]]) -> Callable[P, Awaitable[State[R]]]:
    """Give a flow's runs a heartbeat, and end them with a message where Headgate knows the error.

    One client serves the heartbeat and all tasks of the run, which saves 50 ms for each task.
    """

    @wraps(flow)
    async def run(*args: P.args, **kwargs: P.kwargs) -> State[R]:
        with SyncClientContext.get_or_create() as context, heartbeat(context.client):
            try:
                return await flow(*args, **kwargs)
            except HeadgateError as error:
                return Failed(message=str(error), data=error)

    return run


def receipt_state(receipt: Receipt) -> State[Receipt]:
    """Turn a receipt into the state that its run ends in."""
    state = Completed if receipt.outcome == "published" else Failed
    return state(message=f"{receipt.source.upload.name}: {receipt}", data=receipt)


def summary_state(outcomes: list[Outcome]) -> State[list[Outcome]]:
    """Sum up a run of many files; it failed if some file got no answer at all."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items()))
    state = Failed if counts["failed"] else Completed
    summary = f"{counted(len(outcomes), 'file')}: {verdicts or 'nothing to do'}."
    return state(message=" ".join([summary, *_failures(outcomes)]), data=outcomes)


def _failures(outcomes: list[Outcome]) -> list[str]:
    """Name the first files that were refused or failed, with the reason."""
    bad = [outcome for outcome in outcomes if outcome.bad]
    named = [str(outcome) for outcome in bad[:MOST_FAILURES]]
    more = len(bad) - len(named)
    return [*named, f"And {more:,} more."] if more else named
