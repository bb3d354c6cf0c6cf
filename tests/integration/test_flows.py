"""The other journeys through their deployments: backlog, local upload, fresh links, connection."""

import asyncio
import json
import urllib.request

import pytest

from flows.upload_csv import upload_csv
from headgate.bucket.keys import CLAIMS, receipt_key
from headgate.errors import BadFileError
from headgate.journey import processing
from headgate.options import ProcessOptions
from stack.service import LOOPBACK, free_port
from tests.harness import faults
from tests.harness.runs import run

WRONG_SECRET = "not-the-secret"
ROWS = "id,name\n" + "".join(f"{n},Name {n}\n" for n in range(60))


def test_one_bad_file_never_holds_up_the_backlog(place):
    """Every good file gets its result, the bad one its reasons; a second run has nothing to do."""
    good = [place.put(f"uploads/good_{n}.csv", f"id,n\n1,{n}\n") for n in range(3)]
    bad = place.put("uploads/bad.csv", b"PK\x03\x04" + bytes(2000))

    first = run("process-backlog", bucket=place.block)
    second = run("process-backlog", bucket=place.block)

    assert first.state == "Completed"
    assert first.message.startswith(f"4 files: 3 published, 1 refused. {bad}: refused: ")
    assert first.record.name == "process the backlog"
    assert f"{bad}: refused: " in first.warnings
    assert good[0] not in first.warnings
    assert all(place.receipt(key).outcome == "published" for key in good)
    assert place.receipt(bad).outcome == "refused"
    shown = {row["key"]: row["verdict"] for row in json.loads(first.artifacts["files"].data)}
    assert shown == {bad: "refused"} | dict.fromkeys(good, "published")
    assert second.message == "0 files: nothing to do."
    assert second.artifacts == {}


def test_a_damaged_receipt_is_told_and_holds_up_no_other_file(place):
    """Without a retry, which could not help; the schedule's run leaves its upload alone."""
    damaged, good = place.put("uploads/damaged.csv", ROWS), place.put("uploads/good.csv", ROWS)
    processing.process(place.store, damaged, ProcessOptions(), owner="test")
    place.put(receipt_key(place.store.head(damaged)), '{"broken')

    alone = run("process-upload", key=damaged, bucket=place.block)
    several = run("process-batch", keys=[damaged, good], bucket=place.block)
    backlog = run("process-backlog", bucket=place.block)

    for ended in (alone, several):
        assert ended.state == "Failed"
        assert "This receipt cannot be read" in ended.message
        assert "Traceback" not in ended.log
        assert {task.run_count for task in ended.tasks.values()} == {1}
    assert several.message.startswith(f"2 files: 1 failed, 1 published. {damaged}: ")
    assert place.receipt(good).outcome == "published"
    assert backlog.message == "0 files: nothing to do."
    assert place.listing(CLAIMS) == []


def test_a_file_of_a_backlog_is_tried_again_where_that_may_help(place):
    """A server that cannot answer for a moment costs a retry of the task named after the key."""
    key = place.put("uploads/one.csv", "id,n\n1,2\n")
    with faults.proxy(place.stack.s3.url) as between:
        between.add(
            lambda request: request.method == "GET" and "/uploads/one.csv" in request.target,
            faults.error("SlowDown", 503),
            times=2,  # at the look-up, which can do without, and at the download
        )
        block = place.block_with(endpoint_url=between.url, attempts=1)
        ended = run("process-backlog", bucket=block)

    assert ended.message == "1 file: 1 published."
    assert ended.tasks[f"process {key}"].run_count == 2


def test_many_files_share_a_task(place):
    """It is named after the first and counts the others; what is bad stands out in its log.

    What is named twice is processed once.
    """
    keys = [place.put(f"uploads/{n}.csv", f"id,n\n1,{n}\n") for n in range(20)]
    keys.append(place.put("uploads/bad.csv", "id,n\n"))

    ended = run("process-batch", keys=[*keys, keys[0]], bucket=place.block)

    assert ended.message.startswith("21 files: 20 published, 1 refused. ")
    assert "uploads/bad.csv: refused: " in ended.warnings
    assert keys[0] not in ended.warnings
    assert f"process {keys[0]} and 20 others" in ended.tasks


def upload(path, bucket, **parameters):
    """Run the flow in this process: the file is on this machine, and so is the answer."""

    async def go():
        state = await upload_csv(path, bucket=bucket, return_state=True, **parameters)
        return state, await state.aresult(raise_on_failure=False)

    return asyncio.run(go())


