"""What a reader may rely on when a file becomes a staged table."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from headgate.contracts import contract_for
from headgate.engine.contract import Contract
from headgate.engine.draft import draft
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.reading import blocks
from headgate.engine.reading.dialect import Dialect
from headgate.engine.staging import LINE
from headgate.engine.validate import validate_file
from headgate.errors import ContractError, OptionsError, UnreadableError
from headgate.options import CheckOptions, CleanOptions, PrepareOptions, ReadOptions
from stack.running import ROOT
from tests.harness.reading import write
from tests.harness.staging import rows_of, staged_rows

ANYTHING = Contract(min_rows=0, max_bad_share=1)


def reading_of(path, contract=ANYTHING, check=CheckOptions(), **options):  # noqa: B008
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    return validate_file(
        path, scratch, options=ReadOptions(**options), check=check, contract=contract
    )


def quarantined(reading):
    if reading.quarantine is None:
        return []
    with reading.quarantine.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


SALES = "id,name,amount\n" + "".join(f"{i},shop {i},{i}.50\n" for i in range(10, 40))
CITIES = "city,people\nRome,3\nOslo,4\nBonn,5\n"


@pytest.mark.parametrize(("inner", "told"), [("{i},shop {i},{i}.50", 1), ("Line {i}, of 3, x", 0)])
def test_lines_like_rows_inside_quotes_are_told_of(tmp_path, inner, told):
    """A quote left open takes in rows up to the next one; prose over several lines does not."""
    lines = "\n".join(inner.format(i=i) for i in range(100, 106))
    row = f'98,shop 98,"98\n{lines}\n107,shop 107,5"\n'
    notes = reading_of(write(tmp_path, SALES + row + SALES.partition("\n")[2])).notes
    assert [note.found for note in notes] == ["lines 32 to 39"] * told


def test_files_put_one_after_another_stay_one_table(tmp_path):
    """A header that comes again is kept back; the rows below it are read like the others."""
    reading = reading_of(write(tmp_path, SALES + SALES.replace("shop", "store")))
    assert reading.rows_good == 60
    assert [(row["_line"], row["_reason"]) for row in quarantined(reading)] == [
        ("32", "repeats the header")
    ]


@pytest.mark.parametrize("delimiter", [";", ";;;"])
def test_a_delimiter_that_splits_nothing_is_refused_where_another_one_would(tmp_path, delimiter):
    """The table would be a single column; a file that has only one is read."""
    with pytest.raises(OptionsError) as refused:
        reading_of(write(tmp_path, SALES), delimiter=delimiter)
    assert f"{delimiter!r} does not split this file into columns; ',' does." in refused.value.what
    reading = reading_of(write(tmp_path, "city\nRome\nOslo\nBonn\n"), delimiter=delimiter)
    assert [column.name for column in reading.columns] == ["city"]


def test_a_delimiter_is_taken_where_none_could_be_found_without_it(tmp_path):
    """That the file is undecided is no reason to refuse what decides it."""
    path = write(tmp_path, "Name 0\n\n1,457,423\n")
    assert reading_of(path, delimiter="|", header_rows=1).rows_good == 1


def test_no_delimiter_is_refused_in_favour_of_itself(tmp_path):
    """Without it, whole lines are found to be in quotes; with it they are taken as they are."""
    lines = '"a","b","c"\r\n""\r\n","""\r\n'
    told = {"delimiter": ",", "header_rows": 1, "skip_lines": 0, "footer_lines": 0}
    reading = reading_of(write(tmp_path, lines), **told)
    assert [column.name for column in reading.columns] == ["a"]


def test_a_byte_order_mark_hides_no_header_that_comes_again(tmp_path):
    """As where files that begin with one were put one after another."""
    reading = reading_of(write(tmp_path, "\ufeff" + SALES + "\ufeff" + SALES))
    assert [row["_reason"] for row in quarantined(reading)] == ["repeats the header"]
    assert [column.kind for column in reading.columns] == ["integer", "text", "decimal"]


