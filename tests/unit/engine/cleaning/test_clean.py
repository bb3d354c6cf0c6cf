"""Mode `clean`: every rule does what it says, counts it, and touches nothing else."""

import csv
import json
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets
from sklearn.impute import SimpleImputer

from headgate.engine.cleaning.fit import output_names
from headgate.engine.columns.column import Missing
from headgate.engine.columns.formats import Precision, Words
from headgate.engine.columns.moments import IsoMoment, Moment
from headgate.engine.columns.near_misses import count_misfits
from headgate.engine.columns.numbers import Number
from headgate.engine.contract import Contract
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.recipe import load
from headgate.engine.result import profile
from headgate.engine.result.prepared import Prepared
from headgate.engine.validate import validate_file
from headgate.errors import BadFileError, DefectError, OptionsError, RowsUnaccountedError
from headgate.options import (
    CheckOptions,
    CleanOptions,
    ColumnRules,
    ModelOptions,
    PrepareOptions,
    ReadOptions,
)
from tests.harness.staging import reading, staged_frame

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


def made(tmp_path, rows=ROWS, kinds=COLUMNS, missing=("NA",), target=None, **clean):
    staged = reading(tmp_path, kinds, rows, missing=missing)
    return preprocess_rows(
        staged, tmp_path, PrepareOptions(clean=CleanOptions(**clean)), target=target
    )


def written(folder, form, texts):
    """Read a column of texts that are written in a format, beside one that tells rows apart."""
    rows = [(text, str(place)) for place, text in enumerate(texts)]
    staged = reading(folder, {"x": form.kind, "y": "text"}, rows)
    sql, sql_type = form.sql('"x"', Precision(7, 2))
    kind = {"sql": sql, "sql_type": sql_type, "format": form.label}
    columns = (staged.columns[0].model_copy(update=kind), staged.columns[1])
    return staged.model_copy(update={"columns": columns})


def read_rows(folder, texts):
    """Read a file with a column of texts, beside one that tells rows apart."""
    folder.mkdir(exist_ok=True)
    path = folder / "file.csv"
    path.write_text("\n".join(["n,m", *(f'"{text}",{i}' for i, text in enumerate(texts))]))
    how = {"options": ReadOptions(header_rows=1), "check": CheckOptions(), "contract": Contract()}
    return validate_file(path, folder, **how)


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


def test_rules_beside_a_recipe_are_said_to_be_unused(tmp_path):
    """The recipe says all; what a form says besides must not look as if it had been done."""
    first = made(tmp_path / "a")
    staged = reading(tmp_path / "b", COLUMNS, ROWS, missing=("NA",))
    asked = PrepareOptions(clean=CleanOptions(fill="median"))
    again = preprocess_rows(staged, tmp_path / "b", asked, recipe=first.recipe)
    assert "not used" in counted(again, "replay recipe").detail
    assert not any(rule.rule == "replay recipe" for rule in first.rules)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (PrepareOptions(model=ModelOptions(seed=1)), "training tables"),
        (PrepareOptions(mode="model", clean=CleanOptions(fill="median")), "fill"),
        (PrepareOptions(mode="model", clean=CleanOptions(trim=False)), None),
    ],
)
def test_rules_of_the_other_mode_are_said_to_be_unused(tmp_path, asked, told):
    """Nobody who asks for them should believe that they were carried out."""
    rows = [[f"a{n % 3}", f"{n}.5", str(n % 7)] for n in range(40)]
    staged = reading(tmp_path, COLUMNS, rows)
    prepared = preprocess_rows(staged, tmp_path, asked, target="count")
    found = [rule.detail for rule in prepared.rules if rule.rule == "mode"]
    assert bool(found) == bool(told)
    assert not told or told in found[0]


def test_replaying_the_recipe_gives_the_same_bytes(tmp_path):
    """A recipe replayed on its own file writes the identical CSV and Parquet."""
    first = made(tmp_path / "a", fill="mean", outliers="clip")
    staged = reading(tmp_path / "b", COLUMNS, ROWS, missing=("NA",))
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert again.csv.read_bytes() == first.csv.read_bytes()
    assert again.parquet.read_bytes() == first.parquet.read_bytes()


def test_names_can_be_tidied(tmp_path):
    """Lower case, underscores, no accents, each once; every name that changes is told."""
    names = ("Höhe (cm)", "orderID", "order id", "order id 2", "%", "e")
    prepared = made(tmp_path, [tuple("abcdef")], dict.fromkeys(names, "text"), names="tidy")
    assert prepared.columns == ("hohe_cm", "order_id", "order_id_2", "order_id_2_2", "column", "e")
    told = counted(prepared, "tidy names")
    assert (told.cells, told.detail.split(", ")[0]) == (5, "'Höhe (cm)': hohe_cm")


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("Straße (Nr.)", "straße_nr"),
        ("Prix (€)", "prix"),
        ("m²", "m2"),
        ("東京 都", "東京_都"),
        ("मूल्य", "मूल्य"),
        ("_a__b-", "a_b"),
    ],
)
def test_tidy_names_keep_the_letters_of_every_script(name, tidy):
    """A name that is not Latin still says what its column holds."""
    assert output_names([name], "tidy") == [tidy]


def test_rules_for_one_column_go_before_the_general_ones(tmp_path):
    """A column can keep its blanks, take another fill, know further markers, or be left out."""
    rows = [(" a ", "1.00", "1"), ("b", None, "none"), ("c", "4.00", "3")]
    prepared = made(
        tmp_path,
        rows,
        fill="mean",
        columns=(
            ColumnRules(name="code", trim=False),
            ColumnRules(name="amount", fill="constant", constant="0.00"),
            ColumnRules(name="count", missing=("none",)),
        ),
    )
    assert cells(prepared.csv)[1:] == [[" a ", "1.00", "1"], ["b", "0.00", "2"], ["c", "4.00", "3"]]
    drop = (ColumnRules(name="code", drop=True),)
    left = made(tmp_path / "b", rows, missing=("none",), columns=drop)
    assert left.columns == ("amount", "count")


