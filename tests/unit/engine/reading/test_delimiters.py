"""Which delimiter and quotes part the cells, and what stands inside them."""

import csv
import io

import pytest

from headgate.engine.reading.detect import detect
from headgate.errors import UndecidableError
from headgate.options import ReadOptions
from tests.harness.reading import read, write


def test_an_even_choice_is_refused_with_its_candidates(tmp_path):
    """Two delimiters that split all rows alike are not chosen between."""
    path = write(tmp_path, "a;b,c\nd;e,f\ng;h,i\n")
    with pytest.raises(UndecidableError, match="comma or semicolon"):
        detect(path)
    assert read(path, delimiter=";", header_rows=0)[1][0] == ["a", "b,c"]


def test_a_quote_that_no_line_holds_is_called_the_usual_one(tmp_path):
    """Only a quote that stands in the file is said to enclose fields."""
    plain, quoted = write(tmp_path, "a,b\n1,2\n3,4\n"), 'a,b\n"1",2\n"3",4\n'
    whys = [next(e.why for e in detect(plain).evidence if e.what == "quotechar")]
    whys += [e.why for e in detect(write(tmp_path, quoted)).evidence if e.what == "quotechar"]
    assert whys == [
        "the usual one; no line looked at holds any",
        "encloses more fields than any other",
    ]


def test_one_column_is_one_field(tmp_path):
    """The evidence of the delimiter is told in words that fit the number."""
    evidence = {e.what: e for e in detect(write(tmp_path, "name\nAda\n")).evidence}
    assert evidence["delimiter"].why == "100% of the rows looked at then have 1 field"


def test_quotes_far_into_a_long_first_line_count(tmp_path):
    """The first quote of a file may come after more text than is looked at for quotes."""
    dialect, rows = read(write(tmp_path, "1;" * 40_000 + "\n" + '"2";' * 40_000 + "\n"))
    assert (dialect.delimiter, len(dialect.names)) == (";", 40_001)
    assert rows[-1][:2] == ["2", "2"]


def test_blanks_behind_quotes_belong_to_no_cell(tmp_path):
    """Nor are they the delimiter, though each quote but the last stands beside one."""
    text = '"id" ,"name" ,"price"\n"1" ,"Ann" ,"2.5"\n"2" ,"Bob, Jr" ,"3.5"\n"3" ,"Cid" ,"4"\n'
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("id", "name", "price")
    assert rows == [["1", "Ann", "2.5"], ["2", "Bob, Jr", "3.5"], ["3", "Cid", "4"]]


def test_quotes_speak_for_the_delimiter_beside_them(tmp_path):
    """Spaces split most rows unevenly; but the quotes stand beside them, not beside colons."""
    rows = [
        f'{day:02d}.03.2024 07:{day:02d} {"big " * max(0, day % 7 - 2)}lamp "fits: all" "http://x/{day}"'
        for day in range(1, 29)
    ]
    head = 'Date Time Name "Remark" "Link"'
    dialect = detect(write(tmp_path, "\n".join([head, *rows]) + "\n"))
    assert dialect.delimiter == " "


def test_blanks_between_words_and_numbers_below_one_word_are_not_decided(tmp_path):
    """It may be the name of products, or a title above names and numbers."""
    path = write(tmp_path, "product\nPhone 12\nGalaxy 20\nPixel 7\nAria 5\n")
    with pytest.raises(UndecidableError, match="one column, or 2 parted by blanks"):
        detect(path)
    assert len(read(path, delimiter=";")[1]) == 4
    assert len(read(path, delimiter=" ")[1][0]) == 2


