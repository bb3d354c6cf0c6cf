"""The whole stack with every part apart, to be killed and started again while work arrives."""

import random
import time
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

import psutil
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType

from headgate.bucket import receipts
from headgate.bucket.backlog import pending
from headgate.bucket.errors import PreconditionError
from headgate.bucket.keys import CLAIMS
from headgate.bucket.store import Store, connect
from headgate.errors import HeadgateError
from headgate.settings import load
from stack.postgres import postgres
from stack.prefect_server import prefect_server
from stack.running import Stack, headgate, set_up
from stack.s3 import s3_server
from stack.service import environment, free_port
from tests.harness.runs import eventually

LEASE = 15
ROWS = 50
PARTS = ("s3", "prefect", "worker", "watch")
VICTIMS = (*PARTS, "run", "machine")
"""What can be killed: a part, one flow run, or a worker with all that it has started."""

_WORDS = {
    "s3": {"weed"},
    "prefect": {"prefect", "server"},
    "worker": {"cli.main", "worker"},
    "watch": {"cli.main", "watch"},
    "launcher": {"launch.py"},
    "warm": {"bridge.warm"},
}
"""Words by which the command line of a process is known."""


class KillableStack:
    """S3, Prefect, worker and watcher on one folder, each of which can be killed and comes back."""

    def __init__(self, directory: Path) -> None:
        """Plan the parts; nothing runs before `with`."""
        self._folder = directory
        self._ports = {"s3": free_port(), "prefect": free_port()}
        self._running = {part: ExitStack() for part in PARTS}
        self._always = ExitStack()
        self.scratch = directory / "scratch"
        self._variables = {
            "HEADGATE_SCRATCH": str(self.scratch),
            "HEADGATE_LEASE_SECONDS": str(LEASE),
        }

    def __enter__(self) -> Self:
        """Start everything and deploy the flows."""
        self._database = self._always.enter_context(postgres(self._folder / "postgres"))
        s3, api = self.start("s3"), self.start("prefect")
        stack = Stack(s3=s3, api=api)
        self._variables |= stack.variables
        self._always.enter_context(environment(self._variables))
        set_up(stack)
        self.start("worker")
        self.start("watch")
        self.store = connect(load())
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        for part in reversed(PARTS):
            self._running[part].close()
        self._always.close()

    def start(self, part: str):
        """Start a part; give what its context gives."""
        with environment(self._variables):  # a test may have taken them out of its own
            return self._running[part].enter_context(self._make(part))

    def stop(self, part: str) -> None:
        """End a part."""
        self._running[part].close()

    def kill(self, victim: str) -> int:
        """Kill a victim, start again what does not come back by itself, and return the dead."""
        processes = self._victims(victim)
        for process in processes:
            with suppress(psutil.Error):
                process.kill()
        part = "worker" if victim == "machine" else victim
        if part == "worker":  # its runs may go on
            self._always.push(self._running[part].pop_all())
        if part in PARTS:
            self.stop(part)
            self.start(part)
        return len(processes)

    def processes(self, part: str) -> list[psutil.Process]:
        """Find the processes of a part."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                names = {Path(argument).name for argument in process.cmdline()}
                if _WORDS[part] <= names and self._is_ours(process):
                    found.append(process)
        return found

    def runs(self) -> list[psutil.Process]:
        """Find the flow runs: forks of the warm process."""
        warm = self.processes("warm")
        parents = {process.pid for process in warm}
        return [process for process in warm if _parent(process) in parents]

    def _victims(self, victim: str) -> list[psutil.Process]:
        match victim:
            case "run":
                runs = eventually(self.runs)
                time.sleep(random.uniform(0, 1))
                return runs[:1]
            case "machine":
                return [
                    process
                    for part in ("worker", "launcher", "warm")
                    for process in self.processes(part)
                ]
            case _:
                return self.processes(victim)

    def _is_ours(self, process: psutil.Process) -> bool:
        return process.environ().get("HEADGATE_SCRATCH") == str(self.scratch)

    def unfinished_runs(self) -> list[str]:
        """Return the names of runs that Prefect takes to be under way."""
        alive = FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])
        with get_client(sync_client=True) as client:
            runs = client.read_flow_runs(
                flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=alive))
            )
        return [run.name for run in runs]

    def _make(self, part: str) -> AbstractContextManager:
        match part:
            case "s3":
                return s3_server(self._folder / "s3", port=self._ports["s3"])
            case "prefect":
                return prefect_server(
                    self._folder / "prefect", port=self._ports["prefect"], database=self._database
                )
            case _:
                return headgate([part], self._folder)


class Sender(Thread):
    """Somebody who uploads a small file every now and then, whatever else happens."""

    def __init__(self, store: Store, every: float) -> None:
        """Prepare to send until `stop`."""
        super().__init__(daemon=True)
        self._store = store
        self._every = every
        self._enough = Event()
        self.sent: list[str] = []

    def run(self) -> None:
        """Send; a file that could not be sent is sent again under the same key."""
        while not self._enough.wait(random.uniform(0, 2 * self._every)):
            key = f"uploads/crash/{len(self.sent):05d}.csv"
            while not self._put(key):
                time.sleep(0.5)
            self.sent.append(key)

    def stop(self) -> list[str]:
        """Stop; return the keys of all that was sent."""
        self._enough.set()
        self.join()
        return self.sent

    def _put(self, key: str) -> bool:
        try:
            self._store.put_new(key, small_table(key))
        except PreconditionError:
            return True  # the answer to an earlier attempt was lost
        except HeadgateError:
            return False
        return True


def small_table(name: str) -> bytes:
    """Make a file of 50 good rows, unlike any of another name."""
    rows = "".join(f"{row},name {row},{name}\n" for row in range(ROWS))
    return f"id,name,file\n{rows}".encode()


def find_defects(stack: KillableStack, sent: list[str], seconds: float) -> list[str]:
    """Wait until all work is done, then list everything that is not as it should be."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        left = [upload.key for upload in pending(stack.store)]
        if not left and not list(stack.store.list(CLAIMS)) and not stack.unfinished_runs():
            break
        time.sleep(1)
    wrong = [f"no receipt: {upload.key}" for upload in pending(stack.store)]
    wrong += [f"a claim is stuck: {claim.key}" for claim in stack.store.list(CLAIMS)]
    wrong += [f"still running: {name}" for name in stack.unfinished_runs()]
    wrong += [f"scratch was left: {folder}" for folder in stack.scratch.glob("*")]
    for key in sent:
        receipt = receipts.find(stack.store, stack.store.head(key))
        if receipt is None:
            continue
        found = receipts.verify(stack.store, receipt)
        wrong += [f"{key}: {finding}" for finding in found if not finding.ok]
        if receipt["rows"]["rows_out"] != ROWS:
            wrong.append(f"{key}: {receipt['rows']}")
    return wrong


def _parent(process: psutil.Process) -> int | None:
    """Return which process forked this one; None once it has ended."""
    with suppress(psutil.NoSuchProcess):
        return process.ppid()
    return None
