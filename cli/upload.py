"""The command that sends files to the bucket."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cli import show
from cli.console import AsJsonLines, as_json, err, fail, say
from cli.options import Check, Read, flags_of
from cli.store import open_store
from headgate.bucket.store import Store
from headgate.errors import BadFileError, NoRoomError, OptionsError
from headgate.journey import intake
from headgate.journey.intake import Checked, Uploaded
from headgate.options import CheckOptions, ReadOptions
from headgate.words import counted


def upload(
    *files: Annotated[Path, Parameter(required=True)],
    dataset: str | None = None,
    read: Read = ReadOptions(),  # noqa: B008 - frozen
    check: Check = CheckOptions(),  # noqa: B008 - frozen
    json: AsJsonLines = False,
) -> None:
    """Check files and send them to the bucket; a bad one is refused and not sent.

    The options are for this check alone; the run that processes a file later has its own.

    Args:
        files: CSV files on this machine; may be compressed.
        dataset: Data set whose contract holds; also the folder under uploads/.
    """
    store, keys, code = open_store(), list[str](), 0
    try:
        for file in files:
            try:
                uploaded, inspection = _upload(store, file, dataset, read, check)
            except (BadFileError, NoRoomError, OptionsError) as error:
                error.where = error.where or str(file)
                code = max(code, fail(error, file_name=file.name))
                continue
            keys.append(uploaded.key)
            if json:
                as_json(uploaded, indent=None)
            else:
                _show(uploaded, inspection, whole=len(files) == 1)
    finally:  # what was sent is there, also where the rest could not be
        if not json:
            _show_what_follows(keys, len(files), flags_of(read, check))
    if code:
        sys.exit(code)


def _upload(
    store: Store, file: Path, dataset: str | None, read: ReadOptions, check: CheckOptions
) -> tuple[Uploaded, Checked]:
    with err.status(f"Checking {file.name} ..."):
        inspection = intake.inspect(store, file, dataset=dataset, read=read, check=check)
    with err.status(f"Uploading {file.name} ..."):
        key = intake.new_key(file, inspection, dataset)
        return intake.upload(store, file, key, inspection), inspection


def _show(uploaded: Uploaded, inspection: Checked, *, whole: bool) -> None:
    """Tell of a file that was sent; of one among several, or of corrections, without first rows."""
    if whole and not uploaded.corrected:
        show.preview(uploaded.columns, uploaded.rows[:5])
    if judged := inspection.judged:
        show.doubts(judged)
        show.failures(judged)
        show.drift(judged)
    say(f"Uploaded {uploaded.file_name} as {uploaded.key}")
    if uploaded.corrected:
        say(f"It corrects {uploaded.corrects}: {show.corrected(uploaded.corrected)}.")
    if judged:
        show.held_to(judged)
    else:
        say("Which of its rows are still bad is told once it is processed.")
    if judged and judged.quarantined:
        still = "still " if uploaded.corrected else ""
        rows = counted(judged.rows_in, "row")
        say(f"{judged.quarantined:,} of its {rows} will {still}be kept back as bad.")
    if not whole:
        say("")


def _show_what_follows(keys: list[str], files: int, flags: list[str]) -> None:
    """Tell how the files are processed, with the options that they were checked with."""
    if files > 1:
        say(f"Uploaded {len(keys):,} of {files:,} files.")
    if not keys:
        return
    alone = "it is processed by itself" if len(keys) == 1 else "they are processed by themselves"
    elsewhere = ", without these options. With them:" if flags else ". Elsewhere:"
    say(f"Where `headgate watch` runs, {alone}{elsewhere}")
    force = ["--force"] if flags else []  # the watcher's run may be done by then
    command = ["process", keys[0], *force] if len(keys) == 1 else ["backlog"]
    say(f"  headgate {shlex.join([*command, *flags])}")
