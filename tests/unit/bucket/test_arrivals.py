"""Queue messages become keys; what announces no upload becomes nothing."""

import json
from contextlib import suppress

import pytest

from headgate.bucket.arrivals import Arrival, parse


def s3_event(key, bucket="b", event="ObjectCreated:Put", size=5):
    entry = {"eventName": event, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}
    if size is not None:
        entry["s3"]["object"]["size"] = size
    return {"Records": [entry]}


def eventbridge(key, bucket="b", kind="Object Created"):
    return {
        "detail-type": kind,
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 5}},
    }


def keys_of(message, **place):
    return [arrival.key for arrival in parse(json.dumps(message), "b", **place)]


def test_s3_notifications_are_url_encoded():
    """A space comes as `+`, a plus as `%2B`, letters as UTF-8."""
    assert keys_of(s3_event("uploads/my+file%2B1+%C3%BC.csv")) == ["uploads/my file+1 ü.csv"]


def test_eventbridge_keys_are_not_encoded():
    """The same characters stand for themselves there."""
    assert keys_of(eventbridge("uploads/a+b%20c.csv")) == ["uploads/a+b%20c.csv"]


def test_a_notification_may_come_through_sns():
    """SNS wraps the message as text."""
    wrapped = {"Type": "Notification", "Message": json.dumps(s3_event("uploads/x.csv"))}
    assert keys_of(wrapped) == ["uploads/x.csv"]


def test_one_message_may_announce_several():
    """All are given, in order."""
    both = {"Records": s3_event("uploads/1.csv")["Records"] + s3_event("uploads/2.csv")["Records"]}
    assert keys_of(both) == ["uploads/1.csv", "uploads/2.csv"]


@pytest.mark.parametrize(
    "message",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"},
        s3_event("uploads/", size=0),
        s3_event("uploads/folder/", size=0),
        s3_event("processed/x.csv"),
        s3_event("uploads/x.csv", bucket="another"),
        s3_event("uploads/x.csv", event="ObjectRemoved:Delete"),
        eventbridge("uploads/x.csv", kind="Object Deleted"),
        {},
    ],
)
def test_what_announces_no_upload_is_passed_over(message):
    """Test events, folder markers, other places, buckets and events."""
    assert keys_of(message) == []


def test_the_folder_is_taken_off():
    """Keys are relative to the store's folder, and others' keys are not ours."""
    assert keys_of(s3_event("team/uploads/x.csv"), folder="team/") == ["uploads/x.csv"]
    assert keys_of(s3_event("uploads/x.csv"), folder="team/") == []


def strange(place, value, message):
    """Put another value at a place in a message."""
    *path, last = place
    part = message
    for step in path:
        part = part[step]
    part[last] = value
    return json.dumps(message)


STRANGE_VALUES = (None, 1, [], [1], {}, {"a": None}, True, "\ud800")
PLACES = [("Records",), ("Records", 0), ("Records", 0, "eventName"), ("Records", 0, "s3")]
PLACES += [("Records", 0, "s3", *end) for end in (["bucket"], ["bucket", "name"], ["object"])]
PLACES += [("Records", 0, "s3", "object", "key"), ("Records", 0, "s3", "object", "size")]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "3",
        "null",
        '"text"',
        "[" * 100_000,
        '{"Message": "no json"}',
        "9" * 9999,
    ],
)
def test_a_strange_message_is_told(body):
    """The watcher can set it aside."""
    with pytest.raises(ValueError):  # noqa: PT011 - any text
        list(parse(body, "b"))


@pytest.mark.parametrize("value", STRANGE_VALUES, ids=repr)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_whatever_stands_where_in_a_message_it_is_told_or_passed_over(place, value):
    """Nothing but a ValueError comes of it, through SNS as well."""
    body = strange(place, value, s3_event("uploads/x.csv"))
    for sent in (body, json.dumps({"Message": body})):
        with suppress(ValueError):
            assert {arrival.key for arrival in parse(sent, "b")} <= {"uploads/x.csv"}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("Records",), None),
        (("Records", 0), 1),
        (("Records", 0, "s3"), None),
        (("Records", 0, "s3", "object", "key"), None),
        (("Records", 0, "s3", "object", "size"), "large"),
        (("Records", 0, "s3", "object", "key"), "uploads/" + "x" * 1024),
    ],
)
def test_a_strange_notification_is_told_with_the_place(place, value):
    """Which part it is, and no word of what stood there."""
    name = str(place[-1])
    with pytest.raises(ValueError, match=rf"^([\w.]+\.)?{name}: \w[\w ,]+$"):
        list(parse(strange(place, value, s3_event("uploads/x.csv")), "b"))


@pytest.mark.parametrize(
    ("place", "value"),
    [(("detail",), None), (("detail", "bucket"), "b"), (("detail", "object", "key"), None)],
)
def test_a_strange_event_of_eventbridge_is_told_with_the_place(place, value):
    name = str(place[-1])
    with pytest.raises(ValueError, match=rf"^([\w.]+\.)?{name}: \w"):
        list(parse(strange(place, value, eventbridge("uploads/x.csv")), "b"))


def test_an_arrival_names_bucket_and_key():
    """And no more: announced does not mean new."""
    (only,) = parse(json.dumps(s3_event("uploads/x.csv")), "b")
    assert only == Arrival(bucket="b", key="uploads/x.csv")
