"""One child process that serves on loopback: started, awaited, and ended with its parent."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from headgate.errors import HeadgateError

Say: TypeAlias = Callable[[str], None]
"""Takes a line for people."""

LOOPBACK = "127.0.0.1"
_PAUSE = 1.0  # seconds before what has died is started again
_PR_SET_PDEATHSIG = 1


def free_port(preferred: int = 0) -> int:
    """Return the preferred loopback port if nobody listens there, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise HeadgateError("No free port on loopback.", todo="End programs that hold ports.")


def answers(url: str) -> bool:
    """Return whether an HTTP server answers there, whatever it answers below 500."""
    try:
        with urlopen(url, timeout=2):  # noqa: S310 - loopback addresses of our own making
            return True
    except HTTPError as error:
        return error.code < 500
    except (URLError, OSError):
        return False


@contextmanager
def service(
    command: list[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
    seconds: float = 90,
    patience: float = 10,
    revive: Say | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends, entering it once the service is ready.

    Args:
        command: Program and arguments.
        log: File that takes what the service prints.
        ready: Says whether the service can be used.
        env: Variables beside those of this process.
        cwd: Working directory.
        user: Whom it runs as, if not as this process.
        seconds: How long to wait for readiness.
        patience: Seconds between asking it to end and ending it.
        revive: Takes a line whenever it has died and is started again; none leaves it dead.

    Raises:
        HeadgateError: The service ended or was not ready in time; names the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = _Service(partial(_start, command, log, {**os.environ, **(env or {})}, cwd, user))
    try:
        _wait_until_ready(started.process, ready, log, seconds)
        if revive:
            threading.Thread(target=started.revive, args=(log.stem, revive), daemon=True).start()
        yield started.process
    finally:
        started.stop(patience)


class _Service:
    """A process, and those that take its place once it has died."""

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.process = start()
        self._start = start
        self._over = threading.Event()
        self._one_at_a_time = threading.Lock()

    def revive(self, name: str, say: Say) -> None:
        """Start it again whenever it has died, until it is stopped."""
        while True:
            status = self.process.wait()
            self._over.wait(_PAUSE)
            with self._one_at_a_time:
                if self._over.is_set():
                    return
                say(f"{name} ended with status {status}; it is started again.")
                _signal_group(self.process, signal.SIGKILL)
                self.process = self._start()

    def stop(self, patience: float) -> None:
        """End it for good."""
        with self._one_at_a_time:
            self._over.set()
        stop(self.process, patience)


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for this process and its children until the block ends."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start(
    command: list[str], log: Path, env: Mapping[str, str], cwd: Path | None, user: int | None
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=env,
            cwd=cwd,
            user=user,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - calls libc only
        )


def stop(process: subprocess.Popen[bytes], patience: float) -> None:
    """End a service and whatever it started: politely, then for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_group(process, number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        break
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _wait_until_ready(
    process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise HeadgateError(
                f"{Path(process.args[0]).name} did not start.",  # type: ignore[index,arg-type]
                todo=f"Its last words are in {log}.",
            )
        time.sleep(0.1)


def _end_with_parent() -> None:
    """Have the kernel end this child when its parent dies, even by SIGKILL (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
