"""`process-upload` through its deployment: what is published, refused, retried and left alone."""

import csv
import io

import pytest

from headgate.bucket import receipts
from tests.harness import faults
from tests.harness.runs import new_place, run

PARTLY_BAD = "id,name\n1,Ann\n2,Bob,extra\n3,Cid\n3,Cid\n"
NO_TABLE = b"PK\x03\x04" + bytes(range(256)) * 8


KEY = "uploads/20260314_143052_a1b2c3d4_people.csv"


@pytest.fixture
def partly_bad(place):
    return place.put(KEY, PARTLY_BAD)


@pytest.fixture(scope="module")
def published(stack):
    """A partly bad file in its place, and the run that published it."""
    place = new_place(stack)
    return place, run("process-upload", key=place.put(KEY, PARTLY_BAD), bucket=place.block)


def test_an_upload_is_published_and_every_row_is_accounted_for(published):
    """Good rows, bad rows with line and reason, and a receipt whose equation holds."""
    place, ended = published

    receipt = place.receipt(KEY)
    rows = receipt.rows
    assert ended.state == "Completed"
    assert ended.message == "people.csv: 4 rows in, 2 out, 1 quarantined, 1 duplicate"
    assert rows.rows_in == rows.rows_out + rows.quarantined + rows.duplicates + rows.dropped
    assert place.store.read(receipt.key()).body.decode() == "id,name\n1,Ann\n3,Cid\n"
    assert all(finding.ok for finding in receipts.verify(place.store, receipt.model_dump()))

    bad = place.store.read(receipt.key("quarantine")).body.decode()
    line = next(csv.DictReader(io.StringIO(bad)))
    assert "2,Bob,extra" in line.values()
    assert "3" in line.values()


def test_results_lie_under_one_prefix_of_the_uploads_own(published):
    """Everything published is under `processed/`, `quarantine/` or `receipts/`; no claim stays."""
    place, _ = published

    name = KEY.removeprefix("uploads/")
    made = [key for key in place.listing() if not key.startswith(("uploads/", "receipts/"))]
    assert made
    assert all(key.startswith((f"processed/{name}.", f"quarantine/{name}.")) for key in made)
    assert len({key.split("/")[2] for key in made}) == 1
    assert not place.listing("receipts/claims/")


def test_runs_and_their_steps_carry_the_files_name(published):
    """The run is named after the key, each step after the file."""
    _, ended = published

    steps = ("download", "validate", "preprocess", "upload-processed", "cleanup")
    assert ended.record.name == f"process {KEY}"
    assert {f"{step} people.csv" for step in steps} <= ended.tasks.keys()
    assert f"claim {KEY}" in ended.tasks


def test_a_run_shows_a_report_and_a_preview(published):
    """The report names what was kept back and why, and the result's keys; the preview its rows."""
    place, ended = published

    receipt = place.receipt(KEY)
    assert receipt.key() in ended.artifacts["report"].data
    assert receipt.failures[0].reason in ended.artifacts["report"].data
    assert '"name": "Cid"' in ended.artifacts["preview"].data


def test_a_bad_file_is_refused_with_the_reason_and_never_retried(place):
    """The run fails with a readable message; the receipt says why; nothing is published."""
    key = place.put("uploads/photo.csv", NO_TABLE)

    ended = run("process-upload", key=key, bucket=place.block)

    reason = place.receipt(key).reasons[0]
    assert ended.state == "Failed"
    assert ended.message.startswith("photo.csv: refused: ")
    assert reason in ended.message
    assert ended.tasks["validate photo.csv"].run_count == 1
    assert "Traceback" not in ended.log
    assert reason in ended.artifacts["report"].data
    assert not place.listing("processed/")


def test_a_file_with_a_header_and_no_row_is_refused(place):
    """The default contract asks for at least one row."""
    key = place.put("uploads/empty.csv", "id,name\n")

    ended = run("process-upload", key=key, bucket=place.block)

    assert ended.message.startswith("empty.csv: refused: ")


