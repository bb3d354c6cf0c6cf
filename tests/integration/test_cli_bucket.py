"""The commands that need a bucket, as a person or a program runs them."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import urllib.request

import pytest

from cli import process as command
from headgate.bucket import keys, receipts
from headgate.bucket.keys import claim_key
from headgate.bucket.store import connect
from headgate.errors import NoRoomError, TransientError
from headgate.journey import corrections, intake, processing, results
from headgate.options import ProcessOptions
from stack.running import ROOT
from stack.service import LOOPBACK, free_port
from tests.harness.runs import Place, new_place
from tests.harness.stores import READER, settings_for

PEOPLE = "id,name\n" + "".join(f"{n},Name {n}\n" for n in range(60))


@pytest.fixture(scope="module")
def place(stack):
    return new_place(stack)


@pytest.fixture
def key(place):
    """An upload that has its result."""
    key = place.put("uploads/people.csv", PEOPLE)
    processing.process(place.store, key, ProcessOptions(), owner="test")
    return key


def test_upload_answers_with_key_columns_and_50_rows(headgate, place, tmp_path):
    """The JSON has what the flow returns, and the object is there."""
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)

    uploaded = headgate("upload", path, "--json", **place.environment()).json

    assert uploaded["file_name"] == "people.csv"
    assert uploaded["columns"] == ["id", "name"]
    assert len(uploaded["rows"]) == 50
    assert (uploaded["rows_in"], uploaded["quarantined"], uploaded["contract"]) == (
        60,
        0,
        "default",
    )
    assert place.store.read(uploaded["key"]).body.decode() == PEOPLE


def test_upload_says_which_columns_a_few_values_keep_text(headgate, place, tmp_path):
    """As `inspect` does: the one who sends the file can put them right before its table is made."""
    path = tmp_path / "ages.csv"
    path.write_text("id,age\n" + "".join(f"{n},{n}\n" for n in range(99)) + "99,abc\n")
    done = headgate("upload", path, **place.environment())
    assert "99 of 100 are whole numbers, but 'abc' on line 101 is not." in done.out


def test_a_corrected_quarantine_file_finds_its_way(headgate, place, tmp_path):
    """`upload` puts it beside its original, whatever the contract; `link` then gives the whole."""
    key = place.put("uploads/crew/people.csv", PEOPLE + "60\n")
    first = headgate("process", key, "--json", **place.environment()).json
    (kept,) = [each["key"] for each in first["outputs"] if each["role"] == "quarantine"]
    path = tmp_path / "quarantine.csv"
    path.write_bytes(place.store.read(kept).body.replace(b",60,,", b",60,Zoe,"))

    uploaded = headgate("upload", path, "--json", **place.environment()).json
    sent = uploaded["key"]
    told = headgate("process", sent, "--json", **place.environment()).json

    assert uploaded["corrects"] == key
    assert uploaded["corrected"] == {"rows": 1, "cells": {"name": 1}}
    assert sent.startswith("uploads/crew/")
    assert (told["corrects"], told["rows"]["rows_out"]) == (key, 61)
    url = headgate("link", key, "--json", **place.environment()).json["url"]
    with urllib.request.urlopen(url) as answer:
        assert answer.read().endswith(b"60,Zoe\n")
    assert headgate("verify", sent, **place.environment()).code == 0


def test_a_corrected_quarantine_file_is_judged_before_it_is_sent(headgate, place, tmp_path):
    """Beside the result that it corrects: how much it puts right, or why it would be refused."""
    key = place.put("uploads/people.csv", PEOPLE + "60\n61,Una,x\n")
    processing.process(place.store, key, ProcessOptions(), owner="test")
    kept = place.store.read(place.receipt(key).key("quarantine")).body
    path = tmp_path / "quarantine.csv"
    before = place.listing()

    for body, why in [
        (kept, "No row was corrected"),
        (kept.replace(b"\n63,", b"\n99,"), "_line says 99"),
        (kept.replace(b"people.csv!", b"else.csv!"), "has no result here"),
    ]:
        path.write_bytes(body)
        done = headgate("upload", path, **place.environment())
        assert done.code == 3
        assert why in done.err
    assert place.listing() == before

    path.write_bytes(kept.replace(b",60,,", b",60,Zoe,"))
    done = headgate("upload", path, **place.environment())
    assert f"It corrects {key}: 1 row, 1 cell." in done.out
    assert "First rows" not in done.out  # they would be columns that are not the file's own

    place.put(key, PEOPLE)
    assert "deleted or overwritten" in headgate("upload", path, **place.environment()).err


def test_rows_that_are_still_bad_are_told_before_they_are_sent(headgate, place, tmp_path):
    """By line, column and reason in the upload that they belong to, as a run will find them."""
    key = place.put("uploads/people.csv", PEOPLE + "60\n61,Una,x\n")
    processing.process(place.store, key, ProcessOptions(), owner="test")
    path = tmp_path / "quarantine.csv"
    kept = place.store.read(place.receipt(key).key("quarantine")).body
    path.write_bytes(kept.replace(b",60,,", b",60,Zoe,"))

    done = headgate("upload", path, **place.environment())

    assert "It corrects uploads/people.csv: 1 row, 1 cell." in done.out
    assert "1 of its 62 rows will still be kept back as bad." in done.out
    (bad,) = re.findall(r"^ *has 3 cells .* 1 +(\d+) *$", done.out, re.MULTILINE)
    (sent,) = re.findall(r"as (uploads/\S+)", done.out)
    processing.process(place.store, sent, ProcessOptions(), owner="test")
    (failure,) = place.receipt(key).failures
    assert [str(each.line) for each in failure.examples] == [bad] == ["63"]


def test_a_large_upload_is_not_read_again_before_its_rows_are_sent(
    headgate, place, tmp_path, monkeypatch
):
    """What is still bad there is told by the run."""
    key = place.put("uploads/people.csv", PEOPLE + "60\n")
    processing.process(place.store, key, ProcessOptions(), owner="test")
    path = tmp_path / "quarantine.csv"
    kept = place.store.read(place.receipt(key).key("quarantine")).body
    path.write_bytes(kept.replace(b",60,,", b",60,Zoe,"))
    monkeypatch.setattr(corrections, "LOOK_MIB", 0)

    done = headgate("upload", path, **place.environment())

    assert done.code == 0
    assert "Which of its rows are still bad is told once it is processed." in done.out


def test_several_files_are_sent_at_once_and_a_bad_one_holds_up_no_other(headgate, place, tmp_path):
    """Each has a line of its own; the code is the worst of theirs. Options may stand between."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(PEOPLE)
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    files = [tmp_path / name for name in ("a.csv", "nowhere.csv", "photo.csv", "b.csv")]

    done = headgate("upload", *files, **place.environment())
    told = headgate("upload", files[0], "--json", *files[1:], **place.environment())

    assert done.code == told.code == 3
    assert re.findall("Uploaded (.*) as", done.out) == ["a.csv", "b.csv"]
    assert "Uploaded 2 of 4 files." in done.out
    assert done.err == told.err
    assert re.findall("^(.*): ", done.err, re.MULTILINE)[:2] == [str(files[1]), "photo.csv"]
    a, nowhere, photo, b = map(json.loads, told.out.splitlines())
    assert place.store.exists(a["key"])
    assert place.store.exists(b["key"])
    assert "no such file" in nowhere["error"]
    assert photo["file_name"] == "photo.csv"


