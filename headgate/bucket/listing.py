"""Reads the lines of a listing in place of botocore, which takes several times as long.

What is left to do is found by listing every upload and every receipt, and reading their lines is
most of that work.
"""

import re
from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FIELD = re.compile(r"<(Key|ETag|Size|LastModified|StorageClass)>([^<]*)</")


def parse_listings(client: "S3Client") -> None:
    """Let a client read the lines of listings in this way."""
    # The wildcard puts it before botocore's own handlers, which would parse every line once more.
    client.meta.events.register("before-parse.*.ListObjectsV2", _parse)


def _parse(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Take the lines out of an answer before botocore parses the rest, and hand them over."""
    body: bytes = response_dict["body"]
    start, stop = body.find(b"<Contents>"), body.rfind(b"</Contents>")
    if response_dict["status_code"] != 200 or start < 0:
        return
    stop += len(b"</Contents>")
    lines = []
    text = body[start:stop].decode().replace("&#34;", '"').replace("&quot;", '"')
    for part in text.split("<Contents>")[1:]:
        line: dict[str, Any] = dict(_FIELD.findall(part))
        if "&" in line["Key"]:
            line["Key"] = unescape(line["Key"])
        line["Size"] = int(line["Size"])
        line["LastModified"] = datetime.fromisoformat(line["LastModified"])
        lines.append(line)
    response_dict["body"] = body[:start] + body[stop:]
    customized_response_dict["Contents"] = lines
