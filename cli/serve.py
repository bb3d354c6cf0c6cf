"""Commands for the operator: register the block, run a worker, watch for uploads."""

from cli.show import say


def register(*, name: str = "headgate", pool: str = "headgate") -> None:
    """Save the bucket's settings as a block in Prefect, and make the work pool.

    AWS_BUCKET_NAME, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for other stores
    than AWS, AWS_ENDPOINT_URL are read from the environment or `.env`.

    Args:
        name: Name of the block.
        pool: Name of the process work pool.
    """
    from bridge.registration import register as save

    save(name, pool)
    say(f"Registered the block s3-bucket/{name} and the work pool {pool}.")
    say("Next: prefect deploy --all, then headgate worker and headgate watch.")


def worker(*, pool: str = "headgate", limit: int = 8) -> None:
    """Run what is scheduled on the work pool, in warm processes, until Ctrl-C.

    Args:
        pool: Name of the process work pool.
        limit: Most runs at once.
    """
    from bridge.worker import work

    work(pool, limit=limit)


def watch() -> None:
    """Tell Prefect of new uploads, which starts runs for them, until Ctrl-C.

    Arrivals come from the SQS queue HEADGATE_QUEUE_URL, and from listing the bucket: every
    HEADGATE_POLL_SECONDS, or every HEADGATE_SWEEP_SECONDS beside a queue.
    """
    from bridge.watch import watch as tell
    from headgate.settings import load

    tell(load())
