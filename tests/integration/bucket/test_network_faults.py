"""Faults of the network and the store, made real by a proxy: survived, or told apart.

Lost acknowledgements of claims and receipts are tested with those.
"""

import hashlib
import os
import urllib.parse
from functools import cache

import pytest

from headgate.bucket import claims, receipts, transfer
from headgate.bucket.store import MIB
from headgate.errors import (
    BucketError,
    ClockError,
    CredentialsError,
    DeniedError,
    ExpiredCredentialsError,
    NoSuchBucketError,
    NoSuchObjectError,
    ObjectChangedError,
    RegionError,
    TransientError,
)
from tests.harness.faults import (
    Response,
    anything,
    cut,
    error,
    flip_answer,
    flip_request,
    is_put,
    lose_answer,
    proxy,
    refuse,
)
from tests.harness.stores import behind, new_store, put_upload


def is_get(request):
    return request.method == "GET" and "Range" in request.headers


def is_part(request):
    return request.method == "PUT" and "partNumber=" in request.target


def is_complete(request):
    return request.method == "POST" and "uploadId=" in request.target


def sent(endpoint, folder):
    """An upload of four parts in a store of its own, and its bytes."""
    content = os.urandom(17 * MIB)
    source = folder / "source"
    source.write_bytes(content)
    store = new_store(endpoint)
    return store, transfer.upload(store, source, "uploads/big.csv"), content


sent_once = cache(sent)


@pytest.fixture
def big(endpoint, tmp_path_factory):
    """One upload of four parts for all tests that leave it as it is, through a proxy each."""
    store, upload, content = sent_once(endpoint, tmp_path_factory.getbasetemp())
    with proxy(endpoint.url) as between:
        yield behind(between.url, store), between, upload, content


@pytest.fixture
def changing(endpoint, tmp_path):
    """One for a test of its own."""
    store, upload, content = sent(endpoint, tmp_path)
    with proxy(endpoint.url) as between:
        yield behind(between.url, store), between, upload, content


@pytest.mark.parametrize(
    "fault",
    [
        refuse,
        cut(0),
        cut(3 * MIB),
        cut(5 * MIB - 1),
        error("SlowDown", 503),
        error("InternalError", 500),
        error("RequestTimeout", 400),
        flip_answer,
    ],
    ids=["refused", "cut-0", "cut-3M", "cut-last", "slow-down", "internal", "timeout", "flipped"],
)
def test_a_download_survives(big, tmp_path, fault):
    """What passes by itself leaves no trace in the file."""
    store, proxy, upload, content = big
    armed = proxy.add(is_get, fault, times=2)
    got = transfer.download(store, upload, tmp_path / "back")
    assert armed.seen == 2
    assert got.path.read_bytes() == content
    assert got.sha256 == hashlib.sha256(content).hexdigest()


