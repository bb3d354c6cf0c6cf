"""What each task chooses on purpose: which failures are tried again, and what is kept of it.

A task names its choices, as in `@task(task_run_name="download {work.name}", **RETRY_TRANSIENT,
**KEEP_NOTHING)`.
"""

from collections.abc import Callable
from typing import Any, Final, TypedDict

from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from headgate.journey import processing
from headgate.journey.processing import BACKOFF_SECONDS, RETRIES


class Retries(TypedDict):
    """Prefect's options of a task about trying it again."""

    retries: int
    retry_delay_seconds: Callable[[int], list[float]]
    retry_jitter_factor: float
    retry_condition_fn: Callable[[Task[..., Any], TaskRun, State[Any]], bool]


class Keeping(TypedDict):
    """Prefect's options of a task about its result."""

    cache_policy: CachePolicy
    persist_result: bool


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether a task failed by what may pass by itself, as without Prefect."""
    error = state.data  # `state.result()` would have to be awaited in async tasks
    return isinstance(error, BaseException) and processing.may_pass(error)


RETRY_TRANSIENT: Final[Retries] = {
    "retries": RETRIES,
    "retry_delay_seconds": exponential_backoff(BACKOFF_SECONDS),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": may_pass,
}
"""Network, throttling, a store that is down: again after a while. All else fails at once."""

KEEP_NOTHING: Final[Keeping] = {"cache_policy": NO_CACHE, "persist_result": False}
"""Results stay in memory: keys and links are cheap to make again, and some of them are secrets."""
