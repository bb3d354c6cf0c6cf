"""One bucket, or one folder of it: moving bytes in and out with keys taken exactly as they are.

Knows objects, not what they mean: claims, receipts and uploads are built on it.
"""

import errno
import hashlib
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from pydantic import Field, SecretStr

from headgate.bucket.faults import PreconditionError, explain, explained
from headgate.bucket.keys import Upload
from headgate.errors import (
    BucketError,
    NoRoomError,
    NoSuchObjectError,
    ObjectChangedError,
    SettingsError,
    TransientError,
)
from headgate.record import Record
from headgate.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024 * 1024
_LINE = {"Key", "ETag", "Size", "LastModified", "StorageClass"}
_DEAR = ("List", "Put", "Copy", "Create", "Complete", "UploadPart")
LINK_LIMIT = timedelta(days=7)


class Limits(Record):
    """How patient and how parallel transfers are."""

    part_bytes: int = Field(default=16 * MIB, description="Size of one part", ge=1)
    connections: int = Field(default=8, description="Parts in flight for one file", ge=1)
    attempts: int = Field(default=6, description="Tries of each part", ge=1)


class Stored(Record):
    """A small object, read whole, with the store's own clock beside it."""

    body: bytes
    etag: str
    modified: datetime
    now: datetime


class Listed(NamedTuple):
    """One line of a listing; a plain tuple, since a million may pass."""

    key: str
    etag: str
    size: int
    modified: datetime


class Link(Record):
    """A presigned URL. It is a secret: only `url.get_secret_value()` shows it."""

    url: SecretStr
    expires_at: datetime
    certain: bool = Field(description="False where temporary credentials do not tell their end")


class Downloaded(Record):
    """A file on disk that is byte for byte the object."""

    path: Path
    sha256: str
    size: int


