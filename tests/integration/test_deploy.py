"""What deploying prefect.yaml leaves on the server, and what starts a run without a person."""

import yaml
from prefect.client.orchestration import get_client

from bridge.watch import emit_event
from headgate.bucket.store import connect
from stack.running import ROOT
from tests.harness.runs import Place, ended, eventually, runs_of
from tests.harness.stores import settings_for

DECLARED = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
FLOWS = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}


def deployed():
    with get_client(sync_client=True) as client:
        return {found.entrypoint: found for found in client.read_deployments()}


def test_every_flow_is_deployed(stack):
    """Each journey in flows/ is declared, and what is declared is on the server, described."""
    found = deployed()

    assert {entry["entrypoint"] for entry in DECLARED} == {
        f"flows/{name}.py:{name}" for name in FLOWS
    }
    assert found.keys() == {entry["entrypoint"] for entry in DECLARED}
    assert all(deployment.description for deployment in found.values())
    assert {deployment.work_pool_name for deployment in found.values()} == {"headgate"}


def test_the_backlog_is_on_a_schedule(stack):
    """The cron line of prefect.yaml is active on the server, and runs are planned from it."""
    declared = next(entry for entry in DECLARED if "schedules" in entry)
    backlog = deployed()[declared["entrypoint"]]

    (schedule,) = backlog.schedules
    assert schedule.active
    assert schedule.schedule.cron == declared["schedules"][0]["cron"]
    assert eventually(lambda: any(run.auto_scheduled for run in runs_of(backlog.id)), 60)


def test_housekeeping_has_a_schedule_that_is_off(stack):
    """Nothing is swept from a bucket before somebody has switched it on."""
    housekeeping = deployed()["flows/housekeeping.py:housekeeping"]

    (schedule,) = housekeeping.schedules
    assert not schedule.active
    assert housekeeping.parameters.get("dry_run", True)


def test_an_event_starts_a_run_with_its_keys(stack):
    """An arrival, as the bridge announces it, becomes a run that processes exactly those keys."""
    place = Place(stack, connect(settings_for(stack.s3, stack.bucket)))
    names = ("event_b", "event_a")  # an order in which the stack's own watcher lists nothing
    keys = [place.put(f"uploads/{name}.csv", f"id,name\n1,{name}\n") for name in names]
    batch = deployed()["flows/process_batch.py:process_batch"]

    with get_client(sync_client=True) as client:
        emit_event(client, place.store, keys)
    started = eventually(
        lambda: [run.id for run in runs_of(batch.id) if run.parameters["keys"] == keys], 30
    )

    assert len(started) == 1
    done = ended(started[0])
    assert done.state == "Completed"
    assert done.record.name == f"process {keys[0]} and 1 other"
    for key in keys:
        receipt = eventually(lambda key=key: place.find(key), 60)
        assert receipt.outcome == "published"
