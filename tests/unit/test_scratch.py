"""Scratch folders belong to a process and go with it."""

import os
import subprocess
import sys
import time

import pytest

from headgate.errors import SettingsError
from headgate.scratch import new_scratch, remove_scratch, sweep_scratch

MAKE = (
    "import sys, pathlib; from headgate.scratch import new_scratch; new_scratch(pathlib.Path('{}'))"
)


def test_what_a_dead_process_left_is_swept_and_the_living_keep_theirs(tmp_path):
    """Only folders whose process is gone are removed."""
    subprocess.run([sys.executable, "-c", MAKE.format(str(tmp_path))], check=True)
    mine = new_scratch(tmp_path)
    assert len(sweep_scratch(tmp_path, dry_run=True)) == 1
    assert len(list(tmp_path.iterdir())) == 2
    sweep_scratch(tmp_path)
    assert list(tmp_path.iterdir()) == [mine]


def test_what_another_host_left_is_swept_after_a_day(tmp_path):
    """Such as a container that was killed and never comes back; no run takes that long.

    A worker does, which may have a folder there too.
    """
    names = ("headgate-run.old.lan", "headgate-run.young.lan", "headgate-worker.old.lan")
    old, young, worker = (tmp_path / f"{name}.7.0123abcd" for name in names)
    for folder in (old, young, worker):
        folder.mkdir()
    yesterday = time.time() - 25 * 3600
    for folder in (old, worker):
        os.utime(folder, (yesterday, yesterday))
    assert sweep_scratch(tmp_path) == [old]
    assert {*tmp_path.iterdir()} == {young, worker}


def test_removing_twice_is_fine(tmp_path):
    """Cleanup may run again after it has run."""
    folder = new_scratch(tmp_path)
    remove_scratch(folder)
    remove_scratch(folder)
    assert not folder.exists()


def test_a_place_that_cannot_hold_scratch_is_named(tmp_path):
    """The message says where and what to set."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"cannot be written .*HEADGATE_SCRATCH"):
        new_scratch(tmp_path / "file")
