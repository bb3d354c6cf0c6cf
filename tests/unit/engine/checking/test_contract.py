"""What the owner of a data set may rely on when a file is held to a contract."""

import csv
import importlib.util
import re
import sys
import time
import types
import typing
import uuid
from decimal import Decimal

import duckdb
import pandas as pd
import pandera
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from headgate.engine import draft as drafting
from headgate.engine.checking.bound_contract import BoundContract
from headgate.engine.checking.drift import Layout, compare
from headgate.engine.contract import Contract
from headgate.engine.draft import draft
from headgate.engine.duck import first
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.reading import blocks
from headgate.engine.result.row_counts import RowCounts
from headgate.engine.staging import LINE, StagedFile, register
from headgate.engine.validate import validate_file
from headgate.errors import ContractError, DriftError, SettingsError
from headgate.options import CheckOptions, CleanOptions, DriftPolicy, PrepareOptions, ReadOptions


class Orders(pa.DataFrameModel):
    """A model with a rule of each sort."""

    id: int = pa.Field(unique=True, ge=1)
    price: float = pa.Field(nullable=True, in_range={"min_value": 0, "max_value": 100})
    country: str = pa.Field(isin=["DE", "FR", "NA"])
    code: str = pa.Field(nullable=True, str_matches=r"^\d{3}$")
    sent: pd.Timestamp = pa.Field(nullable=True, coerce=True)

    @pa.dataframe_check(error="must cost more than its id")
    @classmethod
    def dear(cls, frame: pd.DataFrame) -> pd.Series:
        """A rule between columns."""
        return frame["price"] > frame["id"] / 1000


LENIENT = Contract(name="orders", model=Orders, max_bad_share=1, min_rows=0)
HEADER = "id,price,country,code,sent"


def reading_of(
    folder, rows, contract=LENIENT, header=HEADER, previous=None, *, drops_duplicates=True, **check
):
    path = folder / "file.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return validate_file(
        path,
        scratch,
        options=ReadOptions(delimiter=",", header_rows=1),
        check=CheckOptions(**check),
        contract=contract,
        previous=previous,
        drops_duplicates=drops_duplicates,
    )


def kept_back(reading):
    with reading.quarantine.open(newline="", encoding="utf-8-sig") as file:
        return {int(row["_line"]): row for row in csv.DictReader(file)}


def values_of(reading, place):
    """The typed values of a column."""
    column = reading.columns[place]
    with duckdb.connect() as con:
        register(con, reading.table)
        return [row[0] for row in con.execute(f"SELECT {column.sql} FROM staged").fetchall()]


GOOD = ["1,9.50,DE,001,31/12/2024", "2,8,FR,,", "3,,NA,003,01/02/2024", "4,7.5,DE,004,02/02/2024"]


def test_good_rows_pass_and_columns_get_the_contracts_types(tmp_path):
    """`NA` is a country here, because the contract lists it; codes stay text."""
    reading = reading_of(tmp_path, GOOD)
    assert (reading.rows_good, reading.quarantined) == (4, 0)
    assert [column.kind for column in reading.columns] == [
        "integer",
        "decimal",
        "text",
        "text",
        "date",
    ]


@pytest.mark.parametrize(
    ("row", "column", "check", "reason"),
    [
        ("x,1,DE,001,", "id", "type", "whole number"),
        ("0,1,DE,001,", "id", "greater_than_or_equal_to", "at least 1"),
        (",1,DE,001,", "id", "not_nullable", "must not be missing"),
        ("9,101,DE,001,", "price", "in_range", "between 0 and 100"),
        ("9,1,XX,001,", "country", "isin", "one of"),
        ("9,1,DE,01,", "code", "str_matches", "pattern"),
        ("9,1,DE,001,30/02/2024", "sent", "type", "DD/MM/YYYY"),
        ("9,0.001,DE,001,", "", "dear", "must cost more than its id"),
        ("2,1,DE,001,", "id", "unique", "already on line 3"),
    ],
)
def test_a_bad_row_is_kept_back_with_its_reason(tmp_path, row, column, check, reason):
    """Line, column, check, value and reason stand beside the raw text."""
    found = kept_back(reading_of(tmp_path, [*GOOD, row]))
    assert list(found) == [6]
    assert (found[6]["_column"], found[6]["_check"]) == (column, check)
    assert reason in found[6]["_reason"]
    assert found[6]["_raw"] == row
    assert found[6]["country"] == row.split(",")[2]


def test_repeats_are_counted_under_one_reason(tmp_path):
    """Only the quarantine file says of each row where its key stands first."""
    repeats = [f"{1 + n % 2},1,DE,001," for n in range(300)]
    reading = reading_of(tmp_path, [*GOOD, *repeats])
    (failure,) = reading.failures
    assert (failure.reason, failure.count) == ("repeats the key of an earlier row", 300)
    assert [example.line for example in failure.examples] == [6, 7, 8, 9, 10]
    reasons = {row["_reason"] for row in kept_back(reading).values()}
    assert reasons == {f"stands already on line {n}, and may occur once" for n in (2, 3)}


def test_every_failure_of_a_row_is_told(tmp_path):
    """A cell of the wrong type does not hide what is wrong with the others."""
    found = kept_back(reading_of(tmp_path, [*GOOD, "x,101,XX,1,99/99/2024"]))
    assert set(found[6]["_column"].split(" | ")) == {"id", "price", "country", "code", "sent"}


def test_a_rule_between_columns_spares_rows_with_gaps(tmp_path):
    """Where a value is missing, nothing can be said against the row."""
    assert reading_of(tmp_path, [*GOOD, "99,,DE,001,"]).quarantined == 0


@pytest.mark.parametrize(
    "rule",
    [
        pa.Check(lambda row: row["low"] <= row["high"], element_wise=True, name="ordered"),
        pa.Check(lambda frame, by: frame["low"] + by <= frame["high"], by=0, name="ordered"),
    ],
    ids=["row by row", "with an option"],
)
def test_a_rule_between_columns_may_be_of_any_form(tmp_path, rule):
    """As pandera takes it: for one row at a time, or with options of its own."""
    columns = {"low": pa.Column(int), "high": pa.Column(int, nullable=True)}
    schema = pa.DataFrameSchema(columns, checks=rule)
    contract = Contract(model=schema, max_bad_share=1)
    found = kept_back(reading_of(tmp_path, ["1,2", "3,2", "4,"], contract, header="low,high"))
    assert {line: row["_check"] for line, row in found.items()} == {3: "ordered"}


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        (lambda frame: frame["a"] % 2 == frame["b"] % 2, {2}),
        (lambda frame: frame["a"] + frame["b"] > 3, {2}),
        (lambda frame: frame["a"] * 2**53 < frame["b"] * 2.0**54, {4}),
        (lambda frame: (frame["day"] <= frame["due"]) & (frame["a"] > 0), {4}),
        (lambda frame: (frame["a"] > 0) & (frame["day"] <= frame["due"]), {4}),
        (lambda frame: frame["at"] < pd.Timestamp("2024-01-02"), {4}),
        (lambda frame: frame["name"].str.len() <= frame["b"], {4}),
        (lambda frame: frame["good"] & (frame["a"] > 0), {4}),
        (lambda frame: frame["b"].notna(), {3}),
    ],
    ids=[
        "remainder",
        "sum",
        "digits",
        "dates",
        "numbers and dates",
        "times",
        "texts",
        "truth",
        "gaps",
    ],
)
def test_a_rule_between_columns_of_any_type_spares_rows_with_gaps(tmp_path, rule, bad):
    """Whatever the rule computes, only what it finds among values that are there counts."""
    types = {"a": int, "b": int, "day": pa.Date, "due": pa.Date, "at": pd.Timestamp}
    types |= {"name": str, "good": bool}
    columns = {name: pa.Column(type_, nullable=True) for name, type_ in types.items()}
    rows = [
        "1,2,2024-01-01,2024-01-02,2024-01-01,ab,true",
        "3,,2024-01-01,,,,",
        "9,1,2024-01-03,2024-01-02,2024-01-03,abc,false",
        ",,,,,,",
    ]
    schema = pa.DataFrameSchema(columns, checks=pa.Check(rule))
    contract = Contract(model=schema, max_bad_share=1)
    assert {*kept_back(reading_of(tmp_path, rows, contract, header=",".join(types)))} == bad


