"""A disk that is full, or may not be written: told as such, and nothing is lost or left."""

import gzip
import subprocess

import pytest

from headgate import local
from headgate.errors import NoRoomError
from headgate.options import CheckOptions, PrepareOptions, ReadOptions
from stack.running import ROOT
from tests.harness.runs import run

TABLE = "id,name,amount\n" + "".join(f"{row},name {row},{row / 7:.9f}\n" for row in range(200_000))
LARGE = TABLE.encode()
PACKED = gzip.compress(LARGE)
"""Small enough to be let in, and too large once it is unpacked."""
PENGUINS = ROOT / "samples" / "penguins" / "penguins.csv"
PLAIN = {"read": ReadOptions(), "check": CheckOptions()}


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 8 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("only root can make a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("large.csv", LARGE, "MiB are needed"), ("packed.csv.gz", PACKED, "became full")],
    ids=["refused before it starts", "fills up midway"],
)
def test_a_full_disk_fails_the_run_and_the_upload_waits_for_room(
    place, small_disk, name, content, says
):
    """Beside it, what fits is published; with more room, so is the large one."""
    large, small = place.put(f"uploads/{name}", content), place.put("uploads/small.csv", "a\n1\n")
    full = run(
        "process-batch",
        {"HEADGATE_SCRATCH": str(small_disk)},
        keys=[large, small],
        bucket=place.block,
        concurrency=1,
    )

    assert full.state == "Failed"
    assert says in full.artifacts["files"].data
    assert place.find(small).outcome == "published"
    assert place.find(large) is None
    assert place.listing("receipts/claims/") == []
    assert list(small_disk.iterdir()) == []

    assert run("process-upload", key=large, bucket=place.block).state == "Completed"


def test_a_scratch_that_cannot_be_written_is_named(place):
    """The claim is given up at once, so that another machine may do the work."""
    key = place.put("uploads/data.csv", "a\n1\n")

    refused = run(
        "process-upload", {"HEADGATE_SCRATCH": "/proc/nowhere"}, key=key, bucket=place.block
    )

    assert refused.state == "Failed"
    assert "HEADGATE_SCRATCH" in refused.message
    assert place.listing("receipts/claims/") == []
    assert run("process-upload", key=key, bucket=place.block).state == "Completed"


def test_results_for_which_there_is_no_room_are_not_left_in_part(small_disk, tmp_path):
    """Neither of a clean nor of a replay; with more room, the same folder takes them."""
    out, other = small_disk / "out", small_disk / "other"
    other.write_bytes(bytes((8 << 20) - (24 << 10)))
    local.clean(PENGUINS, tmp_path / "out", options=PrepareOptions(), **PLAIN)
    replay = PrepareOptions(recipe=str(tmp_path / "out" / "recipe.json"))

    for options in (PrepareOptions(), replay):
        with pytest.raises(NoRoomError, match=rf"{out}: .* full .* choose another folder"):
            local.clean(PENGUINS, out, options=options, **PLAIN)
        assert list(out.iterdir()) == []

    other.unlink()
    assert all(file.exists() for file in local.clean(PENGUINS, out, options=replay, **PLAIN).files)


@pytest.mark.parametrize("room", [76, 84, 92])
def test_a_scratch_that_fills_up_after_the_table_is_told(small_disk, tmp_path, monkeypatch, room):
    """With the files that explain the table, down to the page for people."""
    (small_disk / "other").write_bytes(bytes((8 << 20) - (room << 10)))
    monkeypatch.setenv("HEADGATE_SCRATCH", str(small_disk))

    with pytest.raises(NoRoomError, match="HEADGATE_SCRATCH"):
        local.clean(PENGUINS, tmp_path / "out", options=PrepareOptions(), **PLAIN)

    assert [file.name for file in small_disk.iterdir()] == ["other"]
