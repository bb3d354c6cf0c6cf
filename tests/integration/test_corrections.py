"""Corrected rows come back as an upload and join the result that they belong to."""

import csv
import io
import json
import time

import pytest

from headgate.bucket import receipts
from headgate.bucket.backlog import pending
from headgate.bucket.keys import older_receipts_prefix
from headgate.errors import ClaimHeldError, NoSuchObjectError, TransientError
from headgate.journey import corrections, processing, results
from headgate.options import DeliverOptions, ProcessOptions

KEY = "uploads/shop/orders.csv"
BODY = (
    b'id,zip,note\r\n1,00501,"two\r\nlines"\r\n2,2\r\n3,00503,x,y\r\n4,00504,"says ""so"""\r\n'
    b"5\r\n6,00506,\r\n7,00507,ok\r\n"
)
END = "6,00506,\n7,00507,ok\n"

SHEET = "uploads/shop/quarantine.csv"


def process(store, key=KEY, **deliver):
    options = ProcessOptions(deliver=DeliverOptions(**deliver))
    return processing.process(store, key, options, owner="a test")


def rows_of(store, receipt, role="quarantine"):
    text = store.read(receipt.key(role)).body.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def send(store, rows, key=SHEET, encoding="utf-8", **how):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), **how)
    writer.writeheader()
    writer.writerows(rows)
    store.put(key, text.getvalue().encode(encoding))
    return key


def table(store, receipt):
    return store.read(receipt.key()).body.decode()


@pytest.fixture
def kept(store):
    """The rows of an upload that were kept back: lines 4, 5 and 7."""
    store.put(KEY, BODY)
    return rows_of(store, process(store))


def test_corrected_rows_join_the_result_of_their_upload(store, kept):
    """In the old order, with their original text, and both receipts say what happened."""
    first = results.find_receipt(store, KEY)
    kept[0]["zip"], kept[0]["note"] = "00502", "now right"
    told = process(store, send(store, kept))
    receipt = results.find_receipt(store, KEY)

    assert table(store, receipt) == (
        'id,zip,note\n1,00501,"two\r\nlines"\n2,00502,now right\n4,00504,"says ""so"""\n' + END
    )
    assert str(receipt) == "7 rows in, 5 out, 2 quarantined"
    assert told.corrects == KEY
    assert told.outputs == receipt.outputs
    (file,) = receipt.corrections
    assert (file.upload.key, file.rows, file.cells) == (SHEET, 1, {"zip": 1, "note": 1})
    assert [row["_raw"] for row in rows_of(store, receipt)] == ["3,00503,x,y", "5"]
    states = [row["_corrected_by"] for row in rows_of(store, receipt, "corrections")]
    assert states == ["", SHEET]
    assert all(found.ok for found in receipts.verify(store, receipt.model_dump()))
    (kept,) = store.list(older_receipts_prefix(receipt.source.upload))
    older = json.loads(store.read(kept.key).body)
    assert older["outputs"][0]["key"] == first.outputs[0].key
    assert not list(pending(store))


def test_a_spreadsheet_may_have_saved_it_in_its_own_way(store, kept):
    """Semicolons, another encoding and other line ends change nothing."""
    kept[1]["note"] = "schön"
    process(store, send(store, kept, encoding="cp1252", delimiter=";", quoting=csv.QUOTE_ALL))
    assert "3,00503,schön\n" in table(store, results.find_receipt(store, KEY))


def test_rows_can_be_accepted_as_they_are(store, kept):
    """An emptied reason says so: the short row is complete."""
    kept[2]["_reason"] = ""
    process(store, send(store, kept))
    receipt = results.find_receipt(store, KEY)
    assert table(store, receipt).endswith("5,,\n" + END)
    assert str(receipt) == "7 rows in, 5 out, 2 quarantined"


def test_people_may_share_the_work(store, kept):
    """Two who start from one quarantine file do not undo each other's corrections."""
    one, other = [dict(row) for row in kept], [dict(row) for row in kept]
    one[0]["zip"], other[1]["note"] = "00502", "y"
    process(store, send(store, one, "uploads/one.csv"))
    process(store, send(store, other, "uploads/other.csv"))
    receipt = results.find_receipt(store, KEY)
    assert "2,00502,\n3,00503,y\n" in table(store, receipt)
    assert [file.upload.key for file in receipt.corrections] == [
        "uploads/one.csv",
        "uploads/other.csv",
    ]


