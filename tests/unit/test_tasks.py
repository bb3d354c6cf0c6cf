"""What every task has chosen of Prefect."""

import importlib
import pkgutil

import pytest
from prefect import Task
from prefect.cache_policies import NO_CACHE

import tasks
from headgate.journey.processing import RETRIES
from prefect_support.policies import RETRY_TRANSIENT

TASKS = {
    value.name: value
    for module in pkgutil.iter_modules(tasks.__path__)
    for value in vars(importlib.import_module(f"tasks.{module.name}")).values()
    if isinstance(value, Task)
}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_no_result_is_cached_or_persisted(task):
    """Links and keys of access would lie in Prefect's storage."""
    assert task.cache_policy is NO_CACHE
    assert task.persist_result is False


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_what_is_tried_again_is_tried_again_only_where_that_may_help(task):
    if task.retries:
        assert task.retries == RETRIES
        assert task.retry_condition_fn is RETRY_TRANSIENT["retry_condition_fn"]
