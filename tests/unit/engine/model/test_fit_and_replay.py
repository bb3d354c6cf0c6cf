"""Mode `model`: nothing leaks, values equal scikit-learn's, and a recipe treats files alike."""

from datetime import date
from decimal import Decimal
from typing import get_args

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import datasets
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from headgate.engine.model import encode
from headgate.engine.model.cells import work_out
from headgate.engine.model.sql import own_cell, words
from headgate.engine.model.words import marks
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.recipe import (
    DatePart,
    MissingFlag,
    Number,
    OneHot,
    TargetColumn,
    TargetMean,
    load,
)
from headgate.errors import OptionsError
from headgate.options import CleanOptions, ModelOptions, PrepareOptions
from stack.running import ROOT
from tests.harness.staging import reading, staged_frame

DATA = ROOT / "tests" / "data" / "recipes"


def shop(rows=600):
    """A table with every kind of column, missing values and a number to predict."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Oslo", "Rome", "Wien", None], rows, p=[0.5, 0.3, 0.1, 0.1]),
            "zip": [f"z{each}" for each in rng.integers(0, 90, rows)],
            "size": rng.normal(50, 9, rows),
            "rooms": rng.integers(1, 30, rows),
            "garden": rng.choice([True, False], rows),
            "sold": pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 700, rows), "D"),
        }
    )
    frame["price"] = frame["size"] * 3 + frame["rooms"] + rng.normal(0, 1, rows)
    frame.loc[::11, "size"] = np.nan
    return frame


def made(folder, frame, target, *, recipe=None, **model):
    options = PrepareOptions(
        mode="model", model=ModelOptions(**model), clean=CleanOptions(drop_duplicates=False)
    )
    return preprocess_rows(
        staged_frame(folder, frame), folder, options, target=target, recipe=recipe
    )


def table(prepared):
    return pd.read_parquet(prepared.parquet)


def parts(prepared):
    rows = table(prepared)
    return rows[rows["_test"] == 0], rows[rows["_test"] == 1]


def test_every_column_is_a_number_and_the_split_is_close_to_the_share(tmp_path):
    """The output is numeric throughout, without gaps, about a fifth of it held out."""
    rows = table(made(tmp_path, shop(), "price"))
    assert all(pd.api.types.is_numeric_dtype(kind) for kind in rows.dtypes)
    assert rows.notna().all().all()
    assert 0.15 < rows["_test"].mean() < 0.25


@pytest.mark.parametrize("target", ["price", "garden"])
def test_shuffling_the_test_rows_target_changes_nothing_in_training(tmp_path, target):
    """Neither the split nor any fitted value depends on what the test rows' target is."""
    frame = shop()
    before = made(tmp_path / "a", frame, target)
    held = table(before)["_test"].to_numpy() == 1
    shuffled = frame.copy()
    shuffled.loc[held, target] = frame.loc[held, target].to_numpy()[::-1]
    after = made(tmp_path / "b", shuffled, target)
    pd.testing.assert_frame_equal(parts(before)[0], parts(after)[0], check_exact=True)


@pytest.mark.parametrize(
    ("scale", "scaler"),
    [("standard", StandardScaler()), ("robust", RobustScaler()), ("minmax", MinMaxScaler())],
)
def test_numbers_are_filled_and_scaled_as_by_scikit_learn(tmp_path, scale, scaler):
    """Median and scale of the training rows equal a SimpleImputer and scaler fitted on them."""
    frame = shop()
    rows = table(made(tmp_path, frame, "price", scale=scale))
    train = rows["_test"].to_numpy() == 0
    names = ["size", "rooms"]
    pipeline = make_pipeline(SimpleImputer(strategy="median"), scaler).fit(frame[train][names])
    np.testing.assert_allclose(rows[names], pipeline.transform(frame[names]), rtol=1e-9, atol=1e-9)