class Store:
    """Objects of one bucket under one folder; every key given or returned is relative to it."""

    def __init__(
        self, client: "S3Client", bucket: str, folder: str = "", limits: Limits | None = None
    ) -> None:
        self.client = client
        self.bucket = bucket
        self.folder = f"{folder.strip('/')}/" if folder.strip("/") else ""
        self.limits = limits or Limits()
        self.requests: Counter[str] = Counter()
        client.meta.events.register("before-call.s3", self._count)
        client.meta.events.register_first(
            "before-parse.s3.ListObjectsV2", parse_listing, unique_id="headgate-listing"
        )

    def where(self, key: str = "") -> str:
        """Name a place in this store for a person."""
        return f"s3://{self.bucket}/{self.folder}{key}"

    def head(self, key: str) -> Upload:
        """Look an object up.

        Raises:
            NoSuchObjectError: there is none.
        """
        try:
            with explained(self.where(key)):
                found = self.client.head_object(**self._at(key))
        except NoSuchObjectError:
            raise
        except BucketError:
            self.list_page(key)  # the answer to a HEAD has no body; this one tells the reason
            raise
        return Upload(
            bucket=self.bucket,
            key=key,
            etag=found["ETag"].strip('"'),
            size=found["ContentLength"],
            version=found.get("VersionId"),
        )

    def list_page(self, prefix: str = "", *, limit: int = 1) -> Sequence[Listed]:
        """List the first few objects under a prefix."""
        return self._page(prefix, {"MaxKeys": limit})[0]

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """List all objects under a prefix; the next page is fetched while one is used."""
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self._page, prefix, {})
            while True:
                page, token = coming.result()
                if token:
                    coming = ahead.submit(self._page, prefix, {"ContinuationToken": token})
                yield from page
                if not token:
                    return

    def _page(self, prefix: str, how: dict[str, Any]) -> tuple[Sequence[Listed], str | None]:
        with explained(self.where(prefix)):
            page = self.client.list_objects_v2(
                Bucket=self.bucket, Prefix=self.folder + prefix, **how
            )
        skip = len(self.folder)
        lines = [
            Listed(item["Key"][skip:], item["ETag"].strip('"'), item["Size"], item["LastModified"])
            for item in page.get("Contents", ())
        ]
        return lines, page.get("NextContinuationToken")

    def read(self, key: str) -> Stored | None:
        """Read a small object whole; None where there is none."""
        try:
            with explained(self.where(key)):
                answer = self.client.get_object(**self._at(key))
                body = answer["Body"].read()
        except NoSuchObjectError:
            return None
        sent = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return Stored(
            body=body,
            etag=answer["ETag"].strip('"'),
            modified=answer["LastModified"],
            now=parsedate_to_datetime(sent) if sent else datetime.now(UTC),
        )

    def stream(self, key: str) -> Iterator[bytes] | None:
        """Read an object of any size in chunks; None where there is none."""
        try:
            with explained(self.where(key)):
                body = self.client.get_object(**self._at(key))["Body"]
        except NoSuchObjectError:
            return None
        return body.iter_chunks(MIB)

    def exists(self, key: str) -> bool:
        """Tell whether there is an object under exactly this key."""
        try:
            self.head(key)
        except NoSuchObjectError:
            return False
        return True

    def put_new(self, key: str, body: bytes) -> str:
        """Create a small object that must not exist yet; give its ETag.

        The body must be unlike what any other writer would write: a refusal after an
        acknowledgement was lost is told from a real one by reading the object back.

        Raises:
            PreconditionError: somebody else's object is there.
        """
        return self._put_if(key, body, IfNoneMatch="*")

    def replace(self, key: str, body: bytes, etag: str) -> str:
        """Replace a small object if it still is the one with this ETag; give the new ETag.

        Raises:
            PreconditionError: somebody else has replaced or deleted it.
        """
        return self._put_if(key, body, IfMatch=f'"{etag}"')

    def _put_if(self, key: str, body: bytes, **condition: Any) -> str:
        for attempt in range(self.limits.attempts):
            try:
                with explained(self.where(key)):
                    answer = self.client.put_object(
                        **self._at(key), Body=body, ContentType="application/json", **condition
                    )
                return answer["ETag"].strip('"')
            except (PreconditionError, NoSuchObjectError) as error:
                found = self.read(key)
                if found is not None and found.body == body:
                    return found.etag
                raise PreconditionError(
                    "Another writer was first.", where=self.where(key)
                ) from error
            except TransientError:
                if attempt + 1 == self.limits.attempts:
                    raise
                _pause(attempt)
        raise AssertionError

    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        """Write a small object, whatever was there."""
        with explained(self.where(key)):
            self.client.put_object(**self._at(key), Body=body, ContentType=content_type)

    def upload(
        self, path: Path, key: str, content_type: str = "application/octet-stream"
    ) -> Upload:
        """Write a file of any size; a failure leaves no parts behind.

        Raises:
            TransientError: what arrived has another size.
        """
        config = TransferConfig(
            multipart_threshold=self.limits.part_bytes,
            multipart_chunksize=self.limits.part_bytes,
            max_concurrency=self.limits.connections,
        )
        with explained(self.where(key)):
            self.client.upload_file(
                str(path),
                self.bucket,
                self.folder + key,
                ExtraArgs={"ContentType": content_type},
                Config=config,
            )
        written = self.head(key)
        if written.size != path.stat().st_size:
            raise TransientError(
                f"{written.size} of {path.stat().st_size} bytes arrived.", where=self.where(key)
            )
        return written

    def download(self, upload: Upload, to: Path) -> Downloaded:
        """Fetch an object by parallel ranges of exactly this ETag.

        Raises:
            ObjectChangedError: it was overwritten meanwhile.
            NoRoomError: the disk cannot hold it.
            SettingsError: the folder cannot be written.
        """
        require_room(to.parent, upload.size)
        starts = range(0, upload.size, self.limits.part_bytes)
        with _disk(to), to.open("wb") as file, ThreadPoolExecutor(self.limits.connections) as pool:
            file.truncate(upload.size)
            parts = [pool.submit(self._fetch, upload, start, file.fileno()) for start in starts]
            try:
                for part in parts:
                    part.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        with to.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Downloaded(path=to, sha256=digest, size=upload.size)

    def _fetch(self, upload: Upload, start: int, descriptor: int) -> None:
        """Write one range to its place; a broken body is taken up where it broke."""
        stop = min(start + self.limits.part_bytes, upload.size)
        for attempt in range(self.limits.attempts):
            try:
                with explained(self.where(upload.key)):
                    answer = self.client.get_object(
                        **self._at(upload.key),
                        Range=f"bytes={start}-{stop - 1}",
                        IfMatch=f'"{upload.etag}"',
                    )
                    for chunk in answer["Body"].iter_chunks(MIB):
                        os.pwrite(descriptor, chunk, start)
                        start += len(chunk)
            except PreconditionError as error:
                raise ObjectChangedError(
                    "The object was overwritten while it was read.", where=self.where(upload.key)
                ) from error
            except TransientError:
                if attempt + 1 == self.limits.attempts:
                    raise
                _pause(attempt)
            else:
                return

    def delete(self, *keys: str) -> None:
        """Delete objects; one that is gone already is a success."""
        for key in keys:
            with explained(self.where(key)):
                self.client.delete_object(**self._at(key))

    def copy(self, upload: Upload, to: str) -> None:
        """Copy exactly this content within the store, whatever its size."""
        with explained(self.where(upload.key)):
            self.client.copy(
                {"Bucket": self.bucket, "Key": self.folder + upload.key},
                self.bucket,
                self.folder + to,
            )

    def presign(self, key: str, hours: float, *, filename: str | None = None) -> Link:
        """Sign a link for reading one object; it says honestly how long it will work."""
        asked = min(timedelta(hours=hours), LINK_LIMIT)
        credentials = self.client._get_credentials()  # type: ignore[attr-defined]  # noqa: SLF001
        now = datetime.now(UTC)
        ends = getattr(credentials, "_expiry_time", None)
        token = credentials.get_frozen_credentials().token if credentials else None
        if ends is not None:
            asked = min(asked, ends - now)
        seconds = max(1, int(asked.total_seconds()))
        params = self._at(key)
        if filename:
            params["ResponseContentDisposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
        with explained(self.where(key)):
            url = self.client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)
        return Link(
            url=SecretStr(url),
            expires_at=now + timedelta(seconds=seconds),
            certain=ends is not None or not token,
        )

    def abort_multiparts(self, prefix: str) -> int:
        """Abort unfinished multipart uploads under a prefix; give their number."""
        aborted = 0
        with explained(self.where(prefix)):
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=self.folder + prefix
            )
            for page in pages:
                for item in page.get("Uploads", ()):
                    self.client.abort_multipart_upload(
                        Bucket=self.bucket, Key=item["Key"], UploadId=item["UploadId"]
                    )
                    aborted += 1
        return aborted

    def _at(self, key: str) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.folder + key}

    def _count(self, model: Any, **_: Any) -> None:
        self.requests[model.name] += 1


