"""Which of several tables is read, and what only tells about it."""

import pytest

from headgate.engine.reading.detect import detect
from headgate.errors import UndecidableError
from tests.harness.reading import PRICES, read, write


def test_one_of_several_tables_is_chosen(tmp_path):
    """The first table is read unless another one is asked for; the evidence lists them."""
    second = "name,size,colour,weight\nx,1,red,2\ny,2,blue,3\nz,3,red,1\n"
    path = write(tmp_path, PRICES + "\n" + second)
    dialect, rows = read(path)
    assert (dialect.names, len(rows)) == (("id", "name", "price"), 29)
    assert any("table 2: lines 32 to 35" in e.why for e in dialect.evidence)
    dialect, rows = read(path, table=2)
    assert (dialect.names[2], len(rows)) == ("colour", 3)


def test_keys_and_values_above_a_table_are_told_from_it(tmp_path):
    """As banks put them there, also where they are more than the rows; they are a table if told."""
    keys = "Account:;CH93\nFrom:;2024-01-01\nTo:;2024-01-31\nCurrency:;CHF\n\n"
    table = "Date;Text;Debit;Credit\n2024-01-30;Rent;500.00;\n2024-01-31;Pay;;900.00\n"
    path = write(tmp_path, keys + table)
    dialect, rows = read(path)
    assert (dialect.names[0], len(rows), dialect.others) == ("Date", 2, ())
    assert read(path, skip_lines=0)[0].names == ("Account:", "CH93")
    only_keys = write(tmp_path, keys, "keys.csv")
    assert len(read(only_keys)[1]) == 3


@pytest.mark.parametrize("period", ["01.01.2024 - 31.01.2024", "2024-01-01 bis 2024-01-31"])
def test_a_number_and_a_period_above_a_table_tell_about_it(tmp_path, period):
    """They are of two kinds, as the values of one column are not."""
    keys = f"Statement;Current account\nAccount;0012345678\nPeriod;{period}\n\n"
    table = "Date;Payee;Amount\n02.01.2024;Rent;-800,00\n03.01.2024;Wages;2.500,00\n"
    dialect, rows = read(write(tmp_path, keys + table))
    assert (dialect.names, len(rows)) == (("Date", "Payee", "Amount"), 2)
    assert not dialect.others


def test_of_several_tables_the_first_large_one_is_read(tmp_path):
    """Its cells count: a few long rows are more than a balance above them."""
    balance = "Account;DE12\n\nBalance;1,5\n\n"
    table = "Date;Text;Debit;Credit\n" + "2024-01-30;Rent;500.00;1\n" * 3
    assert read(write(tmp_path, balance + table))[0].names[0] == "Date"


@pytest.mark.parametrize(
    "above",
    [
        "Report,Sales\nIssued,2024-02-01\nCurrency,EUR\nUser,anna\n\n",
        "Report,Sales\nPeriod,01/2024\nUser,anna\n\n",
        "Device,Logger X\nSerial,12345\nStart,2024-01-01 00:00\n",
        "User: lab,Path: C:\\runs\nTest: OD,Date: 31/01/2024 10:15\n\n",
        "Harbour,,,\n,,,\n",
        "Day:,1 May,Started:,2 May\nFile:,a.csv,Channel:,1\nUser:,Ann,Note:,\n\n",
    ],
)
def test_what_tells_one_thing_a_row_is_no_table_of_its_own(tmp_path, above):
    """Keys need no colon; a title and blank cells hold nothing that could be kept back."""
    table = "id,product,qty\n1,a,5\n2,b,6\n3,c,7\n"
    dialect, rows = read(write(tmp_path, above + table))
    assert dialect.names[:3] == ("id", "product", "qty")
    assert dialect.others == ()
    assert len(rows) == 3


@pytest.mark.parametrize(
    "above",
    [
        "Region,Total\nNorth,12\nSouth,6\n",
        "Region,Manager\nNorth,Ann\nSouth,Bob\n",
        "Report,Sales\nPeriod,01/2024\n",
    ],
)
def test_two_columns_above_a_larger_table_are_taken_for_neither_keys_nor_a_table(tmp_path, above):
    """Where one holds numbers or words alone it is asked which table to read."""
    path = write(tmp_path, above + "\nid,region,qty\n1,North,5\n2,North,7\n3,South,6\n")
    with pytest.raises(UndecidableError, match=r"table 1: lines 1 to \d; table 2: lines"):
        detect(path)
    rows = [line.split(",") for line in above.splitlines()]
    for told in ({"table": 1}, {"skip_lines": 0}):
        dialect, read_rows = read(path, **told)
        assert [list(dialect.names), *read_rows] == rows
    assert read(path, table=2)[0].names == ("id", "region", "qty")


def test_a_blank_column_makes_no_table_of_keys_and_values(tmp_path):
    """A summary above the entries of an account is asked for as where it has two columns."""
    above = "Text,,Sum\nOpening balance,,10.50\nIn all,,12.00\n\n"
    rows = "".join(f"2024-01-0{i},shop,-{i}.00,{20 - i}.50\n" for i in range(1, 4))
    path = write(tmp_path, f"{above}Date,Text,Amount,Balance\n{rows}")
    with pytest.raises(UndecidableError, match="table 1: lines 1 to 3; table 2: lines 5 to 8"):
        detect(path)


@pytest.mark.parametrize(
    "above",
    [
        "[Header],,\nVersion,2,\nRun,R1,\n,,\n[Reads],,\n151,,\n,,\n[Data],,\n",
        "[Header]\nVersion,2\nRun,R1\n\n[Reads]\nFirst,151\nSecond,8\n\n[Data]\n",
    ],
)
def test_the_last_section_is_read_below_those_that_hold_settings(tmp_path, above):
    """Words alone stand in its rows; a title in brackets tells where its names are."""
    rows = "".join(f"S{i},liver {i},ACGTAC{'ACGT'[i % 4]}\n" for i in range(5))
    dialect, read_rows = read(write(tmp_path, f"{above}id,tissue,index\n{rows}"))
    assert dialect.names == ("id", "tissue", "index")
    assert dialect.others == ()
    assert len(read_rows) == 5


