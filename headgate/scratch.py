"""Folders of a run's own on the local disk: their room, and the sweep of what dead processes left.

Here too: what a disk refuses, put into words.
"""

import errno
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

from headgate.errors import NoRoomError, SettingsError

_RUN, _WORKER = "headgate-run", "headgate-worker"
_OWNED = re.compile(rf"({_RUN}|{_WORKER})\.(.+)\.(\d+)\.[0-9a-f]+")
"""What a folder is for, and the host and process that it belongs to."""
_MIB = 1 << 20
_DAY = 24 * 3600
_FULL = (errno.ENOSPC, errno.EDQUOT)
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR)
_MORE_ROOM = "Free some room, or set HEADGATE_SCRATCH to a larger disk."


def require_room(folder: Path, needed: int) -> None:
    """Refuse work that the disk cannot hold, before it starts.

    Args:
        folder: Where the work goes.
        needed: Bytes.

    Raises:
        NoRoomError: With the figures.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoomError(
            f"{needed / _MIB:,.1f} MiB are needed and {free / _MIB:,.1f} MiB are free.",
            where=str(folder),
            todo=_MORE_ROOM,
        )


@contextmanager
def filling(path: Path, todo: str = _MORE_ROOM) -> Iterator[None]:
    """Tell a disk that becomes full while something is written to it.

    Args:
        path: What is written to.
        todo: How there may be more room.

    Raises:
        NoRoomError: The disk became full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoRoomError(
            "The disk became full while it was written to.", where=str(path), todo=todo
        ) from error


@contextmanager
def written_to_disk(path: Path) -> Iterator[None]:
    """Turn what a disk refuses while a file is written into errors that say so.

    Raises:
        NoRoomError: The disk is full.
        SettingsError: The scratch folder may not be written to.
    """
    try:
        with filling(path):
            yield
    except OSError as error:
        if error.errno in _UNWRITABLE:
            raise SettingsError(
                f"The scratch folder cannot be written ({error.strerror}).",
                where=str(path.parent),
                todo="Set HEADGATE_SCRATCH to a folder that may be written.",
            ) from error
        raise


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
    with written_to_disk(folder):
        folder.mkdir(parents=True, mode=0o700)
    return folder


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
