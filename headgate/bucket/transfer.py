"""Large objects to and from the disk: parallel, bounded in memory, and compared at the end."""

import hashlib
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from headgate.bucket.errors import DamagedError, PreconditionError, explain, explained
from headgate.bucket.keys import Upload
from headgate.bucket.store import MIB, Store, pause
from headgate.disk import require_room, write_explained
from headgate.errors import BucketError, ObjectChangedError, TransientError
from headgate.record import Record

MAX_PARTS = 10_000
READS_TO_AGREE = 4

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all, in the caller's own thread."""

_BROKEN_BODY = (BotoCoreError, HTTPError, ConnectionError, TimeoutError)
_MD5 = re.compile(r"[0-9a-f]{32}")
_MD5_OF_PARTS = re.compile(r"[0-9a-f]{32}-\d+")


class Downloaded(Record):
    """A file on disk that is byte for byte the object."""

    path: Path
    sha256: str
    size: int


def download(
    store: Store,
    upload: Upload,
    to: Path,
    progress: Progress | None = None,
    *,
    prefetched: bool = False,
) -> Downloaded:
    """Fetch an object by parallel ranges of exactly this ETag, and check what arrived.

    Where the ETag is a digest of the content, it must agree. Where it is not (encryption by KMS,
    some other stores), a second read must give the same bytes, unless the object is so encrypted
    that only an intact one can be read.

    Args:
        store: Where it lies.
        upload: The object.
        to: File to be written.
        progress: Told how far it is.
        prefetched: Whether the file already holds what a first read has given.

    Raises:
        ObjectChangedError: The object was overwritten meanwhile.
        NoRoomError: The disk cannot hold it.
        SettingsError: The folder cannot be written.
        TransientError: The network failed too often.
        DamagedError: No two reads gave the same content.
    """
    seen: set[str] = set()
    with write_explained(to):
        to.touch()
        require_room(to.parent, upload.size)
        for number in range(READS_TO_AGREE):
            if number or not prefetched:
                _fetch(store, upload, to, progress)
            sha256 = _digest(to)
            if sha256 in seen or _vouched_for(store, upload, to):
                return Downloaded(path=to, sha256=sha256, size=upload.size)
            seen.add(sha256)
    raise _changed_underway(store.where(upload.key))


