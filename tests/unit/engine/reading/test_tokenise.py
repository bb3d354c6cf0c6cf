"""Lines become rows with their line numbers; damage is mended where it is clear."""

import csv

import pytest

from headgate.engine.reading.detect import detect
from headgate.engine.reading.dialect import Dialect, Syntax
from headgate.engine.reading.lines import raw_lines
from headgate.engine.reading.tokenise import Parser, tokenise


def parse(text, width, **syntax):
    parser = Parser(Syntax(**{"delimiter": ",", **syntax}), width)
    rows = parser.feed(1, text.splitlines(keepends=True)) + parser.finish()
    return rows.fields


def test_lines_are_counted_through_embedded_newlines(tmp_path):
    """A row's first and last physical line are right below a field of several lines."""
    path = tmp_path / "file.csv"
    path.write_text('a,b\n1,"x\ny"\n\n2,z\n')
    dialect = detect(path)
    batches = list(tokenise(path, dialect))
    lines = [span for b in batches for span in zip(b.lines, b.ends, strict=True)]
    assert lines == [(2, 3), (5, 5)]
    assert [n for b in batches for n in b.blank] == [4]
    assert list(raw_lines(path, dialect, lines)) == ['1,"x\ny"\n', "2,z\n"]


def test_a_line_feed_in_a_field_stays_one_where_lines_end_otherwise(tmp_path):
    """Though it stands in a part of the file that was not looked at to tell the ends of lines."""
    path = tmp_path / "file.csv"
    others = b"1,x\r" * 200_000
    path.write_bytes(b"a,b\r" + others + b'2,"y\nz"\r' + others)
    dialect = detect(path)
    assert dialect.newline == "\r"
    rows = [row for batch in tokenise(path, dialect) for row in batch.fields]
    assert ["2", "y\nz"] in rows


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ('1,"He said "hi" twice",3', ["1", 'He said "hi" twice', "3"]),
        ('1,"10" pipe",3', ["1", '10" pipe', "3"]),
        ('1,""two",3', ["1", '"two', "3"]),
        ('1,"two,3', ["1", '"two', "3"]),
        ('1,two,"', ["1", "two", '"']),
        ('"a","b, "c", d","e"', ["a", 'b, "c", d', "e"]),
        ('1,"two, too" ,3', ["1", "two, too", "3"]),
        ('1,two,"3" ', ["1", "two", "3"]),
    ],
)
def test_a_damaged_quote_spoils_no_other_row(line, row):
    """An unescaped, stray or unclosed quote is kept as text, and the next row is not swallowed."""
    assert parse(f'{line}\n4,"five",6\n', 3) == [row, ["4", "five", "6"]]


@pytest.mark.parametrize("odd", ['1,"two\nlines",3,4', '1,"two\nlines"', '"two\n\n3,4,5",6'])
def test_a_row_of_another_width_may_have_a_field_of_several_lines(odd):
    """Its quotes are right, so that none of its lines is a row by itself."""
    (cells,) = csv.reader(odd.splitlines(keepends=True))
    assert parse(f"{odd}\n4,five,6\n", 3) == [cells, ["4", "five", "6"]]


def test_rows_between_two_stray_quotes_are_rows():
    """Where they would otherwise be one field of a row of another width."""
    rows = [[str(n), "b", "c"] for n in range(30)]
    lines = [",".join(row) for row in rows]
    found = parse("\n".join(['1,2,"x', *lines, '7,8,y",9']) + "\n", 3)
    assert found == [["1", "2", '"x'], *rows, ["7", "8", 'y"', "9"]]


def test_an_unclosed_quote_swallows_only_its_line(tmp_path):
    """Thousands of rows below an unclosed quote are still rows."""
    path = tmp_path / "file.csv"
    path.write_text('a,b\n1,"open\n' + "2,x\n" * 300_000)
    rows = sum(
        len(batch.fields) for batch in tokenise(path, Dialect(names=("a", "b"), skip_lines=1))
    )
    assert rows == 300_001


def test_only_real_escapes_are_unescaped():
    """A backslash before a quote, a delimiter or itself goes; before a letter it stays."""
    line = r'"a \"b\"","C:\new","x\\"' + "\n"
    assert parse(line, 3, escapechar="\\") == [['a "b"', r"C:\new", "x\\"]]


def test_a_delimiter_of_two_characters_may_stand_in_quotes():
    """A long delimiter splits fields, but not inside quotes."""
    assert parse('1||"a||b"||c|d\n', 3, delimiter="||") == [["1", "a||b", "c|d"]]


def test_aligned_columns_are_split_at_runs_of_spaces():
    """Where spaces align columns, a run of them is one delimiter."""
    text = "  1   two     3\n 10   twenty 30 \n"
    rows = parse(text, 3, delimiter=" ", skipinitialspace=True)
    assert rows == [["1", "two", "3"], ["10", "twenty", "30"]]


def test_comments_inside_the_table_are_left_out():
    """A marked line that does not fit the table is a comment; one that fits is a row."""
    assert parse("1,2\n# note\n#3,4\n", 2, comment="#") == [["1", "2"], ["#3", "4"]]


@pytest.mark.parametrize("mark", ["#", "--", "%"])
def test_a_mark_parted_by_a_blank_is_a_cell_of_a_row(mark):
    """A row of the table's width is kept, whatever its first cell is."""
    rows = parse(f"{mark} a 1\n{mark} note\n2 b 3\n", 3, delimiter=" ", comment=mark)
    assert rows == [[mark, "a", "1"], ["2", "b", "3"]]


def test_a_quoted_value_is_no_comment():
    """A row of another width is kept though its first value begins like a comment."""
    assert parse('1,2\n# note\n"#3",4,5\n', 2, comment="#") == [["1", "2"], ["#3", "4", "5"]]


def test_an_empty_quoted_value_is_a_row_of_one_column():
    """In a table of one column, `""` and blanks are values and an empty line is none."""
    assert parse('a\n""\n\n" "\n"\n"\nb\n', 1) == [["a"], [""], [" "], ["\n"], ["b"]]
