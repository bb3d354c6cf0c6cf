"""Folders of a run's own on the local disk, and the sweep of what dead processes left."""

import os
import re
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headgate.disk import write_explained

_RUN, _WORKER = "headgate-run", "headgate-worker"
_OWNED = re.compile(rf"({_RUN}|{_WORKER})\.(.+)\.(\d+)\.[0-9a-f]+")
"""What a folder is for, and the host and process that it belongs to."""
_DAY = 24 * 3600


def new_scratch(root: Path | None = None, *, lasting: bool = False) -> Path:
    """Make an empty folder that names the host and process it belongs to.

    Args:
        root: Where it lies; by default where temporary files do.
        lasting: Whether it is a worker's, which may live for long, and no single run's.

    Raises:
        NoRoomError: The disk is full.
        SettingsError: `root` may not be written to.
    """
    root = root or Path(tempfile.gettempdir())
    kind = _WORKER if lasting else _RUN
    folder = root / f"{kind}.{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    with write_explained(folder):
        folder.mkdir(parents=True, mode=0o700)
    return folder


@contextmanager
def scratch_folder(root: Path | None = None, *, lasting: bool = False) -> Iterator[Path]:
    """Make such a folder for as long as the block lasts."""
    folder = new_scratch(root, lasting=lasting)
    try:
        yield folder
    finally:
        remove_scratch(folder)


def remove_scratch(folder: Path) -> None:
    """Remove one run's folder; gone already is fine."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch(root: Path | None = None, *, dry_run: bool = False) -> list[Path]:
    """Remove the folders that dead processes left behind, and return them."""
    root = root or Path(tempfile.gettempdir())
    left = [folder for folder in root.glob("headgate-*") if _dead(folder)]
    if not dry_run:
        for folder in left:
            remove_scratch(folder)
    return left


def _dead(folder: Path) -> bool:
    """Return whether a folder's process is gone; of a run on another host, age tells."""
    owned = _OWNED.fullmatch(folder.name)
    if owned is None:
        return False
    kind, host, pid = owned.groups()
    try:
        if host != socket.gethostname():
            return kind == _RUN and time.time() - folder.stat().st_mtime > _DAY
        os.kill(int(pid), 0)
    except (FileNotFoundError, PermissionError):
        return False
    except ProcessLookupError:
        return True
    return False
