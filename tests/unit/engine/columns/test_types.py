"""Which type a column gets: only one from which every value of the file can be had back."""

import csv
import math
import re
from decimal import Decimal
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headgate.engine.columns.column import arrow_type
from headgate.engine.columns.doubles import PROGRAMS, Scientific, Shortest
from headgate.engine.columns.formats import Words
from headgate.engine.columns.guess import SHORTENED, propose
from headgate.engine.columns.inference import TypeInference
from headgate.engine.columns.moments import IsoMoment, Moment
from headgate.engine.columns.numbers import Number
from headgate.engine.contract import Contract
from headgate.engine.reading import blocks
from headgate.engine.staging import LINE, register
from headgate.engine.validate import validate_file
from headgate.options import CheckOptions, ReadOptions

BESIDE = "beside"


def column_of(folder, values, name="value", delimiter=",", others=(), **options):
    """The column as it is settled, and its typed values."""
    path = folder / "file.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerow([BESIDE, name])
        others = others or [f"row {i}" for i in range(len(values))]
        writer.writerows(zip(others, values, strict=True))
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    told = ReadOptions(
        delimiter=delimiter, encoding="utf-8", skip_lines=0, header_rows=1, **options
    )
    reading = validate_file(path, scratch, options=told, check=CheckOptions(), contract=Contract())
    column = reading.columns[1]
    with duckdb.connect() as con:
        register(con, reading.table)
        rows = con.execute(
            f"SELECT CAST({column.sql} AS {column.sql_type}) FROM staged ORDER BY _line"
        ).fetchall()
    return column, [value for (value,) in rows]


KEPT_AS_TEXT = {
    "leading zeros": ["00501", "10115", "99999"],
    "plus signs": ["+5", "+6", "7"],
    "phone numbers": ["+49 30 1234", "030-1234", "555-0199"],
    "phone numbers in threes": ["601 234 567", "777 123 456"],
    "long ids": ["12345678901234567890", "12345678901234567891"],
    "ids that a spreadsheet cut": ["4.00639E+12", "5.90123E+12", "4.01234E+12"],
    "19 digits": ["1234567890123456789", "1"],
    "zeros at the end of some": ["1.10", "2.5", "3.25"],
    "negative zero": ["-0", "1", "2"],
    "negative zero with digits": ["-0.00", "1.10", "2.20"],
    "scientific": ["1e5", "2.5E-3", "3"],
    "exponents that Python would not write": ["1e-05", "1.0e-06", "2.5"],
    "exponents too close": ["1.5e-04", "2.5"],
    "more digits than a double keeps": ["1e-05", "0.12345678901234567891"],
    "beyond a double": ["1e-05", "1e+309"],
    "exponents of two programs": ["1e-05", "1e-7"],
    "some with a lone zero, some without": ["104", "18.96", "104.0"],
    "a surname": ["None", "Null", "Smith"],
    "a country": ["NO", "NO", "NO"],
    "only signs for missing": ["NA", "NA", ""],
    "dates of no calendar": ["30/02/2024", "31/12/2024", "25/12/2024"],
    "ISO dates of no calendar": ["2024-02-30", "2024-02-28"],
    "mixed dates": ["31/12/2024", "12/31/2024", "01/02/2024"],
    "dates padded now and then": ["01/2/2024", "1/02/2024", "13/1/2024"],
    "units": ["12 kg", "13 kg"],
    "times with several zones": ["2024-01-01T10:00:00+01:00", "2024-07-01T10:00:00+02:00"],
    "two currencies": ["$5.00", "€6.00"],
    "two dollars": ["C$5.00", "US$6.00"],
    "a minus on both sides of a sign": ["-$-5.00", "$6.00"],
    "zeros at the end of some beside thousands": ["1,234.50", "2.5", "3.25"],
    "groups in some of four digits": ["1234,50", "1.234,50", "12.345,60"],
    "groups in some of five digits": ["99999,00", "1.234,56", "12,50"],
    "groups in none of many digits": ["99999,00", "12.345,60", "1234,50"],
    "decimals beside four digits": ["1234", "12.345", "7.500"],
    "wrong groups": ["12,3,456", "7,89,012"],
    "groups of two kinds": ["1,23,456", "789,012,345"],
    "open ranges": ["18-", "65-", "30"],
    "errors in brackets": ["0.12", "(0.05)", "0.33", "(0.10)"],
    "shares in brackets": ["(5.0%)", "6.5%"],
    "zero with a minus behind": ["0,00-", "1,50-", "2,00"],
    "zero in brackets": ["($0.00)", "$1.00"],
    "below the limit of detection": ["<0.05", "<0.10"],
    "negative amounts in brackets": ["(12.50)", "(3.00)"],
    "numbers of invoices": ["INV1001", "INV1002"],
    "numbers of articles": ["#1001", "#1002"],
    "about": ["~5", "~7"],
    "quoted guesses": ['"7?"', '"8?"', '"9?"'],
    "a suffix of two signs": ["%7%%", "%8%%", "%9%%"],
    "footnoted": ["5*", "7*"],
    "more decimals than a number keeps": ["12.123456789012345678901", "0.100000000000000000001"],
    "thousands of decimals": ["0." + "1" * 2000, "0." + "2" * 2000],
    "three letters that are no currency": ["120 MHZ", "433 MHZ"],
}


