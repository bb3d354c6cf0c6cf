"""What `headgate watch` does not begin with: it says what is wrong, and ends."""

import os
import subprocess
import sys

import pytest

from headgate.bucket.client import sqs_client
from headgate.errors import RegionError
from headgate.settings import Settings
from stack.running import ROOT
from stack.s3 import REGION
from tests.harness.faults import Response, proxy, refuse
from tests.harness.stores import settings_for


@pytest.fixture
def watch(stack):
    """Run the command with the stack's settings, some of them changed, and wait for its end."""

    def run(**changes):
        variables = {**os.environ, **stack.variables, "HEADGATE_ATTEMPTS": "1", **changes}
        return subprocess.run(
            [sys.executable, "-m", "cli.main", "watch"],
            env={name: value for name, value in variables.items() if value},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def denied(code):
    """Answer as SQS answers who may not read a queue."""
    body = f'{{"__type": "com.amazon.coral.service#{code}", "message": "made up"}}'.encode()
    return lambda *_: Response(403, [("Content-Type", "application/x-amz-json-1.0")], body)


def assert_told(ended, said):
    assert ended.returncode == 4
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_queue_that_is_not_there(watch, moto):
    url = f"{moto.url}/123456789012/nowhere"
    ended = watch(HEADGATE_QUEUE_URL=url, AWS_ENDPOINT_URL_SQS=moto.url)
    assert_told(ended, f"{url}: There is no queue of this address.")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("UnrecognizedClientException", "does not know this access key"),
        ("InvalidSignatureException", "secret key does not fit"),
        ("AccessDeniedException", "not allowed"),
    ],
)
def test_credentials_that_may_not_read_the_queue(watch, moto, code, said):
    with proxy(moto.url) as between:
        between.add(lambda _: True, denied(code), times=99)
        url = f"{between.url}/123456789012/uploads"
        ended = watch(HEADGATE_QUEUE_URL=url, AWS_ENDPOINT_URL_SQS=between.url)
    assert_told(ended, said)
    assert url in ended.stderr


def test_an_address_of_the_queues_server_that_is_none(watch):
    ended = watch(HEADGATE_QUEUE_URL="http://q/1/q", AWS_ENDPOINT_URL_SQS="localhost:9324")
    assert_told(ended, "localhost:9324: The endpoint URL cannot be used.")


def test_a_bucket_that_may_not_be_read(watch):
    ended = watch(AWS_SECRET_ACCESS_KEY="wrong")
    assert_told(ended, "secret key does not fit")


def test_another_bucket_than_that_of_the_runs(watch, stack):
    """Its keys would name nothing there, or other files."""
    ended = watch(HEADGATE_FOLDER="elsewhere")
    assert_told(ended, f"The environment names s3://{stack.bucket}/elsewhere at {stack.s3.url}")
    assert f"s3-bucket/headgate in Prefect s3://{stack.bucket} at" in ended.stderr


def test_a_prefect_server_that_goes_away_before_its_bucket_is_known_is_waited_for(watch, stack):
    with proxy(stack.api.removesuffix("/api")) as between:
        gone = between.add(lambda request: "/block" in request.target, refuse)
        ended = watch(
            PREFECT_API_URL=f"{between.url}/api",
            PREFECT_CLIENT_MAX_RETRIES="0",
            HEADGATE_FOLDER="elsewhere",
        )
    assert gone.seen == 1
    assert f"No Prefect server answers at {between.url}/api. Waiting for it" in ended.stderr
    assert_told(ended, "The environment names")


def test_a_queue_on_aws_needs_a_region():
    """Any other server takes whatever region it is asked in, as for the bucket."""
    with pytest.raises(RegionError, match="AWS_REGION"):
        sqs_client(Settings(_env_file=None, access_key_id="a", secret_access_key="b"), 20)


def test_a_queue_elsewhere_needs_none_and_has_the_patience_of_the_bucket(moto, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", moto.url)
    client = sqs_client(settings_for(moto, "tests", region=None, read_seconds=3), 20)
    assert client.meta.region_name == REGION
    assert client.meta.endpoint_url == moto.url
    assert client.meta.config.read_timeout == 23
    assert client.meta.config.retries["total_max_attempts"] == 3
    assert client.list_queues()
