"""How a flow ends: every outcome that Headgate knows becomes a state with a readable message."""

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from prefect.client.schemas.objects import State
from prefect.context import SyncClientContext
from prefect.states import Completed, Failed

from flows.alive import telling
from headgate.errors import HeadgateError
from headgate.journey import Outcome
from headgate.receipt import Receipt
from headgate.words import counted
from tasks.process_file import sum_up

P = ParamSpec("P")
TOLD = 3
"""Bad files that a run's message tells of; its artifact tells of all."""


def answers(flow: Callable[P, Awaitable[object]]) -> Callable[P, Awaitable[object]]:
    """End a flow with a message instead of a traceback when it fails in a way that we know.

    One client serves all tasks of the run, which saves 50 ms for each task, and tells meanwhile
    that it is alive.
    """

    @wraps(flow)
    async def run(*args: P.args, **kwargs: P.kwargs) -> object:
        with SyncClientContext.get_or_create() as context, telling(context.client):
            try:
                return await flow(*args, **kwargs)
            except HeadgateError as error:
                return Failed(message=str(error), data=error)

    return run


def ended(receipt: Receipt) -> State[Receipt]:
    """Turn a receipt into the state that its run ends in."""
    state = Completed if receipt.outcome == "published" else Failed
    return state(message=f"{receipt.source.upload.name}: {receipt}", data=receipt)


def summed_up(outcomes: list[Outcome]) -> State[list[Outcome]]:
    """Show what became of each file; the run failed if some file got no answer at all."""
    sum_up(outcomes)
    counts = Counter(outcome.verdict for outcome in outcomes)
    message = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items()))
    state = Failed if counts["failed"] else Completed
    said = f"{counted(len(outcomes), 'file')}: {message or 'nothing to do'}."
    return state(message=" ".join([said, *_bad_news(outcomes)]), data=outcomes)


def _bad_news(outcomes: list[Outcome]) -> list[str]:
    """Tell of the first files that were refused or failed, one sentence or more each."""
    bad = [outcome for outcome in outcomes if outcome.verdict in ("refused", "failed")]
    told = [f"{outcome.key}: {outcome.detail}" for outcome in bad[:TOLD]]
    return [*told, f"And {len(bad) - TOLD:,} more."] if bad[TOLD:] else told
