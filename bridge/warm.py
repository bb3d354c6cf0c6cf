"""A process that has imported everything and forks a copy of itself for each flow run.

Starting Python and importing Prefect and the libraries of the flows costs seconds; a fork costs
milliseconds and is as well isolated. The process opens no connection and starts no thread, so that
a fork starts clean. All about the run itself is `prefect.engine`'s. Linux only.

The conversation with a launcher (`bridge/launch.py`): it sends its standard streams, environment
and working directory; it gets the run's pidfd, then its exit status. A launcher that goes away
takes its run with it.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from headgate.quick_exit import quick_exit

log = logging.getLogger("headgate.warm")

# What flow runs import of this project, but for contracts, which may be edited meanwhile.
MODULES = ("flows.process_batch", "flows.process_upload")

# What these import when they need it, and Prefect likewise; some of it is private to its library.
LIBRARIES = (
    "boto3.s3.inject",
    "duckdb",
    "pandera.pandas",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "prefect.concurrency._asyncio",
    "prefect.concurrency._sync",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "prefect.deployments.steps.pull",
    "anyio._backends._asyncio",
    "encodings.idna",
    "encodings.unicode_escape",
    "encodings.utf_8_sig",
    "rich._emoji_codes",
    "pydantic.v1",
)

# What flow runs read when they need it.
READERS = ("headgate.bucket.client:warm_up", "headgate.engine.result.report:template")


class Request(NamedTuple):
    """What a launcher asks for: a run with these standard streams, environment and folder."""

    streams: list[int]
    env: dict[str, str]
    cwd: str


def main(address: str) -> None:
    """Serve launchers at `address` until standard input ends; in a fork, be the flow run."""
    with quick_exit():  # a fork would first copy every page of what it takes apart
        _warm_up()
        with socket.socket(socket.AF_UNIX) as listener:
            Path(address).unlink(missing_ok=True)
            listener.bind(address)
            listener.listen(128)
            with contextlib.suppress(BrokenPipeError):  # as where its worker has ended meanwhile
                os.write(sys.stdout.fileno(), b"ready\n")
            request = _serve(listener, until=sys.stdin.fileno())
        if request:
            _assume(request)
            _run_engine()


def _warm_up() -> None:
    """Do once what every run would do: import, read, complete models that Prefect leaves off."""
    for module in MODULES:
        importlib.import_module(module)
    import_libraries()
    for reader in READERS:
        pkgutil.resolve_name(reader)()
    for model in _subclasses(BaseModel):
        model.model_rebuild(raise_errors=False)
    gc.collect()
    gc.freeze()  # else a collection in a fork would copy every page with an object on it


def import_libraries() -> None:
    """Import what is there; a module that its library has moved or dropped is left to the runs."""
    for library in LIBRARIES:
        try:
            importlib.import_module(library)
        except ModuleNotFoundError as error:
            log.warning("Not imported ahead of the runs: %s", error)


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in model.__subclasses__():
        yield child
        yield from _subclasses(child)


def _serve(listener: socket.socket, until: int) -> Request | None:
    """Fork for each launcher; return None when `until` ends, and in a fork what was asked for."""
    with selectors.DefaultSelector() as ready:
        ready.register(listener, selectors.EVENT_READ)
        ready.register(until, selectors.EVENT_READ)
        while True:
            event, _ = ready.select()[0]
            if event.fileobj == until:
                return None
            if event.fileobj != listener:
                event.data()
                continue
            launcher, _ = listener.accept()
            with contextlib.suppress(OSError, ValueError):  # a launcher that died while asking
                request = _receive(launcher)
                run = os.fork()
                if not run:
                    launcher.close()
                    return request
                _supervise(ready, launcher, run)
                for stream in request.streams:
                    os.close(stream)


def _receive(launcher: socket.socket) -> Request:
    launcher.settimeout(10)
    _, streams, _, _ = socket.recv_fds(launcher, 1, 3)
    with launcher.makefile() as text:
        return Request(streams, **json.loads(text.readline()))


def _supervise(ready: selectors.BaseSelector, launcher: socket.socket, run: int) -> None:
    """Report the end of the run to its launcher, and the end of the launcher to its run."""
    pidfd = os.pidfd_open(run)

    def on_exit() -> None:
        status = os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])
        ready.unregister(pidfd)
        os.close(pidfd)
        with contextlib.suppress(KeyError):
            ready.unregister(launcher)
        with launcher, contextlib.suppress(OSError):
            launcher.sendall(f"{status}\n".encode())

    def on_hangup() -> None:
        ready.unregister(launcher)
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    ready.register(pidfd, selectors.EVENT_READ, on_exit)
    ready.register(launcher, selectors.EVENT_READ, on_hangup)
    with contextlib.suppress(OSError):
        socket.send_fds(launcher, [b"\n"], [pidfd])


def _assume(request: Request) -> None:
    """Take on the streams, environment and folder of the launcher."""
    for standard, stream in enumerate(request.streams):
        os.dup2(stream, standard)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request.env)
    os.chdir(request.cwd)
    sys.argv = ["prefect.engine"]


def _run_engine() -> None:
    """Run the flow run that the environment names; it may exit with a status."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the engine is imported already
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
