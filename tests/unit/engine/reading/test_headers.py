"""Which first rows name the columns, and which are data."""

import csv
import gzip

import pytest

from headgate.engine.reading.detect import detect
from headgate.errors import UndecidableError, UnreadableError
from headgate.options import ReadOptions
from tests.harness.reading import PRICES, read, write


def test_damaged_compression_is_named(tmp_path):
    """A gzip file that was cut off says so."""
    with pytest.raises(UnreadableError, match="gzip data is damaged"):
        detect(write(tmp_path, gzip.compress(PRICES.encode())[:-20]))


@pytest.mark.parametrize(
    ("text", "separate"),
    [
        ("name\nJohn Smith\nJane Doe\nBob Stone\nAnn Lee\n", False),
        ("name surname\nJohn Smith\nJane Doe\nBob Stone\nAnn Lee\n", True),
        ("Readings\na 1\nb 2\nc 3\nd 4\n", True),
    ],
)
def test_blanks_between_words_below_a_header_of_one_word_separate_nothing(tmp_path, text, separate):
    """Numbers in a column of their own, or a header of several words, tell that they do."""
    path = tmp_path / "file.csv"
    path.write_text(text)
    assert (detect(path, ReadOptions(header_rows=1)).delimiter == " ") is separate


@pytest.mark.parametrize(
    "text",
    [
        "id,name,price\n1,Smith, John,5\n2,Doe, Jane,6\n3,Roe, Jim,7\n",
        'id,payload\n1,{"a":1,"b":"x"}\n2,{"a":2,"b":"y"}\n3,{"a":3,"b":"z"}\n',
        "id,name\n1,“Smith, John”\n2,“Doe, Jane”\n",
        "Date,Open\nJan 02, 2024,185.5\nJan 03, 2024,184.5\nJan 04, 2024,183.5\n",
        "a,b\n1,5,2,25\n3,5,4,75\n5,5,6,25\n",
        "date,amount\n10.01.2024,30,20\n11.01.2024,33,21\n12.01.2024,36,22\n",
        "id,name,amt\n1,Ann,-1,50\n2,Bob,2,75\n3,Cid,3,10\n",
        "city,n,area\nOslo,709,037,454\nBonn,331,885,141\nKiel,246,601,118\n",
        "name,price\nNut,1,200.50\nBolt,980.00\nGear,15,000.25\nAxle,2,125.00\n",
        "name,price\nNut,¥1,200\nBolt,¥980\nGear,¥15,125\n",
        "town,temp,hum\nOslo,12,5,80,1\nBonn,-13,0,79,4\nKiel,9,8,91,0\n",
        "date,a,b,c\n2024-01-01,1,5,2,5,3,5\n2024-01-02,4,5,5,5,6,5\n",
    ],
)
def test_names_are_not_shifted_over_values_that_were_split(tmp_path, text):
    """Where each row has more cells than names, since one holds the delimiter, it is refused."""
    path = write(tmp_path, text)
    with pytest.raises(UndecidableError, match="header names"):
        detect(path)
    assert len(read(path, skip_lines=1, header_rows=0)[1]) == text.count("\n") - 1


@pytest.mark.parametrize(
    "text",
    [
        "x,y\nfirst,1,2\nsecond,3,4\nthird,5,6\n",
        'x,y\n"1",1,2\n"2",3,4\n"3",5,6\n',
        "x\ty\n1\t1\t2\n2\t3\t4\n3\t5\t6\n",
        "x,y\n1,1,\n2,3,\n3,5,\n",
        "x,y\nfirst,1,200.5\nsecond,3,400.5\nthird,5,600.5\n",
        "x,y,z\nr1,1,2,a,b\nr2,3,4,c,d\nr3,5,6,e,f\n",
        "n,x,y\na,1,-2,3,-4\nb,2,-3,4,-5\nc,3,-4,5,-6\n",
    ],
)
def test_whole_numbers_beside_row_names_are_read(tmp_path, text):
    """Texts that each come once, quotes, a point or blank cells, and words tell what they are."""
    assert len(read(write(tmp_path, text))[1]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "date,price\n2024-01-01,1.5,low\n2024-01-02,2.5,high\n",
        "id;name\n1;Ann;new\n2;Bob;old\n3;Cid;new\n",
    ],
)
def test_a_name_that_fits_the_first_column_alone_is_not_shifted(tmp_path, text):
    """The header leaves out another name then, not that of row names."""
    with pytest.raises(UndecidableError, match="seems to name the first"):
        detect(write(tmp_path, text))


