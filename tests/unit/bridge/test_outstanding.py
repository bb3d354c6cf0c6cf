"""What a watcher announces: everything new at once, and again only what nobody takes care of."""

from itertools import pairwise

import pytest

from bridge.outstanding import Outstanding
from bridge.runs import BatchRun
from headgate.bucket import claims
from headgate.bucket.keys import Upload, claim_key, receipt_key
from tests.harness.stores import MemoryStore

LEASE = 60.0
KEY = "uploads/a.csv"


class Watcher:
    """An `Outstanding` over a store in memory, with a clock and runs that the test sets."""

    def __init__(self):
        self.store = MemoryStore(str.encode)
        self.now = 1000.0
        self.started = []
        self.waiting = []
        self.asked = 0
        self.outstanding = Outstanding(self.store, LEASE, self.runs, lambda: self.now)

    def start(self, *keys, ago=0.0):
        self.started.append((set(keys), self.now - ago))

    def runs(self):
        self.asked += 1
        started = [BatchRun(keys, self.now - since) for keys, since in self.started]
        return [*started, *(BatchRun(keys, None) for keys in self.waiting)]

    def poll(self, after=0.0):
        self.now += after
        due = self.outstanding.poll()
        self.outstanding.announced(due)
        return [upload.key for upload in due]

    def upload(self, key):
        self.store.add(key)
        listed = self.store.objects[key]
        return Upload(bucket=self.store.bucket, key=key, etag=listed.etag, size=listed.size)


@pytest.fixture
def watcher():
    return Watcher()


def test_a_new_upload_is_announced_once(watcher):
    watcher.upload(KEY)
    assert watcher.poll() == [KEY]
    assert watcher.poll(after=1) == []
    assert watcher.asked == 0


def test_an_upload_with_a_receipt_is_never_announced(watcher):
    watcher.store.add(receipt_key(watcher.upload(KEY)))
    assert watcher.poll() == []


def test_an_upload_that_somebody_works_on_is_not_announced(watcher):
    """Also by a watcher that has just started and announced nothing itself."""
    watcher.store.add(claim_key(watcher.upload(KEY)))
    assert watcher.poll() == []


def test_a_renewed_claim_puts_off_the_next_announcement(watcher):
    claim = claim_key(watcher.upload(KEY))
    watcher.poll()
    for beat in range(6):
        watcher.store.add(claim, etag=f"beat {beat}")
        assert watcher.poll(after=LEASE / 2) == []


def test_a_claim_that_is_not_renewed_for_a_lease_is_announced_again(watcher):
    """What a dead run left is taken up after one lease, whatever run still seems to have it."""
    watcher.store.add(claim_key(watcher.upload(KEY)))
    watcher.start(KEY, ago=10 * LEASE)
    assert watcher.poll() == []
    assert watcher.poll(after=LEASE - 1) == []
    assert watcher.poll(after=3) == [KEY]


def test_what_a_dead_run_left_is_not_announced_again_while_its_next_run_waits_to_start(watcher):
    watcher.store.add(claim_key(watcher.upload(KEY)))
    watcher.poll()
    assert watcher.poll(after=LEASE + 3) == [KEY]
    watcher.waiting = [{KEY}]
    for _ in range(5):
        assert watcher.poll(after=LEASE) == []
    watcher.waiting = []
    assert watcher.poll(after=LEASE) == [KEY]


def test_a_lost_announcement_is_repeated_after_a_lease(watcher):
    watcher.upload(KEY)
    watcher.poll()
    assert watcher.poll(after=LEASE - 1) == []
    assert watcher.poll(after=1) == [KEY]


def test_what_has_to_wait_for_prefect_is_announced_once_when_it_is_back(watcher):
    """The time until its next announcement counts from then."""
    watcher.upload(KEY)
    due = watcher.outstanding.poll()
    watcher.now += 10 * LEASE
    assert watcher.poll() == []
    watcher.outstanding.announced(due)
    assert watcher.poll(after=LEASE - 1) == []
    assert watcher.poll(after=1) == [KEY]


def test_what_a_queue_told_of_is_announced_again_as_if_listing_had(watcher):
    """Listing sees it once more; a run may have it before it, or the event was lost."""
    watcher.upload(KEY)
    watcher.outstanding.note([KEY])
    watcher.waiting = [{KEY}]
    assert watcher.poll() == []
    assert watcher.poll(after=LEASE) == []
    watcher.waiting = []
    assert watcher.poll(after=LEASE) == [KEY]
    assert watcher.poll(after=LEASE) == []
    assert watcher.poll(after=LEASE) == [KEY]


def test_notes_of_a_queue_are_bounded(watcher, monkeypatch):
    """The oldest go; what is announced once too often does no harm."""
    monkeypatch.setattr("bridge.outstanding._MOST", 2)
    for key in ("uploads/a.csv", "uploads/b.csv", "uploads/c.csv"):
        watcher.upload(key)
        watcher.outstanding.note([key])
    monkeypatch.undo()
    assert watcher.poll() == ["uploads/a.csv"]


def test_what_waits_for_its_run_to_start_is_not_announced_again(watcher):
    watcher.upload(KEY)
    watcher.poll()
    watcher.waiting = [{KEY}]
    for _ in range(5):
        assert watcher.poll(after=LEASE) == []
    watcher.waiting = []
    assert watcher.poll(after=LEASE) == [KEY]


