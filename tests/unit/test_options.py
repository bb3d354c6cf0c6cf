"""The page of all options says what the options are."""

import runpy

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
