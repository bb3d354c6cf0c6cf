"""Rows that were kept back come back corrected, and take their places among the others."""

import csv
import io
import re
import zipfile

import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from headgate.engine.checking.ledger import extend_ledger
from headgate.engine.checking.sheets import open_sheet
from headgate.engine.contract import Contract
from headgate.engine.validate import validate_file
from headgate.errors import BadFileError
from headgate.options import CheckOptions, ReadOptions
from tests.harness.staging import staged_rows


class Stock(pa.DataFrameModel):
    """A number that may occur once, a price within bounds, and a text."""

    id: int = pa.Field(unique=True)
    price: float = pa.Field(nullable=True, le=100)
    note: str = pa.Field(nullable=True)


STRICT = Contract(name="stock", model=Stock, max_bad_share=1, min_rows=0)
NONE = Contract(max_bad_share=1, min_rows=0)
HEADER = "id,price,note"


class Desk:
    """A file, its reading, and the corrections made so far."""

    def __init__(self, folder, body, contract=STRICT, upload=None):
        self.folder, self.contract, self.upload, self.ledger = folder, contract, upload, None
        self.path = folder / "file.csv"
        self.path.write_bytes(body if isinstance(body, bytes) else "\n".join(body).encode())
        self.read()

    def read(self):
        self.reading = validate_file(
            self.path,
            self.folder,
            options=ReadOptions(delimiter=",", header_rows=1, skip_lines=0, footer_lines=0),
            check=CheckOptions(),
            contract=self.contract,
            corrected=self.ledger,
            upload=self.upload,
        )
        return self

    def kept(self):
        with self.reading.quarantine.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))

    def correct(self, rows, encoding="utf-8", **how):
        """Send rows back and read the file anew; return what was corrected."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), **how)
        writer.writeheader()
        writer.writerows(rows)
        return self.send(text.getvalue().encode(encoding))

    def send(self, data):
        sheet = self.folder / "sheet.csv"
        sheet.write_bytes(data)
        found = open_sheet(sheet)
        self.ledger, done = extend_ledger(
            self.folder, self.reading.quarantine, found, sheet.name, self.ledger
        )
        self.read()
        return done

    def table(self):
        return staged_rows(self.reading.table)


def test_corrected_rows_take_their_places(tmp_path):
    """In the order of the file, whichever way they were bad; what nobody corrected stays."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "2,2,b", "3,3", "4,4,d,e", "5,500,f", "6,6,g"])
    rows = desk.kept()
    rows[0]["id"], rows[2]["note"], rows[3]["price"] = "1", "d e", "50"
    del rows[1]
    done = desk.correct(rows, delimiter=";")
    assert (done.rows, done.cells) == (3, {"id": 1, "price": 1, "note": 1})
    assert list(desk.table()) == [2, 3, 5, 6, 7]
    assert desk.table()[5] == ("4", "4", "d e")
    assert (desk.reading.rows_in, desk.reading.quarantined) == (6, 1)
    assert desk.reading.corrected == 3
    assert [row["_raw"] for row in desk.kept()] == ["3,3"]


def test_corrected_rows_may_come_alone_in_a_zip(tmp_path):
    """Also where the files of their data set have a member of another name."""
    sheet = Desk(tmp_path, [HEADER, "x,1,a", "2,2,b"]).reading.quarantine
    with zipfile.ZipFile(tmp_path / "sheet.zip", "w") as archive:
        archive.write(sheet, "quarantine.csv")
    assert open_sheet(tmp_path / "sheet.zip", "orders.csv").dialect.member == "quarantine.csv"


def test_rows_that_are_still_bad_are_kept_back_as_corrected(tmp_path):
    """With the new value and reason, the original text, and another chance."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", '2,2,"b\n\nb"', '3,x,"c\nc"', "4,4,d", "5,5,e"])
    rows = desk.kept()
    assert [row["_line"] for row in rows] == ["2", "6"]
    rows[0]["id"], rows[1]["price"], rows[1]["id"], rows[1]["note"] = "1.5", "3", "2", "c"
    desk.correct(rows)
    rows = desk.kept()
    assert [(r["_check"], r["_value"], r["_raw"]) for r in rows] == [
        ("type", "1.5", "x,1,a"),
        ("unique", "2", '3,x,"c\nc"'),
    ]
    rows[0]["id"], rows[1]["id"] = "1", "3"
    desk.correct(rows)
    assert desk.reading.quarantine is None
    assert [row[0] for row in desk.table().values()] == ["1", "2", "3", "4", "5"]


def test_a_sheet_may_be_sent_once_more_with_more_rows_put_right(tmp_path):
    """Rows that were corrected before are as they are; a second thought counts."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "2,2", "3,3,c"])
    rows = desk.kept()
    rows[0]["id"] = "1"
    desk.correct(rows)
    rows[1]["note"] = "b"
    assert desk.correct(rows).rows == 1
    rows[0]["note"] = "better"
    assert desk.correct(rows).cells == {"note": 1}
    assert list(desk.table().values()) == [("1", "1", "better"), ("2", "2", "b"), ("3", "3", "c")]