@pytest.mark.parametrize("marks", ["\ufeff" * 2, "\ufeff" * 3])
def test_byte_order_marks_are_no_part_of_the_first_name_or_cell(tmp_path, marks):
    """A program puts one before the one that is there."""
    assert reading_of(write(tmp_path, marks + SALES)).columns[0].name == "id"
    rows = staged_rows(reading_of(write(tmp_path, marks + "1,2\n3,4\n5,6\n")).table)
    assert rows[1][0] == "1"


@pytest.mark.parametrize("end", ["\x1a", "\x1a\r\n", "\x1a" * 40, "\x1a\0\0"])
@pytest.mark.parametrize("table", [SALES, "n\n1\n2\n3\n"])
def test_the_end_of_file_of_dos_is_no_row(tmp_path, table, end):
    """It is listed among the lines that are left out."""
    reading = reading_of(write(tmp_path, table + end))
    assert (reading.quarantined, reading.rows_good) == (0, table.count("\n") - 1)
    assert [each.where for each in reading.left_out] == ["footer"]


def test_rows_of_a_second_table_are_kept_back_not_passed_over(tmp_path):
    """Only one table of a file is read; the rows of the others are counted, with their text."""
    reading = reading_of(write(tmp_path, f"{SALES}\n{CITIES}"))
    assert (reading.rows_in, reading.rows_good, reading.quarantined) == (33, 30, 3)
    assert [row["_raw"] for row in quarantined(reading)] == ["Rome,3", "Oslo,4", "Bonn,5"]
    assert "option `table`" in reading.failures[0].reason


def test_a_table_that_was_chosen_leaves_the_others_alone(tmp_path):
    """Who names a table has said that the others do not matter."""
    reading = reading_of(write(tmp_path, f"{SALES}\n{CITIES}"), table=2)
    assert (reading.rows_in, reading.quarantined) == (3, 0)


def test_a_column_that_gets_another_name_is_told(tmp_path):
    """Empty, padded and repeated names are made usable, and the reading says which and why."""
    header = "id,name,name,, x ,Name,_line"
    reading = reading_of(write(tmp_path, f"{header}\n1,a,b,7,1,1,1\n2,c,d,8,2,2,2\n"))
    assert {note.found: note.why.removeprefix("the header ") for note in reading.notes} == {
        "name_2": "says 'name', which another column is called already",
        "column_4": "has no name there",
        "x": "says ' x ', with blanks or line breaks",
        "Name_3": "says 'Name', which another column is called already",
        "_line_2": "says '_line', which Headgate needs for itself",
    }


@pytest.mark.parametrize("name", ["first", "value", "n", "v", "w", "line", "word", "t0", "h"])
def test_a_column_may_be_called_anything(tmp_path, name):
    """What statements call things for themselves is no name that a file could not have."""
    rows = "".join(f"k{i % 8},{i % 2},w{i % 3}\n" for i in range(120))
    contract = ANYTHING.model_copy(update={"unique": ((name,),)})
    reading = reading_of(write(tmp_path, f"{name},flag,kind\n{rows}"), contract)
    assert (reading.rows_good, reading.quarantined) == (40, 80)
    reading = reading_of(write(tmp_path, f"kind,flag,{name}\n{rows}"))
    assert f"{name}:" in draft(reading, "any")
    options = PrepareOptions(mode="model")
    assert preprocess_rows(reading, tmp_path, options, target=name).rows_out == 24


@pytest.mark.parametrize("name", ["_headgate_csv", "_headgate_test", "_Headgate_Row"])
def test_names_that_stand_beside_the_files_own_are_freed(tmp_path, name):
    """A file may have columns called like those that are added for a while."""
    rows = "".join(f"{i},{i % 2},w{i % 3}\n" for i in range(120))
    reading = reading_of(write(tmp_path, f"{name},flag,kind\n{rows}"))
    assert reading.columns[0].name == name.lstrip("_")
    assert "which Headgate needs for itself" in reading.notes[0].why
    assert (
        preprocess_rows(reading, tmp_path, PrepareOptions(mode="model"), target="flag").rows_out
        == 120
    )


