"""Commands for the operator: register the block, run a worker, watch for uploads."""

import signal
from collections.abc import Callable
from time import sleep

from cli.options import Concurrency
from cli.show import err, say
from headgate.errors import TransientError

PAUSE = 2.0  # seconds before a server that does not answer is asked again


def register(*, name: str = "headgate", pool: str = "headgate") -> None:
    """Save the bucket's settings as a block in Prefect, and make the work pool.

    Args:
        name: Name of the block.
        pool: Name of the process work pool.
    """
    from bridge.registration import register as save
    from cli.prefect_server import require_server

    require_server()
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


def _end_at_ctrl_c() -> None:
    """Let Ctrl-C end the process at once until what is started here has its own way to end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait_until(require: Callable[..., None], *arguments: object) -> None:
    """Ask the server again until it answers, and say once that it is waited for."""
    waiting = False
    while True:
        try:
            require(*arguments)
        except TransientError as error:
            if not waiting:
                err.print(f"{error.what} Waiting for it ...", markup=False, soft_wrap=True)
            waiting = True
            sleep(PAUSE)
        else:
            return
