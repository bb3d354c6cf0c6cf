"""The embedded S3 server: SeaweedFS on loopback, with its data in one directory.

Starting, waiting for and stopping it belongs here; making buckets and blocks does not.
"""

import ctypes
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from headgate.record import Record

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCESS_KEY = "headgate"
SECRET_KEY = "headgate-local"
START_SECONDS = 60.0
STOP_SECONDS = 2.0


class Endpoint(Record):
    """Where the server answers, and with which credentials."""

    url: str
    access_key: str
    secret_key: str
    region: str = REGION
    pid: int


@contextmanager
def s3_server(directory: Path, *, port: int | None = None) -> Iterator[Endpoint]:
    """Run an S3 server over `directory` until the block ends or the calling thread dies.

    A directory that was used before keeps its objects and its `s3.json`, the credentials' file;
    pass the old `port` to bring a server back under the same address.

    Raises:
        RuntimeError: the server did not answer in time; the message holds the end of its log.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "s3.json"
    if not config.exists():
        config.write_text(json.dumps({"identities": [identity(ACCESS_KEY, SECRET_KEY, "Admin")]}))
    ports = _free_ports({"s3": port or 0} | dict.fromkeys(_INNER, 0))
    endpoint_url = f"http://{HOST}:{ports['s3']}"
    with (directory / "weed.log").open("ab") as log:
        process = subprocess.Popen(
            _command(directory, ports),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - calls libc only
        )
    try:
        _wait_until_ready(endpoint_url, process, directory / "weed.log")
        yield Endpoint(
            url=endpoint_url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, pid=process.pid
        )
    finally:
        _stop(process)
        for number in ports.values():
            for leftover in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):  # noqa: S108 - where weed puts them
                leftover.unlink(missing_ok=True)


def identity(
    name: str, *actions: str, access_key: str = "", secret_key: str = ""
) -> dict[str, object]:
    """Describe one user for `s3.json`; actions are SeaweedFS's, e.g. `Admin` or `Read:bucket`."""
    keys = {"accessKey": access_key or ACCESS_KEY, "secretKey": secret_key or SECRET_KEY}
    return {"name": name, "credentials": [keys], "actions": list(actions)}


_INNER = ("s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc")


def _command(directory: Path, ports: dict[str, int]) -> list[str]:
    weed = Path(sys.executable).with_name("weed")
    flags = {
        "dir": directory,
        "ip": HOST,
        "ip.bind": HOST,
        "filer": "true",
        "s3": "true",
        "s3.config": directory / "s3.json",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.volumeSizeLimitMB": 256,
        "master.telemetry": "false",
        "volume.max": 100,
        "volume.preStopSeconds": 0,
    }
    for name, number in ports.items():
        service, _, kind = name.partition(".")
        flags[f"{service}.port.{kind}" if kind else f"{service}.port"] = number
    return [str(weed), "server", *(f"-{flag}={value}" for flag, value in flags.items())]


def _free_ports(wanted: dict[str, int]) -> dict[str, int]:
    """Fill in a free port for each 0; all are held open until all are known, so none repeats."""
    sockets = {name: socket.socket() for name, number in wanted.items() if not number}
    try:
        for held in sockets.values():
            held.bind((HOST, 0))
        return wanted | {name: held.getsockname()[1] for name, held in sockets.items()}
    finally:
        for held in sockets.values():
            held.close()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5),
    )
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(BotoCoreError, ClientError):
            client.list_buckets()
            return
        time.sleep(0.1)
    tail = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"The S3 server did not answer at {url}. Its log ends with:\n{tail}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent() -> None:
    """Ask Linux to kill the server when the thread that started it is gone (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
