"""Housekeeping finds first, removes when asked, and never touches what somebody needs."""

from datetime import timedelta

import pytest

from headgate.bucket import housekeeping, receipts
from headgate.bucket.housekeeping import Leftover, leftovers, remove, sweep
from tests.harness.stores import new_store, put_upload


@pytest.fixture
def old(monkeypatch):
    """Let everything count as stale at once."""
    monkeypatch.setattr(housekeeping, "STALE", timedelta(days=-1))


def kinds(found):
    return sorted(leftover.kind for leftover in found)


def test_uploads_receipts_and_results_stay(store, old):
    """However old they are."""
    upload = put_upload(store)
    store.put("processed/x/1/table.csv", b"x")
    store.put("quarantine/x/1/rows.csv", b"x")
    receipts.commit(store, upload, {"run": 1})
    before = [item.key for item in store.list()]
    assert sweep(store, dry_run=False) == []
    assert [item.key for item in store.list()] == before


def test_a_dry_run_removes_nothing(seaweed, old):
    """It gives what would go."""
    store = new_store(seaweed)
    store.client.create_multipart_upload(**store.at("processed/x/1/table.csv"))
    store.put("receipts/probes/1.txt", b"x")
    assert kinds(sweep(store)) == ["probe", "unfinished upload"]
    assert kinds(sweep(store, dry_run=False)) == ["probe", "unfinished upload"]
    assert sweep(store) == []


def test_what_is_young_stays(seaweed):
    """A transfer of this minute belongs to a living run."""
    store = new_store(seaweed)
    store.client.create_multipart_upload(**store.at("processed/x/1/table.csv"))
    store.put("receipts/probes/1.txt", b"x")
    assert list(leftovers(store)) == []


def test_quarantine_goes_by_policy_only(store, monkeypatch):
    """By default it stays."""
    store.put("quarantine/x/1/rows.csv", b"x")
    assert list(leftovers(store, quarantine_days=1)) == []
    assert kinds(leftovers(store, quarantine_days=-1)) == ["old quarantine"]


def test_what_is_gone_already_is_a_success(store):
    """Two sweeps may meet."""
    remove(store, Leftover(kind="probe", key="receipts/probes/gone.txt"))
    remove(store, Leftover(kind="lapsed claim", key="receipts/claims/gone.json"))
    store.client.create_multipart_upload(**store.at("processed/x"))
    ((key, upload_id),) = store.multiparts("processed/")
    for _ in range(2):
        remove(store, Leftover(kind="unfinished upload", key=key, upload_id=upload_id))