@pytest.mark.parametrize(
    "text",
    ["Readings\n1 2.5\n2 3.5\n3 4.5\n", "#data\na 1\nb 2\nc 3\n", "List\na  1\nb  2\nc  3\n"],
)
def test_blanks_part_numbers_and_columns_below_one_word(tmp_path, text):
    """Numbers alone, lines below a comment and several blanks need no asking."""
    assert len(read(write(tmp_path, text))[1][0]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "time\n10:15\n10:16\n11:00\n",
        "url\nhttp://a.b/c?x=1\nhttp://a.b/d?x=2\nhttps://a.b/e\n",
        "name\nSmith, John\nDoe, Jane\nRoe, Jim\n",
        "path\nC:\\Data\\run 1.txt\nC:\\Data\\b.txt\nD:\\x\\c.txt\nD:\\x\\d.txt\n",
        "phone\n+49 170 1234567\n+49 171 7654321\n+49 172 1122334\n",
        "iban\nDE12 5001 0517 0648 4898 90\nDE89 3704 0044 0532 0130 00\n",
    ],
)
def test_what_stands_inside_the_values_of_one_column_separates_nothing(tmp_path, text):
    """The name above has no delimiter: it names one column, and is no title above two."""
    name, *values = text.splitlines()
    dialect, rows = read(write(tmp_path, text))
    assert (dialect.names, rows) == ((name,), [[value] for value in values])


@pytest.mark.parametrize("values", [["1"], ["1", "2"], ["1.5", "2.25"], ["2024-03-14"], ["", "1"]])
def test_values_without_a_delimiter_are_one_column(tmp_path, values):
    """Two columns cannot be meant where nothing stands between them."""
    path = write(tmp_path, "\n".join(["a", *values, ""]))
    dialect, rows = read(path)
    assert dialect.names == ("a",)
    assert rows == [[value] for value in values if value]


def test_a_comma_between_digits_below_one_name_is_not_decided(tmp_path):
    """The name may be that of one column of decimal commas, or a title above two columns."""
    path = write(tmp_path, "wert\n1,5\n2,5\n3,75\n")
    with pytest.raises(UndecidableError, match="numbers with a comma or two columns"):
        detect(path)
    assert read(path, delimiter=";")[1] == [["1,5"], ["2,5"], ["3,75"]]
    assert read(path, delimiter=",")[1] == [["1", "5"], ["2", "5"], ["3", "75"]]


@pytest.mark.parametrize(
    "values",
    [
        ["$1,528.00", "$12.50", "$12,345,678.90"],
        ["1.528,00 €", "12,50 €", "-0,75 €"],
        ["0,5 %", "12,5 %", "7,0 %"],
    ],
)
def test_a_sign_of_money_or_shares_makes_numbers_with_commas_one_column(tmp_path, values):
    """Each bears the same sign, and has its commas where such numbers have them."""
    dialect, rows = read(write(tmp_path, "\n".join(["Amount", *values])))
    assert dialect.names == ("Amount",)
    assert rows == [[value] for value in values]


@pytest.mark.parametrize(("outer", "inner"), [('"', "'"), ("'", '"')])
def test_quotes_inside_enclosed_values_enclose_nothing(tmp_path, outer, inner):
    """A value may be a list of texts in the other quotes, however many these are."""
    cell = ", ".join(f"{inner}a{i}{inner}" for i in range(7))
    text = "\n".join(["id,members,score", *(f"{i},{outer}[{cell}]{outer},{i}.5" for i in range(9))])
    assert read(write(tmp_path, text))[1][3] == ["3", f"[{cell}]", "3.5"]


@pytest.mark.parametrize(
    "text",
    [
        '"Rome, Italy"\n"Oslo, Norway"\n"Bonn, Germany"\n',
        'a,b\n"c","d"\n"e","f"\n',
        'a,b\n"{""c"": 1, ""d"": 2}",\n"{""c"": 3, ""d"": 4}",\n',
    ],
)
def test_quotes_that_enclose_values_enclose_no_lines(tmp_path, text):
    """One column may hold a delimiter in every value."""
    assert not detect(write(tmp_path, text)).wrapped


@pytest.mark.parametrize(
    ("first", "row"),
    [("id,size,price", '{0},{0}" screen,{0}.50'), ("id;data", '{0};{{"a": {0}, "b": [1,2]}}')],
)
def test_quotes_that_enclose_no_field_do_not_speak_against_a_delimiter(tmp_path, first, row):
    """Inches and JSON without quotes around it are values."""
    mark = ";" if ";" in first else ","
    rows = [row.format(i) for i in range(1, 20)]
    dialect, read_rows = read(write(tmp_path, "\n".join([first, *rows])))
    assert list(dialect.names) == first.split(mark)
    assert read_rows == [each.split(mark) for each in rows]


