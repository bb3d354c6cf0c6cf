"""The journey as plain steps, on each S3 server, without Prefect."""

import io

import pyarrow.parquet as pq
import pytest

from headgate import journey
from headgate.bucket import receipts
from headgate.bucket.keys import PROCESSED
from headgate.errors import NoSuchObjectError, TransientError
from headgate.options import CheckOptions, DeliverOptions, ProcessOptions

BODY = b"id,name\n1,Ada\n2,Grace\n2,Grace\n3\n"
SKIP = ProcessOptions(deliver=DeliverOptions(same_content="skip"))


def _process(store, key, options=ProcessOptions()):  # noqa: B008 - frozen
    return journey.process(store, key, options, owner="a test")


def _deliver(**options):
    return ProcessOptions(deliver=DeliverOptions(**options))


def test_every_row_of_an_upload_is_accounted_for(store):
    """Good, repeated and broken rows are counted apart, and the outputs are as the receipt says."""
    store.put("uploads/people.csv", BODY)
    receipt = _process(store, "uploads/people.csv")
    assert str(receipt) == "4 rows in, 2 out, 1 quarantined, 1 duplicate"
    assert all(finding.ok for finding in receipts.verify(store, receipt.model_dump()))


def test_known_content_under_another_name_takes_the_result_it_has(store):
    """With `same_content: skip` nothing is made twice, and the second receipt says whose it is."""
    for name in ("first", "second"):
        store.put(f"uploads/{name}.csv", BODY)
    first = _process(store, "uploads/first.csv", SKIP)
    second = _process(store, "uploads/second.csv", SKIP)
    assert second.same_as == "uploads/first.csv"
    assert second.outputs == first.outputs
    assert second.source.upload.key == "uploads/second.csv"


def test_known_content_is_made_again_for_other_options(store):
    """The same bytes with other rules are other work."""
    for name in ("first", "second"):
        store.put(f"uploads/{name}.csv", BODY)
    _process(store, "uploads/first.csv")
    clean = ProcessOptions().prepare.clean.model_copy(update={"drop_duplicates": False})
    prepare = ProcessOptions().prepare.model_copy(update={"clean": clean})
    second = _process(store, "uploads/second.csv", SKIP.model_copy(update={"prepare": prepare}))
    assert second.same_as is None
    assert second.rows.duplicates == 0


@pytest.mark.parametrize("source", ["archive", "delete"])
def test_an_upload_that_was_put_away_once_it_was_done_is_done(store, source):
    """An announcement of it may be repeated, under whatever options; one by force is in vain."""
    store.put("uploads/people.csv", BODY)
    store.put("uploads/people.csv!0123456789abcdef.json", BODY)
    first = _process(store, "uploads/people.csv", _deliver(source=source))
    _process(store, "uploads/people.csv!0123456789abcdef.json")
    assert _process(store, "uploads/people.csv") == first
    with pytest.raises(NoSuchObjectError):
        _process(store, "uploads/people.csv", _deliver(force=True))


def test_an_upload_that_somebody_else_deleted_is_missed(store):
    """Its receipt may be that of another content."""
    store.put("uploads/people.csv", BODY)
    _process(store, "uploads/people.csv")
    store.delete("uploads/people.csv")
    with pytest.raises(NoSuchObjectError):
        _process(store, "uploads/people.csv")


def test_an_upload_overwritten_midway_is_started_over(store, monkeypatch):
    """The result is that of the new content, and nothing of the old is published."""
    store.put("uploads/people.csv", BODY)
    fetch = store.download

    def overwrite_first(upload, path, progress=None):
        if upload.size == len(BODY):
            store.put("uploads/people.csv", b"id,name\n9,Alan\n")
        return fetch(upload, path, progress)

    monkeypatch.setattr(store, "download", overwrite_first)
    receipt = _process(store, "uploads/people.csv")
    assert receipt.rows.rows_in == 1
    assert {output.key.split("/")[1] for output in receipt.outputs} == {
        item.key.split("/")[1] for item in store.list(PROCESSED)
    }


def test_a_run_that_fails_leaves_nothing_behind(store, monkeypatch, tmp_path):
    """No scratch and no output stays after trouble that may pass; the next run succeeds."""
    monkeypatch.setenv("HEADGATE_SCRATCH", str(tmp_path))
    store.put("uploads/people.csv", BODY)
    with monkeypatch.context() as trouble:
        trouble.setattr(receipts, "commit", _fail)
        with pytest.raises(TransientError):
            _process(store, "uploads/people.csv")
    assert not list(tmp_path.iterdir())
    assert not list(store.list(PROCESSED))
    assert _process(store, "uploads/people.csv").outcome == "published"


def test_columns_that_are_set_aside_are_published_beside_the_result(store):
    """What the drift policy keeps out of the table is listed in the receipt, row by row."""
    store.put("uploads/people/may.csv", BODY)
    store.put("uploads/people/june.csv", b"id,mood,name\n1,fine,Ada\n2,0.50,Grace\n")
    _process(store, "uploads/people/may.csv")
    check = CheckOptions(drift="set-aside")
    receipt = _process(store, "uploads/people/june.csv", ProcessOptions(check=check))
    assert store.read(receipt.key()).body == b"id,name\n1,Ada\n2,Grace\n"
    aside = pq.read_table(io.BytesIO(store.read(receipt.key("aside")).body))
    assert aside.to_pydict() == {"_line": [2, 3], "mood": ["fine", "0.50"]}
    assert all(finding.ok for finding in receipts.verify(store, receipt.model_dump()))


def _fail(*_args, **_kwargs):
    raise TransientError("The store is away.")
