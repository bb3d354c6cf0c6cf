"""The body of a request becomes a file of its own, which is checked and sent to the bucket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
from starlette.requests import Request

from headgate import intake
from headgate.bucket.store import Store
from headgate.engine.table import ROOM
from headgate.errors import OptionsError
from headgate.intake import Uploaded
from headgate.local import Inspection
from headgate.options import CheckOptions, ReadOptions
from headgate.scratch import new_scratch, remove_scratch, require_room, written_to_disk
from headgate.settings import load

NAME_BYTES = 200
"""End of a long name that is kept: any file system takes it."""


class Arrival(NamedTuple):
    """A file that a browser has sent, in a folder that goes once it is answered."""

    path: Path
    dataset: str | None

    def inspect(self, store: Store) -> Inspection:
        """Look at the file as its upload will be looked at.

        Raises:
            BadFileError: It cannot be accepted.
        """
        return intake.inspect(
            store, self.path, dataset=self.dataset, read=ReadOptions(), check=CheckOptions()
        )

    def send(self, store: Store, found: Inspection) -> Uploaded:
        """Send the file to the bucket, as it is."""
        key = intake.new_key(self.path, found, self.dataset)
        return intake.upload(store, self.path, key, found)


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Arrival]:
    """Write the body of a request to the disk, for as long as the block lasts.

    Raises:
        OptionsError: It has no name that a file can have.
        NoRoomError: The disk cannot hold the file and the work on it.
    """
    asked = request.query_params
    name = _name(asked.get("name", ""))
    scratch = new_scratch(load().scratch)
    try:
        require_room(scratch, (1 + ROOM) * int(request.headers.get("content-length", 0)))
        path = scratch / name
        with written_to_disk(path):
            async with await anyio.open_file(path, "wb") as file:
                async for chunk in request.stream():
                    await file.write(chunk)
        yield Arrival(path, asked.get("dataset") or None)
    finally:
        remove_scratch(scratch)


def _name(given: str) -> str:
    """The last part of a file's name, without the folders that some browsers put before it."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    if not last.strip(". ") or not last.isprintable():
        raise OptionsError(
            f"{given!r} is no name of a file.", where="`name`", todo="Rename the file."
        )
    return last.encode()[-NAME_BYTES:].decode(errors="ignore")