def test_what_was_sent_is_told_where_the_store_fails_at_the_next_file(
    headgate, place, tmp_path, monkeypatch
):
    """A file that the disk has no room for holds up no other; a store that is away does."""
    files = [tmp_path / name for name in ("large.csv", "a.csv", "b.csv", "c.csv")]
    for file in files:
        file.write_text(PEOPLE)
    send, answers = intake.upload, [NoRoomError("It is full."), None, TransientError("It is away.")]

    def upload(*arguments):
        if error := answers.pop(0):
            raise error
        return send(*arguments)

    monkeypatch.setattr(intake, "upload", upload)
    done = headgate("upload", *files, **place.environment())

    assert done.code == 6
    assert f"{files[0]}: It is full.\nIt is away." in done.err
    assert "Uploaded 1 of 4 files." in done.out


def test_a_bad_file_is_not_uploaded(headgate, place, tmp_path):
    """It is refused with code 3 and the bucket stays as it was."""
    path = tmp_path / "photo.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    before = place.listing()

    done = headgate("upload", path, **place.environment())

    assert done.code == 3
    assert "photo.csv" in done.err
    assert place.listing() == before


def test_process_without_prefect_prints_the_receipt(headgate, place):
    """The row equation stands in it."""
    key = place.put("uploads/more.csv", PEOPLE)

    receipt = headgate("process", key, "--json", **place.environment()).json

    rows = receipt["rows"]
    assert receipt["outcome"] == "published"
    assert rows["rows_in"] == 60
    assert rows["rows_in"] == sum(count for name, count in rows.items() if name != "rows_in")


