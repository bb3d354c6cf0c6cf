"""Read made-up and damaged files for a while: `python -m tests.fuzz --minutes 60 --seed 1`.

A file that breaks an invariant is made smaller as long as it breaks the same one, and saved with
what broke.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.cases import Case, make
from tests.fuzz.examiner import Examiner, shrink


def main() -> int:
    """Run until the time is over; the exit code is 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="the first case's seed")
    parser.add_argument("--cases", type=int, help="stop after so many cases")
    parser.add_argument("--out", type=Path, default=Path(".headgate/fuzz"), help="for what broke")
    told = parser.parse_args()
    end = time.monotonic() + 60 * told.minutes
    examiner = Examiner()
    broken, seed = 0, told.seed
    while time.monotonic() < end and seed - told.seed != told.cases:
        case = make(seed)
        failure = examiner.failure(case)
        if failure:
            broken += 1
            save(shrink(case, failure, examiner), failure, told.out / str(seed))
            print(f"seed {seed}: {failure.splitlines()[-1]}", flush=True)
        seed += 1
    examiner.stop()
    print(f"{seed - told.seed:,} cases, {broken:,} broke; they are in {told.out}.")
    return min(broken, 1)


def save(case: Case, failure: str, place: Path) -> None:
    """Write the file beside what is said about it and what broke."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.with_suffix(".csv").write_bytes(case.content)
    said = f"{case.read!r}\n{case.prepare!r}\n{case.limits!r}\n{case.table!r:.2000}\n\n{failure}\n"
    place.with_suffix(".txt").write_text(said)


if __name__ == "__main__":
    sys.exit(main())