def test_a_backslash_keeps_a_delimiter_in_a_value_where_rows_are_even_then(tmp_path):
    """Programs that write no quotes write so."""
    rows = "".join(f"{i},Smith\\, John {i},{i}.5\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, "id,name,v\n" + rows))
    assert dialect.names == ("id", "name", "v")
    assert read_rows[3] == ["3", "Smith, John 3", "3.5"]


def test_a_backslash_at_the_end_of_values_is_part_of_them(tmp_path):
    """Folders end so; the rows are even without an escape."""
    rows = [[str(i), f"C:\\data\\{i}\\", str(i)] for i in range(9)]
    _, read_rows = read(write(tmp_path, "\n".join(map(",".join, [["id", "folder", "n"], *rows]))))
    assert read_rows == rows


def test_semicolons_that_only_begin_lines_part_nothing(tmp_path):
    """They mark comments, though there are more of these than rows."""
    text = "; Data: f.txt\n; Result: 10:15\n; Cols: x y\n;\n;\n1 2.5 3.5\n4 5.5 6.5\n7 8.5 9.5\n"
    dialect, rows = read(write(tmp_path, text))
    assert (dialect.delimiter, dialect.comment) == (" ", ";")
    assert rows[0] == ["1", "2.5", "3.5"]
    assert len(rows) == 3
    blanks = "a;b;c\n" + 2 * ";1,5;2,5\n" + "x;3,5;4,5\n"
    assert read(write(tmp_path, blanks))[1][0] == ["", "1,5", "2,5"]


def test_prompts_of_a_client_are_no_rows(tmp_path):
    """What was typed around a table that was spooled is passed over."""
    table = (
        "        ID NAME\n---------- ----------\n         1 a\n         2 b\n\n2 rows selected.\n\n"
    )
    dialect, rows = read(write(tmp_path, f"SQL> select * from t;\n\n{table}SQL> spool off\n"))
    assert dialect.names == ("ID", "NAME")
    assert rows == [["1", "a"], ["2", "b"]]


def test_a_table_in_a_box_is_read_by_its_bars(tmp_path):
    """SQLite and DuckDB draw results so."""
    rows = "".join(f"│ {i}  │ n{i}   │\n" for i in range(5))
    box = f"┌────┬──────┐\n│ id │ name │\n├────┼──────┤\n{rows}└────┴──────┘\n"
    dialect, read_rows = read(write(tmp_path, box))
    assert dialect.names == ("id", "name")
    assert [row[0].strip() for row in read_rows] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("told", [{}, {"delimiter": "|"}])
def test_bars_before_and_behind_rows_part_no_cells(tmp_path, told):
    """Blank cells between them are cells; a row without them makes all bars delimiters."""
    rows = "".join(f"| |{i:05d}|01.02.202{i}|{i},500|\n" for i in range(4))
    drawn = "-" * 25 + "\n"
    path = write(tmp_path, f"Listing\n{drawn}| |Article|Result on|Weight|\n{drawn}{rows}{drawn}")
    dialect, read_rows = read(path, **told)
    assert dialect.names == ("column_1", "Article", "Result on", "Weight")
    assert read_rows[3] == [" ", "00003", "01.02.2023", "3,500"]
    assert dialect.framed
    path.write_text(path.read_text() + "99|2\n")
    assert not detect(path).framed


@pytest.mark.parametrize("text", ['="{}"', '"=""{}"""'])
def test_a_formula_that_holds_a_text_is_read_as_that_text(tmp_path, text):
    """So are codes written that a spreadsheet shall not take for numbers; it is told."""
    rows = "".join(f"{text.format(f'{i:05d}')},n{i},={i}+1\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, f"code,name,next\n{rows}"))
    assert read_rows[7] == ["00007", "n7", "=7+1"]
    (told,) = (each for each in dialect.evidence if each.what == "literals")
    assert "9 cells" in told.why


@pytest.mark.parametrize("first", ["x y z\n", ""])
def test_decimal_commas_between_blanks_separate_nothing(tmp_path, first):
    """Every comma stands inside a number if blanks part the cells."""
    rows = [[f"{i},5", f"-{i + 1},25", f"{i * 7},125"] for i in range(6)]
    dialect, read_rows = read(write(tmp_path, first + "\n".join(map(" ".join, rows))))
    assert dialect.delimiter == " "
    assert read_rows == rows


@pytest.mark.parametrize("mark", [":", "~", "^"])
def test_decimal_commas_between_rare_delimiters_separate_nothing(tmp_path, mark):
    """The names above have no comma: they are no title above two columns."""
    names, *rows = [["id", "item", "price"], *([str(i), "Nut", f"{i},13"] for i in range(4))]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, [names, *rows]))))
    assert (dialect.delimiter, list(dialect.names)) == (mark, names)
    assert read_rows == rows


