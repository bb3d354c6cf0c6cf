"""Clients: what they share."""

import pytest
from botocore.loaders import JSONFileLoader

from headgate.bucket.client import s3_client, warm_up
from headgate.settings import Settings
from tests.harness.stores import forget_outside_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    forget_outside_settings(monkeypatch, tmp_path)


def test_only_the_first_client_reads_what_boto_knows_of_s3(monkeypatch):
    """Whatever its session: reading it takes longer than a small file does."""
    warm_up()
    monkeypatch.setattr(JSONFileLoader, "load_file", lambda _, path: pytest.fail(f"reads {path}"))
    s3_client(Settings(_env_file=None, region="us-east-1"))


def test_warming_up_bears_settings_that_no_client_could_be_made_with(monkeypatch):
    """The run tells of them; the warm process must live."""
    monkeypatch.setenv("AWS_PROFILE", "that-is-nowhere")
    warm_up()