@pytest.mark.parametrize("values", KEPT_AS_TEXT.values(), ids=KEPT_AS_TEXT.keys())
def test_what_could_not_be_had_back_stays_text(tmp_path, values):
    """The staged text is the value; nothing is read into it."""
    column, typed = column_of(tmp_path, values)
    assert column.kind == "text"
    assert typed == [value or None for value in values]


RECOGNISED = {
    "integers": (["5", "-3", "0"], "integer", [5, -3, 0]),
    "18 digits": (["123456789012345678", "1"], "integer", [123456789012345678, 1]),
    "38 digits": (
        ["123456789012345678.12345678901234567891", "0.10000000000000000001"],
        "decimal",
        [Decimal("123456789012345678.12345678901234567891")],
    ),
    "two decimals": (["1.10", "-2.50"], "decimal", [Decimal("1.10"), Decimal("-2.50")]),
    "shortest decimals": (["1.1", "2", "-0.25"], "decimal", [Decimal("1.10"), 2, Decimal("-0.25")]),
    "as pandas writes": (
        ["104.0", "18.96", "-3.5", "0.0"],
        "decimal",
        [Decimal(104), Decimal("18.96"), Decimal("-3.5"), 0],
    ),
    "with decimal commas": (["104,0", "18,96"], "decimal", [Decimal(104), Decimal("18.96")]),
    "as Python writes": (
        ["1e-05", "1.5e+16", "104.0", "-0.0", "0.30000000000000004"],
        "decimal",
        [1e-05, 1.5e16, 104.0, 0.0, 0.1 + 0.2],
    ),
    "no zero before the point": ([".5", "-.25", "1.5"], "decimal", [Decimal("0.5")]),
    "thousands": (["1,234", "56", "7,890,123"], "integer", [1234, 56, 7890123]),
    "thousands with spaces": (["601 234 567", "77 123"], "integer", [601234567, 77123]),
    "thousands and shortest decimals": (
        ["1,234.5", "12", "-0.75", "1,234,567.125"],
        "decimal",
        [Decimal("1234.5"), 12, Decimal("-0.75"), Decimal("1234567.125")],
    ),
    "thin spaces": (["601\u2009234,5", "3,5"], "decimal", [Decimal("601234.5"), Decimal("3.5")]),
    "lakhs and crores": (
        ["1,23,456.50", "12,34,56,789.00", "999.25"],
        "decimal",
        [Decimal("123456.5"), Decimal(123456789), Decimal("999.25")],
    ),
    "lakhs": (["₹1,23,456", "-₹7,89,012", "₹1,000"], "integer", [123456, -789012, 1000]),
    "thousands from five digits on": (
        ["1234,50", "-12.345,60", "999,00", "1.234.567,80"],
        "decimal",
        [Decimal("1234.5"), Decimal("-12345.6"), 999, Decimal("1234567.8")],
    ),
    "whole thousands from five digits on": (
        ["1234", "12\u00a0345", "9", "1\u00a0234\u00a0567"],
        "integer",
        [1234, 12345, 9, 1234567],
    ),
    "minus behind": (
        ["1.234,50-", "0,25", "12,00-"],
        "decimal",
        [Decimal("-1234.5"), Decimal("0.25"), -12],
    ),
    "brackets of accounting": (
        ["($1,234.50)", "$12.00", "$0.00"],
        "decimal",
        [Decimal("-1234.5"), 12, 0],
    ),
    "currency": (["$1,234.50", "-$2.00"], "decimal", [Decimal("1234.5"), -2]),
    "a debt first": (["-$2.00", "$1,234.50"], "decimal", [-2, Decimal("1234.5")]),
    "reais": (["R$ 2,00", "-R$ 7,50"], "decimal", [2, Decimal("-7.5")]),
    "zlotys": (["1 234,50 zł", "-2,00 zł"], "decimal", [Decimal("1234.5"), -2]),
    "percent": (["12.5%", "3.0%"], "decimal", [Decimal("12.5"), 3]),
    "ISO dates": (["2024-02-29", "1999-12-31"], "date", ["2024-02-29", "1999-12-31"]),
    "European dates": (["31.12.2024", "01.02.2024"], "date", ["2024-12-31", "2024-02-01"]),
    "days first, by evidence": (["31/12/2024", "01/02/2024"], "date", ["2024-12-31", "2024-02-01"]),
    "months first, by evidence": (
        ["12/31/2024", "01/02/2024"],
        "date",
        ["2024-12-31", "2024-01-02"],
    ),
    "unpadded dates": (["1/2/2024", "13/11/2024"], "date", ["2024-02-01", "2024-11-13"]),
    "months by name": (["05 Mar 2024", "31 Dec 2023"], "date", ["2024-03-05", "2023-12-31"]),
    "timestamps": (
        ["2024-03-14 15:09:26", "2024-01-01 00:00:00"],
        "timestamp",
        ["2024-03-14 15:09:26"],
    ),
    "UTC": (["2024-03-14T15:09:26Z"], "timestamp", ["2024-03-14 15:09:26"]),
    "US times": (["01/31/2015 01:00:00 PM"], "timestamp", ["2015-01-31 13:00:00"]),
    "words": (["yes", "no", "yes"], "boolean", [True, False, True]),
    "words of Polish": (["tak", "nie", "tak"], "boolean", [True, False, True]),
    "words of a German Excel": (["WAHR", "FALSCH"], "boolean", [True, False]),
    "missing among numbers": (["1", "NA", "", "4"], "integer", [1, None, None, 4]),
    "missing in other programs": (
        ["1.5", "NAN", "\\N", "#NV", "---"],
        "decimal",
        [Decimal("1.5"), None, None, None, None],
    ),
    "months inside digits": (
        ["05JAN2024", "29FEB2024", "31DEC2023"],
        "date",
        ["2024-01-05", "2024-02-29", "2023-12-31"],
    ),
    "spaces around": ([" 1", "2 ", "3"], "integer", [1, 2, 3]),
}


