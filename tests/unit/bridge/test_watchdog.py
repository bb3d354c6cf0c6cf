"""Which runs are taken for dead: those that show nothing new at check after check."""

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Pending, Running

from bridge.watchdog import INTERVAL, MOST_SILENT, Watchdog
from prefect_support import heartbeat

MANY = 5


class Run:
    """A run as Prefect shows it at each check."""

    def __init__(self, state):
        self.id = uuid4()
        self.state = state
        self.beat = 0

    def seen(self):
        labels = {heartbeat.LABEL: str(self.beat)} if self.beat else {}
        return FlowRun(
            id=self.id,
            flow_id=uuid4(),
            state=self.state,
            state_type=self.state.type,
            labels=labels,
        )


@pytest.fixture
def watchdog():
    return Watchdog(dict.fromkeys(MOST_SILENT, MANY))


@pytest.fixture
def run():
    return Run(Running())


def check(watchdog, *runs, count=1):
    """Check so often; give the ids of those that are silent at the last check."""
    for _ in range(count):
        silent = watchdog.silent([run.seen() for run in runs])
    return [run.id for run in silent]


@pytest.mark.parametrize("state", [Running, Pending])
def test_a_run_that_shows_nothing_new_is_silent_after_so_many_checks(watchdog, state):
    """Whether it ever had a heartbeat or not."""
    run = Run(state())
    assert check(watchdog, run, count=MANY) == []
    assert check(watchdog, run) == [run.id]
    assert check(watchdog, run) == [run.id]


def test_a_run_with_a_heartbeat_is_never_silent(watchdog, run):
    for _ in range(MANY):
        run.beat += 1
        assert check(watchdog, run, count=MANY) == []


def test_a_run_in_another_state_has_its_time_anew(watchdog):
    """Also where the state has the same name."""
    run = Run(Pending())
    check(watchdog, run, count=MANY)
    run.state = Pending()
    assert check(watchdog, run, count=MANY) == []
    assert check(watchdog, run) == [run.id]


def test_each_run_is_judged_by_itself(watchdog, run):
    dead = Run(Running())
    for _ in range(MANY):
        run.beat += 1
        check(watchdog, dead, run)
    run.beat += 1
    assert check(watchdog, run, dead) == [dead.id]


def test_checks_before_an_outage_do_not_count(watchdog, run):
    """While the server was away, the run's heartbeats were lost."""
    check(watchdog, run, count=MANY)
    watchdog.reset()
    assert check(watchdog, run, count=MANY) == []


def test_a_run_that_was_not_seen_at_a_check_is_a_new_one(watchdog, run):
    check(watchdog, run, count=MANY)
    check(watchdog)
    assert check(watchdog, run, count=MANY) == []


def test_a_live_run_may_miss_several_heartbeats():
    assert MOST_SILENT[StateType.RUNNING] * INTERVAL >= 10 * heartbeat.INTERVAL
