"""The checks of a pandera model: what they see, and what they may return."""

import re
import sys

import pandas as pd
import pandera.pandas as pa
import pytest

from headgate.engine.contract import Contract
from headgate.errors import ContractError, SettingsError
from tests.harness.contracts import GOOD, kept_back, reading_of
from tests.unit.engine.checking.test_contract import ROWS


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