@pytest.mark.parametrize(("values", "kind", "typed"), RECOGNISED.values(), ids=RECOGNISED.keys())
def test_a_whole_column_is_recognised(tmp_path, values, kind, typed):
    """The typed values are those that people mean."""
    column, found = column_of(tmp_path, values)
    assert column.kind == kind
    plain = [str(each) if kind in ("date", "timestamp") else each for each in found]
    assert plain[: len(typed)] == typed
    assert None not in found or typed.count(None) == found.count(None)
    assert column.evidence


@pytest.mark.parametrize(
    "values",
    [
        ["\u20287,5", "8,5\t", "\u30009,5"],
        ["$7€", "$8€", "$9€"],
        ["%7%", "%8%", "%9%"],
        ["EUR 7 EUR", "EUR 8 EUR", "EUR 9 EUR"],
        ["7,50\u00a0€", "8,50\u00a0€", "9,50\u00a0€"],
        ["-7\x1c%", "8\x1c%", "9\x1c%"],
    ],
    ids=[
        "padded with other blanks",
        "a prefix and another suffix",
        "a prefix and the same suffix",
        "a prefix that holds the suffix",
        "a no-break space before the sign",
        "a control character before it",
    ],
)
def test_no_value_of_a_typed_column_is_lost(tmp_path, values):
    """Whatever is taken for a number can be cast to one."""
    column, typed = column_of(tmp_path, values, delimiter=";")
    assert column.kind in ("integer", "decimal")
    assert [abs(float(value)) // 1 for value in typed] == [7, 8, 9]


@pytest.mark.parametrize("values", [["0.12", "(0.05)", "0.33"], ["18-", "65-", "30"]])
def test_what_may_be_a_minus_is_named(tmp_path, values):
    """A number in brackets may be an error, one with a dash behind the start of a range."""
    column, _ = column_of(tmp_path, values)
    assert column.doubt.endswith("may be a negative number or something else.")


def test_european_numbers_in_a_semicolon_file(tmp_path):
    """Decimal commas and points between thousands."""
    column, typed = column_of(tmp_path, ["1.234,56", "12,50"], delimiter=";")
    assert (column.kind, typed) == ("decimal", [Decimal("1234.56"), Decimal("12.50")])


def test_day_and_month_that_nothing_tells_apart_stay_text(tmp_path):
    """The evidence names both readings."""
    column, _ = column_of(tmp_path, ["01/02/2024", "03/04/2024", "05/06/2024"])
    assert column.kind == "text"
    assert "DD/MM/YYYY and MM/DD/YYYY" in column.evidence[0].why


@pytest.mark.parametrize("late", ["12.03.48", "01.07.30", "15.11.68"])
def test_years_of_two_digits_are_dates_where_all_programs_agree_on_the_century(tmp_path, late):
    """Spreadsheets take 48 for 1948, others for 2048; the evidence says so."""
    plain = ["31.12.99", "01.02.69", "15.03.00", "31.12.29"]
    column, typed = column_of(tmp_path, plain)
    assert [str(each) for each in typed] == ["1999-12-31", "1969-02-01", "2000-03-15", "2029-12-31"]
    column, typed = column_of(tmp_path, [*plain, late])
    assert column.kind == "text"
    assert typed == [*plain, late]
    assert "either century" in column.evidence[0].why


def test_a_year_that_is_of_either_century_still_rivals_a_day(tmp_path):
    """15/06/30 may be a day of 2015 or a year in two centuries."""
    assert column_of(tmp_path, ["15/06/30", "16/12/31"])[0].kind == "text"
    assert column_of(tmp_path, ["15/06/30", "30/06/15"])[0].kind == "text"


def test_a_day_past_the_twelfth_decides_and_is_shown(tmp_path):
    """The evidence names the value that rules the other order out."""
    column, _ = column_of(tmp_path, ["01/02/2024", "17/04/2024", "05/06/2024"])
    assert column.format == "DD/MM/YYYY"
    assert "'17/04/2024' rules out MM/DD/YYYY" in column.evidence[0].why


def test_a_padded_day_past_the_twelfth_is_shown_with_its_own_line(tmp_path, monkeypatch):
    """Far down the file, where it fits one order only without its blanks."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 2000)
    values = [*["01/02/2024"] * 3000, " 17/04/2024", *["01/02/2024"] * 9]
    column, _ = column_of(tmp_path, values)
    assert column.format == "DD/MM/YYYY"
    assert "' 17/04/2024' on line 3,002 rules out MM/DD/YYYY" in column.evidence[0].why


def test_a_comma_before_three_digits_is_undecidable_in_a_semicolon_file(tmp_path):
    """It could stand between thousands or before decimals; other values may decide."""
    assert column_of(tmp_path, ["1,234", "5,678"], delimiter=";")[0].kind == "text"
    assert column_of(tmp_path, ["1,234", "5,6"], delimiter=";")[0].kind == "decimal"
    assert column_of(tmp_path, ["1,234", "5,678,901"], delimiter=";")[0].kind == "integer"


UNEVEN = ["18.020", "27.523", "9.100"]


@pytest.mark.parametrize(
    ("values", "kind", "how"),
    [
        ([*UNEVEN, "-999"], "text", {}),
        ([*UNEVEN, "0", "12", "7"], "text", {}),
        ([*UNEVEN, "0", "-999"], "text", {"delimiter": ";"}),
        ([*UNEVEN, "12", "640", "7"], "text", {"delimiter": "\t"}),
        ([*UNEVEN, "12", "640", "7"], "integer", {"delimiter": ";"}),
        ([*UNEVEN, "1.234.567"], "integer", {}),
        ([*UNEVEN, "-999"], "integer", {"others": ["1,5", "2,5", "3,5", "4,5"]}),
        ([*UNEVEN, "12", "640", "7"], "text", {"delimiter": ";", "others": ["1.5", "2.5"] * 3}),
        (UNEVEN, "decimal", {}),
    ],
)
def test_three_digits_behind_a_point_are_no_thousands_unless_something_tells(
    tmp_path, values, kind, how
):
    """Beside whole numbers, such as -999, they are more likely decimals: typed as neither."""
    column, _ = column_of(tmp_path, values, **how)
    assert column.kind == kind
    if kind == "text":
        assert "three decimals: undecidable" in column.evidence[0].why


@pytest.mark.parametrize(
    ("beside", "kind"), [("12,5", "text"), ("12.5", "integer"), ("text", "integer")]
)
def test_a_decimal_comma_in_one_column_puts_those_of_others_in_doubt(tmp_path, beside, kind):
    """Else, in a file with commas between fields, they stand between thousands."""
    column, _ = column_of(tmp_path, ["1,234", "5,678"], others=[beside, beside])
    assert column.kind == kind


def test_excel_days_are_dates_where_the_name_says_so(tmp_path):
    """The same numbers under another name are numbers."""
    column, typed = column_of(tmp_path, ["45365", "45366"], name="order_date")
    assert (column.kind, str(typed[0])) == ("date", "2024-03-14")
    assert column_of(tmp_path, ["45365", "45366"], name="amount")[0].kind == "integer"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "date") for name in ("Date", "OrderDate", "birthdate", "date_sent", "Kaufdatum")),
        *((name, "integer") for name in ("candidate_votes", "updates", "last update", "data")),
        *((name, "integer") for name in ("visitors per day", "Umsatz pro Tag", "mandates")),
    ],
)
def test_only_a_name_of_dates_makes_excel_days_of_numbers(tmp_path, name, kind):
    """Counts of tens of thousands are as large."""
    assert column_of(tmp_path, ["25000", "45366"], name=name)[0].kind == kind


def test_a_value_far_down_the_file_decides_too(tmp_path, monkeypatch):
    """A column is tried again on the whole file when its first format fails late."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 2000)
    numbers = [str(i) for i in range(3000)]
    assert column_of(tmp_path, [*numbers, "2.5"])[0].kind == "decimal"
    late, _ = column_of(tmp_path, [*numbers, "x17"])
    assert late.kind == "text"
    assert "'x17' on line 3,002" in late.evidence[0].why
    assert column_of(tmp_path, [""] * 3000 + ["2024-01-31"])[0].kind == "date"
    assert column_of(tmp_path, ["01/02/2024"] * 3000 + ["13/02/2024"])[0].format == "DD/MM/YYYY"
    assert column_of(tmp_path, ["01/02/2024"] * 3000 + ["02/13/2024"])[0].format == "MM/DD/YYYY"


def test_missing_values_are_counted_by_marker(tmp_path):
    """Words stay words in a column of words, unless they were declared missing."""
    column, _ = column_of(tmp_path, ["1", "NA", "", "", "n/a", "6"])
    assert {each.marker: each.count for each in column.missing} == {"": 2, "NA": 1, "n/a": 1}
    words, typed = column_of(tmp_path, ["Smith", "NA", "", "Null"])
    assert {each.marker: each.count for each in words.missing} == {"": 1}
    assert typed == ["Smith", "NA", None, "Null"]
    declared, typed = column_of(tmp_path, ["Smith", "NA", "-999"], missing=("NA", "-999"))
    assert {each.marker: each.count for each in declared.missing} == {"NA": 1, "-999": 1}
    assert typed == ["Smith", None, None]


def typed_texts(sql, sql_type, texts):
    """The typed values of texts, as DuckDB shows them."""
    query = f"SELECT CAST({sql} AS {sql_type})::VARCHAR FROM texts"
    with shared().cursor() as con:
        con.register("texts", pa.table({"t": texts}))
        return con.execute(query).fetchall()


@cache
def shared():
    return duckdb.connect()


def hold_that_texts_come_back(form, texts):
    """Rebuild each text from its typed value."""
    sql, sql_type = form.sql("t", form.precision(pa.array(texts)))
    for (value,), text in zip(typed_texts(sql, sql_type, texts), texts, strict=True):
        shown = value
        if isinstance(form, Number) and form.scale is None and "." in value:
            shown = value.rstrip("0").rstrip(".")
            shown += ".0" * (form.point and "." not in shown)
        if isinstance(form, Number) and form.bare:
            shown = shown.replace("0.", ".", 1) if shown.lstrip("-").startswith("0.") else shown
        assert shown == text


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.lists(st.integers(-(10**12), 10**12), min_size=1))
def test_numbers_with_the_same_decimals_are_typed(decimals, numbers):
    """Zeros at their end belong to them: the text can be rebuilt from the value."""
    texts = [f"{Decimal(number).scaleb(-decimals):f}" for number in numbers]
    form, *_ = propose(texts, "n")
    hold_that_texts_come_back(form, texts)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,4})?", fullmatch=True), min_size=1))
