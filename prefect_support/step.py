"""How every task retries and remembers; each step is declared with `step`.

Results stay in memory: nothing is cached or persisted, since keys and links are cheap to make
again and some of them are secrets.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from headgate.journey import processing
from headgate.journey.processing import BACKOFF_SECONDS, RETRIES

P = ParamSpec("P")
R = TypeVar("R")

JITTER = 0.5


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry what may pass by itself, as a journey without Prefect does."""
    error = state.data  # `state.result()` would have to be awaited in async tasks
    return isinstance(error, BaseException) and processing.may_pass(error)


def step(
    name: str, run_name: Callable[[], str] | None = None
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Declare a task.

    Args:
        name: May use the task's arguments, as in `download {work.name}`.
        run_name: Makes the name of a run, where that is not enough.
    """
    return task(
        name=name.partition(" {")[0],
        task_run_name=run_name or name,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(BACKOFF_SECONDS),
        retry_jitter_factor=JITTER,
        retry_condition_fn=may_pass,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
