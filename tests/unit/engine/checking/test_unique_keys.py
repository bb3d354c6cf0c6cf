"""Keys that may occur once in the whole file."""

import pandera.pandas as pa
import pytest

from headgate.engine.contract import Contract
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.reading import blocks
from headgate.engine.result.row_counts import RowCounts
from headgate.options import CleanOptions, PrepareOptions
from tests.harness.contracts import GOOD, kept_back, reading_of


def test_repeats_are_counted_under_one_reason(tmp_path):
    """Only the quarantine file says of each row where its key stands first."""
    repeats = [f"{1 + n % 2},1,DE,001," for n in range(300)]
    reading = reading_of(tmp_path, [*GOOD, *repeats])
    (failure,) = reading.failures
    assert (failure.reason, failure.count) == ("repeats the key of an earlier row", 300)
    assert [example.line for example in failure.examples] == [6, 7, 8, 9, 10]
    reasons = {row["_reason"] for row in kept_back(reading).values()}
    assert reasons == {f"stands already on line {n}, and may occur once" for n in (2, 3)}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pa.Column(float, unique=True), ["1.5", "2", "1.50"]),
        (pa.Column(str, unique=True, coerce=True), ["a", "b", " a"]),
        (pa.Column(float, unique=True, coerce=True), ['"1,5"', '"2,5"', '"1,50"']),
        (pa.Column("datetime64[ns]", unique=True), ["2024-01-01", "2024-01-02", "2024-01-01"]),
    ],
)
def test_a_key_is_compared_by_its_values(tmp_path, column, values):
    """However one is written; signs for missing values are no values and no repeats."""
    contract = Contract(model=pa.DataFrameSchema({"n": column}), max_bad_share=1)
    rows = [f"{n},{place}" for place, n in enumerate(values)]
    found = kept_back(reading_of(tmp_path, rows, contract, header="n,m"))
    assert {line: row["_check"] for line, row in found.items()} == {4: "unique"}


def test_rows_kept_back_for_their_key_say_nothing_of_a_column(tmp_path):
    """Neither of its type nor of its missing values: these are the table's."""
    contract = Contract(unique=(("id",),), max_bad_share=1)
    rows = ["1,5", "2,6", "3,", "1,x", "2,", "3,7"]
    column = reading_of(tmp_path, rows, contract, header="id,n").columns[1]
    assert (column.kind, [each.count for each in column.missing]) == ("integer", [1])


def test_missing_parts_of_a_key_are_no_repeats(tmp_path):
    """Be they empty, a sign beside numbers, or a text that the contract names."""
    columns = {"n": pa.Column(int, nullable=True, unique=True)}
    model, keys = pa.DataFrameSchema(columns), (("m", "n"), ("m",))
    contract = Contract(model=model, unique=keys, missing=("none",), max_bad_share=1)
    rows = ["1,a", "NA,b", "NA,none", "-,none", "none,", ",", "none,"]
    assert reading_of(tmp_path, rows, contract, header="n,m").quarantined == 0


def test_a_key_is_unique_over_all_blocks(tmp_path, monkeypatch):
    """The first row stays; each later one names the line of the first."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 50)
    rows = [f"{i},9,DE,001," for i in range(1, 40)] + ["3,8,DE,001,", "3,9,FR,001,"]
    reading = reading_of(tmp_path, rows)
    found = kept_back(reading)
    assert list(found) == [41, 42]
    assert "line 4" in found[41]["_reason"]
    assert found[42]["_raw"] == "3,9,FR,001,"
    assert reading.rows_good == 39


@pytest.mark.parametrize(
    ("drops", "kept", "counts"),
    [
        (True, [4, 5, 10, 6, 7], "9 rows in, 2 out, 5 quarantined, 2 duplicates"),
        (False, [3, 4, 5, 7, 9, 10, 6], "9 rows in, 2 out, 7 quarantined"),
    ],
)
def test_a_row_that_comes_again_in_every_cell_is_a_duplicate_and_no_fault(
    tmp_path, drops, kept, counts
):
    """Where duplicates are dropped; it breaks the key if they stay, or if the first row differs."""
    contract = Contract(unique=(("a",), ("b",)), max_bad_share=1)
    rows = ["1,x", '1,"x"', "1,y", "1,y", "2,x", "2,x", "3,z", "3,z", "3, z"]
    prepare = PrepareOptions(clean=CleanOptions(drop_duplicates=drops))
    reading = reading_of(
        tmp_path, rows, contract, header="a,b", drops_duplicates=prepare.drops_duplicates
    )
    prepared = preprocess_rows(reading, tmp_path / "scratch", prepare)
    assert list(kept_back(reading)) == kept
    assert str(RowCounts.of(reading, prepared)) == counts


def test_a_key_of_several_columns_and_a_reference_set(tmp_path):
    """Both are said in the contract, beside the model."""
    contract = Contract(
        unique=(("a", "b"),), references={"b": frozenset({"x", "y"})}, max_bad_share=1
    )
    rows = ["1,x,1", "1,y,2", "1,x,3", "2,z,4"]
    reading = reading_of(tmp_path, rows, contract, header="a,b,c")
    assert {line: row["_check"] for line, row in kept_back(reading).items()} == {
        4: "unique",
        5: "reference",
    }