def test_no_text_is_published_without_its_value(tmp_path):
    """A cell that stands in the CSV but would be empty in the Parquet stops the run."""
    with pytest.raises(DefectError, match=r"column count: '7x' would have no value as BIGINT"):
        made(tmp_path, [("a", "1.00", "1"), ("b", "2.00", " 7x ")])
    kept = made(tmp_path / "b", [("a", "1.00", "1"), ("b", "NA", "2")], empty_missing=False)
    assert cells(kept.csv)[2] == ["b", "NA", "2"]
    assert pq.read_table(kept.parquet)["amount"].null_count == 1


def test_whole_numbers_that_no_double_holds_are_filled_and_drawn(tmp_path):
    """Ids may be of 17 digits; the report's picture of them need not be exact."""
    rows = [("a", "1.00", "12345678901234567"), ("b", "2.00", None)]
    prepared = made(tmp_path, rows, fill="mode")
    assert [row[2] for row in cells(prepared.csv)[1:]] == ["12345678901234567"] * 2


def test_a_rule_for_an_unknown_column_is_refused(tmp_path):
    """The message lists the columns that there are."""
    with pytest.raises(OptionsError, match="code, amount, count"):
        made(tmp_path, columns=(ColumnRules(name="cod"),))


def test_dropping_every_column_is_refused(tmp_path):
    """Nothing would be left to write."""
    with pytest.raises(OptionsError, match="drop every column"):
        made(tmp_path, columns=[ColumnRules(name=each, drop=True) for each in COLUMNS])


def test_a_constant_of_another_kind_is_refused(tmp_path):
    """Filling a number column with a word would make it text."""
    with pytest.raises(OptionsError, match="is no"):
        made(tmp_path, fill="constant", constant="unknown")


def test_mode_fills_every_kind_with_the_least_of_the_most_frequent(tmp_path):
    """As scikit-learn's SimpleImputer(strategy="most_frequent") does."""
    rows = [("b", "1.00", "1"), ("a", "2.00", "2"), ("a", "2.00", "3"), ("b", "1.00", "4")]
    prepared = made(tmp_path, [*rows, (None, None, "5")], fill="mode")
    assert cells(prepared.csv)[5] == ["a", "1.00", "5"]


def test_fills_equal_those_of_scikit_learn(tmp_path):
    """Median, mean and mode of a real column with gaps, to 1e-9."""
    frame = datasets.load_diabetes(as_frame=True).frame
    frame.loc[::7, "bmi"] = np.nan
    for how, strategy in (("median", "median"), ("mean", "mean"), ("mode", "most_frequent")):
        folder = tmp_path / how
        options = PrepareOptions(clean=CleanOptions(fill=how))
        filled = pq.read_table(
            preprocess_rows(staged_frame(folder, frame), folder, options).parquet
        )
        expected = SimpleImputer(strategy=strategy).fit_transform(frame[["bmi"]])[:, 0]
        np.testing.assert_allclose(filled["bmi"], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("form", "texts", "filled"),
    [
        (Number(",", scale=2), ["1,50", "4,50"], "3,00"),
        (Number(point=True, scale=None), ["1.5", "4.5"], "3.0"),
        (Number(scale=None), ["1", "4.5"], "2.75"),
        (Number(bare=True, scale=2), [".50", "-.20"], ".15"),
        (Number(scale=2, prefix="€"), ["-€4.00", "-€1.00"], "-€2.50"),
        (Number(suffix=" %"), ["10 %", "15 %"], "12.5 %"),
        (Number(",", " ", scale=2), ["1 234 567,50", "1 234 569,50"], "1 234 568,50"),
        (Number(thousands=","), ["999", "1,004"], "1,001.5"),
        (Number(",", "."), ["1.230", "1.241"], "1.235,5"),
        (Number(thousands=" ", late=True), ["9998", "9996"], "9997"),
        (Number(thousands=",", lakh=True), ["12,34,567", "12,34,569"], "12,34,568"),
        (Number(scale=2, negative="(5)"), ["(0.20)", "0.40"], "0.10"),
        (Number(scale=2, prefix="$", negative="(5)"), ["($0.20)", "($0.40)"], "($0.30)"),
        (Number(scale=2, negative="5-"), ["0.20-", "0.40-"], "0.30-"),
    ],
)
def test_a_fill_is_written_as_the_column_is(tmp_path, form, texts, filled):
    """Marks, signs and thousands, and the decimals that all values have."""
    staged = written(tmp_path, form, [*texts, ""])
    prepared = preprocess_rows(staged, tmp_path, PrepareOptions(clean=CleanOptions(fill="median")))
    assert cells(prepared.csv)[3][0] == filled


@pytest.mark.parametrize(
    ("sql_type", "texts", "filled"),
    [
        ("DECIMAL(18, 12)", ["0.000000000400", "0.000000000200"], "0.000000000300"),
        ("DOUBLE", ["4.5e-10", "1.5e-10"], "3e-10"),
        ("DOUBLE", ["1.5e+300", "4.5e+300"], "3e+300"),
        ("DOUBLE", ["0.5", "0.25"], "0.375"),
    ],
)
def test_a_fill_has_an_exponent_only_where_its_column_may(tmp_path, sql_type, texts, filled):
    """And no digit is put behind it."""
    staged = reading(tmp_path, {"x": "decimal", "y": "text"}, [*((t, t) for t in texts), ("", "z")])
    form = "1.5e-07" if sql_type == "DOUBLE" else "1234.56"
    kind = {"sql": f'TRY_CAST("x" AS {sql_type})', "sql_type": sql_type, "format": form}
    columns = (staged.columns[0].model_copy(update=kind), staged.columns[1])
    staged = staged.model_copy(update={"columns": columns})
    prepared = preprocess_rows(staged, tmp_path, PrepareOptions(clean=CleanOptions(fill="median")))
    assert cells(prepared.csv)[3][0] == filled


