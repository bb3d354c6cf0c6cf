"""Settings come from the environment and `.env`, and a wrong one is named."""

import pytest

from headgate import settings
from headgate.bucket.store import connect
from headgate.errors import SettingsError
from headgate.settings import Settings, load
from tests.harness.stores import forget_outside_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    forget_outside_settings(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)


def test_the_usual_variables_suffice(monkeypatch):
    """Those that every AWS tool knows, and the bucket's name."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_BUCKET_NAME": "data",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    store = connect(load())
    assert (store.bucket, store.folder) == ("data", "")
    assert store.client.meta.region_name == "eu-west-1"
    assert store.client.meta.endpoint_url == "http://127.0.0.1:9"


def test_a_dotenv_file_is_read(tmp_path):
    """And the environment is stronger."""
    (tmp_path / ".env").write_text(
        "AWS_BUCKET_NAME=from-file\nHEADGATE_LEASE_SECONDS=90\nOTHER=1\n"
    )
    found = load()
    assert (found.bucket, found.lease_seconds) == ("from-file", 90)


def test_the_environment_is_stronger(tmp_path, monkeypatch):
    """Than the file."""
    (tmp_path / ".env").write_text("AWS_BUCKET_NAME=from-file\n")
    monkeypatch.setenv("AWS_BUCKET_NAME", "from-environment")
    assert load().bucket == "from-environment"


def test_an_empty_variable_is_none(monkeypatch):
    """As a line of a copied `.env.example` leaves it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    assert load().endpoint_url is None
    assert load().access_key_id is None


def test_common_words_in_the_environment_are_not_taken(monkeypatch):
    """Other programs have a `BUCKET` and a `REGION` of their own."""
    for name in ("BUCKET", "REGION", "ENDPOINT_URL", "ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "another")
    found = load()
    assert (found.bucket, found.region) == (None, None)
    assert (found.endpoint_url, found.access_key_id) == (None, None)


def test_a_value_that_cannot_be_is_named(monkeypatch):
    """By its variable."""
    monkeypatch.setenv("HEADGATE_LEASE_SECONDS", "-1")
    with pytest.raises(SettingsError, match="HEADGATE_LEASE_SECONDS: It should be"):
        load()


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("HEADGATE_FOLDR", "did you mean HEADGATE_FOLDER?"),
        ("headgate_bucket_nam", "did you mean HEADGATE_BUCKET?"),
        ("HEADGATE_TIMEOUT", "docs/settings.md lists them all."),
    ],
)
def test_a_variable_that_sets_nothing_is_named(monkeypatch, caplog, variable, advice):
    """Once, with the nearest that does."""
    settings._warn_if_unknown.cache_clear()
    for value in "xy":
        monkeypatch.setenv(variable, value)
        load()
    assert caplog.messages == [f"There is no setting {variable}, so it changes nothing: {advice}"]


def test_a_variable_of_a_dotenv_file_that_sets_nothing_is_named(tmp_path, caplog):
    """However it is written there, but no line that is commented out."""
    settings._warn_if_unknown.cache_clear()
    (tmp_path / ".env").write_text("# HEADGATE_A=1\nHEADGATE_B=1\n  export HEADGATE_C = 1\n")
    load()
    assert [record.args[0] for record in caplog.records] == ["HEADGATE_B", "HEADGATE_C"]


def test_no_setting_is_warned_of(monkeypatch, caplog):
    """By any of its names."""
    for name in (*Settings.model_fields, "part_mib"):
        monkeypatch.setenv(f"HEADGATE_{name}", "9")
    load()
    assert caplog.messages == []


def test_secrets_do_not_show():
    """Not in a log of the settings."""
    shown = repr(Settings(secret_access_key="s3cret", session_token="t0ken"))
    assert "s3cret" not in shown
    assert "t0ken" not in shown
