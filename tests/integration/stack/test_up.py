"""`make up` beside another one, and beside programs that hold its ports."""

import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from headgate.bucket.keys import RECEIPTS
from headgate.bucket.store import connect
from headgate.errors import HeadgateError, TransientError
from headgate.settings import Settings
from stack.running import ROOT, choose_port
from stack.service import LOOPBACK, answers, free_port, service
from stack.up import DIRECTORY, single_instance
from tests.harness.runs import eventually

PARTS = 6
"""S3 server, database, Prefect server, worker, watcher, page."""


def test_a_second_stack_in_the_same_folder_is_refused(tmp_path):
    """The one that runs is named with what it wrote; the folder stays as it was; code 1."""
    with single_instance(tmp_path / ".headgate") as notes:
        notes.write(", UI http://there")
        notes.flush()
        before = sorted(tmp_path.rglob("*"))
        done = subprocess.run(
            [sys.executable, "-m", "stack.up"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert "A stack is already running here (pid " in done.stderr
    assert ", UI http://there)" in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_the_lock_goes_with_its_holder(tmp_path):
    """A stack that ended, in whatever way, keeps nobody away, and its address is forgotten."""
    with single_instance(tmp_path) as notes:
        notes.write(", UI http://there")
    with (
        single_instance(tmp_path),
        pytest.raises(HeadgateError) as refused,
        single_instance(tmp_path),
    ):
        pass
    assert "there" not in refused.value.what


def test_a_port_that_is_taken_is_told(tmp_path):
    """Another one is used, and which."""
    told, port = [], free_port()
    command = [sys.executable, "-m", "http.server", "-b", LOOPBACK, str(port)]
    with service(
        command,
        log=tmp_path / "log",
        ready=lambda: answers(f"http://{LOOPBACK}:{port}"),
        cwd=tmp_path,
    ):
        other = choose_port(port, told.append)

    assert other != port
    assert told == [f"Port {port} is taken by another program; port {other} is used instead."]
    assert choose_port(port, told.append) == port


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("worker", "Waiting for runs on the work pool headgate; Ctrl-C ends it."),
        ("watch", "Watching s3://headgate/uploads/; Ctrl-C ends it."),
    ],
)
def test_what_lasts_says_that_it_is_up(stack_folder, command, says):
    """One line tells the operator that the command does its work, and on what."""
    log = stack_folder / f"{command}.log"
    assert eventually(lambda: says in log.read_text(), 60)


def has_uploaded(store):
    with suppress(TransientError):
        store.put("uploads/ada.csv", b"id,name\n1,Ada\n")
        return True


def test_what_dies_is_started_again(tmp_path):
    """Whatever is killed, an upload is processed; what was started goes when the stack ends."""
    command = [sys.executable, "-m", "stack.up"]
    output = (tmp_path / "output").open("wb")
    with subprocess.Popen(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=output
    ) as up:
        variables = tmp_path / DIRECTORY / "up.env"
        assert eventually(variables.exists, 120)
        parts = psutil.Process(up.pid).children()
        assert len(parts) == PARTS
        for part in parts:
            part.kill()
        store = connect(Settings(_env_file=variables))
        assert eventually(lambda: has_uploaded(store), 30)
        assert eventually(lambda: any(store.list(RECEIPTS)), 120)
        after = psutil.Process(up.pid).children(recursive=True)
        up.terminate()

    assert up.returncode == 0
    assert (tmp_path / "output").read_text().count("is started again") == PARTS
    psutil.wait_procs(after, timeout=10)
    assert not [each for each in after if each.is_running()]
