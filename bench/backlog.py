"""How long it takes to decide what is left to do among a million uploads, on SeaweedFS.

python -m bench.backlog [--objects 1000000] [--new 10]

The objects are written into the server's own metadata, since a million PUTs would take an hour.
"""

import argparse
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from headgate.bucket.backlog import pending
from headgate.bucket.keys import RECEIPTS, UPLOADS, Upload, receipt_key
from headgate.bucket.store import Store, connect
from headgate.settings import Settings
from stack.s3 import Endpoint, s3_server

BUCKET = "backlog"
ETAG = "d41d8cd98f00b204e9800998ecf8427e"
SIZE = 100
DEAR = ("List", "Put", "Copy", "Create", "Complete", "UploadPart")
CHEAP = ("Get", "Head")


def main() -> None:
    """Fill a server, look for what is pending, print time, memory, requests and their cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000, help="uploads in the bucket")
    parser.add_argument("--new", type=int, default=10, help="how many of them have no receipt")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="headgate-backlog-") as folder,
        s3_server(Path(folder, "s3")) as server,
    ):
        store = _store(server)
        _fill(store, server, Path(folder, "objects"), wanted.objects, wanted.new)
        _measure(store, wanted.objects, wanted.new)


def _measure(store: Store, objects: int, new: int) -> None:
    requests = _counted(store)
    memory, start, cpu = _peak_mib(), time.perf_counter(), time.process_time()
    found = sum(1 for _ in pending(store))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    if found != new:
        sys.exit(f"{found} pending, but {new} are new")
    print(f"{objects:,} uploads, {new:,} new: {seconds:.1f} s ({cpu:.1f} s of CPU here), ", end="")
    print(f"{_peak_mib() - memory:.1f} MiB more memory\n{_cost(requests)}")


def _counted(store: Store) -> Counter[str]:
    """Count the requests that the store makes from now on."""
    requests = Counter[str]()
    store.client.meta.events.register(
        "before-call.s3", lambda model, **_: requests.update([model.name])
    )
    return requests


def _cost(requests: Counter[str]) -> str:
    """Return which requests were made, and what they cost on AWS (S3 Standard, us-east-1)."""
    dear = sum(n for name, n in requests.items() if name.startswith(DEAR))
    cheap = sum(n for name, n in requests.items() if name.startswith(CHEAP))
    dollars = dear * 0.005 / 1000 + cheap * 0.0004 / 1000
    made = ", ".join(f"{n:,} {name}" for name, n in sorted(requests.items()))
    return f"{made}: about ${dollars:.6f} on AWS"


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _store(server: Endpoint) -> Store:
    settings = Settings(
        bucket=BUCKET,
        access_key_id=server.access_key,
        secret_access_key=SecretStr(server.secret_key),
        endpoint_url=server.url,
    )
    store = connect(settings)
    store.client.create_bucket(Bucket=BUCKET)
    return store


def _fill(store: Store, server: Endpoint, path: Path, objects: int, new: int) -> None:
    """Load uploads and their receipts as SeaweedFS's own metadata."""
    root = f"/buckets/{BUCKET}"
    with path.open("wb") as file:
        for folder in (UPLOADS, "receipts/", RECEIPTS):
            parent, _, name = f"{root}/{folder}".rstrip("/").rpartition("/")
            file.write(_entry(parent, name, folder=True))
        for upload, done in _uploads(objects, new):
            for key in [upload.key, receipt_key(upload)] if done else [upload.key]:
                parent, _, name = f"{root}/{key}".rpartition("/")
                file.write(_entry(parent, name))
    store.put("warm-up", b"")
    flags = dict(
        part[1:].split("=", 1)
        for part in Path(f"/proc/{server.pid}/cmdline").read_text().split("\0")
        if "=" in part
    )
    address = {
        part: f"127.0.0.1:{flags[f'{part}.port']}.{flags[f'{part}.port.grpc']}"
        for part in ("master", "filer")
    }
    subprocess.run(
        [
            Path(sys.executable).with_name("weed"),
            "shell",
            f"-master={address['master']}",
            f"-filer={address['filer']}",
        ],
        input=f"lock\nfs.meta.load -v=false -concurrency=8 {path}\nunlock\nexit\n".encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _uploads(objects: int, new: int) -> Iterator[tuple[Upload, bool]]:
    """Give uploads and whether they are done; the new ones lie evenly among the others."""
    for number in range(objects):
        token = number * 2_654_435_761 % 2**32
        clock = f"{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}"
        key = f"{UPLOADS}20240314_{clock}_{token:08x}_data.csv"
        is_new = number * new // objects < (number + 1) * new // objects
        yield Upload(bucket=BUCKET, key=key, etag=ETAG, size=SIZE), not is_new


def _entry(parent: str, name: str, *, folder: bool = False) -> bytes:
    """Encode one entry as `fs.meta.save` does: a length and a protobuf `FullEntry`."""
    now = int(time.time())
    mode = 0o20000000771 if folder else 0o660
    numbers = {1: 0 if folder else SIZE, 2: now, 3: mode, 6: now}
    attributes = b"".join(_varint(n << 3) + _varint(value) for n, value in numbers.items())
    entry = _field(1, name.encode()) + (b"\x10\x01" if folder else b"")
    if folder:
        entry += _field(4, attributes)
    else:
        entry += _field(4, attributes + _field(14, bytes.fromhex(ETAG)))
        entry += _field(5, _field(1, b"Seaweed-X-Amz-ETag") + _field(2, ETAG.encode()))
    full = _field(1, parent.encode()) + _field(2, entry)
    return struct.pack(">I", len(full)) + full


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


if __name__ == "__main__":
    main()
