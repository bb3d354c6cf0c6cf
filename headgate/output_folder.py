"""The folder for the results of a local clean: cleared of an earlier file's, then filled.

Not here: what the results are.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from headgate.disk import full_disk_explained
from headgate.engine.result.files import ROLES
from headgate.errors import OptionsError
from headgate.record import Record

R = TypeVar("R", bound=Record)


def clear(out: Path, *needed: Path | None) -> None:
    """See that `out` can take results, and remove those of an earlier file."""
    try:
        if not out.exists():
            return
    except OSError as error:
        raise _unusable(out, error.strerror) from error
    if not out.is_dir() or not os.access(out, os.W_OK):
        raise _unusable(out, "you may not write there" if out.is_dir() else "it is a file")
    older = {file.resolve() for name in ROLES if (file := out / name).exists()}
    if older and not (out / "recipe.json").exists():
        raise OptionsError(
            f"There are files that results would replace: {', '.join(f.name for f in older)}.",
            where=str(out),
            todo="Choose another folder.",
        )
    for each in needed:
        if each and each.resolve() in older:
            raise OptionsError(
                "This file is needed, and would be overwritten.",
                where=str(each),
                todo="Choose another folder for the results.",
            )
    for name in ROLES:
        (out / name).unlink(missing_ok=True)


def fill(out: Path, files: Iterable[tuple[str, Path]]) -> dict[Path, Path]:
    """Move files to a folder, which is made where it is missing; say where each is now.

    Raises:
        NoRoomError: The disk became full; none of the files is there.
        OptionsError: The folder cannot take them, and none is there.
    """
    moved = {file: out / file.name for _, file in files}
    try:
        with full_disk_explained(out, todo="Free some room there, or choose another folder."):
            out.mkdir(parents=True, exist_ok=True)
            with _all_or_none(moved.values()):
                for file, place in moved.items():
                    shutil.move(file, place)
    except OSError as error:
        raise _unusable(out, error.strerror) from error
    return moved


def relocated(record: R, moved: Mapping[Path, Path], **others: object) -> R:
    """Point a record's paths to where the files are now."""
    paths = {name: moved.get(value, value) for name, value in record if isinstance(value, Path)}
    return record.model_copy(update=paths | others)


@contextmanager
def _all_or_none(made: Iterable[Path]) -> Iterator[None]:
    """Remove what the block has made where it does not come to its end."""
    try:
        yield
    except BaseException:
        for each in made:
            each.unlink(missing_ok=True)
        raise


def _unusable(out: Path, why: str | None) -> OptionsError:
    return OptionsError(
        f"Results cannot be put there ({why}).", where=str(out), todo="Choose another folder."
    )
