"""A data set's contract is found by name; what is wrong with one is told."""

import re
from types import ModuleType

import pytest

from headgate import local
from headgate.contracts import contract_for, names, notes_of
from headgate.engine.contract import Contract
from headgate.errors import OptionsError, SettingsError
from headgate.options import CheckOptions, ProcessOptions, ReadOptions
from stack.running import ROOT

PAGE = (ROOT / "docs" / "contracts.md").read_text()
EXAMPLES = {
    name: source
    for source, name in re.findall(r"```python\n(# schemas/(\w+)\.py\n.*?)```", PAGE, re.DOTALL)
}


def test_a_contract_is_found_by_data_set_or_by_name():
    """Other data sets are held to the default; an unknown name is refused."""
    assert contract_for("penguins").name == "penguins"
    assert contract_for("elsewhere").name == "default"
    assert contract_for(None, "penguins").name == "penguins"
    assert {"default", "penguins"} <= set(names())
    with pytest.raises(OptionsError, match="no contract 'nothing'"):
        contract_for(None, "nothing")


@pytest.mark.parametrize("name", ["Daily_Sales", "daily-sales"])
def test_a_module_is_found_in_whatever_case_and_with_whatever_marks_it_is_named(add_contract, name):
    """No file is held to the default because of a capital letter; plain names come first."""
    add_contract(name, f"{DEFINES}Contract(min_rows=7)")
    for dataset in ("daily_sales", "Daily Sales"):
        contract = contract_for(dataset)
        assert (contract.name, contract.min_rows) == (name, 7)
        assert notes_of(contract, dataset, ProcessOptions()) == ()
    assert contract_for(None, name) == contract
    add_contract("daily_sales", f"{DEFINES}Contract(min_rows=8)")
    assert contract_for("Daily Sales").min_rows == 8


def test_the_examples_of_the_page_are_contracts(add_contract):
    """As they stand there, each under the name that it is given."""
    assert len(EXAMPLES) == PAGE.count("# schemas/")
    for name, source in EXAMPLES.items():
        add_contract(name, source)
        assert contract_for(name).name == name


def test_a_contract_gives_the_reasons_of_its_checks_as_the_page_shows(add_contract, tmp_path):
    """In its own words: of a field, of a check of a column, and of a rule between columns."""
    add_contract("members", EXAMPLES["members"])
    path = tmp_path / "members.csv"
    path.write_text(
        "id,postcode,joined,left\n1,50667,2020-01-31,\n2,50668,2020-01-31,2021-01-31\n"
        "0,5066,1920-01-31,1919-01-31\n"
    )
    found = local.inspect(path, dataset="members", read=ReadOptions(), check=CheckOptions())
    assert {each.reason for each in found.reading.failures} == {
        "must be a member's number",
        "must have five digits",
        "must not be before the club was founded",
        "must not leave before joining",
    }


