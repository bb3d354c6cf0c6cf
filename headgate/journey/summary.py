"""A receipt in words, as markdown: what was found, changed and kept back, and the result's keys."""

import shlex
from collections.abc import Iterable
from contextlib import suppress

from headgate.bucket.keys import dataset_of
from headgate.contracts import in_force
from headgate.engine.result.row_counts import RowCounts
from headgate.errors import OptionsError, SettingsError
from headgate.journey.receipt import Receipt
from headgate.options import ProcessOptions, SourcePolicy
from headgate.words import counted

MOST_LINES = 30


def markdown(receipt: Receipt) -> str:
    """Write the receipt as a page that a person reads in a minute."""
    sections = [_head(receipt), *_refusal(receipt)]
    if receipt.rows:
        sections += [
            _rows(receipt.rows),
            _list("Corrected", _corrected(receipt)),
            _table(
                "Kept back", ("Column", "Check", "Reason", "Rows", "First lines"), _kept(receipt)
            ),
            _table("Left out", ("Where", "Lines", "First", "Last"), _left_out(receipt)),
            _table("Changed", ("Rule", "Cells", "Rows", "How"), _changed(receipt)),
            _table("Drift", ("Change", "Column", "What"), _drift(receipt)),
            _table("Columns", ("Column", "Type", "Written as", "Missing"), _columns(receipt)),
            _table("Kept as text", ("Column", "Why"), _doubts(receipt)),
            _list("Result", _outputs(receipt)),
        ]
    if receipt.dialect:
        evidence = (*receipt.dialect.evidence, *receipt.notes)
        found = ((item.what, item.found, item.why) for item in evidence)
        sections.append(_table("How the file was read", ("What", "Found", "Why"), found))
    sections.append(_link(receipt))
    return "\n\n".join(section for section in sections if section)


def is_made_with(options: ProcessOptions, receipt: Receipt) -> bool:
    """Return whether a run with these options would make the same, whatever they say of links."""
    had = receipt.options
    with suppress(OptionsError, SettingsError):  # of a contract that is missing or broken by now
        options = in_force(options, dataset_of(receipt.source.upload.key))
    deliver = had.deliver.model_copy(update={"source": options.deliver.source})
    return options.model_copy(update={"deliver": deliver}) == had


def answered_before(receipt: Receipt, options: ProcessOptions, force: str) -> str:
    """Say since when an upload has its receipt, and where that may surprise, what makes a new one.

    Args:
        receipt: The one that it had.
        options: What was asked for now.
        force: Name of the option that asks for a new one.
    """
    same = is_made_with(options, receipt)
    said = f"This upload was answered before, on {receipt.finished:%Y-%m-%d at %H:%M} UTC"
    said += "" if same else ", with other options"
    put_away = receipt.options.deliver.source is not SourcePolicy.KEEP
    if receipt.outcome == "published" and (same or put_away):
        return f"{said}."
    return f"{said}; {force} processes it again."


def _head(receipt: Receipt) -> str:
    upload = receipt.source.upload
    same = f"; the result is that of `{receipt.same_as}`" if receipt.same_as else ""
    if receipt.corrects:
        same += f"; its rows correct `{receipt.corrects}`, whose result this is"
    return f"# {upload.name}: {receipt.outcome}\n\n`{upload.key}`, {upload.size:,} bytes{same}"


def _refusal(receipt: Receipt) -> list[str]:
    return [f"> {_cell(reason)}" for reason in receipt.reasons]


def _rows(rows: RowCounts) -> str:
    return (
        "| Rows in | = out | + quarantined | + duplicates | + dropped |\n|--:|--:|--:|--:|--:|\n"
        f"| {rows.rows_in:,} | {rows.rows_out:,} | {rows.quarantined:,} "
        f"| {rows.duplicates:,} | {rows.dropped:,} |"
    )


def _corrected(receipt: Receipt) -> Iterable[str]:
    for each in receipt.corrections:
        rows, cells = counted(each.rows, "row"), counted(sum(each.cells.values()), "cell")
        columns = f" in {_cell(', '.join(each.cells))}" if each.cells else ""
        yield f"{rows}, {cells}{columns}: `{each.upload.key}`"


def _kept(receipt: Receipt) -> Iterable[tuple[object, ...]]:
    for failure in receipt.failures:
        lines = ", ".join(f"{example.line} (`{example.value}`)" for example in failure.examples[:3])
        column = failure.column or "whole row"
        yield column, failure.check, failure.reason, f"{failure.count:,}", lines


def _left_out(receipt: Receipt) -> Iterable[tuple[object, ...]]:
    for each in receipt.left_out:
        yield each.where, f"{each.lines:,}", f"{each.first:,}", f"{each.last:,}"


def _changed(receipt: Receipt) -> Iterable[tuple[object, ...]]:
    for rule in receipt.rules:
        if rule.has_effect:
            yield rule.rule, f"{rule.cells:,}", f"{rule.rows:,}", rule.detail


def _drift(receipt: Receipt) -> Iterable[tuple[object, ...]]:
    for drift in receipt.drift:
        yield drift.change, drift.column, drift.detail


def _columns(receipt: Receipt) -> Iterable[tuple[object, ...]]:
    for column in receipt.columns:
        missing = sum(marker.count for marker in column.missing)
        yield column.name, column.kind, column.format, f"{missing:,}"


def _doubts(receipt: Receipt) -> Iterable[tuple[object, ...]]:
    return ((column.name, column.doubt) for column in receipt.columns if column.doubt)


def _outputs(receipt: Receipt) -> Iterable[str]:
    for output in receipt.outputs:
        yield f"{output.role}, {output.bytes:,} bytes: `{output.key}`"


def _link(receipt: Receipt) -> str:
    """Say how to get a link to the table; the link itself is a secret."""
    if receipt.outcome == "refused":
        return ""
    command = f"headgate link {shlex.quote(receipt.source.upload.key)}"
    return f"For a link to the table: `{command}`, or in Prefect the flow `presign-result`."


def _list(title: str, items: Iterable[str]) -> str:
    """List what names keys: in a table, a terminal would cut them off."""
    lines = [f"- {item}" for item in items]
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    if len(lines) > MOST_LINES:
        left = len(lines) - MOST_LINES
        lines = [*lines[:MOST_LINES], f"| ... and {left:,} more" + " |" * len(heads)]
    rule = "|" + "---|" * len(heads)
    return "\n".join([f"## {title}", "", "| " + " | ".join(heads) + " |", rule, *lines])


def _cell(value: object) -> str:
    """Keep a value from breaking out of its cell."""
    return str(value).replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")
