"""One door for every command, and how each kind of failure ends."""

import gc
import signal
import sys
import traceback
from itertools import pairwise

from cyclopts import (
    App,
    CycloptsError,
    CycloptsPanel,
    MissingArgumentError,
    Parameter,
    UnusedCliTokensError,
)
from pydantic import ValidationError

from cli.console import err, fail, note, out
from cli.quick_start import leave_pandas_out
from headgate import __version__
from headgate.errors import DefectError, HeadgateError, OptionsError
from headgate.words import quoted

HELP = """\
Check, clean and publish CSV files: on this machine, or through an S3 bucket.

`headgate inspect FILE` says what a file is; `headgate clean FILE --out DIR` cleans it. Neither
needs a bucket. With AWS_BUCKET_NAME and credentials in the environment or in `.env`,
`headgate check` tries the bucket, and `headgate upload FILE` sends a file there.
"""

EXIT_CODES = """\
Exit codes: 0 done; 1 some file got no answer, or `verify` found a change; 2 wrong arguments; 3 the
file is refused, with the reasons; 4 settings, credentials or permissions; 5 no such object;
6 network or server trouble that may pass; 7 another run is working on it; 8 no room on the disk;
70 a defect of Headgate; 130 stopped with Ctrl-C, but `worker`, `watch` and `page`, once at work,
end with 0.
"""

COMMANDS = {
    "cli.local": {
        "inspect": "Say how FILE is written, what its columns hold, and which rows are bad; "
        "change nothing.",
        "clean": "Clean FILE on this machine: good rows, bad rows with reasons, a recipe and a "
        "report.",
        "apply": "Treat FILE exactly as RECIPE says: the same columns in the same order, nothing "
        "fitted.",
        "contract": "Contracts: what the files of a data set are held to.",
    },
    "cli.upload": {
        "upload": """\
Check files and send them to the bucket; a bad one is refused and not sent.

The options are for this check alone; the run that processes a file later has its own.""",
    },
    "cli.status": {
        "status": "Tell what became of each upload, the newest first; nothing is held or written.",
    },
    "cli.process": {
        "process": """\
Check, clean and publish one upload, here and now.

With PREFECT_API_URL set it is a Prefect run, seen in the UI; without, it just runs. The bucket is
the environment's, and Prefect's block must agree with it; without one, it is the block's.""",
        "backlog": "Process every upload that has no result; a bad one never holds up the others.",
    },
    "cli.bucket": {
        "check": "Try the bucket: credentials, region, listing; with --full also every kind of "
        "request.",
        "link": """\
Sign a fresh download link.

It alone goes to standard output; until when it works is told on standard error.""",
        "verify": "Compare everything that an upload's receipt lists with what the bucket holds.",
        "housekeeping": "Say what no run needs any more: lapsed claims, unfinished transfers, old "
        "quarantine.",
    },
    "cli.serve": {
        "register": """\
Save the bucket's settings as a block in Prefect, and make the work pool.

AWS_BUCKET_NAME, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for other stores than
AWS, AWS_ENDPOINT_URL are read from the environment or `.env`.""",
        "worker": "Run what is scheduled on the work pool, in warm processes, until Ctrl-C.",
        "watch": """\
Tell Prefect of new uploads, which starts runs for them, until Ctrl-C.

Arrivals come from the SQS queue HEADGATE_QUEUE_URL, and from listing the bucket: every
HEADGATE_POLL_SECONDS, or every HEADGATE_SWEEP_SECONDS beside a queue.""",
        "page": """\
Serve the page on which uploaders drop files, until Ctrl-C.

It has no sign-in of its own: whoever reaches it may send files and fetch results.""",
    },
}
"""Each command's help, by the module that holds it, which is imported when the command is called.

The help stands here since the list of commands must not import them all.
"""

OBJECTS = 100_000
"""New objects after which garbage is looked for: what is imported at the start is none."""

app = App(
    name="headgate",
    help=HELP,
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version=__version__,
    error_console=err,
    default_parameter=Parameter(negative_iterable=()),
)
for module, commands in COMMANDS.items():
    for command, explained in commands.items():
        app.command(f"{module}:{command}", help=explained)


def run() -> None:
    """Run the command line; every failure ends with a message and its exit code."""
    gc.set_threshold(OBJECTS)
    try:
        command, bound, _ = app.parse_args(exit_on_error=False, print_error=False)
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # while there was nothing to stop
            signal.signal(signal.SIGINT, signal.default_int_handler)
        leave_pandas_out()
        command(*bound.args, **bound.kwargs)
    except HeadgateError as error:
        sys.exit(fail(error))
    except CycloptsError as error:
        sys.exit(_refuse(error))
    except BrokenPipeError:  # as by `| head`
        out.on_broken_pipe()
    except Exception as error:  # noqa: BLE001 - the last resort
        traceback.print_exc()
        todo = "Please report this with the lines above."
        sys.exit(fail(DefectError(f"Headgate itself failed: {error}", todo=todo)))


def _refuse(error: CycloptsError) -> int:
    """Say what is wrong with the arguments and return the exit code."""
    if isinstance(error.__cause__, ValidationError):
        from cli.options import refused

        return fail(refused(error.__cause__))
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        what = f"The command takes fewer arguments; left over: {quoted(error.unused_tokens)}."
        return fail(OptionsError(what, todo="`--help` says which it takes."))
    err.print(CycloptsPanel(error))
    if isinstance(error, MissingArgumentError) and error.argument:
        for flag, value in pairwise(sys.argv):
            if flag == error.argument.name and value.startswith("-"):
                note(f"If {value} is to be its value, write {flag}={value}")
    return OptionsError.exit_code
