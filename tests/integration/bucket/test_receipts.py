"""The receipt is the commit point: there is one, it is whole, and it can be checked."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from headgate.bucket import backlog, receipts
from headgate.bucket.keys import older_receipts_prefix, quarantine_prefix, result_prefix
from headgate.errors import AlreadyProcessedError, ClaimLostError
from tests.harness.faults import is_put, lose_answer, refuse
from tests.harness.stores import put_upload


def standing(store, upload):
    """Return the ETag of the receipt that stands, if there is one."""
    stored = receipts.read(store, upload)
    return stored and stored.etag


def publish(store, upload, attempt, *, replaces=None, body=b"table"):
    key = f"{result_prefix(upload, attempt)}table.csv"
    store.put(key, body)
    sha256 = hashlib.sha256(body).hexdigest()
    receipt = {"run": attempt, "outputs": [{"key": key, "sha256": sha256}]}
    receipts.commit(store, upload, receipt, sha256="5" * 64, replaces=replaces)
    return receipt


@pytest.mark.parametrize("key", ["uploads/a b.csv", "uploads/ü/日本.csv", f"uploads/{'x' * 250}"])
def test_a_receipt_is_found_by_its_upload(store, key):
    """Whatever its name, and nothing else's."""
    upload = put_upload(store, key)
    assert receipts.find(store, upload) is None
    receipt = publish(store, upload, "11111111")
    assert receipts.find(store, upload) == receipt
    assert receipts.find(store, put_upload(store, key, b"new content")) is None


def test_one_of_many_receipts_wins(store):
    """However many runs finish the same upload."""
    upload = put_upload(store)

    def commit(n):
        try:
            receipts.commit(store, upload, {"run": n})
        except AlreadyProcessedError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(commit, range(16)))
    assert won.count(True) == 1
    assert receipts.find(store, upload) == {"run": won.index(True)}


def test_a_lost_acknowledgement_of_the_receipt_is_success(faulty):
    """The result is published, and the run knows it."""
    store, proxy = faulty
    upload = put_upload(store)
    fault = proxy.add(lambda r: r.method == "PUT" and "If-None-Match" in r.headers, lose_answer)
    for _ in range(2):  # a retried task commits the same again
        receipts.commit(store, upload, {"run": 1})
    assert fault.seen == 1
    assert receipts.find(store, upload) == {"run": 1}


def test_a_receipt_whose_answers_were_all_lost_is_success(faulty):
    """Even where no repetition of the PUT got through either."""
    store, proxy = faulty
    upload = put_upload(store)
    fault = proxy.add(is_put, lose_answer, times=store.limits.attempts)
    receipts.commit(store, upload, {"run": 1})
    assert fault.seen == store.limits.attempts
    assert receipts.find(store, upload) == {"run": 1}


def test_an_attempt_that_commits_again_has_succeeded(store):
    """A retried step writes another time into its receipt; the result is its own all the same."""
    upload = put_upload(store)
    first = publish(store, upload, "1" * 8)
    for replaces in (None, "an older one's"):
        receipts.commit(store, upload, first | {"finished": "later"}, replaces=replaces)
    assert receipts.find(store, upload) == first
    assert not list(store.list(older_receipts_prefix(upload)))


def test_a_receipt_without_its_pointer_is_published(faulty):
    """The index by content is a convenience."""
    store, proxy = faulty
    upload = put_upload(store)
    proxy.add(lambda r: "contents" in r.target, refuse, times=99)
    receipts.commit(store, upload, {"run": 1}, sha256="5" * 64)
    assert receipts.find(store, upload) == {"run": 1}


def test_a_failed_attempt_is_discarded_unless_it_was_published(store):
    """A run whose acknowledgement was lost must not delete its own result."""
    upload = put_upload(store)
    published = publish(store, upload, "1" * 8)
    failed = f"{result_prefix(upload, '2' * 8)}table.csv"
    store.put(failed, b"x")
    for attempt in ("1" * 8, "2" * 8):
        receipts.discard_attempt(store, upload, attempt)
    assert not store.exists(failed)
    assert all(finding.ok for finding in receipts.verify(store, published))
    publish(store, upload, "3" * 8, replaces=standing(store, upload))
    receipts.discard_attempt(store, upload, "1" * 8)
    assert all(f.ok for f in receipts.verify(store, published)), "an older receipt points to it"


