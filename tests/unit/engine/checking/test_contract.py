"""What the owner of a data set may rely on when a file is held to a contract."""

import typing
from decimal import Decimal

import pandas as pd
import pandera
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.engine.checking.drift import Layout
from headgate.engine.contract import Contract
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.reading import blocks
from headgate.engine.staging import LINE, StagedFile
from headgate.engine.validate import validate_file
from headgate.errors import ContractError, DriftError, SettingsError
from headgate.options import CheckOptions, DriftPolicy, PrepareOptions, ReadOptions
from tests.harness.contracts import GOOD, HEADER, LENIENT, kept_back, reading_of


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


def test_every_failure_of_a_row_is_told(tmp_path):
    """A cell of the wrong type does not hide what is wrong with the others."""
    found = kept_back(reading_of(tmp_path, [*GOOD, "x,101,XX,1,99/99/2024"]))
    assert set(found[6]["_column"].split(" | ")) == {"id", "price", "country", "code", "sent"}


def test_a_reference_set_is_compared_as_the_column_is_read(tmp_path):
    """Without the spaces that coerce takes away, and without signs for missing values."""
    columns = {"t": pa.Column(str, coerce=True), "n": pa.Column(int, nullable=True)}
    known = {"t": frozenset({"a"}), "n": frozenset({"1"}), "u": frozenset({"b"})}
    contract = Contract(model=pa.DataFrameSchema(columns), references=known, max_bad_share=1)
    rows = [" a,1,b", "a,NA,b", "a,2,b", "a,1, b", "a,x,b"]
    found = kept_back(reading_of(tmp_path, rows, contract, header="t,n,u"))
    told = {line: (row["_column"], row["_check"]) for line, row in found.items()}
    assert told == {4: ("n", "reference"), 5: ("u", "reference"), 6: ("n", "type")}


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


@pytest.mark.parametrize("how", [{"unknown": "drop"}, {"drift": DriftPolicy.SET_ASIDE}])
def test_a_file_of_which_no_column_is_left_is_refused(tmp_path, how):
    """Nothing could be published of it, by whatever options."""
    schema = pa.DataFrameSchema({"id": pa.Column(int, required=False)})
    before = Layout(names=("id",), kinds=("integer",))
    with pytest.raises(ContractError, match="No column is left: 'a', 'b' would all be"):
        reading_of(
            tmp_path, ["x,y", "z,w"], Contract(model=schema, **how), header="a,b", previous=before
        )


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
