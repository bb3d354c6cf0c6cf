"""`make demo`: real files through the whole journey, on servers that end with it."""

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import arun_deployment

from cli.console import fail, out, say
from headgate.bucket import transfer
from headgate.bucket.keys import UPLOADS
from headgate.bucket.links import presign
from headgate.bucket.store import Store, connect
from headgate.errors import HeadgateError
from headgate.journey import results
from headgate.journey.receipt import Receipt
from headgate.settings import load
from stack.running import ROOT, Stack, running

SAMPLES = ROOT / "samples"
DEPLOYMENT = "process-upload/headgate"
RUN_SECONDS = 120


def main() -> None:
    """Start the stack, process every sample, show each result, stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    try:
        with (
            _folder() as folder,
            running(folder, services=["worker"], say=say) as stack,
        ):
            store = connect(load())
            keys = [_upload(store, file) for file in _samples()]
            asyncio.run(_process(keys))
            for key in keys:
                _show(store, results.find_receipt(store, key))
            _farewell(stack, time.monotonic() - began)
    except HeadgateError as error:
        sys.exit(fail(error))
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL can enter as well, which does not run as root."""
    with tempfile.TemporaryDirectory(prefix="headgate-demo-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def _samples() -> list[Path]:
    return sorted(file for file in SAMPLES.rglob("*.csv*") if file.is_file())


def _upload(store: Store, file: Path) -> str:
    key = UPLOADS + file.relative_to(SAMPLES).as_posix()
    transfer.upload(store, file, key, "text/csv")
    say(f"Uploaded {key}")
    return key


async def _process(keys: list[str]) -> None:
    """Start one run of the deployment for each upload and wait for all of them."""
    runs = [await arun_deployment(DEPLOYMENT, parameters={"key": key}, timeout=0) for key in keys]
    with out.status("Runs are scheduled; the worker is warming up ..."):
        await asyncio.gather(*map(_finished, keys, runs))


async def _finished(key: str, run: FlowRun) -> None:
    seen = None
    deadline = time.monotonic() + RUN_SECONDS
    async with get_client() as client:
        while time.monotonic() < deadline:
            run = await client.read_flow_run(run.id)
            if run.state_name != seen and run.state:
                seen = run.state_name
                say(f"  {key}: {seen} {run.state.message or ''}".rstrip())
            if run.state and run.state.is_final():
                return
            await asyncio.sleep(0.3)
    raise HeadgateError(
        f"{key} was not processed within {RUN_SECONDS} seconds.", todo="The logs may say why."
    )


def _show(store: Store, receipt: Receipt) -> None:
    say(f"\n{receipt.source.upload.key}: {receipt}")
    for output in receipt.outputs:
        say(f"  {output.role:<12}{output.key}")
    if receipt.outcome != "published":
        return
    url = presign(store, receipt.key(), hours=1).url.get_secret_value()
    with urlopen(url) as answer:  # noqa: S310 - our own endpoint
        lines = answer.read().count(b"\n")
    say(f"Link (fetched: {answer.status}, {lines:,} lines)\n{url}")


def _farewell(stack: Stack, seconds: float) -> None:
    say(
        f"\nAll of it in the Prefect UI at {stack.ui}, which ends now, after {seconds:.0f} seconds."
    )
    say("`make up` runs the same until Ctrl-C.")


if __name__ == "__main__":
    main()
