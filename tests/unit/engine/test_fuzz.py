"""A few of the files that `python -m tests.fuzz` makes up; run that for the others."""

from dataclasses import replace

import pytest

from tests.fuzz.cases import make
from tests.fuzz.invariants import BrokenError, examine

SMALL = [seed for seed in range(40) if len(make(seed).content) < 1 << 15]
"""A large one can take as long as all of these."""


@pytest.mark.parametrize("seed", SMALL)
def test_a_file_is_read_whole_or_refused(tmp_path, seed):
    """Whatever a file holds, every line of it is accounted for, or it is refused with a reason."""
    examine(make(seed), tmp_path)


def test_a_lost_cell_would_be_found(tmp_path):
    """An undamaged file that came back other than it was written breaks an invariant."""
    case = next(case for case in map(make, range(100)) if case.table and len(case.table) > 3)
    with pytest.raises(BrokenError, match="Cells are read differently"):
        examine(replace(case, table=case.table[:-1]), tmp_path)