def test_digits_come_back_as_they_were_written(texts):
    """Whatever format a column of digits is given, if any, its text can be rebuilt."""
    for form in propose(texts, "n")[:1]:
        hold_that_texts_come_back(form, texts)


almost_plain = st.from_regex(
    r"-?-?(0|00|[0-9]{1,3}|[0-9]{17,19})([.,]?[0-9]{0,2}|\.?\.[0-9]{17,19})", fullmatch=True
)
plain_forms = [*(Number(scale=scale) for scale in (None, 0, 1, 2)), Number(scale=None, point=True)]


@settings(max_examples=600, deadline=None)
@example(Number(), ["1", "2."])
@example(Number(scale=1), ["1.2.3", "45"])
@example(Number(scale=None), ["1.2.3", "45"])
@example(Number(scale=None), ["1.25", "45", "-0"])
@example(Number(scale=None, point=True), ["1.25", "45.0", "45"])
@given(st.sampled_from(plain_forms), st.lists(almost_plain, min_size=1, max_size=3))
def test_all_at_once_are_judged_as_each_by_the_pattern_is(form, texts):
    """What all bytes of a column tell is what the pattern says of its values, one by one."""
    fine = [
        bool(re.fullmatch(form.pattern, text)) and not re.fullmatch(r"-0(\.0*)?", text)
        for text in texts
    ]
    assert form.fits(pa.array(texts)).to_pylist() == fine