def test_a_rule_for_one_row_at_a_time_may_say_and(tmp_path):
    """Python cannot tell whether a missing value is true; such a row is undecided."""
    rule = pa.Check(lambda row: row["a"] < row["b"] and row["a"] > 0, element_wise=True)
    columns = {"a": pa.Column(int), "b": pa.Column(int, nullable=True)}
    contract = Contract(model=pa.DataFrameSchema(columns, checks=rule), max_bad_share=1)
    assert [*kept_back(reading_of(tmp_path, ["1,2", "3,", "5,4"], contract, header="a,b"))] == [4]


@pytest.mark.parametrize("gap", ["", "\n,"])
@pytest.mark.parametrize(
    ("type_", "rule", "bad"),
    [
        (int, pa.Check.isin([2**53 + 1]), {2}),
        (int, pa.Check(lambda values: values > 2**53), {2}),
        (bool, pa.Check(lambda values: ~values), {3}),
        (bool, pa.Check(lambda values: values.map({True: False, False: True})), {3}),
    ],
)
def test_a_gap_changes_nothing_for_the_other_values(tmp_path, type_, rule, bad, gap):
    """Whole numbers stay exact, and truth values what they are."""
    columns = {"n": pa.Column(type_, rule, nullable=True)}
    first, second = ("false", "true") if type_ is bool else (2**53, 2**53 + 1)
    contract = Contract(model=pa.DataFrameSchema(columns), max_bad_share=1)
    rows = [f"{first},x", f"{second},x{gap}"]
    assert {*kept_back(reading_of(tmp_path, rows, contract, header="n,m"))} == bad


@pytest.mark.parametrize(
    ("type_", "rule", "bad"),
    [
        (int, pa.Check.ge(2, ignore_na=False), {2, 3}),
        (int, pa.Check.ne(1, ignore_na=False), {2}),
        (bool, pa.Check.eq(True, ignore_na=False), {3}),
    ],
)
def test_a_check_of_panderas_own_may_judge_gaps_too(tmp_path, type_, rule, bad):
    """As pandas does: a missing value is unlike any other, and not more than any."""
    columns = {"n": pa.Column(type_, rule, nullable=True)}
    contract = Contract(model=pa.DataFrameSchema(columns), max_bad_share=1)
    rows = [f"{'true' if type_ is bool else 1},x", ",x", f"{'true' if type_ is bool else 3},x"]
    assert {*kept_back(reading_of(tmp_path, rows, contract, header="n,m"))} == bad


def test_every_value_that_fails_counts_however_many_pandera_would_list(tmp_path):
    """What a check is to report at most lets no row through."""
    columns = {"n": pa.Column(int, pa.Check.ge(9, n_failure_cases=1))}
    contract = Contract(model=pa.DataFrameSchema(columns), max_bad_share=1)
    found = kept_back(reading_of(tmp_path, ["1,x", "9,x", "2,x"], contract, header="n,m"))
    assert [*found] == [2, 4]


def test_a_check_that_only_warns_keeps_nothing_back(tmp_path):
    """Neither one of a column nor one between columns."""
    rule = pa.Check(lambda found: found > 9, raise_warning=True)
    frame = pa.Check(lambda found: found["n"] > 9, raise_warning=True)
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(int, rule)}, checks=frame))
    assert reading_of(tmp_path, ["1,x"], contract, header="n,m").rows_good == 1


def test_a_check_has_the_contracts_own_words_or_plain_ones(tmp_path):
    """Whatever it is called, and whether it speaks of a column or of several."""
    rules = [pa.Check.ge(5, error="starts at five"), pa.Check.lt(0, name="negative")]
    columns = {"n": pa.Column(int, rules), "m": pa.Column(int)}
    schema = pa.DataFrameSchema(columns, checks=pa.Check.gt(3))
    contract = Contract(model=schema, max_bad_share=1, min_rows=0)
    row = kept_back(reading_of(tmp_path, ["1,2", "7,8"], contract, header="n,m"))[2]
    told = "starts at five | must be less than 0 | must be more than 3"
    assert row["_reason"] == told
    assert row["_check"] == "greater_than_or_equal_to | negative | greater_than"


def test_a_check_may_group_values(tmp_path):
    """By another column; what it finds must be a verdict, and speaks of the file as a whole."""

    def contract(rule, **of_frame):
        columns = {"n": pa.Column(int, rule and pa.Check(rule, groupby="m")), "m": pa.Column(str)}
        return Contract(model=pa.DataFrameSchema(columns, **of_frame))

    rows = ["1,x", "2,y", "3,y"]
    for rule in (
        lambda groups: groups["x"].mean() < groups["y"].mean(),
        lambda groups: pd.Series([len(each) < 3 for each in groups.values()]),
    ):
        assert reading_of(tmp_path, rows, contract(rule), header="n,m").rows_good == 3
    between = pa.Check(lambda groups: groups["x"]["n"].max() > 1, groupby="m", name="largest")
    with pytest.raises(ContractError, match=r"'largest' fails .* as a whole.*Correct the file"):
        reading_of(tmp_path, rows, contract(None, checks=between), header="n,m")
    for found in (None, pd.Series(["yes"]), pd.Series([None])):
        with pytest.raises(SettingsError, match="not True, False or a series of these"):
            reading_of(tmp_path, rows, contract(lambda _, found=found: found), header="n,m")


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


def test_a_reference_set_is_compared_as_the_column_is_read(tmp_path):
    """Without the spaces that coerce takes away, and without signs for missing values."""
    columns = {"t": pa.Column(str, coerce=True), "n": pa.Column(int, nullable=True)}
    known = {"t": frozenset({"a"}), "n": frozenset({"1"}), "u": frozenset({"b"})}
    contract = Contract(model=pa.DataFrameSchema(columns), references=known, max_bad_share=1)
    rows = [" a,1,b", "a,NA,b", "a,2,b", "a,1, b", "a,x,b"]
    found = kept_back(reading_of(tmp_path, rows, contract, header="t,n,u"))
    told = {line: (row["_column"], row["_check"]) for line, row in found.items()}
    assert told == {4: ("n", "reference"), 5: ("u", "reference"), 6: ("n", "type")}


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


@pytest.mark.parametrize(
    ("filled", "size", "block"),
    [(range(300, 600), 600, 300), (range(1, 9000, 2), 9000, 4 << 20)],
    ids=["late in the file", "every other row"],
)
def test_a_column_is_read_as_its_first_values_are_written(
    tmp_path, monkeypatch, filled, size, block
):
    """Wherever they stand: in the first block, or after many that have none."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    values = [f"{i % 28 + 1:02}/12/2024,{'yn'[i % 2]}" if i in filled else "," for i in range(size)]
    rows = [f"{i},{value}" for i, value in enumerate(values)]
    types = {"day": "datetime64[ns]", "good": bool}
    columns = {name: pa.Column(each, nullable=True, coerce=True) for name, each in types.items()}
    for model in (pa.DataFrameSchema(columns), None):
        reading = reading_of(tmp_path, rows, Contract(model=model), header="id,day,good")
        assert reading.quarantined == 0
        assert reading.columns[1].format == "DD/MM/YYYY"


@pytest.mark.parametrize("slow", range(4, 9))
def test_no_column_is_read_as_the_block_that_is_through_first_is_written(
    tmp_path, monkeypatch, slow
):
    """Threads may be through with later blocks before: the first value tells all the same."""
    check = BoundContract.check

    def check_slowly(self, rows):
        time.sleep(0.05 * (slow in rows[LINE].to_pylist()))
        return check(self, rows)

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 9)
    monkeypatch.setattr(BoundContract, "check", check_slowly)
    rows = ["0000001,", "0000002,", "0000003,", "0000004,1.50 €", '0000005,"2,50 €"', "6,3.50 €"]
    prices = pa.DataFrameSchema({"price": pa.Column(float, coerce=True, nullable=True)})
    contract = Contract(model=prices, max_bad_share=1)
    assert list(kept_back(reading_of(tmp_path, rows, contract, header="id,price"))) == [6]


@pytest.mark.parametrize(
    ("first", "type_"),
    [("01/02/2024", "datetime64[ns]"), ("unknown", "datetime64[ns]"), ("unknown", bool)],
)
def test_values_further_down_tell_where_the_first_do_not(tmp_path, monkeypatch, first, type_):
    """They could be of several formats, or are of none."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 9)
    plain = "yes" if type_ is bool else "13/02/2024"
    rows = [f"000000{i},{value}" for i, value in enumerate(["", first, "", plain, plain])]
    model = pa.DataFrameSchema({"v": pa.Column(type_, coerce=True, nullable=True)})
    reading = reading_of(tmp_path, rows, Contract(model=model), header="id,v")
    assert reading.quarantined == (first == "unknown")
    assert reading.columns[1].format == ("yes/no" if type_ is bool else "DD/MM/YYYY")