@pytest.mark.parametrize("sign", ["", " €", " PLN", " kr"])
def test_decimal_commas_in_uneven_rows_separate_nothing(tmp_path, sign):
    """Last cells that are missing do not speak for the comma, whatever the currency."""
    rows = [["1", "Nut", f"7,13{sign}", "ok"], ["2", "Nut", f"14,16{sign}"]] * 4
    dialect, read_rows = read(
        write(tmp_path, "\n".join(["id;item;price;note", *map(";".join, rows)]))
    )
    assert dialect.names == ("id", "item", "price", "note")
    assert read_rows == rows


def test_a_delimiter_at_the_end_of_most_words_parts_them(tmp_path):
    """Numbers may be padded behind it, as in a log that ends with more lines of words than rows."""
    rows = [f"07:{i:02}:05, {9 * i:8.3f}, {i / 7:8.3f}, {i % 4:3}, {i / 3:7.2f}" for i in range(12)]
    ends = [f"Mean of channel number {i} (W) = {i / 3:.2f}\n" for i in range(16)]
    path = write(tmp_path, "\n".join(["Time,Power (W),Load (%),Mode,Heat (C)", *rows, "", *ends]))
    dialect, found = read(path)
    assert dialect.names == ("Time", "Power (W)", "Load (%)", "Mode", "Heat (C)")
    assert [cell.strip() for cell in found[4]] == ["07:04:05", "36.000", "0.571", "0", "1.33"]
    assert len(found) == len(rows)


@pytest.mark.parametrize(("mark", "inside"), [(";", ","), (",", ";"), (",", "|"), ("~", ",")])
def test_a_delimiter_that_only_lists_hold_separates_nothing(tmp_path, mark, inside):
    """It is not between the names, and another splits each line into as many cells."""
    rows = [[str(i), inside.join("abc")] for i in range(9)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, [["id", "tags"], *rows]))))
    assert dialect.names == ("id", "tags")
    assert read_rows == rows


def test_a_comma_in_a_title_separates_nothing(tmp_path):
    """A blank behind it shows that it parts no names, though all rows hold a decimal comma."""
    values = [[f"N{i}", f"{i},5"] for i in range(9)]
    path = write(tmp_path, "\n".join(["Sales, by store", *map(";".join, values)]))
    assert read(path)[1] == values


def test_a_comma_in_a_name_does_not_part_decimal_numbers(tmp_path):
    """Blanks do, so that the names may have been split: it is asked."""
    rows = "".join(f"4111{i},000{i} 0,2{i} -0,7{i} 390\n" for i in range(9))
    path = write(tmp_path, f"Day CO2, raw Diff MA\n{rows}")
    with pytest.raises(UndecidableError, match="a name may hold the delimiter"):
        detect(path)
    assert read(path, skip_lines=1, header_rows=0)[1][1] == ["41111,0001", "0,21", "-0,71", "390"]


def test_times_below_a_title_with_a_colon_stay_whole(tmp_path):
    """A comma between times and whole numbers is no decimal mark."""
    rows = [[f"{10 + i}:30", str(i)] for i in range(9)]
    path = write(tmp_path, "\n".join(["Results:", *map(",".join, rows)]))
    assert read(path)[1] == rows


def test_signs_before_amounts_are_no_delimiters(tmp_path):
    """They stand equally often in each line too."""
    rows = [[f"${i}", f"${i + 1}", f"${i + 2}"] for i in range(1, 9)]
    assert read(write(tmp_path, "\n".join(map(" ".join, rows))))[1] == rows