def test_a_good_local_file_goes_up_under_a_key_of_its_own(place, tmp_path):
    """The answer has the columns, the first 50 rows, the key and the name; the file stays."""
    path = tmp_path / "people.csv"
    path.write_text(ROWS)

    state, uploaded = upload(path, place.block)

    assert state.is_completed()
    assert uploaded.columns == ("id", "name")
    assert len(uploaded.rows) == 50
    assert uploaded.rows[0] == ("0", "Name 0")
    assert uploaded.file_name == "people.csv"
    assert place.listing() == [uploaded.key]
    assert uploaded.key.startswith("uploads/")
    assert place.store.read(uploaded.key).body == ROWS.encode()
    assert path.read_text() == ROWS


def test_a_local_file_with_bad_rows_and_other_columns_goes_up_and_that_is_said(place, tmp_path):
    """What its run will keep back, and how it differs from the data set's last file."""
    first, second = tmp_path / "may.csv", tmp_path / "june.csv"
    first.write_text(ROWS)
    second.write_text(ROWS.replace("name", "mood", 1) + "60,too,many\n")
    _, uploaded = upload(first, place.block, dataset="folk")
    processing.process(place.store, uploaded.key, ProcessOptions(), owner="test")

    state, uploaded = upload(second, place.block, dataset="folk")

    assert state.message == (
        f"Uploaded as {uploaded.key}; 1 of its 61 rows will be kept back as bad; "
        "its columns differ from the last file's: 'name' is likely called 'mood' now"
    )


def test_a_local_file_that_is_sent_again_is_one_upload(place, tmp_path):
    """It arrived, but neither that nor the look whether it had was answered."""
    path = tmp_path / "people.csv"
    path.write_text(ROWS)
    with faults.proxy(place.stack.s3.url) as between:
        for method, act in (("PUT", faults.lose_answer), ("HEAD", faults.refuse)):
            between.add(lambda r, m=method: r.method == m and "uploads" in r.target, act)
        state, uploaded = upload(path, place.block_with(endpoint_url=between.url, attempts=1))

    assert state.is_completed()
    assert [fault.seen for fault in between.faults] == [1, 1]
    assert place.listing() == [uploaded.key]


def test_a_bad_local_file_is_refused_and_nothing_goes_up(place, tmp_path):
    """The run fails with the reason; the bucket stays empty and the file where it is."""
    path = tmp_path / "photo.csv"
    path.write_bytes(b"PK\x03\x04" + bytes(2000))

    state, error = upload(path, place.block)

    assert state.is_failed()
    assert isinstance(error, BadFileError)
    assert state.message == str(error)
    assert not place.listing()
    assert path.exists()


def test_a_link_leads_to_the_result(place):
    """The run of an upload shows one if its options ask for it, and a later run a fresh one."""
    key = place.put("uploads/one.csv", "id,n\n1,2\n")
    asked = {"deliver": {"show_link": True}}

    first = run("process-upload", key=key, bucket=place.block, options=asked)
    fresh = run("presign-result", key=key, bucket=place.block, hours=2)

    assert fresh.message.startswith("Works until ")
    for ended in (first, fresh):
        link = ended.artifacts["download"].data
        with urllib.request.urlopen(link[link.index("(") + 1 : link.rindex(")")]) as answer:
            assert answer.read() == b"id,n\n1,2\n"


def test_a_link_to_what_has_no_result_is_refused_in_words(place):
    """The message says that there is no result yet."""
    key = place.put("uploads/one.csv", "id,n\n1,2\n")

    ended = run("presign-result", key=key, bucket=place.block)

    assert ended.state == "Failed"
    assert "has no result yet" in ended.message


def test_a_connection_that_works_passes_every_step(place):
    """An empty bucket is fine; the full check leaves nothing behind."""
    ended = run("check-connection", bucket=place.block, full=True)

    steps = json.loads(ended.artifacts["check"].data)
    assert ended.message == f"All {len(steps)} steps passed."
    assert all(step["ok"] for step in steps)
    assert not place.listing()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"secret_access_key": WRONG_SECRET}, "AWS_SECRET_ACCESS_KEY"),
        ({"endpoint_url": f"http://{LOOPBACK}:{free_port()}", "attempts": 1}, "endpoint URL"),
    ],
    ids=["wrong secret", "endpoint down"],
)
def test_each_way_a_connection_fails_is_told_apart(place, change, says):
    """The run's message says what is wrong and which setting to look at; no traceback, no retry."""
    ended = run("check-connection", bucket=place.block_with(**change))

    assert ended.state == "Failed"
    assert says in ended.message
    assert "Traceback" not in ended.log
    assert WRONG_SECRET not in ended.message + ended.log
