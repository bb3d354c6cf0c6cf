"""Which last rows are notes, and which are rows."""

import pytest

from headgate.engine.reading.detect import detect
from tests.harness.reading import read, write


def test_a_first_row_that_is_cut_short_is_no_note(tmp_path):
    """It begins as those below it, and the names above it are shorter still."""
    row = "{},2013-07-0{},EUR,1.5,a,b,c,d\n".format
    text = "Id,Day,Unit,Sum,Text\n7,2013-07-09,EUR,2.5,a,b\n" + "".join(
        map(row, *2 * [range(1, 8)])
    )
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names[:5] == ("Id", "Day", "Unit", "Sum", "Text")
    assert [len(cells) for cells in rows] == [6, *7 * [8]]


def test_a_sentence_alone_in_the_last_row_is_a_note(tmp_path):
    """Among short texts; where the others are as long it is one of them."""
    rows = "".join(f"Department of Health,2024-01-0{i},{i}.50\n" for i in range(1, 6))
    path = write(tmp_path, f"body,day,paid\n{rows}Report created in May by RX7,,\n")
    dialect, read_rows = read(path)
    assert (dialect.footer_lines, len(read_rows)) == (1, 5)
    path.write_text(path.read_text().replace("Department", "Department of the Ministry"))
    assert detect(path).footer_lines == 0


def test_a_last_row_with_blanks_for_delimiters_is_no_note(tmp_path):
    """It is kept back: it begins with no words."""
    rows = "".join(f"2{i}/04/2018,20:15,{i},Boots,warm\n" for i in range(9))
    text = f"day,time,n,item,text\n{rows}29/04/2018 20:15 2 Boots for men, warm and light\n"
    dialect, read_rows = read(write(tmp_path, text))
    assert dialect.footer_lines == 0
    assert len(read_rows) == 10


@pytest.mark.parametrize("others", [["1001,4,x"], [f"{n},{n * 3},w" for n in range(99, 130)]])
def test_last_rows_with_another_delimiter_are_no_notes(tmp_path, others):
    """They are kept back, one or many: each would be a row if its delimiter were the table's."""
    rows = [f"{n};{n * 3};w{n}" for n in range(99)]
    dialect, read_rows = read(write(tmp_path, "\n".join(["id;n;text", *rows, *others, ""])))
    assert dialect.footer_lines == 0
    assert len(read_rows) == 99 + len(others)


@pytest.mark.parametrize(
    "rows",
    ["Smith,Foo\nLee,Bar\nSource: Anonymous,Baz\n", "Note: a,x\nNote: b,y\nNote: c,z\n"],
)
def test_a_full_row_that_begins_like_a_note_is_a_row(tmp_path, rows):
    """Only what has more or fewer cells than the table is a note about it."""
    dialect, read_rows = read(write(tmp_path, "author,title\n" + rows))
    assert dialect.names == ("author", "title")
    assert len(read_rows) == 3


def test_a_full_row_that_begins_like_a_note_and_has_words_below_numbers_is_a_note(tmp_path):
    """Its commas part no cells, and make no text of the columns; a missing value is no word."""
    rows = "name,price,sold\n" + "".join(f"n{i},{i}.5,{i}\n" for i in range(20))
    note = write(tmp_path, f"{rows}Source: Ministry, Dept. of Prices, revised\n")
    assert detect(note).footer_lines == 1
    row = write(tmp_path, f"{rows}Source: Anonymous,n/a,-\n")
    assert detect(row).footer_lines == 0
    more = write(
        tmp_path, f"{rows}Notas:,,\nSource: Ministry, Dept. of Prices, revised\nAs of 2024\n"
    )
    assert detect(more).footer_lines == 3


@pytest.mark.parametrize(
    ("last", "footer"),
    [
        ("All prices without tax, valid until May, subject to change\n", 1),
        ("\nPrinted,by Ann,on Monday\n", 2),
        ("\nPrinted,by Ann,on Monday\nPage 1\n", 3),
        ("\nn5,DNF,DNS\n", 0),
        ("n5,not sold,not listed\n", 0),
        ("n5,not sold, not listed\n", 0),
    ],
)
def test_a_sentence_and_phrases_behind_a_gap_are_no_row(tmp_path, last, footer):
    """Phrases in place of several numbers, not marks, tell a note that is as wide as the table."""
    rows = "".join(f"n{i},{i}.5,{i}\n" for i in range(4))
    assert detect(write(tmp_path, f"name,price,sold\n{rows}{last}")).footer_lines == footer
    assert read(write(tmp_path, "n\n1\n2\n3\n4\n5\nsix\n"))[1][-1] == ["six"]
