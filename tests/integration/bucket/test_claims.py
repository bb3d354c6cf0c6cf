"""One owner at a time; a dead owner's claim lapses by the store's clock."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from headgate.bucket import claims, housekeeping, receipts
from headgate.bucket.errors import PreconditionError
from headgate.bucket.keys import CLAIMS, claim_key, result_prefix
from headgate.errors import (
    AlreadyProcessedError,
    ClaimHeldError,
    ClaimLostError,
    TransientError,
)
from tests.harness.faults import is_put, lose_answer, refuse
from tests.harness.runs import eventually
from tests.harness.stores import behind, later, put_upload


def test_one_of_many_wins(store):
    """Sixteen at once: one works, the others are told who does."""
    upload = put_upload(store)

    def attempt(n):
        try:
            return claims.claim(store, upload, f"run {n}", 60)
        except ClaimHeldError as error:
            return error

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(attempt, range(16)))
    (winner,) = [o for o in outcomes if isinstance(o, claims.Claim)]
    losers = [o for o in outcomes if isinstance(o, ClaimHeldError)]
    assert len(losers) == 15
    assert all(winner.owner in str(loser) for loser in losers)
    assert not winner.took_over


def test_a_released_claim_is_free(store):
    """A failed run leaves the upload to the next at once."""
    upload = put_upload(store)
    claims.release(store, claims.claim(store, upload, "first", 60))
    assert claims.claim(store, upload, "second", 60).owner == "second"


def test_a_claim_is_of_one_content(store):
    """New content under the same key can be claimed while the old is worked on."""
    claims.claim(store, put_upload(store), "first", 60)
    assert claims.claim(store, put_upload(store, body=b"new"), "second", 60)


def test_a_dead_owner_is_followed_after_the_lease(store):
    """One of those who wait takes over, and the dead one, come back, finds out."""
    upload = put_upload(store)
    dead = claims.claim(store, upload, "dead", 1)
    with pytest.raises(ClaimHeldError, match="dead is working on it"):
        claims.claim(store, upload, "early", 1)
    assert eventually(lambda: claims.lapsed(store, claim_key(upload)))
    with ThreadPoolExecutor(8) as pool:
        takers = [pool.submit(claims.claim, store, upload, f"heir {n}", 60) for n in range(8)]
    heirs = [t.result() for t in takers if t.exception() is None]
    assert len(heirs) == 1
    assert heirs[0].took_over
    with pytest.raises(ClaimLostError):
        claims.renew(store, dead)
    claims.release(store, dead)
    assert store.exists(claim_key(upload)), "the dead one must not free its heir's claim"


def test_a_renewed_claim_does_not_lapse(store):
    """Work may last many leases."""
    upload = put_upload(store)
    with claims.renewed(store, claims.claim(store, upload, "slow", 1)) as beat:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            with pytest.raises(ClaimHeldError):
                claims.claim(store, upload, "eager", 1)
            time.sleep(0.2)
        claims.confirm(store, beat.claim)
        assert beat.claim.beat >= 3
    assert not store.exists(claim_key(upload))


def test_a_renewal_between_looking_and_taking_over_wins(store):
    """Each renewal has an ETag of its own, so a late look cannot take a live claim."""
    upload = put_upload(store)
    held = claims.claim(store, upload, "live", 1)
    seen = store.read(claim_key(upload))
    renewed = claims.renew(store, held)
    assert renewed.etag != seen.etag
    with pytest.raises(PreconditionError):
        store.replace(claim_key(upload), b"too late", seen.etag)


def test_what_is_no_claim_holds_up_neither_housekeeping_nor_an_upload(store):
    """A folder's marker, a damaged claim: left alone; in the place of a claim, for one lease."""
    store.put(CLAIMS, b"")
    uploads = []
    for name, body in enumerate((b"", b"no claim", b'{"owner": "somebody"}')):
        uploads.append(put_upload(store, f"uploads/{name}.csv"))
        for key in (f"{CLAIMS}{name}.txt", claim_key(uploads[-1])):
            store.put(key, body)
        with pytest.raises(ClaimHeldError, match="An unknown run"):
            claims.claim(store, uploads[-1], "early", 1)
    claims.remove_all_abandoned(later(store))
    assert not list(housekeeping.leftovers(later(store)))
    for upload in uploads:
        assert claims.claim(later(store), upload, "heir", 1).took_over