def test_rows_that_lost_empty_cells_at_the_end_are_whole(tmp_path):
    """Some spreadsheet programs leave them out; blank rows below the table are none."""
    desk = Desk(tmp_path, [HEADER, "x,1,", "2,2,b"])
    head, row = list(desk.kept()[0]), desk.kept()[0] | {"id": "1"}
    lines = [",".join([*head, "done by", "on"]), ",".join(row.values()).replace("x,1,", '"x,1,"')]
    assert desk.send("\r\n".join([*lines, ",,,,,,,,,", ",,", ""]).encode()).cells == {"id": 1}


@pytest.mark.parametrize("upload", [None, "uploads/file.csv!0123456789abcdef"])
def test_a_sheet_that_was_cut_off_is_refused(tmp_path, upload):
    """Before the original text: the cells that are gone were not emptied by a person."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "2,2,b", "3,y,c"], upload=upload)
    whole = desk.reading.quarantine.read_bytes().replace(b",x,1,a,", b",1,1,a,")
    first, last = whole.index(b"\r\n4,") + len(b"\r\n4,"), whole.index(b',"3,y,c"')
    for end in (*range(first, last, 5), last):
        with pytest.raises(BadFileError, match=r"line 3: The row ends .* sent whole"):
            desk.send(whole[:end])
    assert desk.send(whole).rows == 1


def test_a_row_may_be_put_right_accepted_left_alone_or_deleted(tmp_path):
    """The first two are judged again; the others stay kept back, and so does what stays bad."""
    body = [HEADER, "x,1,a", "2,2", "3,y,c", "4,z,d", "5,5,e", "5,6,f", "7,,"]
    desk = Desk(tmp_path, body)
    right, short, bad, _, deleted = desk.kept()
    right["id"], short["_reason"], bad["_reason"] = "1", " \t", ""
    assert deleted["_check"] == "unique"
    assert desk.correct([right, short, bad]).rows == 3
    assert list(desk.table()) == [2, 3, 6, 8]
    assert [row["_line"] for row in desk.kept()] == ["4", "5", "7"]
    assert desk.reading.rows_in == 7


def test_deleted_rows_alone_correct_nothing(tmp_path):
    """A sheet may hold only some of the rows: those that it lacks are as they were."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "2,2,b"])
    head = desk.reading.quarantine.read_bytes().splitlines(keepends=True)[0]
    with pytest.raises(BadFileError, match=r"No row was corrected: .* deleted stay kept back"):
        desk.send(head)


def test_a_row_that_is_put_right_into_one_that_is_there_is_a_duplicate(tmp_path):
    """Cleaning drops it and counts it; the key is not broken."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "1,1,a"])
    (row,) = desk.kept()
    desk.correct([row | {"id": "1"}])
    assert (desk.reading.rows_good, desk.reading.quarantined) == (2, 0)


def test_rows_of_another_table_cannot_be_corrected_into_this_one(tmp_path):
    """They are told to be so; left as they are, they do no harm."""
    first = [HEADER, *(f"{i},{i},a" for i in range(30)), "x,1,a"]
    desk = Desk(tmp_path, [*first, "", "who,where", "Ann,here", "Bob,there", "Cid,nowhere"])
    desk.reading = validate_file(
        desk.path, tmp_path, options=ReadOptions(), check=CheckOptions(), contract=STRICT
    )
    rows = desk.kept()
    assert {row["_check"] for row in rows} == {"type", "table"}
    rows[1]["id"] = "99"
    with pytest.raises(BadFileError, match="another table"):
        desk.correct(rows)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("3", "says 3, which is not the line of a row that was kept back"),
        ("4", "says 4, as does a row further up"),
        *(
            (line, f"says {line!r}, which is no line's number")
            for line in ("two", "", "1.5", "0x2")
        ),
    ],
)
def test_only_rows_that_were_kept_back_may_be_corrected_and_each_once(tmp_path, line, says):
    """Another line number is told, with the line of the sheet."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "2,2,b", "y,3,c"])
    rows = desk.kept()[::-1]
    rows[1] |= {"_line": line, "id": "1"}
    with pytest.raises(BadFileError, match=f"sheet.csv, line 3: .*{re.escape(says)}"):
        desk.correct(rows)