@pytest.mark.parametrize("mark", ["\uff0c", "\uff1b"])
def test_wide_commas_separate_fields_where_all_lines_have_as_many(tmp_path, mark):
    """They are those of a Chinese keyboard; below a name without them they belong to sentences."""
    rows = [
        ["姓名", "城市", "年龄"],
        ["张三", "北京", "30"],
        ["李四", "上海", "25"],
        ["王五", "广州", "41"],
    ]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, rows))))
    assert [list(dialect.names), *read_rows] == rows
    said = write(tmp_path, "评论\n" + "".join(f"很好{mark}我喜欢{i}\n" for i in range(5)))
    assert read(said)[1][0] == [f"很好{mark}我喜欢0"]


@pytest.mark.parametrize("mark", ["$", "^"])
def test_an_unusual_delimiter_wins_over_commas_inside_words(tmp_path, mark):
    """It stands equally often in each line, and parts it into more columns."""
    rows = [[str(i), "0100", f"Butter, salted {i}", "1 TAB"] for i in range(9)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, rows))))
    assert dialect.delimiter == mark
    assert read_rows == rows


def test_thousands_without_quotes_are_refused_in_all_rows_as_in_some(tmp_path):
    """To read the first column as row names would shift every value by one column."""
    text = "id,price\n" + "".join(f"{n},{1 + n % 9},{100 + n}.50\n" for n in range(60))
    with pytest.raises(UndecidableError, match="one value that holds the delimiter"):
        read(write(tmp_path, text))


def test_a_text_that_begins_with_digits_is_not_parted_at_its_blank(tmp_path):
    path = write(tmp_path, "1,12345 Berlin\n2,80331 Munich\n3,50667 Cologne\n4,20095 Hamburg\n")
    assert detect(path, ReadOptions(header_rows=0)).delimiter == ","


@pytest.mark.parametrize(
    "text",
    [
        "pos name pts\n# Ann 5\n1 Bob 6\n2 Cy 7\n3 Di 8\n4 Ed 9\n",
        "flag value n\n-- x 1\n++ y 2\n-- z 3\n++ w 4\n++ v 5\n",
    ],
)
def test_a_first_cell_that_looks_like_a_mark_is_a_cell(tmp_path, text):
    """In a table parted by blanks it stands apart, as other cells do."""
    dialect, rows = read(write(tmp_path, text))
    assert [list(dialect.names), *rows] == [line.split() for line in text.splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "gene\tstrand\na\t+\nb\t-\n---\t-\nc\t+\nd\t-\n",
        "a\tb\tc\n1.5\t2.5\t3.5\n---\t\t\n2.5\t3.5\t4.5\n\t---\t\n5.5\t6.5\t7.5\n8.5\t1.5\t2.5\n",
        "a\tb\n1\t2\n---\t---\n3\t4\n5\t6\n",
        "value\nfoo\n---\nbar\n---\nbaz\n",
        'note\n"Hi\n-----\nBye"\nfoo\n---\nbar\n"======"\n',
    ],
)
def test_dashes_for_a_missing_value_are_no_drawn_line(tmp_path, text):
    """Lines between rows are only drawn where one below the header is, and never in one column."""
    _, rows = read(write(tmp_path, text))
    assert rows == [*csv.reader(io.StringIO(text), delimiter="\t")][1:]


def test_below_a_drawn_line_dashes_in_some_cells_or_in_quotes_are_values(tmp_path):
    """Only a line drawn in every column, or one below all of them, is left out."""
    page = 'name,a,b\n----,---,---\nx,1.5,2.5\n,---,\n---,,\n"---",---,---\ny,3.5,4.5\n'
    _, rows = read(write(tmp_path, f"{page}----,---,---\nz,5.5,6.5\n-----------\nw,7.5,8.5\n"))
    assert [row[0] for row in rows] == ["x", "", "---", "---", "y", "z", "w"]


def test_lines_between_the_rows_of_a_box_are_no_rows(tmp_path):
    """Clients of databases draw them so."""
    line = "+----+------+\n"
    rows = line.join(f"| {i}  | n{i}   |\n" for i in range(4))
    _, read_rows = read(write(tmp_path, f"{line}| id | name |\n{line}{rows}{line}"))
    assert [row[0].strip() for row in read_rows] == ["0", "1", "2", "3"]
