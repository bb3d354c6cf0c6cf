"""The cost of a look at many uploads is that of the two listings, and memory stays flat."""

import re
import subprocess
import sys

import pytest

from stack.running import ROOT


@pytest.mark.slow
def test_a_look_at_many_uploads_costs_two_listings():
    """One request for each 1,000 uploads and each 1,000 receipts; the bench command counts them."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.backlog", "--objects", "50000", "--new", "10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
    )
    assert "100 ListObjectsV2" in done.stdout
    assert "50,000 uploads, 10 new" in done.stdout
    assert float(re.search(r"([\d.]+) MiB more memory", done.stdout)[1]) < 20
