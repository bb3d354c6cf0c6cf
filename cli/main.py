"""The process of the command line, from its start to its end."""

import signal
import sys

from headgate.quick_exit import quick_exit


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback, also while it is being imported.

    What is raised during an import may be lost, so there the signal itself ends the process.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    with quick_exit():  # DuckDB complains of objects that remain when Python is taken apart
        try:
            from cli.app import run

            run()
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main()
