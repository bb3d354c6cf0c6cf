"""What a reader may rely on when a file is read without being told how it is written."""

import csv
import time

import pytest

from headgate.engine.reading.detect import detect
from headgate.errors import OptionsError
from headgate.options import ReadOptions
from stack.running import ROOT
from tests.harness.reading import PRICES, read, write

CASES = ROOT / "tests" / "data" / "reading"


@pytest.mark.parametrize("case", sorted(p.stem for p in CASES.glob("*.csv")))
def test_case_is_read_as_expected(case):
    """Each sample file reads, untold, as the plain CSV that a person made of it."""
    expected = list(csv.reader((CASES / "expected" / f"{case}.csv").open(newline="")))
    dialect, rows = read(CASES / f"{case}.csv")
    assert [list(dialect.names), *rows] == expected


def test_each_guess_leaves_evidence(tmp_path):
    """What was found, and why, stands in words beside the dialect."""
    notes = "Prices of May\n\n" + PRICES + "\nSource: the shop\n"
    evidence = {e.what: e for e in detect(write(tmp_path, notes)).evidence}
    assert evidence.keys() >= {"encoding", "delimiter", "quotechar", "preamble", "header", "footer"}
    assert evidence["preamble"].found == "lines 1 to 2: 'Prices of May'"
    assert evidence["footer"].found == "the last 2 lines: 'Source: the shop'"
    assert all(e.why for e in evidence.values())


def test_one_line_is_said_to_be_one(tmp_path):
    """A header is mostly one row on one line."""
    evidence = {
        e.what: e for e in detect(write(tmp_path, "May\n" + PRICES + "The end.\n")).evidence
    }
    assert evidence["preamble"].found == "line 1: 'May'"
    assert evidence["header"].found == "1 row, line 2"
    assert evidence["footer"].found == "the last line: 'The end.'"


def test_options_override_each_guess(tmp_path):
    """Whatever is told is taken as it is."""
    path = write(tmp_path, "x\n" + PRICES.replace(",", ";"))
    told = {"delimiter": ",", "quotechar": "'", "encoding": "cp1251", "skip_lines": 0}
    dialect = detect(path, ReadOptions(**told, escapechar="^", header_rows=2, footer_lines=3))
    assert (dialect.delimiter, dialect.quotechar, dialect.escapechar) == (",", "'", "^")
    assert (dialect.skip_lines, dialect.header_rows, dialect.footer_lines) == (0, 2, 3)
    assert dialect.encoding == "cp1251"
    with pytest.raises(OptionsError, match="no encoding named"):
        detect(path, ReadOptions(encoding="klingon"))
    with pytest.raises(OptionsError, match="no table 3"):
        detect(path, ReadOptions(table=3))


