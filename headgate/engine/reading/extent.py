"""Where the table lies among the parsed rows, in one record with its evidence.

It sees rows of text with their line numbers, not the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from headgate.engine.reading.cells import count_filled, is_rule, is_typed, table_width
from headgate.engine.reading.dialect import Evidence
from headgate.engine.reading.header import PROFILED_ROWS
from headgate.engine.reading.header_names import fit_names, join_header, unique_names
from headgate.engine.reading.several_tables import cut_tables, without_keys
from headgate.engine.reading.span import Span, choose, count_cells, find_span
from headgate.engine.reading.tokenise import Rows
from headgate.engine.reading.unquoted import (
    refuse_shifted_names,
    refuse_split_decimals,
    refuse_split_names,
    refuse_split_numbers,
    refuse_split_values,
)
from headgate.errors import OptionsError, UndecidableError
from headgate.options import ReadOptions
from headgate.words import counted, lines_between

_QUOTED = 200
"""Characters of lines left out that are shown."""
_LISTED = 9
"""Tables of which the places are told."""


class Extent(NamedTuple):
    """The table's place: physical lines before, of and after it, and its column names."""

    skip_lines: int
    header_lines: int
    header_rows: int
    header_notes: int
    footer_lines: int
    header: tuple[str, ...]
    names: tuple[str, ...]
    others: tuple[tuple[int, int], ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class _Table:
    """The table that is read: which one it is of those among the rows, and where its parts are."""

    rows: Rows
    spans: list[Span]
    index: int

    @property
    def span(self) -> Span:
        """Where its rows are."""
        return self.spans[self.index]

    @property
    def line(self) -> int:
        """The physical line on which it starts."""
        return self.rows.lines[self.span.first]

    @property
    def header(self) -> list[list[str]]:
        """The rows that name its columns."""
        return self.rows.fields[self.span.first : self.span.named]

    @cached_property
    def body(self) -> list[list[str]]:
        """The first rows of its data."""
        return self.rows.fields[self.span.data : self.span.last + 1][:PROFILED_ROWS]

    @property
    def below(self) -> list[list[str]]:
        """The rows behind it."""
        return self.rows.fields[self.span.last + 1 :]

    @cached_property
    def usual(self) -> int:
        """Cells of most rows."""
        return _width(self.span, self.rows.fields)

    @cached_property
    def width(self) -> int:
        """Cells of a full row: more than usual if a header without blanks and rows have them."""
        named = max((len(row) for row in self.header if all(map(str.strip, row))), default=0)
        full = sum(len(row) == named for row in self.body)
        return named if named > self.usual and full > 1 else self.usual

    @property
    def places(self) -> str:
        """The lines of all tables."""
        lines, ends = self.rows.lines, self.rows.ends
        return "; ".join(
            f"table {number}: {lines_between(lines[span.first], ends[max(span.last, span.first)])}"
            for number, span in enumerate(self.spans[:_LISTED], start=1)
        )

    def end(self, stop: int) -> int:
        """Return the last physical line of its rows before row `stop`."""
        return self.rows.ends[stop - 1] if stop > self.span.first else self.line - 1


def find_extent(
    rows: Rows, total_lines: int, options: ReadOptions, *, whole: bool, words: bool, commas: bool
) -> Extent:
    """Find the table among the rows of a sample of `total_lines` lines.

    A footer and further tables are only looked for where the sample is the whole file and the
    footer's size is not told. `words` tells that blanks part the cells, `commas` that commas do and
    that no quotes keep them inside a number.

    Raises:
        OptionsError: There is no table of the number asked for, or nothing is left of it.
        UndecidableError: The first of several tables may only tell about a larger one. Or the
            header names fewer columns than there are, as where values that hold the delimiter are
            not enclosed in quotes, or more, some of them without a name.
    """
    rows = _rows_within(rows, total_lines, options, whole=whole)
    spans = _find_spans(rows, options, whole=whole)
    table = _Table(rows, spans, choose(spans, rows.fields, options.table))
    if options.table is None and options.skip_lines is None:
        _refuse_doubtful_table(table)
    if options.header_rows is None:
        _refuse_doubtful_names(
            table, fixed=options.skip_lines is not None, words=words, commas=commas
        )
    extent = _place(table, total_lines, options)
    evidence = _explain(extent, table, told=options.header_rows is not None)
    return extent._replace(evidence=tuple(evidence))


def _rows_within(rows: Rows, total_lines: int, options: ReadOptions, *, whole: bool) -> Rows:
    """Leave out the rows on lines that come before or after the table, as options tell."""
    skip, stop = options.skip_lines or 0, total_lines
    if whole:
        stop -= options.footer_lines or 0
    kept = rows.only([i for i, line in enumerate(rows.lines) if skip < line <= stop])
    if not kept:
        raise OptionsError(
            f"No row is left between the {skip} lines before the table and those after it.",
            todo="Correct the options `skip_lines` and `footer_lines`.",
        )
    return kept


def _find_spans(rows: Rows, options: ReadOptions, *, whole: bool) -> list[Span]:
    """Tell the tables among the rows apart; what an option tells of the first is not looked for."""
    fields, header_rows = rows.fields, options.header_rows
    fixed = options.skip_lines is not None
    if whole and options.footer_lines is None:
        spans = cut_tables(fields, rows.lines, fixed=fixed, header_rows=header_rows)
    else:
        spans = [find_span(fields, 0, len(fields), fixed=fixed, header_rows=header_rows, told=True)]
    return spans if fixed else without_keys(spans, fields)


def _refuse_doubtful_table(table: _Table) -> None:
    """Refuse a table of two cells a row beside a wider one of more: it may be keys and values."""
    fields = table.rows.fields
    wider = [span for span in table.spans if _width(span, fields) > 2]
    most = max((count_cells(span, fields) for span in wider), default=0)
    first, _, _, last = table.span
    filled = max(map(count_filled, fields[first : last + 1]), default=0)
    if min(table.width, filled) <= 2 and most > count_cells(table.span, fields):
        raise UndecidableError(
            f"Table {table.index + 1} may be one, or only tell about a larger one: {table.places}.",
            where=f"line {table.line}",
            todo="Set the option `table` to the number of the one to read.",
        )


def _width(span: Span, fields: list[list[str]]) -> int:
    """Cells of most rows of a table, or of its header where it has no others."""
    first, _, data, last = span
    return max(table_width(fields[data : last + 1] or fields[first:data]), 1)


def _refuse_doubtful_names(table: _Table, *, fixed: bool, words: bool, commas: bool) -> None:
    """Refuse names that may stand above other columns than those that they name."""
    header, body, width = table.header, table.body, table.usual
    full = [row for row in body if len(row) == width]
    if any(len(row) == width - 1 for row in header):
        short = all(len(row) < width for row in header) and any(row[-1].strip() for row in full)
        uneven = 10 * sum(len(row) == width - 1 for row in body) > len(body)
        refuse_split_values(full, table.line, commas=commas and short, uneven=uneven)
        if short:
            refuse_shifted_names(header[0], full, table.line)
    if len(header) == 1:
        if commas:
            refuse_split_decimals(header[0], full, table.line)
        _refuse_names_of_one_row(header[0], body, width, table.line)
        names = fit_names(header[0], body, width)
        _refuse_blank_names(names, width, table.line)
        refuse_split_names(names, width, table.line, words=words)
    above = table.span.first - 1
    if not header and above >= 0 and not fixed:
        refuse_split_numbers(table.rows.fields[above], body, table.rows.lines[above])


def _refuse_names_of_one_row(row: list[str], body: list[list[str]], width: int, line: int) -> None:
    """Refuse a header as long as the row below it alone: both may tell about the table."""
    full = [at for at, cells in enumerate(body) if len(cells) == len(row)]
    if len(row) > width and full == [0] and len(body) > 2:
        raise UndecidableError(
            f"The header has {len(row)} cells, as has the row below it, but no other: most have "
            f"{width}.",
            where=f"line {line}",
            todo="Set `skip_lines` to the lines above the table if both are among them, or "
            "`header_rows` if the last cells are missing.",
        )


def _refuse_blank_names(row: list[str], width: int, line: int) -> None:
    """Refuse a header longer than the rows with a blank name, which may have no cells below it."""
    if any(map(str.strip, row[width:])) and not all(map(str.strip, row[:width])):
        raise UndecidableError(
            f"The header leaves a name blank and has {len(row)} cells, but most rows have {width}: "
            "the blank, or the last name, may have no cells below it.",
            where=f"line {line}",
            todo="Name each column, or remove the blank; if only the last cells are missing, set "
            "`header_rows`.",
        )


def _place(table: _Table, total_lines: int, options: ReadOptions) -> Extent:
    """Count the lines before, of and after the table, and name its columns."""
    rows, span, start = table.rows, table.span, table.line - 1
    names_end, header_end = table.end(span.named), table.end(span.data)
    footer_lines = options.footer_lines or 0
    if options.footer_lines is None and table.below:
        footer_lines = total_lines - table.end(span.last + 1)
    header = join_header(table.header, table.body, table.width)
    return Extent(
        skip_lines=start,
        header_lines=header_end - start,
        header_rows=options.header_rows or sum(not is_rule(row) for row in table.header),
        header_notes=header_end - names_end,
        footer_lines=footer_lines,
        header=header,
        names=unique_names(header),
        others=tuple(
            (rows.lines[each.data], rows.ends[each.last])
            for each in table.spans
            if each is not span and each.last >= each.data
        ),
        evidence=(),
    )


def name_by_line(extent: Extent, cells: list[str], line: int, why: str) -> Extent:
    """Take a line above the table's first row for its header, if it has a word for each column.

    Args:
        extent: The table's place.
        cells: The words of the line.
        line: Its number.
        why: What speaks for it.
    """
    width = len(extent.names)
    *names, last = cells or [""]
    fits = len(cells) == width or (len(cells) == width - 1 and not last)
    if not fits or width < 2 or any(map(is_typed, cells)):
        return extent
    if not all(cell.strip(" #") for cell in names[1:]):
        return extent
    header = tuple((*cells, "")[:width])
    named = Evidence(what="header", found=f"1 row, {lines_between(line, line)}", why=why)
    evidence = [named if each.what == "header" else each for each in extent.evidence]
    return extent._replace(
        skip_lines=line - 1,
        header_lines=extent.skip_lines + extent.header_lines - line + 1,
        header_rows=1,
        header=header,
        names=unique_names(header),
        evidence=tuple(evidence),
    )


def _explain(extent: Extent, table: _Table, *, told: bool) -> Iterator[Evidence]:
    """Say why this is the table; its header may be told by an option."""
    if extent.skip_lines:
        text = _quoted(table.rows.fields[: table.span.first])
        other = ", another table" if table.index else ""
        why = f"they hold titles, notes{other} or blanks, not the table's columns"
        yield Evidence(
            what="preamble", found=f"{lines_between(1, extent.skip_lines)}{text}", why=why
        )
    size = counted(extent.header_rows, "row")
    if told:
        yield Evidence(what="header", found=size, why="told by an option")
    elif extent.header_rows:
        yield from _explain_header(extent, table, size)
    else:
        why = "the first row looks like the rows below it; the names are made up"
        yield Evidence(what="header", found="none", why=why)
    if extent.footer_lines:
        yield footer_evidence(extent.footer_lines, table.below)
    if len(table.spans) > 1:
        yield _explain_choice(table)


def _explain_header(extent: Extent, table: _Table, size: str) -> Iterator[Evidence]:
    start, end = extent.skip_lines + 1, extent.skip_lines + extent.header_lines
    notes = end - extent.header_notes + 1
    why = "the values below are of another kind" if table.body else "no row follows it"
    fitted = fit_names(table.header[0], table.body, table.width)
    if spare := [name for name in fitted[table.width :] if name.strip()]:
        why += f"; most rows have no cells below {', '.join(map(repr, spare))}"
    yield Evidence(what="header", found=f"{size}, {lines_between(start, notes - 1)}", why=why)
    if extent.header_notes:
        text = _quoted(table.rows.fields[table.span.named : table.span.data])
        why = "they tell about the columns, and hold numbers or dates as well as words"
        found = f"{lines_between(notes, end)}{text}"
        yield Evidence(what="notes below the header", found=found, why=why)


def _explain_choice(table: _Table) -> Evidence:
    """Say which of several tables is read, and where they are."""
    return Evidence(
        what="table",
        found=f"{table.index + 1} of {len(table.spans)} is read",
        why=f"{table.places}; choose with the option `table`",
    )


def footer_evidence(lines: int, fields: list[list[str]]) -> Evidence:
    """Return which lines at the end are left out, with the beginning of their text."""
    return Evidence(
        what="footer",
        found=f"the last {'line' if lines == 1 else f'{lines} lines'}{_quoted(fields)}",
        why=f"{'it comes' if lines == 1 else 'they come'} after the table's last row",
    )


def _quoted(fields: list[list[str]]) -> str:
    """Show the beginning of lines that are no rows, so that nothing is left out unseen."""
    text = " / ".join(" ".join(filter(None, row)).strip() for row in fields if count_filled(row))
    return f": {text[:_QUOTED]!r}" if text else ""