def test_what_process_tells_is_plain_text(headgate, place):
    """Rows, reasons, and whole keys on lines of their own; it ends with how to get a link."""
    key = place.put("uploads/with a space.csv", PEOPLE + "60\n")

    said = headgate("process", key, **place.environment(), COLUMNS="40").out

    assert said.startswith("with a space.csv: 61 rows in, 60 out, 1 quarantined\nRead as utf-8")
    assert "has 1 cell where the table has 2 columns" in said
    (table,) = re.findall(r"^table, .* bytes: (.*)$", said, re.MULTILINE)
    assert place.store.exists(table)
    assert said.splitlines()[-1].endswith(f"headgate link '{key}'")
    assert not set(said) & set("#`|")


def test_an_upload_that_was_answered_before_says_so(headgate, place, key):
    """The options of a second `process` do not count, and one line tells so."""
    done = headgate("process", key, "--header-rows", "0", **place.environment())

    assert "was answered before" in done.out
    assert done.out.endswith("UTC, with other options; --force processes it again.\n")
    forced = headgate("process", key, "--force", **place.environment())
    assert "was answered before" not in forced.out


def test_an_answer_to_another_who_was_first_says_so(headgate, place, monkeypatch):
    """Where a watcher processes the upload in its own way, the same line tells of it."""
    key = place.put("uploads/watched.csv", PEOPLE)
    process = command._process

    def after_the_watcher(key, options):
        processing.process(place.store, key, ProcessOptions(), owner="watcher")
        return process(key, options)

    monkeypatch.setattr(command, "_process", after_the_watcher)
    done = headgate("process", key, "--source", "archive", **place.environment())

    assert done.out.endswith("UTC, with other options; --force processes it again.\n")


def test_process_with_prefect_is_a_run_and_still_prints_only_json(stack):
    """With PREFECT_API_URL the same command is seen in the UI; logs go to standard error."""
    place = Place(stack, connect(settings_for(stack.s3, stack.bucket)))
    key = place.put("uploads/people.part", PEOPLE)  # a name that the watcher leaves alone

    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "process", key, "--json"],
        env=os.environ | place.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout)["outcome"] == "published"
    assert f"process {key}" in done.stderr
    assert done.stderr.count("View at") == 1
    assert "leaked" not in done.stderr


STOPPED = """
import os, signal, time
from cli.main import main
from headgate.journey import steps

def validate(*_):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(600)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
steps.validate = validate
main()
"""


