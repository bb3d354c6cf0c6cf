"""One bucket, or one folder of it: moving bytes in and out with keys taken exactly as they are.

Knows objects, not what they mean: claims, receipts and the backlog are built on it. What needs the
disk is in `transfer`, what signs in `links`.
"""

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import Field

from headgate.bucket.client import s3_client
from headgate.bucket.errors import (
    ConflictError,
    ForeignAnswerError,
    PreconditionError,
    UnsupportedError,
    explained,
)
from headgate.bucket.keys import Upload
from headgate.errors import (
    BucketError,
    HeadgateError,
    NoSuchObjectError,
    ObjectChangedError,
    TransientError,
)
from headgate.record import Record
from headgate.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024 * 1024

FIRST_BYTES = 64 * 1024
"""What is read of an object when it is looked up: a small one needs no second request."""

SPACE_AROUND = "White space stands around the key: leave it out."


class Limits(Record):
    """How patient and how parallel transfers are."""

    part_bytes: int = Field(default=16 * MIB, description="Size of one part", ge=1)
    connections: int = Field(default=8, description="Parts in flight for one file", ge=1)
    attempts: int = Field(default=6, description="Failures in a row that one part survives", ge=1)


class Stored(Record):
    """A small object, read whole, with the store's own clock beside it."""

    where: str
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


