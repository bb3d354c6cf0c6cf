"""Queue messages become keys; what announces no upload becomes nothing."""

import json

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


@pytest.mark.parametrize("body", ["", "no json", "[]", "3"])
def test_a_strange_message_is_told(body):
    """The watcher can set it aside."""
    with pytest.raises(ValueError):  # noqa: PT011 - json's own message
        list(parse(body, "b"))


def test_an_arrival_names_bucket_and_key():
    """And no more: announced does not mean new."""
    (only,) = parse(json.dumps(s3_event("uploads/x.csv")), "b")
    assert only == Arrival(bucket="b", key="uploads/x.csv")