def test_numbers_that_cannot_be_added_up_are_refused(tmp_path):
    """Their mean and their fence would be no numbers; the column is named."""
    frame = pd.DataFrame({"x": [1e308, 1.5e308, 1.2e308, -1.7e308, None]})
    for rule in ({"fill": "mean"}, {"outliers": "clip"}):
        options = PrepareOptions(clean=CleanOptions(drop_duplicates=False, **rule))
        with pytest.raises(OptionsError, match="of the column 'x' are too large"):
            preprocess_rows(staged_frame(tmp_path, frame), tmp_path, options)


def test_outliers_are_flagged_or_clipped(tmp_path):
    """Beyond the quartiles by three quartile ranges: marked in a column of its own, or cut off."""
    rows = [(f"c{each}", "1.00", str(each)) for each in (1, 2, 3, 4, 5, 1000)]
    flagged = made(tmp_path / "a", rows, outliers="flag")
    assert [row[-1] for row in cells(flagged.csv)[1:]] == ["0"] * 5 + ["1"]
    clipped = made(tmp_path / "b", rows, outliers="clip")
    assert cells(clipped.csv)[6][2] == "12.25"
    assert pq.read_table(clipped.parquet)["count"].to_pylist()[-1] == 12.25


@pytest.mark.parametrize("outliers", ["flag", "clip"])
def test_a_column_of_mostly_one_value_has_no_outliers(tmp_path, outliers):
    """Else all other values would be lost, also those of a later file."""
    rows = [(f"c{each}", "0.00" if each % 5 else f"{each}.50", "7") for each in range(40)]
    first = made(tmp_path / "a", rows, outliers=outliers)
    assert cells(first.csv)[1:] == [list(row) for row in rows]
    later = [("x", "9.75", "8"), ("y", "0.00", "9")]
    staged = reading(tmp_path / "b", COLUMNS, later)
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert cells(again.csv)[1:] == [list(row) for row in later]


@pytest.mark.parametrize(
    ("texts", "filled", "clean"),
    [
        (["1.10", "2.20", "2.00"], "1.77", {"fill": "mean"}),
        (["1.10", "2.25"], "1.68", {"fill": "median"}),
        ([".10 ", " .20"], ".15", {"fill": "median", "trim": False}),
        (["12,34,567", "12,34,568"], "12,34,568", {"fill": "median"}),
        (["1.125", "2.25", "3.5"], "2.2916666666666665", {"fill": "mean"}),
        (["0.1", "0.25", "-0.35"], "0.0", {"fill": "mean"}),
        (["0.0001", "0.00025", "0.00012"], "0.000156666666666667", {"fill": "mean"}),
        (["1.125", "2.25"], "3.0", {"fill": "constant", "constant": "3"}),
        (["1.10", "2.20"], "3.00", {"fill": "constant", "constant": "3"}),
        (["1", "2.5"], "3", {"fill": "constant", "constant": "3.00"}),
        (["1", "2"], "3", {"fill": "constant", "constant": "3"}),
        (["1,000.50", "2.25"], "3,000.00", {"fill": "constant", "constant": "3000"}),
    ],
)
def test_a_filled_column_is_read_back_as_it_was(tmp_path, texts, filled, clean):
    """A fill has no more decimals than all values have, and no fewer."""
    first = read_rows(tmp_path / "a", [*texts, ""])
    prepared = preprocess_rows(first, tmp_path / "a", PrepareOptions(clean=CleanOptions(**clean)))
    found = [row[0] for row in cells(prepared.csv)[1:]]
    assert found == [*texts, filled]
    again = read_rows(tmp_path / "b", found)
    assert again.columns[0].kind == read_rows(tmp_path / "c", texts).columns[0].kind


def test_a_clipped_number_has_the_decimals_of_all_others(tmp_path):
    """So that the column is read back as it was, and keeps its type."""
    texts = ["1.250", "2.500", "4.125", "60.000"]
    clean = CleanOptions(columns=[{"name": "n", "outliers": "clip"}], fence=0.1)
    prepared = preprocess_rows(read_rows(tmp_path, texts), tmp_path, PrepareOptions(clean=clean))
    found = [row[0] for row in cells(prepared.csv)[1:]]
    assert found == [*texts[:3], "19.684"]
    assert pq.read_table(prepared.parquet)["n"].to_pylist() == [Decimal(each) for each in found]


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([{"name": "code", "fill": "median"}], "'median' for the column 'code' is one for numbers"),
        ([{"name": "code", "outliers": "clip"}], "'clip' for the column 'code' is one for numbers"),
        ([{"name": "count", "constant": "1"}], "'count' gives a constant, but fills nothing"),
        ([{"name": "count", "fill": "constant", "constant": "1.5"}], "more decimals than the col"),
        ([{"name": "code", "trim": False}, {"name": "code", "drop": True}], "two rules for the co"),
    ],
)
def test_a_rule_for_a_column_that_would_do_nothing_is_refused(tmp_path, rules, says):
    """It is not passed over; the general rules are, where they do not apply."""
    with pytest.raises(OptionsError, match=says):
        made(tmp_path / "a", columns=rules)
    assert made(tmp_path / "b", fill="median", outliers="clip").rows_out == 4
    empty = [("", "1.00", "2")]
    rule = [{"name": "code", "fill": "mean"}]
    assert made(tmp_path / "c", empty, columns=rule).columns == ("amount", "count")