def test_a_name_that_fits_the_first_column_best_is_not_shifted(tmp_path):
    """Some numbers in the second column do not make it one of numbers."""
    rows = "".join(f"{i},{'A' * (i % 3)}{i},Bonn,1.5\n" for i in range(10, 19))
    with pytest.raises(UndecidableError, match="seems to name the first"):
        detect(write(tmp_path, f"Id,Code,Town\n{rows}"))


def test_a_header_that_begins_with_a_blank_leaves_the_last_column_without_a_name(tmp_path):
    """The blank stands above the row names; two last names may be missing too."""
    body = "".join(f"{name},{i},5,6,note\n" for i, name in enumerate("ABCDEFGH"))
    assert read(write(tmp_path, f",x,y,z\n{body}"))[0].names[:2] == ("column_1", "x")
    dialect, rows = read(write(tmp_path, f",x,y\n{body}"))
    assert dialect.names == ("column_1", "x", "y", "column_4", "column_5")
    assert len(rows) == 8


@pytest.mark.parametrize(
    "text", ["date,price\n1,2024-01-01,1.5\n2,2024-01-02,2.5\n", "id;n\n1;7;Ann\n2;8;Bob\n"]
)
def test_a_name_that_fits_the_second_column_stands_above_it(tmp_path, text):
    """The first column holds row names."""
    assert read(write(tmp_path, text))[0].names[0] == "column_1"


@pytest.mark.parametrize("text", ["Offices\nRome,3\nOslo,4\nBonn,5\n", 'n\n"a",1\n"b",2\n"c",3\n'])
def test_a_title_above_columns_of_different_kinds_is_none_of_them(tmp_path, text):
    """Words beside numbers are two columns, whatever stands above."""
    assert len(read(write(tmp_path, text))[1][0]) == 2


@pytest.mark.parametrize(
    ("first", "rows"),
    [
        ("Code;2022;2023", [f"A{i};{i}.5;{i}.25" for i in range(10, 40)]),
        ("Land;1990;2000;2023", ["Bremen;681665;660225;691703", "Hessen;5763310;6068129;6420729"]),
        ("Lat,Long,1/22/20,1/23/20,1/24/20", ["33.9,67.7,0,1,5", "41.2,20.2,2,2,9"]),
        ("Day,00:00,00:30,01:00", ["2024-01-01,1.5,2.5,3.5", "2024-01-02,1.6,2.6,3.6"]),
        ("Sample,400.5,402.5,404.5", ["A,0.1,0.2,0.3", "B,0.4,0.1,0.3"]),
        ("Sample,401.1,402.5,404.2,408,409.9,411", ["A,3,2,1,4,5,1", "B,1,1,2,1,4,3"] * 15),
        ("2020", [f"{i}.5" for i in range(10)]),
        ("2020", [str(i) for i in range(30)]),
        ("Land,2020,2021", [f"C{i % 7},{i},{3 * i}" for i in range(30)]),
        ("0,1,2,3", [f"{i % 5},{i % 3},{i % 4},{i % 2}" for i in range(30)]),
        ("id,1,2,3", [f"P{i},{i % 3},{i % 4},{i % 2}" for i in range(30)]),
        ("state,2001,2011", [f"State {i},{800 + i},{900 - i}" for i in range(30)]),
        ("state,2022", [f"State {i},{i}.5" for i in range(30)]),
        ("town,2001,2011", [f"Town {i},{i}.5,{i}.25" for i in range(8)]),
        ("id,name,OD,1,2,3,4,5,6", ["7,Ann,0.5,3,4,5,5,6,8", "8,Ben,0.7,1,2,2,2,3,9"]),
        ("Share,1,2,5,60,300,3600", ["99,9,8,7,5,4,3", "50,6,5,5,4,3,2", "10,3,3,2,2,1,1"]),
    ],
)
def test_years_dates_and_steps_above_other_values_are_names(tmp_path, first, rows):
    """They are told from values by what stands below them."""
    dialect, read_rows = read(write(tmp_path, "\n".join([first, *rows])))
    delimiter = ";" if ";" in first else ","
    assert list(dialect.names) == first.split(delimiter)
    assert read_rows == [row.split(delimiter) for row in rows]