def test_one_value_beside_gaps_is_not_scaled_by_what_rounding_left(tmp_path):
    """Its deviation is nothing, as to scikit-learn, however sums of it are rounded."""
    frame = shop()[["price"]].assign(rate=0.1, fee=12.34)
    frame.loc[::3, ["rate", "fee"]] = np.nan
    rows = table(made(tmp_path, frame, "price"))
    np.testing.assert_allclose(rows[["rate", "fee"]], 0.0, atol=1e-9)


@pytest.mark.parametrize("load", [datasets.load_wine, datasets.load_breast_cancer])
def test_real_numbers_are_scaled_as_by_scikit_learn(tmp_path, load):
    """Every column of real data sets comes out as StandardScaler gives it."""
    frame = load(as_frame=True).frame
    rows = table(made(tmp_path, frame, "target"))
    train = rows["_test"].to_numpy() == 0
    names = [name for name in frame.columns if name != "target"]
    scaled = StandardScaler().fit(frame[train][names]).transform(frame[names])
    np.testing.assert_allclose(rows[names], scaled, rtol=1e-9, atol=1e-9)


def test_few_categories_are_one_hot_as_by_scikit_learn(tmp_path):
    """The columns are the training rows' categories in order, with a flag for missing ones."""
    frame = shop()
    rows = table(made(tmp_path, frame, "price"))
    encoder = OneHotEncoder(sparse_output=False).fit(frame[["city"]].fillna("~"))
    names = ["city=Oslo", "city=Rome", "city=Wien", "city missing"]
    np.testing.assert_array_equal(rows[names], encoder.transform(frame[["city"]].fillna("~")))


@pytest.mark.parametrize("target", ["price", "garden"])
def test_many_categories_are_encoded_as_by_scikit_learn(tmp_path, target):
    """Test rows get the means of all training rows; these get those of the other folds."""
    frame = shop()
    prepared = made(tmp_path, frame, target)
    rows = table(prepared)
    name = next(name for name in rows.columns if name.startswith("zip target"))
    train = rows["_test"].to_numpy() == 0
    goal = frame[target].astype(float)
    kind = "continuous" if target == "price" else "binary"
    encoder = TargetEncoder(target_type=kind).fit(frame[train][["zip"]], goal[train])
    expected = encoder.transform(frame[~train][["zip"]])[:, 0]
    np.testing.assert_allclose(rows[name][~train], expected, rtol=1e-9)
    assert not np.allclose(rows[name][train], encoder.transform(frame[train][["zip"]])[:, 0])


def test_the_means_of_a_recipe_are_bounded(monkeypatch, tmp_path):
    """Beside many classes the most frequent categories alone are kept; the others are unseen."""
    frame = shop().assign(rank=np.resize(["a", "b", "c"], 600))
    monkeypatch.setattr(encode, "MOST_MEANS", 10 * 3 * (5 + 1))
    prepared = made(tmp_path, frame, "rank")
    train = frame[table(prepared)["_test"] == 0]
    often = train["zip"].value_counts().nlargest(10, keep="all")
    encoded = [each for each in load(prepared.recipe).outputs if isinstance(each, TargetMean)]
    assert len(encoded) == 3
    for each in encoded:
        assert len(each.all.means) == 10
        assert set(each.all.means) <= set(often.index)


def test_a_class_that_training_does_not_have_gets_no_feature(tmp_path):
    """No mean of it can be fitted; the rows that have it keep its number as their target."""
    frame = shop().assign(rank=np.resize(["a", "b", "c"], 600))
    held = table(made(tmp_path / "a", frame, "rank"))["_test"].to_numpy() == 1
    frame.loc[held.argmax(), "rank"] = "d"
    rows = table(made(tmp_path / "b", frame, "rank"))
    assert [name for name in rows if name.startswith("zip target")] == [
        "zip target=a",
        "zip target=b",
        "zip target=c",
    ]
    assert rows["rank"][held.argmax()] == 3


def test_replaying_on_the_same_file_gives_the_same_bytes(tmp_path):
    """Out-of-fold values and the split come back too, since the rows are recognised."""
    first = made(tmp_path / "a", shop(), "price")
    again = made(tmp_path / "b", shop(), None, recipe=first.recipe)
    assert again.csv.read_bytes() == first.csv.read_bytes()
    assert again.parquet.read_bytes() == first.parquet.read_bytes()
    assert again.recipe.read_bytes() == first.recipe.read_bytes()


