"""A data set's contract gives its files the options that a run leaves open, on this machine too."""

import re

import pytest

from headgate import local
from headgate.errors import BadFileError, ContractError, OptionsError
from headgate.options import CheckOptions, PrepareOptions, ReadOptions
from page.instead import instead
from stack.running import ROOT

PAGE = (ROOT / "docs" / "contracts.md").read_text()
EXAMPLE = re.search(r"```python\n(# schemas/customers.py\n.*?)```", PAGE, re.DOTALL)[1]
ROWS = [f"{n};{('Köln', 'Bonn')[n % 2]};{n % 7};{('yes', 'no')[n % 3 > 0]}" for n in range(60)]
CUSTOMERS = "\n".join(["id;city;visits;churn", *ROWS]) + "\n"
HEADED = ReadOptions(header_rows=1)
NOTHING = {"read": ReadOptions(), "check": CheckOptions()}


@pytest.fixture
def customers(add_contract, tmp_path):
    """A file of the data set that the page of contracts has for an example."""
    add_contract("customers", EXAMPLE)
    path = tmp_path / "customers.csv"
    path.write_text(CUSTOMERS, encoding="cp1252")
    return path


def clean(path, out, dataset="customers", prepare=PrepareOptions(), **said):  # noqa: B008
    return local.clean(path, out, dataset=dataset, options=prepare, **(NOTHING | said))


def told(reading):
    return [note.why for note in reading.notes if note.what == "contract"]


def test_the_example_of_the_page_makes_of_its_files_what_it_says(customers, tmp_path):
    """Nothing else is told, and the result says whose options these are."""
    cleaned = clean(customers, tmp_path / "out")
    why = {each.what: each.why for each in cleaned.reading.dialect.evidence}
    assert why["encoding"] == why["delimiter"] == "told by an option"
    assert {"churn", "_test"} <= {*cleaned.prepared.columns}
    (note,) = told(cleaned.reading)
    assert note == (
        "it sets read.delimiter to ';', read.encoding to 'cp1252', check.target to 'churn', "
        "prepare.mode to 'model', deliver.source to 'archive'"
    )


def test_another_data_set_has_none_of_it(customers, tmp_path):
    """Nor has a run that names another contract, which is how to do without."""
    cleaned = clean(customers, tmp_path / "out", dataset=None)
    assert "_test" not in cleaned.prepared.columns
    plain = CheckOptions(contract="default")
    found = local.inspect(customers, dataset="customers", read=ReadOptions(), check=plain)
    assert told(found.reading) == []
    assert {each.why for each in found.reading.dialect.evidence}.isdisjoint({"told by an option"})


def test_what_a_run_says_comes_before_what_the_contract_says(customers, tmp_path):
    """Field by field: the rest stays the contract's, and is all that is called so."""
    customers.write_text(CUSTOMERS.replace(";", "|"), encoding="cp1252")
    found = local.inspect(
        customers, dataset="customers", read=ReadOptions(delimiter="|"), check=CheckOptions()
    )
    assert found.reading.dialect.delimiter == "|"
    assert found.reading.dialect.encoding == "cp1252"
    assert told(found.reading)[0].startswith("it sets read.encoding to 'cp1252', check.target")


def test_a_contract_answers_for_options_that_do_not_fit(customers, tmp_path):
    """The file is refused, as by any other rule; what the run said itself is the run's mistake."""
    customers.write_text(CUSTOMERS.replace(";", ","), encoding="cp1252")
    with pytest.raises(
        ContractError,
        match=r"';' does not split .* The contract 'customers' sets options.read.delimiter",
    ):
        clean(customers, tmp_path / "out", prepare=PrepareOptions(spreadsheet=True))
    with pytest.raises(OptionsError, match=r"Leave `delimiter` out"):
        clean(customers, tmp_path / "out", read=ReadOptions(delimiter="|"))
    customers.write_text(CUSTOMERS.replace("yes", "no"), encoding="cp1252")
    with pytest.raises(BadFileError, match=r"customers.csv: The target 'churn' has 1 different"):
        clean(customers, tmp_path / "out")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("city", ["Köln", "Łódź", "東京"])
def test_a_contract_answers_for_an_encoding_that_is_not_the_files(customers, city, mark):
    """Whatever else the run says; nobody is told to save UTF-8 as UTF-8."""
    customers.write_text(mark + CUSTOMERS.replace("Köln", city), encoding="utf-8")
    with pytest.raises(
        ContractError, match=r"not in cp1252: .*utf-8.*The contract 'customers' sets .*encoding"
    ) as refused:
        local.inspect(customers, dataset="customers", **(NOTHING | {"read": HEADED}))
    assert instead(str(refused.value)) == ""


def test_a_contract_answers_for_bytes_that_its_encoding_has_not(customers):
    """They are found only where the file is read."""
    customers.write_bytes(CUSTOMERS.encode("cp1252") + b"99;Z\x81rich;1;no\n")
    with pytest.raises(ContractError, match=r"not valid cp1252.*sets options.read.encoding: "):
        local.inspect(customers, dataset="customers", **NOTHING)


def test_a_recipe_is_replayed_without_the_rules_of_the_data_set(customers, tmp_path, add_contract):
    """Its file is still read as the contract says, needs no target, and has no rules left over."""
    add_contract("customers", re.sub("    churn: .*\n", "", EXAMPLE))
    first = clean(customers, tmp_path / "out")
    scored = tmp_path / "scored.csv"
    unlabelled = [line.rpartition(";")[0] for line in CUSTOMERS.splitlines()]
    scored.write_text("\n".join(unlabelled), encoding="cp1252")
    replay = PrepareOptions(recipe=str(tmp_path / "out" / "recipe.json"))
    again = clean(scored, tmp_path / "again", prepare=replay)
    assert again.prepared.columns == first.prepared.columns
    assert told(again.reading)[0].startswith("it sets read.delimiter to ';'")
    assert "replay recipe" not in [rule.rule for rule in again.prepared.rules]
    assert clean(scored, tmp_path / "again", dataset=None, prepare=replay).reading.contract == (
        "customers"
    )


def test_a_recipe_of_the_data_set_is_asked_for_where_there_is_no_bucket(add_contract, customers):
    """It is not taken for a path on this machine, and not left out in silence."""
    add_contract("customers", EXAMPLE.replace('mode="model"', 'recipe="processed/r.json"'))
    with pytest.raises(OptionsError, match=r"processed/r.json: .*'customers' names a recipe"):
        clean(customers, customers.parent / "out")
    clean(customers, customers.parent / "out", prepare=PrepareOptions(mode="model"))


def test_corrected_rows_are_looked_at_without_the_options_of_the_data_set(customers, tmp_path):
    """A spreadsheet program has written them in its own way."""
    customers.write_text(CUSTOMERS + "61;Bonn\n", encoding="cp1252")
    clean(customers, tmp_path / "out")
    found = local.inspect(tmp_path / "out" / "quarantine.csv", dataset="customers", **NOTHING)
    assert (found.reading.dialect.encoding, found.reading.rows_in) == ("utf-8", 1)
    assert told(found.reading) == []