def test_a_broken_body_is_taken_up_where_it_broke(big, tmp_path):
    """What has arrived is not fetched again."""
    store, proxy, upload, _ = big
    proxy.add(is_get, cut(3 * MIB // 2))  # less than the last part, which may be asked for first
    proxy.requests.clear()
    transfer.download(store, upload, tmp_path / "back")
    ranges = [r.headers["Range"] for r in proxy.requests if is_get(r)]
    assert len(ranges) == 5
    starts = {int(text.removeprefix("bytes=").split("-")[0]) for text in ranges}
    assert any(start % (5 * MIB) for start in starts)


def test_a_download_through_a_dead_network_ends(big, tmp_path):
    """As something that may pass later, after the number of tries that was set."""
    store, proxy, upload, _ = big
    proxy.add(is_get, cut(0), times=10_000)
    with pytest.raises(TransientError):
        transfer.download(store, upload, tmp_path / "back")


def test_content_that_always_changes_underway_is_refused(faulty, tmp_path):
    """Two reads must agree with the ETag or with each other."""
    store, proxy = faulty
    upload = put_upload(store, body=os.urandom(1000))

    def scramble(proxy_, request):
        answer = proxy_.forward(request)
        answer.body = os.urandom(len(answer.body))
        return answer

    proxy.add(is_get, scramble, times=100)
    with pytest.raises(TransientError, match="changes on its way"):
        transfer.download(store, upload, tmp_path / "back")


def test_a_store_whose_etag_is_no_digest_is_read_twice(faulty_moto, tmp_path):
    """Two equal reads are enough where the ETag proves nothing."""
    store, proxy = faulty_moto
    upload = put_upload(store)
    odd = upload.model_copy(update={"etag": "0" * 32})

    def rename(proxy_, request):
        request.headers["If-Match"] = f'"{upload.etag}"'
        return proxy_.forward(request)

    proxy.add(is_get, rename, times=100)
    got = transfer.download(store, odd, tmp_path / "back")
    assert got.path.read_bytes() == store.read(upload.key).body
    assert len([r for r in proxy.requests if is_get(r)]) == 2


@pytest.mark.parametrize(("code", "status"), [("NotImplemented", 501), ("InvalidArgument", 400)])
def test_a_store_that_knows_no_parts_of_an_object_is_read_twice(big, tmp_path, code, status):
    """Then the ETag of a multipart upload cannot be compared; what comes twice is believed."""
    store, proxy, upload, content = big
    armed = proxy.add(lambda r: "partNumber=1" in r.target, error(code, status), times=100)
    got = transfer.download(store, upload, tmp_path / "back")
    assert armed.seen
    assert got.path.read_bytes() == content


def test_an_overwrite_between_two_parts_is_noticed(changing, tmp_path):
    """The run starts over on the new content; no file is made of both."""
    store, proxy, upload, _ = changing

    def overwrite(proxy_, request):
        store.put(upload.key, b"new content")
        return proxy_.forward(request)

    proxy.add(lambda r: is_get(r) and r.headers["Range"].startswith("bytes=10"), overwrite)
    with pytest.raises(ObjectChangedError):
        transfer.download(store, upload, tmp_path / "back")


def test_a_store_that_denies_its_own_etag_is_no_overwrite(big, tmp_path):
    """A run would start over for ever."""
    store, proxy, upload, _ = big
    proxy.add(is_get, error("PreconditionFailed", 412))
    with pytest.raises(TransientError, match="denies the ETag"):
        transfer.download(store, upload, tmp_path / "back")


def test_a_deletion_midway_is_told(changing, tmp_path):
    """Not as an overwrite, and not as a missing bucket."""
    store, proxy, upload, _ = changing

    def remove(proxy_, request):
        store.delete(upload.key)
        return proxy_.forward(request)

    proxy.add(lambda r: is_get(r) and r.headers["Range"].startswith("bytes=10"), remove)
    with pytest.raises(NoSuchObjectError):
        transfer.download(store, upload, tmp_path / "back")


@pytest.mark.parametrize(
    ("match", "fault"),
    [
        (is_part, refuse),
        (is_part, lose_answer),
        (is_part, error("SlowDown", 503)),
        (is_complete, refuse),
        (is_complete, lose_answer),
        (is_complete, error("InternalError", 200)),
        (is_complete, error("SlowDown", 503)),
    ],
    ids=["part-refused", "part-lost", "part-slow", "refused", "lost", "error-in-200", "slow"],
)
def test_a_multipart_upload_survives(faulty, tmp_path, match, fault):
    """What is published is whole, and no part is left behind."""
    store, proxy = faulty
    content = os.urandom(11 * MIB)
    (tmp_path / "source").write_bytes(content)
    armed = proxy.add(match, fault)
    written = transfer.upload(store, tmp_path / "source", "processed/x/table.csv")
    assert armed.seen == 1
    assert written.size == len(content)
    assert transfer.download(store, written, tmp_path / "back").path.read_bytes() == content
    assert store.multiparts("processed/") == []


def test_a_small_upload_survives_a_lost_acknowledgement(faulty, tmp_path):
    """NumberStyle the same bytes twice does no harm."""
    store, proxy = faulty
    (tmp_path / "source").write_bytes(b"content")
    armed = proxy.add(is_put, lose_answer, times=2)
    assert transfer.upload(store, tmp_path / "source", "processed/x/table.csv").size == 7
    assert armed.seen == 2


def test_an_upload_that_fails_for_good_leaves_no_parts(faulty, tmp_path):
    """It ends as something that may pass later."""
    store, proxy = faulty
    (tmp_path / "source").write_bytes(os.urandom(11 * MIB))
    proxy.add(is_part, error("SlowDown", 503), times=100)
    with pytest.raises(TransientError, match="SlowDown"):
        transfer.upload(store, tmp_path / "source", "processed/x/table.csv")
    assert not store.exists("processed/x/table.csv")
    assert store.multiparts("processed/") == []


def test_an_error_within_a_success_is_not_believed(faulty, tmp_path):
    """CompleteMultipartUpload may answer 200 and yet fail, each time."""
    store, proxy = faulty
    (tmp_path / "source").write_bytes(os.urandom(11 * MIB))
    proxy.add(is_complete, error("InternalError", 200), times=100)
    with pytest.raises(TransientError, match="InternalError"):
        transfer.upload(store, tmp_path / "source", "processed/x/table.csv")
    assert not store.exists("processed/x/table.csv")


@pytest.mark.parametrize("size", [1000, 11 * MIB])
def test_a_bit_flipped_on_the_way_up_is_not_published(faulty, tmp_path, size):
    """Not even by a store that takes any content: what arrived is compared."""
    store, proxy = faulty
    content = os.urandom(size)
    (tmp_path / "source").write_bytes(content)
    armed = proxy.add(is_put, flip_request)
    written = transfer.upload(store, tmp_path / "source", "processed/x/table.csv")
    assert armed.seen == 1
    assert transfer.download(store, written, tmp_path / "back").path.read_bytes() == content


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (error("ExpiredToken", 400), ExpiredCredentialsError),
        (error("RequestTimeTooSkewed", 403), ClockError),
        (error("AccessDenied", 403), DeniedError),
        (error("InvalidAccessKeyId", 403), CredentialsError),
        (error("SignatureDoesNotMatch", 403), CredentialsError),
        (error("PermanentRedirect", 301, x_amz_bucket_region="eu-west-1"), RegionError),
        (error("NoSuchBucket", 404), NoSuchBucketError),
    ],
    ids=["expired", "clock", "denied", "key", "secret", "region", "bucket"],
)
def test_what_cannot_pass_is_told_at_once(faulty, tmp_path, fault, expected):
    """Whatever was being done: the reason is named, and nothing is tried again."""
    store, proxy = faulty
    upload = put_upload(store)
    (tmp_path / "source").write_bytes(b"x")
    acts = (
        lambda: store.list_first("k"),
        lambda: store.read("k"),
        lambda: list(store.list()),
        lambda: store.put("k", b""),
        lambda: transfer.download(store, upload, tmp_path / "back"),
        lambda: transfer.upload(store, tmp_path / "source", "k"),
        lambda: receipts.commit(store, upload, {}),
        lambda: claims.claim(store, upload, "me", 60),
    )
    proxy.add(anything, fault, times=1000)
    for act in acts:
        proxy.requests.clear()
        with pytest.raises(expected) as told:
            act()
        assert not isinstance(told.value, TransientError)
        assert told.value.todo
        assert store.bucket in told.value.where
        assert len(proxy.requests) <= 4, "one try; boto follows a redirect by itself"