def test_a_recipe_of_version_1_still_gives_the_same_bytes(tmp_path):
    """It splits rows by another hash; a table and its recipe, written back then, are kept here."""
    again = made(tmp_path, shop(60), None, recipe=DATA / "version-1.json")
    assert again.csv.read_bytes() == (DATA / "version-1.csv").read_bytes()


def test_rows_come_in_the_order_of_the_file(tmp_path):
    """Also where there are many of them, which several threads work on."""
    frame = pd.DataFrame({"kind": np.arange(300_000) % 1000, "price": np.arange(300_000) / 4})
    staged = staged_frame(tmp_path, frame.assign(kind=frame["kind"].map("k{}".format)))
    options = PrepareOptions(mode="model", model=ModelOptions(one_hot_limit=2))
    prepared = preprocess_rows(staged, tmp_path, options, target="price")
    rows = table(prepared)
    assert rows["price"].tolist() == frame["price"].tolist()
    pd.testing.assert_frame_equal(pd.read_csv(prepared.csv), rows, check_dtype=False)


PLAIN = "aB3z _-,.'\n\t\0"
FOREIGN = "aB3 _-éÄß漢字\u0130\u0131\u017f\u212a٣²ª\u03c3ςΣ\u0301\u00a0ǅ\n"


@pytest.mark.parametrize("letters", [PLAIN, FOREIGN])
def test_words_are_those_that_the_exported_sql_finds(letters):
    """A word is a run of letters and digits in lower case, in any script."""
    rng = np.random.default_rng(3)
    texts = pa.array(["".join(rng.choice([*letters], 8)) for _ in range(2000)] + ["", None])
    with duckdb.connect() as con:
        con.register("texts", pa.table({"text": texts}))
        lists = [row[0] or [] for row in con.sql(f"SELECT {words('text')} FROM texts").fetchall()]
    wanted = sorted({word for found in lists for word in found})
    expected = [[int(word in found) for word in wanted] for found in lists]
    assert marks(texts, wanted).tolist() == expected


SOURCES = {
    "flag": pa.array([True, False, None]),
    "count": pa.array([-(2**62) - 1, 7, None]),
    "price": pa.array([Decimal("0.07"), Decimal("-123456789.12"), None], pa.decimal128(18, 2)),
    "long": pa.array([Decimal("90071992547409.93"), Decimal("0.29"), None], pa.decimal128(18, 2)),
    "wide": pa.array([Decimal("12345678901234567890.1"), None], pa.decimal128(38, 1)),
    "day": pa.array([date(1, 1, 1), date(1969, 12, 31), date(2024, 2, 29), None]),
    "time": pa.array([-2_208_988_800_000_001, 1_709_164_800_000_000, None], pa.timestamp("us")),
    "city": pa.array(["Oslo", "", None]),
}


@pytest.mark.parametrize("name", SOURCES)
def test_cells_are_those_that_the_exported_sql_finds(name):
    """To the last bit, whatever the type of a column."""
    values = SOURCES[name]
    parts = {"day": {*get_args(DatePart)} - {"hour"}, "time": {*get_args(DatePart)}, "city": ()}
    outputs = [
        MissingFlag(name="missing", source=name),
        *(
            Number(name="number", source=name, part=part, fill=0.1, center=center, scale=3.3)
            for part in parts.get(name, (None,))
            for center in (0.0, 0.7)
        ),
    ]
    if name == "city":
        outputs.append(OneHot(name="Oslo", source=name, category="Oslo"))
    elif name not in parts:
        outputs.append(TargetColumn(name="target", source=name))
    classes = ("7", "0.07", "Oslo", "false", "true")
    outputs.append(TargetColumn(name="class", source=name, classes=classes))
    with duckdb.connect() as con:
        wanted = ", ".join(map(own_cell, outputs))
        expected = con.from_arrow(pa.table({name: values})).project(wanted).to_arrow_table()
        found = work_out(con, name, values, outputs)
    assert [each.to_pylist() for each in found] == [each.to_pylist() for each in expected.columns]