@pytest.mark.parametrize("prefect", [True, False], ids=["with Prefect", "without"])
def test_ctrl_c_stops_the_step_under_way_and_tells_how_the_upload_stands(stack, prefect):
    """Nothing is published any more, no claim is left, and what was published before stays."""
    place = Place(stack, connect(settings_for(stack.s3, stack.bucket)))
    key = place.put(f"uploads/stopped {prefect}.part", PEOPLE)
    variables = place.environment() if prefect else place.environment(PREFECT_API_URL="")

    def stop(*flags):
        return subprocess.run(
            [sys.executable, "-c", STOPPED, "process", key, *flags],
            env=os.environ | variables,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    first = stop()
    receipt = processing.process(place.store, key, ProcessOptions(), owner="test")
    again = stop("--force")

    assert first.returncode == again.returncode == 130
    assert "Stopped. Nothing was published: the upload waits for the next run." in first.stderr
    assert "Stopped. The upload's answer of " in again.stderr
    assert "Traceback" not in first.stderr + again.stderr
    assert ("Crashed" in first.stderr) == prefect
    assert place.receipt(key) == receipt


STOPPED_AMONG_SEVERAL = """
import os, signal, sys, time
from cli.main import main
from headgate.journey import steps
from headgate.bucket import backlog

def validate(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(2)
    return real(*arguments)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
real, steps.validate = steps.validate, validate
keys = sys.argv.pop().split()
backlog.pending = lambda store: map(store.head, keys)
main()
"""


@pytest.mark.parametrize("files", [2, 21], ids=["a task for each", "tasks of several"])
def test_ctrl_c_lets_the_files_at_work_end_in_a_run_of_several(stack, files):
    """As it does without Prefect: no claim is left, and no other file is begun."""
    place = Place(stack, connect(settings_for(stack.s3, stack.bucket)))
    keys = [place.put(f"uploads/{n}_of_{files}.part", PEOPLE) for n in range(files)]
    words = ["backlog", "--concurrency", "1", " ".join(keys)]

    done = subprocess.run(
        [sys.executable, "-c", STOPPED_AMONG_SEVERAL, *words],
        env=os.environ | place.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 130
    assert "Stopped. `headgate backlog` takes up the rest." in done.stderr
    assert "Traceback" not in done.stderr
    uploads = [place.store.head(key) for key in keys]
    assert sum(receipts.find(place.store, upload) is not None for upload in uploads) == 1
    assert not any(place.store.exists(claim_key(upload)) for upload in uploads)


def test_process_does_not_leave_the_environments_bucket_for_prefects(headgate, place, stack):
    """Where the block in Prefect leads elsewhere, both places are named and nothing is done."""
    key = place.put("uploads/elsewhere.part", PEOPLE)
    before = place.listing()

    done = headgate(
        "process", key, server=stack.variables["PREFECT_API_URL"], **place.environment()
    )

    assert done.code == 4
    assert f"s3://{place.store.bucket}/{place.store.folder}".rstrip("/") in done.err
    assert f"s3://{stack.bucket} at" in done.err
    assert "headgate register" in done.err
    assert place.listing() == before


@pytest.mark.parametrize("words", [("process", "uploads/a.csv"), ("backlog",)])
def test_a_prefect_server_that_is_away_is_named(headgate, place, words):
    """No traceback, and no journey behind Prefect's back."""
    url = f"http://{LOOPBACK}:{free_port()}/api"

    done = headgate(*words, server=url, **place.environment())

    assert done.code == 6
    assert f"No Prefect server answers at {url}." in done.err
    assert "Traceback" not in done.err


def test_an_address_without_api_is_put_right(headgate, place):
    """The UI's address is the most likely mistake: the message has the one to set."""
    url = f"http://{LOOPBACK}:{free_port()}"

    done = headgate("backlog", server=url, **place.environment())

    assert done.code == 6
    assert f"PREFECT_API_URL={url}/api" in done.err


@pytest.mark.parametrize("command", ["register", "worker", "watch"])
def test_the_operators_commands_need_a_server(headgate, place, command):
    """They do not start a temporary one."""
    done = headgate(command, **place.environment())

    assert done.code == 4
    assert "No Prefect server is named." in done.err


def test_a_link_can_be_fetched(headgate, place, key):
    """`link` gives the address of the table made from an upload."""
    done = headgate("link", key, "--json", **place.environment())

    with urllib.request.urlopen(done.json["url"]) as answer:
        assert answer.read().startswith(b"id,name\n0,Name 0\n")


@pytest.mark.parametrize("command", ["process", "link", "verify"])
def test_an_address_stands_for_the_key_in_it(headgate, place, key, command):
    """One of another bucket or folder is refused, and so is that of the bucket itself."""
    bucket, folder = place.store.where(), f"s3://{place.store.bucket}/another/{key}"

    assert headgate(command, place.store.where(key), **place.environment()).code == 0
    for address in (f"s3://another/{key}", folder, bucket):
        done = headgate(command, address, **place.environment())
        assert done.code == 2
        assert f"{address}: This is no address of an object in {bucket}." in done.err


def test_a_link_stands_alone_on_standard_output(headgate, place, key):
    """So that `$(headgate link KEY)` is the link; until when it works is told beside it."""
    done = headgate("link", key, **place.environment())

    with urllib.request.urlopen(done.out.removesuffix("\n")) as answer:
        assert answer.read().startswith(b"id,name\n0,Name 0\n")
    assert done.err.startswith("Works until ")


def test_verify_finds_every_output_and_notices_a_change(headgate, place, key):
    """Code 0 while all is as the receipt says, 1 once an output has changed."""
    recipe = place.receipt(key).key("recipe")

    good = headgate("verify", key, "--json", **place.environment())
    kept = place.store.read(recipe).body
    place.store.put(recipe, b"other")
    bad = headgate("verify", key, "--json", **place.environment())
    place.store.put(recipe, kept)

    assert good.code == 0
    assert all(finding["ok"] for finding in good.json)
    assert bad.code == 1
    assert [finding["key"] for finding in bad.json if not finding["ok"]] == [recipe]
    assert f"headgate process {key} --force" in bad.err


def test_verify_tells_how_to_make_the_same_result_anew(headgate, place):
    """With the options that it was made with, and where its source is that was put away."""
    key = place.put("uploads/to model.csv", PEOPLE)
    options = ("--mode", "model", "--target", "id", "--model.fill", "mean", "--source", "archive")
    made = headgate("process", key, *options, "--json", **place.environment()).json
    place.store.put(made["outputs"][0]["key"], b"other")

    bad = headgate("verify", key, **place.environment())
    place.put(key, PEOPLE)
    command = shlex.split(bad.err.rpartition("To make the result anew: headgate ")[2])
    again = headgate(*command, "--json", **place.environment()).json

    assert bad.code == 1
    assert f"{key}: This upload was archived once it was done" in bad.err
    assert again["outputs"][0]["sha256"] == made["outputs"][0]["sha256"]
    assert again["options"]["prepare"] == made["options"]["prepare"]
    assert headgate("verify", key, **place.environment()).code == 0


def test_verify_names_the_upload_whose_corrected_result_is_to_be_made_anew(headgate, place):
    """To process the corrected rows again would leave that result as it is."""
    key = place.put("uploads/staff.csv", PEOPLE + "60\n")
    headgate("process", key, "--clean.names", "tidy", **place.environment())
    kept = place.store.read(place.receipt(key).key("quarantine")).body
    sent = place.put("uploads/staff kept.csv", kept.replace(b",60,,", b",60,Zoe,"))
    receipt = processing.process(place.store, sent, ProcessOptions(), owner="test")
    place.store.put(receipt.key(), b"other")

    bad = headgate("verify", sent, **place.environment())

    assert bad.code == 1
    assert f"headgate process {key} --clean.names=tidy --force" in bad.err


@pytest.mark.parametrize("policy", ["archive", "delete"])
def test_the_result_of_a_source_that_was_put_away_is_found(headgate, place, policy):
    """`link` and `verify` take the key that the upload had."""
    key = place.put(f"uploads/{policy}d.csv", PEOPLE)
    headgate("process", key, "--source", policy, **place.environment())
    assert not place.store.exists(key)

    link = headgate("link", key, "--json", **place.environment())
    verified = headgate("verify", key, "--json", **place.environment())

    with urllib.request.urlopen(link.json["url"]) as answer:
        assert answer.read().startswith(b"id,name")
    assert verified.code == 0
    assert all(finding["ok"] for finding in verified.json)


@pytest.mark.parametrize("policy", ["archive", "delete"])
def test_a_source_that_was_put_away_cannot_be_forced(headgate, place, policy):
    """The message says where it is and what to do; then it works."""
    key = place.put(f"uploads/{policy}d again.csv", PEOPLE)
    headgate("process", key, "--source", policy, **place.environment())

    done = headgate("process", key, "--force", **place.environment())

    assert done.code == 5
    assert f"{key}: This upload was archived" in done.err
    archived = keys.archive_key(results.find_receipt(place.store, key).source.upload)
    assert (place.store.where(archived) in done.err) == (policy == "archive")
    place.put(key, PEOPLE)
    again = headgate("process", key, "--force", **place.environment())
    assert again.code == 0


@pytest.mark.parametrize("command", ["verify", "link"])
def test_a_refused_upload_has_nothing_to_verify_or_link(headgate, place, command):
    """The reasons are told; it does not pass for verified."""
    key = place.put(f"uploads/{command}.csv", b"PK\x03\x04" + bytes(2000))
    processing.process(place.store, key, ProcessOptions(), owner="test")

    done = headgate(command, key, **place.environment())

    assert done.code == 3
    assert "This upload was refused, and nothing was published." in done.err
    assert place.receipt(key).reasons[0] in done.err


def test_a_wide_table_is_previewed_in_the_columns_that_fit(headgate, place, tmp_path):
    """No line of the preview is wider than the terminal, and the rest is counted."""
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join(f"{name}_{n:08}" for n in range(60)) for name in "abc"))

    told = headgate("upload", path, **place.environment()).out

    assert "First rows (25 of 60 columns)" in told
    assert "a_00000024" in told
    assert "a_00000025" not in told


