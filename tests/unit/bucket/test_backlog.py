"""The merge of two listings finds what has no receipt, whatever the names and the order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.bucket import backlog, keys
from headgate.bucket.keys import Upload
from tests.harness.stores import MemoryStore

NAMES = st.text(st.sampled_from("ab /.!-é~"), min_size=1, max_size=6).filter(
    lambda name: keys.is_upload(f"uploads/{name}")
)
ORDERS = {
    "bytes": lambda key: key.encode(),
    "folders": lambda key: key.encode().split(b"/"),
    "none": hash,
}


def filled(order, done, new):
    made = MemoryStore(order)
    for name in done + new:
        made.add(f"uploads/{name}")
    for name in done:
        made.add(keys.receipt_key(Upload(bucket="b", key=f"uploads/{name}", etag="e", size=1)))
    return made


@pytest.mark.parametrize("order", ["bytes", "folders"])
@settings(max_examples=400)
@given(names=st.lists(NAMES, unique=True, max_size=12), data=st.data())
def test_exactly_those_without_a_receipt_are_pending(order, names, data):
    """In the orders of S3 and of file systems, with names chosen to upset a merge."""
    done = [name for name in names if data.draw(st.booleans())]
    new = [name for name in names if name not in done]
    found = [upload.key for upload in backlog.pending(filled(ORDERS[order], done, new))]
    assert sorted(found) == sorted(f"uploads/{name}" for name in new)


@pytest.mark.parametrize("order", ["bytes", "folders"])
@settings(max_examples=400)
@given(names=st.lists(NAMES, unique=True, max_size=12), data=st.data())
def test_each_upload_is_told_once_also_where_only_its_receipt_is_left(order, names, data):
    """With its receipt if it has one, and without its source if that is gone, unless hashed."""
    states = {name: data.draw(st.sampled_from(["new", "done", "gone"])) for name in names}
    made = filled(
        ORDERS[order],
        [name for name, state in states.items() if state != "new"],
        [name for name, state in states.items() if state == "new"],
    )
    for name, state in states.items():
        if state == "gone":
            del made.objects[f"uploads/{name}"]
    found = [
        (entry.key.removeprefix("uploads/"), entry.upload is None, entry.receipt is None)
        for entry in backlog.inventory(made)
    ]
    expected = [
        (name, state == "gone", state == "new")
        for name, state in states.items()
        if state != "gone" or keys.has_mirrored_receipt(f"uploads/{name}")
    ]
    assert sorted(found) == sorted(expected)


@settings(max_examples=200)
@given(names=st.lists(NAMES, unique=True, max_size=12), data=st.data())
def test_no_order_of_listing_loses_an_upload(names, data):
    """A store that lists anyhow may have done work announced again; none is lost."""
    done = [name for name in names if data.draw(st.booleans())]
    new = [name for name in names if name not in done]
    found = [upload.key for upload in backlog.pending(filled(ORDERS["none"], done, new))]
    assert {f"uploads/{name}" for name in new} <= set(found)
    assert len(found) == len(set(found))


def test_of_too_many_uploads_each_gets_its_turn():
    """Those that fail each time keep no others out, wherever they stand in the listing."""
    made = filled(ORDERS["bytes"], [], [f"{n}.csv" for n in range(9)])
    made.objects["uploads/5.csv"] = made.objects["uploads/5.csv"]._replace(size=9)
    drawn = [backlog.choose_pending(made, 3) for _ in range(200)]
    assert {upload.key for some in drawn for upload in some} == made.objects.keys()
    assert {len(some) for some in drawn} == {3}
    assert all(upload.key != "uploads/5.csv" for some in drawn for upload in some[:2])
    assert len(backlog.choose_pending(made, 20)) == 9


@pytest.mark.parametrize("order", ["bytes", "folders"])
def test_receipts_of_deleted_uploads_cost_no_look_ups(order):
    """Not even where their names upset the order of all that follow."""
    made = filled(ORDERS[order], ["a b.csv", *(f"a/{n}.csv" for n in range(100))], ["a/new.csv"])
    del made.objects["uploads/a b.csv"]
    assert [upload.key for upload in backlog.pending(made)] == ["uploads/a/new.csv"]
    assert made.lookups <= 2


def test_plain_names_need_no_single_look_up():
    """The cost is the two listings, however many uploads are new or done."""
    made = filled(ORDERS["bytes"], [f"{n:05}.csv" for n in range(500)], ["00000b.csv", "x.csv"])
    assert [upload.key for upload in backlog.pending(made)] == [
        "uploads/00000b.csv",
        "uploads/x.csv",
    ]
    assert made.lookups == 0


def test_new_content_under_a_done_key_is_pending():
    """The receipt of the older content does not cover it."""
    made = filled(ORDERS["bytes"], ["a.csv"], [])
    made.add("uploads/a.csv", etag="new")
    assert [upload.etag for upload in backlog.pending(made)] == ["new"]


def test_a_deleted_upload_does_not_disturb():
    """Receipts outlive their uploads."""
    made = filled(ORDERS["bytes"], ["a.csv", "b.csv", "c.csv"], ["d.csv"])
    del made.objects["uploads/b.csv"]
    assert [upload.key for upload in backlog.pending(made)] == ["uploads/d.csv"]
