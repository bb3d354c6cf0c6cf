"""Whatever is killed, and whenever: each upload gets one whole result, and nothing is left over."""

import random
import time
from collections import Counter

import pytest

from tests.harness.crash import VICTIMS, Crew, Sender, reckon


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.timeout(7200))])
def test_kill_9_of_any_part_loses_and_doubles_nothing(kills, tmp_path, request):
    """Run, worker, watcher, Prefect server and S3 server, at random while uploads arrive."""
    with Crew(tmp_path) as crew:
        sender = Sender(crew.store, every=0.7)
        sender.start()
        dead = Counter()
        while dead.total() < kills:
            time.sleep(random.uniform(0, 4))
            victim = random.choice(("run", *VICTIMS))
            dead[victim] += crew.kill(victim)
        sent = sender.stop()
        print(len(sent), "files,", dead)
        assert sent
        assert reckon(crew, sent, seconds=240) == []
