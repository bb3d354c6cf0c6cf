"""What all tests share: `--slow`, and the whole stack, started at most once a session."""

import importlib
import linecache
import os
import sys
from collections.abc import Callable, Iterator

import pytest

import schemas
from stack.running import Stack, running
from tests.harness.stores import write_users


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run tests that take minutes")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="takes minutes; runs with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture
def add_contract(monkeypatch, tmp_path) -> Iterator[Callable[[str, str], None]]:
    """Write a module of `schemas/`, or write it anew, for one test."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    monkeypatch.setattr(schemas, "__path__", [*schemas.__path__, str(folder)])

    def add(name: str, source: str) -> None:
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        sys.modules.pop(f"schemas.{name}", None)
        importlib.invalidate_caches()
        linecache.clearcache()

    yield add
    for module in folder.glob("*.py"):
        sys.modules.pop(f"schemas.{module.stem}", None)


@pytest.fixture(scope="session")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """All of `make up` on free ports: S3, Prefect, every deployment, a worker, the watcher."""
    directory = tmp_path_factory.mktemp("stack")
    write_users(directory / "s3")
    with running(directory) as started:
        for name in started.variables:
            os.environ.pop(name, None)  # other tests choose their own
        yield started


@pytest.fixture(scope="session")
def stack_folder(stack, tmp_path_factory):
    """Where the stack keeps its data and logs."""
    return tmp_path_factory.getbasetemp() / "stack0"
