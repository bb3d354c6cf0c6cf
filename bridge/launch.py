"""The process that stands for one flow run: hands it to the warm process, then ends as it does.

Started by the worker in place of `python -m prefect.engine`, isolated (`-I -S`), so that it is up
in milliseconds. Nothing but light modules of the standard library belongs here.
"""

import json
import os
import select
import signal
import socket
import sys


def launch(address: str) -> int:
    """Run the engine in a fork of the warm process; return its exit status.

    Without a warm process the engine is started in the ordinary way, in this process' place.
    """
    with socket.socket(socket.AF_UNIX) as warm:
        try:
            warm.connect(address)
            context = {"env": dict(os.environ), "cwd": os.getcwd()}  # noqa: PTH109 - pathlib is slow to import
            socket.send_fds(warm, [b"\n"], [0, 1, 2])
            warm.sendall(json.dumps(context).encode() + b"\n")
            pidfd = socket.recv_fds(warm, 1, 1)[1][0]
        except (OSError, IndexError):
            command = [sys.executable, "-m", "prefect.engine"]
            os.execv(command[0], command)  # noqa: S606 - it inherits all there is
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker to handle
        signal.signal(signal.SIGTERM, lambda *_: signal.pidfd_send_signal(pidfd, signal.SIGTERM))
        status = warm.makefile().readline()
    if not status:  # the warm process is gone; the run is not
        select.select([pidfd], [], [])
    return int(status or 0)


if __name__ == "__main__":
    code = launch(sys.argv[1])
    if code < 0:
        for handled in (signal.SIGINT, signal.SIGTERM):
            signal.signal(handled, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
