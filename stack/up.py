"""`make up`: the whole stack on this machine until Ctrl-C, for people to use."""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from cli.console import fail, say
from headgate.errors import HeadgateError
from stack.running import Stack, running

DIRECTORY = Path(".headgate")
PREFECT_PORT, S3_PORT, PAGE_PORT = 4200, 8333, 8420


def main() -> None:
    """Run the stack, say how to use it, and end it on Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with (
            single_instance(DIRECTORY) as notes,
            running(
                DIRECTORY,
                s3_port=S3_PORT,
                prefect_port=PREFECT_PORT,
                page_port=PAGE_PORT,
                say=say,
                revive=True,
            ) as stack,
        ):
            file = _write_variables(stack)
            notes.write(f", UI {stack.ui}")
            notes.flush()
            say(f"\nThe page     {stack.page}\nPrefect UI   {stack.ui}")
            say(f"S3 endpoint  {stack.s3.url}, bucket {stack.bucket}\n")
            say(f"In another terminal:\n  set -a; . {file}; set +a")
            say("  .venv/bin/headgate upload samples/us_airports.csv.gz\n\nCtrl-C ends it.")
            stop.wait()
            say("Stopping ...")
    except HeadgateError as error:
        sys.exit(fail(error))


@contextmanager
def single_instance(directory: Path) -> Iterator[TextIO]:
    """Hold the lock of a stack's directory; what is written beside the lock is told to others.

    Raises:
        HeadgateError: Another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise HeadgateError(
                f"A stack is already running here ({lock.read() or 'just starting'}).",
                where=str(directory),
                todo="Use that one, or end it with Ctrl-C first.",
            ) from error
        lock.truncate(0)
        lock.write(f"pid {os.getpid()}")
        lock.flush()
        yield lock


def _write_variables(stack: Stack) -> Path:
    file = DIRECTORY / "up.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in stack.variables.items()))
    file.chmod(0o600)
    return file


if __name__ == "__main__":
    main()
