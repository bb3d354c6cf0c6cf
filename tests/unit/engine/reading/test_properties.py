"""Whatever table is written in whatever dialect, it is read back the same."""

import csv
import io
from itertools import pairwise

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from headgate.engine.reading.detect import detect
from headgate.engine.reading.left_out import list_left_out
from headgate.engine.reading.lines import read_lines
from headgate.engine.reading.tokenise import tokenise
from headgate.errors import BadFileError
from headgate.options import ReadOptions

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
cells = st.text(st.sampled_from("ab1 ,;\t|'\"\\#-.\n\rñ€語"), max_size=8)
kinds = st.sampled_from(
    [
        st.integers(-1000, 10**12).map(str),
        st.decimals(-1000, 1000, places=2).map(str),
        st.dates().map(str),
        st.text(st.sampled_from("abcdeé"), min_size=1, max_size=8).map(str.title),
    ]
)
tidy_tables = st.lists(kinds, min_size=2, max_size=5).flatmap(
    lambda columns: st.lists(st.tuples(*columns).map(list), min_size=3, max_size=12)
)


def tables(cell):
    """Draw a header of unique names and rows of the same width."""
    return st.integers(2, 5).flatmap(
        lambda width: st.lists(
            st.lists(cell, min_size=width, max_size=width), min_size=2, max_size=12
        )
    )


def write(path, table, encoding="utf-8", **dialect):
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(table)
    path.write_bytes(text.getvalue().encode(encoding))


def read(path, options):
    dialect = detect(path, options)
    return dialect, [row for rows in tokenise(path, dialect) for row in rows.fields]


@quick
@given(
    tables(cells),
    st.sampled_from([",", ";", "\t", "|", ":", "#", "^"]),
    st.sampled_from(['"', "'"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "gb18030"]),
    st.booleans(),
)
def test_told_dialect_round_trips(  # noqa: PLR0917
    tmp_path, table, delimiter, quote, newline, encoding, escape
):
    """A table of any cells comes back as it was written when the dialect is told."""
    assume(all(any(row) for row in table) and "".join(map("".join, table)).strip())
    path = tmp_path / "told.csv"
    plain = not escape and not {"\r", "\n"} & set("".join(map("".join, table)))
    write(
        path,
        table,
        encoding,
        delimiter=delimiter,
        quotechar=quote,
        lineterminator=newline,
        escapechar="\\" if escape else None,
        doublequote=not escape,
        quoting=csv.QUOTE_MINIMAL if plain else csv.QUOTE_ALL,
    )
    options = ReadOptions(
        delimiter=delimiter,
        quotechar=quote,
        escapechar="\\" if escape else "",
        encoding=encoding,
        skip_lines=0,
        header_rows=0,
        footer_lines=0,
    )
    assert read(path, options)[1] == table


@quick
@given(
    tidy_tables,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_blind_reading_round_trips(tmp_path, body, delimiter, newline, quoting):
    """A table of numbers, dates and names under a header is read back without being told."""
    header = [f"Column {letter}" for letter in "PQRST"[: len(body[0])]]
    path = tmp_path / "blind.csv"
    write(path, [header, *body], delimiter=delimiter, lineterminator=newline, quoting=quoting)
    dialect, rows = read(path, ReadOptions())
    assert (list(dialect.header), rows) == (header, body)


damage = st.lists(
    st.tuples(
        st.integers(0, 400), st.sampled_from(['"', "\n", "\r", ",", ";", "#", "\0", "'", ""])
    ),
    max_size=6,
)


@quick
@given(tables(cells), damage)
@example([["a", "b"], ["1", "2"]], [(4, '"')])
@example([['1"', '1""'], ["1", '1""']], [(0, '"'), (0, '"'), (19, "\n")])
def test_every_line_is_accounted_for(tmp_path, table, damage):
    """Under any damage, each physical line is preamble, header, blank, row or footer, once.

    What is left out is listed with its whole text.
    """
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    content = text.getvalue()
    for place, garbage in damage:
        at = place % (len(content) + 1)
        content = content[:at] + garbage + content[at + (garbage == "") :]
    path = tmp_path / "damaged.csv"
    path.write_bytes(content.encode())
    try:
        dialect = detect(path)
    except BadFileError:
        return
    total = sum(len(lines) for lines in read_lines(path, dialect))
    above = dialect.skip_lines + dialect.header_lines
    spans = [(1, above)] if above else []
    rows_at: list[tuple[int, int]] = []
    blank: set[int] = set()
    for rows in tokenise(path, dialect):
        assert len(rows.fields) == len(rows.lines) == len(rows.ends)
        rows_at += zip(rows.lines, rows.ends, strict=True)
        spans += ((line, line) for line in rows.blank)
        blank |= set(rows.blank)
    spans += rows_at
    spans.append((total - dialect.footer_lines + 1, total))
    spans.sort()
    assert all(after == end + 1 for (_, end), (after, _) in pairwise(spans))
    assert spans[0][0] == 1

    listed = list_left_out(path, dialect, tmp_path / "left-out.csv")
    lines = [line for batch in read_lines(path, dialect) for line in batch]
    taken = {line for first, last in rows_at for line in range(first, last + 1)}
    taken |= set() if dialect.comment else blank  # such as `""`, which holds nothing
    rest = [
        [str(n), line.rstrip("\r\n")]
        for n, line in enumerate(lines, 1)
        if n not in taken and not dialect.skip_lines < n <= above and line.strip()
    ]
    shown = []
    if listed:
        with (tmp_path / "left-out.csv").open(encoding="utf-8-sig", newline="") as file:
            shown = [[line, said] for line, _, said in csv.reader(file)][1:]
    assert shown == rest
    assert sum(each.lines for each in listed) == len(rest)


words = st.sampled_from(
    ["Rome", "New York", "Los Angeles", "Oslo", "Rio", "Saint Louis du Nord", "El Paso", "Ulm"]
)
figures = st.integers(0, 99_999).map(str) | st.decimals(0, 9999, places=1).map(str)


@quick
@given(st.lists(st.tuples(words, figures, words, figures), min_size=6, max_size=40))
@example(
    [("Rome", "10", "New York", "100"), ("New York", "0", "Los Angeles", "100")]
    + 3 * [("El Paso", "0", "Rome", "0")]
    + [("El Paso", "100", "Rome", "10")]
)
def test_aligned_columns_come_back_without_being_told(tmp_path, rows):
    """Words to the left, numbers to the right, blanks inside cells: each cell is whole."""
    table = [("Home", "n", "Work", "value"), *rows]
    assume(all(len(set(map(len, column))) > 2 for column in zip(*rows, strict=True)))
    sides = (str.ljust, str.rjust, str.ljust, str.rjust)
    columns = [
        [side(cell, max(map(len, column))) for cell in column]
        for side, column in zip(sides, zip(*table, strict=True), strict=True)
    ]
    path = tmp_path / "aligned.txt"
    path.write_text("\n".join(map("  ".join, zip(*columns, strict=True))) + "\n")
    dialect, found = read(path, ReadOptions(header_rows=1))
    assert [list(dialect.names), *found] == [list(row) for row in table]
