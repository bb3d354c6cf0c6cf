"""`headgate worker`: a Prefect process worker that starts runs at once and from a warm process.

It serves an ordinary process work pool, beside any other worker. Three things differ from
`prefect worker start`: the server's event stream tells it of scheduled runs, where the ordinary
one asks every few seconds; runs are forked from `bridge.warm`; and runs whose process is gone are
ended, whoever started them (`bridge.watchdog`). A run whose deployment sets a `command` or Prefect
settings of its own starts the ordinary, cold way.
"""

import abc
import asyncio
import gc
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import anyio
import certifi
from anyio import to_thread
from anyio.abc import ByteReceiveStream
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.logging import get_logger
from prefect.logging.configuration import setup_logging
from prefect.settings import PREFECT_API_URL, PREFECT_WORKER_QUERY_SECONDS
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from bridge import launch, watchdog
from headgate.scratch import scratch_folder, sweep_scratch
from headgate.settings import load

log = get_logger("headgate.worker")

_SCHEDULED = EventFilter(event=EventNameFilter(name=["prefect.flow-run.Scheduled"]))
_WARM = sys.platform == "linux"
_PAUSE = 1.0  # seconds before a lost connection or process is tried again


def work(pool: str, *, name: str | None = None, limit: int = 8, grace: float = 60) -> None:
    """Run flow runs of a process work pool until SIGTERM or SIGINT; a second one stops at once.

    Args:
        pool: Name of the work pool; it is made if there is none.
        name: Name of this worker in the UI.
        limit: Most runs at a time.
        grace: Seconds that runs under way are given to end when the worker is told to stop.
    """
    setup_logging()
    anyio.run(_work, pool, name or f"headgate-{os.getpid()}", limit, grace)


async def _work(pool: str, name: str, limit: int, grace: float) -> None:
    sweep_scratch()
    with scratch_folder(lasting=True) as folder:
        await _serve(folder / "warm", pool, name, limit, grace)


async def _serve(address: Path, pool: str, name: str, limit: int, grace: float) -> None:
    wake_up, ready, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with anyio.create_task_group() as background:
        if _WARM:
            background.start_soon(_keep_warm, address, ready)
            await ready.wait()
        gc.freeze()  # what is there from the start need not be looked through after each run
        background.start_soon(_listen, wake_up)
        background.start_soon(watchdog.watch_runs)
        with anyio.CancelScope() as running:
            background.start_soon(_stop_on_signal, stop, running, grace)
            log.info("Waiting for runs on the work pool %s; Ctrl-C ends it.", pool)
            while not stop.is_set():
                worker = WarmWorker(address, wake_up, work_pool_name=pool, name=name, limit=limit)
                await _run_until(worker, wake_up, stop)
        background.cancel_scope.cancel()


async def _run_until(worker: ProcessWorker, wake_up: asyncio.Event, stop: asyncio.Event) -> None:
    """Take runs until told to stop, then wait for them; end early where the server was lost."""
    try:
        async with worker, anyio.create_task_group() as loops:
            every = worker.heartbeat_interval_seconds
            loops.start_soon(_poll, worker.sync_with_backend, every)
            every = PREFECT_WORKER_QUERY_SECONDS.value()
            loops.start_soon(_poll, worker.get_and_submit_flow_runs, every, wake_up)
            await stop.wait()
            loops.cancel_scope.cancel()
    except Exception as error:  # noqa: BLE001 - a worker outlives its server
        log.warning("Starting again in %.0f s: %s", _PAUSE, error)
        await anyio.sleep(_PAUSE)


class WarmWorker(ProcessWorker, abc.ABC):  # Prefect would put any other subclass in its own's place
    """A process worker that starts runs by the launcher, and looks for the next when one ends."""

    def __init__(self, address: Path, wake_up: asyncio.Event, **settings: Any) -> None:
        super().__init__(**settings)
        self._wake_up = wake_up
        self._scratch = load().scratch
        if _WARM:
            self.job_configuration = _launched_from(address)

    async def run(self, *args: Any, **kwargs: Any) -> ProcessWorkerResult:
        """Run as the base class does; then clear up after it, and look for the next run."""
        try:
            return await super().run(*args, **kwargs)
        finally:
            gc.collect()  # clients of a run lie in cycles, each with a TLS context of 1 MiB
            await to_thread.run_sync(sweep_scratch, self._scratch)
            self._wake_up.set()  # last of all, when the run's place is free


def _launched_from(address: Path) -> type[ProcessJobConfiguration]:
    """Make the launcher the command of each run, as if its deployment had set it."""
    command = shlex.join([sys.executable, "-I", "-S", launch.__file__, str(address)])

    class WarmJobConfiguration(ProcessJobConfiguration):
        def prepare_for_flow_run(self, *args: Any, **kwargs: Any) -> None:
            if not self.command and not any(name.startswith("PREFECT_") for name in self.env):
                self.command = command
            super().prepare_for_flow_run(*args, **kwargs)

    return WarmJobConfiguration


async def _keep_warm(address: Path, ready: asyncio.Event) -> None:
    """Keep a warm process alive, in a session of its own: Ctrl-C is for the worker only."""
    command = [sys.executable, "-m", "bridge.warm", str(address)]
    env = os.environ | _one_certificate(address.with_name("one-certificate.pem"))
    while True:
        async with await anyio.open_process(
            command, stdin=subprocess.PIPE, stderr=None, env=env, start_new_session=True
        ) as process:
            with suppress(anyio.EndOfStream):
                await cast(ByteReceiveStream, process.stdout).receive()
            ready.set()
            await process.wait()
        log.warning("The warm process ended; runs start cold until another is up.")
        await anyio.sleep(_PAUSE)


def _one_certificate(file: Path) -> dict[str, str]:
    """Spare runs the loading of all authorities, 25 ms for each of five clients, if none is asked.

    The variable must name a file with at least one certificate.
    """
    if not (PREFECT_API_URL.value() or "").startswith("http://"):
        return {}
    first, end, _ = certifi.contents().partition("-----END CERTIFICATE-----")
    file.write_text(first + end)
    return {"PREFECT_API_SSL_CERT_FILE": str(file)}


async def _listen(wake_up: asyncio.Event) -> None:
    """Wake the worker up whenever the server says that a run was scheduled."""
    while True:
        try:
            async with get_events_subscriber(_SCHEDULED, reconnection_attempts=0) as events:
                wake_up.set()
                async for _ in events:
                    wake_up.set()
        except Exception as error:  # noqa: BLE001 - whatever it was, polling goes on meanwhile
            log.debug("No event stream: %s", error)
        await anyio.sleep(_PAUSE)


async def _poll(
    action: Callable[[], Awaitable[object]], every: float, wake_up: asyncio.Event | None = None
) -> None:
    """Do it at an interval, and whenever woken up; a server that is away is waited for."""
    wake_up = wake_up or asyncio.Event()
    while True:
        wake_up.clear()
        try:
            await action()
        except Exception as error:  # noqa: BLE001 - a worker outlives its server
            log.warning("The Prefect server did not answer: %s", error)
        with anyio.move_on_after(every):
            await wake_up.wait()


async def _stop_on_signal(stop: asyncio.Event, running: anyio.CancelScope, grace: float) -> None:
    """At the first signal take no more runs, at the second end those under way."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            if stop.is_set():
                log.info("Ending the runs under way.")
                running.cancel()
            else:
                log.info("Stopping; runs under way have %.0f seconds to end.", grace)
                stop.set()
                running.deadline = anyio.current_time() + grace