@pytest.mark.parametrize(
    "words", [("link", "processed/"), ("process", "uploads/"), ("process", "uploads/a/")]
)
def test_a_folder_is_no_upload_and_has_no_link(headgate, place, words):
    """Also where the store has an object for it; nothing is claimed."""
    place.put(words[1], b"")
    before = place.listing()

    done = headgate(*words, **place.environment())

    assert done.code == 2
    assert f"{words[1]}: This is a folder" in done.err
    assert place.listing() == before


def test_a_name_of_half_written_files_is_refused(headgate, place, tmp_path):
    """No run would take such an upload, so it is not sent."""
    file = tmp_path / "people.csv.part"
    file.write_text(PEOPLE)
    before = place.listing("uploads/")
    done = headgate("upload", file, **place.environment())

    assert done.code == 2
    assert "people.csv.part: Its name says that the file is half-written" in done.err
    assert place.listing("uploads/") == before


def test_upload_refuses_drift_before_it_sends(headgate, place, tmp_path):
    """From the data set's last accepted file, where it is asked to; other files have none."""
    headgate("process", place.put("uploads/folk/may.csv", PEOPLE), **place.environment())
    path = tmp_path / "june.csv"
    path.write_text(PEOPLE.replace("name", "mood", 1))
    words, before = ("upload", path, "--drift", "refuse"), place.listing()

    done = headgate(*words, "--dataset", "folk", **place.environment())

    assert done.code == 3
    assert "june.csv, header: The columns changed since the last accepted file: 'name'" in done.err
    assert place.listing() == before
    assert headgate(*words, **place.environment()).code == 0