@pytest.mark.parametrize("rule", [{"fill": "mode"}, {"fill": "constant", "constant": "2.50"}])
def test_a_column_may_be_both_filled_and_clipped(tmp_path, rule):
    """Also where the fence needs another type than the values have."""
    amounts = ["1", "2.5", "2.5", "3.75", "4", "999", None]
    rows = [(str(place), each) for place, each in enumerate(amounts)]
    rules = (ColumnRules(name="amount", outliers="clip", **rule),)
    prepared = made(tmp_path, rows, {"code": "text", "amount": "decimal"}, columns=rules, fence=1.1)
    values = pq.read_table(prepared.parquet)["amount"].to_pylist()
    assert values == [1.0, 2.5, 2.5, 3.75, 4.0, 5.51875, 2.5]
    assert [row[1] for row in cells(prepared.csv)[-2:]] == ["5.51875", "2.5"]


def test_adding_up_leaves_no_digits_of_its_own(tmp_path):
    """The median of 0.2 and 0.4 is 0.3, and a fence at -0.8 is not at -0.800000000000006."""
    rows = [("a", "0.20", "1"), ("b", "0.40", "1"), ("c", None, "1")]
    filled = made(tmp_path / "a", rows, fill="median")
    assert cells(filled.csv)[3][1] == "0.30"
    assert str(pq.read_schema(filled.parquet).field("amount").type) == "decimal128(18, 2)"
    rows = [(f"c{each}", f"{10 + each}.10", "1") for each in range(9)] + [("z", "-50.00", "1")]
    clipped = made(tmp_path / "b", rows, outliers="clip", fence=2.7)
    assert cells(clipped.csv)[-1][1] == "-0.80"


def test_a_column_keeps_its_type_where_nothing_is_clipped(tmp_path):
    """The fence is rounded inwards, to what the type holds; a later file's outliers get that."""
    rows = [(f"c{each}", f"{each}.50", str(each)) for each in (1, 2, 3, 5)]
    first = made(tmp_path / "a", rows, outliers="clip", fence=1.1)
    types = ["string", "decimal128(18, 2)", "int64"]
    assert [str(each.type) for each in pq.read_schema(first.parquet)] == types
    staged = reading(tmp_path / "b", COLUMNS, [("x", "9.99", "9"), ("y", "0.00", "-9")])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert cells(again.csv)[1:] == [["x", "5.92", "5"], ["y", "0.33", "0"]]
    assert pq.read_table(again.parquet)["count"].to_pylist() == [5, 0]


def test_a_flag_takes_no_other_columns_name(tmp_path):
    """It gets a number behind its own, in the order of the file."""
    names = {"x": "integer", "x_outlier": "text", "X_outlier_2": "text"}
    prepared = made(tmp_path, [("1", "a", "b"), ("2", "c", "d")], names, outliers="flag")
    assert prepared.columns == (*names, "x_outlier_3")
    assert cells(prepared.csv)[1] == ["1", "a", "b", "0"]


def test_decimals_become_the_doubles_that_their_texts_are(tmp_path):
    """To the last bit, in the Parquet as at the fence: no value is clipped to itself."""
    cents = [f"{each}.{each % 10}9" for each in range(99)] + ["100.5"]
    filled = made(tmp_path / "a", [(t, t, None) for t in cents], outliers="clip", fence=0.123)
    texts = [row[1] for row in cells(filled.csv)[1:]]
    assert pq.read_table(filled.parquet)["amount"].to_pylist() == [float(text) for text in texts]
    tenths = ["0.20"] * 10 + ["0.30"] * 10 + ["0.40"]
    rows = [(str(each), text, None) for each, text in enumerate(tenths)]
    clipped = made(tmp_path / "b", rows, outliers="clip", fence=1)
    assert counted(clipped, "clip outliers").cells == 0
    assert load(clipped.recipe).outputs[1].clip.high == 0.4


def test_bounds_of_outliers_are_found_where_blanks_stay_behind_some_numbers(tmp_path):
    """They do not count as decimals of the others."""
    rows = [("a", "1.50   ", "1"), ("b", "2.5", "2"), ("c", "3.5", "3")]
    prepared = made(tmp_path, rows, trim=False, outliers="flag")
    assert [row[3] for row in cells(prepared.csv)[1:]] == ["0", "0", "0"]


def test_rows_without_a_target_are_left_out(tmp_path):
    """They count as dropped."""
    prepared = made(tmp_path, target="count")
    assert (prepared.rows_out, prepared.dropped, prepared.duplicates) == (3, 2, 1)


def test_empty_columns_are_left_out_but_not_at_replay(tmp_path):
    """A recipe gives the same columns whatever the next file holds, and says what it leaves out."""
    columns = {"a": "text", "b": "text"}
    first = made(tmp_path / "a", [("1", ""), ("2", None)], columns)
    assert first.columns == ("a",)
    staged = reading(tmp_path / "b", columns, [("", "x"), ("", "y")])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert again.columns == ("a",)
    assert again.rows_out == 2
    assert counted(again, "drop columns").detail == "b"


def test_a_column_that_the_file_lacks_is_missing_at_replay(tmp_path):
    """Or filled as the recipe says; what it may be called now is told."""
    columns = {"a": "text", "price": "decimal"}
    first = made(tmp_path / "a", [("x", "1.00"), ("y", "2.00"), ("z", None)], columns, fill="mode")
    staged = reading(tmp_path / "b", {"a": "text", "Prices": "decimal"}, [("v", "5"), ("w", "6")])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert cells(again.csv) == [["a", "price"], ["v", "1.00"], ["w", "1.00"]]
    assert pq.read_table(again.parquet)["price"].to_pylist() == [Decimal("1.00")] * 2
    drift = " ".join(again.drift)
    assert "'price' is likely called 'Prices' now" in drift
    assert "price: The column is not in this file." in drift