@pytest.mark.parametrize(
    "rows",
    [
        ["Anna,1985", "Ben,1990", "Cem,1975"],
        ["1985,1990,2.5", "1986,1991,3.5"],
        ["2020", "17", "35"],
        ["A,1,2,3,4,5,6", "B,2,3,4,5,6,7"],
        [f"P{i},{1990 + i},{1991 + i}" for i in range(30)],
        [f"{i},{i + 1},{i + 2},{i + 3}" for i in range(30)],
        ["1,2,3,4", "5,6,7,8", "9,10,11,12"],
        [f"{i % 6},{(i + 1) % 6},{(i + 2) % 6},{(i + 3) % 6}" for i in range(30)],
        ["a,1,2,4,7,11,19", "b,5,4,4,2,1,9", "c,7,2,5,1,9,2"],
        ["Anna,1985,2001", "Bob,12,17", "Carl,3,5", "Dan,7,9"],
        ["bolt,1900", "nut,12", "screw,55", *(f"part{i},{i}" for i in range(25))],
        ["1,A,1:34:50.616", "2,B,+22.457", "3,C,+25.110", "4,D,+39.669", "5,E,+49.773"],
        ["Ann,n/a,1,2,3,4,5,6", "Ben,4,1,5,2,4,4,9", "Cem,5,3,2,9,9,1,1"],
        ["bolt,2022", *(f"part{i},{i}.5" for i in range(5))],
        ["all,1800,1935", *(f"part {i},{30 + i},{31 + i}" for i in range(25))],
    ],
)
def test_years_and_rising_numbers_among_their_like_are_values(tmp_path, rows):
    """No header is made of a first row that may be one like the others."""
    dialect, read_rows = read(write(tmp_path, "\n".join(rows)))
    assert dialect.header_rows == 0
    assert read_rows == [row.split(",") for row in rows]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "#group,false,true\n#datatype,long,double\n,table,value\n,0,1.5\n,0,2.5\n",
            "column_1 table value",
        ),
        (
            '!Sample_title\t"A"\t"B"\n!Sample_type\t"a"\t"b"\nID\tX\tY\ng1\t1.5\t2\ng2\t2.5\t3\n',
            "ID X Y",
        ),
        (
            "# Created by hand\n# name: x\n# rows: 3\n1 2 3\n4 5 6\n7 8 9\n",
            "column_1 column_2 column_3",
        ),
        (
            "#path\tx\n#fields\tts\tn\tx\n#types\ttime\tn\tx\n1.5\t8\ta\n2.5\t9\tb\n3.5\t8\tc\n",
            "ts n x",
        ),
        ("# Name Points\n1 Anna 7\n2 Ben 5\n3 Cem 4\n", "# Name Points"),
        ("# A file\n## columns: bp\tp\tchr\n1\t2\tx\n3\t4\ty\n5\t6\tz\n", "bp p chr"),
        ("#Time=\t1\n#Kind=\tfull\n#Day=\t1.2.2019\n1.5\t3\n2.5\t4\n", "column_1 column_2"),
        ("# made up\n# Format: day,rate\nday,rate\n1,1.5\n2,2.5\n", "day rate"),
        ("# a b c\n1.5e+00 2.5e+00 3\n4 5 6\n", "a b c"),
        ("# a list\n#\n# of numbers\n1.5\n2.5\n3.5\n", "column_1"),
        ("## A\tx\nn\tm\tl\n1\t2\t3\n\n## B\ty\ndepth\tcount\n" + 20 * "5\t6\n", "depth count"),
        ("# 'a;b'\n" * 20 + "# a;b;c\n1:00;2:00;3:00\n4:00;5:00;6:00\n", "# a b c"),
    ],
)
def test_marked_lines_name_columns_only_where_no_others_do(tmp_path, text, names):
    """Some stand above names as facts; a mark apart is a cell where it has a column."""
    dialect, _ = read(write(tmp_path, text))
    assert " ".join(dialect.names) == names


@pytest.mark.parametrize(
    "text",
    [
        "#hex,name,n\n#fff,white,1\n#000,black,2\ntransparent,none,\n#f00,red,3\nfoo,bar,6\nqux,q,7\n",
        "#name,city,age\n#1 Ann,Bonn,\nBob,Rome,\nCarl,Oslo,12\nDan,Kiel,14\n",
    ],
)
def test_marked_lines_as_wide_as_the_table_are_its_rows(tmp_path, text):
    """They are no facts, even above a row that could name columns."""
    dialect, rows = read(write(tmp_path, text))
    assert [list(dialect.names), *rows] == [*csv.reader(text.splitlines())]


def test_rows_of_several_lines_that_begin_with_a_mark_are_no_comments(tmp_path):
    """Numbers of orders do, and notes in quotes go on for lines."""
    note = "\n".join(f"Key {i}: value" for i in range(12))
    rows = "".join(f'#{i},a@b.c,{i}.50,"{note}"\n' for i in range(60))
    dialect, read_rows = read(write(tmp_path, f"Order,Email,Total,Note\n{rows}"))
    assert dialect.delimiter == ","
    assert dialect.names == ("Order", "Email", "Total", "Note")
    assert len(read_rows) == 60