def test_upload_tells_of_drift_that_a_run_would_accept(headgate, place, tmp_path):
    """It is what the run's receipt will say; the file is sent nevertheless."""
    headgate("process", place.put("uploads/tribe/may.csv", PEOPLE), **place.environment())
    path = tmp_path / "june.csv"
    path.write_text(PEOPLE.replace("name", "mood", 1))
    words = ("upload", path, "--dataset", "tribe")

    done = headgate(*words, **place.environment())
    told = headgate(*words, "--json", **place.environment()).json
    headgate("process", told["key"], **place.environment())

    assert done.code == 0
    assert "'name' is likely called 'mood' now" in done.out
    drift = place.receipt(told["key"]).model_dump(mode="json")["drift"]
    assert told["drift"] == drift != []


def test_upload_shows_no_column_that_will_be_set_aside(headgate, place, tmp_path):
    """Each cell of the preview stands below its own name."""
    headgate("process", place.put("uploads/crowd/may.csv", PEOPLE), **place.environment())
    path = tmp_path / "june.csv"
    path.write_text("mood,id,name\nfine,1,Ada\nfair,2,Grace\n")

    words = ("--dataset", "crowd", "--drift", "set-aside", "--json")
    done = headgate("upload", path, *words, **place.environment())

    assert done.json["columns"] == ["id", "name"]
    assert done.json["rows"][0] == ["1", "Ada"]