def test_replaying_on_another_file_gives_the_same_columns(tmp_path):
    """Missing columns and unseen categories are dealt with; every row counts as new."""
    first = made(tmp_path / "a", shop(), "price")
    other = shop().drop(columns=["price", "garden"]).head(50)
    other["city"] = "Atlantis"
    other["size"] = "unknown"
    again = made(tmp_path / "b", other, None, recipe=first.recipe)
    rows = table(again)
    assert again.columns == first.columns
    assert again.rows_out == 50
    assert rows["_test"].eq(1).all()
    assert rows[["city=Oslo", "city=Rome", "city=Wien"]].eq(0).all().all()
    assert rows["size missing"].eq(1).all()


def test_rows_of_which_none_has_a_target_yet_are_made_ready_to_predict(tmp_path):
    """As those of a file that lacks the column; where some have one, the others are left out."""
    first = made(tmp_path / "a", shop(), "price")
    bare = made(tmp_path / "b", shop(50).drop(columns="price"), None, recipe=first.recipe)
    empty = made(tmp_path / "c", shop(50).assign(price=np.nan), None, recipe=first.recipe)
    assert empty.csv.read_bytes() == bare.csv.read_bytes()
    some = shop(50)
    some.loc[10:, "price"] = None
    assert made(tmp_path / "d", some, None, recipe=first.recipe).rows_out == 10


def test_a_sign_for_a_missing_target_is_no_target(tmp_path):
    """Also where the options keep its text."""
    rows = [("NA" if place % 3 else f"{place}.50", str(place % 7)) for place in range(60)]
    staged = reading(tmp_path, {"y": "decimal", "x": "integer"}, rows, missing=("NA",))
    kept = CleanOptions(drop_duplicates=False, empty_missing=False)
    prepared = preprocess_rows(
        staged, tmp_path, PrepareOptions(mode="model", clean=kept), target="y"
    )
    assert (prepared.rows_out, prepared.dropped) == (20, 40)
    assert table(prepared)["y"].notna().all()


def test_groups_are_never_split(tmp_path):
    """With a group column, all rows of a group are either for training or for testing."""
    frame = shop()
    rows = table(made(tmp_path, frame, "price", group_column="zip"))
    assert rows["_test"].groupby(frame["zip"]).nunique().eq(1).all()
    assert 0 < rows["_test"].mean() < 1


def test_the_latest_rows_are_held_out(tmp_path):
    """With a time column, no training row is later than a test row."""
    frame = shop()
    rows = table(made(tmp_path, frame, "price", time_column="sold"))
    train = rows["_test"].to_numpy() == 0
    assert frame[train]["sold"].max() < frame[~train]["sold"].min()


def test_rows_without_a_time_have_no_say_in_which_ones_are_the_latest(tmp_path):
    """Also where a sign for a missing time is kept as text."""
    days = [f"2024-01-{day:02d}" for day in range(1, 21)] + ["NA"] * 20
    rows = [(day, str(place % 7), "ab"[place % 2]) for place, day in enumerate(days)]
    staged = reading(tmp_path, {"day": "date", "x": "integer", "y": "text"}, rows, missing=("NA",))
    split = ModelOptions(time_column="day", test_share=0.5)
    kept = CleanOptions(drop_duplicates=False, empty_missing=False)
    options = PrepareOptions(mode="model", model=split, clean=kept)
    assert table(preprocess_rows(staged, tmp_path, options, target="y"))["_test"].sum() == 10


def test_text_has_no_order_in_time(tmp_path):
    """The 31st of a month would be later than the 1st of the next."""
    days = [f"{1 + place % 28:02d}.{1 + place % 12:02d}.2024" for place in range(60)]
    rows = [(day, str(place % 7), "ab"[place % 2]) for place, day in enumerate(days)]
    staged = reading(tmp_path, {"day": "text", "x": "integer", "y": "text"}, rows)
    options = PrepareOptions(mode="model", model=ModelOptions(time_column="day"))
    with pytest.raises(OptionsError, match="'day' is text, so that it has no order in time"):
        preprocess_rows(staged, tmp_path, options, target="y")