def test_the_title_of_a_section_behind_a_gap_begins_one_table(tmp_path):
    """It stands alone above names and numbers, as titles of tables do."""
    text = "[Run]\nVersion,2\nName,R1\n\n[Data]\nid,tissue,reads\nS1,liver,7\nS2,lung,9\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("id", "tissue", "reads")
    assert (dialect.others, len(rows)) == ((), 2)


def test_a_section_of_two_columns_of_numbers_is_a_table(tmp_path):
    """What tells about a table begins with words."""
    pairs = "".join(f"{i}.5,{9 * i}\n" for i in range(9))
    text = f"[Scan]\nAngle,Count\n{pairs}[Peaks]\nAngle,Count,Width\n4.5,36,2\n"
    assert read(write(tmp_path, text))[0].names == ("Angle", "Count")


def test_titles_of_sections_inside_a_table_are_rows(tmp_path):
    """The names stand above the first of them."""
    text = "name,a,b\n[North],,\nAnn,1,2\nBob,2,3\n[South],,\nCy,4,5\nDi,5,6\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("name", "a", "b")
    assert len(rows) == 6


def test_of_two_columns_above_a_smaller_table_nothing_is_asked(tmp_path):
    """The first table is read, as of others."""
    above = "Region,Manager\nNorth,Ann\nSouth,Bob\nEast,Cy\nWest,Di\n"
    text = above + "\nid,region,qty\n1,North,5\n2,North,7\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("Region", "Manager")
    assert len(rows) == 4
    assert dialect.others == ((8, 9),)


def test_tables_below_titles_are_not_mixed(tmp_path):
    """Neither where they have the same number of columns."""
    days = [f"2024-01-{day:02}" for day in range(1, 10)]
    body = "".join(f"{day},71.5,23\n" for day in days)
    moves = "".join(f"{day},2100,7.5\n" for day in days)
    text = f"Body\nDate,Weight,Fat\n{body}\nMoves\nDate,Steps,Distance\n{moves}"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("Date", "Weight", "Fat")
    assert len(rows) == 9
    assert dialect.others == ((15, 23),)


def test_a_header_that_comes_again_above_numbers_where_it_had_words_begins_a_table(tmp_path):
    """A plate's layout and its results have the same columns; pages of one table are no two."""
    head = "\t1\t2\t3\n"
    layout = "".join(f"{row}\ts{row}\tt{row}\tblank\n" for row in "ABCD")
    results = "".join(f"{row}\t0.{i}\t0.5\t0.{i + 2}\n" for row in "ABCD" for i in range(9))
    dialect, rows = read(write(tmp_path, f"Layout\n{head}{layout}\nResults\n{head}{results}"))
    assert (dialect.skip_lines, len(rows), len(dialect.others)) == (8, 36, 1)
    pages, _ = read(write(tmp_path, f"Page 1\n{head}{results}\nPage 2\n{head}{results}"))
    assert not pages.others


@pytest.mark.parametrize(
    ("titles", "tables"),
    [
        (("2022,,,", "2023,,,"), 2),
        (("Plan", "\nActual"), 2),
        (("Page 1 of 2,,,", "Page 2 of 2,,,"), 1),
        (("North,,,", "North,,,"), 1),
    ],
)
def test_a_header_that_comes_again_below_another_title_begins_a_table(tmp_path, titles, tables):
    """Its rows would lose what only the title tells; pages of one table go on."""
    rows = "".join(f"{city},{i},{i + 2},7\n" for i, city in enumerate(("Oslo", "Bonn", "Kiel")))
    text = "".join(f"{title}\ncity,rain,sun,rank\n{rows}" for title in titles)
    dialect, read_rows = read(write(tmp_path, f"Cities,,,\n{text}"))
    assert dialect.names == ("city", "rain", "sun", "rank")
    assert len(dialect.others) == tables - 1
    assert read_rows[:3] == [line.split(",") for line in rows.splitlines()]


def test_tables_of_other_names_behind_a_gap_are_not_mixed(tmp_path):
    """Words between numbers tell where one begins; the names that stand above both do not."""
    wells = "".join(f"W{i},{i}.5,{i}\n" for i in range(5))
    levels = "".join(f"W{i % 5},{i},{i}.25\n" for i in range(9))
    text = f"well,x,top\n{wells}\nplace,day,level\n{levels}"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("well", "x", "top")
    assert len(rows) == 5
    assert dialect.others == ((9, 17),)
    again = f"well,x,top\n{wells}\nhole,x,top\n{wells}"
    assert read(write(tmp_path, again))[0].others == ()


def test_a_table_below_another_may_have_fewer_names_than_cells(tmp_path):
    """Its rows end with blanks; keys and values, as wide, stand above both."""
    keys = "Title:,,,,,\nAsked:,1 May,to:,2 May,,\nDate: ,3 May,,,,\n\nNAP:,level,,,,\n\n"
    wells = "Well,Filter,x,y,z,Top,Base\nW1,1,5,6,7,1.5,2.5\n\n\n"
    levels = "".join(f"W1,1,{day}-02-2003,5,,\n" for day in range(10, 29))
    dialect, rows = read(write(tmp_path, f"{keys}{wells}Well,Filter,Day,Level,\n{levels}"))
    assert dialect.names[:4] == ("Well", "Filter", "Day", "Level")
    assert dialect.others == ((8, 8),)
    assert len(rows) == 19
