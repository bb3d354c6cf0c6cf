"""Which of the uploads without a receipt are to be announced now, as one watcher knows it.

All of it is in memory and may be forgotten: a watcher that starts anew announces once too often.
"""

import math
import time
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from bridge.runs import BatchRun
from headgate.bucket import claims
from headgate.bucket.backlog import pending
from headgate.bucket.keys import CLAIMS, claim_key
from headgate.bucket.store import Store
from headgate.errors import HeadgateError

_MOST = 50_000  # uploads that are kept in mind at once; the rest is seen when these are done
_LONGEST = 3600.0  # seconds between two announcements of the same upload
_GRACE = 2.0  # seconds by which a claim may lapse later: stores tell times in whole ones


@dataclass
class _Pending:
    """One upload without a receipt."""

    key: str
    due: float
    wait: float
    """Seconds from its next announcement to the one after, if nothing comes of it."""
    claim_etag: str | None = None
    lapses: float = 0.0
    again: float = 0.0
    """When it may be announced again, however soon its run fails; 0 before the first."""
    announced: float = -math.inf


class Outstanding:
    """Finds at each poll what is new, and what was announced in vain.

    An upload whose claim is renewed is in good hands; one whose claim stays the same for a whole
    lease was left by a run that died. An announced upload that nobody claims within a lease is
    announced again, unless a live run still has it before it; what fails again and again, after
    twice the time on each occasion, up to an hour.

    A run that has started is alive for a lease, and then as long as it makes progress: within a
    lease, one of its uploads was done, or its claim renewed. What was announced again since the run
    started is the progress of another. Prefect itself learns late, or never, of a machine that
    died.

    A claim on what is done, left by a run that died between its receipt and its end, goes as well.
    """

    def __init__(
        self,
        store: Store,
        lease: float,
        batches: Callable[[], Iterable[BatchRun]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch over a store; `batches` gives all runs that have not ended."""
        self._store = store
        self._lease = lease
        self._batches = batches
        self._clock = clock
        self._uploads: dict[str, _Pending] = {}
        self._done: list[_Pending] = []
        self._noticed: dict[str, float] = {}
        self._unneeded: dict[tuple[str, str], float] = {}

    def note(self, keys: Iterable[str]) -> None:
        """Take note that keys were announced just now, since a queue told of them."""
        known = {**self._noticed, **dict.fromkeys(keys, self._clock())}
        self._noticed = dict(islice(known.items(), max(0, len(known) - _MOST), None))

    def poll(self) -> list[str]:
        """List the bucket; return the keys that are to be announced now."""
        held = {item.key: item.etag for item in self._store.list(CLAIMS)}
        now, uploads = self._clock(), dict[str, _Pending]()
        for found in islice(pending(self._store), _MOST):
            upload = self._uploads.get(found.id) or self._found(found.key, now)
            uploads[found.id] = upload
            etag = held.pop(claim_key(found), None)
            if etag != upload.claim_etag:
                upload.claim_etag, upload.lapses = etag, now + self._lease + _GRACE
                upload.due = upload.lapses if etag else max(upload.lapses, upload.again)
        self._note_done(uploads, now)
        self._uploads = uploads
        self._remove_stale_claims(held, now)
        return self._due(now)

    def _found(self, key: str, now: float) -> _Pending:
        """Begin to watch over an upload; one that a queue told of was announced then."""
        noticed = self._noticed.get(key)
        if noticed is None:
            return _Pending(key, due=now, wait=self._lease)
        due, wait = noticed + self._lease, 2 * self._lease
        return _Pending(key, due=due, wait=wait, again=due, announced=noticed)

    def _due(self, now: float) -> list[str]:
        """Return the keys whose announcement is due, and set when the next one of each will be."""
        due = [upload for upload in self._uploads.values() if now >= upload.due]
        waiting = {upload.key for upload in due if upload.again and upload.claim_etag is None}
        in_hand = self._in_hand() & waiting if waiting else set()
        for upload in due:
            if upload.key in in_hand:
                upload.due = now + self._lease / claims.RENEWALS_PER_LEASE
            else:
                upload.announced = now
                upload.due = upload.again = now + upload.wait
                upload.wait = min(2 * upload.wait, _LONGEST)
        return [upload.key for upload in due if upload.key not in in_hand]

    def _in_hand(self) -> set[str]:
        """Return the keys of runs that wait for their start or are alive."""
        runs, now = list(self._batches()), self._clock()
        claimed = [upload for upload in self._uploads.values() if upload.claim_etag]
        progress = {
            upload.key: upload.announced
            for upload in (*self._done, *claimed)
            if now < upload.lapses
        }
        good = [run.keys for run in runs if self._alive(run, progress, now)]
        return set().union(*good)

    def _alive(self, run: BatchRun, progress: Mapping[str, float], now: float) -> bool:
        if run.age is None or run.age < self._lease:
            return True
        started = now - run.age
        return any(progress[key] <= started for key in run.keys & progress.keys())

    def _note_done(self, left: Container[str], now: float) -> None:
        """Note for a lease what is no longer outstanding; a small file's claim is rarely seen."""
        done = [upload for upload_id, upload in self._uploads.items() if upload_id not in left]
        for upload in done:
            upload.lapses = now + self._lease
        self._done = [upload for upload in (*self._done, *done) if now < upload.lapses]

    def _remove_stale_claims(self, held: dict[str, str], now: float) -> None:
        """Remove claims on nothing that is pending, once they have stayed the same for a lease."""
        self._unneeded = {claim: self._unneeded.get(claim, now) for claim in held.items()}
        for (key, _), since in self._unneeded.items():
            if now - since > self._lease:
                with suppress(HeadgateError):  # tidying must not hold up an announcement
                    claims.remove_abandoned(self._store, key)