def test_too_few_groups_leave_nothing_to_train_on(tmp_path):
    """The message names the column, not the share of rows."""
    frame = shop().assign(all="one")
    with pytest.raises(OptionsError, match="All groups of the column 'all' are held out"):
        made(tmp_path, frame, "price", group_column="all", test_share=0.9, seed=1)


def test_the_rows_that_are_held_out_are_told(tmp_path):
    """With the target, the kind of task, and the rows that are left to train on."""
    prepared = made(tmp_path, shop(), "price")
    train = int((table(prepared)["_test"] == 0).sum())
    (told,) = (rule for rule in prepared.rules if rule.rule == "hold out for testing")
    assert told.rows == prepared.rows_out - train
    assert told.detail == f"'price' (regression) is to be predicted, from {train} rows to train on"


def test_risky_columns_are_named_and_left_out(tmp_path):
    """A running number, a constant and a copy of the target are found."""
    frame = shop().assign(order=range(600), country="NO")
    frame["net"] = frame["price"] * 0.8
    prepared = made(tmp_path, frame, "price")
    rules = {rule.detail.split(":")[0]: rule.rule for rule in prepared.rules}
    assert rules["order"] == "identifier column left out"
    (why,) = (rule.detail for rule in prepared.rules if rule.detail.startswith("order: "))
    assert why.startswith("order: All or nearly all of its ")
    assert rules["country"] == "constant column left out"
    assert rules["net"] == "leak column left out"
    assert not {"order", "country", "net"} & set(prepared.columns)


def test_the_report_shows_the_rows_of_each_class_and_names_a_risk_once(tmp_path):
    """Classes come in the order of their rows, with those to train on and those held out."""
    frame = shop().assign(same=1).dropna(subset="city")
    prepared = made(tmp_path, frame, "city")
    train, test = (part["city"].value_counts() for part in parts(prepared))
    page = prepared.report.read_text()
    shown = [f"<span>{train[code]:,} + {test[code]:,}</span>" for code in (0, 1, 2)]
    assert [page.index(each) for each in shown] == sorted(page.index(each) for each in shown)
    assert page.count("Every training row has 1.") == 1


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["rising", "falling"])
def test_numbers_tell_rows_apart_only_if_all_of_them_differ(tmp_path, order):
    """In whatever order they come; one that occurs twice makes them numbers like others."""
    numbers = np.arange(600)[order]
    twice = np.r_[numbers[:-1], numbers[:1]]
    prepared = made(tmp_path, shop().assign(order=numbers, again=twice), "price", test_share=0)
    assert "again" in prepared.columns
    assert "order" not in prepared.columns


def test_a_rare_class_makes_no_leak_of_every_column(tmp_path):
    """A column tells nothing where it is right only as often as the most frequent class."""
    rows = 30_000
    frame = pd.DataFrame({"late": np.zeros(rows, int), "size": np.arange(rows) % 50})
    frame.loc[[5, 17_000], "late"] = 1
    frame["told"] = frame["late"].map({0: "in time", 1: "too late"})
    recipe = load(made(tmp_path, frame, "late", test_share=0).recipe)
    assert [(risk.column, risk.risk) for risk in recipe.modelling.risks] == [("told", "leak")]


@pytest.mark.parametrize(
    ("target", "options"),
    [(None, {}), ("nope", {}), ("sold", {}), ("city", {"task": "regression"})],
)
def test_an_unsuitable_target_is_refused(tmp_path, target, options):
    """The message says what to choose instead."""
    with pytest.raises(OptionsError):
        made(tmp_path, shop(), target, **options)


