"""What became of all uploads, as the function and the command `status` tell it."""

from datetime import UTC, datetime, timedelta
from operator import attrgetter

import pytest

from headgate.bucket import claims, keys
from headgate.journey import processing, results
from headgate.journey.overview import overview
from headgate.options import DeliverOptions, ProcessOptions, SourcePolicy
from tests.harness.stores import later, new_store, put_upload, requests_of

GOOD = b"id,name\n1,Ada\n2,Bob\n"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9


def process(store, key="uploads/data.csv", **deliver):
    options = ProcessOptions(deliver=DeliverOptions(**deliver))
    return processing.process(store, key, options, owner="a test")


def see(store, prefix=keys.UPLOADS, limit=100, **how):
    """What is told of each upload, by its key."""
    found = overview(store, prefix, limit=limit, **how)
    return {each.key: each for each in found.uploads}


@pytest.fixture
def seaweed_store(seaweed):
    return new_store(seaweed)


@pytest.fixture
def here(seaweed, seaweed_store):
    """The variables that lead the command to an empty store."""
    return {
        "AWS_ENDPOINT_URL": seaweed.url,
        "AWS_ACCESS_KEY_ID": seaweed.access_key,
        "AWS_SECRET_ACCESS_KEY": seaweed.secret_key,
        "AWS_BUCKET_NAME": seaweed_store.bucket,
        "HEADGATE_FOLDER": seaweed_store.folder,
    }


def test_each_state_is_told_apart(store):
    """With the rows, the reasons, or whose work it is; looking leaves everything as it was."""
    put_upload(store, "uploads/good.csv", GOOD + b"3\n")
    put_upload(store, "uploads/photo.csv", PICTURE)
    process(store, "uploads/good.csv")
    process(store, "uploads/photo.csv")
    claims.claim(store, put_upload(store, "uploads/busy.csv"), "Ada's run", lease=60)
    broken = put_upload(store, "uploads/broken.csv")
    store.put(keys.receipt_key(broken), b"{}")
    put_upload(store, "uploads/new.csv")
    before = [*store.list()]

    found = see(store)

    assert {key.removeprefix("uploads/"): each.state for key, each in found.items()} == {
        "good.csv": "published",
        "photo.csv": "refused",
        "busy.csv": "processing",
        "broken.csv": "damaged",
        "new.csv": "waiting",
    }
    assert found["uploads/good.csv"].detail == "3 rows in, 2 out, 1 quarantined"
    assert found["uploads/good.csv"].rows.quarantined == 1
    assert "PNG picture" in found["uploads/photo.csv"].detail
    assert "by Ada's run since" in found["uploads/busy.csv"].detail
    assert [*store.list()] == before


def test_a_run_that_died_is_told_from_one_at_work(store):
    """Its claim has lapsed; when it was last heard of is the store's own time."""
    claims.claim(store, put_upload(store), "Ada's run", lease=1)

    (found,) = see(later(store)).values()

    assert found.state == "lapsed"
    assert found.detail.startswith("Ada's run was last heard of at ")


def test_a_correction_is_told_at_both_uploads(store):
    """At the one whose rows it corrects, and at its own."""
    put_upload(store, body=GOOD + b"3\n4\n")
    kept = store.read(process(store).key("quarantine")).body
    put_upload(store, "uploads/quarantine.csv", kept.replace(b",3,,", b",3,Cy,"))
    process(store, "uploads/quarantine.csv")

    first, second = (see(store)[f"uploads/{name}.csv"] for name in ("data", "quarantine"))

    assert first.detail == "4 rows in, 3 out, 1 quarantined; corrected by 1 file"
    assert first.corrections == 1
    assert second.corrects == "uploads/data.csv"
    assert second.detail.startswith("corrects uploads/data.csv: 4 rows in, 3 out")


def test_an_upload_that_was_put_away_or_overwritten_is_told_as_well(store):
    """Its receipt remains; new content under an old key is another upload."""
    put_upload(store, "uploads/archived.csv", GOOD)
    process(store, "uploads/archived.csv", source=SourcePolicy.ARCHIVE)
    put_upload(store, body=GOOD)
    process(store)
    put_upload(store, body=PICTURE)

    found = overview(store, keys.UPLOADS, limit=100)

    assert sorted((each.key, each.state, each.gone) for each in found.uploads) == [
        ("uploads/archived.csv", "published", True),
        ("uploads/data.csv", "published", True),
        ("uploads/data.csv", "waiting", False),
    ]
    assert (found.listed, found.answered) == (3, 2)
    archived, former = sorted((each for each in found.uploads if each.gone), key=attrgetter("key"))
    assert archived.detail.endswith("; its source was archived")
    assert former.detail.endswith("; its source is no longer there")


def test_only_what_is_shown_is_read(store):
    """Of many uploads the newest are, and the totals come from the listings."""
    for number in range(5):
        put_upload(store, f"uploads/{number}.csv", GOOD)
        process(store, f"uploads/{number}.csv")
    put_upload(store, "uploads/new.csv")
    requests = requests_of(store)

    found = overview(store, keys.UPLOADS, limit=2)

    assert len(found.uploads) == 2
    assert (found.listed, found.answered) == (6, 5)
    assert requests == {"ListObjectsV2": 3, "GetObject": found.states.get("published", 0)}