DEFINES = "from headgate.engine.contract import Contract\nCONTRACT = "
SPLITS = {"group_column": "a", "time_column": "b"}
RULES = [{"name": "a", "trim": False}, {"name": "a", "drop": True}]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("CONTRCT = 1", "schemas/broken.py: .*AttributeError: .*'CONTRACT'.*define CONTRACT"),
        (
            "import nothing_of_this_name",
            "broken.py, line 1: .*NotFoundError: .*nothing_of_this_name",
        ),
        ("def :", "SyntaxError"),
        ("CONTRACT = dict", "no Contract but <class 'dict'>"),
        ("raise SystemExit(9)", "SystemExit: 9"),
        (f"{DEFINES}Contract(min_rows=5, max_rows=2)", "Contract: min_rows, 5, is more than max_r"),
        (f"{DEFINES}Contract(unique=((),))", "Contract: unique: a key names no column"),
        (
            f"{DEFINES}Contract(unknwn=1)",
            r"broken.py, line 2: .* used: Contract: unknwn: there is no such argument\. C",
        ),
        (f"{DEFINES}Contract(min_rows='x')", "Contract: min_rows: Input should be a valid integer"),
        (
            f"{DEFINES}Contract(options={{'read': {{'sep': ';'}}}})",
            r"Contract: options: read: sep: there is no such argument\. C",
        ),
        (
            f"{DEFINES}Contract(options={{'check': {{'drift': 'refuse'}}}})",
            "Contract: options: check.drift is no option here; give `drift` to Contract itself",
        ),
        (
            f"{DEFINES}Contract(options={{'deliver': {{'force': True}}}})",
            "Contract: options: deliver.force is no option here; only a run can give it",
        ),
        (
            f"{DEFINES}Contract(options={{'read': {{'encoding': 'cp-99'}}}})",
            "Contract: options: there is no encoding named 'cp-99'",
        ),
        (
            f"{DEFINES}Contract(options={{'prepare': {{'mode': 'model'}}}})",
            "Contract: options: prepare.mode 'model' needs a check.target",
        ),
        (
            f"{DEFINES}Contract(options={{'prepare': {{'model': {SPLITS}}}}})",
            "Contract: options: prepare.model has a group_column or a time_column, not both",
        ),
        (
            f"{DEFINES}Contract(options={{'prepare': {{'clean': {{'columns': {RULES}}}}}}})",
            "Contract: options: prepare.clean.columns has two rules for 'a'",
        ),
    ],
)
def test_a_contract_that_does_not_work_is_named(add_contract, source, says):
    """With its file and what Python says of it, not with a traceback."""
    add_contract("broken", source)
    with pytest.raises(SettingsError, match=says):
        contract_for("broken")


def test_a_mistake_in_a_module_that_a_contract_imports_is_told_with_its_line(add_contract):
    """Both lie in the same package; the last line that was run is the wrong one."""
    add_contract("shared_limits", "LEAST = 1\nMOST = LEAST + None\n")
    add_contract("broken", f"from schemas.shared_limits import MOST\n{DEFINES}Contract()")
    with pytest.raises(SettingsError, match=r"^schemas/shared_limits.py, line 2: .* TypeError"):
        contract_for("broken")


SHARED = """import pandera.pandas as pa
class Base(pa.DataFrameModel):
    n: int = pa.Field(ge=1)
"""
SCHEMA = """import pandera.pandas as pa
from headgate.engine.contract import Contract
LIMIT = 1
RULE = pa.Check(lambda values: values > LIMIT)
CONTRACT = Contract(model=pa.DataFrameSchema({"n": pa.Column(int, RULE)}))
"""
MODEL = """from schemas.hashed_base import Base
from headgate.engine.contract import Contract
class Rates(Base):
    m: int
CONTRACT = Contract(model=Rates)
"""


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        (SCHEMA, ("values > LIMIT", "values < LIMIT")),
        (SCHEMA, ("LIMIT = 1", "LIMIT = 2")),
        (SCHEMA, ("Column(int", "Column(float")),
        (MODEL, ("m: int", "m: float")),
        (MODEL, ("ge=1", "ge=2")),
    ],
)
def test_the_hash_changes_with_any_rule_however_it_is_written(add_contract, source, changed):
    """In a lambda, a constant beside it, or a base class from another module; else it stays."""
    found = []
    for before, after in (("", ""), ("", ""), changed):
        for name, text in (("hashed", source), ("hashed_base", SHARED)):
            add_contract(name, text.replace(before, after))
        found.append(contract_for("hashed").hash)
    assert found[0] == found[1] != found[2]


def test_the_hash_is_that_of_the_contract_as_it_was_loaded(add_contract, tmp_path):
    """A module that is edited under a process that has loaded it changes neither rule nor hash."""
    add_contract("kept", f"{DEFINES}Contract()")
    before = contract_for("kept")
    (tmp_path / "schemas" / "kept.py").write_text(f"{DEFINES}Contract(min_rows=3) # and more")
    assert contract_for("kept") == before


def test_a_model_that_no_file_holds_has_a_hash():
    """As one that a program makes up: that is told by what it is called."""
    made = ModuleType("made_up")
    exec(SHARED, made.__dict__)
    assert Contract(model=made.Base).hash != Contract().hash
