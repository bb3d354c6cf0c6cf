"""The whole of Headgate on one machine: S3, Prefect, a worker and the watcher, on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import boto3

from bridge.registration import register
from headgate.record import Record
from stack.prefect_server import prefect_server
from stack.s3 import Endpoint, s3_server
from stack.service import LOOPBACK, Say, environment, free_port, service

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "headgate"
SERVICES = ("worker", "watch")
"""Commands of `headgate` that run for as long as the stack does."""
DEPLOY = ("prefect", "--no-prompt", "deploy", "--all")
"""The command that makes a deployment of every flow."""


class Stack(Record):
    """Addresses of what runs."""

    s3: Endpoint
    api: str
    bucket: str = BUCKET
    page: str | None = None

    @property
    def ui(self) -> str:
        """Address of the Prefect UI."""
        return self.api.removesuffix("/api")

    @property
    def variables(self) -> dict[str, str]:
        """What another terminal needs to work with this stack."""
        return {
            "PREFECT_API_URL": self.api,
            "AWS_ENDPOINT_URL": self.s3.url,
            "AWS_ACCESS_KEY_ID": self.s3.access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
            "AWS_REGION": self.s3.region,
            "AWS_BUCKET_NAME": self.bucket,
            "HEADGATE_POLL_SECONDS": "0.2",
        }


@contextmanager
def running(
    directory: Path,
    *,
    s3_port: int = 0,
    prefect_port: int = 0,
    page_port: int | None = None,
    services: Sequence[str] = SERVICES,
    say: Say = lambda _: None,
    revive: bool = False,
) -> Iterator[Stack]:
    """Run the stack until the block ends; this process may then use it as its environment.

    Args:
        directory: Takes all data and logs; what a former run left is taken up again.
        s3_port: Preferred port of the S3 endpoint; any free one if it is taken.
        prefect_port: Preferred port of the Prefect server, likewise.
        page_port: Preferred port of the page for uploaders, likewise; none leaves it out.
        services: Which of the lasting commands to run.
        say: Takes a line about each thing that is started.
        revive: Whether what dies is started again.
    """
    again = say if revive else None
    with ExitStack() as stack:
        say("Starting an S3 server ...")
        port = choose_port(s3_port, say)
        s3 = stack.enter_context(s3_server(directory / "s3", port=port, revive=again))
        say("Starting a Prefect server (the first start takes about 20 seconds) ...")
        port = choose_port(prefect_port, say)
        api = stack.enter_context(prefect_server(directory / "prefect", port=port, revive=again))
        commands, page = [[service] for service in services], None
        if page_port is not None:
            port = choose_port(page_port, say)
            commands.append(["page", "--port", str(port)])
            page = f"http://{LOOPBACK}:{port}"
        started = Stack(s3=s3, api=api, page=page)
        stack.enter_context(environment(started.variables))
        say("Making the bucket and deploying the flows ...")
        set_up(started)
        say(f"Starting {' and '.join(name for name, *_ in commands)} ...")
        for command in commands:
            stack.enter_context(headgate(command, directory, again))
        yield started


def choose_port(preferred: int, say: Say) -> int:
    """Return the preferred port, or say that it is taken and return another."""
    port = free_port(preferred)
    if preferred and port != preferred:
        say(f"Port {preferred} is taken by another program; port {port} is used instead.")
    return port


def set_up(stack: Stack) -> None:
    """Make the bucket, register it with Prefect and deploy the flows; what is there stays."""
    _make_bucket(stack)
    register("headgate", "headgate")
    _deploy()


def _make_bucket(stack: Stack) -> None:
    client = boto3.client("s3", endpoint_url=stack.s3.url)
    names = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    if stack.bucket not in names:
        client.create_bucket(Bucket=stack.bucket)


def _deploy() -> None:
    """Deploy all of prefect.yaml.

    Raises:
        subprocess.CalledProcessError: Prefect refused; its output stands above.
    """
    command = [sys.executable, "-m", *DEPLOY]
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()


def headgate(
    command: list[str], directory: Path, revive: Say | None = None
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run a lasting command of `headgate`, with its log in the directory."""
    return service(
        [sys.executable, "-m", "cli.main", *command],
        log=directory / f"{command[0]}.log",
        ready=lambda: True,
        cwd=ROOT,
        revive=revive,
    )