def test_a_first_row_of_missing_values_is_data(tmp_path):
    """It names nothing, nor do those that follow it."""
    dialect, rows = read(write(tmp_path, 3 * "nan nan nan\n" + 9 * "0.5 0.25 1.5\n"))
    assert dialect.header_rows == 0
    assert len(rows) == 12


@pytest.mark.parametrize(
    ("above", "names"),
    [
        ("Version:\t3\nUser Name:\tAnn\nRate:\t5\tHz\n", ("column_1",)),
        ("Path,File,Day\nC:\\x,a.d,4 Sep\nStart of data\n", ("column_1", "column_2")),
        ("A\nA run, by Ann, in May\nB\nx,y\n", ("x", "y")),
    ],
)
def test_prose_above_many_rows_of_numbers_names_nothing(tmp_path, above, names):
    """Only words right above them do, as many as they are."""
    rows = "".join(f"{i}.5,{i}\n" if len(names) > 1 else f"{i}\n" for i in range(30))
    dialect, read_rows = read(write(tmp_path, above + rows))
    assert dialect.names == names
    assert len(read_rows) == 30


def test_numbers_of_another_width_above_many_are_kept_back(tmp_path):
    """They may be rows, which are not passed over; nor is what holds no key above one column."""
    words = "value\nnot measured\nnot measured\nfailed\n"
    dialect, _ = read(write(tmp_path, words + "".join(f"{i}\n" for i in range(30))))
    assert dialect.skip_lines == 0
    rows = "".join(f"{i}.5,{i}\n" for i in range(30))
    _, read_rows = read(write(tmp_path, f"1,2,3\n4,5,6\n7,8,9\n{rows}"))
    assert len(read_rows) == 33


def test_a_header_of_the_row_below_it_alone_is_not_decided(tmp_path):
    """Both may tell about the table of fewer columns that follows."""
    rows = "".join(f"{i}.5,{i}\n" for i in range(9))
    path = write(tmp_path, f"Path,File,Day\nC:\\x,a.d,4 Sep 2019\nStart of data\n{rows}")
    with pytest.raises(UndecidableError, match="as has the row below it"):
        detect(path)
    assert len(read(path, skip_lines=3)[1]) == 9


def test_a_total_above_rows_that_begin_with_digits_is_a_row(tmp_path):
    """It holds numbers as they do; rows that tell about the columns hold words too."""
    total, lands = "DE;Germany;83;41\n", "".join(f"0{i};Land {i};{i};{i + 1}\n" for i in range(9))
    dialect, rows = read(write(tmp_path, f";;Total;Men\n;;Number;Number\n{total}{lands}"))
    assert dialect.header_rows == 2
    assert rows[0] == ["DE", "Germany", "83", "41"]
    assert len(rows) == 10


def test_a_short_row_of_a_header_is_not_shifted_over_the_years_below_it(tmp_path):
    """The blank first cell of the years tells that the name above it belongs to its column."""
    rows = "Rome;22728;22516\nOslo;109523;111148\nBonn;5188;5067\nKiel;852;860\n"
    text = 'Town;Year\n"";2020;2021\n' + rows
    dialect, read_rows = read(write(tmp_path, text))
    assert dialect.names == ("Town", "Year 2020", "Year 2021")
    assert len(read_rows) == 4


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("-----,Pump,NG1,-----\n", "Index Date Time Value"),
        ("H|20240131|SHOP\n", "column_1 column_2 column_3 column_4"),
    ],
)
def test_dividers_and_first_records_of_another_kind_are_no_header(tmp_path, text, names):
    """A text between dashes is a title; a number in a short first row is no name."""
    mark = "|" if "|" in text else ","
    header = "" if "|" in text else "Index,Date,Time,Value\n"
    rows = "".join(mark.join((f"{i}", "2024-01-31", "10:15", f"{i}.5\n")) for i in range(9))
    dialect, read_rows = read(write(tmp_path, text + header + rows))
    assert " ".join(dialect.names) == names
    assert read_rows[-1] == ["8", "2024-01-31", "10:15", "8.5"]


