"""A model trained on the result is at least as good as one trained through skrub's vectorizer."""

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skrub import TableVectorizer

from headgate.engine.preprocess import preprocess_rows
from headgate.options import CleanOptions, ModelOptions, PrepareOptions
from tests.harness.staging import staged_frame

OPTIONS = PrepareOptions(
    mode="model",
    model=ModelOptions(test_share=0),
    clean=CleanOptions(drop_duplicates=False),
)


def with_categories(frame):
    """Cut two of the columns into named classes, so that there is something to encode."""
    first, second = frame.columns[:2]
    frame = frame.copy()
    frame[first] = pd.qcut(frame[first], 8, duplicates="drop").cat.codes.map("class {}".format)
    frame[second] = pd.qcut(frame[second], 60, duplicates="drop").cat.codes.map("k{}".format)
    frame.loc[::17, frame.columns[2]] = np.nan
    return frame


TASKS = {
    "iris": (datasets.load_iris, True),
    "wine": (datasets.load_wine, True),
    "breast cancer": (datasets.load_breast_cancer, True),
    "diabetes": (datasets.load_diabetes, False),
}


def models(classes):
    if classes:
        linear = LogisticRegression(max_iter=1000)
        return [
            HistGradientBoostingClassifier(random_state=0),
            make_pipeline(StandardScaler(), linear),
        ]
    linear = RidgeCV(np.logspace(-3, 3, 7))
    return [HistGradientBoostingRegressor(random_state=0), make_pipeline(StandardScaler(), linear)]


def by_skrub(train, test):
    vectorizer = TableVectorizer()
    fitted = vectorizer.fit_transform(train.drop(columns="target"))
    middle = fitted.median()
    applied = vectorizer.transform(test.drop(columns="target"))
    return fitted.fillna(middle), train["target"], applied.fillna(middle), test["target"]


def by_headgate(train, test, folder):
    first = preprocess_rows(
        staged_frame(folder / "train", train), folder / "train", OPTIONS, target="target"
    )
    again = preprocess_rows(
        staged_frame(folder / "test", test), folder / "test", OPTIONS, recipe=first.recipe
    )
    tables = [pd.read_parquet(each.parquet).drop(columns="_test") for each in (first, again)]
    return [part for each in tables for part in (each.drop(columns="target"), each["target"])]


@pytest.mark.slow
@pytest.mark.parametrize("change", [lambda frame: frame, with_categories], ids=["plain", "mixed"])
@pytest.mark.parametrize("name", TASKS)
def test_models_are_as_good_as_through_skrub(tmp_path, name, change):
    """Cross-validated over five folds, within two standard errors, or half a point."""
    load, classes = TASKS[name]
    frame = change(load(as_frame=True).frame)
    cut = (StratifiedKFold if classes else KFold)(5, shuffle=True, random_state=1)
    score = accuracy_score if classes else r2_score
    for place, model in enumerate(models(classes)):
        scores = []
        for fold, (train, test) in enumerate(cut.split(frame, frame["target"])):
            ways = (
                by_skrub(frame.iloc[train], frame.iloc[test]),
                by_headgate(frame.iloc[train], frame.iloc[test], tmp_path / f"{place}-{fold}"),
            )
            scores.append([score(y, model.fit(x, t).predict(z)) for x, t, z, y in ways])
        gains = np.array([headgate - skrub for skrub, headgate in scores])
        error = gains.std(ddof=1) / np.sqrt(len(gains))
        assert gains.mean() >= -max(2 * error, 0.005), scores
