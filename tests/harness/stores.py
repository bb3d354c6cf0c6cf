"""Stores for tests: buckets of their own, with little patience, and one in memory."""

import json
import os
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from headgate.bucket.keys import Upload
from headgate.bucket.store import Listed, Store, Stored, connect
from headgate.settings import Settings
from stack.s3 import REGION, Endpoint, identity

READER = ("reader", "reader-secret")
"""A user of the SeaweedFS server who may see another bucket only."""

_numbers = count(1)


def forget_outside_settings(monkeypatch, folder) -> None:
    """Keep the machine's own AWS settings and metadata service out of a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "HEADGATE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "no-credentials"))


def write_users(directory: Path) -> None:
    """Tell the SeaweedFS server of this directory its users, before it starts."""
    access_key, secret_key = READER
    users = [
        identity("headgate", "Admin"),
        identity(
            "reader", "Read:other", "List:other", access_key=access_key, secret_key=secret_key
        ),
    ]
    directory.mkdir(exist_ok=True)
    (directory / "s3.json").write_text(json.dumps({"identities": users}))


def settings_for(endpoint: Endpoint, bucket: str, **changes: Any) -> Settings:
    """Point the settings at a server."""
    values = {
        "bucket": bucket,
        "access_key_id": endpoint.access_key,
        "secret_access_key": endpoint.secret_key,
        "region": REGION,
        "endpoint_url": endpoint.url,
        "part_mib": 5,
        "connect_seconds": 2,
        "read_seconds": 10,
        "attempts": 3,
    }
    return Settings(_env_file=None, **(values | changes))


def new_store(endpoint: Endpoint) -> Store:
    """Make a place of its own for one test: a folder, since SeaweedFS has room for few buckets."""
    first = _opened(endpoint.url, endpoint.access_key, endpoint.secret_key)
    with suppress(first.client.exceptions.BucketAlreadyOwnedByYou):
        first.client.create_bucket(Bucket=first.bucket)
    return Store(first.client, first.bucket, f"test {next(_numbers):04d}", first.limits)


class _LaterStore(Store):
    def read(self, key: str) -> Stored | None:
        stored = super().read(key)
        return stored and stored.model_copy(update={"now": stored.now + timedelta(seconds=10)})


def later(store: Store) -> Store:
    """Open the same place ten seconds on, as by its own clock: no test has to wait for a lease."""
    return _LaterStore(store.client, store.bucket, store.folder, store.limits)


def behind(url: str, store: Store) -> Store:
    """Open the same place through another address, with a client of its own."""
    keys = store.client._get_credentials()
    there = Endpoint(url=url, access_key=keys.access_key, secret_key=keys.secret_key, pid=0)
    return connect(settings_for(there, store.bucket, folder=store.folder))


@cache
def _opened(url: str, access_key: str, secret_key: str) -> Store:
    there = Endpoint(url=url, access_key=access_key, secret_key=secret_key, pid=0)
    return connect(settings_for(there, "tests"))


def put_upload(store: Store, key: str = "uploads/data.csv", body: bytes = b"a,b\n1,2\n") -> Upload:
    """Write an upload and give its identity."""
    store.put(key, body)
    return store.head(key)


def requests_of(store: Store) -> Counter[str]:
    """Count the requests that a store makes from now on."""
    requests = Counter[str]()
    store.client.meta.events.register(
        "before-call.s3", lambda model, **_: requests.update([model.name])
    )
    return requests


class MemoryStore:
    """A store that only lists, in a given order, and counts single look-ups."""

    def __init__(self, order):
        self.bucket = "b"
        self.order = order
        self.objects = {}
        self.lookups = 0

    def add(self, key, etag="e"):
        self.objects[key] = Listed(key, etag, 1, datetime.now(UTC))

    def list(self, prefix):
        found = [item for key, item in self.objects.items() if key.startswith(prefix)]
        return iter(sorted(found, key=lambda item: self.order(item.key)))

    def exists(self, key):
        self.lookups += 1
        return key in self.objects
