"""The command that tells what became of uploads."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from cyclopts import Parameter

from cli.console import AsJson, as_json, err, lines, say
from cli.options import FileLimit
from cli.store import open_store
from headgate.bucket.addresses import uploads_prefix_of
from headgate.errors import OptionsError
from headgate.journey.overview import Overview, State, overview
from headgate.words import counted


def status(
    place: str = "",
    /,
    *,
    only: Annotated[tuple[State, ...], Parameter(show_default=False)] = (),
    since: timedelta | datetime | None = None,
    limit: FileLimit = 100,
    json: AsJson = False,
) -> None:
    """Tell what became of each upload, the newest first; nothing is held or written.

    Args:
        place: A data set, or how keys or addresses begin, e.g. uploads/2026; by default all.
        only: State to be shown; give one option for each.
        since: What came or was answered since: 24h, 7d, or a time (UTC) such as 2026-03-14.
        limit: Most uploads to be shown.
    """
    store = open_store()
    prefix = uploads_prefix_of(store, place)
    with err.status("Reading listings and receipts ..."):
        found = overview(store, prefix, since=_time(since), only=only, limit=limit)
    if json:
        as_json(found)
        return
    lines(
        (f"{each.at:%Y-%m-%dT%H:%MZ}", each.state, each.key, each.detail) for each in found.uploads
    )
    if found.listed:
        _show_counts(found, only)
        return
    say(f"There are no uploads under {store.where(prefix)}{' since then' if since else ''}.")


def _show_counts(found: Overview, only: tuple[State, ...]) -> None:
    """Tell how many there are of each kind, as far as that was read."""
    whole = bool(only) or found.listed == sum(found.states.values())
    counts: dict[str, int] = {state: found.states.get(state, 0) for state in only or found.states}
    if not whole:
        counts = {"answered": found.answered, "not yet": found.listed - found.answered}
    said = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    say(f"{counted(found.listed, 'upload')}: {said}.")
    if sum(counts.values()) > len(found.uploads):
        say(f"Shown are the newest {len(found.uploads):,}; --limit shows more.")


def _time(since: timedelta | datetime | None) -> datetime | None:
    """Return the time that is meant."""
    if not isinstance(since, timedelta):
        return since and (since if since.tzinfo else since.replace(tzinfo=UTC))
    try:
        return datetime.now(UTC) - since
    except OverflowError as error:
        raise OptionsError("There is no such time.", where="--since") from error