@pytest.mark.parametrize(
    "header", ["id,Name, first,v\n", "id,Name (last,first),v\n", "Wind speed Air temp\n"]
)
def test_a_header_of_more_names_than_cells_is_not_shifted(tmp_path, header):
    """Where a name may have been split, none knows which name belongs to which column."""
    rows = [["1", "a", "2.5"], ["2", "b", "3.5"], ["3", "c", "4.5"]] * 3
    mark = "," if "," in header else " "
    path = write(tmp_path, header + "\n".join(map(mark.join, rows)))
    with pytest.raises(UndecidableError, match=r"names 4 columns, but most rows have 3 cells"):
        read(path)
    assert len(read(path, header_rows=1)[1]) == 9


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("t,(s),v,w\n", ("t (s)", "v", "w")),
        ("a,b,c,Approve,Reject\n", ("a", "b", "c")),
    ],
)
def test_a_header_that_is_too_long_names_the_cells_there_are(tmp_path, header, names):
    """Units stand behind names, and names without cells are told."""
    rows = "1,x,2.5\n2,y,3.5\n3,z,4.5\n"
    dialect, _ = read(write(tmp_path, header + rows))
    assert dialect.names == names
    told = any("'Approve', 'Reject'" in each.why for each in dialect.evidence)
    assert told == ("Approve" in header)


@pytest.mark.parametrize("header", [",a,b,c\n", "date,,open,close\n"])
@pytest.mark.parametrize("last", ["", "4,w,5.5,note\n"])
def test_a_blank_name_in_a_header_that_is_too_long_is_not_decided(tmp_path, header, last):
    """It may name nothing, or the last name may."""
    path = write(tmp_path, header + "1,x,2.5\n2,y,3.5\n3,z,4.5\n" + last)
    with pytest.raises(UndecidableError, match="leaves a name blank and has 4 cells"):
        read(path)
    assert read(path, header_rows=1)[0].names[1] == (header.split(",")[1] or "column_2")


def test_a_full_row_shows_that_a_name_in_brackets_is_no_unit(tmp_path):
    """The names stay above their cells, and the longer row is kept back."""
    text = "id,name,score,[flag]\n1,a,5\n2,b,6\n3,c,8\n7,d,9,x\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("id", "name", "score")
    assert rows[-1] == ["7", "d", "9", "x"]


def test_rows_as_long_as_the_header_show_that_the_others_are_short(tmp_path):
    """No column is dropped because most rows leave out their last cell."""
    short = "".join(f"{i};Nut {i};{i}.50\n" for i in range(2, 20))
    full = "0;Rod;0.50;late\n1;Nail;1.50;late\n"
    dialect, rows = read(write(tmp_path, "id;name;price;note\n" + full + short))
    assert dialect.names == ("id", "name", "price", "note")
    assert rows[:2] == [line.split(";") for line in full.splitlines()]
    assert len(rows) == 20