def test_missing_unknown_and_misplaced_columns(tmp_path):
    """Each is told by name, before any row is read."""
    rows = ["1,2,DE,001,"]
    with pytest.raises(ContractError, match="asks for 'country'"):
        reading_of(tmp_path, rows, header="id,price,land,code,sent")
    more = {"header": HEADER + ",extra", "rows": ["1,2,DE,001,,x"]}
    with pytest.raises(ContractError, match="does not know 'extra'"):
        reading_of(tmp_path, contract=LENIENT.model_copy(update={"unknown": "refuse"}), **more)
    dropped = reading_of(tmp_path, contract=LENIENT.model_copy(update={"unknown": "drop"}), **more)
    assert [column.name for column in dropped.columns] == HEADER.split(",")
    assert len(reading_of(tmp_path, **more).columns) == 6
    fixed = LENIENT.model_copy(update={"order": "fixed"})
    with pytest.raises(ContractError, match="in the order"):
        reading_of(tmp_path, ["2,1,DE,001,"], fixed, header="price,id,country,code,sent")


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("a,m_2,m_1,z", None),
        ("a,z", None),
        ("a,m_1,z,m_2", "'a', 'm_1', 'm_2', 'z'"),
        ("m_1,a", "'a', 'm_1'"),
    ],
)
def test_columns_that_match_a_pattern_stand_where_it_stands(tmp_path, header, wanted):
    """In any order among themselves."""
    columns = {
        "a": pa.Column(str),
        "^m_": pa.Column(str, regex=True, required=False),
        "z": pa.Column(str, required=False),
    }
    contract = Contract(model=pa.DataFrameSchema(columns), order="fixed")
    row = ",".join("x" for _ in header.split(","))
    if wanted is None:
        assert reading_of(tmp_path, [row], contract, header=header).rows_good == 1
        return
    with pytest.raises(ContractError, match=f"asks for {wanted}\\."):
        reading_of(tmp_path, [row], contract, header=header)


def test_columns_of_keys_that_are_missing_are_told_in_the_contracts_order(tmp_path):
    """So that the same file is always refused in the same words."""
    contract = Contract(unique=(("sent", "price"), ("land",), ("code", "street")))
    told = "asks for 'sent', 'price', 'land', 'code', 'street', which"
    with pytest.raises(ContractError, match=told):
        reading_of(tmp_path, ["1,2"], contract, header="a,b")


def test_a_pattern_that_no_column_matches_is_a_missing_column(tmp_path):
    """Unless it is not required."""
    schema = pa.DataFrameSchema({"^m_": pa.Column(int, regex=True)})
    with pytest.raises(ContractError, match=r"asks for '\^m_', which the file does not have"):
        reading_of(tmp_path, ["1,2"], Contract(model=schema), header="a,b")
    lenient = Contract(model=schema.update_columns({"^m_": {"required": False}}))
    assert reading_of(tmp_path, ["1,2"], lenient, header="a,b").rows_good == 1


@pytest.mark.parametrize("other", ["^m_1", "m_1"])
def test_a_column_of_which_the_model_speaks_twice_is_refused(tmp_path, other):
    """Nobody takes it for held to both."""
    columns = {"^m_": pa.Column(int, regex=True)}
    columns[other] = pa.Column(int, pa.Check.ge(5), regex=other.startswith("^"))
    contract = Contract(name="rates", model=pa.DataFrameSchema(columns))
    with pytest.raises(SettingsError, match=r"rates.py: .* speaks of 'm_1' as '.*m_.*, '.*m_"):
        reading_of(tmp_path, ["1,2"], contract, header="m_1,m_2")


def test_the_stricter_of_contract_and_model_holds(tmp_path):
    """And the refusal names both, so that whoever follows it is not refused again."""
    columns = {"n": pa.Column(int), "m": pa.Column(int)}
    strict = pa.DataFrameSchema(columns, strict=True)
    with pytest.raises(ContractError, match="in the contract and leave strict out of its model"):
        reading_of(tmp_path, ["1,2,3"], Contract(model=strict, unknown="keep"), header="n,m,o")
    ordered = pa.DataFrameSchema(columns, ordered=True)
    with pytest.raises(ContractError, match="in the contract and leave ordered out of its model"):
        reading_of(tmp_path, ["1,2"], Contract(model=ordered, order="free"), header="m,n")


def test_row_counts_are_held_to(tmp_path):
    """Too few and too many good rows refuse the file."""
    with pytest.raises(ContractError, match=r"at least 5.*complete the file"):
        reading_of(tmp_path, GOOD, LENIENT.model_copy(update={"min_rows": 5}))
    with pytest.raises(ContractError, match=r"allows 3.*Split the file"):
        reading_of(tmp_path, GOOD, LENIENT.model_copy(update={"max_rows": 3}))


@pytest.mark.parametrize(("kinds", "end"), [(5, r"line 6\)\."), (8, r"; and 3 more kinds\.")])
def test_a_refusal_over_bad_rows_tells_five_reasons_and_counts_the_others(tmp_path, kinds, end):
    """Nobody takes five of eight reasons for all."""
    columns = {f"c{i}": pa.Column(int) for i in range(kinds)}
    contract = Contract(model=pa.DataFrameSchema(columns), max_bad_share=0)
    rows = [",".join("x" if i == bad else "1" for i in range(kinds)) for bad in range(kinds)]
    with pytest.raises(ContractError, match=rf"share of 0 that is allowed: c0 .*{end}"):
        reading_of(tmp_path, rows, contract, header=",".join(columns))


def test_a_short_row_is_measured_by_the_table_where_its_header_is_short(tmp_path):
    """A name was made up for the row names, so that the header is no measure."""
    path = tmp_path / "file.csv"
    path.write_text("name,v,w\n1,a,2,old\n2,b,3,new\n3,c,7\n", encoding="utf-8")
    how = {"options": ReadOptions(), "check": CheckOptions(), "contract": Contract()}
    found = kept_back(validate_file(path, tmp_path, **how))
    assert found[4]["_reason"] == "has 3 cells where the table has 4 columns"


def test_the_hash_changes_with_any_rule():
    """Policy, model and reference sets all count."""
    hashes = {
        LENIENT.hash,
        LENIENT.model_copy(update={"min_rows": 2}).hash,
        LENIENT.model_copy(update={"model": None}).hash,
        LENIENT.model_copy(update={"references": {"code": frozenset({"1"})}}).hash,
    }
    assert len(hashes) == 4
    assert LENIENT.hash == LENIENT.model_copy().hash


