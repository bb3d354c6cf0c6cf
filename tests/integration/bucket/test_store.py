"""Objects go in and out whole, under exactly their keys."""

import os
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headgate.bucket import transfer
from headgate.bucket.errors import PreconditionError
from headgate.bucket.links import presign
from headgate.bucket.store import FIRST_BYTES, MIB, Store
from headgate.errors import (
    ExpiredCredentialsError,
    NoRoomError,
    NoSuchObjectError,
    ObjectChangedError,
    SettingsError,
)
from tests.harness.stores import behind, new_store, put_upload, requests_of

ODD_NAMES = [
    "with space.csv",
    "plus+and%20percent.csv",
    "ünïcödé 日本 😀.csv",
    "<&>\"'.csv",
    "a?b=c#d.csv",
    "deep/" + "/".join("x" * 90 for _ in range(9)) + "/end.csv",
]


def own_client(endpoint):
    """A store whose client no other test shares, for credentials that are tampered with."""
    return behind(endpoint.url, new_store(endpoint))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_key_goes_in_and_out_unchanged(store, name, tmp_path):
    """Put, head, list, download, presign and delete all mean the same object."""
    key = f"uploads/{name}"
    body = f"a\n{name}\n".encode()
    upload = put_upload(store, key, body)
    assert [item.key for item in store.list("uploads/")] == [key]
    assert transfer.download(store, upload, tmp_path / "x").path.read_bytes() == body
    with urllib.request.urlopen(presign(store, key, 1).url.get_secret_value()) as answer:
        assert answer.read() == body
    store.delete(key)
    assert not store.exists(key)


def test_a_link_may_say_what_the_file_is_called_where_it_is_saved(store):
    """On each server, and in any script."""
    store.put("data.csv", b"a\n1\n")
    link = presign(store, "data.csv", 1, saved_as="города-data.csv")
    with urllib.request.urlopen(link.url.get_secret_value()) as answer:
        assert answer.headers["Content-Disposition"].endswith("%D0%B0-data.csv")


def test_a_folder_is_kept_out_of_every_key(endpoint, tmp_path):
    """Two stores in one bucket do not see each other."""
    whole = new_store(endpoint)
    team = Store(whole.client, whole.bucket, f"{whole.folder}team/a/")
    upload = put_upload(team)
    assert upload.key == "uploads/data.csv"
    assert [item.key for item in team.list()] == ["uploads/data.csv"]
    assert [item.key for item in whole.list()] == ["team/a/uploads/data.csv"]
    assert transfer.download(team, upload, tmp_path / "x").size == upload.size
    team.copy(upload, "archive/x")
    assert whole.exists("team/a/archive/x")


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 5 * MIB + 1, 17_000_001])
def test_files_of_any_size_come_back_byte_for_byte(store, tmp_path, size):
    """Around the size of a part, too; progress ends at the whole."""
    source = tmp_path / "source"
    source.write_bytes(os.urandom(size))
    upload = transfer.upload(store, source, "uploads/x.csv")
    steps = []
    got = transfer.download(store, upload, tmp_path / "back", lambda *step: steps.append(step))
    assert got.path.read_bytes() == source.read_bytes()
    assert upload.size == got.size == size
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert not size or steps[-1] == (size, size)


def test_an_overwrite_is_noticed_while_reading(store, tmp_path):
    """Never half of one content and half of another."""
    upload = put_upload(store)
    put_upload(store, body=b"a,b\n3,4\n5,6\n")
    with pytest.raises(ObjectChangedError, match="overwritten"):
        transfer.download(store, upload, tmp_path / "x")


@pytest.mark.parametrize("size", [0, 1, FIRST_BYTES, FIRST_BYTES + 1])
def test_an_object_is_looked_up_with_its_first_bytes(store, size):
    """In one request, unless it is empty; a small one is whole."""
    body = os.urandom(size)
    upload = put_upload(store, body=body)
    requests = requests_of(store)
    assert store.look_up(upload.key) == (upload, body[:FIRST_BYTES])
    assert requests.total() == (1 if size else 2)


def test_bytes_that_were_read_before_are_compared_as_any(store, tmp_path):
    """With the ETag; those that do not fit it are fetched again."""
    upload, first = store.look_up(put_upload(store).key)
    for bytes_before, fetched in ((first, 0), (first[1:], 1)):
        (tmp_path / "x").write_bytes(bytes_before)
        requests = requests_of(store)
        got = transfer.download(store, upload, tmp_path / "x", prefetched=True)
        assert got.path.read_bytes() == first
        assert requests["GetObject"] == fetched


def test_a_missing_object_is_told(store, tmp_path):
    """By its key, and not as a missing bucket."""
    upload = put_upload(store)
    store.delete(upload.key)
    with pytest.raises(NoSuchObjectError, match=r"uploads/data\.csv"):
        store.head(upload.key)
    with pytest.raises(NoSuchObjectError):
        store.look_up(upload.key)
    with pytest.raises(NoSuchObjectError):
        transfer.download(store, upload, tmp_path / "x")
    assert store.read(upload.key) is None
    assert store.stream(upload.key) is None
    store.delete(upload.key)


