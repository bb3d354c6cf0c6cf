"""Which of the uploads without a receipt are to be announced now, as one watcher knows it.

All of it is in memory and may be forgotten: a watcher that starts anew announces once too often.
"""

import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from itertools import islice

from headgate.bucket.backlog import pending
from headgate.bucket.keys import CLAIMS, claim_key
from headgate.bucket.store import Store

_MOST = 50_000  # uploads that are kept in mind at once; the rest is seen when these are done
_LONGEST = 3600.0


@dataclass
class _Case:
    """One upload without a receipt."""

    due: float
    claim: str | None
    announced: int = 0


class Outstanding:
    """Tells at each look what is new, and what was announced in vain.

    An upload whose claim is renewed is in good hands; one whose claim stays the same for a whole
    lease was left by a run that died. An announced upload that nobody claims within a lease is
    announced again, unless a live run still has it before it; what fails again and again, after
    twice the time on each occasion, up to an hour.
    """

    def __init__(
        self,
        store: Store,
        lease: float,
        in_hand: Callable[[], Container[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch over a store; `in_hand` gives the keys of all runs that have not ended."""
        self._store = store
        self._lease = lease
        self._in_hand = in_hand
        self._clock = clock
        self._cases: dict[str, _Case] = {}

    def look(self) -> list[str]:
        """List the bucket; return the keys that are to be announced now."""
        claims = {item.key: item.etag for item in self._store.list(CLAIMS)}
        now, cases, due = self._clock(), dict[str, _Case](), list[str]()
        in_hand: Container[str] | None = None
        for upload in islice(pending(self._store), _MOST):
            claim = claims.get(claim_key(upload))
            case = self._cases.get(upload.id) or _Case(due=now, claim=None)
            cases[upload.id] = case
            if claim != case.claim:
                case.claim, case.due = claim, now + self._lease
            if now < case.due:
                continue
            if case.announced and claim is None:
                in_hand = self._in_hand() if in_hand is None else in_hand
                if upload.key in in_hand:
                    case.due = now + self._lease
                    continue
            due.append(upload.key)
            case.due = now + min(self._lease * 2**case.announced, _LONGEST)
            case.announced += 1
        self._cases = cases
        return due
