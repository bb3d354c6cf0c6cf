"""Mode `clean`: every rule does what it says, counts it, and touches nothing else."""

import csv

import pyarrow.parquet as pq
import pytest

from headgate.engine.prepare import Prepared, prepare
from headgate.errors import RowsUnaccountedError
from headgate.options import CleanOptions, PrepareOptions
from tests.unit.engine.staging import reading

COLUMNS = {"code": "text", "amount": "decimal", "count": "integer"}
ROWS = [
    ("00501", "1.10", "1"),
    (" 00501 ", "1.1", "2"),
    ("x", "NA", "4"),
    ("00501", "1.10", "1"),
    (None, None, None),
    ('a "b", c\nd', "250.00", None),
]


def cells(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def made(tmp_path, rows=ROWS, columns=COLUMNS, missing=("NA",), target=None, **clean):
    staged = reading(tmp_path, columns, rows, missing=missing)
    return prepare(staged, tmp_path, PrepareOptions(clean=CleanOptions(**clean)), target=target)


def counted(prepared, rule):
    (result,) = [each for each in prepared.rules if each.rule == rule]
    return result


def test_default_keeps_exact_text_and_accounts_for_every_row(tmp_path):
    """Only blanks, markers, duplicate rows and empty rows go, and each is counted."""
    prepared = made(tmp_path)
    assert cells(prepared.csv) == [
        ["code", "amount", "count"],
        ["00501", "1.10", "1"],
        ["00501", "1.1", "2"],
        ["x", "", "4"],
        ['a "b", c\nd', "250.00", ""],
    ]
    assert (prepared.rows_out, prepared.duplicates, prepared.dropped) == (4, 1, 1)
    assert counted(prepared, "trim").cells == 1
    assert counted(prepared, "empty missing markers").cells == 1


def test_parquet_is_typed(tmp_path):
    """Numbers are numbers in the Parquet file, codes are text."""
    table = pq.read_table(made(tmp_path).parquet)
    assert [str(each.type) for each in table.schema] == ["string", "decimal128(18, 2)", "int64"]
    assert table["count"].to_pylist() == [1, 2, 4, None]


def test_median_fills_numbers_and_widens_the_type_only_where_needed(tmp_path):
    """The median of 1, 2 and 4 is 2; the column stays integer."""
    prepared = made(tmp_path, fill="median")
    assert cells(prepared.csv)[4][2] == "2"
    assert str(pq.read_schema(prepared.parquet).field("count").type) == "int64"


def test_rows_that_do_not_add_up_are_refused():
    """The record itself enforces the row equation."""
    with pytest.raises(RowsUnaccountedError):
        Prepared(
            csv="a", parquet="a", recipe="a", report="a", rows_in=3, rows_out=1, duplicates=1,
            dropped=0, rules=(), columns=(), preview=(),
        )  # fmt: skip


def test_replaying_the_recipe_gives_the_same_bytes(tmp_path):
    """A recipe replayed on its own file writes the identical CSV and Parquet."""
    first = made(tmp_path / "a", fill="mean", outliers="clip")
    staged = reading(tmp_path / "b", COLUMNS, ROWS, missing=("NA",))
    again = prepare(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert again.csv.read_bytes() == first.csv.read_bytes()
    assert again.parquet.read_bytes() == first.parquet.read_bytes()
