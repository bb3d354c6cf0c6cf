"""A local file is cleaned, and its quarantine corrected, without bucket or Prefect."""

import csv
import zipfile

import pytest

from headgate import local
from headgate.errors import BadFileError, NotKeptBackError, OptionsError
from headgate.options import CheckOptions, PrepareOptions, ReadOptions
from stack.running import ROOT

PENGUINS = ROOT / "samples" / "penguins" / "penguins.csv"
PLAIN = {"dataset": "penguins", "read": ReadOptions(), "check": CheckOptions()}


def test_corrected_rows_join_the_good_ones(tmp_path):
    """Who corrects two of five bad rows gets a result with two rows more, and a record of both."""
    cleaned = local.clean(PENGUINS, tmp_path / "out", options=PrepareOptions(), **PLAIN)
    assert cleaned.rows.quarantined == 5
    corrected = tmp_path / "corrected.csv"
    with (tmp_path / "out" / "quarantine.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["_line"] in {"19", "43"}]
    rows[0]["body_mass_g"], rows[1]["species"] = "3450", "Adelie"
    with corrected.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    again = local.clean(
        PENGUINS, tmp_path / "again", options=PrepareOptions(), corrected=[corrected], **PLAIN
    )
    assert again.rows.rows_in == cleaned.rows.rows_in
    assert again.rows.rows_out == cleaned.rows.rows_out + 2
    assert again.rows.quarantined == 3
    assert again.corrected[0].cells == {"body_mass_g": 1, "species": 1}
    assert (tmp_path / "again" / "corrections.csv").exists()
    page = (tmp_path / "again" / "report.html").read_text(encoding="utf-8")
    assert "a person corrected, or accepted as they are: 2;" in page


def test_the_page_for_people_does_not_call_a_corrected_row_unchanged(tmp_path):
    """Where no rule changed a cell, a person did."""
    file, sheet = tmp_path / "cities.csv", tmp_path / "sheet.csv"
    file.write_text("city,people\nRome,3\nOslo,4\nBonn\n")
    how = {"read": ReadOptions(), "check": CheckOptions(max_bad_share=1)}
    local.clean(file, tmp_path / "out", options=PrepareOptions(), **how)
    assert "Every cell stands as it came." in (tmp_path / "out" / "report.html").read_text()
    kept = (tmp_path / "out" / "quarantine.csv").read_text(encoding="utf-8-sig")
    sheet.write_text(kept.replace(",Bonn,,", ",Bonn,5,"))
    local.clean(file, tmp_path / "out", options=PrepareOptions(), corrected=[sheet], **how)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "a person corrected, or accepted as they are: 1;" in page
    assert "Every cell stands as it came." not in page


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("xl/workbook.xml", b"", "an Excel workbook .xlsx., not a CSV file. Save the sheet as CSV"),
        ("cities.csv", b"city,people\nRome,3\n", "no quarantine file: it lacks the columns"),
    ],
)
def test_what_is_no_quarantine_file_is_told_as_what_it_is(tmp_path, name, data, says):
    """As a workbook, which spreadsheet programs save where nobody chooses CSV."""
    sheet = tmp_path / "sheet"
    with zipfile.ZipFile(sheet, "w") as archive:
        archive.writestr(name, data)
    with pytest.raises(BadFileError, match=says):
        local.clean(PENGUINS, tmp_path, options=PrepareOptions(), corrected=[sheet], **PLAIN)


