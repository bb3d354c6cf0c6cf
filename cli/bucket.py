"""Commands that look at the bucket, or keep house in it."""

import shlex
import sys

from cli.console import AsJson, as_json, note, say, table
from cli.options import Days, Hours, flags_of
from cli.store import open_store
from headgate.bucket import connection, receipts
from headgate.bucket.housekeeping import sweep
from headgate.bucket.links import presign
from headgate.bucket.store import Store
from headgate.journey import results, sources
from headgate.journey.receipt import Receipt
from headgate.words import counted


def check(*, full: bool = False, json: AsJson = False) -> None:
    """Try the bucket: credentials, region, listing; with --full also every kind of request.

    Args:
        full: Also write, read, sign, compare and delete a small object.
    """
    steps = []
    for tried in connection.check(open_store(), full=full):
        steps.append(tried)
        if not json:
            say(f"{'✓' if tried.ok else '✗'} {tried.name}: {tried.detail}")
            if tried.todo:
                say(f"  {tried.todo}")
    if json:
        as_json(steps)
    if not steps[-1].ok:
        sys.exit(steps[-1].exit_code)


def link(key: str, /, *, hours: Hours = 24, json: AsJson = False) -> None:
    """Sign a fresh download link.

    It alone goes to standard output; until when it works is told on standard error.

    Args:
        key: Key or address of a published object, or of the upload that it was made from.
        hours: How long the link should work; never longer than the credential does.
    """
    store = open_store()
    signed = presign(store, results.find_table(store, key), hours=hours)
    url = signed.url.get_secret_value()
    if json:
        as_json({"url": url, "expires_at": f"{signed.expires_at:%Y-%m-%dT%H:%M:%SZ}"})
        return
    say(url)
    note(f"Works until {signed.until}.")


def verify(key: str, /, *, json: AsJson = False) -> None:
    """Compare everything that an upload's receipt lists with what the bucket holds.

    Args:
        key: Key or address of the upload.
    """
    store = open_store()
    receipt = results.find_result(store, key)
    findings = list(receipts.verify(store, receipt.model_dump()))
    if json:
        as_json(findings)
    else:
        good = ((f.key, "yes" if f.ok else "no", f.detail) for f in findings)
        table("Outputs", ("Key", "Good", "What"), [*good])
    if not all(finding.ok for finding in findings):
        _show_how_to_make_anew(store, receipt)
        sys.exit(1)
    if not json:
        say(f"All {counted(len(findings), 'output')} are as they were published.")


def housekeeping(
    *, quarantine_days: Days | None = None, remove: bool = False, json: AsJson = False
) -> None:
    """Say what no run needs any more: lapsed claims, unfinished transfers, old quarantine.

    Args:
        quarantine_days: Age at which quarantined rows go; by default they stay.
        remove: Remove it, too.
    """
    found = sweep(open_store(), quarantine_days=quarantine_days, dry_run=not remove)
    if json:
        as_json(found)
        return
    table("Leftovers", ("What", "Key", "Detail"), [(f.kind, f.key, f.detail) for f in found])
    say(f"{'Removed' if remove else 'Would remove'} {counted(len(found), 'leftover')}.")


def _show_how_to_make_anew(store: Store, receipt: Receipt) -> None:
    """Tell where the source is, if it was put away, and the command with the result's options."""
    if receipt.corrects:
        receipt = results.find_receipt(store, receipt.corrects)
    upload, options = receipt.source.upload, receipt.options
    if not store.exists(upload.key):
        note(str(sources.not_there(store, upload)))
    deliver = options.deliver.model_copy(update={"force": True})
    flags = flags_of(options.read, options.check, options.prepare, deliver)
    command = shlex.join(["headgate", "process", upload.key, *flags])
    note(f"To make the result anew: {command}")
