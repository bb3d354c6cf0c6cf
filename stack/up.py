"""`make up`: the whole stack on this machine until Ctrl-C, for people to use."""

import signal
import sys
import threading
from pathlib import Path

from cli.show import fail, say
from headgate.errors import HeadgateError
from stack.running import Stack, running

DIRECTORY = Path(".headgate")
PREFECT_PORT, S3_PORT = 4200, 8333


def main() -> None:
    """Run the stack, say how to use it, and end it on Ctrl-C or SIGTERM."""
    enough = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: enough.set())
    try:
        with running(DIRECTORY, s3_port=S3_PORT, prefect_port=PREFECT_PORT, say=say) as stack:
            file = _write_variables(stack)
            say(f"\nPrefect UI   {stack.ui}\nS3 endpoint  {stack.s3.url}, bucket {stack.bucket}\n")
            say(f"In another terminal:\n  set -a; . {file}; set +a")
            say("  .venv/bin/headgate upload samples/us_airports.csv.gz\n\nCtrl-C ends it.")
            enough.wait()
            say("Stopping ...")
    except HeadgateError as error:
        sys.exit(fail(error))


def _write_variables(stack: Stack) -> Path:
    file = DIRECTORY / "up.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in stack.variables.items()))
    file.chmod(0o600)
    return file


if __name__ == "__main__":
    main()