@pytest.mark.parametrize("bad", ["1,2,3,4", ""], ids=["other rows are kept back", "none is"])
def test_a_correction_under_another_contract_says_what_to_do(tmp_path, bad):
    """Without the data set of the first clean, the rows are not those that were kept back."""
    file = tmp_path / "penguins.csv"
    lines = PENGUINS.read_text(encoding="utf-8").splitlines()
    whole = [line for line in lines if line.count(",") == 7]
    file.write_text("\n".join([*whole, bad]) + "\n", encoding="utf-8")
    local.clean(file, tmp_path / "out", options=PrepareOptions(), **PLAIN)
    with pytest.raises(NotKeptBackError) as refused:
        local.clean(
            file,
            tmp_path / "again",
            options=PrepareOptions(),
            corrected=[tmp_path / "out" / "quarantine.csv"],
            **(PLAIN | {"dataset": None}),
        )
    assert "Use the --dataset and options of the first clean" in refused.value.todo


def test_a_row_that_stands_twice_is_no_matter_of_the_contract(tmp_path):
    """What to do is to leave the lines' numbers alone; the options are those of the first clean."""
    local.clean(PENGUINS, tmp_path / "out", options=PrepareOptions(), **PLAIN)
    sheet = tmp_path / "out" / "quarantine.csv"
    sheet.write_text(sheet.read_text() + sheet.read_text().splitlines()[-1] + "\n")
    with pytest.raises(BadFileError, match="as does a row further up") as refused:
        local.clean(
            PENGUINS, tmp_path / "again", options=PrepareOptions(), corrected=[sheet], **PLAIN
        )
    assert refused.value.todo.startswith("Leave _line as it was")


def test_the_first_rows_are_shown_however_the_file_is_cut(tmp_path):
    """A file with comments is read in pieces; its last rows may be one of their own."""
    path = tmp_path / "marked.csv"
    path.write_text("# made by hand\nname,n\na,1\n# half of them\nb,2\nc,3\n")
    found = local.inspect(path, read=ReadOptions(), check=CheckOptions())
    assert found.rows == (("a", "1"), ("b", "2"), ("c", "3"))


def test_a_quarantine_file_is_known_by_its_header_not_told_by_an_option(tmp_path):
    """Only its encoding is found out, which a spreadsheet program may have changed."""
    local.clean(PENGUINS, tmp_path / "out", options=PrepareOptions(), **PLAIN)
    path = tmp_path / "out" / "quarantine.csv"
    found = local.inspect(path, read=ReadOptions(), check=CheckOptions())
    assert {each.what: each.why for each in found.reading.dialect.evidence} == {
        "encoding": "the file starts with its byte order mark",
        **dict.fromkeys(
            ("delimiter", "quotechar", "header"), "known by the header of a quarantine file"
        ),
    }


def test_the_page_for_people_names_the_file(tmp_path):
    """Among the reports of several files each tells which it is of."""
    local.clean(PENGUINS, tmp_path / "out", options=PrepareOptions(), **PLAIN)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<title>penguins.csv: Headgate report</title>" in page
    assert "<h1>What became of penguins.csv</h1>" in page


def test_a_refusal_names_the_file_and_the_place_in_it(tmp_path):
    """Among several files one cannot tell otherwise whose header lacks a column."""
    path = tmp_path / "birds.csv"
    path.write_text("name,n\na,1\nb,2\n")
    with pytest.raises(BadFileError, match=r"^birds.csv, header: The contract asks for 'species'"):
        local.inspect(path, **PLAIN)
    path.write_text("")
    with pytest.raises(BadFileError, match=r"^birds.csv: The file is empty"):
        local.inspect(path, **PLAIN)


def test_a_contract_that_is_not_there_costs_no_older_results(tmp_path):
    """It is a slip of the pen; a file that is refused does cost them, as they are not its own."""
    path, out = tmp_path / "people.csv", tmp_path / "out"
    path.write_text("id,name\n1,Ada\n")

    def clean(**check):
        options = {"read": ReadOptions(), "options": PrepareOptions()}
        local.clean(path, out, check=CheckOptions(**check), **options)

    clean()
    with pytest.raises(OptionsError):
        clean(contract="none-such")
    assert (out / "data.csv").exists()
    path.write_text("")
    with pytest.raises(BadFileError):
        clean()
    assert not (out / "data.csv").exists()
