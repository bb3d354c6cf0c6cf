"""Which of the uploads without a receipt are to be announced now, as one watcher knows it.

All of it is in memory and may be forgotten: a watcher that starts anew announces once too often.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from bridge.runs import BatchRun
from bridge.stale_claims import StaleClaims
from headgate.bucket.backlog import pending
from headgate.bucket.claims import RENEWALS_PER_LEASE
from headgate.bucket.keys import CLAIMS, claim_key
from headgate.bucket.store import Store

_MOST = 50_000  # uploads that are kept in mind at once; the rest is seen when these are done
_LONGEST = 3600.0  # seconds between two announcements of the same upload
_GRACE = 2.0  # seconds by which a claim may lapse later: stores tell times in whole ones


class _State(Enum):
    """How far an upload without a receipt has come, as far as can be seen."""

    NEW = "found by listing"
    DUE = "handed to the watcher, which is yet to announce it"
    ANNOUNCED = "announced, or let go by a run that failed"
    CLAIMED = "claimed"


@dataclass
class Pending:
    """An upload without a receipt; each method is a transition."""

    key: str
    lease: float
    due: float
    """When it is to be announced, if nothing else is seen of it until then."""
    wait: float
    """Seconds from its next announcement to the one after, if nothing comes of it."""
    state: _State = _State.NEW
    handed_on: float = -math.inf
    """When it was last handed on; a run that started before was not started by that."""
    again: float = -math.inf
    """When it may be announced again, however soon its run fails."""
    claim: str | None = None
    """ETag of the claim that was last seen."""
    fresh_until: float = -math.inf
    """Until when its claim, or its end, tells that a run is alive."""

    def hand_on(self, now: float) -> None:
        """Leave it to the watcher, which may have to wait for Prefect."""
        self.state = _State.DUE
        self.handed_on = now
        self.due = now + _LONGEST

    def announce(self, now: float) -> None:
        """Take note that it is announced; if nothing comes of it, the next time is due later."""
        self.state = _State.ANNOUNCED
        self.due = self.again = now + self.wait
        self.wait = min(2 * self.wait, _LONGEST)

    def put_off(self, now: float) -> None:
        """Look again soon: a run has it before it."""
        self.due = now + self.lease / RENEWALS_PER_LEASE

    def see_claim(self, etag: str | None, now: float) -> None:
        """Take note of its claim, or of none; each renewal has another ETag."""
        if etag == self.claim:
            return
        self.claim = etag
        lapses = now + self.lease + _GRACE
        if etag:
            self.state = _State.CLAIMED
            self.due = self.fresh_until = lapses
        else:
            self.state = _State.ANNOUNCED
            self.due = max(lapses, self.again)
            self.fresh_until = now

    def end(self, now: float) -> None:
        """Take note that it has a receipt, or is gone; a small file's claim is rarely seen."""
        self.fresh_until = now + self.lease


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
        self._stale_claims = StaleClaims(store, lease)
        self._uploads: dict[str, Pending] = {}
        self._ended: list[Pending] = []
        self._noticed: dict[str, float] = {}

    def note(self, keys: Iterable[str]) -> None:
        """Take note that keys were announced just now, since a queue told of them."""
        known = {**self._noticed, **dict.fromkeys(keys, self._clock())}
        self._noticed = dict(islice(known.items(), max(0, len(known) - _MOST), None))

    def announced(self, uploads: Iterable[Pending]) -> None:
        """Take note that these were announced just now."""
        now = self._clock()
        for upload in uploads:
            upload.announce(now)

    def poll(self) -> list[Pending]:
        """List the bucket; return what is to be announced now."""
        held = {item.key: item.etag for item in self._store.list(CLAIMS)}
        now, listed = self._clock(), dict[str, Pending]()
        for found in islice(pending(self._store), _MOST):
            upload = self._uploads.get(found.id) or self._found(found.key, now)
            upload.see_claim(held.pop(claim_key(found), None), now)
            listed[found.id] = upload
        ended = [upload for each, upload in self._uploads.items() if each not in listed]
        for upload in ended:
            upload.end(now)
        self._ended = [upload for upload in (*self._ended, *ended) if now < upload.fresh_until]
        self._uploads = listed
        self._stale_claims.remove(held, now)
        return self._due(now)

    def _found(self, key: str, now: float) -> Pending:
        """Begin to watch over an upload; one that a queue told of was announced then."""
        upload = Pending(key, self._lease, due=now, wait=self._lease)
        noticed = self._noticed.get(key)
        if noticed is not None:
            upload.hand_on(noticed)
            upload.announce(noticed)
        return upload

    def _due(self, now: float) -> list[Pending]:
        """Hand on what is due, but for what was announced and a run has before it."""
        due = [upload for upload in self._uploads.values() if now >= upload.due]
        waiting = {upload.key for upload in due if upload.state is _State.ANNOUNCED}
        in_hand = self._in_hand() & waiting if waiting else set()
        for upload in due:
            if upload.key in in_hand:
                upload.put_off(now)
            else:
                upload.hand_on(now)
        return [upload for upload in due if upload.state is _State.DUE]

    def _in_hand(self) -> set[str]:
        """Return the keys of runs that wait for their start or are alive."""
        runs, now = list(self._batches()), self._clock()
        seen = (*self._ended, *self._uploads.values())
        progress = {upload.key: upload.handed_on for upload in seen if now < upload.fresh_until}

        def is_alive(run: BatchRun) -> bool:
            if run.age is None or run.age < self._lease:
                return True
            started = now - run.age
            return any(progress[key] <= started for key in run.keys & progress.keys())

        return set().union(*(run.keys for run in runs if is_alive(run)))