def test_the_same_file_passes_its_drafted_contract(tmp_path):
    """Names that Python does not take, choices, codes, dates and gaps included."""
    rows = [f"{i},{i % 3 or ''},{'ab'[i % 2]},{i:04},{i % 28 + 1:02}.01.2024" for i in range(60)]
    header = "no.,two words,class,code,day"
    reading = reading_of(tmp_path, rows, Contract(), header=header)
    source = tmp_path / "drafted.py"
    source.write_text(draft(reading, "my data"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("drafted", source)
    module = importlib.util.module_from_spec(spec)
    sys.modules["drafted"] = module
    spec.loader.exec_module(module)
    again = reading_of(tmp_path, rows, module.CONTRACT, header=header)
    assert (again.rows_good, again.quarantined) == (60, 0)
    assert "str_matches" in source.read_text(encoding="utf-8")
    worse = reading_of(tmp_path, [*rows, "60,1,c,0060,01.01.2024"], module.CONTRACT, header=header)
    assert [row["_column"] for row in kept_back(worse).values()] == ["class"]


MESSY = {
    "padded texts": ["  ok ", "ok", "bad", "bad  "],
    "signs for missing ones": ["ok", "-", "bad", "NA"],
    "padded and empty": ["a", " ", "b", "", " a"],
    "codes with gaps": ["00501", "10115 ", "", "99999"],
    "codes of thousands of digits": ["0" + "1" * 1500, "0" + "2" * 1500],
    "decomposed": ["cafe\u0301", "caf\u00e9", "th\u00e9"],
    "numbers with gaps": ["5", " 7", "NA", "-", "1000"],
    "dates": ["31/12/2024", "01/02/2024 ", "n/a"],
    "seldom": ["a", *["b"] * 70],
    "truth": ["yes", "no", " yes"],
    "nothing": ["", "  "],
    "closed": ["red", "green", "blue"],
}


def loaded(folder, source):
    """The contract that a module's source defines."""
    file = folder / f"drafted_{uuid.uuid4().hex}.py"
    file.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module.CONTRACT


def drafted(folder, reading):
    """The contract that a draft's own source defines, and the source."""
    source = draft(reading, "drafted")
    return loaded(folder, source), source


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    names=st.lists(st.sampled_from([*MESSY]), min_size=1, max_size=6, unique=True),
    rows=st.sampled_from([9, 60, 150]),
    turn=st.integers(1, 7),
)
def test_a_file_and_its_cleaned_table_pass_its_draft(tmp_path, names, rows, turn):
    """Whatever is padded, missing, decomposed or empty: nothing is kept back from either."""
    columns = [range(rows), *(MESSY[name] for name in names)]
    lines = [",".join(str(c[i * turn % len(c)]) for c in columns) for i in range(rows)]
    header = ",".join(["id", *names])
    reading = reading_of(tmp_path, lines, Contract(), header=header)
    contract, source = drafted(tmp_path, reading)
    prepared = preprocess_rows(reading, tmp_path / "scratch", PrepareOptions())
    cleaned = prepared.csv.read_text(encoding="utf-8-sig").splitlines()

    again = reading_of(tmp_path, lines, contract, header=header)
    tidy = reading_of(tmp_path, cleaned[1:], contract, header=cleaned[0])

    assert (again.quarantined, tidy.quarantined) == (0, 0), source


@pytest.mark.parametrize("written", ["%m/%d/%Y", "%d-%m-%Y", "%d/%m/%Y %H:%M"])
def test_a_draft_keeps_the_order_of_dates_that_its_file_tells(tmp_path, written):
    """Another file, in which no day is past the twelfth, is read in the same order."""
    days = [pd.Timestamp(2024, 1 + i % 12, 1 + i % 28) for i in range(60)]
    rows = [f"{i},{day.strftime(written)}" for i, day in enumerate(days)]
    contract, _ = drafted(tmp_path, reading_of(tmp_path, rows, Contract(), header="id,day"))
    assert reading_of(tmp_path, rows, contract, header="id,day").quarantined == 0
    few = [f"1,{pd.Timestamp(2024, 3, 4).strftime(written)}"]
    (value,) = values_of(reading_of(tmp_path, few, contract, header="id,day"), 1)
    assert (value.month, value.day) == (3, 4)


def test_a_draft_holds_plainly_closed_sets_alone_to_their_texts(tmp_path):
    """What is padded, rare or perhaps missing stands in a comment, as far as it is few."""
    names = ["closed", "padded texts", "signs for missing ones", "seldom"]
    rows = [",".join(MESSY[name][i % len(MESSY[name])] for name in names) for i in range(71)]
    header = ",".join(names)
    contract, source = drafted(tmp_path, reading_of(tmp_path, rows, Contract(), header=header))
    assert source.count("isin=") == 2
    assert "closed: str = pa.Field(isin=['blue', 'green', 'red'])" in source
    assert "isin=['bad', 'ok']" in source
    assert "# Seen: 'a' (1), 'b' (70)." in source
    assert "# If '-', 'NA' stands for a missing value, name it in `missing`." in source
    worse = reading_of(tmp_path, [*rows, "pink,ok,?,c"], contract, header=header)
    assert [row["_column"] for row in kept_back(worse).values()] == ["closed"]


def test_a_draft_of_a_wide_file_takes_few_statements(tmp_path, monkeypatch):
    """And each column has its own rules, wherever it stands."""
    asked = []
    monkeypatch.setattr(drafting, "first", lambda *to: asked.append(to) or first(*to))
    names = [f"{kind}{i}" for i in range(150) for kind in ("letter", "code", "number")]
    cells = [f"{letter},{i:02},{i - 5}" for i in range(60) for letter in "xyz"]
    rows = [",".join([cell] * 150) for cell in cells]
    reading = reading_of(tmp_path, rows, Contract(), header=",".join(names))
    source = drafting.draft(reading, "wide")
    assert len(asked) == 5
    for i in range(150):
        assert f"letter{i}: str = pa.Field(isin=['x', 'y', 'z'])" in source
        assert f'code{i}: str = pa.Field(str_matches=r"^[0-9]{{2}}$")' in source
        assert f"number{i}: int = pa.Field()" in source


def test_a_file_whose_large_amounts_come_late_passes_its_draft(tmp_path):
    """The draft types the column by all its values, and so reads them."""
    amounts = [f"{place + 1},50" for place in range(400)]
    amounts[390] = "1.490,50"
    rows = [f'{place},"{amount}"' for place, amount in enumerate(amounts)]
    reading = reading_of(tmp_path, rows, Contract(), header="id,amount")
    contract, source = drafted(tmp_path, reading)
    assert "amount: float" in source
    assert reading_of(tmp_path, rows, contract, header="id,amount").quarantine is None


@pytest.mark.parametrize(
    ("texts", "odd", "written", "type_"),
    [
        ([str(i) for i in range(99)], "abc", "whole numbers", "int"),
        (["1.50"] * 98 + ['"1,490.50"'], "abc", "numbers written 1,234.56", "float"),
        (["yes", "no"] * 50, "maybe", "truth values written yes/no", "bool"),
    ],
    ids=["numbers", "few large amounts", "words"],
)
def test_a_draft_shows_the_line_that_would_type_a_column(tmp_path, texts, odd, written, type_):
    """Taken instead of the other one, it keeps the odd row back and types the rest."""
    rows = [f"n{i},{text}" for i, text in enumerate([*texts, odd])]
    _, source = drafted(tmp_path, reading_of(tmp_path, rows, Contract(), header="id,value"))
    says = f"{len(texts)} of {len(rows)} are {written}, but '{odd}' on line {len(rows) + 1} is not"
    assert f"# {says}." in source
    typed = source.replace("    value: str = pa.Field()\n", "")
    typed = typed.replace(f"# value: {type_}", f"value: {type_}")
    reading = reading_of(tmp_path, rows, loaded(tmp_path, typed), header="id,value")
    assert reading.columns[1].kind != "text"
    assert [*kept_back(reading)] == [len(rows) + 1]


@pytest.mark.parametrize("odd", ["maybe", "true", "True", "ja", "0"])
@pytest.mark.parametrize("words", [["yes", "no"], ["Y", "N"], ["yes"], ["non"]], ids="/".join)
def test_an_odd_truth_value_makes_its_own_row_bad(tmp_path, words, odd):
    """Also where the odd one alone looks like a truth value, and the others do not."""
    contract = Contract(model=pa.DataFrameSchema({"active": pa.Column(bool, coerce=True)}))
    rows = [f"{i},{words[i % len(words)]}" for i in range(50)]
    reading = reading_of(tmp_path, [f"x,{odd}", *rows], contract, header="id,active")
    assert list(kept_back(reading)) == [2]
    assert reading.columns[1].kind == "boolean"


def test_a_narrow_type_bounds_its_values(tmp_path):
    """What `uint8` cannot hold is kept back with the bounds."""
    types = {"n": "uint8", "m": "int16", "f": "float16"}
    schema = pa.DataFrameSchema({name: pa.Column(type_) for name, type_ in types.items()})
    rows = ["0,-32768,-65504", "255,32767,1", "256,1,1", "-1,1,1", "1,32768,1", "1,1,1e9"]
    reading = reading_of(tmp_path, rows, Contract(model=schema, max_bad_share=1), header="n,m,f")
    reasons = {line: row["_reason"] for line, row in kept_back(reading).items()}
    assert reasons == {
        4: "must be between 0 and 255",
        5: "must be between 0 and 255",
        6: "must be between -32768 and 32767",
        7: "must be between -65504.0 and 65504.0",
    }


def _broken(values):
    raise ValueError("no such rate")


def _exits(values):
    sys.exit(9)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (
            pa.Column(int, pa.Check(_broken, name="rate")),
            "'rate' of 'n' itself failed: .*no such rate",
        ),
        (pa.Column(int, pa.Check(_exits)), "A check ends Python, with 9"),
        (pa.Column(int, parsers=pa.Parser(abs)), "parsers, which would change values"),
    ],
)
def test_a_contract_that_cannot_judge_says_so(tmp_path, column, says):
    """Not the file is refused: the contract is named, with what is wrong in it."""
    contract = Contract(name="rates", model=pa.DataFrameSchema({"n": column}))
    with pytest.raises(SettingsError, match=f"schemas/rates.py: .*{says}"):
        reading_of(tmp_path, ["1,2"], contract, header="n,m")


