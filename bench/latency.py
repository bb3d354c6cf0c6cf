"""How long a small upload takes from the end of its PUT to its receipt, on the stack of `make up`.

python -m bench.latency [--files 100]
"""

import argparse
import random
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client

from bridge.watch import EVENT
from headgate.bucket import receipts
from headgate.bucket.store import Store, connect
from headgate.settings import load
from stack.running import running

HEADER = "id,name,amount,day\n"
ABOUT = {"filter": {"event": {"name": [EVENT]}}}
LEGS = {
    "announced": "the watcher tells Prefect",
    "created": "the trigger makes a run",
    "Pending": "the worker takes it",
    "Running": "its process has started",
    "claimed": "the file's turn has come",
    "receipt": "it is read, cleaned and published",
}


def main() -> None:
    """Run the stack, upload single files at random moments, print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100, help="how many, one after another")
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory(prefix="headgate-latency-") as folder, running(Path(folder)):
        store = connect(load())
        legs = [measure(store, number) for number in range(files + 2)][2:]
    seconds = sorted(each["seen"] for each in legs)
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(f"{files} files, PUT to receipt: p50 {statistics.median(seconds):.2f} s, ", end="")
    print(f"p95 {p95:.2f} s, longest {seconds[-1]:.2f} s (targets: p50 2 s, p95 4 s)")
    for leg, meaning in LEGS.items():
        print(f"  {statistics.median(each[leg] for each in legs):>6.2f} s until {meaning}")


def measure(store: Store, number: int) -> dict[str, float]:
    """Upload one small file; return how long after its PUT it had come how far."""
    time.sleep(random.uniform(0.5, 1.5))  # so that no interval is met in step
    key = f"uploads/latency/{number:04d}.csv"
    rows = "".join(f"{row},name {row},{number}.{row:02d},2024-03-14\n" for row in range(20))
    store.put_new(key, (HEADER + rows).encode())
    start, upload = time.time(), store.head(key)
    while not (receipt := receipts.find(store, upload)):
        time.sleep(0.03)
    seen = time.time() - start
    moments = moments_of(receipt)
    return {"seen": seen} | {leg: _seconds(moments[leg]) - start for leg in LEGS}


def moments_of(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return when a file reached the end of each leg, by the receipt and by Prefect."""
    key = receipt["source"]["upload"]["key"]
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(receipt["run"]))
        states = client.read_flow_run_states(run.id)
        told: list[str] = []
        while not told:  # Prefect writes its events down a little later
            time.sleep(0.5)
            events = client.request("POST", "/events/filter", json=ABOUT).json()["events"]
            told = [event["occurred"] for event in events if key in event["payload"]["keys"]]
    return {str(state.name): state.timestamp for state in states} | {
        "announced": min(told),
        "created": run.created,
        "claimed": receipt["started"],
        "receipt": receipt["finished"],
    }


def _seconds(moment: datetime | str) -> float:
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).timestamp()


if __name__ == "__main__":
    main()
