"""How a column is written to which a contract gives a type: numbers, dates, truth values."""

import time

import duckdb
import pandas as pd
import pandera.pandas as pa
import pytest

from headgate.engine.checking.bound_contract import BoundContract
from headgate.engine.contract import Contract
from headgate.engine.reading import blocks
from headgate.engine.staging import LINE, register
from headgate.engine.validate import validate_file
from headgate.errors import ContractError, SettingsError
from headgate.options import CheckOptions, ReadOptions
from tests.harness.contracts import kept_back, reading_of, values_of


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


@pytest.mark.parametrize("odd", ["maybe", "true", "True", "ja", "0"])
@pytest.mark.parametrize("words", [["yes", "no"], ["Y", "N"], ["yes"], ["non"]], ids="/".join)
def test_an_odd_truth_value_makes_its_own_row_bad(tmp_path, words, odd):
    """Also where the odd one alone looks like a truth value, and the others do not."""
    contract = Contract(model=pa.DataFrameSchema({"active": pa.Column(bool, coerce=True)}))
    rows = [f"{i},{words[i % len(words)]}" for i in range(50)]
    reading = reading_of(tmp_path, [f"x,{odd}", *rows], contract, header="id,active")
    assert list(kept_back(reading)) == [2]
    assert reading.columns[1].kind == "boolean"


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
