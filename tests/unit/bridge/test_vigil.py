"""Which runs are taken for dead: those that show nothing new at look after look."""

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Pending, Running

from bridge.upkeep import EVERY, LOOKS, Vigil
from prefect_support import heartbeat

MANY = 5


class Run:
    """A run as Prefect tells of it at each look."""

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
def vigil():
    return Vigil(dict.fromkeys(LOOKS, MANY))


@pytest.fixture
def run():
    return Run(Running())


def looks(vigil, *runs, count=1):
    """Look so often; give the ids of those that are silent at the last look."""
    for _ in range(count):
        silent = vigil.silent([run.seen() for run in runs])
    return [run.id for run in silent]


@pytest.mark.parametrize("state", [Running, Pending])
def test_a_run_that_shows_nothing_new_is_silent_after_so_many_looks(vigil, state):
    """Whether it ever told that it is alive or not."""
    run = Run(state())
    assert looks(vigil, run, count=MANY) == []
    assert looks(vigil, run) == [run.id]
    assert looks(vigil, run) == [run.id]


def test_a_run_that_tells_that_it_is_alive_is_never_silent(vigil, run):
    for _ in range(MANY):
        run.beat += 1
        assert looks(vigil, run, count=MANY) == []


def test_a_run_in_another_state_has_its_time_anew(vigil):
    """Also where the state has the same name."""
    run = Run(Pending())
    looks(vigil, run, count=MANY)
    run.state = Pending()
    assert looks(vigil, run, count=MANY) == []
    assert looks(vigil, run) == [run.id]


def test_each_run_is_judged_by_itself(vigil, run):
    dead = Run(Running())
    for _ in range(MANY):
        run.beat += 1
        looks(vigil, dead, run)
    run.beat += 1
    assert looks(vigil, run, dead) == [dead.id]


def test_looks_before_an_outage_do_not_count(vigil, run):
    """While the server was away, the run had nobody to tell that it is alive."""
    looks(vigil, run, count=MANY)
    vigil.forget()
    assert looks(vigil, run, count=MANY) == []


def test_a_run_that_was_not_seen_at_a_look_is_a_new_one(vigil, run):
    looks(vigil, run, count=MANY)
    looks(vigil)
    assert looks(vigil, run, count=MANY) == []


def test_a_live_run_may_miss_several_signs_of_life():
    assert LOOKS[StateType.RUNNING] * EVERY >= 10 * heartbeat.INTERVAL