@pytest.mark.parametrize("found", [None, "yes", [True], re.match("1", "1")], ids=str)
@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_check_without_a_verdict_is_the_contracts_mistake(tmp_path, found, one_by_one):
    """No row passes because a check forgot its `return` or its `bool(...)`."""
    rule = pa.Check(lambda _: found, element_wise=one_by_one, name="rate")
    columns = {"n": pa.Column(int, rule)}
    between = {"n": pa.Column(int), "m": pa.Column(int)}
    for schema in (pa.DataFrameSchema(columns), pa.DataFrameSchema(between, checks=rule)):
        contract = Contract(name="rates", model=schema)
        with pytest.raises(
            SettingsError, match=r"'rate'.* itself failed: .*not True, False or a s"
        ):
            reading_of(tmp_path, ["1,2", "3,4"], contract, header="n,m")


@pytest.mark.parametrize("found", [True, pd.Series([1, 1]), pd.Series([True, True])], ids=repr)
def test_a_verdict_may_be_of_any_form(tmp_path, found):
    """True or false, once or for each value."""
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(int, pa.Check(lambda _: found))}))
    assert reading_of(tmp_path, ["1,2", "3,4"], contract, header="n,m").rows_good == 2


@pytest.mark.parametrize(
    ("type_", "rule", "says"),
    [
        (int, pa.Check.isin(["1", "2"]), "'isin' compares 'n' with '1', '2', .* type is integer"),
        (str, pa.Check.notin([0]), "'notin' compares 'n' with 0, but its type is text"),
        (bool, pa.Check.ne("false"), "'not_equal_to' compares 'n' with 'false', .* is boolean"),
        (pd.Timestamp, pa.Check.isin(["2024-01-01"]), "with '2024-01-01', but its type is times"),
        (pa.Date, pa.Check.eq(pd.Timestamp("2024-01-01")), "with Timestamp.*, but its type is da"),
    ],
)
def test_a_check_that_compares_with_another_type_is_the_contracts_mistake(
    tmp_path, type_, rule, says
):
    """It would let all values through, or none, and the file is not to blame."""
    contract = Contract(name="rates", model=pa.DataFrameSchema({"n": pa.Column(type_, rule)}))
    with pytest.raises(SettingsError, match=f"schemas/rates.py: The check .*{says}"):
        reading_of(tmp_path, ["1,2"], contract, header="n,m")


@pytest.mark.parametrize(
    ("type_", "rule", "text"),
    [
        (int, pa.Check.isin([1.0, "?"]), "1"),
        (float, pa.Check.eq(Decimal(1)), "1"),
        (bool, pa.Check.isin([1]), "true"),
        (str, pa.Check.isin(pd.Series(["1"])), "1"),
        (pd.Timestamp, pa.Check.eq("2024-01-01"), "2024-01-01"),
        (pd.Timestamp, pa.Check.isin([pd.Timestamp("2024-01-01")]), "2024-01-01"),
    ],
)
def test_a_check_may_compare_with_what_can_be_the_same(tmp_path, type_, rule, text):
    """In whatever type Python has it."""
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(type_, rule)}))
    assert reading_of(tmp_path, [f"{text},2"], contract, header="n,m").rows_good == 1


ROWS = {"a": ["1", "", "9", "4"], "b": ["2", "3", "1", ""]}


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        (lambda frame: frame.notna(), {3, 5}),
        (lambda frame: frame[["a"]] < 9, {4}),
        (lambda frame: frame.sort_values("b")["a"] < 9, {4}),
    ],
    ids=["table", "some columns", "other order"],
)
def test_a_row_has_the_verdicts_that_bear_its_index(tmp_path, rule, bad):
    """All of them, where a rule between columns has one for each cell, and in any order."""
    columns = {name: pa.Column(int, nullable=True) for name in ROWS}
    schema = pa.DataFrameSchema(columns, checks=pa.Check(rule))
    rows = [",".join(row) for row in zip(*ROWS.values(), strict=True)]
    contract = Contract(model=schema, max_bad_share=1)
    assert {*kept_back(reading_of(tmp_path, rows, contract, header="a,b"))} == bad


def test_verdicts_without_an_index_of_their_own_stand_in_the_order_of_the_values(tmp_path):
    """Of those that are not missing, which is all that a check sees."""
    rule = pa.Check(lambda values: pd.Series([value < 5 for value in values]))
    contract = Contract(model=pa.DataFrameSchema({"a": pa.Column(int, rule, nullable=True)}))
    assert {*kept_back(reading_of(tmp_path, ["1,", ",", "9,", "4,"], contract, header="a,b"))} == {
        4
    }


@pytest.mark.parametrize(
    "rule",
    [
        lambda values: values[values > 1] > 0,
        lambda values: values.value_counts() == 1,
        lambda values: values.head(0) > 1,
    ],
    ids=["some rows", "other rows", "no rows"],
)
def test_verdicts_of_other_rows_are_the_contracts_mistake(tmp_path, rule):
    """No row passes because nothing was said of it."""
    columns = {"n": pa.Column(int, pa.Check(rule)), "m": pa.Column(int)}
    between = pa.Check(lambda frame: rule(frame["n"]))
    plain = {"n": pa.Column(int), "m": pa.Column(int)}
    for schema in (pa.DataFrameSchema(columns), pa.DataFrameSchema(plain, checks=between)):
        with pytest.raises(SettingsError, match=r"verdicts? for 3 rows; it has to return"):
            reading_of(tmp_path, ["1,1", "2,2", "3,3"], Contract(model=schema), header="n,m")


def _model(**body):
    return type("Rates", (pa.DataFrameModel,), {"__module__": __name__, **body})


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (type("Rates", (), {}), "none of pandera.pandas but <class '.*Rates'>"),
        (_model(__annotations__={"n": "itn"}), "NameError: name 'itn' is not defined"),
        (_model(__annotations__={"n": typing.Literal["1"]}), "Invalid annotation 'n: typing.Li"),
        (_model(__annotations__={"n": pd.DatetimeTZDtype}), "A 'tz' is required"),
        (_model(__annotations__={"n": int}, rule=pa.check("zz")(all)), "non-existing field 'zz'"),
        (_model(__annotations__={"n": int}, rule=pa.check(all)), "'rule' names no column"),
        (pa.DataFrameSchema({"n": pa.Column(int)}, unique=["zz"]), "names 'zz', of which it has"),
        (pa.DataFrameSchema({"(": pa.Column(int, regex=True)}), "error: missing \\)"),
    ],
    ids=["no model", "name", "literal", "bare type", "check", "bare check", "key", "pattern"],
)
def test_a_broken_model_is_the_contracts_mistake(tmp_path, model, says):
    """However it is broken, the module to be corrected is named, and the file is not refused."""
    contract = Contract(name="rates", model=model)
    with pytest.raises(SettingsError, match=f"schemas/rates.py: .*{says}"):
        reading_of(tmp_path, ["1,2"], contract, header="n,m")


