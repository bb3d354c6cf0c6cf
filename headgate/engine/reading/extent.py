"""Where the table lies among the parsed rows, in one record with its evidence.

It sees rows of text with their line numbers, not the file.
"""

from typing import NamedTuple

from headgate.engine.reading.cells import count_filled, is_rule, is_typed
from headgate.engine.reading.dialect import Evidence
from headgate.engine.reading.header import PROFILED_ROWS, fit_names, join_header, unique_names
from headgate.engine.reading.tables import (
    Span,
    choose,
    cut_tables,
    find_span,
    table_width,
    without_keys,
)
from headgate.engine.reading.tokenise import Rows
from headgate.engine.reading.unquoted import (
    refuse_split_names,
    refuse_split_numbers,
    refuse_split_values,
)
from headgate.errors import OptionsError, UndecidableError
from headgate.words import counted

_QUOTED = 200


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


def find_extent(
    rows: Rows,
    total_lines: int,
    *,
    skip_lines: int | None = None,
    header_rows: int | None = None,
    footer_lines: int | None = None,
    table: int | None = None,
    whole: bool = True,
    words: bool = False,
) -> Extent:
    """Find the table among the rows of a sample of `total_lines` lines.

    A footer and further tables are only looked for where the sample is the whole file and the
    footer's size is not told. `words` tells that blanks part the cells.

    Raises:
        OptionsError: There is no table of the number asked for, or nothing is left of it.
        UndecidableError: The header names fewer columns than there are, as where values that hold
            the delimiter are not enclosed in quotes, or more, some of them without a name.
    """
    skip, stop = skip_lines or 0, total_lines - (footer_lines or 0) * whole
    kept = rows.only([i for i, line in enumerate(rows.lines) if skip < line <= stop])
    fields, lines, ends = kept.fields, kept.lines, kept.ends
    if not fields:
        raise OptionsError(
            f"No row is left between the {skip} lines before the table and those after it.",
            todo="Correct the options `skip_lines` and `footer_lines`.",
        )
    fixed = skip_lines is not None
    if footer_lines is None and whole:
        spans = cut_tables(fields, lines, fixed=fixed, header_rows=header_rows)
    else:
        spans = [find_span(fields, 0, len(fields), fixed=fixed, header_rows=header_rows, told=True)]
    if not fixed:
        spans = without_keys(spans, fields)
    index = choose(spans, fields, table)
    span = spans[index]
    width = max(table_width(fields[span.data : span.last + 1] or fields[span.first : span.data]), 1)
    body = fields[span.data : span.last + 1][:PROFILED_ROWS]
    if header_rows is None and any(
        len(row) == width - 1 for row in fields[span.first : span.named]
    ):
        refuse_split_values([row for row in body if len(row) == width], lines[span.first])
    if header_rows is None and span.named - span.first == 1:
        names = fit_names(fields[span.first], body, width)
        _refuse_blank_names(names, width, lines[span.first])
        refuse_split_names(names, width, lines[span.first], words=words)
    if header_rows is None and not fixed and span.named == span.first > 0:
        refuse_split_numbers(fields[span.first - 1], body, lines[span.first - 1])
    header = join_header(fields[span.first : span.named], body, width)
    skip = lines[span.first] - 1
    named_end = ends[span.named - 1] if span.named > span.first else skip
    header_end = ends[span.data - 1] if span.data > span.first else skip
    last_end = ends[span.last] if span.last >= span.first else header_end
    footer = footer_lines or 0
    if footer_lines is None and span.last < len(fields) - 1:
        footer = total_lines - last_end
    others = tuple(
        (lines[each.data], ends[each.last])
        for each in spans
        if each is not span and each.last >= each.data
    )
    extent = Extent(
        skip_lines=skip,
        header_lines=header_end - skip,
        header_rows=header_rows or sum(not is_rule(row) for row in fields[span.first : span.named]),
        header_notes=header_end - named_end if span.data > span.named else 0,
        footer_lines=footer,
        header=header,
        names=unique_names(header),
        others=others,
        evidence=(),
    )
    evidence = _explain(extent, spans, index, kept, told=header_rows is not None)
    return extent._replace(evidence=evidence)


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
    named = Evidence(what="header", found=f"1 row, {_places(line, line)}", why=why)
    evidence = [named if each.what == "header" else each for each in extent.evidence]
    return extent._replace(
        skip_lines=line - 1,
        header_lines=extent.skip_lines + extent.header_lines - line + 1,
        header_rows=1,
        header=header,
        names=unique_names(header),
        evidence=tuple(evidence),
    )


def _explain(
    extent: Extent,
    spans: list[Span],
    index: int,
    rows: Rows,
    *,
    told: bool,
) -> tuple[Evidence, ...]:
    found, lines, ends = [], rows.lines, rows.ends
    if extent.skip_lines:
        why = "they hold titles, notes or blanks, not the table's columns"
        text = _quoted(rows.fields[: spans[index].first])
        found.append(
            Evidence(what="preamble", found=f"{_places(1, extent.skip_lines)}{text}", why=why)
        )
    size = counted(extent.header_rows, "row")
    if told:
        found.append(Evidence(what="header", found=size, why="told by an option"))
    elif extent.header_rows:
        why = "the values below are of another kind"
        if spare := _names_beyond(spans[index], rows.fields, len(extent.names)):
            why += f"; most rows have no cells below {', '.join(map(repr, spare))}"
        end = extent.skip_lines + extent.header_lines
        place = _places(extent.skip_lines + 1, end - extent.header_notes)
        found.append(Evidence(what="header", found=f"{size}, {place}", why=why))
        if extent.header_notes:
            place = _places(end - extent.header_notes + 1, end)
            text = _quoted(rows.fields[spans[index].named : spans[index].data])
            why = "they tell about the columns, and hold numbers or dates as well as words"
            found.append(Evidence(what="notes below the header", found=f"{place}{text}", why=why))
    else:
        why = "the first row looks like the rows below it; the names are made up"
        found.append(Evidence(what="header", found="none", why=why))
    if extent.footer_lines:
        found.append(footer_evidence(extent.footer_lines, rows.fields[spans[index].last + 1 :]))
    if len(spans) > 1:
        places = "; ".join(
            f"table {i + 1}: {_places(lines[s.first], ends[max(s.last, s.first)])}"
            for i, s in enumerate(spans[:9])
        )
        why = f"{places}; choose with the option `table`"
        found.append(Evidence(what="table", found=f"{index + 1} of {len(spans)} is read", why=why))
    return tuple(found)


def _names_beyond(span: Span, fields: list[list[str]], width: int) -> list[str]:
    """The names that a header has beyond the cells of the rows."""
    body = fields[span.data : span.last + 1][:PROFILED_ROWS]
    return [cell for cell in fit_names(fields[span.first], body, width)[width:] if cell.strip()]


def footer_evidence(lines: int, fields: list[list[str]]) -> Evidence:
    """Return which lines at the end are left out, with the beginning of their text."""
    return Evidence(
        what="footer",
        found=f"the last {'line' if lines == 1 else f'{lines} lines'}{_quoted(fields)}",
        why=f"{'it comes' if lines == 1 else 'they come'} after the table's last row",
    )


def _places(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _quoted(fields: list[list[str]]) -> str:
    """Show the beginning of lines that are no rows, so that nothing is left out unseen."""
    text = " / ".join(" ".join(filter(None, row)).strip() for row in fields if count_filled(row))
    return f": {text[:_QUOTED]!r}" if text else ""
