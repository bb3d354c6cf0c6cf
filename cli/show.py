"""What the commands tell of a file and its result, in a terminal."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from cli.console import out, say, table
from headgate.words import counted, lines_between

if TYPE_CHECKING:
    from headgate.engine.checking.ledger import SheetCounts
    from headgate.engine.cleaning.rules import RuleResult
    from headgate.engine.reading.dialect import Dialect
    from headgate.engine.validate import Reading
    from headgate.journey.receipt import Correction, Receipt

_GAP = 2  # spaces between the columns of a table


def preview(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print first rows; of a table that is too wide for the terminal, the columns that fit."""
    width, shown = -_GAP, 1
    for at, name in enumerate(columns):
        width += _GAP + max(cell_len(str(cell)) for cell in (name, *(row[at] for row in rows)))
        if width <= out.width:
            shown = at + 1
    more = f" ({shown} of {len(columns)} columns)" if shown < len(columns) else ""
    table(f"First rows{more}", columns[:shown], [row[:shown] for row in rows])


def how_read(reading: "Reading | Receipt") -> None:
    """Print in two lines how the file was read, and what it was held to, if it was."""
    dialect = reading.dialect
    if dialect is None:
        return
    delimiter = {"\t": "tab", " ": "space"}.get(dialect.delimiter, f"'{dialect.delimiter}'")
    split = "aligned columns" if dialect.borders else f"delimiter {delimiter}"
    places = {"preamble": "before", "comment": "within", "footer": "after"}
    left_out = [
        f"{counted(each.lines, 'line')} {places[each.where]} left out" for each in reading.left_out
    ]
    stray = f" with stray bytes of {dialect.fallback}" if dialect.fallback else ""
    say(f"Read as {', '.join([dialect.encoding + stray, split, _header(dialect), *left_out])}.")
    held_to(reading)
    for note in reading.notes:
        if note.what == "total":
            say(f"{note.why[0].upper()}{note.why[1:]}.")
    say("")


def _header(dialect: "Dialect") -> str:
    """Say which lines name the columns."""
    if not dialect.header_rows:
        return "no header"
    last = dialect.skip_lines + dialect.header_lines - dialect.header_notes
    return f"header in {lines_between(dialect.skip_lines + 1, last)}"


def held_to(reading: "Reading | Receipt") -> None:
    """Print which contract held, if one did, and why where it is not the one asked for."""
    if not reading.contract:
        return
    said = [note.why for note in reading.notes if note.what == "contract"]
    say(f"Held to the contract {'; '.join([str(reading.contract), *said])}.")


def failures(reading: "Reading | Receipt") -> None:
    """Print why rows were kept back, and where they stand."""
    from cli.options import with_flags

    rows = [
        (
            failure.column,
            with_flags(failure.reason),
            f"{failure.count:,}",
            ", ".join(str(example.line) for example in failure.examples[:5]),
        )
        for failure in reading.failures
    ]
    table("Bad rows", ("Column", "Reason", "Rows", "First lines"), rows)


def changes(rules: Iterable["RuleResult"]) -> None:
    """Print what the rules changed."""
    table(
        "What was changed",
        ("Rule", "Cells", "Rows", "How"),
        [
            (rule.rule, f"{rule.cells:,}", f"{rule.rows:,}", rule.detail)
            for rule in rules
            if rule.has_effect
        ],
    )


def drift(reading: "Reading | Receipt") -> None:
    """Print how the columns differ from those of the data set's last file."""
    table(
        "Drift",
        ("How the file differs from the last one of its data set",),
        [(each.detail,) for each in reading.drift],
    )


def doubts(reading: "Reading | Receipt") -> None:
    """Print why columns are text that look like something else."""
    why = [(column.name, column.doubt) for column in reading.columns if column.doubt]
    table("Kept as text", ("Column", "Why"), why)


def corrected(counts: "SheetCounts | Correction") -> str:
    """Say how many rows and cells were put right."""
    return f"{counted(counts.rows, 'row')}, {counted(sum(counts.cells.values()), 'cell')}"
