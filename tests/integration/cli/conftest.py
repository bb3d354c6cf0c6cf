"""What tests of commands that need a bucket share."""

import pytest

from headgate.journey import processing
from headgate.options import ProcessOptions
from tests.harness.command import PEOPLE


@pytest.fixture
def key(place):
    """An upload that has its result."""
    key = place.put("uploads/people.csv", PEOPLE)
    processing.process(place.store, key, ProcessOptions(), owner="test")
    return key