def test_two_files_may_correct_one_in_the_same_backlog(store, kept):
    """Whichever comes first: none is left to the next round."""
    for place, name in enumerate(("one", "two")):
        rows = [dict(row) for row in kept]
        rows[place]["zip"] = "00502"
        rows[place]["note"] = name
        send(store, rows, f"uploads/shop/{name}.csv")
    outcomes = processing.process_all(store, pending(store), ProcessOptions(), 2)
    assert [outcome.verdict for outcome in outcomes] == ["published", "published"]
    assert len(results.find_receipt(store, KEY).corrections) == 2


def test_the_later_of_two_corrections_holds_whichever_is_processed_first(store, kept):
    """A cell that was corrected again has the value of the file that came last."""
    for name in ("first", "second"):
        kept[0]["zip"], kept[0]["note"] = "00502", name
        send(store, kept, f"uploads/{name}.csv")
        time.sleep(1.1)  # a store tells times in whole seconds
    for name in ("second", "first"):
        process(store, f"uploads/{name}.csv")
        receipt = results.find_receipt(store, KEY)
        assert "2,00502,second\n" in table(store, receipt)
    assert [file.upload.key for file in receipt.corrections] == [
        "uploads/second.csv",
        "uploads/first.csv",
    ]
    states = [row["_corrected_by"] for row in rows_of(store, receipt, "corrections")]
    assert states == ["", "uploads/first.csv", "uploads/second.csv"]


def test_a_correction_that_is_deleted_during_its_run_says_so(store, kept, monkeypatch):
    """It changes nothing, and the upload is free for the next one."""
    before = results.find_receipt(store, KEY)
    kept[0]["zip"] = "00502"
    key = send(store, kept)
    fetch = corrections.find

    def delete_first(*args):
        store.delete(key)
        return fetch(*args)

    monkeypatch.setattr(corrections, "find", delete_first)
    with pytest.raises(NoSuchObjectError, match="deleted while they were being processed"):
        process(store, key)
    assert results.find_receipt(store, KEY) == before
    assert not list(store.list("receipts/claims/"))


def test_a_forced_run_keeps_what_was_corrected(store, kept):
    """Processing the original again does not put corrected rows back into quarantine."""
    kept[0]["zip"] = "00502"
    process(store, send(store, kept))
    before = results.find_receipt(store, KEY)
    after = process(store, force=True)
    assert after.key("corrections").endswith("/corrections.csv")
    assert table(store, after) == table(store, before)
    assert after.corrections == before.corrections


def test_an_upload_that_was_put_away_stays_done_after_a_correction(store):
    """Its own options stand in the new receipt as they did in the first."""
    store.put(KEY, BODY)
    rows = rows_of(store, process(store, source="archive"))
    rows[0]["zip"] = "00502"
    process(store, send(store, rows))
    receipt = process(store)
    assert len(receipt.corrections) == 1
    assert receipt.options.deliver.source == "archive"


@pytest.mark.parametrize("lost", ["first", "second"])
def test_a_run_that_dies_between_the_receipts_is_taken_up(store, kept, monkeypatch, lost):
    """Whichever receipt is missing, the next run writes it, and the rows join once."""
    kept[0]["zip"] = "00502"
    send(store, kept)
    commit = receipts.commit
    doomed = KEY if lost == "first" else SHEET

    def die(store, upload, *args, **kwargs):
        if upload.key == doomed:
            raise TransientError("The machine is gone.")
        return commit(store, upload, *args, **kwargs)

    with monkeypatch.context() as trouble:
        trouble.setattr(receipts, "commit", die)
        with pytest.raises(TransientError):
            process(store, SHEET)
    assert [upload.key for upload in pending(store)] == [SHEET]
    told = process(store, SHEET)
    receipt = results.find_receipt(store, KEY)
    assert told.outputs == receipt.outputs
    assert len(receipt.corrections) == 1
    assert all(found.ok for found in receipts.verify(store, receipt.model_dump()))
    assert not list(pending(store))