def test_what_counts_as_missing_has_no_value_where_its_text_is_kept(tmp_path):
    """Although it is a number, and whatever way the others are written in."""
    text = "whole,any\n1,0.5\n-999,1.25e-07\n3,-999\n4,NaN\n"
    reading = reading_of(write(tmp_path, text), missing=("-999", "NaN"))
    assert [column.kind for column in reading.columns] == ["integer", "decimal"]
    options = PrepareOptions(clean=CleanOptions(empty_missing=False))
    prepared = preprocess_rows(reading, tmp_path, options)
    assert prepared.csv.read_text() == text
    found = pq.read_table(prepared.parquet).to_pydict()
    assert found == {"whole": [1, None, 3, 4], "any": [0.5, 1.25e-07, None, None]}


def test_a_header_alone_is_a_table_of_no_rows(tmp_path):
    """Its columns are there, for a contract that allows it."""
    reading = reading_of(write(tmp_path, "id,name\n"), header_rows=1)
    assert [column.name for column in reading.columns] == ["id", "name"]
    assert reading.rows_in == 0


def test_a_header_alone_is_refused_by_the_files_name(tmp_path):
    """Where a contract asks for rows, as most do."""
    path = write(tmp_path, "id,name\n")
    with pytest.raises(ContractError, match=f"{path.name}: The file holds only a header, no row"):
        validate_file(
            path,
            tmp_path,
            options=ReadOptions(header_rows=1),
            check=CheckOptions(),
            contract=Contract(),
        )


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    """It is not waited for: a file without line ends may be of any size."""
    monkeypatch.setattr("headgate.engine.reading.lines.MAX_LINE", 1 << 20)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 18)
    path = write(tmp_path, "a,b\n" + "1,2\n" * 400_000 + "1," + "x" * (3 << 20))
    with pytest.raises(UnreadableError, match="single line"):
        reading_of(path)


def test_lines_are_physical_lines(tmp_path):
    """Blank lines and line ends inside quotes count, as they do in any editor."""
    reading = reading_of(write(tmp_path, 'id,note\n1,a\n\n2,"b\nc"\n\n\n3,d\n4,e\n5,f\n'))
    assert staged_rows(reading.table) == {
        2: ("1", "a"),
        4: ("2", "b\nc"),
        8: ("3", "d"),
        9: ("4", "e"),
        10: ("5", "f"),
    }
    assert reading.blank_lines == 3


def test_a_row_of_another_width_is_kept_back_with_its_text_and_line(tmp_path):
    """The raw line is in the quarantine as it stands in the file."""
    text = 'id,note,day\n1,a,x\n2,"b, b"\n3,c,x\n4,"d\nd",x,"too, many"\n5,e,x\n6,f,x\n7,g,x\n'
    reading = reading_of(write(tmp_path, text))
    assert [(row["_line"], row["_raw"]) for row in quarantined(reading)] == [
        ("3", '2,"b, b"'),
        ("5", '4,"d\nd",x,"too, many"'),
    ]
    assert (reading.rows_in, reading.rows_good, reading.quarantined) == (7, 5, 2)
    assert list(staged_rows(reading.table)) == [2, 4, 7, 8, 9]