floats = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(PROGRAMS),
    st.lists(
        floats | st.floats(-1000, 1000).map(lambda x: round(x, 2)) | st.integers(0, 10**7),
        min_size=1,
    ),
)
def test_what_a_program_writes_is_read_as_the_same_doubles(program, numbers):
    """Any finite numbers: the text of each can be had back, save for whole ones like long ids."""
    form = Shortest(program)
    texts = [form.write(number or 0.0) for number in map(float, numbers)]
    long_ids = [len(text.lstrip("-")) > 15 and text.lstrip("-").isdigit() for text in texts]
    assert form.fits(pa.array(texts)).to_pylist() == [not long_id for long_id in long_ids]
    assert any(long_ids) or propose(texts, "n")
    with shared().cursor() as con:
        con.register("texts", pa.table({"t": texts}))
        found = con.execute(f"SELECT {form.sql('t')[0]} FROM texts").fetchall()
    assert [form.write(value) for (value,) in found] == texts


@pytest.mark.parametrize(
    ("program", "texts"),
    [
        ("R", ["1e-04", "0.001", "0.00012", "1.2e-05", "1e+05", "10000", "123456", "1.5"]),
        ("C", ["0.0001", "1e-05", "100000", "123456789012345", "1e+15", "-2.5e-07"]),
        ("JavaScript", ["0.0001", "0.000001", "1e-7", "1.5e-10", "100000", "1e+21"]),
        ("Python", ["0.0001", "1e-05", "100000.0", "1e+16", "-0.0"]),
    ],
)
def test_columns_of_the_programs_that_people_use_are_numbers(program, texts):
    """As R 4, C, ECMAScript and Python write them; no other of these programs would."""
    numbers = [form.program for form in propose(texts, "p") if isinstance(form, Shortest)]
    assert numbers == [program]


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 18),
    st.sampled_from("eE"),
    st.integers(2, 3),
    st.lists(floats.filter(lambda x: abs(x) < 1e300), min_size=1),
)
def test_digits_and_exponents_of_one_form_are_read_as_the_same_doubles(
    after, letter, width, numbers
):
    """The texts of `%.6e` and its like can be had back, unless a spreadsheet has cut them."""
    form = Scientific(after, letter, width)
    texts = [form.write(number) for number in numbers]
    assert pc.all(form.fits(pa.array(texts))).as_py()
    assert propose(texts, "n") or all(map(SHORTENED.fullmatch, texts))
    with shared().cursor() as con:
        con.register("texts", pa.table({"t": texts}))
        found = con.execute(f"SELECT {form.sql('t')[0]} FROM texts").fetchall()
    assert [form.write(value) for (value,) in found] == texts


