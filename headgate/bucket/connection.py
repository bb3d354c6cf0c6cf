"""Checks that the bucket can be used, step by step, and says what to do where it cannot."""

import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass, urlopen

from headgate.bucket import transfer
from headgate.bucket.client import credentials_of
from headgate.bucket.errors import PreconditionError, UnsupportedError, explained
from headgate.bucket.keys import PROBES, UPLOADS
from headgate.bucket.links import presign
from headgate.bucket.store import Store
from headgate.errors import (
    BucketError,
    ClockError,
    CredentialsError,
    HeadgateError,
    RegionError,
    UnreachableError,
)
from headgate.record import Record

REACH_SECONDS = 5
WORRYING_SECONDS = 300
_NO_ETAG = "0" * 32


class CheckResult(Record):
    """One line of the check."""

    name: str
    ok: bool
    detail: str = ""
    todo: str = ""
    exit_code: int = 0


def check(store: Store, *, full: bool = False) -> Iterator[CheckResult]:
    """Try what the journeys need, in the order in which it can fail; stop at the first failure.

    The full check writes one small object and deletes it again.
    """
    probe = _Probe(store)
    for name, step in probe.quick() + (probe.full() if full else []):
        try:
            yield CheckResult(name=name, ok=True, detail=step())
        except HeadgateError as error:
            code = error.exit_code
            yield CheckResult(
                name=name, ok=False, detail=error.what, todo=error.todo, exit_code=code
            )
            probe.clean_up()
            return


class _Probe:
    """The steps; each gives its detail or raises."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.key = f"{PROBES}{secrets.token_hex(8)}.txt"
        self.content = secrets.token_bytes(1024)
        self.written = False

    def quick(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("credentials", self.credentials),
            ("endpoint", self.endpoint),
            ("bucket and listing", self.listing),
            ("region", self.region),
            ("clock", self.clock),
        ]

    def full(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("upload", self.upload),
            ("list what was uploaded", self.listed),
            ("link", self.link),
            ("download and compare", self.download),
            ("conditional writes", self.conditional),
            ("conditional delete", self.conditional_delete),
            ("delete", self.delete),
        ]

    def credentials(self) -> str:
        with explained("credentials"):
            found = credentials_of(self.store.client)
            if found is None:
                raise CredentialsError(
                    "There are no credentials.",
                    todo="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                    "or give the machine a role.",
                )
            return f"found, access key {found.access_key[:4]}..."

    def endpoint(self) -> str:
        url = self.store.client.meta.endpoint_url
        parts = urlsplit(url)
        host = parts.hostname or ""
        if getproxies().get(parts.scheme) and not proxy_bypass(host):
            return f"{url}, through a proxy"
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((host, port), REACH_SECONDS).close()
        except OSError as error:
            raise UnreachableError(
                f"Nothing answers at {url} ({error}).",
                todo="Check the endpoint URL, AWS_REGION, the network and the server.",
            ) from error
        return url

    def listing(self) -> str:
        some = self.store.list_first(UPLOADS)
        return "there are uploads" if some else "no uploads yet, which is fine"

    def region(self) -> str:
        ours = self.store.client.meta.region_name
        actual = self._head_bucket().get("BucketRegion")
        if actual and actual != ours:
            raise RegionError(
                f"The bucket is in {actual}, and AWS_REGION says {ours}.",
                todo=f"Set AWS_REGION={actual}; links signed for {ours} do not work.",
            )
        return ours

    def clock(self) -> str:
        sent = self._head_bucket()["ResponseMetadata"]["HTTPHeaders"].get("date")
        if not sent:
            return "the store does not tell its time"
        ahead = (datetime.now(UTC) - parsedate_to_datetime(sent)).total_seconds()
        if abs(ahead) > WORRYING_SECONDS:
            off = "ahead of" if ahead > 0 else "behind"
            raise ClockError(
                f"This machine's clock is {abs(ahead):.0f} s {off} the store's.",
                todo="Set the clock (for instance `timedatectl set-ntp true`): from 15 minutes on "
                "the store refuses everything, and links end at other times than stated.",
            )
        return "agrees with the store's"

    def _head_bucket(self) -> Any:
        with explained(self.store.where()):
            return self.store.client.head_bucket(Bucket=self.store.bucket)

    def upload(self) -> str:
        self.store.put(self.key, self.content)
        self.written = True
        return self.store.where(self.key)

    def listed(self) -> str:
        if not self.store.list_first(self.key):
            raise BucketError(
                "What was just written is not listed.",
                todo="This store lists late: the backlog may miss files until its next run.",
            )
        return "at once"

    def link(self) -> str:
        link = presign(self.store, self.key, 0.1)
        try:
            with urlopen(link.url.get_secret_value(), timeout=30) as answer:  # noqa: S310 - made here
                fetched = answer.read()
        except URLError as error:
            raise BucketError(
                f"A presigned link does not work ({error}).",
                todo="Check the endpoint URL, and that the credentials may read objects.",
            ) from error
        self._compare(fetched)
        return "a presigned link gives the same bytes"

    def download(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder, "probe")
            transfer.download(self.store, self.store.head(self.key), to)
            self._compare(to.read_bytes())
        return "the same bytes"

    def conditional(self) -> str:
        accepted = []
        try:
            self.store.put_new(self.key, secrets.token_bytes(8))
            accepted.append("If-None-Match")
        except PreconditionError:
            pass
        try:
            self.store.replace(self.key, secrets.token_bytes(8), _NO_ETAG)
            accepted.append("If-Match")
        except PreconditionError:
            pass
        if accepted:
            raise BucketError(
                f"This store ignores {' and '.join(accepted)}.",
                todo="Two runs may then process one upload twice: run one worker only, "
                "see docs/promises.md.",
            )
        return "honoured"

    def conditional_delete(self) -> str:
        try:
            with explained(self.store.where(self.key)):
                self.store.client.delete_object(**self.store.at(self.key), IfMatch=f'"{_NO_ETAG}"')
        except PreconditionError:
            return "honoured"
        except UnsupportedError:
            pass
        return (
            "not honoured: let uploads be kept; where they are archived or deleted, what "
            "overwrites one in that moment may be deleted in its place, see docs/promises.md"
        )

    def delete(self) -> str:
        self.store.delete(self.key)
        self.written = False
        return "gone" if not self.store.exists(self.key) else "delayed"

    def clean_up(self) -> None:
        if self.written:
            self.store.delete(self.key)

    def _compare(self, fetched: bytes) -> None:
        if fetched != self.content:
            raise BucketError(
                "What came back is not what was written.",
                todo="Something between here and the store changes content; use https.",
            )