@pytest.mark.parametrize("shown", ["{}", " {}\u00a0", "0{}", "{}.0", "{},00"])
def test_lines_are_known_however_a_program_shows_their_numbers(tmp_path, shown):
    """Rows and columns may stand in another order, too."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "2,2,b", "y,3,c"])
    rows = [
        dict(reversed((row | {"_line": shown.format(row["_line"]), "id": new}).items()))
        for row, new in zip(desk.kept(), "13", strict=True)
    ]
    assert desk.correct(rows[::-1], delimiter=";", encoding="utf-16").cells == {"id": 2}
    assert list(desk.table().values()) == [("1", "1", "a"), ("2", "2", "b"), ("3", "3", "c")]


@pytest.mark.parametrize("absent", ["_line", "id", "note"])
def test_a_sheet_without_a_column_says_so(tmp_path, absent):
    """It is not taken for a table of its own."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "2,2,b"], upload="uploads/file.csv!0123456789abcdef")
    rows = [{name: cell for name, cell in row.items() if name != absent} for row in desk.kept()]
    with pytest.raises(BadFileError, match=f"lacks '{absent}'"):
        desk.correct(rows)


def test_rows_of_two_uploads_are_told_apart(tmp_path):
    """Each has its own result."""
    desk = Desk(tmp_path, [HEADER, "x,1,a", "y,2,b"], upload="uploads/file.csv!0123456789abcdef")
    rows = desk.kept()
    rows[0] |= {"_upload": "uploads/other.csv!0123456789abcdef", "id": "1"}
    with pytest.raises(BadFileError, match="names 2 uploads"):
        desk.correct(rows)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "_line,id\n1,2\n", "", "\x00\x01" * 99])
def test_other_files_are_no_sheets(tmp_path, text):
    """Neither a table, nor one with a `_line` of its own, nor what cannot be read."""
    (tmp_path / "file.csv").write_text(text)
    assert open_sheet(tmp_path / "file.csv") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_is_known_however_it_was_saved(tmp_path, encoding, delimiter):
    """With a title above, too."""
    desk = Desk(tmp_path, [HEADER, "x,1,é", "2,2,b"])
    rows = [["Corrected by Zoé"], list(desk.kept()[0]), list(desk.kept()[0].values())]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    (tmp_path / "sheet.csv").write_bytes(text.getvalue().encode(encoding))
    assert "note" in open_sheet(tmp_path / "sheet.csv").dialect.names


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "utf-16"])
@pytest.mark.parametrize("letters", ["é", "Ñ", "à la", "20 °C"])
def test_letters_come_back_as_they_were_shown(tmp_path, encoding, letters):
    """Few as they are: one that stands alone could be of many alphabets."""
    desk = Desk(tmp_path, [HEADER, f"x,1,{letters}", f"y,2,{letters}", "3,3,c"])
    rows = desk.kept()
    rows[0]["id"], rows[1]["id"] = "1", "2"
    assert desk.correct(rows, encoding=encoding).cells == {"id": 2}
    assert [row[2] for row in desk.table().values()] == [letters, letters, "c"]


cells = st.text(st.sampled_from("ab1 ,;\t|'\"\\#_-\n\rñ€語"), max_size=8)
names = st.sampled_from(["a", "_line", "_raw", "_reason", "_corrected_by", "_upload", "b c"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(names, min_size=2, max_size=5, unique=True),
    st.lists(st.lists(cells, min_size=1, max_size=7), min_size=1, max_size=8),
    st.data(),
)
def test_any_cell_comes_back_as_the_person_wrote_it(tmp_path, header, rows, data):
    """Whatever stands in rows, headers and corrections: cells are exact and every row counted."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    desk = Desk(tmp_path, text.getvalue().encode(), NONE)
    if desk.reading.quarantine is None:
        return
    kept = desk.kept()
    with pytest.raises(BadFileError, match="No row was corrected"):
        desk.correct([dict(row) for row in kept])
    own = list(kept[0])[5:-1]
    fixed = data.draw(st.lists(cells, min_size=len(own), max_size=len(own)))
    assume(tuple(fixed) != desk.reading.dialect.names)  # a header that comes again is no row
    before = desk.reading
    kept[0] |= dict(zip(own, fixed, strict=True)) | {"_reason": ""}
    desk.correct(kept)
    plain = [cell.replace("\r\n", "\n") for cell in fixed]
    found = desk.table()[int(kept[0]["_line"])]
    assert [cell.replace("\r\n", "\n") for cell in found] == plain
    assert desk.reading.rows_in == before.rows_in
    assert desk.reading.quarantined == before.quarantined - 1
