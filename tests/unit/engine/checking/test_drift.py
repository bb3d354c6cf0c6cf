"""How a file's columns differ from those of the last accepted one."""

import pandas as pd
import pandera.pandas as pa
import pytest
from pydantic import ValidationError

from headgate.engine.checking.drift import Layout, compare
from headgate.engine.contract import Contract
from headgate.errors import DriftError
from headgate.options import DriftPolicy
from tests.harness.contracts import reading_of

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
