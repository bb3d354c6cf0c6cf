"""What the worker does when a run has ended."""

import asyncio
from pathlib import Path

from prefect.workers.process import ProcessWorker

from bridge import worker


def test_the_next_run_is_looked_for_once_the_last_one_is_cleared_up(monkeypatch):
    """Sooner, a full worker would find no place free, and look again only seconds later."""
    woken_while_sweeping = []

    async def ended(*_):
        return "result"

    async def run():
        wake_up = asyncio.Event()
        monkeypatch.setattr(ProcessWorker, "run", ended)
        monkeypatch.setattr(
            worker, "sweep_scratch", lambda _: woken_while_sweeping.append(wake_up.is_set())
        )
        each = worker.WarmWorker(Path("address"), wake_up, work_pool_name="pool")
        assert await each.run() == "result"
        return wake_up.is_set()

    assert asyncio.run(run())
    assert woken_while_sweeping == [False]
