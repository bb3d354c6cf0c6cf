"""Options give way to each other field by field, and the page of them says what they are."""

import runpy

import pytest

from headgate.options import ProcessOptions
from stack.running import ROOT

TOOL = runpy.run_path(str(ROOT / "tools" / "options.py"))


def test_the_page_of_options_is_up_to_date():
    """`python tools/options.py` would change nothing."""
    page = TOOL["PAGE"].read_text()
    assert TOOL["renewed"](page) == page


def test_the_page_would_show_another_option():
    """The tables come from the options, and what stands before them stays."""
    lines = TOOL["renewed"]("# Title\n\nIntroduction.\n\n## Old\n").splitlines()
    assert lines[:3] == ["# Title", "", "Introduction."]
    assert sum(line.startswith("| `source` | `--source` |") for line in lines) == 1


def over(asked: dict, base: dict) -> dict:
    """What two sets of options come to, without the defaults."""
    run, contract = map(ProcessOptions.model_validate, (asked, base))
    return run.over(contract).model_dump(mode="json", exclude_defaults=True)


@pytest.mark.parametrize(
    ("asked", "base", "both"),
    [
        ({}, {"read": {"delimiter": ";"}}, {"read": {"delimiter": ";"}}),
        ({"read": {"delimiter": "|"}}, {"read": {"delimiter": ";"}}, {"read": {"delimiter": "|"}}),
        (
            {"read": {"encoding": "cp1252"}, "prepare": {"clean": {"fill": "mean"}}},
            {"read": {"delimiter": ";"}, "prepare": {"clean": {"fill": "mode", "names": "tidy"}}},
            {
                "read": {"delimiter": ";", "encoding": "cp1252"},
                "prepare": {"clean": {"fill": "mean", "names": "tidy"}},
            },
        ),
        (
            {"prepare": {"mode": "clean"}},
            {"prepare": {"mode": "model"}},
            {"prepare": {"mode": "model"}},
        ),
        (
            {"prepare": {"clean": {"columns": [{"name": "a", "drop": True}]}}},
            {"prepare": {"clean": {"columns": [{"name": "b", "drop": True}]}}},
            {"prepare": {"clean": {"columns": [{"name": "a", "drop": True}]}}},
        ),
    ],
    ids=["open", "said", "beside each other", "a default says nothing", "a list is one value"],
)
def test_what_is_said_stands_and_the_rest_is_filled_in(asked, base, both):
    """At any depth; a whole record of defaults, as a form sends it, says nothing."""
    assert over(asked, base) == both
    whole = ProcessOptions.model_validate(asked).model_dump()
    assert over(whole, base) == both


def test_a_recipe_and_rules_stand_for_each_other():
    """Who asks for one is not given the other; a copy for spreadsheets goes with both."""
    rules = {"prepare": {"mode": "model", "clean": {"trim": False}, "spreadsheet": True}}
    replay = {"prepare": {"recipe": "recipe.json"}}
    base = rules | {"check": {"target": "left"}}
    assert over(replay, base) == {"prepare": {"recipe": "recipe.json", "spreadsheet": True}}
    assert over(rules, replay) == rules
    spread = {"prepare": {"spreadsheet": True}}
    assert over(spread, replay) == {"prepare": {"recipe": "recipe.json", "spreadsheet": True}}


def test_what_is_said_has_its_full_name():
    """The same option of two modes is told apart, and a default is not listed."""
    said = {
        "prepare": {"mode": "clean", "model": {"fill": "mean"}},
        "deliver": {"source": "archive"},
    }
    assert ProcessOptions.model_validate(said).said() == {
        "prepare.model.fill": "mean",
        "deliver.source": "archive",
    }