def test_force_keeps_the_older_receipt(store):
    """And its outputs can still be verified."""
    upload = put_upload(store)
    written = [
        publish(store, upload, str(n) * 8, replaces=standing(store, upload)) for n in range(3)
    ]
    assert receipts.find(store, upload) == written[-1]
    kept = [item.key for item in store.list(older_receipts_prefix(upload))]
    older = [json.loads(store.read(key).body) for key in kept]
    assert sorted(older, key=lambda receipt: receipt["run"]) == written[:-1]
    for receipt in written:
        assert all(finding.ok for finding in receipts.verify(store, receipt))


def test_only_the_receipt_that_was_seen_is_replaced(store):
    """A run that was stopped for long finds that another has replaced it meanwhile."""
    upload = put_upload(store)
    publish(store, upload, "1" * 8)
    seen = standing(store, upload)
    second = publish(store, upload, "2" * 8, replaces=seen)
    with pytest.raises(ClaimLostError, match="newer result"):
        publish(store, upload, "3" * 8, replaces=seen)
    assert receipts.find(store, upload) == second


def test_without_force_the_receipt_stays(store):
    """The second run is told."""
    upload = put_upload(store)
    first = publish(store, upload, "1" * 8)
    with pytest.raises(AlreadyProcessedError):
        publish(store, upload, "2" * 8)
    assert receipts.find(store, upload) == first


def test_the_same_content_is_known_under_another_name(store):
    """With one request, whatever the number of receipts."""
    receipt = publish(store, put_upload(store), "1" * 8)
    assert json.loads(receipts.read_content(store, "5" * 64).body) == receipt
    assert receipts.read_content(store, "6" * 64) is None


def test_verify_finds_what_was_changed_or_removed(store):
    """Each output by itself."""
    upload = put_upload(store)
    receipt = publish(store, upload, "1" * 8)
    key = receipt["outputs"][0]["key"]
    assert [f.ok for f in receipts.verify(store, receipt)] == [True]
    store.put(key, b"tabLe")
    assert [f.detail for f in receipts.verify(store, receipt)] == ["its content has changed"]
    store.delete(key)
    assert [f.detail for f in receipts.verify(store, receipt)] == ["missing"]


def test_what_dead_attempts_left_is_discarded(store):
    """But no attempt that a receipt, older ones included, points to, and no other upload's."""
    upload, other = put_upload(store), put_upload(store, "uploads/other.csv")
    first = publish(store, upload, "1" * 8)
    second = publish(store, upload, "2" * 8, replaces=standing(store, upload))
    store.put(f"{result_prefix(upload, '3' * 8)}half.csv", b"")
    store.put(f"{quarantine_prefix(upload, '3' * 8)}half.csv", b"")
    store.put(f"{result_prefix(other, '4' * 8)}half.csv", b"")
    store.client.create_multipart_upload(**store.at(f"{result_prefix(upload, '3' * 8)}big"))
    for each in (upload, other):
        receipts.discard_attempts(store, each)
    left = {item.key for item in store.list("processed/")} | {
        item.key for item in store.list("quarantine/")
    }
    wanted = {receipt["outputs"][0]["key"] for receipt in (first, second)}
    at_work = f"{result_prefix(other, '4' * 8)}half.csv"  # it has no receipt yet
    assert left == {*wanted, at_work}
    assert store.multiparts("processed/") == []


def test_the_backlog_is_what_has_no_receipt(store):
    """Among names of all kinds, and content that changed after its receipt."""
    names = ["a.csv", "a.csv.gz", "a b.csv", "a/b.csv", "é.csv", "x" * 250, "c.csv", "c (1).csv"]
    uploads = [put_upload(store, f"uploads/{name}") for name in names]
    store.put("uploads/", b"")
    for upload in uploads[::2]:
        publish(store, upload, "1" * 8)
    changed = put_upload(store, uploads[0].key, b"changed")
    assert {upload.id for upload in backlog.pending(store)} == {
        changed.id,
        *(upload.id for upload in uploads[1::2]),
    }


def test_the_backlog_of_an_empty_bucket_is_empty(store):
    """And no error."""
    assert list(backlog.pending(store)) == []
