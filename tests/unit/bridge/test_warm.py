"""What the warm process imports ahead of the runs."""

import importlib

import pytest

from bridge import warm


@pytest.mark.parametrize("name", [*warm.MODULES, *warm.LIBRARIES])
def test_all_that_is_imported_ahead_is_there(name):
    """What is private to a library may go with its next version."""
    importlib.import_module(name)


def test_a_module_that_a_library_no_longer_has_is_told_and_left_out(monkeypatch, caplog):
    """The warm process lives; a missing module of this project's own would end every run."""
    monkeypatch.setattr(warm, "LIBRARIES", ("rich.no_longer_there", "duckdb"))
    warm.import_libraries()
    assert "No module named 'rich.no_longer_there'" in caplog.text
