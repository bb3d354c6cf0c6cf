"""How anything is written to a terminal, and as JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headgate.errors import HeadgateError

AsJson = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON document, for programs")
]
AsJsonLines = Annotated[
    bool,
    Parameter(name="--json", negative="", help="Print a line of JSON for each file, for programs"),
]

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

_GAP = 2  # spaces between cells that stand side by side
_LONGEST = 72  # characters of a cell that others are aligned with
_WIDEST = 100_000  # characters of a table's line that goes to a file or to another command


def say(text: str) -> None:
    """Print one line as it is."""
    out.print(text, markup=False, soft_wrap=True)


def note(text: str, style: str = "") -> None:
    """Print one line as it is on standard error, beside the answer."""
    err.print(text, markup=False, soft_wrap=True, style=style)


def lines(rows: Iterable[Sequence[object]]) -> None:
    """Print cells side by side; a terminal that is too narrow does not break them as a table's.

    A cell that is very long moves its own line alone.
    """
    plain = [[_plain(cell) for cell in row] for row in rows]
    widths = [
        min(_LONGEST, max(cell.cell_len for cell in column)) for column in zip(*plain, strict=True)
    ]
    for row in plain:
        for cell, width in zip(row, widths, strict=True):
            cell.pad_right(max(0, width - cell.cell_len))
        text = Text(" " * _GAP).join(row)
        text.rstrip()
        out.print(text, soft_wrap=True)


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
    note(f"{place}{error.what}", style="red")
    if error.todo:
        note(error.todo)
    return error.exit_code


def _plain(cell: object) -> Text:
    """Keep a value's brackets from being read as markup, and its control marks harmless."""
    return Text("".join(mark if mark.isprintable() else "␣" for mark in str(cell)))