def test_a_missing_object_is_said_to_be_missing(place):
    """The message names the key; it is not retried and leaves nothing behind."""
    ended = run("process-upload", key="uploads/nowhere.csv", bucket=place.block)

    assert ended.state == "Failed"
    assert "uploads/nowhere.csv: There is no object under this key." in ended.message
    assert ended.tasks["claim uploads/nowhere.csv"].run_count == 1
    assert "Traceback" not in ended.log
    assert not place.listing()


def test_the_same_upload_twice_has_one_result(published):
    """The second run ends as the first did, does no work, says why, and shows what there is."""
    place, first = published
    before = place.listing()

    second = run("process-upload", key=KEY, bucket=place.block)

    assert second.state == "Completed"
    assert second.message == first.message
    assert second.tasks.keys() == {f"claim {KEY}"}
    assert "was answered before" in second.warnings
    assert second.artifacts["report"].data == first.artifacts["report"].data
    assert place.listing() == before


def test_a_fault_that_passes_is_retried(place, partly_bad):
    """A server that cannot answer for a moment costs a retry of one step, not the run."""
    with faults.proxy(place.stack.s3.url) as between:
        fault = between.add(
            lambda request: request.method == "GET" and "/uploads/" in request.target,
            faults.error("SlowDown", 503),
            times=1,
        )
        block = place.block_with(endpoint_url=between.url, attempts=1)
        ended = run("process-upload", key=partly_bad, bucket=block)

    assert fault.seen == 1
    assert ended.state == "Completed"


def test_a_run_that_fails_on_the_way_leaves_nothing_behind(place, partly_bad):
    """Refused while publishing: no result, no claim; the upload is there for another run."""
    with faults.proxy(place.stack.s3.url) as between:
        between.add(
            lambda request: request.method == "PUT" and ".parquet" in request.target,
            faults.error("AccessDenied", 403),
            times=9,
        )
        ended = run(
            "process-upload", key=partly_bad, bucket=place.block_with(endpoint_url=between.url)
        )

    assert ended.state == "Failed"
    assert "not allowed" in ended.message
    assert ended.tasks["upload-processed people.csv"].run_count == 1
    assert "cleanup people.csv" in ended.tasks
    assert place.listing() == [partly_bad]


def test_the_source_goes_where_the_options_say_so(place, partly_bad):
    """With `delete` the upload is removed once its result is published."""
    ended = run(
        "process-upload",
        key=partly_bad,
        bucket=place.block,
        options={"deliver": {"source": "delete"}},
    )

    assert ended.state == "Completed"
    assert place.listing("processed/")
    assert not place.store.exists(partly_bad)


def test_a_corrected_quarantine_file_is_an_upload_like_any_other(place, partly_bad):
    """Its run puts the rows into the result of the original, and says so."""
    run("process-upload", key=partly_bad, bucket=place.block)
    bad = place.store.read(place.receipt(partly_bad).key("quarantine")).body.decode()
    key = place.put("uploads/quarantine.csv", bad.replace(",2,Bob,", ",2,Rob,"))

    ended = run("process-upload", key=key, bucket=place.block)

    assert ended.state == "Completed"
    assert ended.message.endswith(f"corrects {partly_bad}: 4 rows in, 3 out, 1 duplicate")
    assert partly_bad in ended.artifacts["report"].data
    table = place.store.read(place.receipt(partly_bad).key()).body.decode()
    assert table == "id,name\n1,Ann\n2,Rob\n3,Cid\n"


def test_an_option_that_cannot_be_is_refused_before_the_run(place, partly_bad):
    """Bounds hold at the server's door, as they do in the form."""
    with pytest.raises(Exception, match="link_hours"):
        run("process-upload", key=partly_bad, options={"deliver": {"link_hours": 1000}})
