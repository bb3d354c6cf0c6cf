"""A data set's contract is found by name; what is wrong with one is told."""

import sys

import pytest

import schemas
from headgate.contracts import contract_for, names
from headgate.errors import OptionsError, SettingsError


def test_a_contract_is_found_by_data_set_or_by_name():
    """Other data sets are held to the default; an unknown name is refused."""
    assert contract_for("penguins").name == "penguins"
    assert contract_for("elsewhere").name == "default"
    assert contract_for(None, "penguins").name == "penguins"
    assert {"default", "penguins"} <= set(names())
    with pytest.raises(OptionsError, match="no contract 'nothing'"):
        contract_for(None, "nothing")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("CONTRCT = 1", "schemas/broken.py: .*AttributeError: .*'CONTRACT'.*define CONTRACT"),
        ("import nothing_of_this_name", "ModuleNotFoundError: .*nothing_of_this_name"),
        ("def :", "SyntaxError"),
        ("CONTRACT = dict", "a Contract"),
    ],
)
def test_a_contract_that_does_not_work_is_named(monkeypatch, tmp_path, source, says):
    """With its file and what Python says of it, not with a traceback."""
    (tmp_path / "broken.py").write_text(source)
    monkeypatch.setattr(schemas, "__path__", [*schemas.__path__, str(tmp_path)])
    with pytest.raises(SettingsError, match=says):
        contract_for("broken")
    sys.modules.pop("schemas.broken", None)
