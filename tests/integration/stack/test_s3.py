"""The embedded S3 server and what it leaves on the disk."""

import pytest

from stack.s3 import s3_server
from tests.harness.stores import write_users


@pytest.mark.parametrize("before", [lambda _: None, write_users], ids=["new", "used before"])
def test_the_secret_key_is_for_its_owner_alone(tmp_path, before):
    """Whoever else is on the machine cannot read `s3.json`."""
    before(tmp_path)

    with s3_server(tmp_path):
        assert (tmp_path / "s3.json").stat().st_mode & 0o777 == 0o600
