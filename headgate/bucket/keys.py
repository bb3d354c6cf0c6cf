"""The one module that builds and parses object keys, and that says what an upload's identity is.

All keys are relative to the store's folder.

    uploads/[<dataset>/]<UTC timestamp>_<8 hex>_<name>     what came in (or any other name)
    processed/[<dataset>/]<name>.<id>/<attempt>/...        results, one prefix for each attempt
    quarantine/[<dataset>/]<name>.<id>/<attempt>/...
    archive/[<dataset>/]<name>.<id>/<name>                 sources that were set aside
    receipts/uploads/<key below uploads/>!<id>.json        the commit point of each upload
    receipts/hashed/<id>.json                              the same for keys that a store may refuse
    receipts/claims/<id>.json                              who is working on what
    receipts/contents/<sha256>.json                        which receipt covers this content
    receipts/older/<id>/<ETag>.json                        receipts that a forced run replaced
    receipts/layouts/<dataset>.json                        columns of its last accepted file
    receipts/probes/<16 hex>.txt                           what a full connection check writes
"""

import hashlib
import re
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePosixPath

from pydantic import Field

from headgate.record import Record

UPLOADS = "uploads/"
PROCESSED = "processed/"
QUARANTINE = "quarantine/"
ARCHIVE = "archive/"
RECEIPTS = "receipts/uploads/"
HASHED_RECEIPTS = "receipts/hashed/"
CLAIMS = "receipts/claims/"
CONTENTS = "receipts/contents/"
OLDER = "receipts/older/"
LAYOUTS = "receipts/layouts/"
PROBES = "receipts/probes/"

KEY_BYTES = 1024
"""S3's limit for a whole key."""

COMPONENT_BYTES = 255
"""Stores that keep objects in a file system limit each component of a key."""

FOLDER_BYTES = 256
"""What is left of a key for the store's folder."""

_STAMP = "%Y%m%d_%H%M%S"
_OWN_NAME = re.compile(r"(?P<stamp>\d{8}_\d{6})_(?P<token>[0-9a-f]{8})_(?P<name>.+)", re.DOTALL)
_RECEIPT = re.compile(r"(?P<key>.+)!(?P<id>[0-9a-f]{16})\.json", re.DOTALL)
_MARK = re.compile(r"(?P<key>uploads/.+)!(?P<id>[0-9a-f]{16})", re.DOTALL)
_RECEIPT_EXTRA = len("!0123456789abcdef.json")
_ODD_COMPONENT = re.compile(r"(^|/)\.{0,2}(/|$)")
_UNSAFE = re.compile(r"[^\w.-]+")
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")


class Upload(Record):
    """One content under one key: what is claimed, processed and receipted exactly once."""

    bucket: str = Field(description="Bucket name")
    key: str = Field(description="Key relative to the store's folder")
    etag: str = Field(description="ETag without quotes")
    size: int = Field(description="Bytes", ge=0)
    version: str | None = Field(default=None, description="Version id, where the bucket has them")

    @cached_property
    def id(self) -> str:
        """16 hex digits that stand for this content under this key.

        The version id is left out on purpose: a listing does not tell it, and an upload must have
        the same identity whether an event or a listing announces it. The ETag tells contents apart.
        """
        identity = "\0".join((self.bucket, self.key, self.etag, str(self.size)))
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The original file name, without the folder, timestamp and token of an upload key."""
        last = self.key.rsplit("/", 1)[-1]
        own = _OWN_NAME.fullmatch(last)
        return own["name"] if own else last

    @property
    def file_name(self) -> str:
        """The same as any file system can keep it: a key may have a name of 1,000 bytes."""
        return self.name if len(self.name.encode()) <= COMPONENT_BYTES else _safe(self.name)


def new_upload_key(name: str, dataset: str | None, now: datetime, token: str) -> str:
    """Name a new upload; `token` is 8 hex digits and keeps two uploads of one second apart."""
    stamp = now.astimezone(UTC).strftime(_STAMP)
    folder = f"{UPLOADS}{dataset}/" if dataset else UPLOADS
    return f"{folder}{stamp}_{token}_{_safe(PurePosixPath(name).name)}"


def is_upload(key: str, size: int | None = None) -> bool:
    """Return whether a key is somebody's data: no marker of a folder or a job, not half-written.

    One with a NUL would fail the whole run that it is announced to: no database takes it.
    """
    if not key.startswith(UPLOADS) or key.endswith("/") or "\0" in key:
        return False
    name = key.rsplit("/", 1)[-1].lower()
    if name.startswith(".") or name.endswith((*_UNFINISHED, "_$folder$")):
        return False
    return size != 0 or (not name.startswith("_") and "." in name)


def dataset_of(key: str) -> str | None:
    """Name the data set of an upload: the first folder below `uploads/`."""
    folder, _, rest = key.removeprefix(UPLOADS).partition("/")
    return folder if rest and key.startswith(UPLOADS) and folder.strip(".") else None


def result_prefix(upload: Upload, attempt: str) -> str:
    """Place one attempt's results; another attempt at the same upload never writes there."""
    return f"{PROCESSED}{_place(upload)}/{attempt}/"