@pytest.mark.parametrize(
    ("column", "unit", "options"),
    [
        ("size", 1e308, {}),
        ("size", 1e200, {}),
        ("size", 1e308, {"scale": "minmax"}),
        ("size", 1e308, {"fill": "mean"}),
        ("price", 1e308, {}),
    ],
)
def test_numbers_that_cannot_be_added_up_are_refused(tmp_path, column, unit, options):
    """A recipe of infinite numbers could not be read again; the column is named."""
    frame = shop()
    frame[column] = np.resize([1.5 * unit, -1.6 * unit, 1.7 * unit], 600)
    frame.loc[::9, "size"] = np.nan
    with pytest.raises(OptionsError, match=f"of the column '{column}' are too large"):
        made(tmp_path, frame, "price", **options)


def test_unevenly_written_numbers_are_numbers_to_a_model(tmp_path):
    """Text such as 2.5 beside 3.10 is read as numbers; codes with leading zeros are not."""
    frame = shop().assign(weight=["2.5", "3.10", "NA"] * 200, code=["007", "008", "009"] * 200)
    columns = made(tmp_path, frame, "price").columns
    assert {"weight", "weight missing", "code=007", "code=008", "code=009"} <= set(columns)


@pytest.mark.parametrize("text", ["1e999", "e5", "+"])
def test_text_that_no_double_can_be_read_from_keeps_its_column_text(tmp_path, text):
    """It would be infinite, or missing in silence."""
    frame = shop().assign(weight=["2.5", "3.10", text] * 200)
    assert f"weight={text}" in made(tmp_path, frame, "price").columns


def test_replay_names_what_has_drifted(tmp_path):
    """Another spread of values, more missing ones and a lost column are each said."""
    first = made(tmp_path / "a", shop(), "price")
    other = shop().drop(columns="rooms")
    other["size"] = other["size"] * 2
    other.loc[::2, "city"] = None
    again = made(tmp_path / "b", other, None, recipe=first.recipe)
    drifted = {each.split(":")[0] for each in again.drift}
    assert {"size", "city", "rooms"} <= drifted
    same = made(tmp_path / "c", shop(), None, recipe=first.recipe)
    assert not same.drift


@pytest.mark.parametrize("rows", [1, 9, 60, 600])
def test_few_rows_of_the_same_kind_have_not_drifted(tmp_path, rows):
    """What chance makes of few rows is not told, and what has surely changed is."""
    frame = shop(1200)
    first = made(tmp_path / "a", frame[:600], "price")
    later = frame[600:][:rows].reset_index(drop=True)
    assert not made(tmp_path / "b", later, None, recipe=first.recipe).drift
    moved = made(tmp_path / "c", later.assign(city="Bern", size=None), None, recipe=first.recipe)
    told = {each.split(":")[0] for each in moved.drift if "training" not in each}
    assert told == (set() if rows == 1 else {"city", "size"})


def test_replay_says_nothing_of_values_that_are_not_used(tmp_path):
    """An identifier goes on counting; that it is lost or another kind is still said."""
    frame = shop().assign(id=range(600))
    first = made(tmp_path / "a", frame, "price")
    later = made(tmp_path / "b", frame.assign(id=range(600, 1200)), None, recipe=first.recipe)
    lost = made(tmp_path / "c", frame.drop(columns="id"), None, recipe=first.recipe)
    assert not later.drift
    assert lost.drift == ("id: The column is not in this file.",)


@pytest.mark.parametrize("encoding", [{}, {"one_hot_limit": 2}, {"many_categories": "frequency"}])
def test_replay_counts_rows_whose_category_training_did_not_have(tmp_path, encoding):
    """However a category is encoded; a missing one is none."""
    encoding = {"one_hot_limit": 2} | encoding if "many_categories" in encoding else encoding
    first = made(tmp_path / "a", shop(), "price", **encoding)
    other = shop()
    other.loc[:5, "city"] = ["Bern", "Bern", "Bern", "Lima", None, "Oslo"]
    again = made(tmp_path / "b", other, None, recipe=first.recipe)
    assert "city: 4 rows hold categories that training did not have: 'Bern', 'Lima'" in again.drift
    assert "&#39;Bern&#39;, &#39;Lima&#39;" in again.report.read_text()
    assert not first.drift


