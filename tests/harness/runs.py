"""Flow runs through real deployments, and what a person would see of them in Prefect."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterLevel,
)
from prefect.client.schemas.objects import Artifact, FlowRun, TaskRun
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL
from prefect_aws import S3Bucket

from headgate.bucket import receipts
from headgate.bucket.store import Store
from headgate.journey.receipt import Receipt
from headgate.settings import Settings
from prefect_support.block import block_of
from stack.running import Stack
from tests.harness.stores import new_store, settings_for

RUN_SECONDS = 90

_BY_HAND = """
import sys, time
from contextlib import nullcontext
from prefect import flow
from prefect.client.orchestration import get_client
from prefect_support.heartbeat import heartbeat

@flow(name=sys.argv[1])
def by_hand():
    with get_client(sync_client=True) as client, {}:
        time.sleep(3600)

by_hand()
"""

_numbers = count(1)

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 15) -> T:
    """Look again until there is something to see, and give that; at the end, whatever there is."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


@dataclass(frozen=True)
class Run:
    """A flow run that has ended."""

    record: FlowRun

    @property
    def state(self) -> str:
        """Name of the state that it ended in."""
        return self.record.state.name

    @property
    def message(self) -> str:
        """What stands beside the state."""
        return self.record.state.message

    @cached_property
    def log(self) -> str:
        """All that was logged, one line each; the last line comes late."""
        return eventually(lambda: self._log() if "Finished in state" in self._log() else "")

    @cached_property
    def warnings(self) -> str:
        """What was logged as a warning or worse."""
        return self._log(logging.WARNING) if self.log else ""

    @cached_property
    def artifacts(self) -> dict[str, Artifact]:
        """The artifacts by the first word of their key."""
        with get_client(sync_client=True) as client:
            made = client.read_artifacts(
                artifact_filter=ArtifactFilter(
                    flow_run_id=ArtifactFilterFlowRunId(any_=[self.record.id])
                )
            )
        return {(artifact.key or "progress").split("-")[0]: artifact for artifact in made}

    @cached_property
    def tasks(self) -> dict[str, TaskRun]:
        """The task runs by name; the server learns of them a little later."""
        return eventually(self._tasks)

    def _log(self, least: int = logging.NOTSET) -> str:
        wanted = LogFilter(
            flow_run_id=LogFilterFlowRunId(any_=[self.record.id]), level=LogFilterLevel(ge_=least)
        )
        with get_client(sync_client=True) as client:
            lines = client.read_logs(wanted, limit=200)
        return "\n".join(line.message for line in lines)

    def _tasks(self) -> dict[str, TaskRun]:
        with get_client(sync_client=True) as client:
            found = client.read_task_runs(
                flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[self.record.id]))
            )
        ended = all(task.state and task.state.is_final() for task in found)
        return {task.name: task for task in found} if ended else {}


def run(flow: str, variables: dict[str, str] | None = None, **parameters: Any) -> Run:
    """Start a deployment and wait until the worker has run it."""
    return ended(start(flow, variables, **parameters))


def start(flow: str, variables: dict[str, str] | None = None, **parameters: Any) -> UUID:
    """Start a deployment and do not wait; blocks are handed over by reference, as the form does.

    Args:
        flow: Name of the flow.
        variables: Environment variables of this run's own.
        parameters: Parameters of the flow.
    """
    given = {
        name: {"$ref": {"block_document_id": str(value._block_document_id)}}
        if isinstance(value, Block)
        else value
        for name, value in parameters.items()
    }
    own = {"env": variables} if variables else None
    return run_deployment(f"{flow}/headgate", parameters=given, job_variables=own, timeout=0).id


def ended(run_id: UUID) -> Run:
    """Wait for a run."""
    with get_client(sync_client=True) as client:

        def look() -> FlowRun | None:
            record = client.read_flow_run(run_id)
            return record if record.state and record.state.is_final() else None

        record = eventually(look, RUN_SECONDS)
    assert record, "the run did not end in time"
    return Run(record)


def runs_of(deployment_id: UUID) -> list[FlowRun]:
    """Read the runs of a deployment."""
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id]))
        )


@contextmanager
def by_hand(meanwhile: str) -> Iterator[tuple[subprocess.Popen[bytes], UUID]]:
    """Run a flow of no deployment in a process of its own, for as long as the block lasts.

    Args:
        meanwhile: Context in which it waits, as Python.
    """
    name = f"by-hand-{time.time_ns()}"
    command = [sys.executable, "-c", _BY_HAND.format(meanwhile), name]
    env = os.environ | {"PREFECT_API_URL": PREFECT_API_URL.value()}
    process = subprocess.Popen(command, env=env)
    try:
        with get_client(sync_client=True) as client:
            named = FlowFilter(name=FlowFilterName(any_=[name]))
            (run,) = eventually(lambda: client.read_flow_runs(flow_filter=named), 60)
            assert eventually(lambda: client.read_flow_run(run.id).state_name == "Running")
        yield process, run.id
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Place:
    """A folder of the bucket, of a test's own, that runs can be pointed at."""

    stack: Stack
    store: Store

    @cached_property
    def block(self) -> S3Bucket:
        """This place as a saved block."""
        return self.block_with()

    def settings(self, **changes: Any) -> Settings:
        """Return the settings that lead here, some of them changed."""
        here = {"bucket": self.store.bucket, "folder": self.store.folder}
        return settings_for(self.stack.s3, **(here | changes))

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the variables that lead the command line here, some of them changed."""
        here = {"AWS_BUCKET_NAME": self.store.bucket, "HEADGATE_FOLDER": self.store.folder}
        found = self.stack.variables | here | changes
        return {name: value for name, value in found.items() if value}

    def block_with(self, **changes: Any) -> S3Bucket:
        """Save a block that leads here with some settings changed."""
        block = block_of(self.settings(**changes))
        block.save(f"test-{next(_numbers)}", overwrite=True, _sync=True)
        return block

    def put(self, key: str, content: str | bytes) -> str:
        """Upload something and give its key."""
        self.store.put(key, content.encode() if isinstance(content, str) else content)
        return key

    def listing(self, prefix: str = "") -> list[str]:
        """All keys under a prefix."""
        return [found.key for found in self.store.list(prefix)]

    def receipt(self, key: str) -> Receipt:
        """Return the receipt of what lies under a key."""
        return Receipt.model_validate(receipts.find(self.store, self.store.head(key)))

    def find(self, key: str) -> Receipt | None:
        """Return the receipt of what lies under a key, once it has one."""
        return self.receipt(key) if receipts.find(self.store, self.store.head(key)) else None


def new_place(stack: Stack) -> Place:
    """Make an empty place."""
    return Place(stack, new_store(stack.s3))
