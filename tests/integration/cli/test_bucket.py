"""The commands that look after a bucket: links, checks of results, of access, and housekeeping."""

import shlex
import urllib.request

import pytest

from headgate.bucket import keys
from headgate.journey import processing, results
from headgate.options import ProcessOptions
from stack.service import LOOPBACK, free_port
from tests.harness.command import PEOPLE
from tests.harness.stores import READER


def test_upload_says_which_columns_a_few_values_keep_text(headgate, place, tmp_path):
    """As `inspect` does: the one who sends the file can put them right before its table is made."""
    path = tmp_path / "ages.csv"
    path.write_text("id,age\n" + "".join(f"{n},{n}\n" for n in range(99)) + "99,abc\n")
    done = headgate("upload", path, **place.environment())
    assert "99 of 100 are whole numbers, but 'abc' on line 101 is not." in done.out


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