def test_replay_counts_such_rows_whatever_the_columns_are_called(tmp_path):
    frame = shop().rename(columns={"rooms": "category", "garden": "count"})
    first = made(tmp_path / "a", frame, "price")
    other = frame.assign(city="Bern")
    again = made(tmp_path / "b", other, None, recipe=first.recipe)
    assert "city: 600 rows hold categories that training did not have: 'Bern'" in again.drift


def new_rows():
    """Rows of another file, some of them with what training never saw."""
    rows = shop(80).assign(note="a red door", day=pd.Timestamp("2022-05-05 13:30"))
    rows.loc[3, "zip"] = "elsewhere"
    rows.loc[4, "city"] = "Atlantis"
    rows.loc[5, ["sold", "size"]] = None
    rows.loc[6, "day"] = pd.Timestamp("1931-07-04 23:59:59")
    return rows


def noted(frame):
    words = np.resize(["a red door", "the blue door opens late", "green gate", "old red gate"], 600)
    counted = [f"{text} {place}" for place, text in enumerate(words)]
    return frame.assign(note=counted, day=frame["sold"] + pd.Timedelta(hours=5))


@pytest.mark.parametrize("options", [{}, {"many_categories": "frequency", "text": "hash"}])
def test_the_exported_pipeline_gives_the_same_features(tmp_path, options):
    """The scikit-learn transformer needs only recipe.json and gives what a replay gives."""
    first = made(tmp_path / "a", noted(shop()), "price", **options)
    replayed = table(made(tmp_path / "b", new_rows(), None, recipe=first.recipe))
    features = _transformer(first).transform(new_rows())
    assert list(features) == list(replayed.columns[:-2])
    np.testing.assert_allclose(features, replayed[list(features)], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("text", ["words", "hash"])
def test_the_exported_pipeline_finds_words_in_any_script(tmp_path, text):
    """Letters become small one by one, whatever stands beside them, as in SQL."""
    rng = np.random.default_rng(3)
    frame = shop().assign(note=["".join(rng.choice([*FOREIGN], 40)) for _ in range(600)])
    frame["note"] += " ΣΑΣ İst und ΟΔΟΣ ist"
    first = made(tmp_path / "a", frame, "price", text=text)
    replayed = table(made(tmp_path / "b", frame[5:], None, recipe=first.recipe))
    features = _transformer(first).transform(frame[5:])
    np.testing.assert_allclose(features, replayed[list(features)], rtol=1e-9, atol=1e-9)


WRITTEN = pd.DataFrame(
    {"day": ["2024-01-05", "2024-02-29"], "share": [0.5, None], "open": [True, False]}
)


@pytest.fixture(scope="module")
def dated(tmp_path_factory):
    """A transformer of a day, a number and a truth value."""
    days = pd.to_datetime(WRITTEN["day"])
    rows = pd.concat([WRITTEN.assign(day=days, share=n * 7 % 40 / 10, price=n) for n in range(40)])
    return _transformer(made(tmp_path_factory.mktemp("dated"), rows, "price"))


def test_the_exported_pipeline_reads_text_that_can_be_read_in_one_way(dated):
    typed = dated.transform(WRITTEN.assign(day=pd.to_datetime(WRITTEN["day"])))
    texts = WRITTEN.assign(share=[" 0.5 ", ""], open=["True", "false"])
    pd.testing.assert_frame_equal(dated.transform(texts), typed)


@pytest.mark.parametrize(
    ("column", "text", "kind"),
    [("day", "05.01.2024", "timestamp"), ("share", "5%", "decimal"), ("open", "yes", "boolean")],
)
def test_the_exported_pipeline_refuses_text_that_it_does_not_read(dated, column, text, kind):
    """It would be taken for missing, in silence."""
    with pytest.raises(ValueError, match=f"{column}: '{text}' is no {kind}"):
        dated.transform(WRITTEN.assign(**{column: [text, None]}))


def test_the_exported_pipeline_asks_nothing_of_columns_that_make_no_feature(dated):
    """The target may be written in any way, or be missing."""
    expected = dated.transform(WRITTEN)
    pd.testing.assert_frame_equal(dated.transform(WRITTEN.assign(price="1.797,73 €")), expected)


def _transformer(first):
    script = next(path for path in first.extras if path.name == "pipeline.py")
    namespace = {"__name__": "pipeline"}
    exec(compile(script.read_text(), script, "exec"), namespace)
    return namespace["RecipeTransformer"](first.recipe)


@pytest.mark.parametrize("options", [{}, {"many_categories": "frequency", "text": "hash"}])
def test_the_exported_sql_gives_the_same_features(tmp_path, options):
    """The SELECT over a typed table gives what a replay gives."""
    first = made(tmp_path / "a", noted(shop()), "price", **options)
    replayed = table(made(tmp_path / "b", new_rows(), None, recipe=first.recipe))
    script = next(path for path in first.extras if path.name == "recipe.sql").read_text()
    with duckdb.connect() as con:
        con.register("typed_rows", new_rows())
        features = con.sql(script).df()
    assert list(features) == list(replayed.columns[:-2])
    np.testing.assert_allclose(features, replayed[list(features)], rtol=1e-9, atol=1e-9)


def test_a_recipe_without_features_selects_nothing(tmp_path):
    """Its script runs and says so, and its transformer gives rows without columns."""
    first = made(tmp_path, shop()[["price"]].assign(same="x"), "price")
    script = next(path for path in first.extras if path.name == "recipe.sql").read_text()
    assert first.columns == ("price", "_test")
    assert "No feature is left" in script
    with duckdb.connect() as con:
        assert con.sql(script) is None
    assert _transformer(first).transform(new_rows()).shape == (len(new_rows()), 0)


def test_the_exported_sql_tells_columns_apart(tmp_path):
    """Whatever the file's columns are called."""
    names = {"size": "lookup_key", "rooms": "lookup_number", "city": "lookup_0", "zip": "r"}
    names |= {"garden": "typed_rows"}
    first = made(tmp_path / "a", shop().rename(columns=names), "price")
    rows = new_rows().rename(columns=names)
    replayed = table(made(tmp_path / "b", rows, None, recipe=first.recipe))
    script = next(path for path in first.extras if path.name == "recipe.sql").read_text()
    with duckdb.connect() as con:
        con.register("typed_rows", rows)
        features = con.sql(script).df()
    np.testing.assert_allclose(features, replayed[list(features)], rtol=1e-9, atol=1e-9)


def test_the_exported_sql_keeps_the_order_of_a_few_rows(tmp_path):
    """Although DuckDB turns a join round where one table is the smaller one."""
    frame = shop()[["zip", "city", "price"]]
    first = made(tmp_path / "a", frame, "city", one_hot_limit=2)
    some = frame[9:19].drop(columns="city")
    replayed = table(made(tmp_path / "b", some, None, recipe=first.recipe))
    script = next(path for path in first.extras if path.name == "recipe.sql").read_text()
    with duckdb.connect() as con:
        con.register("typed_rows", some)
        features = con.sql(script).df()
    np.testing.assert_allclose(features, replayed[list(features)], rtol=1e-9, atol=1e-9)
    assert script.count("JOIN") == 1, "one for each column, whatever the number of classes"


def test_the_exported_sql_tells_line_ends_apart(tmp_path):
    """Also where its file is read in a way that makes all of them alike."""
    ends = np.resize(["a\r\nb", "a\nb", "a\rb"], 600)
    frame = shop().assign(few=ends)[["price", "zip", "few"]]
    frame["many"] = frame["few"] + frame.pop("zip")
    first = made(tmp_path / "a", frame, "price")
    replayed = table(made(tmp_path / "b", frame[9:], None, recipe=first.recipe))
    script = next(path for path in first.extras if path.name == "recipe.sql").read_text()
    with duckdb.connect() as con:
        con.register("typed_rows", frame[9:])
        features = con.sql(script).df()
    np.testing.assert_allclose(features, replayed[list(features)], rtol=1e-9, atol=1e-9)