@pytest.mark.parametrize(
    "type_",
    [
        *(pd.Timedelta, bytes, list, list[int], pd.CategoricalDtype(["7"]), complex, Decimal),
        pandera.engines.pandas_engine.Decimal(10, 2),
        pd.DatetimeTZDtype(tz="UTC"),
    ],
    ids=str,
)
def test_a_type_that_holds_nothing_back_is_refused(tmp_path, type_):
    """Nobody takes a column for checked that no text is held to."""
    contract = Contract(name="rates", model=pa.DataFrameSchema({"n": pa.Column(type_)}))
    with pytest.raises(SettingsError, match=r"schemas/rates.py: .*'n' the type .*Make it int"):
        reading_of(tmp_path, ["hello,2"], contract, header="n,m")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"index": pa.Index(int, pa.Check.ge(1))}, "an index, which no file has"),
        ({"dtype": int}, "one type, int64, for all columns"),
    ],
)
def test_what_speaks_of_no_column_is_refused(tmp_path, said, says):
    """Nobody takes it for checked."""
    contract = Contract(name="rates", model=pa.DataFrameSchema({"n": pa.Column(int)}, **said))
    with pytest.raises(SettingsError, match=f"schemas/rates.py: The contract's model has {says}"):
        reading_of(tmp_path, ["1,2"], contract, header="n,m")


def test_a_part_of_a_key_may_be_a_column_that_not_every_file_has(tmp_path):
    """Where it is missing, the file is refused by its name."""
    columns = {"n": pa.Column(int), "m": pa.Column(int, required=False)}
    contract = Contract(model=pa.DataFrameSchema(columns, unique=["n", "m"]))
    assert reading_of(tmp_path, ["1,2"], contract, header="n,m").rows_good == 1
    with pytest.raises(ContractError, match="asks for 'm'"):
        reading_of(tmp_path, ["1,2"], contract, header="n,o")


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (pa.Check.str_length(max_value=2), "must have at most 2 characters"),
        (pa.Check.str_length(min_value=4), "must have at least 4 characters"),
        (pa.Check.str_length(4, 5), "must have at least 4 characters, at most 5"),
        (pa.Check.str_length(exact_value=1), "must have 1 character"),
        (pa.Check.isin({"y", "x"}), "must be one of 'x', 'y'"),
        (pa.Check.isin([*map(str, range(99))]), "must be one of '0', .*, '19' and 79 more"),
        (pa.Check.notin(["abc"]), "must not be one of 'abc'"),
        (pa.Check.in_range("b", "d"), "must be between b and d"),
        (pa.Check.in_range("b", "d", include_min=False), "must be more than b and at most d"),
        (pa.Check.in_range("b", "d", include_max=False), "must be at least b and less than d"),
    ],
)
def test_limits_are_told_as_they_are(tmp_path, check, reason):
    """A bound that is not given is not named, nor more of a long list than anyone reads."""
    schema = pa.DataFrameSchema({"c": pa.Column(str, check)})
    contract = Contract(model=schema, max_bad_share=1, min_rows=0)
    row = kept_back(reading_of(tmp_path, ["abc,1"], contract, header="c,n"))[2]
    assert re.fullmatch(reason, row["_reason"])


def test_a_draft_takes_columns_of_any_name(tmp_path):
    """Names that Python or the model use for themselves, that coincide or that Python composes."""
    header = ["str", "int", "pa", "pd", "class", "validate", "Config", "a b", "a_b", "A-B", "1st"]
    header += ["Gro\u0308ße", "\ufb01"]
    rows = [",".join(str(i * k) for k in range(len(header))) for i in range(1, 9)]
    reading = reading_of(tmp_path, rows, Contract(), header=",".join(header))
    scope: dict[str, object] = {"__name__": "drafted_names"}
    sys.modules["drafted_names"] = types.ModuleType("drafted_names")
    exec(draft(reading, "contract"), scope)
    contract = scope["CONTRACT"].model_copy(update={"unknown": "refuse", "order": "fixed"})
    bound = BoundContract(contract, header)
    assert [each.name for each in bound.expected] == header


BEFORE = Layout(names=("id", "name", "price"), kinds=("integer", "text", "decimal"))


@pytest.mark.parametrize(
    ("names", "kinds", "changes"),
    [
        (("id", "name", "price"), ("integer", "text", "decimal"), set()),
        (
            ("id", "name", "price", "vat"),
            ("integer", "text", "decimal", "decimal"),
            {("added", "vat")},
        ),
        (("id", "price"), ("integer", "decimal"), {("removed", "name")}),
        (("id", "Name ", "price"), ("integer", "text", "decimal"), {("renamed", "Name ")}),
        (("id", "label", "price"), ("integer", "text", "decimal"), {("renamed", "label")}),
        (("id", "name", "price"), ("text", "text", "decimal"), {("retyped", "id")}),
        (("name", "id", "price"), ("text", "integer", "decimal"), {("reordered", "name")}),
        (
            ("id", "day", "price"),
            ("integer", "date", "decimal"),
            {("removed", "name"), ("added", "day")},
        ),
    ],
)
def test_differences_from_the_last_file_are_told_apart(names, kinds, changes):
    """Added, removed, likely renamed, retyped, reordered."""
    found = compare(BEFORE, Layout(names=names, kinds=kinds))
    assert {(each.change, each.column) for each in found} == changes


def test_a_layout_with_a_kind_too_few_is_none():
    """What is remembered of the last file counts as unreadable then."""
    with pytest.raises(ValidationError, match="there are 2 names and 1 kinds"):
        Layout.model_validate_json('{"names": ["a", "b"], "kinds": ["text"]}')


def test_a_column_of_the_contract_stays_where_it_has_no_value(tmp_path):
    """Whoever reads the results finds the same columns each time; others that are empty go."""

    class Sent(pa.DataFrameModel):
        sent: str = pa.Field(nullable=True)

    rows = ["1,,", "2,,"]
    reading = reading_of(tmp_path, rows, Contract(model=Sent), header="id,sent,spare")
    assert preprocess_rows(reading, tmp_path / "scratch", PrepareOptions()).columns == (
        "id",
        "sent",
    )


def test_drift_is_refused_accepted_or_set_aside(tmp_path):
    """The policy is the contract's, unless the run says otherwise."""
    before = Layout(names=("id",), kinds=("integer",))
    more = {"header": "id,new", "rows": ["1,x", "2,y"], "contract": Contract(), "previous": before}
    assert [each.change for each in reading_of(tmp_path, **more).drift] == ["added"]
    with pytest.raises(DriftError, match="'new' is new"):
        reading_of(tmp_path, drift=DriftPolicy.REFUSE, **more)
    aside = reading_of(tmp_path, drift=DriftPolicy.SET_ASIDE, **more)
    assert [column.name for column in aside.columns] == ["id"]
    assert pd.read_parquet(aside.aside).to_dict("list") == {"_line": [2, 3], "new": ["x", "y"]}
    schema = pa.DataFrameSchema({"id": pa.Column(int), "new": pa.Column(str)})
    named = Contract(model=schema, drift=DriftPolicy.SET_ASIDE)
    assert reading_of(tmp_path, **(more | {"contract": named})).aside is None


def test_a_column_without_values_has_no_kind_that_could_change(tmp_path):
    """It is no text in a month in which nothing stands there, nor does it become what it was."""
    refused = {"header": "id,sent", "contract": Contract(drift=DriftPolicy.REFUSE)}
    first = reading_of(tmp_path, ["1,2024-01-01", "2,"], **refused).layout
    second = reading_of(tmp_path, ["1,", "2,"], previous=first, **refused).layout
    third = reading_of(tmp_path, ["1,2024-01-01", "2,"], previous=second, **refused).layout
    assert [each.kinds[1] for each in (first, second, third)] == ["date", None, "date"]
    with pytest.raises(DriftError, match="'sent' was date and is text now"):
        reading_of(tmp_path, ["1,x", "2,"], previous=third, **refused)


def test_a_column_of_the_contract_has_the_type_that_it_says_whatever_a_file_holds(tmp_path):
    """Whole prices one month, or none, are no drift; in other columns a new kind is."""
    before = Layout(names=("price", "day", "n"), kinds=("integer", "date", "integer"))
    types = {"price": float, "day": pd.Timestamp}
    columns = {name: pa.Column(type_, nullable=True) for name, type_ in types.items()}
    contract = Contract(model=pa.DataFrameSchema(columns), drift=DriftPolicy.REFUSE)
    how = {"header": "price,day,n", "contract": contract, "previous": before}
    assert reading_of(tmp_path, ["1.5,2024-01-01 10:00:00,1", ",,2"], **how).drift == ()
    assert reading_of(tmp_path, [",,1", ",,2"], **how).drift == ()
    with pytest.raises(DriftError, match="file: 'n' was integer and is text now"):
        reading_of(tmp_path, ["1,2024-01-01,x"], **how)


