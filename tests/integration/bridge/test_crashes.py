"""Whatever is killed, and whenever: each upload gets one whole result, and nothing is left over."""

import logging
import random
import time
from collections import Counter

import pytest

from headgate.bucket import receipts
from headgate.bucket.keys import CLAIMS
from headgate.settings import load
from prefect_support.block import block_of
from tests.harness.crash import VICTIMS, KillableStack, Sender, find_defects, small_table
from tests.harness.faults import kill_sender, kill_sender_after, proxy
from tests.harness.runs import ended, eventually, start

log = logging.getLogger(__name__)

STEPS = {
    "claim": ("PUT", "receipts/claims/", kill_sender),
    "claimed": ("PUT", "receipts/claims/", kill_sender_after),
    "download": ("GET", "uploads/", kill_sender),
    "validate": ("GET", "receipts/layouts/", kill_sender),
    "preprocess": ("GET", "recipe.json", kill_sender),
    "upload-processed": ("PUT", "processed/", kill_sender),
    "half-uploaded": ("PUT", ".parquet", kill_sender_after),
    "receipt": ("PUT", "receipts/uploads/", kill_sender),
    "published": ("PUT", "receipts/uploads/", kill_sender_after),
    "presign": ("PUT", "receipts/contents/", kill_sender_after),
    "release": ("DELETE", "receipts/claims/", kill_sender),
    "cleanup": ("PUT", "archive/", kill_sender),
    "archived": ("DELETE", "uploads/", kill_sender),
}
"""Where a run is killed: at a request, before or after the server has done it."""


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("kills", "every"), [(10, 0.7), (200, 4)])
def test_kill_9_of_any_part_loses_and_doubles_nothing(kills, every, tmp_path):
    """Run, worker, watcher, Prefect server and S3 server, at random while uploads arrive."""
    with KillableStack(tmp_path) as stack:
        sender = Sender(stack.store, every)
        sender.start()
        dead = Counter()
        while dead.total() < kills:
            time.sleep(random.uniform(0, 4))
            victim = random.choice(("run", *VICTIMS))
            dead[victim] += stack.kill(victim) > 0
            log.info("Killed so far: %s", dict(dead))
        sent = sender.stop()
        log.info("%d files were sent; killed: %s", len(sent), dict(dead))
        assert sent
        assert find_defects(stack, sent, seconds=600) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_is_killed_at_any_step_is_followed_by_another(tmp_path):
    """One after another at each request of its journey, through a proxy that knows the sender."""
    with (
        KillableStack(tmp_path) as stack,
        proxy(stack.store.client.meta.endpoint_url) as between,
    ):
        block = block_of(load().model_copy(update={"endpoint_url": between.url}))
        block.save("proxied", _sync=True)
        stack.store.put("uploads/steps/first.csv", small_table("first"))
        first = stack.store.head("uploads/steps/first.csv")
        receipt = eventually(lambda: receipts.find(stack.store, first), seconds=60)
        (recipe,) = (out["key"] for out in receipt["outputs"] if out["role"] == "recipe")
        options = {"prepare": {"recipe": recipe}, "deliver": {"source": "archive"}}
        stack.stop("watch")
        uploads = {step: f"uploads/steps/{step}.csv" for step in STEPS}
        for step, key in uploads.items():
            stack.store.put(key, small_table(step))
            method, part, act = STEPS[step]
            fault = between.add(lambda r, m=method, p=part: r.method == m and p in r.target, act)
            run = ended(start("process-upload", key=key, bucket=block, options=options))
            assert (fault.seen, run.state) == (1, "Crashed"), step
        assert len(list(stack.store.list(CLAIMS))) >= 8
        stack.start("watch")
        archived = {step for step, key in uploads.items() if not stack.store.exists(key)}
        assert archived == {"release"}, "it was killed after all else was done"
        left = [key for step, key in uploads.items() if step not in archived]
        assert find_defects(stack, left, seconds=120) == []
