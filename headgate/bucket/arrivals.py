"""Announcements of new objects: what S3, EventBridge and SNS write into a queue, as keys."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from headgate.bucket.keys import is_upload
from headgate.record import Record


class Arrival(Record):
    """One announced object; announced does not mean new."""

    bucket: str
    key: str


def parse(body: str, bucket: str, folder: str = "") -> Iterator[Arrival]:
    """Give the uploads that one queue message announces; test events and strangers give none.

    Raises:
        ValueError: the message is no JSON object.
    """
    message = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError("the message is no JSON object")  # noqa: TRY004
    if isinstance(message.get("Message"), str):  # through SNS
        yield from parse(message["Message"], bucket, folder)
        return
    for found, key, size in _objects(message):
        relative = key.removeprefix(folder)
        if found == bucket and key.startswith(folder) and is_upload(relative, size):
            yield Arrival(bucket=bucket, key=relative)


def _objects(message: dict[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    for record in message.get("Records", ()):
        if str(record.get("eventName", "")).removeprefix("s3:").startswith("ObjectCreated"):
            entry = record["s3"]["object"]
            yield record["s3"]["bucket"]["name"], unquote_plus(entry["key"]), entry.get("size")
    if message.get("detail-type") == "Object Created":
        entry = message["detail"]["object"]
        yield message["detail"]["bucket"]["name"], entry["key"], entry.get("size")