def connect(settings: Settings) -> Store:
    """Open the store that the settings describe; nothing is sent yet.

    Raises:
        SettingsError: no bucket is named.
    """
    if not settings.bucket:
        raise SettingsError("No bucket is named.", todo="Set AWS_BUCKET_NAME.")
    limits = Limits(
        part_bytes=settings.part_mib * MIB,
        connections=settings.connections,
        attempts=settings.attempts,
    )
    return Store(s3_client(settings), settings.bucket, settings.folder, limits)


def s3_client(settings: Settings) -> "S3Client":
    """Build a client with the settings' credentials, or the machine's own."""
    secret, token = settings.secret_access_key, settings.session_token
    with explained(settings.endpoint_url or "AWS"):
        try:
            return boto3.client(
                "s3",
                endpoint_url=settings.endpoint_url,
                region_name=settings.region or ("us-east-1" if settings.endpoint_url else None),
                aws_access_key_id=settings.access_key_id,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                aws_session_token=token.get_secret_value() if token else None,
                config=client_config(settings),
            )
        except ValueError as error:
            raise explain(error, settings.endpoint_url or "") from error


def client_config(settings: Settings) -> Config:
    """Give boto3 the settings' patience; path-style addresses serve any endpoint."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"} if settings.endpoint_url else None,
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        connect_timeout=settings.connect_seconds,
        read_timeout=settings.read_seconds,
        max_pool_connections=settings.connections * 2,
    )


def parse_listing(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Parse the lines of a listing in place of botocore, which needs ten times as long.

    A handler of botocore's `before-parse` event; what is not a line is left to botocore.
    """
    body: bytes = response_dict["body"]
    start, stop = body.find(b"<Contents>"), body.rfind(b"</Contents>")
    if response_dict["status_code"] != 200 or start < 0:
        return
    stop += len(b"</Contents>")
    lines = []
    for element in ET.fromstring(b"<a>" + body[start:stop] + b"</a>"):  # noqa: S314
        line: dict[str, Any] = {
            field.tag: field.text or "" for field in element if field.tag in _LINE
        }
        line["Size"] = int(line["Size"])
        line["LastModified"] = datetime.fromisoformat(line["LastModified"])
        lines.append(line)
    response_dict["body"] = body[:start] + body[stop:]
    customized_response_dict["Contents"] = lines


def cost(requests: Counter[str]) -> str:
    """Say how many requests were made, and what they cost on AWS (S3 Standard, us-east-1)."""
    dear = sum(n for name, n in requests.items() if name.startswith(_DEAR))
    cheap = sum(n for name, n in requests.items() if name.startswith(("Get", "Head")))
    dollars = dear * 0.005 / 1000 + cheap * 0.0004 / 1000
    made = ", ".join(f"{n:,} {name}" for name, n in sorted(requests.items()))
    return f"{made or 'no requests'}: about ${dollars:.4f} on AWS"


def require_room(directory: Path, needed: int) -> None:
    """Refuse work that the disk cannot hold, before it starts.

    Raises:
        NoRoomError: with the figures.
    """
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise NoRoomError(
            f"{needed / MIB:,.1f} MiB are needed and {free / MIB:,.1f} MiB are free.",
            where=str(directory),
            todo="Free some room, or set HEADGATE_SCRATCH to a larger disk.",
        )


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn what a disk can refuse into errors that say so."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoomError(
                "The disk became full while the file was written.",
                where=str(path),
                todo="Free some room, or set HEADGATE_SCRATCH to a larger disk.",
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR):
            raise SettingsError(
                f"The scratch folder cannot be written ({error.strerror}).",
                where=str(path.parent),
                todo="Set HEADGATE_SCRATCH to a folder that may be written.",
            ) from error
        raise


def _pause(attempt: int) -> None:
    """Wait longer after each failure, with jitter: clients must not come back all at once."""
    time.sleep(random.uniform(0.5, 1) * min(20.0, 0.2 * 2**attempt))  # noqa: S311 - not a secret
