"""Commands that process uploads: here, or as Prefect runs where a server is named."""

import asyncio
import os
import shlex
import signal
import socket
import sys
from datetime import UTC, datetime
from typing import Any

from cli import show
from cli.bucket import link
from cli.console import AsJson, as_json, err, note, say, table
from cli.options import Check, Concurrency, Deliver, FileLimit, Prepare, Read
from cli.store import open_store
from headgate.bucket.backlog import choose_pending
from headgate.errors import HeadgateError, NoSuchObjectError, OptionsError
from headgate.journey import processing, results
from headgate.journey.processing import Outcome
from headgate.journey.receipt import Receipt
from headgate.journey.summary import answered_before, is_made_with
from headgate.options import (
    CheckOptions,
    DeliverOptions,
    PrepareOptions,
    ProcessOptions,
    ReadOptions,
)
from headgate.settings import load


def process(
    key: str,
    /,
    *,
    read: Read = ReadOptions(),  # noqa: B008 - frozen
    check: Check = CheckOptions(),  # noqa: B008 - frozen
    prepare: Prepare = PrepareOptions(),  # noqa: B008 - frozen
    deliver: Deliver = DeliverOptions(),  # noqa: B008 - frozen
    json: AsJson = False,
) -> None:
    """Check, clean and publish one upload, here and now.

    Args:
        key: Key or address of the upload, e.g. uploads/sales.csv.
    """
    options = ProcessOptions(read=read, check=check, prepare=prepare, deliver=deliver)
    asked = datetime.now(UTC)
    try:
        receipt = _process(key, options)
    except KeyboardInterrupt:
        note(f"Stopped. {_standing(key, asked)}")
        raise
    if json:
        as_json(receipt)
    else:
        _show(receipt)
        if receipt.finished < asked or not is_made_with(options, receipt):
            say(answered_before(receipt, options, "--force"))
        if deliver.show_link and receipt.outcome == "published":
            link(receipt.key(), hours=deliver.link_hours)
    if receipt.outcome == "refused":
        sys.exit(3)


def backlog(
    *,
    read: Read = ReadOptions(),  # noqa: B008 - frozen
    check: Check = CheckOptions(),  # noqa: B008 - frozen
    prepare: Prepare = PrepareOptions(),  # noqa: B008 - frozen
    deliver: Deliver = DeliverOptions(),  # noqa: B008 - frozen
    limit: FileLimit = 1000,
    concurrency: Concurrency = 4,
    json: AsJson = False,
) -> None:
    """Process every upload that has no result; a bad one never holds up the others.

    Args:
        limit: Most files in one go.
        concurrency: Files at once.
    """
    if deliver.force:
        raise OptionsError(
            "The backlog holds only uploads without a result; there is none to be replaced.",
            where="--force",
            todo="Name the upload: `headgate process KEY --force`.",
        )
    options = ProcessOptions(read=read, check=check, prepare=prepare, deliver=deliver)
    try:
        outcomes = _backlog(options, limit, concurrency)
    except KeyboardInterrupt:
        note("Stopped. `headgate backlog` takes up the rest.")
        raise
    if json:
        as_json(outcomes)
    elif not outcomes:
        say("Nothing to do: every upload has its answer.")
        say("headgate status --only refused lists those that were refused, and why.")
    else:
        table("Files", ("Key", "Outcome", "What"), [(o.key, o.verdict, o.detail) for o in outcomes])
    if any(outcome.verdict == "failed" for outcome in outcomes):
        sys.exit(1)


def _process(key: str, options: ProcessOptions) -> Receipt:
    if not _use_prefect():
        with err.status(f"Processing {key} ..."):
            return processing.process(open_store(), key, options, owner=_owner())
    from flows.process_upload import process_upload

    return Receipt.model_validate(_result(process_upload(key, options=options, return_state=True)))


def _backlog(options: ProcessOptions, limit: int, concurrency: int) -> list[Outcome]:
    if _use_prefect():
        from flows.process_backlog import process_backlog

        state = process_backlog(
            options=options, limit=limit, concurrency=concurrency, return_state=True
        )
        return list(_result(state))
    store = open_store()
    with err.status("Processing the backlog ..."):
        uploads = choose_pending(store, limit)
        return processing.process_all(store, uploads, options, concurrency, owner=_owner())


def _owner() -> str:
    """Say who holds the claims of this command, so that it can be found."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def _use_prefect() -> bool:
    """Return whether a server is named; then it must answer, and use the environment's bucket."""
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        return False
    with err.status("Asking the Prefect server ..."):
        from cli.prefect_server import require_same_bucket, require_server

        require_server()
        require_same_bucket(load())
    return True


def _result(flow_state: Any) -> Any:
    """Return what a flow ended with, or raise what ended it."""
    from prefect.logging import get_logger

    get_logger("engine").setLevel("WARNING")  # the run logs its address as well
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)

    async def read() -> Any:
        state = await flow_state
        return await state.aresult(raise_on_failure=False)

    result = asyncio.run(read())
    if isinstance(result, Exception):
        raise result
    return result


def _stop(*_: object) -> None:
    """End the step under way at Ctrl-C; asyncio's own handler, which this one bars, would wait."""
    raise KeyboardInterrupt


def _show(receipt: Receipt) -> None:
    """Tell what became of an upload, much as `clean` tells it of a local file."""
    say(f"{receipt.source.upload.name}: {receipt}")
    if receipt.same_as:
        say(f"It has the result of {receipt.same_as}.")
    for each in receipt.corrections:
        say(f"Corrected by {each.upload.key}: {show.corrected(each)}.")
    show.how_read(receipt)
    show.doubts(receipt)
    show.failures(receipt)
    show.changes(receipt.rules)
    show.drift(receipt)
    for output in receipt.outputs:  # in a table, a terminal would break the keys
        say(f"{output.role}, {output.bytes:,} bytes: {output.key}")
    if receipt.outcome == "published":
        say(f"For a link to the table: headgate link {shlex.quote(receipt.source.upload.key)}")


def _standing(key: str, asked: datetime) -> str:
    """Say whether an upload has its answer, after a run that was stopped."""
    try:
        receipt = results.find_receipt(open_store(), key)
    except NoSuchObjectError:
        return "Nothing was published: the upload waits for the next run."
    except HeadgateError as error:
        return f"How the upload stands could not be seen: {error}"
    if receipt.finished < asked:
        return f"The upload's answer of {receipt.finished:%Y-%m-%d at %H:%M} UTC stands."
    return f"The upload had just got its answer: {receipt}."