def test_a_stray_quote_damages_its_own_row_only(tmp_path, monkeypatch):
    """Rows after an unclosed quote are read as if it were not there, in any block."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 40)
    rows = [f'{i},"text {i}, quoted",x' for i in range(1, 30)]
    rows[10] = '11,"never closed,x'
    rows[20] = '21,5" wide,x'
    reading = reading_of(write(tmp_path, "\n".join(["id,text,end", *rows]) + "\n"))
    cells = staged_rows(reading.table)
    assert cells[22] == ("21", '5" wide', "x")
    assert {line: row[0] for line, row in cells.items() if line != 12} == {
        i + 1: str(i) for i in range(1, 30) if i != 11
    }
    assert reading.rows_in == 29


def test_bytes_that_are_no_text_cost_their_own_row_only(tmp_path):
    """A broken byte in a UTF-8 file sends its row to quarantine, not the whole file away."""
    lines = [f"{i},größe {i},x".encode() for i in range(3000)]
    lines[2900] = b"2900,gr\xf6\xdfe,x"
    path = write(tmp_path, b"id,text,end\n" + b"\n".join(lines) + b"\n")
    reading = reading_of(path, encoding="utf-8")
    assert [row["_check"] for row in quarantined(reading)] == ["encoding"]
    assert reading.rows_good == 2999


def test_bytes_that_are_no_text_hide_no_total_or_note(tmp_path):
    """Lines are counted and shown as far as they can be read."""
    rows = b"id,text,n\n1,a\xff,5\n" + b"".join(b"%d,x,5\n" % i for i in range(2, 40))
    path = write(tmp_path, rows + b"Total,,999\nSource: x\xff y z\n")
    reading = reading_of(path, encoding="utf-8")
    assert [row["_check"] for row in quarantined(reading)] == ["encoding"]
    assert [note.what for note in reading.notes] == ["total"]
    assert "Source: x" in reading.left_out_lines.read_text(encoding="utf-8-sig")


def test_a_broken_byte_in_a_row_of_another_width_is_kept_back_quietly(tmp_path, capfd):
    """Both reasons hold for one row; it is named once, and nothing is written to the terminal."""
    reading = reading_of(write(tmp_path, b"a,b\n1,2\n3,\xff,4\n5,6\n7\n8,9\n"), encoding="utf-8")
    assert [(row["_line"], row["_check"]) for row in quarantined(reading)] == [
        ("3", "encoding"),
        ("5", "width"),
    ]
    assert capfd.readouterr().err == ""


def test_nul_bytes_go_from_names_and_stay_in_cells(tmp_path):
    """A name has to be written in SQL and read by people; a cell is kept as it is."""
    reading = reading_of(write(tmp_path, "na\0me,b\n1\0,2\n3,4\n5,6\n"))
    assert [column.name for column in reading.columns] == ["name", "b"]
    assert staged_rows(reading.table)[2] == ("1\0", "2")


def test_a_mark_at_the_start_of_a_row_stays(tmp_path):
    """Only the one at the start of the file is no text."""
    reading = reading_of(write(tmp_path, "\ufeffa,b\n\ufeffx,2\ny,4\nz,6\n"))
    assert staged_rows(reading.table)[2] == ("\ufeffx", "2")


def test_columns_that_differ_in_case_only_are_told_apart(tmp_path):
    """SQL takes `Name` and `name` for one; the second is renamed, and a note says so."""
    reading = reading_of(write(tmp_path, "Name,name,_line\na,b,1\nc,d,2\ne,f,3\n"))
    assert [column.name for column in reading.columns] == ["Name", "name_2", "_line_2"]
    assert staged_rows(reading.table)[2] == ("a", "b", "1")
    assert {note.found for note in reading.notes} == {"name_2", "_line_2"}


def test_more_bad_rows_than_allowed_refuse_the_file(tmp_path):
    """The message says how many, why, and where the first one stands."""
    path = write(tmp_path, "id,b\n1,2\n2,3\n3,4,5\n4,5\n5,6,7\n6,7\n7,8\n8,9\n")
    with pytest.raises(ContractError, match=r"2 of 8 rows .* 3 cells .* line 4"):
        reading_of(path, contract=contract_for(None), check=CheckOptions(max_bad_share=0.2))
    reading = reading_of(path, contract=contract_for(None), check=CheckOptions(max_bad_share=0.25))
    assert reading.quarantined == 2


def test_a_target_that_is_not_there_refuses_the_file(tmp_path):
    """The columns that are there are listed."""
    with pytest.raises(ContractError, match=r"'price'.*'id', 'cost'"):
        reading_of(write(tmp_path, "id,cost\n1,2\n"), check=CheckOptions(target="price"))


def test_preamble_and_footer_do_not_shift_lines(tmp_path, monkeypatch):
    """Lines are counted from the top of the file, whatever is left out."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 32)
    body = "".join(f"{i};name {i}\r\n" for i in range(1, 40))
    path = write(tmp_path, f"Report of May\r\n\r\nid;name\r\n{body}Total: 39\r\n")
    dialect = Dialect(
        delimiter=";",
        newline="\r\n",
        skip_lines=2,
        header_lines=1,
        header_rows=1,
        footer_lines=1,
        names=("id", "name"),
    )
    found = list(blocks.map_blocks(path, dialect, lambda block: block))
    lines = [line for block in found for line in block.rows[LINE].to_pylist()]
    assert lines == list(range(4, 43))
    assert [block.bad for block in found if block.bad] == []
    assert found[1].raw(lines[5]) is None or found[1].raw(lines[5]).startswith("6;")


