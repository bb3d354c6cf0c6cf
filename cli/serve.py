"""Commands that last: a worker, the watcher, the page; and what registers the bucket for them."""

import math
import signal
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cli.console import note, say
from cli.options import Concurrency, Port
from headgate.errors import TransientError

if TYPE_CHECKING:
    from headgate.settings import Settings

Names = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]

PAUSE = 2.0  # seconds before a server that does not answer is asked again
START = 60.0  # seconds that a server may take to start
GLANCE = 3.0  # seconds that a store may take to answer before the page is served without


def register(*, name: str = "headgate", pool: str = "headgate") -> None:
    """Save the bucket's settings as a block in Prefect, and make the work pool.

    Args:
        name: Name of the block.
        pool: Name of the process work pool.
    """
    from bridge.registration import register as save
    from cli.prefect_server import require_server

    _wait_until(require_server, most=START)
    save(name, pool)
    say(f"Registered the block s3-bucket/{name} and the work pool {pool}.")
    say("Next: prefect --no-prompt deploy --all, then headgate worker and headgate watch.")


def worker(*, pool: str = "headgate", limit: Concurrency = 8) -> None:
    """Run what is scheduled on the work pool, in warm processes, until Ctrl-C.

    Args:
        pool: Name of the process work pool.
        limit: Most runs at once.
    """
    from bridge.worker import work
    from cli.prefect_server import require_server

    _wait_until(require_server)
    _end_at_ctrl_c()
    work(pool, limit=limit)


def watch() -> None:
    """Tell Prefect of new uploads, which starts runs for them, until Ctrl-C."""
    from bridge.watch import watch as announce
    from cli.prefect_server import require_same_bucket, require_server
    from headgate.settings import load

    settings = load()
    _wait_until(require_server)
    _wait_until(require_same_bucket, settings)
    _end_at_ctrl_c()
    announce(settings)


def page(*, host: str = "127.0.0.1", port: Port = 8420, name: Names = ()) -> None:
    """Serve the page on which uploaders drop files, until Ctrl-C.

    It has no sign-in of its own: whoever reaches it may send files and fetch results.

    Args:
        host: Address of this machine at which it is served.
        port: Port there.
        name: Names by which browsers call it, if not by that address; give one option for each.
    """
    from headgate.bucket.store import connect
    from headgate.scratch import sweep_scratch
    from headgate.settings import load
    from page.app import make_app
    from page.serve import listen, serve

    settings = load()
    called = f"[{host}]" if ":" in host else host
    app = make_app(connect(settings), [called, *name])
    with listen(host, port) as at:
        _require_bucket(settings)
        sweep_scratch(settings.scratch)
        say(f"The page is at http://{called}:{port}; Ctrl-C ends it.")
        serve(app, at)


def _require_bucket(settings: "Settings") -> None:
    """See whether the bucket will do; a store that does not answer at once may do so later.

    Raises:
        BucketError: It will not.
    """
    from headgate.bucket.store import connect

    hasty = settings.model_copy(update={"attempts": 1, "read_seconds": GLANCE})
    with suppress(TransientError):
        connect(hasty).list_first()


def _end_at_ctrl_c() -> None:
    """Let Ctrl-C end the process at once until what is started here has its own way to end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait_until(require: Callable[..., None], *arguments: object, most: float = math.inf) -> None:
    """Ask the server again until it answers, and say once that it is waited for.

    Raises:
        TransientError: It does not answer within so many seconds.
    """
    waiting, end = False, monotonic() + most
    while True:
        try:
            require(*arguments)
        except TransientError as error:
            if monotonic() > end:
                raise
            if not waiting:
                note(f"{error.what} Waiting for it ...")
                note(error.todo)
            waiting = True
            sleep(PAUSE)
        else:
            return
