"""Folders of a run's own on the local disk, and the sweep of those whose process is gone."""

import os
import shutil
import socket
import tempfile
import uuid
from pathlib import Path

from headgate.errors import NoRoomError

_PREFIX = "headgate-run"


def new_scratch(root: Path | None = None) -> Path:
    """Make an empty folder that names the host and process it belongs to.

    Raises:
        NoRoomError: The disk is full or may not be written to.
    """
    root = root or Path(tempfile.gettempdir())
    folder = root / f"{_PREFIX}.{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise NoRoomError(
            f"No scratch folder can be made: {error.strerror}.",
            where=str(root),
            todo="Free some space, or set HEADGATE_SCRATCH to a folder that can be written to.",
        ) from error
    return folder


def remove_scratch(folder: Path) -> None:
    """Remove one run's folder; gone already is fine."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch(root: Path | None = None, *, dry_run: bool = False) -> list[Path]:
    """Remove the folders that dead processes of this host left behind, and return them."""
    root = root or Path(tempfile.gettempdir())
    left = [folder for folder in root.glob(f"{_PREFIX}.{socket.gethostname()}.*") if _dead(folder)]
    if not dry_run:
        for folder in left:
            remove_scratch(folder)
    return left


def _dead(folder: Path) -> bool:
    pid = int(folder.name.rsplit(".", 2)[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