def test_every_line_that_is_no_row_is_listed_with_its_whole_text(tmp_path):
    """However many and however long: titles, comments and notes after the table, by line."""
    long = "Source: " + "a very long note, in full. " * 400
    notes = [f"Note {i}: figures of branch {i}, provisional" for i in range(1, 60)]
    rows = [f"{i};name {i};{i}.5" for i in range(1, 80)]
    top, middle = ["Report of May", "", "id;name;price"], [*rows[:40], "# paused", *rows[40:]]
    lines = [*top, *middle, "", long, *notes]
    reading = reading_of(write(tmp_path, "\n".join(lines) + "\n"))
    with reading.left_out_lines.open(newline="", encoding="utf-8-sig") as file:
        listed = [(row["_where"], row["_text"]) for row in csv.DictReader(file)]
    assert listed == [
        ("preamble", "Report of May"),
        ("comment", "# paused"),
        *(("footer", note) for note in (long, *notes)),
    ]
    assert [(e.where, e.lines, e.first, e.last) for e in reading.left_out] == [
        ("preamble", 1, 1, 1),
        ("comment", 1, 44, 44),
        ("footer", 60, 85, 144),
    ]
    assert reading.rows_in == 79


CELL = st.text(
    st.sampled_from(',;\t"\r\n a') | st.characters(codec="utf-8", exclude_characters="\x00"),
    max_size=8,
)
TABLE = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=12)
)
QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def told(width, delimiter=",", **more):
    names = tuple(f"c{i}" for i in range(width))
    return Dialect(names=names, delimiter=delimiter, header_lines=1, header_rows=1, **more)


def parsed(path, dialect):
    cells, count, blank = [], 0, 0
    for block in blocks.map_blocks(path, dialect, lambda block: block):
        cells += [(*row, line) for line, row in rows_of(block.rows).items()]
        count += block.rows.num_rows + len(block.bad)
        blank += block.blank
    return cells, count, blank


def test_a_block_of_very_many_columns_holds_more_rows(tmp_path, monkeypatch):
    """Each block costs a little for each column, however few its rows."""
    columns, row = 4000, "1," * 3999 + "1\n"
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4 * len(row))
    path = write(tmp_path, ",".join(f"c{i}" for i in range(columns)) + "\n" + row * 16)
    found = [*blocks.map_blocks(path, told(columns), lambda block: block.rows.num_rows)]
    assert sum(found) == 16
    assert len(found) <= 2


