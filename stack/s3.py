"""The embedded S3 server: SeaweedFS on loopback, with its data in one directory."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from headgate.record import Record
from stack.service import LOOPBACK, Say, service

REGION = "us-east-1"
ACCESS_KEY = "headgate"
SECRET_KEY = "headgate-local"

_INNER_PORTS = ("s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc")


class Endpoint(Record):
    """Where the server answers, and with which credentials."""

    url: str
    access_key: str
    secret_key: str
    region: str = REGION
    pid: int


@contextmanager
def s3_server(
    directory: Path, *, port: int | None = None, revive: Say | None = None
) -> Iterator[Endpoint]:
    """Run an S3 server over `directory` until the block ends or the calling thread dies.

    A directory that was used before keeps its objects and its `s3.json`, the credentials' file;
    pass the old `port` to bring a server back under the same address. With `revive`, as for any
    `service`, it comes back by itself.

    Raises:
        HeadgateError: The server did not answer in time.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "s3.json"
    if not config.exists():
        config.touch(mode=0o600)
        config.write_text(json.dumps({"identities": [identity("headgate", "Admin")]}))
    config.chmod(0o600)  # that of an earlier start may be for all to read
    ports = _free_ports({"s3": port or 0} | dict.fromkeys(_INNER_PORTS, 0))
    url = f"http://{LOOPBACK}:{ports['s3']}"
    log = directory / "weed.log"
    try:
        command = _command(directory, ports)
        with service(
            command, log=log, ready=lambda: _ready(url), patience=2, revive=revive
        ) as process:
            yield Endpoint(url=url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, pid=process.pid)
    finally:
        for number in ports.values():
            for leftover in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):  # noqa: S108 - where weed puts them
                leftover.unlink(missing_ok=True)


def identity(
    name: str, *actions: str, access_key: str = "", secret_key: str = ""
) -> dict[str, object]:
    """Describe one user for `s3.json`; actions are SeaweedFS's, e.g. `Admin` or `Read:bucket`."""
    keys = {"accessKey": access_key or ACCESS_KEY, "secretKey": secret_key or SECRET_KEY}
    return {"name": name, "credentials": [keys], "actions": list(actions)}


def _command(directory: Path, ports: dict[str, int]) -> list[str]:
    weed = Path(sys.executable).with_name("weed")
    flags = {
        "dir": directory,
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "filer": "true",
        "s3": "true",
        "s3.config": directory / "s3.json",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.electionTimeout": "500ms",  # it is alone; 10 s would be for others to come
        "master.volumeSizeLimitMB": 256,
        "master.telemetry": "false",
        "volume.max": 100,
        "volume.preStopSeconds": 0,
    }
    for name, number in ports.items():
        server, _, kind = name.partition(".")
        flags[f"{server}.port.{kind}" if kind else f"{server}.port"] = number
    return [
        str(weed),
        "-logtostderr=true",
        "server",
        *(f"-{flag}={value}" for flag, value in flags.items()),
    ]


def _free_ports(wanted: dict[str, int]) -> dict[str, int]:
    """Fill in a free port for each 0; all are held open until all are known, so none repeats."""
    sockets = {name: socket.socket() for name, number in wanted.items() if not number}
    try:
        for held in sockets.values():
            held.bind((LOOPBACK, 0))
        return wanted | {name: held.getsockname()[1] for name, held in sockets.items()}
    finally:
        for held in sockets.values():
            held.close()


def _ready(url: str) -> bool:
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5),
    )
    try:
        client.list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True
