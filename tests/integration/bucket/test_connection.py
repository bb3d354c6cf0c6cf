"""The connection check: a line for each step, and for each failure what it is and what to do."""

import re
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from headgate.bucket.connection import check
from headgate.bucket.store import connect
from headgate.errors import SettingsError
from stack.service import LOOPBACK, free_port
from tests.harness.faults import Response, anything, drop_headers, error, is_put
from tests.harness.stores import READER, new_store, put_upload, settings_for

QUICK = ["credentials", "endpoint", "bucket and listing", "region", "clock"]
FULL = [
    *QUICK,
    "upload",
    "list what was uploaded",
    "link",
    "download and compare",
    "conditional writes",
    "conditional delete",
    "delete",
]


def lowered(request):
    return {name.lower() for name in request.headers}


def failure(store, **how):
    """The last step, which must be the one that failed; all before it went well."""
    *before, last = check(store, **how)
    assert all(step.ok for step in before)
    assert not last.ok
    assert last.detail
    assert last.todo
    return last


def test_the_quick_check_writes_nothing(store):
    """And an empty bucket is fine."""
    steps = list(check(store))
    assert [step.name for step in steps] == QUICK
    assert all(step.ok for step in steps), steps
    assert "no uploads yet, which is fine" in [step.detail for step in steps]
    assert list(store.list()) == []


def test_the_full_check_leaves_nothing(store):
    """It writes, lists, links, reads, compares, tries conditions, and deletes."""
    put_upload(store)
    steps = list(check(store, full=True))
    assert [step.name for step in steps] == FULL
    assert all(step.ok for step in steps), steps
    assert [item.key for item in store.list()] == ["uploads/data.csv"]


def test_no_bucket_is_named(seaweed):
    """Before anything is tried."""
    with pytest.raises(SettingsError, match="AWS_BUCKET_NAME"):
        connect(settings_for(seaweed, ""))


def test_no_credentials(seaweed):
    """Neither in the settings nor on the machine."""
    settings = settings_for(seaweed, "tests", access_key_id=None, secret_access_key=None)
    last = failure(connect(settings))
    assert (last.name, "no credentials" in last.detail) == ("credentials", True)
    assert "AWS_ACCESS_KEY_ID" in last.todo


def test_a_web_server_is_no_store(seaweed, tmp_path):
    """It says that there is no such page, which does not mean that an object is missing."""
    pages = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer((LOOPBACK, 0), pages) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://{LOOPBACK}:{server.server_port}"
        last = failure(connect(settings_for(seaweed, "tests", endpoint_url=url)))
        server.shutdown()
    assert last.name == "bucket and listing"
    assert last.detail == "What answers at this address does not speak S3."


def test_a_store_without_tls_is_asked_once(seaweed):
    """By a client with the usual patience: the next handshake would fail alike."""
    url, calls = seaweed.url.replace("http:", "https:"), []
    store = connect(settings_for(seaweed, "tests", endpoint_url=url, attempts=6))
    store.client.meta.events.register("before-send.s3", lambda **_: calls.append(1))
    last = failure(store)
    assert "does not speak TLS" in last.detail
    assert last.exit_code == 4
    assert len(calls) == 1


def test_an_unknown_access_key(seaweed):
    """Told apart from a wrong secret."""
    last = failure(connect(settings_for(seaweed, "tests", access_key_id="nobody")))
    assert "does not know this access key" in last.detail


def test_a_wrong_secret(seaweed):
    """A character may be missing."""
    last = failure(connect(settings_for(seaweed, "tests", secret_access_key="wrong")))
    assert "secret key does not fit" in last.detail


def test_a_permission_that_is_missing(seaweed):
    """Known, but not allowed; the policy is named."""
    new_store(seaweed)
    settings = settings_for(seaweed, "tests", access_key_id=READER[0], secret_access_key=READER[1])
    last = failure(connect(settings))
    assert "not allowed" in last.detail
    assert "policy" in last.todo


def test_a_bucket_that_is_missing(endpoint):
    """On both servers."""
    last = failure(connect(settings_for(endpoint, "no-such-bucket")))
    assert "no bucket of this name" in last.detail


def test_a_name_that_cannot_be_a_bucket(seaweed):
    """Found without asking anybody."""
    last = failure(connect(settings_for(seaweed, "No Such Bucket!")))
    assert "cannot be the name of a bucket" in last.detail