@QUICK
@given(
    rows=TABLE,
    size=st.integers(8, 64),
    delimiter=st.sampled_from(",;\t"),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_any_quoted_table_is_read_back_the_same(  # noqa: PLR0917
    tmp_path, monkeypatch, rows, size, delimiter, newline, quoting
):
    """Whatever the cells hold and wherever blocks are cut, cells and lines come back."""
    assume(quoting == csv.QUOTE_ALL or not any("\r" in cell for row in rows for cell in row))
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writerow([f"c{i}" for i in range(len(rows[0]))])
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    path = write(tmp_path, text.getvalue())
    cells, count, blank = parsed(path, told(len(rows[0]), delimiter, newline=newline))
    assert cells == [(*row, line) for row, line in zip(rows, lines, strict=True)]
    assert (count, blank) == (len(rows), 0)


DAMAGE = st.text(st.sampled_from('ab,"\n\r ;é'), max_size=120)


@QUICK
@given(body=DAMAGE, size=st.integers(4, 40))
def test_no_damage_loses_a_line(tmp_path, monkeypatch, body, size):
    """Every line with text on it belongs to a row that is good or kept back with its raw text."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    path = write(tmp_path, f"c0,c1\n{body}")
    kept = []
    for block in blocks.map_blocks(path, told(2), lambda block: block):
        kept += [(line, block.raw(line)) for line in rows_of(block.rows)]
        kept += [(bad.line, bad.raw) for bad in block.bad]
    found = "".join(text for _, text in sorted(kept))
    assert bare(found) == bare(body)


def bare(text):
    """The text without white space and quotes: a lone pair of quotes makes a blank line."""
    return "".join(text.replace('"', "").split())


@QUICK
@given(body=DAMAGE)
def test_the_row_equation_holds_under_any_damage(tmp_path, body):
    """Rows in are rows good plus rows kept back, and both files hold as many."""
    reading = reading_of(
        write(tmp_path, f"c0,c1\nx,y\nx,y\n{body}\n"), delimiter=",", skip_lines=0, header_rows=1
    )
    assert reading.rows_in == len(staged_rows(reading.table)) + len(quarantined(reading))
    assert len(staged_rows(reading.table)) == reading.rows_good


def test_names_that_sql_cannot_hold_or_tell_apart_are_made_unique(tmp_path):
    """Names that differ in case only are numbered past those that are taken; a NUL is left out."""
    reading = reading_of(write(tmp_path, "a,A,a_2,b\0c,_line\n1,2,3,4,5\n6,7,8,9,10\n"))
    assert [column.name for column in reading.columns] == ["a", "A_2", "a_2_2", "bc", "_line_2"]
    assert list(staged_rows(reading.table).values()) == [
        ("1", "2", "3", "4", "5"),
        ("6", "7", "8", "9", "10"),
    ]


def test_notes_between_names_and_values_are_listed(tmp_path):
    """They are no part of a name, but nothing is left out unseen."""
    case = ROOT / "tests" / "data" / "reading" / "facts-above.csv"
    reading = reading_of(write(tmp_path, case.read_bytes()))
    assert [(each.where, each.first, each.last) for each in reading.left_out] == [
        ("preamble", 5, 7)
    ]
    evidence = {each.what: each.found for each in reading.dialect.evidence}
    assert evidence["header"] == "4 rows, lines 1 to 4"
    assert evidence["notes below the header"].startswith("lines 5 to 7: 'Release Date 10-02-2023")


@pytest.mark.parametrize("line", ["--------", "==,=====,====", "---,-----,----"])
def test_lines_drawn_between_rows_are_no_rows(tmp_path, line):
    """They are listed, and a header that comes again behind them is kept back."""
    rows = [f"{i},name {i},{i}.5" for i in range(20)]
    page = ["id,name,v", line]
    reading = reading_of(write(tmp_path, "\n".join([*page, *rows[:9], *page, *rows[9:]])))
    assert [(each.where, each.lines) for each in reading.left_out] == [("comment", 1)]
    assert [column.kind for column in reading.columns] == ["integer", "text", "decimal"]
    assert [each.reason for each in reading.failures] == ["repeats the header"]
    assert reading.rows_good == 20


def test_a_row_of_another_width_is_kept_back_though_it_begins_with_a_sign(tmp_path):
    """A sign that seldom marks comments hides no damaged row."""
    reading = reading_of(write(tmp_path, "word,n\n!a,1\n!b,2,3\nc,4\nd,5\n"))
    assert (reading.rows_good, reading.left_out) == (3, ())
    assert [each.count for each in reading.failures] == [1]
