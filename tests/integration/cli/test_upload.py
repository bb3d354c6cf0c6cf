"""`headgate upload`: what is told of a file, and what is sent."""

import json
import re
import shlex
import urllib.request

import pytest

from headgate.errors import NoRoomError, TransientError
from headgate.journey import corrections, intake, processing
from headgate.options import ProcessOptions
from stack.service import LOOPBACK, free_port
from tests.harness.command import PEOPLE


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


def test_a_wide_table_is_previewed_in_the_columns_that_fit(headgate, place, tmp_path):
    """No line of the preview is wider than the terminal, and the rest is counted."""
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join(f"{name}_{n:08}" for n in range(60)) for name in "abc"))

    told = headgate("upload", path, **place.environment()).out

    assert "First rows (25 of 60 columns)" in told
    assert "a_00000024" in told
    assert "a_00000025" not in told


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
