"""`headgate process` and `backlog`, with Prefect and without."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

from cli import process as command
from headgate.bucket import receipts
from headgate.bucket.keys import claim_key
from headgate.bucket.store import connect
from headgate.journey import processing
from headgate.options import ProcessOptions
from stack.running import ROOT
from stack.service import LOOPBACK, free_port
from tests.harness.command import PEOPLE
from tests.harness.runs import Place, new_place
from tests.harness.stores import settings_for


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