def quarantine_prefix(upload: Upload, attempt: str) -> str:
    """Place one attempt's bad rows."""
    return f"{QUARANTINE}{_place(upload)}/{attempt}/"


def attempts_prefixes(upload: Upload) -> tuple[str, str]:
    """Return where all attempts at this upload have written."""
    return f"{PROCESSED}{_place(upload)}/", f"{QUARANTINE}{_place(upload)}/"


def archive_key(upload: Upload) -> str:
    """Place the source of a finished upload that is to be archived."""
    return f"{ARCHIVE}{_place(upload)}/{_safe(upload.key.rsplit('/', 1)[-1])}"


def claim_key(upload: Upload) -> str:
    """Place the claim on an upload."""
    return f"{CLAIMS}{upload.id}.json"


def receipt_key(upload: Upload) -> str:
    """Place the receipt of an upload, so that receipts are listed in the order of uploads.

    `!` comes before nearly every character in a name, so `a.csv` and `a.csv.gz` keep their order.
    Keys that no store is sure to keep (too long, or with `.`, `..` or empty components) are hashed.
    """
    return _receipt_key(upload.key, upload.id)


def receipts_prefix(key: str) -> str:
    """Place the receipts of all contents that lay under an upload's key, save for hashed ones."""
    return f"{RECEIPTS}{key.removeprefix(UPLOADS)}!"


def mark(upload: Upload) -> str:
    """Name an upload in a file that a person may send back, such as its quarantine."""
    return f"{upload.key}!{upload.id}"


def marked_key(text: str) -> str:
    """Return the key of the upload that a mark names; a text that is no mark stands for itself."""
    found = _MARK.fullmatch(text)
    return found["key"] if found else text


def marked_receipt_key(text: str) -> str | None:
    """Place the receipt of the upload that a mark names; None where the text is no mark."""
    found = _MARK.fullmatch(text)
    return _receipt_key(found["key"], found["id"]) if found else None


def marked_dataset(text: str) -> str | None:
    """Name the data set of the upload that a mark names, if it has one."""
    found = _MARK.fullmatch(text)
    return dataset_of(found["key"]) if found else None


def _receipt_key(key: str, upload_id: str) -> str:
    if has_mirrored_receipt(key):
        return f"{receipts_prefix(key)}{upload_id}.json"
    return f"{HASHED_RECEIPTS}{upload_id}.json"


def has_mirrored_receipt(key: str) -> bool:
    """Return whether the receipts of an upload's key lie in the order of uploads."""
    below = key.removeprefix(UPLOADS)
    last = below.rpartition("/")[2]
    return (
        len(RECEIPTS) + len(below.encode()) + _RECEIPT_EXTRA <= KEY_BYTES - FOLDER_BYTES
        and len(last.encode()) + _RECEIPT_EXTRA <= COMPONENT_BYTES
        and not _ODD_COMPONENT.search(below)
    )


def parse_receipt_key(key: str) -> tuple[str, str] | None:
    """Return the upload's key and id of a mirrored receipt key."""
    found = _RECEIPT.fullmatch(key.removeprefix(RECEIPTS))
    if not key.startswith(RECEIPTS) or found is None:
        return None
    return UPLOADS + found["key"], found["id"]


def content_key(sha256: str) -> str:
    """Place the pointer from a content to the receipt that covers it."""
    return f"{CONTENTS}{sha256}.json"


def layout_key(dataset: str) -> str:
    """Place what is remembered of the columns of a data set's last accepted file."""
    plain = _safe(dataset, COMPONENT_BYTES // 2)
    own = "" if plain == dataset else f".{hashlib.sha256(dataset.encode()).hexdigest()[:16]}"
    return f"{LAYOUTS}{plain}{own}.json"


def older_receipt_key(upload: Upload, etag: str) -> str:
    """Place a receipt that a forced run has replaced."""
    return f"{older_receipts_prefix(upload)}{etag}.json"


def older_receipts_prefix(upload: Upload) -> str:
    """Return where the receipts that forced runs replaced are kept."""
    return f"{OLDER}{upload.id}/"


def _place(upload: Upload) -> str:
    dataset = dataset_of(upload.key)
    folder = f"{_safe(dataset, COMPONENT_BYTES)}/" if dataset else ""
    return f"{folder}{_safe(upload.key.rsplit('/', 1)[-1])}.{upload.id}"


def _safe(name: str, limit: int = 120) -> str:
    """Keep a name readable and harmless in a URL and a file system: `limit` bytes, kept suffix."""
    clean = _UNSAFE.sub("_", name).lstrip(".") or "file"
    raw = clean.encode()
    if len(raw) <= limit:
        return clean
    head, tail = raw[: limit - 24], raw[-24:]
    return head.decode(errors="ignore") + tail.decode(errors="ignore")
