"""Announcements of new objects: what S3, EventBridge and SNS write into a queue, as keys."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headgate.bucket.keys import KEY_BYTES, is_upload
from headgate.record import Record


class Arrival(Record):
    """One announced object; announced does not mean new."""

    bucket: str
    key: str = Field(max_length=KEY_BYTES)


class _Part(BaseModel):
    """What is needed of one part of a message; whatever else stands there is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Bucket(_Part):
    name: str


class _Object(_Part):
    key: str
    size: int | None = None


class _Place(_Part):
    """A bucket and an object in it, as S3 and EventBridge alike write them."""

    bucket: _Bucket
    object: _Object


class _Event(_Part):
    """One event of an S3 notification; `s3` is a place where an object was created."""

    name: str = Field(default="", alias="eventName")
    s3: dict[str, Any] = {}


class _Message(_Part):
    """An S3 notification, an event of EventBridge, or what SNS wraps around one of them."""

    wrapped: str | None = Field(default=None, alias="Message")
    events: list[_Event] = Field(default=[], alias="Records")
    kind: str = Field(default="", alias="detail-type")
    detail: dict[str, Any] = {}


def parse(body: str, bucket: str, folder: str = "") -> Iterator[Arrival]:
    """Yield the uploads that one queue message announces; test events and strangers give none.

    Raises:
        ValueError: The message has no form that S3, EventBridge or SNS would give it.
    """
    try:
        for found, key, size in _objects(body):
            relative = key.removeprefix(folder)
            if found == bucket and key.startswith(folder) and is_upload(relative, size):
                yield Arrival(bucket=bucket, key=relative)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "message"
        raise ValueError(f"{place}: {first['msg']}") from error


def _objects(body: str) -> Iterator[tuple[str, str, int | None]]:
    message = _Message.model_validate_json(body)
    if message.wrapped is not None:
        yield from _objects(message.wrapped)
        return
    for event in message.events:
        if event.name.removeprefix("s3:").startswith("ObjectCreated"):
            place = _Place.model_validate(event.s3)
            yield place.bucket.name, unquote_plus(place.object.key), place.object.size
    if message.kind == "Object Created":
        place = _Place.model_validate(message.detail)
        yield place.bucket.name, place.object.key, place.object.size
