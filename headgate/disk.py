"""What a disk refuses, put into words: work that it has no room for, and files it does not take."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headgate.errors import NoRoomError, SettingsError

_MIB = 1 << 20
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
def full_disk_explained(path: Path, todo: str = _MORE_ROOM) -> Iterator[None]:
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
def write_explained(path: Path) -> Iterator[None]:
    """Turn what a disk refuses while a file is written into errors that say so.

    Raises:
        NoRoomError: The disk is full.
        SettingsError: The scratch folder may not be written to.
    """
    try:
        with full_disk_explained(path):
            yield
    except OSError as error:
        if error.errno in _UNWRITABLE:
            raise SettingsError(
                f"The scratch folder cannot be written ({error.strerror}).",
                where=str(path.parent),
                todo="Set HEADGATE_SCRATCH to a folder that may be written.",
            ) from error
        raise