def test_upload_tells_of_bad_rows_and_what_comes_next(headgate, place, tmp_path):
    """The next command stands there to be copied."""
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE + "60,too,many,cells\n")

    told = headgate("upload", path, **place.environment()).out

    assert "1 of its 61 rows will be kept back as bad." in told
    assert "headgate process uploads/" in told
    assert "processed by itself" in told


def test_what_comes_next_has_the_options_of_the_check(headgate, place, tmp_path):
    """A file that is good with them alone would be refused by a run without them."""
    path = tmp_path / "two tables.csv"
    path.write_text("a;b\n1;2\n3;4\n\n\nc;d;e\nx;y;z\nu;v;w\n")

    told = headgate("upload", path, "--table", "2", **place.environment()).out
    words = shlex.split(told.splitlines()[-1])

    assert "without these options" in told
    assert headgate(*words[1:], **place.environment()).code == 0


def test_upload_says_which_contract_held(headgate, place, tmp_path):
    """A mistyped data set does not pass unseen."""
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)

    done = headgate("upload", path, "--dataset", "pengiuns", **place.environment())

    said = "there is no contract named 'pengiuns'; the default holds"
    assert f"Held to the contract default; {said}." in done.out


def test_backlog_processes_what_waits_and_then_has_nothing_to_do(headgate, stack):
    """A refused file is an answer, not a failure: code 0. The options hold for each file.

    Claims and receipts name the process, which someone may want to find.
    """
    place = new_place(stack)
    place.put("uploads/a.csv", "id,n\n1,2\n")
    place.put("uploads/b.csv", b"PK\x03\x04" + bytes(2000))

    first = headgate("backlog", "--clean.names", "tidy", "--json", **place.environment())
    second = headgate("backlog", **place.environment())

    assert first.code == 0
    assert {each["key"]: each["verdict"] for each in first.json} == {
        "uploads/a.csv": "published",
        "uploads/b.csv": "refused",
    }
    assert not any(each["detail"].startswith("refused") for each in first.json)
    assert place.receipt("uploads/a.csv").options.prepare.clean.names == "tidy"
    assert place.receipt("uploads/a.csv").run == f"process {os.getpid()} on {socket.gethostname()}"
    assert "Nothing to do: every upload has its answer." in second.out
    assert "headgate status --only refused" in second.out