def test_a_first_row_with_the_pattern_of_all_others_is_data(tmp_path):
    """Codes of one form name nothing."""
    rows = [[f"{i:04}-X", f"T{i:03}:{i:02} C"] for i in range(12)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(",".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


def test_a_long_first_code_with_the_pattern_of_all_others_is_data(tmp_path):
    """One digit is enough then, as where a lane stands behind the letters of a barcode."""
    codes = [["ACGTACGTTGCATGCA"[i:] + "ACGTACGTTGCATGCA"[:i] + "-1"] for i in range(14)]
    dialect, rows = read(write(tmp_path, "\n".join(code for (code,) in codes)))
    assert dialect.header_rows == 0
    assert rows == codes


@pytest.mark.parametrize(
    "row",
    [
        "user{0}@example.com,Ann,Lee",
        "10.0.{0}.1{0},up,a",
        "https://example.com/{0}",
        "{0:08x}-5f7c-4263-a0f0-6bafd8407b1a,a,b",
        "{0:032x}",
        "+49 170 10{0:05}",
        "level=info,n={0},user=u{0}",
        "id:{0},name:Ann",
        "C:\\data\\{0}.txt,ok",
    ],
)
def test_a_first_address_above_addresses_is_data(tmp_path, row):
    """Nor does a link, a hash, a phone number or a labelled value name what is like it."""
    rows = [row.format(i).split(",") for i in range(3)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(",".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


@pytest.mark.parametrize("code", ["AB{0:03}", "rs{0}"])
def test_a_first_code_with_the_pattern_of_many_is_data(tmp_path, code):
    """Words beside it, and digits of another number, do not make a name of it."""
    rows = [[code.format(7**i % 999 + 10), f"name {'abcdefghijkl'[i]}", "x"] for i in range(12)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(",".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


def test_names_of_the_form_of_the_codes_below_them_are_names(tmp_path):
    """Other letters tell that they are none of these."""
    codes = ["I10", "E11", "J45", "K21", "F32", "M54", "N39", "R07", "Z00", "H25"]
    rows = "".join(
        f"{i},{a},{b}\n" for i, (a, b) in enumerate(zip(codes, codes[::-1], strict=True))
    )
    assert read(write(tmp_path, f"patient,D01,D02\n{rows}"))[0].names == ("patient", "D01", "D02")


@pytest.mark.parametrize("name", ["TRY 1", "COP 26", "% 2020"])
def test_a_sign_of_money_or_shares_before_a_number_may_be_a_name(tmp_path, name):
    """Behind one it is an amount; few write it before."""
    rows = "".join(f"R{i},{i}.5,{i}.7\n" for i in range(4))
    assert read(write(tmp_path, f"id,{name},{name}9\n{rows}"))[0].header_rows == 1


@pytest.mark.parametrize("name", ["ann@example.com", "10.0.0.1", "AB01"])
def test_an_address_or_code_above_other_values_is_a_name(tmp_path, name):
    """Columns may be named after people, machines and codes."""
    rows = "".join(f"{i},yes,no\n" for i in range(9))
    assert read(write(tmp_path, f"day,{name},{name}2\n{rows}"))[0].header_rows == 1


@pytest.mark.parametrize(
    "marks",
    [
        "A01,n.d.,n.d.\n",
        "Oslo,F,F\nRome,F,x\n",
        "Oslo,F,x\nRome,4,4\nKiel,F,7\n",
        "Bonn 7,closed,shut\n",
    ],
)
def test_a_row_of_marks_in_place_of_numbers_is_data(tmp_path, marks):
    """They come back below, or the key beside them has the form of those below."""
    keys = "Bonn " if "Bonn" in marks else "A0"
    rows = marks + "".join(f"{keys}{i},{i},{2 * i}\n" for i in range(2, 6))
    dialect, read_rows = read(write(tmp_path, "id,a,b\n" + rows))
    assert dialect.names == ("id", "a", "b")
    assert len(read_rows) == rows.count("\n")


def test_a_row_of_marks_below_a_blank_row_is_data(tmp_path):
    """Blank rows that come again below are no part of a header."""
    rows = "A02,2,4\nA03,3,6\n,,\nA04,4,8\nA05,5,10\nA06,6,12\n"
    assert read(write(tmp_path, f"id,a,b\n,,\nA01,n.d.,n.d.\n{rows}"))[0].names == ("id", "a", "b")


@pytest.mark.parametrize("second", ["Unit,kg,kg\n", ",kg,m2\n", "Town,kg,kg\n"])
def test_a_second_row_of_a_header_that_comes_again_whole_names_columns(tmp_path, second):
    """Units in it are no marks, though they stand below once more."""
    rows = "".join(f"A0{i},{i},{2 * i}\n" for i in range(1, 7))
    dialect, _ = read(write(tmp_path, 2 * f"Name,a,b\n{second}{rows}"))
    assert dialect.header_rows == 2


@pytest.mark.parametrize(
    "above",
    [
        "Company,Acme,\nPeriod,Q1 2024,\n\n",
        "Company,Acme,\nPeriod,Q1 2024,\n",
        "Prices,,\nPeriod:,Q1 2024,\n,,\n",
        "Report A,Page 1\n",
        "Report of sales, 2024\n",
    ],
)
def test_keys_and_values_above_a_row_that_names_every_column_are_no_names(tmp_path, above):
    """They are filled from the left alone, as names of groups of columns hardly are."""
    rows = "".join(f"{i},Nut,{i}.5\n" for i in range(5))
    dialect, read_rows = read(write(tmp_path, f"{above}id,name,price\n{rows}"))
    assert dialect.names == ("id", "name", "price")
    assert len(read_rows) == 5


def test_keys_and_values_above_a_table_of_words_are_no_names(tmp_path):
    """A blank row below several of them tells; one may be a header that lacks names."""
    words = "Ann,Bonn,Red\nBob,Kiel,Blue\nCid,Rome,Red\n"
    keys = "Project,Apollo,\nLead,Ann Lee,\n,,\n"
    dialect, rows = read(write(tmp_path, f"{keys}Name,Town,Team\n{words}"))
    assert dialect.names == ("Name", "Town", "Team")
    assert len(rows) == 3
    assert read(write(tmp_path, f"Name,Town,\n,,\n{words}"))[0].names[:2] == ("Name", "Town")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Plate,P1,,,\nDilution,2,,,\n,,,,\n,Row,Count,Size,\n" + 3 * ",0,24,1.5,\n",
            "column_1 Row Count",
        ),
        ("Day,1.8.2024,\nBlank,a,\n,- b,\n,,\nId,Well,OD\nx,A1,1.5\ny,A2,2.5\n", "Id Well OD"),
        (
            "Kind:,DNA" + 6 * "," + "\nNo:,E8" + 6 * "," + "\nId,OD,220,221,222,223,224,225\n"
            "a,0.5,7,8,5,9,5,2\nb,0.7,4,9,1,2,1,5\n",
            "Id OD 220",
        ),
        (
            "User: A,Run: 4,,\nTest: x,Time: 3 PM,,\n,,,\nLight,,,\n,1,2,3\n"
            + "".join(f"{row},7,9,4\n" for row in "ABCDEFG"),
            "column_1 1 2 3",
        ),
        ("User = A,Run = 4,,\nTest = x,Day = 3,,\n" + 5 * "7,9,4,5\n", "column_1 column_2"),
    ],
)
def test_keys_and_values_above_numbers_and_blanks_that_name_columns_are_no_names(
    tmp_path, text, names
):
    """They hold less than the rows of the table, or each its key."""
    assert " ".join(read(write(tmp_path, text))[0].names).startswith(names)


def test_units_between_names_and_numbers_belong_to_the_header(tmp_path):
    """Below keys and values too, and above a few rows, as names of parts do."""
    parts = "name,town,,n\n,from,to,\nNut,Oslo,Rome,1\nBolt,Rome,Kiel,2\nGear,Kiel,Bonn,3\n"
    assert read(write(tmp_path, parts))[0].names == ("name", "town from", "town to", "n")
    table = "name,town,price\n,,EUR\nNut,Oslo,1.5\nBolt,Rome,2.5\nGear,Kiel,3.5\n"
    for above in ("", "Report of May\n", "Account,DE12,\nPeriod,Q1,\n,,\n"):
        dialect, rows = read(write(tmp_path, above + table))
        assert dialect.names == ("name", "town", "price EUR")
        assert len(rows) == 3


@pytest.mark.parametrize("second", ["***,***,***", "**********"])
def test_stars_below_names_add_nothing_to_them(tmp_path, second):
    """They draw a line, and are no row of the table."""
    dialect, rows = read(write(tmp_path, f"name,n,price\n{second}\nnut,1,2.5\nbolt,2,3.5\n"))
    assert dialect.names == ("name", "n", "price")
    assert len(rows) == 2


@pytest.mark.parametrize("text", ["hotel,stars\nRex,***\nPost,**\n", "stars\n***\n**\n*****\n"])
def test_stars_in_a_single_cell_are_a_value(tmp_path, text):
    """Only a row of several cells of stars, or of many stars, is drawn."""
    assert len(read(write(tmp_path, text))[1]) == text.count("\n") - 1


def test_units_may_leave_out_columns_that_have_none(tmp_path):
    """Several words beside dashes tell more than a missing value, and do not come back below."""
    rows = "".join(f"2024,{i},{i}.5,-9,{i}.7,8\n" for i in range(1, 9))
    units = read(write(tmp_path, f"year,day,flux,loss,temp,speed\n-,-,umol,W,degC,m/s\n{rows}"))
    marks = read(write(tmp_path, f"year,day,flux,loss,temp,speed\n-,-,n.d.,low,-,-\n{rows}"))
    assert (units[0].header_rows, marks[0].header_rows) == (2, 1)


def test_one_amount_above_a_row_that_names_every_column_is_no_name(tmp_path):
    """A balance may stand in the column of the amounts, below other facts or alone."""
    table = "day,text,town,debit,credit\n1.2.2024,a,Rome,-5,\n2.2.2024,b,Oslo,-7,\n3.2.2024,c,,,9\n"
    for above in ("", "Bank : 1001,Agency : 7,,,\n,,,,\n"):
        dialect, rows = read(write(tmp_path, f"{above}Balance,,,,310.11\n{table}"))
        assert dialect.names == ("day", "text", "town", "debit", "credit")
        assert len(rows) == 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (",Men,,Women,\nTown,old,young,aged,new\n", "Town Men old Men young Women aged Women new"),
        ("Town,Men,,,\nName,a,b,c,d\n", "Town Name Men a Men b Men c Men d"),
        (
            "Y,2020,2020,2021,2021\nSex,M,F,M,F\nTown,,,,\n",
            "Y Sex Town 2020 M 2020 F 2021 M 2021 F",
        ),
        ("Y,2020,,2021,\nSex,M,F,M,F\nTown,,,,\n", "Y Sex Town 2020 M 2020 F 2021 M 2021 F"),
        (
            "Id,Town,Men,,\n,,2021,2022,2023\n,,in 1000,in 1000,in 1000\n",
            "Id Town Men 2021 in 1000 Men 2022 in 1000 Men 2023 in 1000",
        ),
        ("Town,Men,,Women,\n,old,new,old,new\n,(1),(2),(3),(4)\n", "Town Men old (1) Men new (2)"),
        ("x-axis,1,2,3,4\ns,V,V,A,A\n", "x-axis s 1 V 2 V 3 A 4 A"),
        (",2020,2020,2021,2021\n,M,F,M,F\n", "column_1 2020 M 2020 F 2021 M 2021 F"),
        ("Item,A,A,B,B\nSex,M,F,M,F\nTown,,,,\n", "Item Sex Town A M A F B M B F"),
        (
            "Town,Men,,Women,\n,2020,2021,2020,2021\n,n,n,n,n\n",
            "Town Men 2020 n Men 2021 n Women 2020 n Women 2021 n",
        ),
    ],
)
def test_names_of_groups_stay_above_a_row_that_names_every_column(tmp_path, text, names):
    """A single row that is as wide as the table, one with gaps, or one of years is no title."""
    rows = "".join(f"A{i},{i},{i}.5,7,{i}\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, text + rows))
    assert " ".join(dialect.names).startswith(names)
    assert len(read_rows) == 9


def test_a_second_row_of_a_header_may_hold_numbers_beside_names(tmp_path):
    """Many that rise along it, as along no row below it, are years or channels."""
    header = "sort,deg" + 6 * ",main" + "\ntype,n,1900.0,1905.0,1910.0,1915.0,1920.0,1925.0\n"
    rows = "".join(f"g,{i},{i},9,{2 * i},7,{i},8\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, header + rows))
    assert dialect.names[:3] == ("sort type", "deg n", "main 1900.0")
    assert len(read_rows) == 9


def test_a_name_of_a_group_spans_names_beside_a_blank_above_dates(tmp_path):
    """The blank names the dates, as one above other row names does."""
    rows = "".join(f"{i + 1} Apr 2020,{i},{i + 5},7\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, f",Wales,,Wales\n,North,South,.\n{rows}"))
    assert dialect.names == ("column_1", "Wales North", "Wales South", "Wales .")
    assert len(read_rows) == 9


def test_marks_below_years_that_each_name_a_column_are_data(tmp_path):
    """Years that come again name groups of columns; others need no names below them."""
    rows = "AT,:,:\nBE,:,5\n" + "".join(f"C{i},{i},{i}.5\n" for i in range(30))
    assert read(write(tmp_path, f"geo,2020,2021\n{rows}"))[0].header_rows == 1


def test_a_label_of_the_rows_below_it_is_a_row(tmp_path):
    """Another one further down tells that it names no column."""
    header = "Item,A,A,B,B\nSex,M,F,M,F\n"
    half = "".join(f"A{i},{i},{i}.5,7,{i}\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, f"{header}North,,,,\n{half}South,,,,\n{half}"))
    assert dialect.header_rows == 2
    assert len(read_rows) == 20


def test_choices_below_a_question_name_columns_though_they_are_its_answers(tmp_path):
    """The row of choices begins with a blank, and names each column that the question spans."""
    header = "id,Which?,,,Age\n,Tea,Milk,Other,Open answer\n"
    rows = "".join(f"{i},{'Tea' * (i % 2)},{'Milk' * (i % 3)},,{i + 20}\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, header + rows))
    assert dialect.names == ("id", "Which? Tea", "Which? Milk", "Which? Other", "Age Open answer")
    assert len(read_rows) == 9


@pytest.mark.parametrize(
    ("first", "rows", "count"),
    [
        (",0,1", 30, 1),
        (",0,1,2", 8, 1),
        (",0,1", 8, 0),
        ("7,0,1", 30, 0),
        (",2,9", 30, 0),
        (",1.5,3.4,5.2,7,8.9,9", 6, 1),
    ],
)
def test_numbers_behind_a_blank_above_row_names_are_a_header(tmp_path, first, rows, count):
    """Three in even steps tell, many rising ones, two in a row only above many rows."""
    values = first.count(",")
    body = "".join(f"{i}{values * f',{i}.5'}\n" for i in range(rows))
    assert read(write(tmp_path, f"{first}\n{body}"))[0].header_rows == count


def test_a_header_that_comes_again_in_a_short_file_is_one(tmp_path):
    """Words alone that come again may be values."""
    text = "id,name\n1,Ann\n2,Bob\nid,name\n3,Cid\n4,Dan\n"
    assert read(write(tmp_path, text))[0].names == ("id", "name")
    words = text.translate(str.maketrans("1234", "abcd"))
    assert read(write(tmp_path, words))[0].header_rows == 0
