"""A progress bar in the Prefect UI for steps that take long."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

QUIET_SECONDS = 2.0


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function of (done, total) that moves a bar; short work draws none."""
    shown = time.monotonic()
    artifact = None

    def move(done: int, total: int) -> None:
        nonlocal shown, artifact
        if time.monotonic() - shown < QUIET_SECONDS or not total:
            return
        shown = time.monotonic()
        share = 100 * done / total
        if artifact is None:
            artifact = cast("UUID", create_progress_artifact(progress=share, description=what))
        else:
            update_progress_artifact(artifact_id=artifact, progress=share)

    yield move
    if artifact is not None:
        update_progress_artifact(artifact_id=artifact, progress=100.0)