@pytest.mark.parametrize(
    "texts",
    [
        ["1.500e-03", "2.5e-03"],
        ["1.500e-03", "2.500E-03"],
        ["1.500e-03", "0.150e-03"],
        ["1.500e-03", "2.500e-3"],
        ["1.500e-03", "2.500e-003"],
        ["1.500e+999", "1.500e-03"],
        ["1.2345678901234567890e+00", "1.2345678901234567891e+00"],
    ],
)
def test_digits_and_exponents_of_several_forms_stay_text(texts):
    """No one way to write a number gives all of them back."""
    assert not propose(texts, "n")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(PROGRAMS),
    st.lists(
        st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,17})?(e[+-][0-9]{2,3})?", fullmatch=True),
        min_size=1,
    ),
)
def test_only_what_a_program_writes_is_taken_for_it(program, texts):
    """A text that the program would write in another way is not."""
    form = Shortest(program)
    written = [_shortest(form, text) for text in texts]
    assert form.fits(pa.array(texts)).to_pylist() == written


def _shortest(form, text):
    number = float(text)
    odd = text == "-0" or re.fullmatch(r"-?[0-9]{16,}", text)
    return math.isfinite(number) and not odd and form.write(number) == text


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (Moment("^([0-3][0-9])/[01][0-9]/[0-9]{4}$", "%d/%m/%Y"), "31/04/2024"),
        (Moment("^([0-3][0-9])/[01][0-9]/[0-9]{4}$", "%d/%m/%Y"), "29/02/2023"),
        (IsoMoment(10), "2023-02-29"),
        (IsoMoment(19, " "), "2023-02-28T10:00:00"),
        (Number(), "0x1F"),
        (Number(scale=2), "1.1"),
    ],
)
def test_a_format_refuses_what_only_resembles_it(form, text):
    """Also beside values that fit."""
    fits = {"%d/%m/%Y": "29/02/2024"}.get(getattr(form, "parse", ""))
    beside = [fits] if fits else []
    assert pc.all(form.fits(pa.array([*beside, text]))).as_py() is False
    assert not beside or form.fits(pa.array(beside)).to_pylist() == [True]


