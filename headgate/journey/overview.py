"""What became of all uploads, or of some: read from listings, claims and receipts; nothing is held.

How a single one stands, and what was made of it, is `headgate.journey.results`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from heapq import nlargest
from itertools import islice
from operator import attrgetter
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationError

from headgate.bucket import claims, receipts
from headgate.bucket.backlog import Entry, inventory
from headgate.bucket.claims import RENEWALS_PER_LEASE, Claim
from headgate.bucket.keys import CLAIMS, Upload, claim_key
from headgate.bucket.store import Store, Stored
from headgate.engine.result.row_counts import RowCounts
from headgate.errors import ReceiptError
from headgate.journey.receipt import Receipt
from headgate.options import SourcePolicy
from headgate.record import Record
from headgate.words import counted

AT_ONCE = 16
"""Receipts that are read at a time."""

State = Literal["waiting", "processing", "lapsed", "published", "refused", "damaged"]
ANSWERED: frozenset[State] = frozenset(("published", "refused", "damaged"))
"""Those that only a receipt tells apart."""

_GONE = {
    SourcePolicy.KEEP: "its source is no longer there",
    SourcePolicy.ARCHIVE: "its source was archived",
    SourcePolicy.DELETE: "its source was deleted once it was done",
}
"""What became of a source that is gone, by what its options say."""


class Status(Record):
    """What became of one upload."""

    key: Annotated[str, Field(description="Key of the upload")]
    at: Annotated[datetime, Field(description="When it came or, if later, was answered")]
    state: State
    detail: Annotated[str, Field(description="In words: rows, the reason, or who works on it")] = ""
    rows: RowCounts | None = None
    corrects: Annotated[str | None, Field(description="Upload whose rows it corrects")] = None
    corrections: Annotated[int, Field(description="Files of corrected rows in its result")] = 0
    gone: Annotated[bool, Field(description="Whether only its receipt is left")] = False


class Overview(Record):
    """The newest uploads, and how many there are."""

    uploads: Annotated[tuple[Status, ...], Field(description="The newest first")]
    listed: Annotated[int, Field(description="Uploads in the place and time that was asked for")]
    answered: Annotated[int, Field(description="Those among them that have a receipt")]
    states: Annotated[dict[State, int], Field(description="Those that were looked at, by state")]


def overview(
    store: Store,
    prefix: str,
    *,
    since: datetime | None = None,
    only: tuple[State, ...] = (),
    limit: int,
) -> Overview:
    """See what became of the uploads under a prefix.

    Listings tell which have a receipt; what that says costs a request each. So only those shown are
    read, unless `only` names what nothing but the receipts tells apart.

    Args:
        store: Where to look.
        prefix: Beginning of their keys.
        since: Leave out what came, and was answered, before.
        only: States to be shown; by default all.
        limit: Most uploads to be shown; the newest are.
    """
    claimed = {item.key for item in store.list(CLAIMS)}
    answered, states = Counter[bool](), Counter[State]()

    def entries() -> Iterator[Entry]:
        for entry in inventory(store, prefix):
            if since is None or entry.at >= since:
                answered[entry.receipt is not None] += 1
                if not only or _may_be(entry, only):
                    yield entry

    def statuses(entries: Iterable[Entry]) -> Iterator[Status]:
        for status in _looked_at(store, entries, claimed):
            states[status.state] += 1
            if not only or status.state in only:
                yield status

    newest = partial(nlargest, limit, key=attrgetter("at"))
    shown = newest(statuses(entries() if only else newest(entries())))
    return Overview(
        uploads=tuple(shown),
        listed=answered.total(),
        answered=answered[True],
        states={state: states[state] for state in get_args(State) if states[state]},
    )


def _may_be(entry: Entry, states: tuple[State, ...]) -> bool:
    return any((state in ANSWERED) == (entry.receipt is not None) for state in states)


def _looked_at(store: Store, entries: Iterable[Entry], claimed: set[str]) -> Iterator[Status]:
    """Look at each entry; the listing goes on only as fast."""
    look, left = partial(_look_at, store, claimed), iter(entries)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while some := [*islice(left, 10 * AT_ONCE)]:
            yield from pool.map(look, some)


def _look_at(store: Store, claimed: set[str], entry: Entry) -> Status:
    if entry.receipt:
        said = _of_receipt(store.read(entry.receipt), gone=entry.upload is None)
    elif entry.upload and claim_key(entry.upload) in claimed:
        said = _of_claim(store, entry.upload)
    else:
        said = {"state": "waiting"}
    return Status(key=entry.key, at=entry.at, gone=entry.upload is None, **said)


def _of_receipt(stored: Stored | None, *, gone: bool) -> dict[str, Any]:
    if stored is None:
        return {"state": "waiting"}
    try:
        receipt = receipts.parse(stored, Receipt)
    except ReceiptError as error:
        return {"state": "damaged", "detail": error.what}
    said = [" ".join(receipt.reasons) or str(receipt)]
    if receipt.same_as:
        said.append(f"the result of {receipt.same_as}")
    corrections = 0 if receipt.corrects else len(receipt.corrections)
    if corrections:
        said.append(f"corrected by {counted(corrections, 'file')}")
    if gone:
        said.append(_GONE[receipt.options.deliver.source])
    return {
        "state": receipt.outcome,
        "detail": "; ".join(said),
        "rows": receipt.rows,
        "corrects": receipt.corrects,
        "corrections": corrections,
    }


def _of_claim(store: Store, upload: Upload) -> dict[str, Any]:
    key = claim_key(upload)
    lapsed, stored = claims.lapsed(store, key), store.read(key)
    if stored is None:  # its run has just ended
        return _of_receipt(receipts.read(store, upload), gone=False)
    try:
        held = Claim.model_validate_json(stored.body)
    except ValidationError:
        return {"state": "processing", "detail": "by an unknown run"}
    if lapsed:
        last = f"{stored.modified:%Y-%m-%d %H:%M:%S} UTC"
        return {"state": "lapsed", "detail": f"{held.owner} was last heard of at {last}"}
    begun = stored.modified - timedelta(seconds=held.beat * held.lease / RENEWALS_PER_LEASE)
    return {"state": "processing", "detail": f"by {held.owner} since {begun:%H:%M:%S} UTC"}
