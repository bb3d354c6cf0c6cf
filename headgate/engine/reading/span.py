"""One table among the rows: its names, its data, and what stands above and below them."""

from typing import NamedTuple

from headgate.engine.reading.cells import count_filled, table_width
from headgate.engine.reading.footer import footer_rows
from headgate.engine.reading.header import count_header_rows, with_rule
from headgate.engine.reading.preamble import fact_rows, first_row, sums_up
from headgate.errors import OptionsError


class Span(NamedTuple):
    """One table among the rows: its first row, the end of its names, its first and last data."""

    first: int
    named: int
    data: int
    last: int


def find_span(
    fields: list[list[str]],
    start: int,
    stop: int,
    *,
    fixed: bool,
    header_rows: int | None,
    told: bool = False,
) -> Span:
    """Tell titles, header, facts about the columns, data and notes of one table apart.

    Args:
        fields: All rows.
        start: The first row that may be the table's.
        stop: The row behind its last.
        fixed: Whether the header, or the data, begins with the first row.
        header_rows: Rows of the header, if an option tells.
        told: Whether an option tells the lines of the footer.
    """
    block = fields[start:stop]
    width = table_width(block)
    first = 0 if fixed else first_row(block, width)
    notes = 0 if told else footer_rows(block[first:], width)
    last = len(block) - 1
    if first + notes < len(block):
        last -= notes
    facts = 0 if fixed or header_rows is not None else fact_rows(block[first : last + 1])
    if facts and sums_up(block[first : first + facts], width):
        first, facts = first + facts - 1, 0
    count = (
        count_header_rows(block[first : last + 1], width) if header_rows is None else header_rows
    )
    if header_rows is None:
        count = with_rule(block[first : last + 1], count)
    named = min(first + count, len(block))
    data = max(named, first + facts)
    return Span(start + first, start + named, start + data, start + max(last, data - 1))


def choose(spans: list[Span], fields: list[list[str]], table: int | None) -> int:
    """Return the table asked for; else the first, unless a later one has far more cells."""
    if table is not None:
        if table > len(spans):
            raise OptionsError(
                f"There is no table {table} in the file: {len(spans)} found.",
                todo="Set the option `table` to a smaller number.",
            )
        return table - 1
    sizes = [count_cells(each, fields) for each in spans]
    return next(i for i, size in enumerate(sizes) if 5 * size >= max(sizes))


def count_cells(span: Span, fields: list[list[str]]) -> int:
    """Count the cells of a table's data that are not blank."""
    return sum(map(count_filled, fields[span.data : span.last + 1]))
