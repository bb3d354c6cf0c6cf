"""How long a small upload takes from the end of its PUT to its receipt, on the stack of `make up`.

python -m bench.latency [--files 100]
"""

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

from headgate.bucket import receipts
from headgate.bucket.store import Store, connect
from headgate.settings import load
from stack.running import running

HEADER = "id,name,amount,day\n"


def main() -> None:
    """Run the stack, upload single files at random moments, print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100, help="how many, one after another")
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory(prefix="headgate-latency-") as folder, running(Path(folder)):
        store = connect(load())
        seconds = sorted([measure(store, number) for number in range(files + 2)][2:])
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(f"{files} files, PUT to receipt: p50 {statistics.median(seconds):.2f} s, ", end="")
    print(f"p95 {p95:.2f} s, longest {seconds[-1]:.2f} s (targets: p50 2 s, p95 4 s)")


def measure(store: Store, number: int) -> float:
    """Upload one small file and wait for its receipt; return the seconds in between."""
    time.sleep(random.uniform(0.5, 1.5))  # so that no interval is met in step
    key = f"uploads/latency/{number:04d}.csv"
    rows = "".join(f"{row},name {row},{number}.{row:02d},2024-03-14\n" for row in range(20))
    store.put_new(key, (HEADER + rows).encode())
    upload, start = store.head(key), time.perf_counter()
    while receipts.find(store, upload) is None:
        time.sleep(0.03)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
