"""`headgate watch`: emits events for new uploads, which start runs of `process_batch`.

Notices of uploads come from a queue, from listing, or from both; either may name one again and
again. What is done exactly once is not decided here but by claims and receipts, so an event may be
lost or repeated without harm.
"""

import json
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
from prefect.events import Event, Resource
from prefect.logging import get_logger
from prefect.logging.configuration import setup_logging

from bridge.outstanding import Outstanding, Pending
from bridge.runs import unfinished_batches
from bridge.sqs import Queue
from bridge.watchdog import watch_runs
from headgate.bucket.keys import UPLOADS
from headgate.bucket.store import Store, connect
from headgate.errors import HeadgateError, TransientError
from headgate.settings import Settings
from headgate.words import counted

EVENT = "headgate.uploads.arrived"

_MOST_KEYS = 400  # keys in one event: one run uses one core, so that many files need several runs
_MOST_BYTES = 400_000  # of these keys: Prefect takes parameters of 512 KiB, in JSON of ASCII alone
_SHORTEST_GAP = 0.02  # seconds for which notices are gathered when it is quiet
_LONGEST_GAP = 5.0  # and in a long burst: a run costs a second of CPU time before its first file
_GROWTH = 8  # of the gap, from one batch of a burst to the next
_QUIET = 0.3  # seconds without a notice that end a burst
_LISTING_SHARE = 0.1  # of the time, at most, goes into listing
_LAST_LISTINGS = 5  # the quickest of them counts for that: an outage makes the others long
_PAUSE = 2.0  # seconds before what failed is tried again

T = TypeVar("T")
log = get_logger("headgate.watch")


class Notice(NamedTuple):
    """Key of an upload, from a queue or from listing."""

    key: str
    receipt_handle: str | None = None
    """By which a queue's message is deleted; the last of its keys has it."""
    pending: Pending | None = None
    """What listing found."""


def watch(settings: Settings) -> None:
    """Emit events for new uploads until SIGTERM or SIGINT.

    A store, queue or Prefect server that does not answer is waited for. What goes wrong later is
    tried again, whatever it is.

    Raises:
        HeadgateError: At the start, the bucket or the queue cannot be read.
    """
    setup_logging()
    store = connect(settings)
    queue = Queue(settings.queue_url, store, settings) if settings.queue_url else None
    for probe in (store.list_first, queue.probe) if queue else (store.list_first,):
        with suppress(TransientError):
            probe()
    log.info("Watching %s; Ctrl-C ends it.", store.where(UPLOADS))
    anyio.run(_watch, store, queue, settings)


async def _watch(store: Store, queue: Queue | None, settings: Settings) -> None:
    sender, notices = anyio.create_memory_object_stream[Notice]()  # what waits, waits in the queue
    every = settings.sweep_seconds if queue else settings.poll_seconds
    with get_client(sync_client=True) as prefect:
        batches = partial(unfinished_batches, prefect)
        outstanding = Outstanding(store, settings.lease_seconds, batches)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
            tasks.start_soon(watch_runs)
            tasks.start_soon(from_listing, outstanding, every, sender)
            if queue:
                tasks.start_soon(from_queue, queue, sender)
            async for batch in _in_batches(notices):
                keys = list(dict.fromkeys(notice.key for notice in batch))
                await _with_retries(emit_event, prefect, store, keys)
                log.info("Announced %s", _told(keys))
                outstanding.announced(notice.pending for notice in batch if notice.pending)
                if queue:
                    outstanding.note(keys)
                    handles = [notice.receipt_handle for notice in batch if notice.receipt_handle]
                    await to_thread.run_sync(queue.acknowledge, handles, abandon_on_cancel=True)


async def from_listing(
    outstanding: Outstanding, every: float, sender: ObjectSendStream[Notice]
) -> None:
    """Send what is outstanding, again and again; a large bucket is listed less often."""
    took = deque([0.0], _LAST_LISTINGS)
    while True:
        started = anyio.current_time()
        due = await _with_retries(outstanding.poll)
        took.append(anyio.current_time() - started)
        for upload in due:
            await sender.send(Notice(upload.key, pending=upload))
        await anyio.sleep(max(every, min(took) / _LISTING_SHARE))


async def from_queue(queue: Queue, sender: ObjectSendStream[Notice]) -> None:
    """Send what the queue's messages announce, as they come."""
    while True:
        for message in await _with_retries(queue.receive):
            *others, last = message.keys
            for key in others:
                await sender.send(Notice(key))
            await sender.send(Notice(last, message.handle))


async def _in_batches(notices: ObjectReceiveStream[Notice]) -> AsyncIterator[list[Notice]]:
    """Yield notices in batches: at once when it is quiet, fewer and larger ones in a burst."""
    gap, last = _SHORTEST_GAP, -_LONGEST_GAP
    while True:
        batch = [await notices.receive()]
        room = _MOST_BYTES - _size(batch[0])
        in_burst = anyio.current_time() - last < max(2 * gap, _QUIET)
        gap = min(_GROWTH * gap, _LONGEST_GAP) if in_burst else _SHORTEST_GAP
        with anyio.move_on_after(gap):
            while len(batch) < _MOST_KEYS and room > 0:
                batch.append(await notices.receive())
                room -= _size(batch[-1])
        last = anyio.current_time()
        yield batch


def _size(notice: Notice) -> int:
    return len(json.dumps(notice.key))


def emit_event(prefect: SyncPrefectClient, store: Store, keys: Sequence[str]) -> None:
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


async def _with_retries(action: Callable[..., T], *args: object) -> T:
    """Do it in a thread, again after a pause where it fails, as often as it takes."""
    while True:
        try:
            return await to_thread.run_sync(partial(action, *args), abandon_on_cancel=True)
        except (HeadgateError, HTTPError) as error:
            log.warning("Trying again in %.0f s: %s", _PAUSE, error)
        except Exception:
            log.exception("Trying again in %.0f s, after a defect of Headgate", _PAUSE)
        await anyio.sleep(_PAUSE)


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            log.info("Stopping.")
            scope.cancel()


def _told(keys: Sequence[str]) -> str:
    more = " ..." if len(keys) > 3 else ""
    return f"{counted(len(keys), 'upload')}: {', '.join(keys[:3])}{more}"