def test_no_correction_overwrites_another(store, kept, monkeypatch):
    """Who lost the claim meanwhile publishes nothing, and is done again on the newer result."""
    one, other = [dict(row) for row in kept], [dict(row) for row in kept]
    one[0]["zip"], other[1]["note"] = "00502", "y"
    send(store, one, "uploads/one.csv")
    send(store, other, "uploads/other.csv")
    fetch = corrections.fetch_original

    def overtaken(store, receipt, scratch):
        monkeypatch.undo()
        for claim in list(store.list("receipts/claims/")):
            store.delete(claim.key)
        process(store, "uploads/one.csv")
        return fetch(store, receipt, scratch)

    monkeypatch.setattr(corrections, "fetch_original", overtaken)
    with pytest.raises(ClaimHeldError):
        process(store, "uploads/other.csv")
    process(store, "uploads/other.csv")
    assert "2,00502,\n3,00503,y\n" in table(store, results.find_receipt(store, KEY))


def test_the_original_may_have_been_archived(store):
    """Its content is found where the options put it."""
    store.put(KEY, BODY)
    kept = rows_of(store, first := process(store, source="archive"))
    kept[0]["zip"] = "00502"
    told = process(store, send(store, kept))
    assert "2,00502,\n" in table(store, told)
    assert told.rows.rows_in == first.rows.rows_in


def _delete(store, _rows):
    store.delete(KEY)


def _overwrite(store, _rows):
    store.put(KEY, BODY.replace(b"1", b"9"))


def _change_nothing(_store, rows):
    rows[0]["zip"] = "2"


def _move_a_line(_store, rows):
    rows[0]["_line"] = "2"


def _repeat(_store, rows):
    rows.append(rows[0])


def _drop_a_column(_store, rows):
    for row in rows:
        del row["zip"]


def _drop_the_mark(_store, rows):
    for row in rows:
        del row["_upload"]


def _invent_a_mark(_store, rows):
    for row in rows:
        row["_upload"] = "uploads/other.csv!0123456789abcdef"


def _mix_marks(_store, rows):
    rows[0]["_upload"] = "uploads/other.csv!0123456789abcdef"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_delete, "deleted or overwritten"),
        (_overwrite, "deleted or overwritten"),
        (_change_nothing, "No row was corrected"),
        (_move_a_line, "not the line of a row that was kept back"),
        (_repeat, "as does a row further up"),
        (_drop_a_column, "lacks 'zip'"),
        (_drop_the_mark, "does not say to which upload it belongs"),
        (_invent_a_mark, "has no result here"),
        (_mix_marks, "names 2 uploads"),
    ],
)
def test_what_does_not_fit_is_refused(store, kept, spoil, says):
    """The reason stands in the file's own receipt; the result that stands is not touched."""
    before = results.find_receipt(store, KEY)
    kept[0]["zip"] = "00502"
    spoil(store, kept)
    told = process(store, send(store, kept))
    assert told.outcome == "refused"
    assert says in told.reasons[0]
    stands = store.read(f"receipts/uploads/shop/orders.csv!{before.source.upload.id}.json")
    assert (
        before.model_dump_json()
        == processing.Receipt.model_validate_json(stands.body).model_dump_json()
    )
    assert not list(store.list("receipts/claims/"))


def test_rows_that_the_rules_of_their_upload_do_not_fit_are_refused(store):
    """Those rules stay, so that no other run could have an answer for the file."""
    rule = {"name": "zip", "fill": "median", "missing": ["none"]}
    options = ProcessOptions.model_validate({"prepare": {"clean": {"columns": [rule]}}})
    store.put(KEY, b"id,zip\n1,10\n2,20,x\n3,30\n4,none\n")
    made = processing.process(store, KEY, options, owner="a test")
    kept = rows_of(store, made)
    kept[0]["zip"] = "unknown"
    told = process(store, send(store, kept))
    assert told.outcome == "refused"
    assert "is one for numbers, and the column is text" in told.reasons[0]
    assert "correct these rows otherwise" in told.reasons[0]
    assert results.find_receipt(store, KEY) == made
    assert not list(pending(store))


@pytest.mark.parametrize("name", ["corrections.csv", "quarantine.csv", "standing"])
def test_an_upload_may_have_any_name(store, name):
    """Also one that a file of the work on it has."""
    key = f"uploads/{name}"
    store.put(key, BODY)
    kept = rows_of(store, process(store, key))
    kept[0]["zip"], kept[0]["note"] = "00502", "now right"

    told = process(store, send(store, kept))

    assert told.rows.rows_out == 5
    assert "2,00502,now right\n" in table(store, told)
