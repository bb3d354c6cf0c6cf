"""What becomes, in Prefect, of runs whose heartbeat stopped, and of others beside them."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.states import AwaitingRetry, Cancelling, Pending, Running

from bridge.runs import BATCH_FLOW, unfinished_batches
from bridge.watchdog import MOST_SILENT, Watchdog, check_runs
from prefect_support.heartbeat import LABEL
from tests.harness.runs import by_hand, eventually

MANY = 3
CROWD = [f"uploads/crowd/{number}.csv" for number in range(201)]


@pytest.fixture
def prefect(stack):
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture(scope="module")
def crowd(stack):
    """Batches that somebody started by hand and nobody ends: more than the server gives at once."""
    with get_client(sync_client=True) as client:
        runs = [
            client.create_flow_run(batch, parameters={"keys": [key]}, state=Running())
            for key in CROWD
        ]
        assert len(client.read_flow_runs()) < len(CROWD)
        yield
        for run in runs:
            client.delete_flow_run(run.id)


@flow(name=BATCH_FLOW)
def batch(keys):
    """A flow of this name, for runs that only stand on the server."""


def taken(prefect, flow, state):
    """Make a run that a worker took and that has come this far."""
    later = datetime.now(UTC) + timedelta(days=1)
    run = run_deployment(f"{flow}/headgate", scheduled_time=later, timeout=0)
    prefect.set_flow_run_state(run.id, state, force=True)
    return run.id


def state_after(prefect, run_id, checks, every=0.0):
    """Check all runs so often, and give the state of this one."""
    watchdog = Watchdog(dict.fromkeys(MOST_SILENT, MANY))
    for _ in range(checks):
        check_runs(prefect, watchdog)
        time.sleep(every)
    return prefect.read_flow_run(run_id).state_name


def test_a_run_that_a_dead_worker_had_taken_is_started_again(prefect):
    run_id = taken(prefect, "check-connection", Pending())
    assert state_after(prefect, run_id, MANY) == "Pending"
    assert state_after(prefect, run_id, MANY + 1) != "Pending"
    assert eventually(lambda: prefect.read_flow_run(run_id).state_name == "Completed", 60)


def test_a_run_that_was_being_cancelled_when_its_process_died_is_cancelled(prefect):
    run_id = taken(prefect, "check-connection", Cancelling())
    assert state_after(prefect, run_id, MANY + 1) == "Cancelled"


def test_a_run_started_by_hand_is_left_alone_until_it_is_killed(prefect):
    with by_hand("heartbeat(client, 0.5)") as (process, run_id):
        assert state_after(prefect, run_id, 2 * MANY, every=1) == "Running"
        process.kill()
        process.wait()
        assert state_after(prefect, run_id, MANY + 2, every=1) == "Crashed"


def test_a_run_of_somebody_elses_flow_is_left_alone(prefect):
    """It has no heartbeat."""
    with by_hand("nullcontext()") as (_, run_id):
        assert state_after(prefect, run_id, 2 * MANY) == "Running"


def test_a_dead_run_among_many_others_is_ended(prefect, crowd):
    """They were started before it, and are left alone."""
    with by_hand("heartbeat(client)") as (process, run_id):
        assert eventually(lambda: LABEL in prefect.read_flow_run(run_id).labels)
        process.kill()
        process.wait()
        assert state_after(prefect, run_id, MANY + 2) == "Crashed"


def test_the_watcher_knows_every_unfinished_batch_however_many_there_are(prefect, crowd):
    """Else it would announce their keys again and again."""
    known = set().union(*(batch.keys for batch in unfinished_batches(prefect)))
    assert known >= set(CROWD)


def test_a_batch_that_was_started_again_is_as_old_as_its_last_start(prefect):
    """What a run that was retried, paused or suspended did before says nothing of its life now."""
    run = prefect.create_flow_run(batch, parameters={"keys": ["uploads/again.csv"]})

    def age_as(state):
        prefect.set_flow_run_state(run.id, state, force=True)
        batches = unfinished_batches(prefect)
        return next(found.age for found in batches if found.keys == {"uploads/again.csv"})

    assert age_as(Running()) < 2
    time.sleep(2)
    assert age_as(AwaitingRetry()) is None
    assert age_as(Running()) < 2
    prefect.delete_flow_run(run.id)
