"""What integration tests share: servers on loopback, each started once a session, the command."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.retries.standard import ExponentialBackoff

from headgate.bucket.store import Store
from stack.s3 import Endpoint, s3_server
from stack.service import LOOPBACK, answers, free_port, service
from tests.harness.command import Command
from tests.harness.faults import Proxy, proxy
from tests.harness.runs import Place, new_place
from tests.harness.stores import behind, forget_outside_settings, new_store, write_users


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch, tmp_path):
    """Keep the machine's own AWS settings and metadata service out of the tests."""
    forget_outside_settings(monkeypatch, tmp_path)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Have boto try again as often as ever, and at once: it would wait for a second or two."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)


@pytest.fixture
def headgate(monkeypatch, capsys) -> Command:
    """The command, with the variables that a test gives it."""
    return Command(monkeypatch, capsys)


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory) -> Iterator[Endpoint]:
    """The S3 server of `make up`; it checks signatures, permissions and conditions."""
    directory = tmp_path_factory.mktemp("seaweed")
    write_users(directory)
    with s3_server(directory) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def moto(tmp_path_factory) -> Iterator[Endpoint]:
    """Another make of S3 (and SQS) server; it takes any credentials."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", LOOPBACK, "-p", str(port)]
    log = tmp_path_factory.mktemp("moto") / "log"
    with service(command, log=log, ready=lambda: answers(url)) as process:
        yield Endpoint(url=url, access_key="any", secret_key="any", pid=process.pid)


@pytest.fixture(params=["seaweed", "moto"])
def endpoint(request) -> Endpoint:
    """Each S3 server in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def store(endpoint) -> Store:
    """An empty bucket on each server in turn."""
    return new_store(endpoint)


@pytest.fixture
def faulty(store) -> Iterator[tuple[Store, Proxy]]:
    """The same bucket seen through a proxy, and the proxy, for the test to arm its faults."""
    with proxy(store.client.meta.endpoint_url) as between:
        yield behind(between.url, store), between


@pytest.fixture
def place(stack) -> Place:
    """An empty bucket that runs of the deployments can be pointed at."""
    return new_place(stack)


@pytest.fixture
def faulty_moto(moto) -> Iterator[tuple[Store, Proxy]]:
    """The same on moto alone, for faults that change what a signature covers."""
    store = new_store(moto)
    with proxy(moto.url) as between:
        yield behind(between.url, store), between