def upload(
    store: Store, path: Path, key: str, content_type: str = "application/octet-stream"
) -> Upload:
    """Write a file of any size and check what arrived; a failure leaves nothing behind.

    Raises:
        TransientError: The network failed too often.
        DamagedError: What arrived differed from the file, time and again.
    """
    size = path.stat().st_size
    part = max(store.limits.part_bytes, 5 * MIB, -(-size // MAX_PARTS))
    put = _put_whole if size < part else partial(_put_parts, part=part)
    for _ in range(store.limits.attempts):
        try:
            written = put(store, path, key, content_type)
        except DamagedError:
            continue
        except TransientError:
            if not store.exists(key):
                raise
            written = store.head(key)  # only the last acknowledgement was lost
        if written.size == size and _arrived(store, written, path):
            return written
        store.delete(key)
    raise _changed_underway(store.where(key))


def _put_whole(store: Store, path: Path, key: str, content_type: str) -> Upload:
    """Write a small file by one request, whose answer already tells the ETag."""
    body = path.read_bytes()
    with explained(store.where(key)):
        answer = store.client.put_object(**store.at(key), Body=body, ContentType=content_type)
    return Upload(bucket=store.bucket, key=key, etag=answer["ETag"].strip('"'), size=len(body))


def _put_parts(store: Store, path: Path, key: str, content_type: str, part: int) -> Upload:
    kind = {"ContentType": content_type}
    config = TransferConfig(
        multipart_threshold=part,
        multipart_chunksize=part,
        max_concurrency=store.limits.connections,
    )
    with explained(store.where(key)):
        store.client.upload_file(str(path), **store.at(key), ExtraArgs=kind, Config=config)
    return store.head(key)


def _fetch(store: Store, upload: Upload, to: Path, progress: Progress | None) -> None:
    starts = range(0, upload.size, store.limits.part_bytes)
    done = 0
    with to.open("wb") as file, ThreadPoolExecutor(store.limits.connections) as pool:
        parts = [pool.submit(_fetch_part, store, upload, start, file.fileno()) for start in starts]
        try:
            for part in as_completed(parts):
                done += part.result()
                if progress:
                    progress(done, upload.size)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch_part(store: Store, upload: Upload, first: int, descriptor: int) -> int:
    """Write one range to its place; a body that breaks is taken up where it broke."""
    start, stop, failures = first, min(first + store.limits.part_bytes, upload.size), 0
    while start < stop:
        body = _open_range(store, upload, start, stop)
        try:
            for chunk in body.iter_chunks(MIB):
                os.pwrite(descriptor, chunk, start)
                start += len(chunk)
                failures = 0
        except _BROKEN_BODY as error:
            failures += 1
            if failures >= store.limits.attempts:
                raise explain(error, store.where(upload.key)) from error
            pause(failures)
    return stop - first


def _open_range(store: Store, upload: Upload, start: int, stop: int) -> Any:
    where = store.where(upload.key)
    try:
        with explained(where):
            answer = store.client.get_object(
                **store.at(upload.key),
                Range=f"bytes={start}-{stop - 1}",
                IfMatch=f'"{upload.etag}"',
            )
    except PreconditionError as error:
        if store.head(upload.key).etag == upload.etag:  # to start over would not end
            raise TransientError(
                "The store denies the ETag that it tells of the object itself.",
                where=where,
                todo="It may pass by itself; if not, ranges cannot be read by If-Match there.",
            ) from error
        raise ObjectChangedError(
            "The object was overwritten while it was read.",
            where=where,
            todo="The new content is processed as an upload of its own.",
        ) from error
    if answer["ContentLength"] != stop - start:
        raise BucketError(
            f"The store sent {answer['ContentLength']} bytes for a range of {stop - start}.",
            where=where,
            todo="It does not serve ranges, or the object was replaced by a shorter one.",
        )
    return answer["Body"]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _vouched_for(store: Store, upload: Upload, path: Path) -> bool:
    """Return whether the ETag, or an encryption that detects changes, proves the content."""
    if _MD5.fullmatch(upload.etag) and _md5s(path, upload.size)[0].hex() == upload.etag:
        return True
    try:
        with explained(store.where(upload.key)):
            head = store.client.head_object(**store.at(upload.key), PartNumber=1)
    except BucketError:  # some stores know no parts of an object; a second read then decides
        return False
    if str(head.get("ServerSideEncryption", "")).startswith("aws:kms"):
        return True
    if not _MD5_OF_PARTS.fullmatch(upload.etag):
        return False
    parts = _md5s(path, head["ContentLength"])
    whole = hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(parts)}" == upload.etag


def _arrived(store: Store, written: Upload, path: Path) -> bool:
    """Return whether a file is in the store as it is on the disk, by reading it back if need be."""
    if _vouched_for(store, written, path):
        return True
    digest = hashlib.sha256()
    try:
        for chunk in store.stream(written.key) or ():
            digest.update(chunk)
    except DamagedError:  # what is stored does not fit the checksum that came with it
        return False
    return digest.hexdigest() == _digest(path)


def _changed_underway(where: str) -> DamagedError:
    return DamagedError(
        "The content changes on its way, each time differently.",
        where=where,
        todo="Something between here and the store damages it; use https.",
    )


def _md5s(path: Path, part_bytes: int) -> list[bytes]:
    """Compute the MD5 of each part, as S3 does for an ETag."""
    size = path.stat().st_size
    digests = []
    with path.open("rb") as file:
        for start in range(0, size or 1, part_bytes or 1):
            digest = hashlib.md5(usedforsecurity=False)
            left = min(part_bytes, size - start)
            while left and (chunk := file.read(min(left, MIB))):
                digest.update(chunk)
                left -= len(chunk)
            digests.append(digest.digest())
    return digests