def test_what_waits_its_turn_in_a_live_run_is_not_announced_again(watcher):
    """The run lives as long as it renews the claim on what it works on."""
    claim = claim_key(watcher.upload("uploads/large.csv"))
    watcher.upload(KEY)
    watcher.poll()
    watcher.start(KEY, "uploads/large.csv")
    for beat in range(5):
        watcher.store.add(claim, etag=f"beat {beat}")
        assert watcher.poll(after=LEASE) == []
    assert watcher.poll(after=LEASE) == []
    assert watcher.poll(after=3) == ["uploads/large.csv"]
    assert watcher.poll(after=LEASE / 4) == [KEY]


def test_a_run_that_has_done_one_of_its_uploads_has_the_others_in_hand(watcher):
    """Between two looks a small file may be claimed, done and let go."""
    small = watcher.upload("uploads/small.csv")
    watcher.upload(KEY)
    watcher.poll()
    watcher.start(KEY, "uploads/small.csv")
    watcher.poll(after=LEASE / 2)
    watcher.store.add(receipt_key(small))
    assert watcher.poll(after=LEASE / 2) == []
    assert watcher.poll(after=LEASE) == [KEY]


def test_a_run_that_started_before_prefect_had_answered_is_known_by_its_progress(watcher):
    small = watcher.upload("uploads/small.csv")
    watcher.upload(KEY)
    due = watcher.outstanding.poll()
    watcher.start(KEY, small.key)
    watcher.now += 1
    watcher.outstanding.announced(due)
    watcher.poll(after=LEASE / 2)
    watcher.store.add(receipt_key(small))
    assert watcher.poll(after=LEASE / 2) == []


def test_a_run_that_has_just_started_is_given_a_lease(watcher):
    watcher.upload(KEY)
    watcher.poll()
    watcher.poll(after=LEASE - 1)
    watcher.start(KEY)
    assert watcher.poll(after=LEASE - 1) == []
    assert watcher.poll(after=LEASE / 4) == [KEY]


@pytest.mark.parametrize("heirs", [claim_key, receipt_key], ids=["claim", "receipt"])
def test_a_dead_run_does_not_live_by_what_its_heir_does(watcher, heirs):
    """Else what waited in it would wait until Prefect ends it, though nobody has it in hand."""
    large = watcher.upload("uploads/large.csv")
    watcher.upload(KEY)
    watcher.poll()
    watcher.start(large.key, KEY)
    watcher.store.add(claim_key(large), etag="the dead run's")
    assert watcher.poll(after=1) == []
    assert watcher.poll(after=LEASE - 1) == []
    assert watcher.poll(after=4) == [large.key]
    watcher.start(large.key)
    watcher.store.add(heirs(large), etag="the heir's")
    assert watcher.poll(after=LEASE / 4) == [KEY]


def test_what_fails_each_time_is_announced_ever_more_rarely(watcher):
    watcher.upload(KEY)
    times = [watcher.now for _ in range(20_000) if watcher.poll(after=10)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[:4] == [LEASE, 2 * LEASE, 4 * LEASE, 8 * LEASE]
    assert max(gaps) == 3600


def test_what_a_run_claims_and_fails_at_each_time_is_announced_ever_more_rarely(watcher):
    claim = claim_key(watcher.upload(KEY))
    times = []
    for beat in range(40_000):
        if watcher.poll(after=1):
            times.append(watcher.now)
            watcher.store.add(claim, etag=f"beat {beat}")
            watcher.poll(after=1)
            del watcher.store.objects[claim]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[2] >= 4 * LEASE
    assert 3600 <= gaps[-1] <= 3605


def test_what_fails_for_months_is_still_announced(watcher):
    watcher.upload(KEY)
    times = [watcher.now for _ in range(2_000) if watcher.poll(after=3600)]
    assert len(times) == 2_000


def test_new_content_under_an_old_key_is_new(watcher):
    watcher.store.add(receipt_key(watcher.upload(KEY)))
    watcher.poll()
    watcher.store.add(KEY, etag="other")
    assert watcher.poll() == [KEY]


def test_nothing_is_forgotten_when_a_listing_breaks_off(watcher, monkeypatch):
    watcher.upload(KEY)
    watcher.poll()
    with monkeypatch.context() as broken:
        broken.setattr(watcher.store, "list", lambda _: iter([1 / 0] for _ in range(1)))
        with pytest.raises(ZeroDivisionError):
            watcher.poll(after=1)
    assert watcher.poll(after=1) == []


def test_a_claim_on_what_is_done_is_removed_after_a_lease(watcher, monkeypatch):
    """A run that died between its receipt and its end leaves it; while it changes, it is live."""
    removed = []
    monkeypatch.setattr(claims, "remove_abandoned", lambda _, key: removed.append(key))
    upload = watcher.upload(KEY)
    watcher.store.add(receipt_key(upload))
    for beat in range(3):
        watcher.store.add(claim_key(upload), etag=f"beat {beat}")
        watcher.poll(after=LEASE)
    assert removed == []
    watcher.poll(after=LEASE + 1)
    assert removed == [claim_key(upload)]