def test_a_claim_of_a_later_version_is_a_claim(store):
    upload = put_upload(store)
    held = claims.claim(store, upload, "later", 60)
    body = json.loads(held.body()) | {"more": "of it"}
    store.put(claim_key(upload), json.dumps(body).encode())
    with pytest.raises(ClaimHeldError, match="later"):
        claims.claim(store, upload, "other", 60)
    claims.confirm(store, held)


def test_an_owner_who_lost_the_claim_finds_out(store):
    """Whether it only lapsed or has an heir, whom the late owner's heartbeat leaves alone."""
    upload = put_upload(store)
    beat = claims.Renewal(store, claims.claim(store, upload, "slow", 1))
    claims.confirm(store, beat.claim)
    assert eventually(lambda: claims.lapsed(store, claim_key(upload)))
    with pytest.raises(ClaimLostError):
        claims.confirm(store, beat.claim)
    heir = claims.claim(store, upload, "heir", 60)
    beat.start()
    with pytest.raises(ClaimLostError):
        claims.confirm(store, beat.claim)
    beat.stop()
    assert claims.renew(store, heir).owner == "heir"


def test_a_processed_upload_is_not_claimed(store):
    """Except by force; the refusal leaves no claim behind."""
    upload = put_upload(store)
    receipts.commit(store, upload, {"run": "1"})
    with pytest.raises(AlreadyProcessedError):
        claims.claim(store, upload, "again", 60)
    assert not store.exists(claim_key(upload))
    assert claims.claim(store, upload, "again", 60, force=True)


def test_a_receipt_written_just_before_the_claim_is_seen(store, faulty):
    """The last owner commits and releases while the new one is on its way."""
    late, proxy = faulty
    upload = put_upload(store)

    def commit_first(proxy_, request):
        receipts.commit(store, upload, {"run": "last owner"})
        return proxy_.forward(request)

    proxy.add(is_put, commit_first)
    with pytest.raises(AlreadyProcessedError):
        claims.claim(late, upload, "late", 60)
    assert not store.exists(claim_key(upload))


def test_the_clock_of_the_machine_does_not_matter(store, monkeypatch):
    """A machine that is a day ahead does not take live claims over."""
    upload = put_upload(store)
    claims.claim(store, upload, "live", 60)
    ahead = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: ahead)
    with pytest.raises(ClaimHeldError):
        claims.claim(store, upload, "ahead", 60)


def test_a_lost_acknowledgement_is_recognised_as_success(faulty):
    """The claim was written, the answer was lost, boto's retry met its own object."""
    store, proxy = faulty
    upload = put_upload(store)
    fault = proxy.add(is_put, lose_answer)
    won = claims.claim(store, upload, "unlucky", 60)
    assert fault.seen == 1
    assert claims.renew(store, won).beat == 1
    with pytest.raises(ClaimHeldError, match="unlucky"):
        claims.claim(store, upload, "other", 60)


def test_a_claim_of_which_no_answer_came_is_no_others_to_the_next_try(faulty):
    """It was written, and every answer was lost; the same process need not wait for it to lapse."""
    store, proxy = faulty
    upload = put_upload(store)
    proxy.add(is_put, lose_answer)
    proxy.add(lambda r: "claims" in r.target, refuse, times=99)
    with pytest.raises(TransientError):
        claims.claim(store, upload, "cut off", 60)
    proxy.faults.clear()
    assert claims.claim(store, upload, "cut off", 60)
    with pytest.raises(ClaimHeldError, match="cut off"):
        claims.claim(store, upload, "cut off", 60)


def test_a_lost_acknowledgement_of_a_renewal_is_recognised(faulty):
    """The same with `If-Match`."""
    store, proxy = faulty
    held = claims.claim(store, put_upload(store), "unlucky", 60)
    proxy.add(is_put, lose_answer)
    assert claims.renew(store, held).beat == 1


def test_a_lost_acknowledgement_of_a_takeover_is_recognised(faulty):
    """And the heir is not told that itself was quicker."""
    store, proxy = faulty
    upload = put_upload(store)
    claims.claim(store, upload, "dead", 1)
    proxy.add(lambda r: is_put(r) and "If-Match" in r.headers, lose_answer)
    assert claims.claim(later(store), upload, "heir", 60).took_over


def test_a_request_that_never_arrived_is_sent_again(faulty):
    """Nobody has to do anything."""
    store, proxy = faulty
    upload = put_upload(store)
    proxy.add(is_put, refuse)
    assert claims.claim(store, upload, "patient", 60)


