"""The embedded S3 server and what it leaves on the disk."""

from stack.s3 import s3_server


def test_the_secret_key_is_for_its_owner_alone(seaweed, tmp_path, tmp_path_factory):
    """Whoever else is on the machine cannot read `s3.json`, new or from an earlier start."""
    earlier = tmp_path_factory.getbasetemp() / "seaweed0"
    with s3_server(tmp_path):
        for folder in (tmp_path, earlier):
            assert (folder / "s3.json").stat().st_mode & 0o777 == 0o600