@pytest.mark.parametrize("lines", [250, 2_500, 25_000])
def test_a_row_that_is_cut_where_the_sample_ends_decides_nothing(tmp_path, lines):
    """Texts of so many lines end neither within the first lines looked at nor within the head."""
    text = "\n".join(["dear all, this; is 'one' more", ""] * (lines // 2))
    rows = [[f"sent/{i}", text, str(i)] for i in range(1_000_000 // len(text) + 2)]
    written = "".join(f'{name},"{text}",{i}\n' for name, text, i in rows)
    assert read(write(tmp_path, f"file,message,n\n{written}"))[1] == rows


def test_a_stray_quote_hides_no_rows_from_the_sample(tmp_path):
    """The rows below it are as wide as those above, and tell how the file is written."""
    dialect, rows = read(write(tmp_path, 'day;of;wind\n1;"x;2,5\n' + "2;y;3,5\n" * 500))
    assert (dialect.delimiter, dialect.header_rows, rows[0]) == (";", 1, ["1", '"x', "2,5"])


@pytest.mark.parametrize("rows", ["a,b\n" * 260_000, "\nT\na,b\nc,d\n" * 80_000])
def test_many_short_lines_cost_seconds(tmp_path, rows):
    """A megabyte of them, all alike or under titles: no line is held to all above it."""
    path = write(tmp_path, f"n,v\n{rows}")
    start = time.process_time()
    detect(path)
    assert time.process_time() - start < 30


@pytest.mark.parametrize(
    ("text", "names", "count"),
    [
        (
            "Sum of sales;Columns;;;\nRows;2022;2023;(Blank);Total\n"
            + "".join(f"Shop {i};{i}0,5;{i}1,25;;{i}2,5\n" for i in range(6)),
            ("Sum of sales Rows", *(f"Columns {x}" for x in ("2022", "2023", "(Blank)", "Total"))),
            6,
        ),
        (
            "SCOPE9,54321,Waveform\nSegments,1,Size,20\nSegment,Trigger\n#1,2024-01-31\nTime,Ampl\n"
            + "".join(f"0.{i},0.00{i}\n" for i in range(1, 9)),
            ("Time", "Ampl"),
            8,
        ),
        (
            "Run;31.01.2024 10:15\nDevice;K202\nChannel;K1;K2\nUnit;C;C\n\nTime;K1;K2\n"
            + "".join(f"00:00:0{i};2{i},5;3{i},5\n" for i in range(9)),
            ("Time", "K1", "K2"),
            9,
        ),
        (
            "Label;Prices\nid;001759970\nUpdated;16/01/2024 08:45\nPeriod;\n"
            + "".join(f"2023-0{i};{i}8,5\n" for i in range(1, 9)),
            ("Label", "Prices"),
            8,
        ),
        (
            "Year,Value\n2001,1.5\n2002,2.5\n2003,3.5\n\nNote: provisional, unchecked, to change\n",
            ("Year", "Value"),
            3,
        ),
        (
            "Result freely available by the state office\nFirst asked by\n"
            "Id    = number of the post in use\nDay   = day of the month\n\nId,Day,Rain\n"
            + "".join(f"550,{i},{i}1\n" for i in range(9))
            + "\nRain in tenths\n\nState office of weather, since 2001\n",
            ("Id", "Day", "Rain"),
            9,
        ),
    ],
)
def test_what_stands_around_a_table_is_told_from_it(tmp_path, text, names, count):
    """Pivots, facts of any width above the names, and notes that hold the delimiter."""
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == names
    assert dialect.others == ()
    assert len(rows) == count


def test_a_legend_below_a_source_belongs_to_the_footer(tmp_path):
    """Its signs and meanings fill two cells, as no row of the table does."""
    rows = "".join(f"20{i};C{i};{i}.5\n" for i in range(10, 30))
    legend = "Source: Office of numbers;;\n;;\nSign;Meaning;\n-;Nothing at all;\nx;Unknown;\n"
    dialect, found = read(write(tmp_path, f"year;code;share\n{rows}{legend}"))
    assert (dialect.footer_lines, len(found)) == (5, 20)


def test_rows_with_few_cells_below_a_source_are_rows_where_others_are_alike(tmp_path):
    """A label inside the table may cite, too."""
    rows = "".join(f"20{i};C{i};;;;\n" for i in range(10, 30))
    text = f"year;code;a;b;c;d\n2009;C9;1;2;3;4\n{rows}Source: survey;;;;;\n2030;C30;;;;\n"
    dialect, found = read(write(tmp_path, text))
    assert (dialect.footer_lines, len(found)) == (0, 23)


def test_a_first_word_that_comes_back_in_many_rows_is_data(tmp_path):
    """It is one of few values of its column, whatever texts stand beside it."""
    words = ["arithmetic", "angle", "area", "count", "density", "energy", "flux", "mass", "time"]
    rows = [["QSP"[i % 3], word, f"What a {word} is"] for i, word in enumerate(words)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(";".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("status,n\nr1,ok,NA\nr2,bad,3\nr3,ok,4\n", "column_1 status n", 3),
        ("comment,hours\nNote: late,2\nNote: early,3\nNote: sick,tbd\n", "comment hours", 3),
        (
            "Group A,,Group B,\nperson,year,Q1,note\n"
            + "".join(f"n{i},{1990 + i},B{500 + i},t{'xyz'[i % 3]}\n" for i in range(9)),
            "Group A person",
            9,
        ),
        ("mpg,cyl,hp\n1,21.0,6,110\n2,21.5,6,110\n3,22.8,4,93\n", "column_1 mpg cyl hp", 3),
    ],
    ids=["missing in the first row", "last row begins like a note", "groups", "row numbers"],
)
def test_no_row_of_an_ordinary_table_is_taken_for_something_else(tmp_path, text, names, rows):
    dialect, found = read(write(tmp_path, text))
    assert " ".join(dialect.names).startswith(names)
    assert len(found) == rows


def test_skipping_more_lines_than_there_are_is_refused(tmp_path):
    """Nothing is left to be read then."""
    with pytest.raises(OptionsError, match="No row is left"):
        read(write(tmp_path, '"total amount 0"\n"a\tb"'), skip_lines=6)


def test_what_is_said_of_a_header_and_of_lines_above_it_is_true(tmp_path):
    """Nothing follows a header that stands alone, and another table is no title."""
    alone, _ = read(write(tmp_path, "a,b\n"))
    assert [each.why for each in alone.evidence if each.what == "header"] == ["no row follows it"]
    tables = "x,y\n1,2\n3,4\n\n\nname,age,town\nAnn,3,Bern\nBob,4,Chur\nCyd,5,Zug\n"
    second, _ = read(write(tmp_path, tables), table=2)
    (above,) = [each.why for each in second.evidence if each.what == "preamble"]
    assert "another table" in above
