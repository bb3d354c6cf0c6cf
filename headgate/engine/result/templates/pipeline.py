"""A scikit-learn transformer that turns rows into the features of a Headgate recipe.

Needs pandas and scikit-learn, nothing of Headgate:

    from pipeline import RecipeTransformer
    model = make_pipeline(RecipeTransformer("recipe.json"), HistGradientBoostingRegressor())

Rows are a data frame under the file's own column names: numbers as numbers, dates as dates (or text
in ISO 8601), categories and text as text. A text that is none of these, such as 5% or 05.03.2024,
is refused. Every row is treated as one never seen in training.
"""

import hashlib
import json
import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

EPOCH = pd.Timestamp("1970-01-01")


class RecipeTransformer(TransformerMixin, BaseEstimator):
    """Applies the fitted values of a recipe; there is nothing left to fit."""

    def __init__(self, recipe="recipe.json"):
        """Name the recipe's file."""
        self.recipe = recipe

    def __sklearn_is_fitted__(self):
        """Tell scikit-learn that `fit` need not come first."""
        return True

    def fit(self, rows, target=None):
        """Do nothing: the recipe holds what was fitted."""
        return self

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features, in order."""
        return np.array([step["name"] for step in self._steps()], dtype=object)

    def transform(self, rows):
        """Return one numeric column for each feature of the recipe."""
        steps = self._steps()
        needed = {step["source"] for step in steps}
        sources = {
            column["name"]: clean(rows, column)
            for column in self._recipe()["inputs"]
            if column["name"] in needed
        }
        features = {
            step["name"]: STEPS[step["step"]](sources[step["source"]], step) for step in steps
        }
        return pd.DataFrame(features, index=rows.index)

    def _recipe(self):
        return json.loads(Path(self.recipe).read_text(encoding="utf-8"))

    def _steps(self):
        return [step for step in self._recipe()["outputs"] if step["step"] in STEPS]


def clean(rows, column):
    """Bring one source column to its kind; a column that is not there is missing throughout."""
    if column["name"] not in rows:
        return pd.Series(np.nan, index=rows.index, dtype=object)
    values = rows[column["name"]]
    if column["kind"] == "text":
        return values.astype(object).map(lambda text: clean_text(text, column))
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        values = values.astype(object).map(
            lambda value: clean_text(value, column) if isinstance(value, str) else value
        )
    found = dates(values) if column["kind"] in ("date", "timestamp") else numbers(values)
    unread = values[found.isna() & values.notna()]
    if len(unread):
        raise ValueError(
            f"{column['name']}: {unread.iloc[0]!r} is no {column['kind']}. "
            "Give numbers as numbers, truth values as true and false, and dates in ISO 8601."
        )
    return found


def dates(values):
    """Read dates and times, which may be text in ISO 8601; what is none is missing."""
    return pd.to_datetime(values, format="ISO8601", errors="coerce")


def numbers(values):
    """Read numbers and truth values, which may be text; what is none is missing."""
    words = values.astype("string").str.lower().map({"true": 1.0, "false": 0.0})
    return pd.to_numeric(values, errors="coerce").astype(float).fillna(words.astype(float))


def clean_text(text, column):
    """Trim and compose a text as the recipe says; nothing is left of a missing one."""
    if pd.isna(text):
        return None
    text = str(text).strip() if column["trim"] else str(text)
    text = unicodedata.normalize("NFC", text) if column["normalise"] else text
    return None if not text or text in column["missing"] else text


def number(values, step):
    """Take the number or a part of the date; fill, centre and scale it."""
    if step["part"]:
        values = date_part(pd.to_datetime(values), step["part"])
    return (values.astype(float).fillna(step["fill"]) - step["center"]) / step["scale"]


def date_part(values, part):
    """Return one part of dates as a number."""
    if part == "weekday":
        return values.dt.weekday + 1
    if part == "days since 1970":
        return (values - EPOCH) / pd.Timedelta(days=1)
    return getattr(values.dt, part)


def one_hot(values, step):
    """Mark the rows of one category."""
    return (values == step["category"]).astype(int)


def missing(values, step):
    """Mark the rows without a value."""
    return values.isna().astype(int)


def frequency(values, step):
    """Look up how frequent the category was."""
    return values.map(step["shares"]).astype(float).fillna(0.0)


def target_mean(values, step):
    """Look up the mean of the target for the category."""
    keys = values.astype(object).where(values.notna(), "")
    return keys.map(step["all"]["means"]).astype(float).fillna(step["all"]["prior"])


def words_of(text):
    """Return the words of a text: runs of letters and digits, in lower case."""
    if not isinstance(text, str):
        return []
    return re.findall(r"[^\W_]+", "".join(letter.lower()[0] for letter in text))


def word(values, step):
    """Mark the rows whose text has the word."""
    return values.map(lambda text: int(step["word"] in words_of(text)))


def hashed_text(values, step):
    """Count the words that fall into the bucket."""

    def count(text):
        numbers = [
            int.from_bytes(hashlib.md5(each.encode()).digest()[8:], "little")
            for each in words_of(text)
        ]
        return sum(each % step["buckets"] == step["bucket"] for each in numbers)

    return np.log1p(values.map(count))


STEPS = {
    "number": number,
    "missing": missing,
    "one-hot": one_hot,
    "frequency": frequency,
    "target-mean": target_mean,
    "word": word,
    "hashed-text": hashed_text,
}
