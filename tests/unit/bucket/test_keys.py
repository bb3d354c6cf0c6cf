"""Keys are built and parsed in one place, and say what an upload's identity is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.bucket import keys
from headgate.bucket.keys import Upload

TOKENS = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)
DATASETS = st.none() | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=90
).filter(lambda name: name.strip("."))
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
ANY_KEY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map("uploads/".__add__)


def upload(key="uploads/a.csv", etag="e", size=3, bucket="b", version=None):
    return Upload(bucket=bucket, key=key, etag=etag, size=size, version=version)


@given(NAMES, DATASETS, TIMES, TOKENS)
def test_a_new_key_can_be_taken_apart_again(name, dataset, now, token):
    """The data set survives, and the name as far as it is harmless."""
    key = keys.new_upload_key(name, dataset, now, token)
    assert keys.dataset_of(key) == dataset
    assert keys.new_upload_key(upload(key).name, dataset, now, token) == key
    assert keys.is_upload(key)


def test_the_example_of_the_documentation():
    """The layout that people see in their bucket."""
    at = datetime(2024, 3, 14, 14, 30, 52, tzinfo=UTC)
    key = keys.new_upload_key("data.csv", None, at, "a1b2c3d4")
    assert key == "uploads/20240314_143052_a1b2c3d4_data.csv"
    assert upload(key).name == "data.csv"


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("uploads/sales/x.csv", "sales"),
        ("uploads/sales/2024/x.csv", "sales"),
        ("uploads/My Data/x.csv", "My Data"),
        ("uploads/Zürich & Umland/x.csv", "Zürich & Umland"),
        ("uploads/x.csv", None),
        ("uploads//x.csv", None),
        ("uploads/../x.csv", None),
        ("elsewhere/sales/x.csv", None),
    ],
)
def test_the_data_set_is_the_first_folder(key, dataset):
    """Any name of a folder will do: the contract that it has must hold."""
    assert keys.dataset_of(key) == dataset


def test_data_sets_of_like_names_have_a_layout_each():
    """One that is no harmless part of a key is told apart by a hash."""
    names = ["sales", "My Data", "My-Data", "My_Data", "My  Data", "m" * 200]
    assert keys.layout_key("sales") == "receipts/layouts/sales.json"
    assert len({*map(keys.layout_key, names)}) == len(names)
    assert all(len(keys.layout_key(name)) < keys.COMPONENT_BYTES for name in names)


@pytest.mark.parametrize(
    ("key", "size", "wanted"),
    [
        ("uploads/x.csv", 10, True),
        ("uploads/any name at all", 10, True),
        ("uploads/empty.csv", 0, True),
        ("uploads/", 0, False),
        ("uploads/sales/", 0, False),
        ("uploads/sales_$folder$", 0, False),
        ("uploads/_SUCCESS", 0, False),
        ("uploads/marker", 0, False),
        ("uploads/.hidden.csv", 10, False),
        ("uploads/x.csv.filepart", 10, False),
        ("uploads/x\0.csv", 10, False),
        ("processed/x.csv", 10, False),
    ],
)
def test_markers_and_half_written_names_are_no_uploads(key, size, wanted):
    """An empty file with a real name is one: its owner gets an answer."""
    assert keys.is_upload(key, size) is wanted


def test_identity_follows_content_and_key_but_not_version():
    """New content under an old key is a new upload; a listing and an event agree on it."""
    one = upload()
    assert one.id != upload(etag="f").id
    assert one.id != upload(size=4).id
    assert one.id != upload(key="uploads/b.csv").id
    assert one.id != upload(bucket="c").id
    assert one.id == upload(version="v1").id


@given(ANY_KEY)
def test_a_receipt_key_tells_its_upload(key):
    """Where the receipt mirrors the key, it can be read back; elsewhere it is hashed."""
    one = upload(key)
    receipt = keys.receipt_key(one)
    if keys.has_mirrored_receipt(key):
        assert keys.parse_receipt_key(receipt) == (key, one.id)
    else:
        assert keys.parse_receipt_key(receipt) is None
    assert ".." not in receipt.split("/")
    assert "" not in receipt.split("/")


@pytest.mark.parametrize(
    "name", ["x" * 1016, "ü" * 508, "a//b.csv", "../x.csv", "a/./b.csv", "/x.csv", "x" * 250]
)
def test_keys_that_stores_differ_on_get_short_and_plain_receipts(name):
    """S3 allows 1,024 bytes, file systems 255 a component, and some stores tidy dots."""
    one = upload(f"uploads/{name}")
    for key in (keys.receipt_key(one), keys.claim_key(one), keys.result_prefix(one, "0" * 8)):
        assert len(key.encode()) < 600
        assert all(0 < len(part.encode()) <= 255 for part in key.rstrip("/").split("/"))
        assert not {".", ".."} & set(key.split("/"))


@given(st.lists(st.from_regex(r"[a-z0-9./_-]{1,12}", fullmatch=True), unique=True))
def test_receipts_are_listed_in_the_order_of_uploads(names):
    """Which is what lets two listings be merged."""
    mirrored = [n for n in names if keys.has_mirrored_receipt(f"uploads/{n}")]
    by_receipt = sorted(mirrored, key=lambda n: keys.receipt_key(upload(f"uploads/{n}")).encode())
    assert by_receipt == sorted(mirrored, key=str.encode)


@given(ANY_KEY, TOKENS)
def test_attempts_never_share_a_place(key, attempt):
    """Two attempts, two contents and two keys each write where no other does."""
    one, other = upload(key), upload(key, etag="f")
    places = {
        keys.result_prefix(one, attempt),
        keys.result_prefix(one, attempt[::-1] + "x"),
        keys.result_prefix(other, attempt),
        keys.quarantine_prefix(one, attempt),
    }
    assert len(places) == 4
    assert all(p.startswith(keys.attempts_prefixes(one)) for p in places if one.id in p)
