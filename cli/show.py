"""How answers look in a terminal, and as JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headgate.errors import HeadgateError
from headgate.words import counted, lines_between

if TYPE_CHECKING:
    from headgate.engine.checking.ledger import SheetCounts
    from headgate.engine.cleaning.rules import RuleResult
    from headgate.engine.reading.dialect import Dialect
    from headgate.engine.validate import Reading
    from headgate.journey.receipt import Correction, Receipt

AsJson = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON document, for programs")
]
AsJsonLines = Annotated[
    bool,
    Parameter(name="--json", negative="", help="Print a line of JSON for each file, for programs"),
]

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

_GAP = 2  # spaces between the columns of a table
_WIDEST = 100_000  # characters of a table's line that goes to a file or to another command


def as_json(
    value: BaseModel | Sequence[BaseModel] | dict[str, Any],
    exclude: dict[str, set[str]] | None = None,
    indent: int | None = 2,
) -> None:
    """Print records as one JSON document, without the fields of a part that are excluded.

    Without indent, it is one line.
    """
    if isinstance(value, BaseModel):
        plain: Any = value.model_dump(mode="json", exclude=exclude)
    elif isinstance(value, dict):
        plain = value
    else:
        plain = [item.model_dump(mode="json") for item in value]
    print(json.dumps(plain, indent=indent, ensure_ascii=False))  # noqa: T201 - this is the output


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a small table; nothing where there are no rows. A terminal alone bounds its width."""
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for head in heads:
        drawn.add_column(head, overflow="fold")
    for row in rows:
        drawn.add_row(*(_plain(cell) for cell in row))
    if drawn.row_count:
        out.print(Text(title, style="italic"))
        shown = out if out.is_terminal else Console(highlight=False, width=_WIDEST)
        shown.print(drawn)
        out.print()


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
    """Print which contract held, and why where it is not the one that was asked for."""
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


def changed(rules: Iterable["RuleResult"]) -> None:
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


def say(text: str) -> None:
    """Print one line as it is."""
    out.print(text, markup=False, soft_wrap=True)


def line(*cells: object) -> None:
    """Print cells side by side; a terminal that is too narrow does not break them as a table's."""
    out.print(Text("  ").join(_plain(cell) for cell in cells), soft_wrap=True)


def corrected(counts: "SheetCounts | Correction") -> str:
    """Say how many rows and cells were put right."""
    return f"{counted(counts.rows, 'row')}, {counted(sum(counts.cells.values()), 'cell')}"


def fail(error: HeadgateError, **about: str) -> int:
    """Print what went wrong on standard error and return the exit code.

    Args:
        error: What went wrong.
        about: What a program is told besides.
    """
    from cli.options import as_typed

    error = as_typed(error)
    if "--json" in sys.argv:
        told = {"error": error.what, "where": error.where, "todo": error.todo}
        as_json(about | told, indent=None)
    place = f"{error.where}: " if error.where else ""
    err.print(f"{place}{error.what}", markup=False, soft_wrap=True, style="red")
    if error.todo:
        err.print(error.todo, markup=False, soft_wrap=True)
    return error.exit_code


def _plain(cell: object) -> Text:
    """Keep a value's brackets from being read as markup, and its control marks harmless."""
    return Text("".join(mark if mark.isprintable() else "␣" for mark in str(cell)))
