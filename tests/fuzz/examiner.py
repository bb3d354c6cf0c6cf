"""Cases examined in a process of their own, which may crash or hang; failing ones made smaller."""

import multiprocessing
import resource
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from tests.fuzz.cases import Case
from tests.fuzz.invariants import examine

SECONDS = 120
"""Of its own CPU time after which a case counts as hung, or by the clock if it does nothing."""
IDLE = 1
"""Seconds of CPU time in these that count as nothing; a busy machine lets it have more."""
MEMORY = 1 << 20
"""KiB that a process may take."""
PER_PROCESS = 500
SHRINK_SECONDS = 60


class Examiner:
    """A process that examines cases one by one, replaced now and then and after a failure."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection
        self._done = 0

    def failure(self, case: Case) -> str:
        """Examine a case; return what broke, the telling line last, or nothing."""
        if self._process is None:
            self._start()
        self._pipe.send(case)
        failure = self._answer()
        self._done += 1
        if failure.startswith("It ") or self._done == PER_PROCESS:
            self.stop()
        return failure

    def _answer(self) -> str:
        start = lately = self._spent()
        while not self._pipe.poll(SECONDS):
            spent = self._spent()
            if spent - start > SECONDS or spent - lately < IDLE:
                return f"It hangs: no end after {SECONDS} s."
            lately = spent
        try:
            return str(self._pipe.recv())
        except (EOFError, ConnectionResetError):
            return "It crashes."

    def _spent(self) -> float:
        with suppress(psutil.NoSuchProcess):
            return sum(psutil.Process(self._process.pid).cpu_times()[:2])
        return 0.0

    def _start(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_examine_all, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._done = 0

    def stop(self) -> None:
        """End the process; the next case starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = None


def _examine_all(pipe: Connection) -> None:
    while True:
        case: Case = pipe.recv()
        failure = ""
        with tempfile.TemporaryDirectory() as folder:
            try:
                examine(case, Path(folder))
            except Exception:  # noqa: BLE001 - all that may come out is what is looked for
                failure = traceback.format_exc().strip()
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if not failure and used > MEMORY:
            failure = f"It takes more memory than {MEMORY >> 10} MiB."
        pipe.send(failure)


def shrink(case: Case, failure: str, examiner: Examiner) -> Case:
    """Leave out lines, then bytes, as long as the same thing breaks."""
    if case.table is not None:
        return case
    deadline = time.monotonic() + SHRINK_SECONDS
    for cut in (lambda data: data.splitlines(keepends=True), lambda data: [*map(_byte, data)]):
        size = len(cut(case.content)) // 2
        while size and time.monotonic() < deadline:
            for smaller in _without(cut(case.content), size):
                attempt = replace(case, content=smaller)
                if len(smaller) < len(case.content) and _same(examiner.failure(attempt), failure):
                    case = attempt
                    break
                if time.monotonic() > deadline:
                    break
            else:
                size //= 2
            size = min(size, len(cut(case.content)) // 2)
    return case


def _byte(value: int) -> bytes:
    return bytes((value,))


def _without(pieces: list[bytes], size: int) -> Iterator[bytes]:
    """Leave out each run of so many pieces in turn."""
    for start in range(0, len(pieces), size):
        yield b"".join(pieces[:start] + pieces[start + size :])


def _same(one: str, other: str) -> bool:
    """Return whether two failures name the same thing, figures aside."""

    def told(failure: str) -> str:
        last = failure.splitlines()[-1] if failure else ""
        return "".join(c for c in last if not c.isdigit())[:60]

    return told(one) == told(other)
