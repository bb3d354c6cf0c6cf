"""The body of a request becomes a file of its own, which is checked and sent to the bucket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
from starlette.requests import Request

from headgate.bucket.store import Store
from headgate.disk import require_room, write_explained
from headgate.engine.validate import ROOM
from headgate.errors import OptionsError, TransientError
from headgate.journey import intake
from headgate.journey.intake import Checked, Uploaded
from headgate.options import CheckOptions, ReadOptions
from headgate.scratch import scratch_folder
from headgate.settings import load

NAME_BYTES = 200
"""End of a long name that is kept: any file system takes it."""
SILENCE = 60.0
"""Seconds without a byte after which a connection counts as dead."""


class Arrival(NamedTuple):
    """A file that a browser has sent, in a folder that goes once it is answered."""

    path: Path
    dataset: str | None

    def inspect(self, store: Store) -> Checked:
        """Look at the file as its upload will be looked at.

        Raises:
            BadFileError: It cannot be accepted.
        """
        return intake.inspect(
            store, self.path, dataset=self.dataset, read=ReadOptions(), check=CheckOptions()
        )

    def send(self, store: Store, found: Checked) -> Uploaded:
        """Send the file to the bucket, as it is."""
        key = intake.new_key(self.path, found, self.dataset)
        return intake.upload(store, self.path, key, found)


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Arrival]:
    """Write the body of a request to the disk, for as long as the block lasts.

    Raises:
        OptionsError: It has no name that an upload can have, or is no file but a form.
        NoRoomError: The disk cannot hold the file and the work on it.
        TransientError: The rest of it does not come.
    """
    asked = request.query_params
    name, dataset = _name(asked.get("name", "")), asked.get("dataset") or None
    intake.require_names(name, dataset)
    _refuse_form(request.headers.get("content-type", ""))
    with scratch_folder(load().scratch) as scratch:
        require_room(scratch, (1 + ROOM) * int(request.headers.get("content-length", 0)))
        await _write(request, scratch / name)
        yield Arrival(scratch / name, dataset)


async def _write(request: Request, path: Path) -> None:
    """Write a body to a file; one of a size that was not announced may not fill the disk."""
    size = 0
    with write_explained(path):
        async with await anyio.open_file(path, "wb") as file:
            async for chunk in _chunks(request):
                size += len(chunk)
                require_room(path.parent, ROOM * size)
                await file.write(chunk)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield a body as it comes, unless its sender falls silent."""
    chunks = request.stream()
    while True:
        try:
            with anyio.fail_after(SILENCE):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            what = f"Nothing more of the file came for {SILENCE:.0f} seconds."
            raise TransientError(what, todo="Send it again.") from error
        if chunk is None:
            return
        yield chunk


def _name(given: str) -> str:
    """Return the last part of a file's name, without the folders that some browsers put before it.

    Marks that cannot be printed, such as the narrow spaces in names of screenshots, become `_`.
    """
    last = given.replace("\\", "/").rpartition("/")[2]
    if not last.strip(". "):
        raise OptionsError("The file has no name.", where="`name`", todo="Give it one.")
    plain = "".join(mark if mark.isprintable() else "_" for mark in last)
    return plain.encode()[-NAME_BYTES:].decode(errors="ignore")


def _refuse_form(content_type: str) -> None:
    if content_type.startswith("multipart/"):
        raise OptionsError(
            "This is a form with a file in it, and would be read as one file.",
            todo="Send the file by itself, as the whole body.",
        )