def test_as_many_decimals_as_the_first_values_have_are_not_asked_of_all(tmp_path, monkeypatch):
    """A decimal comma stays one where later values have more digits behind it, or fewer."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 60)
    schema = pa.DataFrameSchema({"n": pa.Column(float, coerce=True)})
    rows = [f'{i},"{n}"' for i, n in enumerate([*["2,25"] * 20, "1,5", "100,125", "3"])]
    reading = reading_of(tmp_path, rows, Contract(model=schema), header="id,n")
    assert reading.quarantine is None
    assert reading.columns[1].sql_type == "DECIMAL(18,3)"


def test_a_float_has_the_digits_that_programs_write(tmp_path):
    """Zeros behind the mark come on top of the seventeen that tell a double from all others."""
    texts = ["0.00012345678901234567", "0.0000012345678901234567", "1.2345678901234567e-300"]
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(float)}))
    reading = reading_of(tmp_path, [f"{text},x" for text in texts], contract, header="n,m")
    assert values_of(reading, 0) == [*map(float, texts)]


LATE = {
    "a point": (float, "{},50", "1.490,50", 1490.5),
    "a comma": (float, "{}.50", "1,490.50", 1490.5),
    "a blank": (float, "{},5", "1 490,5", 1490.5),
    "a narrow no-break space": (float, "{},50", "1\u202f490,50", 1490.5),
    "currency": (float, "€{},50", "€1.234.567,50", 1234567.5),
    "lakhs": (float, "{}.50", "12,34,567.50", 1234567.5),
    "whole numbers": (int, "{}", "1,490", 1490),
    "whole numbers with points": (int, "{}", "1.234.567", 1234567),
    "the first decimals": (float, "{}", "12,5", 12.5),
    "a large decimal": (float, "{} %", "1.490,50 %", 1490.5),
    "a minus behind": (float, "{}.50", "23.5-", -23.5),
    "brackets": (float, "${}.50", "($1,490.5)", -1490.5),
}
"""A type, how most numbers are written, and one that comes late."""


@pytest.fixture(params=[600, 4 << 20], ids=["many blocks", "one block"])
def cut(request, monkeypatch):
    """Let a file be cut into small blocks, or not at all."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", request.param)


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(("at", "odd"), [(30, 120), (390, 0), (499, 450)])
@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_numbers_may_show_late_how_they_are_written(tmp_path, late, at, odd):
    """The first ones may all be small, whole or positive; an odd word is one bad row, no more."""
    type_, most, text, value = late
    texts = [most.format(place + 1) for place in range(500)]
    texts[at], texts[odd] = text, "abc"
    rows = [f'{place},"{text}"' for place, text in enumerate(texts)]
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(type_, coerce=True)}))
    reading = reading_of(tmp_path, rows, contract, header="id,n")
    assert [*kept_back(reading)] == [odd + 2]
    assert reading.columns[1].kind == ("integer" if type_ is int else "decimal")
    assert values_of(reading, 1)[at - (odd < at)] == value


@pytest.mark.usefixtures("cut")
def test_separators_of_thousands_may_be_left_out_beside_a_decimal_mark(tmp_path):
    """Whichever way is seen first."""
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(float, coerce=True)}))
    for texts in (["1,50", "1490,50", "1.490,50"], ["1,50", "1.490,50", "1490,50"]):
        rows = [f'{i},"{text}"' for i, text in enumerate([texts[0]] * 300 + texts[1:])]
        reading = reading_of(tmp_path, rows, contract, header="id,n")
        assert values_of(reading, 1)[-2:] == [1490.5, 1490.5]


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(
    ("type_", "many", "text"),
    [
        (int, [str(place) for place in range(999)], "1.500"),
        (int, [str(place) for place in range(990, 1999)], "1,500"),
        (float, [f"{place},25" for place in range(999)], "1.500"),
        (float, [f"{place},25" for place in range(999)], "1,490.50"),
        (float, [str(place) for place in range(999)], "1,500"),
        (float, [*map(str, range(990)), "1.5"], "2,5"),
        (float, [*map(str, range(990)), "-1.5"], "2.5-"),
        (float, [str(place) for place in range(999)], "65-"),
    ],
    ids=[
        *("one point", "whole numbers without", "no mark", "other marks"),
        *("either mark", "another mark", "another minus", "no amount"),
    ],
)
def test_what_the_other_values_do_not_tell_is_a_bad_value(tmp_path, type_, many, text):
    """A lone mark before three digits may be a decimal one, and a minus behind a range's."""
    rows = [f'{place},"{text}"' for place, text in enumerate([*many, text])]
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(type_, coerce=True)}))
    reading = reading_of(tmp_path, rows, contract, header="id,n")
    assert [*kept_back(reading)] == [len(rows) + 1]


@pytest.mark.usefixtures("cut")
def test_one_decimal_comma_among_what_may_be_thousands_tells_nothing(tmp_path):
    """It is more likely a slip than that all others have three decimals."""
    rows = [f'{n},"{n}"' for n in range(300)]
    rows += [f'{n},"{text}"' for n, text in enumerate(["1,500", "2,750", "12,5"])]
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(float, coerce=True)}))
    assert [*kept_back(reading_of(tmp_path, rows, contract, header="id,n"))] == [302, 303, 304]


@pytest.mark.parametrize("how", [{"unknown": "drop"}, {"drift": DriftPolicy.SET_ASIDE}])
def test_a_file_of_which_no_column_is_left_is_refused(tmp_path, how):
    """Nothing could be published of it, by whatever options."""
    schema = pa.DataFrameSchema({"id": pa.Column(int, required=False)})
    before = Layout(names=("id",), kinds=("integer",))
    with pytest.raises(ContractError, match="No column is left: 'a', 'b' would all be"):
        reading_of(
            tmp_path, ["x,y", "z,w"], Contract(model=schema, **how), header="a,b", previous=before
        )


def test_what_was_judged_is_what_is_published(tmp_path):
    """Three digits behind a point are decimals where the contract says `float`."""
    contract = Contract(model=pa.DataFrameSchema({"n": pa.Column(float, pa.Check.lt(100))}))
    rows = [*(f"{i},{i}.020" for i in range(10, 60)), "60,-999"]
    column = reading_of(tmp_path, rows, contract, header="id,n").columns[1]
    assert (column.kind, column.sql_type) == ("decimal", "DOUBLE")


@pytest.mark.parametrize(
    ("delimiter", "values", "typed"),
    [
        (",", ['"1,234"', '"2,500"'], [1234, 2500]),
        (",", ["1.234", "2.500"], [1.234, 2.5]),
        (";", ["1.234", "2.500"], None),
        ("\t", ["1,234", "2,500"], None),
        (";", ["1.234,5", "0,5"], [1234.5, 0.5]),
    ],
)
def test_a_mark_before_three_digits_is_read_by_the_file_or_not_at_all(
    tmp_path, delimiter, values, typed
):
    """Where a contract takes numbers in any form, it does not make up which one."""
    path = tmp_path / "file.csv"
    path.write_text("\n".join([f"id{delimiter}n", *(f"x{delimiter}{v}" for v in values)]))
    schema = pa.DataFrameSchema({"n": pa.Column(float, coerce=True)})
    told = ReadOptions(delimiter=delimiter, header_rows=1)
    how = {"options": told, "check": CheckOptions(), "contract": Contract(model=schema)}
    if typed is None:
        with pytest.raises(ContractError, match="n: The values could be written"):
            validate_file(path, tmp_path, **how)
        return
    reading = validate_file(path, tmp_path, **how)
    column = reading.columns[1]
    with duckdb.connect() as con:
        register(con, reading.table)
        found = con.sql(f"SELECT {column.sql} FROM staged ORDER BY _line").fetchall()
    assert [float(value) for (value,) in found] == typed


DATES = [f"{i},{1 + i % 12}/{1 + i % 7}/24" for i in range(40)]


