"""Announcements that are repeated, reordered or lost, several workers, and silent runs."""

import random
import time

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.states import Pending

from bridge.watch import emit_event
from bridge.watchdog import INTERVAL, MOST_SILENT
from headgate.bucket import receipts
from headgate.bucket.backlog import pending
from headgate.bucket.keys import CLAIMS, OLDER, attempts_prefixes
from tests.harness.crash import LEASE, KillableStack, find_defects, small_table
from tests.harness.runs import by_hand, ended, eventually, run, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SILENCE = INTERVAL * MOST_SILENT[StateType.RUNNING]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A stack of its own with two workers."""
    with KillableStack(tmp_path_factory.mktemp("stack")) as stack:
        stack.start("worker")
        yield stack


@pytest.fixture
def unwatched(stack):
    """The same while the watcher is down."""
    stack.stop("watch")
    yield stack
    stack.start("watch")


def put(stack, name, count):
    keys = [f"uploads/{name}/{number:02}.csv" for number in range(count)]
    for key in keys:
        stack.store.put(key, small_table(key))
    return keys


def large_table():
    rows = "".join(f"{row},name {row},{row / 7:.3f}\n" for row in range(1_000_000))
    return f"id,name,amount\n{rows}".encode()


def announce(stack, keys):
    with get_client(sync_client=True) as client:
        emit_event(client, stack.store, keys)


def assert_done_once(stack, keys):
    """Each has a receipt, and nothing but what it points to was ever published."""
    assert find_defects(stack, keys, seconds=300) == []
    assert list(stack.store.list(OLDER)) == []
    for key in keys:
        upload = stack.store.head(key)
        told = {output["key"] for output in receipts.find(stack.store, upload)["outputs"]}
        found = {
            item.key for prefix in attempts_prefixes(upload) for item in stack.store.list(prefix)
        }
        assert found == told


def test_events_five_times_in_any_order_and_two_workers_give_one_result_each(unwatched):
    """With the schedule's run among them."""
    keys = put(unwatched, "repeated", 25)
    for _ in range(5):
        random.shuffle(keys)
        announce(unwatched, keys)
        for first in range(0, 25, 5):
            announce(unwatched, keys[first : first + 5])
    start("process-backlog")
    assert_done_once(unwatched, keys)


def test_what_nobody_announced_is_found_by_the_schedules_run(unwatched):
    """A watcher that is down loses nothing."""
    keys = put(unwatched, "unannounced", 10)
    assert run("process-backlog").state == "Completed"
    assert_done_once(unwatched, keys)


def test_what_came_while_the_watcher_was_down_is_announced_when_it_is_back(stack):
    stack.stop("watch")
    keys = put(stack, "missed", 10)
    stack.start("watch")
    assert_done_once(stack, keys)


def test_a_large_file_does_not_hold_up_the_small_ones_beside_it(unwatched):
    """Though it comes first in its run."""
    (large,) = put(unwatched, "beside", 1)
    unwatched.store.put(large, large_table())
    small = put(unwatched, "small", 20)
    assert run("process-batch", keys=[large, *small]).state == "Completed"
    ends = {
        key: receipts.find(unwatched.store, unwatched.store.head(key))["finished"]
        for key in (large, *small)
    }
    assert max(ends, key=ends.__getitem__) == large


def test_a_machine_that_dies_is_followed_after_a_lease_and_its_run_ends_up_crashed(stack):
    """Worker and run are gone at once: Prefect hears nothing more of them, but for silence."""
    key = "uploads/large/large.csv"
    stack.store.put(key, large_table())
    upload = stack.store.head(key)
    (claim,) = eventually(lambda: list(stack.store.list(CLAIMS)), seconds=60)
    (silent,) = stack.unfinished_runs()
    stack.kill("machine")
    died = time.monotonic()
    assert receipts.find(stack.store, upload) is None
    assert eventually(
        lambda: [item.etag for item in stack.store.list(CLAIMS)] not in ([], [claim.etag]),
        LEASE + 30,
    )
    assert time.monotonic() - died > LEASE / 2
    assert eventually(lambda: receipts.find(stack.store, upload), 120)
    assert eventually(lambda: silent not in stack.unfinished_runs(), SILENCE + 60)


def test_a_run_that_a_dead_worker_had_taken_is_started_again(unwatched):
    """The worker told Prefect that it would start it, and never did."""
    (key,) = put(unwatched, "pending", 1)
    unwatched.stop("worker")
    taken = start("process-upload", key=key)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(taken, Pending())
        unwatched.start("worker")
        assert client.read_flow_run(taken).state_type == StateType.PENDING
        assert eventually(
            lambda: client.read_flow_run(taken).state_type != StateType.PENDING, SILENCE + 60
        )
    assert ended(taken).state == "Completed"
    assert list(pending(unwatched.store)) == []


def test_runs_that_die_together_with_the_server_are_ended_and_a_live_one_is_not(stack):
    """One is under way, another was taken by the worker and has not begun."""
    with by_hand("heartbeat(client)") as (_, live), get_client(sync_client=True) as client:
        server = stack.processes("prefect")
        stack.store.put("uploads/together/large.csv", large_table())
        assert eventually(lambda: list(stack.store.list(CLAIMS)), seconds=60)
        taken = start("check-connection")
        while client.read_flow_run(taken).state_type == StateType.SCHEDULED:
            pass
        for process in server:
            process.kill()
        stack.kill("machine")
        stack.kill("prefect")
        assert client.read_flow_run(taken).state_type == StateType.PENDING
        assert len(stack.unfinished_runs()) == 3
        only_live = [client.read_flow_run(live).name]
        assert eventually(lambda: stack.unfinished_runs() == only_live, SILENCE + 90)
        assert ended(taken).state == "Completed"
        time.sleep(SILENCE / 2)
        assert client.read_flow_run(live).state_type == StateType.RUNNING