POINTS, COMMAS = Number(thousands=",", scale=2), Number(",", ".", scale=2)


@pytest.mark.parametrize(
    ("known", "later", "filled"),
    [
        (["1.125", "1.250"], ["1,10", "2,20"], "1,19"),
        (["1.125", "1.250"], ["1,1", "2,225"], "1,188"),
        (["1.125", "1.875"], ["1,1", "2,225"], "1,5"),
        (["1.5", "2.5"], ["1,25", "2,50"], "2,00"),
        (["1.10", "2.30"], ["1.5", "2.225"], "1.7"),
        (["1.125", "1.250"], ["1", "2"], "1.188"),
    ],
)
def test_a_later_file_is_filled_with_the_decimals_that_its_numbers_have(
    tmp_path, known, later, filled
):
    """So that it is read back as what it was, too."""
    clean = CleanOptions(fill="mean")
    first = preprocess_rows(
        read_rows(tmp_path / "a", [*known, ""]), tmp_path / "a", PrepareOptions(clean=clean)
    )
    staged = read_rows(tmp_path / "b", [*later, ""])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    found = [row[0] for row in cells(again.csv)[1:]]
    assert found == [*later, filled]
    assert read_rows(tmp_path / "c", found).columns[0].kind == "decimal"
    value = pq.read_table(again.parquet)["n"].to_pylist()[-1]
    assert float(value) == float(filled.replace(",", "."))


DAY_FIRST = Moment(r"^(..)\...\.....$", "%d.%m.%Y")


@pytest.mark.parametrize(
    ("fill", "filled"), [("median", "2.500,50"), ("mode", "1.000,25"), ("mean", "2.625,50")]
)
def test_a_later_file_is_filled_and_clipped_as_it_writes_numbers(tmp_path, fill, filled):
    """Whatever the marks in the recipe's file are."""
    texts = ["1,000.25", "1,000.25", "4,000.75", "4,500.75", ""]
    clean = CleanOptions(outliers="clip", fence=1, fill=fill)
    staged = written(tmp_path / "a", POINTS, texts)
    first = preprocess_rows(staged, tmp_path / "a", PrepareOptions(clean=clean))
    staged = written(tmp_path / "b", COMMAS, ["1.500,00", "", "99.000,00"])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert [row[0] for row in cells(again.csv)[1:]] == ["1.500,00", filled, "7.251,25"]
    plain = filled.replace(".", "").replace(",", ".")
    numbers = [Decimal(each) for each in ("1500", plain, "7251.25")]
    assert pq.read_table(again.parquet)["x"].to_pylist() == numbers


@pytest.mark.parametrize(
    ("known", "now", "text", "value"),
    [
        ((POINTS, ["1,000.25", "-2.50"]), COMMAS, "-1.234,50", Decimal("-1234.50")),
        ((IsoMoment(10), ["2024-03-14"]), DAY_FIRST, "05.03.2024", date(2024, 3, 5)),
        ((Words("yes", "no"), ["yes", "no"]), Words("ja", "nein"), "nein", False),
    ],
)
def test_one_odd_word_does_not_hide_how_the_others_are_written(tmp_path, known, now, text, value):
    """A column that it makes text is read as nearly all of its values are; it alone is missing."""
    first = preprocess_rows(written(tmp_path / "a", *known), tmp_path / "a", PrepareOptions())
    rows = [(text, str(place)) for place in range(40)] + [("12.5 ?", "z")]
    staged = reading(tmp_path / "b", {"x": "text", "y": "text"}, rows)
    near = count_misfits(staged.table, "x", [now], ("",))
    columns = (staged.columns[0].model_copy(update={"near": near}), staged.columns[1])
    staged = staged.model_copy(update={"columns": columns})
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert pq.read_table(again.parquet)["x"].to_pylist() == [value] * 40 + [None]
    assert counted(again, "values of another kind").cells == 1


def test_gaps_stay_where_no_value_is_written_as_the_recipes_is(tmp_path):
    """They are not filled with what cannot be read there, and it is told."""
    staged = written(tmp_path / "a", IsoMoment(10), ["2024-03-14", ""])
    first = preprocess_rows(staged, tmp_path / "a", PrepareOptions(clean=CleanOptions(fill="mode")))
    assert cells(first.csv)[2][0] == "2024-03-14"
    staged = written(tmp_path / "b", DAY_FIRST, ["15.03.2024", ""])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert [row[0] for row in cells(again.csv)[1:]] == ["15.03.2024", ""]
    assert "x: Its gaps stay, as no value is written as '2024-03-14' is." in again.drift


@pytest.mark.parametrize(
    ("texts", "later", "values"),
    [
        (["12/25/2023", "03/04/2024"], ["03/04/2024", "05/06/2024"], [(2024, 3, 4), (2024, 5, 6)]),
        (["25/12/2023", "03/04/2024"], ["03/04/2024", "NA"], [(2024, 4, 3), None]),
        (["ja", "nein"], ["ja", "ja"], [True, True]),
        (["1,234,567", "1,932"], ["2,500", "1,932"], [2500, 1932]),
        (["1.234,50", "1,25"], ["1,250", "2.500"], [None, None]),
        (["ja", "nein"], ["ja", "perhaps"], [None, None]),
    ],
)
def test_a_later_file_that_tells_too_little_is_read_as_the_recipes_was(
    tmp_path, texts, later, values
):
    """Few values may fit several formats or none; the recipe says which, if all fit that."""
    first = preprocess_rows(read_rows(tmp_path / "a", texts), tmp_path / "a", PrepareOptions())
    again = preprocess_rows(
        read_rows(tmp_path / "b", later), tmp_path / "b", PrepareOptions(), recipe=first.recipe
    )
    found = pq.read_table(again.parquet)["n"].to_pylist()
    assert found == [date(*each) if isinstance(each, tuple) else each for each in values]
    assert [row[0] for row in cells(again.csv)[1:]] == [
        "" if each == "NA" else each for each in later
    ]


