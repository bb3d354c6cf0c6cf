"""One damaged record in the bucket: what it is about gets an answer, all else goes on."""

import json

import pytest

from headgate.bucket import claims, housekeeping, receipts
from headgate.bucket.backlog import choose_pending
from headgate.bucket.keys import (
    CLAIMS,
    OLDER,
    PROCESSED,
    content_key,
    layout_key,
    receipt_key,
    result_prefix,
)
from headgate.errors import HeadgateError, ReceiptError
from headgate.journey import layouts, processing, results, steps
from headgate.options import CheckOptions, DeliverOptions, ProcessOptions
from tests.harness.stores import later

KEY = "uploads/people.csv"
BODY = b"id,name\n1,Ada\n2,Grace\n"
FORCE = ProcessOptions(deliver=DeliverOptions(force=True))
SKIP = ProcessOptions(deliver=DeliverOptions(same_content="skip"))
DAMAGED = [
    b"",
    b'{"broken',
    b"\xff\xfe",
    b"[]",
    b"{}",
    b'{"format": "headgate-receipt/2", "outputs": []}',
]


def process(store, key=KEY, options=ProcessOptions()):  # noqa: B008 - frozen
    return processing.process(store, key, options, owner="a test")


@pytest.fixture(params=DAMAGED, ids=repr)
def damaged(request, store):
    """A store in which the receipt of a published upload was overwritten; that receipt."""
    store.put(KEY, BODY)
    receipt = process(store)
    store.put(receipt_key(receipt.source.upload), request.param)
    return store, receipt


def test_a_damaged_receipt_is_named_with_what_to_do(damaged):
    """Whoever asks for it; it is no defect, and no run leaves a claim behind."""
    store, receipt = damaged
    place = store.where(receipt_key(receipt.source.upload))
    for ask in (process, results.find_receipt, results.find_table):
        with pytest.raises(ReceiptError, match="process KEY --force") as caught:
            ask(store, KEY)
        assert caught.value.where == place
    assert not list(store.list(CLAIMS))
    outcome = processing.attempt(store, KEY, ProcessOptions(), owner="a test")
    assert outcome.verdict == "failed"
    assert place in outcome.detail


def test_a_damaged_receipt_is_repaired_by_force(damaged):
    """It is kept beside the new one, and the files that it may have listed stay."""
    store, before = damaged
    was = store.read(receipt_key(before.source.upload)).body
    receipt = process(store, options=FORCE)
    assert results.find_receipt(store, KEY) == receipt
    for each in (before, receipt):
        assert all(finding.ok for finding in receipts.verify(store, each.model_dump()))
    assert [store.read(item.key).body for item in store.list(OLDER)] == [was]
    assert process(store) == receipt
    assert not list(store.list(CLAIMS))


def test_a_damaged_receipt_makes_way_for_a_refusal(damaged):
    """There is no result that the refusal would take away."""
    store, _ = damaged
    options = FORCE.model_copy(update={"check": CheckOptions(target="nmae")})
    assert process(store, options=options).outcome == "refused"


def test_a_forced_run_that_fails_leaves_a_damaged_receipt_and_its_result(damaged, monkeypatch):
    store, before = damaged
    was = store.read(receipt_key(before.source.upload))

    def fail(*_args, **_kwargs):
        raise HeadgateError("The run fails.")

    monkeypatch.setattr(steps, "commit", fail)
    with pytest.raises(HeadgateError, match="The run fails"):
        process(store, options=FORCE)
    assert store.read(receipt_key(before.source.upload)).etag == was.etag
    assert all(finding.ok for finding in receipts.verify(store, before.model_dump()))
    assert not list(store.list(CLAIMS))


@pytest.mark.parametrize("damaged", DAMAGED[1:2], ids=repr, indirect=True)
def test_a_claim_beside_a_damaged_receipt_goes_and_holds_up_nothing(damaged, monkeypatch, caplog):
    """As a dead run leaves it. Nothing of the upload's is removed, and that is said once."""
    store, before = damaged
    monkeypatch.setenv("HEADGATE_LEASE_SECONDS", "1")
    store.put("uploads/other.csv", BODY)
    work = steps.claim(store, KEY, FORCE, owner="dead")
    half = result_prefix(work.upload, work.claim.attempt) + "data.csv"
    store.put(half, b"half")

    assert [found.kind for found in housekeeping.leftovers(later(store))] == ["lapsed claim"]
    claims.remove_all_abandoned(later(store))
    claims.remove_all_abandoned(later(store))

    assert len(caplog.messages) == 1
    assert not list(store.list(CLAIMS))
    kept = {item.key for item in store.list(PROCESSED)}
    assert kept >= {half, *(output.key for output in before.outputs if PROCESSED in output.key)}
    uploads = choose_pending(store, 10)
    (done,) = processing.process_all(store, uploads, ProcessOptions(), 2)
    assert (done.key, done.verdict) == ("uploads/other.csv", "published")


def test_known_content_with_a_damaged_receipt_is_made_again(damaged):
    store, _ = damaged
    store.put("uploads/again.csv", BODY)
    assert process(store, "uploads/again.csv", SKIP).same_as is None


@pytest.mark.parametrize("pointer", [b'{"broken', b"[]", b"{}", b'{"receipt": 1}'])
def test_known_content_with_a_damaged_pointer_is_made_again(store, pointer):
    """The new receipt is what the content is known by from then on."""
    store.put(KEY, BODY)
    content = content_key(process(store).source.sha256)
    store.put(content, pointer)
    for name in ("second", "third"):
        store.put(f"uploads/{name}.csv", BODY)
    assert process(store, "uploads/second.csv", SKIP).same_as is None
    assert process(store, "uploads/third.csv", SKIP).same_as == "uploads/second.csv"


@pytest.mark.parametrize("layout", [b'{"broken', b"[]", b"{}", b'{"names": [1]}'])
def test_damaged_columns_of_the_last_file_are_none_and_the_receipt_says_so(store, layout):
    """The next accepted file is what they are known by from then on."""
    store.put("uploads/shop/may.csv", BODY)
    process(store, "uploads/shop/may.csv")
    store.put(layout_key("shop"), layout)
    store.put("uploads/shop/june.csv", BODY + b"3,Alan\n")
    receipt = process(store, "uploads/shop/june.csv")
    assert [note.what for note in receipt.notes if note == layouts.UNREADABLE] == ["drift"]
    assert layouts.recall(store, "shop").names == ("id", "name")


def test_a_receipt_whose_rows_do_not_add_up_is_damaged(store):
    """It was changed by hand: Headgate itself publishes none."""
    store.put(KEY, BODY)
    receipt = process(store)
    changed = receipt.model_dump(mode="json")
    changed["rows"]["rows_in"] += 1
    store.put(receipt_key(receipt.source.upload), json.dumps(changed).encode())
    with pytest.raises(ReceiptError):
        results.find_receipt(store, KEY)
