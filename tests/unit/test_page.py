"""What the page says by itself, without a bucket."""

import re

import pytest

from headgate.options import CheckOptions, ReadOptions
from page.instead import INSTEAD, instead


def test_every_option_of_reading_has_a_way_around_it():
    """The page has none of them, and messages name them."""
    assert ReadOptions.model_fields.keys() <= INSTEAD.keys()
    assert INSTEAD.keys() <= ReadOptions.model_fields.keys() | CheckOptions.model_fields.keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Set the option `table`.", "save the table .*; or use the command line, with --table[.]"),
        (
            "Set `skip_lines` or `header_rows`.",
            "delete .*, or give .*--skip-lines or --header-rows",
        ),
        ("Set `host`, or add a table.", "$"),
    ],
)
def test_the_options_that_a_message_names_are_told_as_flags(text, said):
    """With what makes them needless; other texts are left alone."""
    assert re.match(f"(This page has no options. Please )?{said}", instead(text))