PLAIN = {
    Number(): ["0", "-1", "999999999999999999"],
    Number(scale=2): ["0.00", "-12.30", "7.05"],
    Number(scale=None): ["1", "2.5", "-0.001"],
    Words("true", "false"): ["true", "false"],
    IsoMoment(10): ["2024-02-29", "1899-12-31"],
    IsoMoment(19, "T"): ["2024-02-29T23:59:59"],
    IsoMoment(23, " "): ["2024-02-29 23:59:59.123"],
    Shortest(): ["0.1", "5e-324", "1.7976931348623157e+308", "-2.2250738585072014e-308", "0.0"],
    Scientific(6): ["1.000000e-05", "-9.999999e+22", "8.988466e+307"],
}


@pytest.mark.parametrize("form", PLAIN, ids=lambda form: form.label)
def test_arrow_reads_what_is_written_plainly_as_sql_does(form):
    """The quick way to a typed value gives what the slow one gives."""
    texts = pa.array(PLAIN[form])
    sql, sql_type = form.sql("t", form.precision(texts))
    with duckdb.connect() as con:
        con.register("texts", pa.table({"t": texts}))
        values = con.execute(f"SELECT {sql} FROM texts").fetchall()
    assert form.plain
    assert pc.cast(texts, arrow_type(sql_type)).to_pylist() == [value for (value,) in values]


ALMOST = {
    "whole numbers": ([str(i) for i in range(299)], "abc", "299 of 300 are whole numbers"),
    "dates": (
        [f"2023-01-{i % 28 + 1:02}" for i in range(299)],
        "2023-13-45",
        "299 of 300 are dates written 2024-03-14",
    ),
    "amounts": (
        [f"${i},000.50" for i in range(1, 300)],
        "free",
        "299 of 300 are numbers written $1,234.56",
    ),
    "few amounts above a thousand": (
        [f"1.{i + 100},50" if i % 20 == 12 else f"{i + 1},50" for i in range(299)],
        "abc",
        "299 of 300 are numbers written 1.234,56",
    ),
    "one count above a thousand": (
        [*map(str, range(298)), "1,490"],
        "abc",
        "299 of 300 are whole numbers written 1,234",
    ),
    "words": (["yes", "no"] * 150, "maybe", "300 of 301 are truth values written yes/no"),
    "dates of two readings": (
        [f"0{i % 9 + 1}/0{i % 8 + 1}/2024" for i in range(299)],
        "unknown",
        "299 of 300 are dates written DD/MM/YYYY or MM/DD/YYYY",
    ),
}


