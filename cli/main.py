"""The process of the command line, from its start to its end."""

import sys

from headgate.quick_exit import quick_exit


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback, also while it is being imported."""
    with quick_exit():  # DuckDB complains of objects that remain when Python is taken apart
        try:
            from cli.app import run

            run()
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main()
