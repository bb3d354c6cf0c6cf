"""From an upload to its result with nobody's help, and what a queue's messages come to."""

import json
import time
from urllib.parse import quote_plus

import anyio
import boto3
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from bridge.outstanding import Outstanding
from bridge.sqs import Queue
from bridge.watch import EVENT, _watch, from_listing
from headgate.bucket import receipts
from headgate.bucket.keys import CLAIMS, receipt_key
from headgate.bucket.store import Store, connect
from stack.s3 import REGION
from stack.service import LOOPBACK, free_port
from tests.harness.faults import error
from tests.harness.runs import eventually
from tests.harness.stores import new_store, put_upload, settings_for


@pytest.fixture
def watched(stack) -> Store:
    """The bucket that the stack's watcher looks after."""
    return connect(settings_for(stack.s3, stack.bucket))


@pytest.fixture
def queue(moto, monkeypatch):
    """An empty queue beside an empty bucket, and a way to put messages into it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", moto.url)
    store = new_store(moto)
    settings = settings_for(moto, store.bucket)
    client = boto3.client(
        "sqs", region_name=REGION, aws_access_key_id="any", aws_secret_access_key="any"
    )
    url = client.create_queue(QueueName=f"uploads-{time.time_ns()}")["QueueUrl"]

    def send(body):
        client.send_message(QueueUrl=url, MessageBody=body)

    def left():
        kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)["Attributes"]
        return sum(int(found[kind]) for kind in kinds)

    return Queue(url, store, settings), send, left


def notification(store, key, bucket=None):
    place = {"name": bucket or store.bucket}
    entry = {"bucket": place, "object": {"key": quote_plus(store.folder + key), "size": 9}}
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": entry}]})


def test_an_upload_is_processed_with_nobodys_help(watched):
    """The watcher finds it, its event stands in Prefect's feed, and no claim is left."""
    upload = put_upload(watched, "uploads/unasked/20260314_143052_a1b2c3d4_by itself.csv")
    assert eventually(lambda: receipts.find(watched, upload), seconds=60)
    assert eventually(lambda: not list(watched.list(CLAIMS)))
    with get_client(sync_client=True) as client:
        wanted = {"filter": {"event": {"name": [EVENT]}}, "limit": 50}

        def told():
            answer = client.request("POST", "/events/filter", json=wanted).json()
            return [e for e in answer["events"] if upload.key in e["payload"]["keys"]]

        assert eventually(told)


def test_a_damaged_receipt_holds_up_no_other_upload(watched, stack_folder):
    """Its own upload counts as done, and is announced no more."""
    damaged = put_upload(watched, "uploads/damaged/first.csv")
    assert eventually(lambda: receipts.find(watched, damaged), seconds=60)
    watched.put(receipt_key(damaged), b'{"broken')
    other = put_upload(watched, "uploads/damaged/second.csv")
    assert eventually(lambda: receipts.find(watched, other), seconds=60)
    log = (stack_folder / "watch.log").read_text()
    assert log.count(damaged.key) == 1
    assert "Traceback" not in log


def test_a_message_is_kept_until_it_is_acknowledged(queue):
    """Its keys are decoded; the message goes only when the event is safely with Prefect."""
    source, send, left = queue
    send(notification(source._store, "uploads/a b+c.csv"))
    (message,) = source.receive()
    assert message.keys == ["uploads/a b+c.csv"]
    assert left() == 1
    source.acknowledge([message.handle])
    assert left() == 0


def test_probing_the_queue_takes_nothing_from_it(queue):
    source, send, _ = queue
    send(notification(source._store, "uploads/a.csv"))
    source.probe()
    (message,) = source.receive()
    assert message.keys == ["uploads/a.csv"]


def test_messages_that_announce_no_upload_are_deleted_at_once(queue):
    """S3's own test event, other buckets, and keys outside `uploads/`."""
    source, send, left = queue
    send(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}))
    send(notification(source._store, "uploads/a.csv", bucket="another-bucket"))
    send(notification(source._store, "processed/a.csv"))
    assert eventually(lambda: (source.receive(), left() == 0)[1])


@pytest.mark.parametrize("body", ["no JSON", "[]", '{"Records": null}', '{"Records": [1]}'])
def test_what_is_no_notification_is_left_to_the_dead_letter_policy(queue, body):
    source, send, left = queue
    send(body)
    assert source.receive() == []
    assert left() == 1


def test_what_is_no_notification_is_told_once_however_often_it_comes(queue, caplog):
    """A good message beside it is received all the same."""
    source, send, _ = queue
    source._client.set_queue_attributes(QueueUrl=source._url, Attributes={"VisibilityTimeout": "0"})
    send('{"Records": null}')
    send(notification(source._store, "uploads/a.csv"))
    with caplog.at_level("WARNING", "prefect.headgate.watch"):
        received = [message for _ in range(4) for message in source.receive()]
    assert {key for message in received for key in message.keys} == {"uploads/a.csv"}
    (told,) = caplog.messages
    assert "dead-letter policy. Records: " in told


def test_more_handles_than_one_request_takes_are_all_acknowledged(queue):
    """SQS deletes ten at a time."""
    source, send, left = queue
    for number in range(23):
        send(notification(source._store, f"uploads/{number}.csv"))
    handles = []
    while len(handles) < 23:
        handles += [message.handle for message in source.receive()]
    source.acknowledge(handles)
    assert left() == 0


def test_a_message_that_cannot_be_deleted_holds_up_nothing(queue, caplog):
    """It comes again, which does no harm; what comes after it is announced all the same."""
    source, *_ = queue
    source._url += "-gone"
    with caplog.at_level("WARNING", "prefect.headgate.watch"):
        source.acknowledge(["a handle"])
    (told,) = caplog.messages
    assert "will come again" in told


def test_while_prefect_is_away_messages_wait_in_the_queue(queue, moto, monkeypatch):
    """Received over and over they would end in the dead-letter queue, with nothing wrong."""
    source, send, _ = queue
    source._client.set_queue_attributes(QueueUrl=source._url, Attributes={"VisibilityTimeout": "1"})
    send(notification(source._store, "uploads/a.csv"))
    received = []
    receive = source.receive
    monkeypatch.setattr(source, "receive", lambda: received.append(receive()) or received[-1])

    async def watch_for(seconds):
        with anyio.move_on_after(seconds):
            await _watch(source._store, source, settings_for(moto, source._store.bucket))

    with temporary_settings({PREFECT_API_URL: f"http://{LOOPBACK}:{free_port()}/api"}):
        anyio.run(watch_for, 6)
    assert 1 <= sum(map(len, received)) <= 2


def test_after_an_outage_the_store_is_listed_as_often_as_before(faulty_moto):
    """A listing that had to wait for the store is no measure of how long one takes."""
    store, between = faulty_moto
    outstanding = Outstanding(store, 60, list)

    async def seen():
        sender, notices = anyio.create_memory_object_stream(9)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(from_listing, outstanding, 0.1, sender)
            for name in ("before", "meanwhile", "after"):
                if name == "meanwhile":
                    between.add(lambda _: True, error("AccessDenied", 403), times=2)
                    await anyio.sleep(3)
                store.put(f"uploads/{name}.csv", b"a\n1\n")
                with anyio.fail_after(20):
                    assert (await notices.receive()).key == f"uploads/{name}.csv"
            tasks.cancel_scope.cancel()

    anyio.run(seen)