@pytest.mark.parametrize(
    "words",
    [
        ["upload", "people.csv"],
        ["upload", "people.csv", "--json"],
        ["backlog"],
        ["status"],
        ["link", "uploads/people.csv"],
    ],
)
def test_a_command_says_once_that_it_waits_for_the_store(
    headgate, place, tmp_path, monkeypatch, words
):
    """Before it gives up; what programs read on standard output is as without."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(PEOPLE)
    down = {"AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{free_port()}", "HEADGATE_ATTEMPTS": "3"}
    done = headgate(*words, **place.environment(**down))
    assert done.code == 6
    assert done.err.count("Waiting for the store") == 1
    assert "Waiting" not in done.out


def test_a_delimiter_that_splits_nothing_publishes_nothing(headgate, place):
    """`process` refuses it as `clean` and `upload` do; corrected rows are read as they are."""
    key = place.put("uploads/commas.csv", PEOPLE + "60\n")
    done = headgate("process", key, "--delimiter", ";", **place.environment())
    assert done.code == 2
    assert "';' does not split this file into columns; ',' does.\nLeave --delimiter out" in done.err
    receipt = processing.process(place.store, key, ProcessOptions(), owner="test")
    kept = place.store.read(receipt.key("quarantine")).body
    sent = place.put("uploads/kept.csv", kept.replace(b",60,,", b",60,Zoe,"))
    assert headgate("process", sent, "--delimiter", ";", **place.environment()).code == 0


def test_a_missing_object_ends_with_5(headgate, place):
    """The message names the key."""
    done = headgate("process", "uploads/nowhere.csv", **place.environment())

    assert done.code == 5
    assert "uploads/nowhere.csv" in done.err
    assert "begin with" not in done.err


@pytest.mark.parametrize(("around", "code"), [("{} ", 5), ("{}\n", 5), (" {}", 2)])
def test_white_space_that_came_with_a_key_is_told(headgate, place, key, around, code):
    """It cannot be seen, and the name of an object may hold it."""
    done = headgate("process", around.format(key), **place.environment())

    assert done.code == code
    assert "White space stands around the key" in done.err


@pytest.mark.parametrize(
    ("named", "says"),
    [("", "No key is named."), ("https://store/b/uploads/a.csv?X-Amz-Signature=1", "is a link")],
)
def test_what_is_no_key_is_answered_in_words(headgate, place, named, says):
    """A link is a secret, so it is not repeated."""
    done = headgate("link", named, **place.environment())

    assert done.code == 2
    assert says in done.err
    assert "Signature" not in done.err


@pytest.mark.parametrize("command", ["process", "verify"])
def test_a_key_outside_of_uploads_is_no_uploads(headgate, place, command):
    """Who leaves the folder out, or names a result instead, is told of it; nothing is done."""
    place.put("processed/data.csv", PEOPLE)
    before = place.listing()

    for key in ("people.csv", "processed/data.csv"):
        done = headgate(command, key, **place.environment())
        assert done.code == 2
        assert "Keys of uploads begin with uploads/;" in done.err
    assert place.listing() == before


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "stranger"}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_BUCKET_NAME": "no-such-bucket"}, "AWS_BUCKET_NAME"),
        (dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), READER, strict=True)), "allowed"),
        ({"AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{free_port()}"}, "endpoint URL"),
    ],
    ids=[
        "wrong secret",
        "unknown key",
        "no credentials",
        "no such bucket",
        "access denied",
        "endpoint down",
    ],
)
def test_check_tells_each_failure_apart(headgate, place, variables, says):
    """One line for each step; the one that fails says which setting to look at."""
    done = headgate("check", "--json", HEADGATE_ATTEMPTS="1", **place.environment(**variables))

    *passed, failed = done.json
    assert done.code == (6 if says == "endpoint URL" else 4), "6 is what may pass by itself"
    assert all(step["ok"] for step in passed)
    assert not failed["ok"]
    assert says in f"{failed['detail']} {failed['todo']}"


def test_https_to_a_store_without_tls_is_told_from_one_that_is_down(headgate, place):
    """Something answers there; what to change is the scheme, and no try is made again."""
    url = place.environment()["AWS_ENDPOINT_URL"].replace("http:", "https:")

    done = headgate("check", **place.environment(AWS_ENDPOINT_URL=url))

    assert done.code == 4
    assert "does not speak TLS" in done.out
    assert "Nothing answers" not in done.out


def test_a_name_that_no_bucket_can_have_is_answered_in_words(headgate, place):
    """Which letters it may have; no pattern for programs."""
    done = headgate("check", **place.environment(AWS_BUCKET_NAME="My_Bucket!"))

    assert done.code == 4
    assert "This cannot be the name of a bucket." in done.out
    assert "3 to 63 lower-case letters" in done.out
    assert "regex" not in done.out


def test_a_full_check_passes_and_leaves_nothing(headgate, place):
    """Every kind of request works on the embedded server."""
    before = place.listing()

    done = headgate("check", "--full", **place.environment())

    assert done.code == 0
    assert "✗" not in done.out
    assert "conditional" in done.out
    assert place.listing() == before


def test_housekeeping_says_what_it_would_remove_and_removes_it(headgate, place):
    """Without an age it leaves quarantine alone."""
    place.store.client.create_multipart_upload(**place.store.at("processed/unfinished"))

    told = headgate("housekeeping", **place.environment())
    done = headgate("housekeeping", "--remove", "--json", **place.environment())

    assert told.code == done.code == 0
    assert "Would remove 0 leftovers." in told.out  # it may still be under way
    assert done.json == []
