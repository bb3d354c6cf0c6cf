"""What a person sees in the Prefect UI beside a run: reports, previews, links, progress."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_logger

from headgate.bucket.links import Link
from headgate.journey.receipt import Receipt
from headgate.journey.summary import markdown
from headgate.record import Record

log = get_logger("headgate.artifacts")

PROGRESS_SECONDS = 2.0  # before a bar is drawn, and between two moves of it


@contextmanager
def _if_possible() -> Iterator[None]:
    """Fail no step, and undo none, where the Prefect server cannot take what is to be shown."""
    try:
        yield
    except HTTPError as error:
        log.warning("Not shown in the UI: %s", error)


@_if_possible()
def show_receipt(
    receipt: Receipt, columns: Sequence[str] = (), preview: Sequence[Sequence[str]] = ()
) -> None:
    """Show a report of the receipt and, where there is a table, its first rows."""
    upload = receipt.source.upload
    create_markdown_artifact(
        markdown(receipt),
        key=f"report-{artifact_key(upload.name)}",
        description=f"What became of {upload.name}: {receipt}",
    )
    if columns:
        show_preview(upload.name, columns, preview)


@_if_possible()
def show_preview(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show the first rows of a table."""
    create_table_artifact(
        [dict(zip(columns, row, strict=True)) for row in rows],
        key=f"preview-{artifact_key(name)}",
        description=f"The first {len(rows)} rows of {name}",
    )


@_if_possible()
def show_records(name: str, records: Sequence[Record], description: str) -> None:
    """Show a few records as a table."""
    rows = [record.model_dump(mode="json") for record in records]
    create_table_artifact(rows, key=artifact_key(name), description=description)


@_if_possible()
def show_link(link: Link) -> None:
    """Show a download link to everyone who may see the run."""
    create_link_artifact(
        link=link.url.get_secret_value(),
        link_text="Download",
        key="download",
        description=f"Works until {link.until}",
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function of (done, total) that moves a bar; short work draws none."""
    shown = time.monotonic()
    artifact = None

    @_if_possible()
    def move(done: int, total: int) -> None:
        nonlocal shown, artifact
        if time.monotonic() - shown < PROGRESS_SECONDS or not total:
            return
        shown = time.monotonic()
        share = 100 * done / total
        if artifact is None:
            artifact = cast("UUID", create_progress_artifact(progress=share, description=what))
        else:
            update_progress_artifact(artifact_id=artifact, progress=share)

    yield move
    if artifact is not None:
        with _if_possible():
            update_progress_artifact(artifact_id=artifact, progress=100.0)


def artifact_key(text: str) -> str:
    """Write a text as Prefect allows in an artifact's key: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[-100:].strip("-")