def test_what_is_waiting_is_told_without_reading_receipts(store):
    """However many there are."""
    put_upload(store, "uploads/done.csv", GOOD)
    process(store, "uploads/done.csv")
    put_upload(store, "uploads/new.csv")
    requests = requests_of(store)

    assert [*see(store, only=("waiting", "lapsed"))] == ["uploads/new.csv"]
    assert requests == {"ListObjectsV2": 3}


def test_receipts_are_read_until_those_asked_for_are_found(store):
    """Also where they are older than as many others as are shown."""
    put_upload(store, "uploads/photo.csv", PICTURE)
    process(store, "uploads/photo.csv")
    for number in range(3):
        put_upload(store, f"uploads/{number}.csv", GOOD)
        process(store, f"uploads/{number}.csv")

    found = overview(store, keys.UPLOADS, only=("refused",), limit=1)

    assert [each.key for each in found.uploads] == ["uploads/photo.csv"]
    assert found.states == {"refused": 1, "published": 3}


def test_what_came_and_was_answered_before_is_left_out(store):
    """A receipt that was written since counts."""
    put_upload(store, body=GOOD)
    process(store)
    now = datetime.now(UTC)

    assert see(store, since=now - timedelta(minutes=1))
    assert see(store, since=now + timedelta(minutes=1)) == {}


def test_a_damaged_claim_does_not_keep_the_others_from_being_told(store):
    """Who holds it is not known."""
    store.put(keys.claim_key(put_upload(store)), b"?")
    put_upload(store, "uploads/new.csv")

    assert {each.state for each in see(store).values()} == {"processing", "waiting"}


def test_the_command_shows_a_line_for_each_and_the_totals(headgate, here, seaweed_store):
    """A program gets the same as one document."""
    put_upload(seaweed_store, "uploads/crew/good.csv", GOOD)
    process(seaweed_store, "uploads/crew/good.csv")
    put_upload(seaweed_store, "uploads/new.csv")

    said = headgate("status", **here).out
    told = headgate("status", "crew", "--json", **here).json

    assert "2 rows in, 2 out" in next(line for line in said.splitlines() if "good.csv" in line)
    assert said.splitlines()[-1] == "2 uploads: 1 waiting, 1 published."
    assert len({line.index("uploads/") for line in said.splitlines()[:2]}) == 1
    (upload,) = told["uploads"]
    assert (upload["key"], upload["state"]) == ("uploads/crew/good.csv", "published")
    assert told["states"] == {"published": 1}
    some = headgate("status", "--limit", "1", **here).out
    assert "2 uploads: 1 answered, 1 not yet.\nShown are the newest 1" in some
    assert "2 uploads: 0 refused." in headgate("status", "--only", "refused", **here).out


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("crew", True),
        ("uploads/crew", True),
        ("uploads", True),
        ("uploads/crew/good.csv", True),
        ("{root}/uploads/crew/", True),
        ("{root}/", True),
        ("{root}", True),
        ("good.csv", False),
    ],
)
def test_a_place_is_a_data_set_or_how_keys_begin(headgate, here, seaweed_store, named, found):
    """Where nothing is, the place is named as it was taken."""
    put_upload(seaweed_store, "uploads/crew/good.csv", GOOD)
    place = named.format(root=seaweed_store.where().rstrip("/"))

    done = headgate("status", place, **here)

    assert done.code == 0
    assert ("1 upload: 1 waiting." in done.out) == found
    if not found:
        assert f"no uploads under {seaweed_store.where(f'uploads/{named}/')}." in done.out


def test_times_may_be_an_age_or_a_date(headgate, here, seaweed_store):
    """What is neither is refused."""
    put_upload(seaweed_store, body=GOOD)

    assert "1 upload" in headgate("status", "--since", "1h", **here).out
    assert "1 upload" in headgate("status", "--since", "2020-01-01", **here).out
    assert "since then" in headgate("status", "--since", "2999-01-01", **here).out
    assert headgate("status", "--since", "yesterday", **here).code == 2
    assert headgate("status", "--since", "999999999d", **here).code == 2


def test_a_receipt_that_is_removed_meanwhile_leaves_its_upload_waiting(store, monkeypatch):
    """As it would be from then on."""
    put_upload(store, body=GOOD)
    process(store)
    monkeypatch.setattr(type(store), "read", lambda *_: None)

    assert see(store)["uploads/data.csv"].state == "waiting"


def test_a_run_that_ends_meanwhile_is_told_by_its_receipt(store, monkeypatch):
    """Its claim was listed, and is gone when it is looked at."""
    upload = put_upload(store, body=GOOD)
    held = claims.claim(store, upload, "Ada's run")
    listed = store.list

    def listing(prefix):
        yield from [*listed(prefix)]
        if prefix == keys.RECEIPTS:
            claims.release(store, held)
            process(store)

    monkeypatch.setattr(store, "list", listing)

    assert see(store)["uploads/data.csv"].state == "published"
    assert results.find_receipt(store, "uploads/data.csv").outcome == "published"
