"""Headgate beside its peers, on the same file, as whole processes in one run.

python -m bench [--size 100MB] [--rounds 2] [--curve] [--only NAME ...] [--folder FOLDER]

Of several rounds the best counts, for everyone alike.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.data import make
from bench.peers import PEERS

HEADGATE = (sys.executable, "-c", "from cli.main import main; main()", "clean")
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


class Cost(NamedTuple):
    """What one run took."""

    seconds: float
    cpu: float
    mib: float


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="100MB", help="size of the file, e.g. 400MB")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each, the best counts")
    parser.add_argument("--curve", action="store_true", help="also headgate clean by size")
    parser.add_argument("--only", nargs="*", help="names of those to run")
    parser.add_argument("--folder", type=Path, help="where files are made; needs 5 times the size")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-bench-", dir=chosen.folder) as made:
        folder = Path(made)
        compare(folder, size_of(chosen.size), chosen.rounds, chosen.only)
        if chosen.curve:
            curve(folder, size_of(chosen.size))


def compare(folder: Path, size: int, rounds: int, only: list[str] | None) -> None:
    """Run everyone on one file."""
    file = folder / "data.csv"
    make(file, size)
    print(f"{file.stat().st_size / 1e6:,.0f} MB, {os.cpu_count()} cores, best of {rounds}\n")
    commands = {name: c for name, c in commands_for(file).items() if not only or name in only}
    costs: dict[str, Cost] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            cost = run(command, folder / "out")
            costs[name] = min(cost, costs.get(name, cost))
    pandas = costs.get("plain_pandas")
    print(f"{'':24}{'seconds':>9}{'CPU s':>9}{'peak MiB':>10}{'against pandas':>16}")
    for name, cost in costs.items():
        ratio = f"{pandas.seconds / cost.seconds:.2f} x" if pandas else ""
        print(f"{name:24}{cost.seconds:9.2f}{cost.cpu:9.2f}{cost.mib:10,.0f}{ratio:>16}")
    file.unlink()


def curve(folder: Path, largest: int) -> None:
    """Run `headgate clean` on files of growing size."""
    print(f"\n{'headgate clean':>16}{'seconds':>9}{'peak MiB':>10}{'MB/s':>8}")
    size = 1000
    while size <= largest:
        file = folder / f"{size}.csv"
        make(file, size)
        cost = run([*HEADGATE, str(file), "--out", "{out}"], folder / "out")
        speed = size / 1e6 / cost.seconds
        print(
            f"{file.stat().st_size / 1e6:13,.3f} MB{cost.seconds:9.2f}{cost.mib:10,.0f}{speed:8.1f}"
        )
        file.unlink()
        size *= 10


def commands_for(file: Path) -> dict[str, list[str]]:
    """Return the command lines; `{out}` is a fresh folder."""
    clean = [*HEADGATE, str(file), "--out", "{out}"]
    commands = {
        "headgate clean": clean,
        "headgate clean, filled": [*clean, "--clean.fill", "median"],
    }
    for name in PEERS:
        commands[name] = [sys.executable, "-m", "bench.peers", name, str(file), "{out}"]
    if qsv := shutil.which("qsv"):
        commands["qsv dedup"] = [qsv, "dedup", str(file), "-o", "{out}/data.csv"]
    return commands


def run(command: list[str], out: Path) -> Cost:
    """Run one command to its end, in a fresh folder."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    started = time.perf_counter()
    with subprocess.Popen(
        [part.replace("{out}", str(out)) for part in command], stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.perf_counter() - started
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def size_of(text: str) -> int:
    """Read a size such as 400MB."""
    for unit, factor in UNITS.items():
        if text.upper().endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    return int(text)


if __name__ == "__main__":
    main()
