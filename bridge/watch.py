"""`headgate watch`: tells Prefect of new uploads, as events that start runs of `process_batch`.

Arrivals come from a queue, from listing, or from both; either may tell of one upload again and
again. What is done exactly once is not decided here but by claims and receipts, so an event may be
lost or repeated without harm.
"""

import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar

import anyio
from anyio import to_thread
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.events import Event, Resource
from prefect.logging import get_logger
from prefect.logging.configuration import setup_logging

from bridge import upkeep
from bridge.outstanding import Batch, Outstanding
from bridge.runs import every_run
from bridge.sqs import Queue
from headgate.bucket.store import Store, connect
from headgate.errors import HeadgateError, TransientError
from headgate.settings import Settings

EVENT = "headgate.uploads.arrived"
FLOW = "process-batch"

_MOST = 250  # keys in one event: one run uses one core, so that many files need several runs
_SHORTEST_GAP = 0.02  # seconds for which arrivals are gathered when it is quiet
_LONGEST_GAP = 5.0  # and in a long burst: a run costs a second of CPU time before its first file
_GROWTH = 4  # of the gap, from one batch of a burst to the next
_QUIET = 0.3  # seconds without an arrival that end a burst
_LISTING_SHARE = 0.1  # of the time, at most, goes into listing
_LAST_LOOKS = 5  # the quickest of them counts for that: an outage makes the others long
_PAUSE = 2.0  # seconds before what failed is tried again

T = TypeVar("T")
log = get_logger("headgate.watch")


class Arrival(NamedTuple):
    """One announced key; with the last key of a queue's message, the handle to delete it by."""

    key: str
    handle: str | None = None


def watch(settings: Settings) -> None:
    """Tell Prefect of every new upload until SIGTERM or SIGINT.

    A store, queue or Prefect server that does not answer is waited for; once it has begun,
    whatever it answers.

    Raises:
        HeadgateError: At the start, the bucket or the queue cannot be read.
    """
    setup_logging()
    store = connect(settings)
    queue = Queue(settings.queue_url, store, settings) if settings.queue_url else None
    for try_out in (store.list_page, queue.try_out) if queue else (store.list_page,):
        with suppress(TransientError):
            try_out()
    anyio.run(_watch, store, queue, settings)


async def _watch(store: Store, queue: Queue | None, settings: Settings) -> None:
    sender, arrivals = anyio.create_memory_object_stream[Arrival](_MOST)
    every = settings.sweep_seconds if queue else settings.poll_seconds
    with get_client(sync_client=True) as prefect:
        outstanding = Outstanding(store, settings.lease_seconds, partial(_unfinished, prefect))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
            tasks.start_soon(upkeep.keep_true)
            tasks.start_soon(_from_listing, outstanding, every, sender)
            if queue:
                tasks.start_soon(_from_queue, queue, sender)
            async for batch in _gathered(arrivals):
                keys = list(dict.fromkeys(arrival.key for arrival in batch))
                await _patiently(_tell, prefect, store, keys)
                log.info("Announced %d uploads: %s", len(keys), _few(keys))
                handles = [arrival.handle for arrival in batch if arrival.handle]
                if queue and handles:
                    await _patiently(queue.acknowledge, handles)


async def _from_listing(
    outstanding: Outstanding, every: float, sender: ObjectSendStream[Arrival]
) -> None:
    took = deque([0.0], _LAST_LOOKS)
    while True:
        started = anyio.current_time()
        keys = await _patiently(outstanding.look)
        took.append(anyio.current_time() - started)
        for key in keys:
            await sender.send(Arrival(key))
        await anyio.sleep(max(every, min(took) / _LISTING_SHARE))


async def _from_queue(queue: Queue, sender: ObjectSendStream[Arrival]) -> None:
    while True:
        for message in await _patiently(queue.receive):
            *others, last = message.keys
            for key in others:
                await sender.send(Arrival(key))
            await sender.send(Arrival(last, message.handle))


async def _gathered(arrivals: ObjectReceiveStream[Arrival]) -> AsyncIterator[list[Arrival]]:
    """Give arrivals in batches: at once when it is quiet, fewer and larger ones in a burst."""
    gap, last = _SHORTEST_GAP, -_LONGEST_GAP
    while True:
        batch = [await arrivals.receive()]
        in_burst = anyio.current_time() - last < max(2 * gap, _QUIET)
        gap = min(_GROWTH * gap, _LONGEST_GAP) if in_burst else _SHORTEST_GAP
        with anyio.move_on_after(gap):
            while len(batch) < _MOST:
                batch.append(await arrivals.receive())
        last = anyio.current_time()
        yield batch


def _tell(prefect: SyncPrefectClient, store: Store, keys: Sequence[str]) -> None:
    """Hand the event to the Prefect server; returns once it has it."""
    event = Event(
        event=EVENT,
        resource=Resource(
            {
                "prefect.resource.id": f"headgate.bucket.{store.bucket}",
                "prefect.resource.name": store.where(),
            }
        ),
        payload={"keys": keys},
    )
    prefect.request("POST", "/events", json=[event.model_dump(mode="json")])


def _unfinished(prefect: SyncPrefectClient) -> list[Batch]:
    """Return all batches that wait or run."""
    unfinished = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]
    runs = every_run(
        prefect,
        flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=unfinished))
        ),
    )
    return [
        Batch(set(run.parameters.get("keys", ())), started=run.state_type == StateType.RUNNING)
        for run in runs
    ]


async def _patiently(action: Callable[..., T], *args: object) -> T:
    """Do it in a thread, as often as it takes."""
    while True:
        try:
            return await to_thread.run_sync(partial(action, *args), abandon_on_cancel=True)
        except (HeadgateError, HTTPError) as error:
            log.warning("Trying again in %.0f s: %s", _PAUSE, error)
        await anyio.sleep(_PAUSE)


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            log.info("Stopping.")
            scope.cancel()


def _few(keys: Sequence[str]) -> str:
    return ", ".join(keys[:3]) + (" ..." if len(keys) > 3 else "")