@pytest.mark.parametrize("at", [0, 59, 298])
@pytest.mark.parametrize("almost", ALMOST.values(), ids=ALMOST.keys())
def test_one_odd_value_is_named_where_it_keeps_a_column_text(tmp_path, monkeypatch, almost, at):
    """As the first value, within the first block, or in a later one."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 3000)
    values, odd, says = almost
    column, typed = column_of(tmp_path, [*values[:at], odd, *values[at:]])
    assert column.kind == "text"
    assert typed[at] == odd
    assert column.doubt == f"{says}, but {odd!r} on line {at + 2} is not."
    assert (column.near.misfits, column.near.line) == (1, at + 2)


@pytest.mark.parametrize("at", [0, 59, 298])
def test_a_number_of_two_readings_stays_in_doubt_beside_an_odd_word(tmp_path, at):
    """Its comma may part thousands, or decimals; no recipe reads it in one of these ways."""
    values = [*map(str, range(298)), "1,491"]
    column, _ = column_of(tmp_path, [*values[:at], "abc", *values[at:]])
    assert {*column.near.formats} == {"1,234", "1234,56"}
    assert (column.near.misfits, column.near.sql) == (1, "")


@pytest.mark.parametrize("infinite", ["-inf", "inf", "+Infinity"])
@pytest.mark.parametrize("numbers", [["1e5", "2.5E-3", "NaN"], ["1.5", "2"], ["7"]], ids="/".join)
def test_an_infinite_value_is_named_where_it_keeps_numbers_text(tmp_path, numbers, infinite):
    """Beside a word it says nothing."""
    column, _ = column_of(tmp_path, [*numbers, infinite])
    assert column.doubt == f"Beside numbers stands {infinite!r}, which is none."
    assert not column_of(tmp_path, [*numbers, infinite, "out"])[0].doubt


@pytest.mark.parametrize("share", [1, 20, 50])
@pytest.mark.parametrize("rows", [100, 2000], ids=["one block", "many blocks"])
def test_dates_in_two_orders_are_told_with_a_line_for_each(tmp_path, monkeypatch, rows, share):
    """However few are in the other order: no line that would type the column is any good."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 3000)
    values = ["12/16/2024" if i % 100 < share else "24/01/2024" for i in range(rows)]
    column, _ = column_of(tmp_path, [*["01/02/2024", "unknown"], *values])
    assert (column.kind, column.near) == ("text", None)
    assert column.doubt == (
        "'12/16/2024' on line 4 rules out DD/MM/YYYY; "
        f"'24/01/2024' on line {share + 4} rules out MM/DD/YYYY."
    )


def test_misfits_are_counted_over_the_whole_file_without_gaps(tmp_path, monkeypatch):
    """Padding, empty cells and signs for missing ones are no misfits."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 12)
    values = [" 5 " if i % 7 else ["", "NA"][i % 2] for i in range(5000)]
    for at in (17, 2500, 4999):
        values[at] = "five"
    column, _ = column_of(tmp_path, values)
    near = column.near
    gaps = sum(value in ("", "NA") for value in values)
    assert (near.values, near.misfits, near.line) == (5000 - gaps, 3, 19)
    assert str(near).endswith("but 'five' on line 19 and 2 more are not.")


@pytest.mark.parametrize(
    "values",
    [
        [*map(str, range(10000, 10299)), "01067"],
        [*map(str, range(90)), *["abc"] * 10],
        [f"row {i}" for i in range(300)],
    ],
    ids=["a postcode", "too many", "real text"],
)
def test_nothing_is_said_to_be_nearly_a_number_that_is_not(tmp_path, values):
    """Digits with leading zeros are codes, and one value in ten is not a few."""
    column, _ = column_of(tmp_path, values)
    assert (column.kind, column.near) == ("text", None)


@pytest.mark.parametrize("ahead", [False, True])
def test_a_block_looked_at_ahead_changes_neither_type_nor_evidence(tmp_path, ahead):
    """It may still be tried against formats that fall in the block before it."""
    first, *others = (
        pa.table({"value": texts, LINE: [line] * len(texts)})
        for line, texts in enumerate((["1,234", "5,678"], ["1234,567"], ["12345678901234,567"]), 1)
    )
    inference = TypeInference(["value"], (), point=None)
    inference.start(first)
    inference.add(inference.look(first))
    looked = map(inference.look, others)
    for seen in list(looked) if ahead else looked:
        inference.add(seen)
    (column,) = inference.settle(tmp_path / "staged.arrow")
    assert column.sql_type == "DECIMAL(18,3)"
    assert [each.why for each in column.evidence] == [
        "All 4 values are written so; '1234,567' on line 2 rules out 1,234."
    ]


def test_signs_for_missing_values_alone_hide_no_later_ones(tmp_path, monkeypatch):
    """A first block of them tells nothing."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 100)
    column, typed = column_of(tmp_path, [*["NA"] * 40, *map(str, range(1000, 1040))])
    assert column.kind == "integer"
    assert typed == [*[None] * 40, *range(1000, 1040)]