def test_the_reason_of_a_refused_head_is_learned(faulty):
    """The answer to a HEAD has no body; a listing is asked for the reason."""
    store, proxy = faulty
    proxy.add(anything, error("RequestTimeTooSkewed", 403), times=9)
    with pytest.raises(ClockError):
        store.head("k")


def test_a_throttled_listing_is_whole(faulty):
    """A page that fails is asked for again, not left out."""
    store, proxy = faulty
    wanted = [f"uploads/{n:02}.csv" for n in range(5)]
    for key in wanted:
        store.put(key, b"x")
    proxy.add(lambda r: "list-type=2" in r.target, error("SlowDown", 503))
    proxy.add(lambda r: "list-type=2" in r.target, cut(100))
    assert [item.key for item in store.list("uploads/")] == wanted


def test_a_listing_without_a_way_to_its_next_page_is_not_taken_for_whole(faulty):
    """So answers a store that knows the first version of listing only."""
    store, proxy = faulty
    store.put("uploads/a.csv", b"x")

    def first_page(proxy_, request):
        answer = proxy_.forward(request)
        answer.body = answer.body.replace(b"<IsTruncated>false", b"<IsTruncated>true")
        return answer

    proxy.add(lambda r: "list-type=2" in r.target, first_page)
    with pytest.raises(BucketError, match="no way to the others"):
        list(store.list("uploads/"))


def test_a_range_that_is_ignored_is_not_taken_for_the_part(faulty, tmp_path):
    """A store (or a proxy) that answers with the whole object would scramble the file."""
    store, proxy = faulty
    upload = put_upload(store, body=b"0123456789")

    def whole(_proxy, _request):
        return Response(200, [("ETag", f'"{upload.etag}"')], b"0123456789" * 2)

    proxy.add(is_get, whole, times=10)
    with pytest.raises(BucketError, match="ranges"):
        transfer.download(store, upload, tmp_path / "back")


def test_keys_are_signed_as_they_are_sent(faulty):
    """The proxy sees the exact key, dots and slashes included."""
    store, proxy = faulty
    put_upload(store, "uploads/a b+c%20.csv")
    targets = [urllib.parse.unquote(r.target) for r in proxy.requests]
    assert any(target.endswith("uploads/a b+c%20.csv") for target in targets)


def test_a_store_that_cannot_delete_by_condition_still_deletes(faulty):
    """The content was compared just before."""
    store, proxy = faulty
    upload = put_upload(store)
    proxy.add(
        lambda r: r.method == "DELETE" and "If-Match" in r.headers, error("NotImplemented", 501), 9
    )
    store.delete_upload(upload)
    assert not store.exists(upload.key)