@pytest.mark.parametrize(
    ("texts", "later", "told"),
    [
        (["1.234,50", "1,25"], ["1.234", "2.500"], "n: Its numbers are written 1234.567, before"),
        (["1.234.567", "1.932"], ["1.234", "2.500"], "n: Its numbers are written 1234.567, before"),
        (["1,234.50", "1.25"], ["1,234", "2.5"], ""),
        (["1.5", "1.25"], ["1.234", "2.500"], ""),
    ],
)
def test_numbers_with_other_marks_than_the_recipes_are_told(tmp_path, texts, later, told):
    """They are read as their own file says; read as before, they would be other numbers."""
    first = preprocess_rows(read_rows(tmp_path / "a", texts), tmp_path / "a", PrepareOptions())
    again = preprocess_rows(
        read_rows(tmp_path / "b", later), tmp_path / "b", PrepareOptions(), recipe=first.recipe
    )
    assert told in " ".join(again.drift)
    assert bool(told) == ("are written" in " ".join(again.drift))


def test_texts_stay_what_they_are_in_a_later_file(tmp_path):
    """Where `yes` and `no` stand alone, they are truth values to the file, not to the recipe."""
    first = made(tmp_path / "a", [("yes",), ("no",), ("maybe",)], {"a": "text"})
    staged = reading(tmp_path / "b", {"a": "boolean"}, [("yes",), ("no",)])
    sql, sql_type = Words("yes", "no").sql('"a"')
    truth = staged.columns[0].model_copy(update={"sql": sql, "sql_type": sql_type})
    staged = staged.model_copy(update={"columns": (truth,)})
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert pq.read_table(again.parquet)["a"].to_pylist() == ["yes", "no"]


@pytest.mark.parametrize(
    ("kind", "values", "later", "found"),
    [
        ("integer", ["1", "2"], ["3", "1.5", "0x10", "abc"], [3, None, None, None]),
        ("decimal", ["1.00"], ["2.5", "1.234", "1e1"], [Decimal("2.50"), None, None]),
        ("date", ["2024-03-14"], ["2024-03-15", "2024-03-16 10:00"], [date(2024, 3, 15), None]),
    ],
)
def test_no_text_is_rounded_to_the_kind_of_a_recipe(tmp_path, kind, values, later, found):
    """One that the recipe's type cannot hold as it is has no value there."""
    first = made(tmp_path / "a", [(each,) for each in values], {"a": kind})
    staged = reading(tmp_path / "b", {"a": "text"}, [(each,) for each in later])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert pq.read_table(again.parquet)["a"].to_pylist() == found
    assert [row[0] for row in cells(again.csv)[1:]] == later
    assert counted(again, "values of another kind").cells == found.count(None)


@pytest.mark.parametrize("mode", ["clean", "model"])
def test_a_later_file_may_have_more_decimals(tmp_path, mode):
    """They are kept and told, not rounded to those of the recipe's file; that stays as it was."""
    rows = [(f"{each}.25", str(each % 3)) for each in range(90)]
    staged = reading(tmp_path / "a", {"n": "decimal", "y": "text"}, rows)
    options = PrepareOptions(mode=mode, model=ModelOptions(scale="none"))
    first = preprocess_rows(staged, tmp_path / "a", options, target="y")
    staged = reading(tmp_path / "b", {"n": "decimal", "y": "text"}, [("1.125", "0"), ("2", "1")])
    kind = {"sql": 'TRY_CAST("n" AS DECIMAL(18, 3))', "sql_type": "DECIMAL(18,3)"}
    columns = (staged.columns[0].model_copy(update=kind), staged.columns[1])
    staged = staged.model_copy(update={"columns": columns})
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    numbers = [1.125, 2.0] if mode == "model" else [Decimal("1.125"), Decimal(2)]
    assert pq.read_table(again.parquet)["n"].to_pylist() == numbers
    assert "n: Its numbers have more digits: DECIMAL(38,3), not DECIMAL(18, 2)." in again.drift
    assert again.recipe.read_bytes() == first.recipe.read_bytes()


def test_signs_for_missing_values_that_a_later_file_has_are_missing_there(tmp_path):
    """They are filled as gaps are, and a row of nothing else is left out; in a text they stay."""
    columns = {"a": "text", "n": "decimal"}
    first = made(tmp_path / "a", [("x", "1.00"), ("y", "2.00")], columns, (), fill="median")
    rows = [("NA", "5.00"), ("z", "NA"), (None, "NA")]
    staged = reading(tmp_path / "b", columns, rows)
    found = staged.columns[1].model_copy(update={"missing": (Missing(marker="NA", count=2),)})
    staged = staged.model_copy(update={"columns": (staged.columns[0], found)})
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert cells(again.csv)[1:] == [["NA", "5.00"], ["z", "1.50"]]
    assert counted(again, "empty missing markers").cells == 2
    assert again.dropped == 1


def test_fractions_are_missing_where_the_recipe_knows_whole_numbers(tmp_path):
    """They are not rounded; the text stays as it is."""
    first = made(tmp_path / "a", [("1",), ("2",), ("4",)], {"n": "integer"})
    staged = reading(tmp_path / "b", {"n": "decimal"}, [("1.5",), ("2.0",), ("4.0",)])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert pq.read_table(again.parquet)["n"].to_pylist() == [None, 2, 4]


