"""Work that a disk cannot hold is refused, and a disk that becomes full is told."""

from pathlib import Path

import pytest

from headgate.disk import full_disk_explained, require_room
from headgate.errors import NoRoomError


def test_work_that_the_disk_cannot_hold_is_refused_with_the_figures(tmp_path):
    """Before it starts."""
    with pytest.raises(NoRoomError, match=r"1,048,576\.0 MiB are needed and [\d,.]+ MiB are free"):
        require_room(tmp_path, 2**40)


def test_a_disk_that_becomes_full_is_told(tmp_path):
    """`/dev/full` stands for it: every write there fails as on a full disk."""
    with (
        pytest.raises(NoRoomError, match="HEADGATE_SCRATCH"),
        full_disk_explained(tmp_path),
        Path("/dev/full").open("w") as file,
    ):
        file.write("x")