def test_conditional_writes(store):
    """New means new, and replacing means replacing what was read."""
    etag = store.put_new("k", b"1")
    with pytest.raises(PreconditionError):
        store.put_new("k", b"2")
    newer = store.replace("k", b"3", etag)
    with pytest.raises(PreconditionError):
        store.replace("k", b"4", etag)
    with pytest.raises(PreconditionError):
        store.replace("gone", b"4", etag)
    assert store.read("k").body == b"3"
    assert store.read("k").etag == newer


def test_a_source_is_deleted_only_while_it_is_the_same(store):
    """What came under its key meanwhile stays."""
    older = put_upload(store)
    newer = put_upload(store, body=b"newer")
    store.delete_upload(older)
    assert store.exists(newer.key)
    store.delete_upload(newer)
    assert not store.exists(newer.key)
    store.delete_upload(newer)


def test_only_the_same_content_is_copied(store):
    """Archiving never takes an overwriting upload along."""
    older = put_upload(store)
    store.copy(older, "archive/older")
    assert store.read("archive/older").body == store.read(older.key).body
    put_upload(store, body=b"newer")
    with pytest.raises(ObjectChangedError):
        store.copy(older, "archive/newer")


def test_unfinished_multipart_uploads_are_aborted_under_one_prefix_only(store):
    """A run's cleanup does not touch another run's transfer."""
    for key in ("processed/a/1/x", "processed/b/1/x"):
        store.client.create_multipart_upload(**store.at(key))
    store.abort_multiparts("processed/a/")
    assert store.multiparts("processed/a/") == []
    assert [key for key, _ in store.multiparts("processed/")] == ["processed/b/1/x"]


def test_multipart_uploads_are_told_by_their_age(seaweed):
    """Housekeeping spares those of live runs."""
    store = new_store(seaweed)
    store.client.create_multipart_upload(**store.at("processed/a"))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert store.multiparts("processed/", before=yesterday) == []
    assert len(store.multiparts("processed/", before=yesterday + timedelta(days=2))) == 1


def test_a_disk_that_fills_up_while_writing_is_told(store, monkeypatch, tmp_path):
    """`/dev/full` stands for it: every write there fails as on a full disk."""
    upload = put_upload(store)
    monkeypatch.setattr("headgate.bucket.transfer.require_room", lambda *_: None)
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(NoRoomError, match="became full"):
        transfer.download(store, upload, full)


def test_a_scratch_that_cannot_be_written_is_told(store, tmp_path):
    """With the setting that changes it; even root cannot write to `/sys`."""
    upload = put_upload(store)
    for folder in (tmp_path / "missing", Path("/sys")):
        with pytest.raises(SettingsError, match="HEADGATE_SCRATCH"):
            transfer.download(store, upload, folder / "headgate")


def test_a_link_is_a_secret(store):
    """It does not appear in logs, reprs or dumps."""
    put_upload(store)
    link = presign(store, "uploads/data.csv", 1)
    url = link.url.get_secret_value()
    shown = f"{link} {link!r} {link.model_dump_json()}"
    assert "Signature" in url
    assert "Signature" not in shown
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == store.read("uploads/data.csv").body


@pytest.mark.parametrize(
    ("hours", "life", "wanted"), [(2, None, 2), (1000, None, 168), (2, 1, 1), (1, 2, 1)]
)
def test_a_link_tells_when_it_really_ends(seaweed, hours, life, wanted):
    """The shorter of what was asked, a week, and what the credentials still have."""
    store = own_client(seaweed)
    if life:
        store.client._get_credentials()._expiry_time = datetime.now(UTC) + timedelta(hours=life)
    link = presign(store, "k", hours)
    ends = datetime.now(UTC) + timedelta(hours=wanted)
    assert abs(link.expires_at - ends) < timedelta(seconds=5)
    assert link.certain


def test_no_link_is_signed_with_expired_credentials(seaweed):
    """It would not work for a second."""
    store = own_client(seaweed)
    store.client._get_credentials()._expiry_time = datetime.now(UTC)
    with pytest.raises(ExpiredCredentialsError):
        presign(store, "k", 1)


def test_temporary_credentials_of_unknown_life_make_an_uncertain_link(seaweed):
    """Keys and a token from the environment do not tell their end."""
    store = own_client(seaweed)
    store.client._get_credentials().token = "t"
    link = presign(store, "k", 1)
    assert not link.certain
    assert link.until.endswith(" UTC, or until its temporary credentials end")


def test_a_link_ends(seaweed):
    """On a server that checks it."""
    store = new_store(seaweed)
    put_upload(store)
    url = presign(store, "uploads/data.csv", 1e-9).url.get_secret_value()
    time.sleep(2.5)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url)


def test_a_listing_of_several_pages_is_whole(seaweed):
    """With sizes, ETags and times as botocore would give them."""
    store = new_store(seaweed)
    store.put("a&b <c>.csv", b"12345")
    client = store.client
    for n in range(5):
        store.put(f"n/{n}", b"x")
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=store.bucket, Prefix=store.folder, PaginationConfig={"PageSize": 2}
    )
    assert [
        item["Key"].removeprefix(store.folder) for page in pages for item in page["Contents"]
    ] == [
        "a&b <c>.csv",
        *(f"n/{n}" for n in range(5)),
    ]
    (first,) = store.list("a")
    head = store.client.head_object(**store.at("a&b <c>.csv"))
    assert (first.size, f'"{first.etag}"') == (5, head["ETag"])
    assert abs(first.modified - head["LastModified"]) < timedelta(seconds=1)