def test_a_recipe_is_not_replayed_on_a_file_of_another_kind(tmp_path):
    """Nothing but empty cells could come of it."""
    first = made(tmp_path / "a")
    staged = reading(tmp_path / "b", {"x": "text"}, [("1",)])
    with pytest.raises(BadFileError, match="none of the recipe's columns: they are 'code'"):
        preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)


def test_the_spreadsheet_copy_escapes_formulas_and_the_table_does_not(tmp_path):
    """An apostrophe goes before what a spreadsheet would run; negative numbers stay."""
    rows = [
        ("=1+1", "-1.50", "1"),
        ("@x", "2.50", "2"),
        ("+49 30", "2.00", "3"),
        ("a=b", None, "4"),
    ]
    staged = reading(tmp_path, COLUMNS, rows)
    prepared = preprocess_rows(staged, tmp_path, PrepareOptions(spreadsheet=True))
    assert [row[:2] for row in cells(prepared.spreadsheet)[1:]] == [
        ["'=1+1", "-1.50"],
        ["'@x", "2.50"],
        ["'+49 30", "2.00"],
        ["a=b", ""],
    ]
    assert cells(prepared.csv)[1][0] == "=1+1"
    assert counted(prepared, "escape formulas").cells == 3
    harmless = reading(tmp_path / "b", COLUMNS, [("a", "1.00", "1")])
    prepared = preprocess_rows(harmless, tmp_path / "b", PrepareOptions(spreadsheet=True))
    assert counted(prepared, "escape formulas").cells == 0


def test_the_spreadsheet_copy_escapes_names_as_well(tmp_path):
    """A header comes from outside as every cell does."""
    staged = reading(tmp_path, {"=1+1": "text", "b": "text"}, [("x", "y")])
    prepared = preprocess_rows(staged, tmp_path, PrepareOptions(spreadsheet=True))
    assert cells(prepared.spreadsheet)[0] == ["'=1+1", "b"]
    assert cells(prepared.csv)[0] == ["=1+1", "b"]
    assert counted(prepared, "escape formulas").cells == 1


def test_a_table_of_one_column_keeps_rows_apart_from_empty_lines(tmp_path):
    """A missing value in a lone column is written as quotes, so that the row can be read back."""
    prepared = made(tmp_path, [("x",), (None,), ("y",)], {"a": "text"}, drop_empty_rows=False)
    assert cells(prepared.csv)[1:] == [["x"], [""], ["y"]]


def test_the_report_is_one_file_that_runs_and_loads_nothing(tmp_path):
    """Cells are escaped, and nothing points outside."""
    prepared = made(tmp_path, [("<script>alert(1)</script>", "1.00", "1"), ("b", "2.00", "2")])
    page = prepared.report.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_report_names_a_rule_that_changed_no_cell_once_as_idle(tmp_path):
    """Of many columns with such a rule, those alone are listed in which it changed cells."""
    rows = [("1", None, "5"), ("2", "3", "6")]
    kinds = {"a": "integer", "b": "integer", "c": "integer"}
    page = made(tmp_path, rows, kinds, fill="median", outliers="clip").report.read_text()
    assert page.count(">fill</td>") == 1
    assert "b with median 3" in page
    assert page.count("clip outliers") == 1


def test_the_report_of_a_wide_file_stays_light(tmp_path):
    """Long lists are cut, which it says; every column can be found elsewhere."""
    kinds = {f"column {place}": "decimal" for place in range(400)}
    rows = [[f"{(row * 7 + place) % 97 / 4}" for place in range(400)] for row in range(99)]
    rows.append([None] * 399 + ["1"])
    prepared = made(tmp_path, rows, kinds, fill="median", outliers="clip", fence=0.2)
    page = prepared.report.read_text()
    assert len(page) < 250_000
    assert "300 more columns are in the data dictionary" in page
    assert "more are not shown here" in page


def test_times_of_one_day_are_drawn_from_the_first_to_the_last_of_them(tmp_path):
    """The day alone would stand at both ends."""
    rows = [(f"2024-03-01 {hour:02}:30:00", "2024-03-01") for hour in range(6, 22)]
    page = made(tmp_path, rows, {"at": "timestamp", "on": "date"}).report.read_text()
    assert "<span>03-01 06:30</span><span>03-01 21:30</span>" in page
    assert "<span>2024-03-01</span><span>2024-03-01</span>" in page


def test_the_report_draws_before_and_after_of_the_same_rows(tmp_path):
    """A column is drawn twice only where a rule changed it, however a long file is sorted."""
    rows = [(str(place), str(place) if place else None) for place in range(20_000)]
    prepared = made(
        tmp_path, rows, {"a": "integer", "b": "integer"}, fill="median", outliers="clip"
    )
    assert prepared.report.read_text().count('fill="var(--after)"') == 1


def test_numbers_are_drawn_as_such_where_a_later_file_has_dates(tmp_path):
    """The range is the recipe's; as days, its ends could lie beyond any calendar."""
    staged = reading(tmp_path / "a", {"x": "integer"}, [("5",), ("99999999999",)])
    first = preprocess_rows(staged, tmp_path / "a", PrepareOptions())
    staged = reading(tmp_path / "b", {"x": "date"}, [("2024-03-14",), ("2024-03-15",)])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert "1e+11" in again.report.read_text()
    assert "x: It held integer values, now date." in again.drift


def test_whole_numbers_that_no_double_holds_are_drawn(tmp_path):
    """A picture may be off by what cannot be seen; the table is exact."""
    ids = [str(144_936_190_542_158_381 + each) for each in range(9)]
    prepared = made(tmp_path, [(each,) for each in ids], {"id": "integer"}, outliers="clip")
    assert prepared.report.exists()
    assert pq.read_table(prepared.parquet)["id"].to_pylist() == [int(each) for each in ids]


