"""The `headgate` command: one door for every command, and how each kind of failure ends."""

import sys
import traceback

from cyclopts import App

from cli.show import err, fail
from headgate import __version__
from headgate.errors import DefectError, HeadgateError

HELP = """\
Check, clean and publish CSV files: on this machine, or through an S3 bucket.

`headgate inspect FILE` says what a file is; `headgate clean FILE --out DIR` cleans it. Neither
needs a bucket. With AWS_BUCKET_NAME and credentials in the environment or in `.env`,
`headgate check` tries the bucket, and `headgate upload FILE` sends a file there.
"""

EXIT_CODES = """\
Exit codes: 0 done; 1 some file got no answer; 2 wrong arguments; 3 the file is refused, with the
reasons; 4 settings, credentials or permissions; 5 no such object; 6 network or server trouble that
may pass; 7 another run is working on it; 8 no room on the disk; 70 a defect of Headgate;
130 stopped with Ctrl-C.
"""

COMMANDS = {
    "cli.local": ("inspect", "clean", "apply", "rejoin", "contract"),
    "cli.bucket": ("upload", "process", "backlog", "check", "link", "verify", "housekeeping"),
    "cli.serve": ("register", "worker", "watch"),
}
"""Commands by the module that holds them; a module is imported when its command is called."""

app = App(
    name="headgate",
    help=HELP,
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version=__version__,
    error_console=err,
)
for room, commands in COMMANDS.items():
    for command in commands:
        app.command(f"{room}:{command}")


def main() -> None:
    """Run the command line; every failure ends with a message and its exit code."""
    try:
        app()
    except HeadgateError as error:
        sys.exit(fail(error))
    except Exception as error:  # noqa: BLE001 - the last resort
        traceback.print_exc()
        todo = "Please report this with the lines above."
        sys.exit(fail(DefectError(f"Headgate itself failed: {error}", todo=todo)))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