def dated(**rules):
    schema = pa.DataFrameSchema({"day": pa.Column("datetime64[ns]", **rules)})
    return Contract(model=schema, max_bad_share=1)


def test_dates_that_nothing_tells_apart_are_refused_until_the_contract_does(tmp_path):
    """Day and month are not judged in an order that is made up."""
    with pytest.raises(ContractError, match=r"day: .*DD/MM/YY or MM/DD/YY.*metadata"):
        reading_of(tmp_path, DATES, dated(coerce=True), header="id,day")
    told = dated(coerce=True, metadata={"format": "%m/%d/%y"})
    reading = reading_of(tmp_path, DATES, told, header="id,day")
    assert reading.quarantined == 0
    assert (reading.columns[1].kind, reading.columns[1].format) == ("date", "MM/DD/YY")


def test_one_date_among_many_tells_day_from_month(tmp_path):
    """No sample need hit it."""
    rows = [
        f"{i},{1 + i // 999:02}/{1 + i // 9999:02}/2024 0{i % 9}:{i % 60:02}" for i in range(9000)
    ]
    rows.append("9000,28/01/2024 00:00")
    reading = reading_of(tmp_path, rows, dated(coerce=True), header="id,day")
    assert (reading.quarantined, reading.columns[1].format) == (0, "DD/MM/YYYY hh:mm")


def in_two_orders(own, other, share):
    """Many rows with dates of a year, some in another order, and that order's unmistakable rows."""
    days = [pd.Timestamp("2024-01-01") + pd.Timedelta(days=(i * 7) % 366) for i in range(400)]
    odd = [i % 100 < share for i in range(400)]
    rows = [f"{i},{day.strftime(other if odd[i] else own)}" for i, day in enumerate(days)]
    certain = {i + 2 for i, day in enumerate(days) if odd[i] and day.day > 12}
    return rows, certain


TWO_ORDERS = [
    ("%m/%d/%Y", "%d/%m/%Y", 4),
    ("%m/%d/%Y", "%d/%m/%Y", 45),
    ("%d.%m.%Y", "%m.%d.%Y", 4),
    ("%m-%d-%y", "%d-%m-%y", 4),
    ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", 4),
]


@pytest.mark.parametrize("block", [300, 4 << 20], ids=["many blocks", "one block"])
@pytest.mark.parametrize("orders", TWO_ORDERS)
def test_dates_in_two_orders_refuse_the_file_until_the_contract_tells_one(
    tmp_path, monkeypatch, orders, block
):
    """None of those that fit both orders is published in the order of most."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    rows, certain = in_two_orders(*orders)
    with pytest.raises(ContractError, match=r"day: .* rules out .*'format': '%"):
        reading_of(tmp_path, rows, dated(coerce=True), header="id,day")
    told = dated(coerce=True, metadata={"format": orders[0]})
    assert set(kept_back(reading_of(tmp_path, rows, told, header="id,day"))) == certain


def test_a_refusal_over_two_orders_names_a_line_for_each(tmp_path):
    """And how the contract tells the order."""
    rows = ["a,12/16/2024", "b,01/02/2024", "c,12/17/2024", "d,24/01/2024"]
    with pytest.raises(ContractError) as refused:
        reading_of(tmp_path, rows, dated(coerce=True), header="id,day")
    assert str(refused.value) == (
        "day: Its dates are in more than one order: '24/01/2024' on line 5 rules out MM/DD/YYYY; "
        "'12/16/2024' on line 2 rules out DD/MM/YYYY. One that fits several could be of any. "
        "Write all in one order, or let the contract say which that is: "
        "metadata={'format': '%m/%d/%Y'}."
    )


@pytest.mark.parametrize("odd", ["31/13/2024", "02/30/2024", "1/2/2024", "16.12.2024", "2024"])
def test_a_date_that_fits_no_order_better_is_one_bad_row(tmp_path, odd):
    """A slip or a lacking zero says nothing against the order of the others."""
    rows = ["a,12/16/2024", "b,01/02/2024", "c,12/17/2024", f"d,{odd}"]
    reading = reading_of(tmp_path, rows, dated(coerce=True), header="id,day")
    assert list(kept_back(reading)) == [5]


@pytest.mark.parametrize("parse", ["%m/%Y", "%d.%m.", "%d/%m/%Y %Q"])
def test_a_format_that_names_no_date_is_the_contracts_mistake(tmp_path, parse):
    """It is named, with what is missing or not known."""
    with pytest.raises(SettingsError, match=r"default\.py, day: The format of dates"):
        reading_of(tmp_path, DATES, dated(metadata={"format": parse}), header="id,day")


def test_parts_of_a_date_that_touch_have_all_their_digits(tmp_path):
    """Else a day would take digits of the month."""
    rows = ["a,01122020", "b,1112020", "c,112020"]
    contract = dated(metadata={"format": "%d%m%Y"})
    assert list(kept_back(reading_of(tmp_path, rows, contract, header="id,day"))) == [3, 4]


CELLS = st.sampled_from(["1", "2", "33", "x", "", "-1", "DE", "XX", "001", "31/12/2024", '"a,b"'])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(CELLS, min_size=4, max_size=6).map(",".join), min_size=1, max_size=9))
def test_the_row_equation_holds_under_any_contract_failure(tmp_path, rows):
    """Every row is good or kept back once, whatever fails."""
    good = [f"{i},50,DE,001," for i in range(100, 140)]
    rows = [*good[:20], *rows, *good[20:]]
    reading = reading_of(tmp_path, rows)
    kept = kept_back(reading) if reading.quarantine else {}
    good = {line for batch in StagedFile(reading.table) for line in batch.column(LINE).to_pylist()}
    assert good.isdisjoint(kept)
    assert good | set(kept) == set(range(2, len(rows) + 2))


WRITTEN = {
    int: ["1", "22", "-3", "007", "1.5", "x", "", "NA", " 4"],
    float: ["1.5", "2.25", "1e3", "7", '"1,5"', "x", "", "NA"],
    bool: ["true", "false", "yes", "", "NA"],
    "datetime64[ns]": ["2024-01-02", "2024-12-31", "31/12/2024", "x", "", "NA"],
    str: ["a", " a", "NA", "", '"x,y"', '"two\nlines"', "ü"],
}


@st.composite
def typed_columns(draw):
    """Return a type or none, whether values may be missing, and cells, not all of the type."""
    type_ = draw(st.sampled_from(list(WRITTEN)))
    pool = draw(st.lists(st.sampled_from(WRITTEN[type_]), min_size=1, max_size=4))
    cells = draw(st.lists(st.sampled_from(pool), min_size=40, max_size=40))
    gap = draw(st.sampled_from([0, 0, 20, 38]))
    return draw(st.sampled_from([type_, None])), draw(st.booleans()), [""] * gap + cells[gap:]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(typed_columns(), min_size=1, max_size=3),
    st.lists(st.sampled_from(["2", "3,,,,", ""]), max_size=3),
    st.sampled_from([60, 200]),
)
def test_a_result_does_not_depend_on_how_a_file_is_cut(tmp_path, columns, odd, size):
    """Table, quarantine, reasons and types are those of the file, whatever a thread gets of it."""
    names = [f"c{place}" for place, _ in enumerate(columns)]
    types = zip(names, columns, strict=True)
    model = {n: pa.Column(type_, nullable=empty) for n, (type_, empty, _) in types if type_}
    contract = Contract(
        model=pa.DataFrameSchema(model), unique=(("id",),), max_bad_share=1, min_rows=0
    )
    rows = [",".join(row) for row in zip(*(cells for *_, cells in columns), strict=True)]
    rows = [f"{place % 38},{row}" for place, row in enumerate(rows)]
    rows[30:30] = odd
    found = []
    for bytes_ in (size, 4 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "BLOCK_BYTES", bytes_)
            reading = reading_of(tmp_path, rows, contract, header=",".join(["id", *names]))
        kept = reading.quarantine.read_bytes() if reading.quarantine else b""
        typed = [each.model_copy(update={"evidence": (), "near": None}) for each in reading.columns]
        told = reading.model_copy(update={"columns": tuple(typed)})
        table = [row for batch in StagedFile(reading.table) for row in batch.to_pylist()]
        found.append((told, table, kept))
    assert found[0] == found[1]