def test_a_fence_may_lie_beyond_what_the_columns_type_holds(tmp_path):
    """No value of that type lies beyond it, so none is clipped."""
    rows = [(str(each * 10**17),) for each in range(1, 10)]
    prepared = made(tmp_path, rows, {"id": "integer"}, outliers="clip", fence=100)
    assert counted(prepared, "clip outliers").cells == 0
    assert cells(prepared.csv)[1:] == [[*row] for row in rows]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"inputs": []}, "it is made of 'amount', which is none of its inputs"),
        ({"outputs": []}, "it has no columns, or one of them twice"),
        ({"mode": "model"}, "mode and modelling contradict each other"),
    ],
)
def test_a_recipe_that_a_hand_broke_is_refused(tmp_path, change, told):
    """What does not fit together is said."""
    recipe = made(tmp_path).recipe
    recipe.write_text(json.dumps(json.loads(recipe.read_text()) | change))
    with pytest.raises(OptionsError, match=told):
        load(recipe)


def test_a_file_that_is_no_recipe_is_refused(tmp_path):
    """The message says what to use."""
    (tmp_path / "r.json").write_text('{"headgate_recipe": 3}')
    staged = reading(tmp_path, COLUMNS, ROWS)
    with pytest.raises(OptionsError, match="recipe"):
        preprocess_rows(staged, tmp_path, PrepareOptions(), recipe=tmp_path / "r.json")


@given(st.lists(st.tuples(*[st.sampled_from(["", "a", "b", " a", "a "])] * 2), min_size=1))
@settings(max_examples=25, deadline=None)
def test_the_first_of_equal_rows_stays_in_order(rows):
    """What is left equals pandas' drop_duplicates on the trimmed rows, in the same order."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = made(Path(folder), rows, {"x": "text", "y": "text"}, drop_empty_columns=False)
        trimmed = pd.DataFrame([(x.strip(), y.strip()) for x, y in rows], columns=["x", "y"])
        left = trimmed[(trimmed != "").any(axis=1)]
        assert cells(prepared.csv)[1:] == left.drop_duplicates().to_numpy().tolist()
        assert prepared.dropped == len(trimmed) - len(left)
        assert prepared.duplicates == left.duplicated().sum()


def test_a_column_without_gaps_keeps_its_type_when_fills_are_fitted(tmp_path):
    """The median of 1 and 2 is rounded, for nothing here needs it."""
    rows = [("a", "1.00", "1"), ("b", None, "2")]
    first = made(tmp_path / "a", rows, fill="median")
    assert str(pq.read_schema(first.parquet).field("count").type) == "int64"
    staged = reading(tmp_path / "b", COLUMNS, [("a", "1.00", None)])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert cells(again.csv)[1][2] == "2"


def test_a_table_without_values_keeps_its_columns(tmp_path):
    """Where no column holds a value, leaving empty ones out would leave nothing."""
    prepared = made(tmp_path, rows=[(None, None, None)])
    assert cells(prepared.csv) == [list(COLUMNS)]
    assert prepared.rows_out == 0


def test_a_later_file_may_have_no_row_that_stays(tmp_path):
    """Also where the recipe fills gaps, of which the report shows a picture."""
    first = made(tmp_path / "a", target="count", fill="median")
    staged = reading(tmp_path / "b", COLUMNS, [("a", "1.00", None)])
    again = preprocess_rows(staged, tmp_path / "b", PrepareOptions(), recipe=first.recipe)
    assert (again.rows_out, again.dropped) == (0, 1)
    assert again.report.exists()


@pytest.mark.parametrize("order", ["sorted", "alternating"])
def test_the_order_of_rows_does_not_change_what_a_column_looks_like(tmp_path, order):
    """Pictures and drift rest on rows from all over a file, whatever recurs in it."""
    groups = (
        [group for group in "abcd" for _ in range(4096)] if order == "sorted" else "abcd" * 4096
    )
    rows = [(group, str(place)) for place, group in enumerate(groups)]
    kinds = {"group": "text", "place": "integer"}
    recipe = load(made(tmp_path / "a", rows, kinds).recipe)
    shares = {each.text: each.share for each in recipe.profile[0].top}
    assert shares == pytest.approx(dict.fromkeys("abcd", 0.25), abs=0.03)
    assert recipe.profile[1].bins == pytest.approx([4096 / 24] * 24, abs=5)


def test_many_columns_are_looked_at_in_fewer_rows(tmp_path, monkeypatch):
    """The memory that the looked at cells take has a bound, whatever the table's width."""
    monkeypatch.setattr(profile, "SAMPLE_CELLS", 60)
    rows = [("a", str(place)) for place in range(200)]
    recipe = load(made(tmp_path / "a", rows, {"group": "text", "place": "integer"}).recipe)
    assert sum(recipe.profile[1].bins) <= 60 // 2


def test_numbers_too_near_and_too_far_for_steps_are_profiled(tmp_path):
    """A column of almost equal huge numbers, or of the widest range, is reported on like any."""
    rows = [("9007199254740992", "-1.7e308"), ("9007199254740993", "1.7e308")] * 3
    staged = reading(tmp_path, {"near": "integer", "far": "text"}, rows)
    far = staged.columns[1].model_copy(
        update={"kind": "decimal", "sql_type": "DOUBLE", "sql": 'TRY_CAST("far" AS DOUBLE)'}
    )
    staged = staged.model_copy(update={"columns": (staged.columns[0], far)})
    assert preprocess_rows(staged, tmp_path, PrepareOptions()).report.stat().st_size > 0