def test_a_wrong_region(moto):
    """The right one is named; boto would follow the redirect, and links would still fail."""
    store = connect(settings_for(moto, "in-ireland"))
    store.client.create_bucket(
        Bucket="in-ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    last = failure(store)
    assert last.name == "region"
    assert "AWS_REGION=eu-west-1" in last.todo


def test_nothing_listens_there(seaweed):
    """Told within seconds."""
    closed = seaweed.model_copy(update={"url": f"http://127.0.0.1:{free_port()}"})
    begun = time.monotonic()
    last = failure(connect(settings_for(closed, "tests")))
    assert last.name == "endpoint"
    assert closed.url in last.detail
    assert time.monotonic() - begun < 10


def test_a_host_that_does_not_exist(seaweed):
    """Told like a server that is down."""
    unknown = seaweed.model_copy(update={"url": "http://no-such-host.invalid:9000"})
    assert failure(connect(settings_for(unknown, "tests"))).name == "endpoint"


def test_an_address_that_is_none(seaweed):
    """Before anything is sent."""
    odd = seaweed.model_copy(update={"url": "localhost:9000"})
    with pytest.raises(SettingsError, match="endpoint URL"):
        connect(settings_for(odd, "tests"))


def test_a_server_that_is_no_s3(faulty):
    """A web page in place of a listing."""
    store, proxy = faulty
    proxy.add(anything, lambda *_: Response(200, [], b"<html><p>Welcome</html>"), times=99)
    assert "endpoint URL" in failure(store).todo


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("RequestTimeTooSkewed", 403, "15 minutes off"),
        ("ExpiredToken", 400, "have expired"),
        ("InvalidToken", 400, "session token is not valid"),
    ],
)
def test_answers_that_only_a_real_aws_gives(faulty, code, status, said):
    """The proxy gives them in its place."""
    store, proxy = faulty
    proxy.add(anything, error(code, status), times=99)
    assert said in failure(store).detail


def test_a_clock_that_is_off_is_told_before_it_breaks(faulty):
    """Under 15 minutes everything still works, only links end at other times than stated."""
    store, proxy = faulty

    def ten_minutes_ago(proxy_, request):
        answer = proxy_.forward(request)
        answer.headers = [(k, v) for k, v in answer.headers if k.lower() != "date"]
        then = time.gmtime(time.time() - 600)
        answer.headers.append(("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", then)))
        return answer

    proxy.add(anything, ten_minutes_ago, times=99)
    last = failure(store)
    assert last.name == "clock"
    assert re.search(r"6\d\d s ahead of", last.detail)


@pytest.mark.parametrize(
    ("header", "said"), [("if-none-match", "If-None-Match"), ("if-match", "If-Match")]
)
def test_a_store_that_ignores_conditions(faulty_moto, header, said):
    """Found out by the full check, and what is then not promised is said."""
    store, proxy = faulty_moto
    proxy.add(is_put, drop_headers(header), times=99)
    last = failure(store, full=True)
    assert (last.name, f"ignores {said}" in last.detail) == ("conditional writes", True)
    assert "twice" in last.todo
    assert list(store.list()) == [], "the probe is removed all the same"


def test_the_servers_of_the_tests_honour_conditional_deletes(store):
    """Else what is tested of archiving and deleting would rest on nothing."""
    details = {step.name: step.detail for step in check(store, full=True)}
    assert details["conditional delete"] == "honoured"


@pytest.mark.parametrize(
    "ignore", [drop_headers("if-match"), error("NotImplemented", 501)], ids=["ignored", "unknown"]
)
def test_a_store_without_conditional_deletes(faulty_moto, ignore):
    """It will do where uploads are kept, and what is not promised where they are not is said."""
    store, proxy = faulty_moto
    proxy.add(lambda r: r.method == "DELETE" and "if-match" in lowered(r), ignore)
    steps = list(check(store, full=True))
    assert [step.name for step in steps] == FULL
    assert all(step.ok for step in steps), steps
    (said,) = [step.detail for step in steps if step.name == "conditional delete"]
    assert said.startswith("not honoured: let uploads be kept")
    assert list(store.list()) == []


def test_a_link_that_does_not_work(faulty):
    """A firewall that lets only signed headers through, say."""
    store, proxy = faulty
    proxy.add(lambda r: "X-Amz-Signature" in r.target, error("AccessDenied", 403), times=99)
    assert failure(store, full=True).name == "link"


def test_content_that_is_changed_on_the_way(faulty):
    """Compared byte by byte."""
    store, proxy = faulty

    def shout(proxy_, request):
        answer = proxy_.forward(request)
        answer.body = bytes(reversed(answer.body))
        return answer

    proxy.add(lambda r: "X-Amz-Signature" in r.target, shout, times=99)
    assert "not what was written" in failure(store, full=True).detail