class Store:
    """Objects of one bucket under one folder; every key given or returned is relative to it."""

    def __init__(
        self, client: "S3Client", bucket: str, folder: str = "", limits: Limits | None = None
    ) -> None:
        self.client = client
        self.bucket = bucket
        self.folder = f"{folder.strip('/')}/" if folder.strip("/") else ""
        self.limits = limits or Limits()

    def where(self, key: str = "") -> str:
        """Name a place in this store for a person."""
        return f"s3://{self.bucket}/{self.folder}{key}"

    def at(self, key: str) -> dict[str, Any]:
        """Address a key for boto3; the only place where the folder is put in front."""
        return {"Bucket": self.bucket, "Key": self.folder + key}

    def head(self, key: str) -> Upload:
        """Look an object up.

        Raises:
            NoSuchObjectError: There is no such object.
        """
        try:
            with explained(self.where(key)):
                found = self.client.head_object(**self.at(key))
        except NoSuchObjectError as error:
            if key != key.strip():
                error.todo = SPACE_AROUND
            raise
        except BucketError:
            self.list_first(key)  # the answer to a HEAD has no body; this one's tells the reason
            raise
        return self._upload(key, found, found["ContentLength"])

    def look_up(self, key: str) -> tuple[Upload, bytes]:
        """Look an object up and read its first bytes, where they can be had in one request.

        Raises:
            NoSuchObjectError: There is no such object.
        """
        try:
            with explained(self.where(key)):
                found = self.client.get_object(**self.at(key), Range=f"bytes=0-{FIRST_BYTES - 1}")
                size = int(found["ContentRange"].rpartition("/")[2])
                first = found["Body"].read()
        except ForeignAnswerError:
            raise
        except (HeadgateError, KeyError):  # it is empty, its body broke, no ranges are served ...
            return self.head(key), b""
        return self._upload(key, found, size), first

    def modified(self, upload: Upload) -> datetime:
        """Return when an upload came, by the store's clock, in whole seconds.

        Raises:
            NoSuchObjectError: It is gone.
        """
        with explained(self.where(upload.key)):
            found: datetime = self.client.head_object(**self.at(upload.key))["LastModified"]
        return found

    def exists(self, key: str) -> bool:
        """Return whether there is an object under exactly this key."""
        try:
            self.head(key)
        except NoSuchObjectError:
            return False
        return True

    def list_first(self, prefix: str = "") -> Sequence[Listed]:
        """List the first object under a prefix, if there is one."""
        return self._page(prefix, {"MaxKeys": 1})[0]

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

    def read(self, key: str) -> Stored | None:
        """Read a small object whole; None where there is none."""
        try:
            with explained(self.where(key)):
                answer = self.client.get_object(**self.at(key))
                body = answer["Body"].read()
        except NoSuchObjectError:
            return None
        sent = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return Stored(
            where=self.where(key),
            body=body,
            etag=answer["ETag"].strip('"'),
            modified=answer["LastModified"],
            now=parsedate_to_datetime(sent) if sent else datetime.now(UTC),
        )

    def stream(self, key: str) -> Iterator[bytes] | None:
        """Read an object of any size in chunks; None where there is none."""
        try:
            with explained(self.where(key)):
                body = self.client.get_object(**self.at(key))["Body"]
        except NoSuchObjectError:
            return None
        return self._chunks(key, body)

    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        """Write a small object, whatever was there."""
        with explained(self.where(key)):
            self.client.put_object(**self.at(key), Body=body, ContentType=content_type)

    def put_new(self, key: str, body: bytes) -> str:
        """Create a small object that must not exist yet; give its ETag.

        The body must be unlike what any other writer would write: a refusal after an
        acknowledgement was lost is told from a real one by reading the object back.

        Raises:
            PreconditionError: Somebody else's object is there.
        """
        return self._put_if(key, body, IfNoneMatch="*")

    def replace(self, key: str, body: bytes, etag: str) -> str:
        """Replace a small object if it still is the one with this ETag; give the new ETag.

        Raises:
            PreconditionError: Somebody else has replaced or deleted it.
        """
        return self._put_if(key, body, IfMatch=f'"{etag}"')

    def copy(self, upload: Upload, to: str) -> None:
        """Copy exactly this content within the store, whatever its size.

        Raises:
            ObjectChangedError: The key holds another content by now.
        """
        try:
            with explained(self.where(upload.key)):
                self.client.copy(
                    {"Bucket": self.bucket, "Key": self.folder + upload.key},
                    **self.at(to),
                    ExtraArgs={"CopySourceIfMatch": f'"{upload.etag}"'},
                )
        except PreconditionError as error:
            raise ObjectChangedError(
                "The object was overwritten meanwhile.", where=self.where(upload.key)
            ) from error

    def delete(self, *keys: str) -> None:
        """Delete objects; one that is gone already is a success."""
        for key in keys:
            with explained(self.where(key)):
                self.client.delete_object(**self.at(key))

    def delete_upload(self, upload: Upload) -> None:
        """Delete a source, but never content other than this; one that is gone is a success."""
        try:
            if self.head(upload.key).etag == upload.etag:
                with explained(self.where(upload.key)):
                    self.client.delete_object(**self.at(upload.key), IfMatch=f'"{upload.etag}"')
        except UnsupportedError:
            self.delete(upload.key)
        except (NoSuchObjectError, PreconditionError):
            pass  # it is gone, or other content has come

    def abort_multiparts(self, prefix: str) -> None:
        """Abort all unfinished multipart uploads under a prefix."""
        for key, upload_id in self.multiparts(prefix):
            self.abort_multipart(key, upload_id)

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Abort one multipart upload; one that is gone already is a success."""
        with explained(self.where(key)), suppress(self.client.exceptions.NoSuchUpload):
            self.client.abort_multipart_upload(**self.at(key), UploadId=upload_id)

    def multiparts(
        self, prefix: str, *, before: datetime | None = None
    ) -> Sequence[tuple[str, str]]:
        """List the keys and ids of unfinished multipart uploads under a prefix.

        Args:
            prefix: Where the uploads were going.
            before: Leave out those that were begun since.
        """
        found: list[tuple[str, str]] = []
        # A store may say so when there has never been one.
        with explained(self.where(prefix)), suppress(self.client.exceptions.NoSuchUpload):
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=self.folder + prefix
            )
            for page in pages:
                found += [
                    (item["Key"].removeprefix(self.folder), item["UploadId"])
                    for item in page.get("Uploads", ())
                    if before is None or item["Initiated"] < before
                ]
        return found

    def _upload(self, key: str, found: Any, size: int) -> Upload:
        return Upload(
            bucket=self.bucket,
            key=key,
            etag=found["ETag"].strip('"'),
            size=size,
            version=found.get("VersionId"),
        )

    def _page(self, prefix: str, how: dict[str, Any]) -> tuple[Sequence[Listed], str | None]:
        with explained(self.where(prefix)):
            page = self.client.list_objects_v2(
                Bucket=self.bucket, Prefix=self.folder + prefix, **how
            )
        token = page.get("NextContinuationToken")
        if page.get("IsTruncated") and not token:
            raise BucketError(
                "The store lists a part of the objects and no way to the others.",
                where=self.where(prefix),
                todo="It must know version 2 of listing, or uploads would be overlooked.",
            )
        skip = len(self.folder)
        lines = [
            Listed(item["Key"][skip:], item["ETag"].strip('"'), item["Size"], item["LastModified"])
            for item in page.get("Contents", ())
        ]
        return lines, token

    def _chunks(self, key: str, body: Any) -> Iterator[bytes]:
        with explained(self.where(key)):
            yield from body.iter_chunks(MIB)

    def _put_if(self, key: str, body: bytes, **condition: Any) -> str:
        for failures in range(1, self.limits.attempts + 1):
            try:
                with explained(self.where(key)):
                    answer = self.client.put_object(
                        **self.at(key), Body=body, ContentType="application/json", **condition
                    )
                return answer["ETag"].strip('"')
            except ConflictError:
                pause(failures)
            except (PreconditionError, NoSuchObjectError, TransientError) as error:
                found = self.read(key)
                if found is not None and found.body == body:
                    return found.etag
                if isinstance(error, TransientError):
                    raise
                raise PreconditionError("Another was first.", where=self.where(key)) from error
        raise TransientError("The store could not settle who was first.", where=self.where(key))


def connect(settings: Settings) -> Store:
    """Open the store that the settings describe; nothing is sent yet.

    Raises:
        SettingsError: No bucket is named.
    """
    bucket = settings.required_bucket()
    return Store(s3_client(settings), bucket, settings.folder, limits_of(settings))


def limits_of(settings: Settings) -> Limits:
    """Return the limits of transfers that the settings ask for."""
    return Limits(
        part_bytes=settings.part_mib * MIB,
        connections=settings.connections,
        attempts=settings.attempts,
    )


def pause(failures: int) -> None:
    """Wait longer after each failure, with jitter: clients must not come back all at once."""
    time.sleep(random.uniform(0.5, 1) * min(20.0, 0.1 * 2**failures))  # noqa: S311 - no secret
