"""How a burst of small uploads is worked off, on the stack of `make up`.

python -m bench.burst [--files 1000] [--seconds 10] [--kb 10]
"""

import argparse
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from prefect.client.orchestration import get_client

from headgate.bucket.keys import RECEIPTS, UPLOADS
from headgate.bucket.store import Store, connect
from headgate.settings import load
from stack.running import running

PARTS = {
    "weed": "S3 server",
    "postgres": "database",
    "server": "Prefect server",
    "worker": "worker",
    "watch": "watcher",
    "bridge.warm": "warm process and runs",
    "launch.py": "launchers of runs",
}
PATIENCE = 1200
FOLDER = "burst/"
QUIET = 10  # seconds
HUNDRED = 100  # receipts that are looked for at a time, since looks take from the rest


class Cost(NamedTuple):
    """Of a part of the stack: memory of its largest process, CPU time of all that it has run."""

    mib: float
    cpu: float


def main() -> None:
    """Run the stack, send the burst, wait for the last receipt, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10, help="over which they arrive")
    parser.add_argument("--kb", type=int, default=10, help="size of each")
    chosen = parser.parse_args()
    peaks: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="headgate-burst-") as folder, running(Path(folder)):
        store = connect(load())
        wait_until_up(store)
        before, start = costs(), time.monotonic()
        with ThreadPoolExecutor(1) as aside:
            sending = aside.submit(send, store, chosen.files, chosen.seconds, chosen.kb)
            for hundred in range(0, chosen.files, HUNDRED):
                wanted = min(HUNDRED, chosen.files - hundred)
                while receipts(store, hundred) < wanted and time.monotonic() - start < PATIENCE:
                    for part, cost in costs().items():
                        peaks[part] = Cost(*map(max, cost, peaks.get(part, cost)))
                    time.sleep(1)
        took = time.monotonic() - start
        done = sum(receipts(store, hundred) for hundred in range(0, chosen.files, HUNDRED))
        with get_client(sync_client=True) as client:
            runs = [run for run in client.read_flow_runs() if run.start_time][1:]
    print(f"{chosen.files} files of {chosen.kb} KB, sent within {sending.result():.1f} s:")
    print(f"{done} published after {took:.1f} s, in {len(runs)} runs")
    print(f"{'':<24}{'largest process':>18}{'CPU time':>12}")
    for part, cost in peaks.items():
        spent = cost.cpu - before.get(part, Cost(0, 0)).cpu
        print(f"  {part:<22}{cost.mib:>14,.0f} MiB{spent:>10.1f} s")


def wait_until_up(store: Store) -> None:
    """Wait until a first file is processed and all is quiet; starting is no part of a burst."""
    store.put_new("uploads/first.csv", b"id,name\n1,Ada\n")
    while not any(store.list(RECEIPTS)):
        time.sleep(0.5)
    time.sleep(QUIET)


def send(store: Store, files: int, seconds: float, kb: int) -> float:
    """Upload files evenly over some seconds; return how long it took."""
    start = time.monotonic()

    def one(number: int) -> None:
        time.sleep(max(0, start + seconds * number / files - time.monotonic()))
        store.put_new(f"{UPLOADS}{FOLDER}{number:06d}.csv", table(number, kb))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(files)))
    return time.monotonic() - start


def table(number: int, kb: int) -> bytes:
    """Make a CSV of about this size; no two are alike."""
    chance = random.Random(number)
    lines = ["id,name,amount,day,file"]
    while sum(map(len, lines)) < kb * 1000:
        lines += [
            f"{row},name {chance.randrange(999)},{chance.random():.4f},2024-03-14,{number}"
            for row in range(len(lines), len(lines) + 20)
        ]
    return "\n".join(lines).encode()


def receipts(store: Store, hundred: int) -> int:
    """Count the receipts of a hundred files, the first of which has this number."""
    return sum(1 for _ in store.list(f"{RECEIPTS}{FOLDER}{hundred // HUNDRED:04d}"))


def costs() -> dict[str, Cost]:
    """Return what each part of the stack takes now and has taken so far."""
    found: dict[str, Cost] = {}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            words = {Path(word).name for word in process.cmdline()[:6]}
            words |= {process.name()}
            part = next((name for word, name in PARTS.items() if word in words), None)
            if part:
                sofar = found.get(part, Cost(0, 0))
                mib = process.memory_info().rss / 2**20
                found[part] = Cost(max(mib, sofar.mib), sum(process.cpu_times()[:4]) + sofar.cpu)
    return found


if __name__ == "__main__":
    main()