def test_a_heartbeat_survives_an_outage_shorter_than_the_lease(faulty):
    """A failed renewal is tried again at the next beat."""
    store, proxy = faulty
    upload = put_upload(store)
    with claims.renewed(store, claims.claim(store, upload, "steady", 4)) as beat:
        outage = proxy.add(is_put, refuse, times=3)  # all tries of one renewal
        deadline = time.monotonic() + 20
        while beat.claim.beat < 1:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        claims.confirm(store, beat.claim)
    assert outage.seen == 3


def test_a_claim_that_cannot_be_released_does_not_fail_the_work(faulty):
    """It lapses by itself; the same process may claim the upload again at once."""
    store, proxy = faulty
    upload = put_upload(store)
    with claims.renewed(store, claims.claim(store, upload, "done", 1)):
        proxy.add(lambda r: r.method == "DELETE", refuse, times=99)
    assert claims.lapsed(later(store), claim_key(upload))
    with claims.renewed(store, claims.claim(store, upload, "again", 60)):
        pass
    assert claims.claim(store, upload, "at once", 60)


def test_what_a_dead_run_left_goes_with_its_heirs_receipt(store):
    """Not before: until then it might still be alive."""
    upload = put_upload(store)
    dead = claims.claim(store, upload, "dead", 1)
    half = f"{result_prefix(upload, dead.attempt)}half.csv"
    store.put(half, b"x")
    with claims.renewed(store, claims.claim(later(store), upload, "fails", 60)):
        pass
    assert store.exists(half)
    claims.claim(store, upload, "dead as well", 1)
    with claims.renewed(store, claims.claim(later(store), upload, "heir", 60)):
        receipts.commit(store, upload, {"run": "heir", "outputs": []})
    assert not store.exists(half)
    assert receipts.find(store, upload)["run"] == "heir"


def test_housekeeping_removes_abandoned_claims_only(store):
    """First it says so, then it does so; the claim on what waits is left to an heir."""
    gone, waiting, live = (put_upload(store, f"uploads/{n}.csv") for n in range(3))
    for upload, lease in ((gone, 5), (waiting, 5), (live, 60)):
        claims.claim(store, upload, "a run", lease)
    store.delete(gone.key)
    assert not list(housekeeping.leftovers(store))
    store = later(store)
    (found,) = housekeeping.leftovers(store)
    assert (found.kind, found.key) == ("lapsed claim", claim_key(gone))
    assert store.exists(found.key)
    housekeeping.remove(store, found)
    assert not store.exists(found.key)
    assert claims.claim(store, waiting, "heir", 60).took_over
    assert store.exists(claim_key(live))
    housekeeping.remove(store, found)


def test_a_claim_on_what_is_done_is_removed_once_it_lapsed(store):
    """With what its owner left; an heir finds the claim on what still waits."""
    done, waiting, gone = (put_upload(store, f"uploads/{n}.csv") for n in range(3))
    half = [
        f"{result_prefix(upload, claims.claim(store, upload, 'dead', 1).attempt)}half.csv"
        for upload in (done, waiting, gone)
    ]
    for key in half:
        store.put(key, b"x")
    receipts.commit(store, done, {"run": "another", "outputs": []})
    store.delete(gone.key)
    claims.remove_abandoned(store, claim_key(done))
    assert store.exists(claim_key(done)), "its owner may be alive"
    for upload in (done, waiting, gone):
        claims.remove_abandoned(later(store), claim_key(upload))
    assert [item.key for item in store.list(CLAIMS)] == [claim_key(waiting)]
    assert [store.exists(key) for key in half] == [False, True, True]


def test_five_announcements_in_any_order_are_one_piece_of_work(store):
    """Each comes from a client of its own; one does the work, four learn that it is done."""
    upload = put_upload(store)
    done, lock = [], threading.Lock()

    def announced(n):
        own = behind(store.client.meta.endpoint_url, store)
        try:
            with claims.renewed(own, claims.claim(own, upload, f"run {n}", 5)) as beat:
                own.put(f"{result_prefix(upload, beat.claim.attempt)}table.csv", b"x")
                receipts.commit(own, upload, {"run": n})
                with lock:
                    done.append(n)
        except (ClaimHeldError, AlreadyProcessedError):
            return

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(announced, range(5)))
    assert len(done) == 1
    assert receipts.find(store, upload) == {"run": done[0]}
