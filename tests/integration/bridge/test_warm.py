"""The launcher and the warm process: a run is forked, ends as it ends, and dies with its launcher.

In place of Prefect's engine, a small module of the test's own is run.
"""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from bridge import launch
from tests.harness.runs import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forking is for Linux")

ENGINE = """
import os, sys, time
print("ran in", os.getcwd(), "for", os.environ["WHO"], flush=True)
time.sleep(float(os.environ.get("SLEEP", 0)))
sys.exit(int(os.environ.get("STATUS", 0)))
"""
WARM = """
import sys
from bridge import warm
warm.MODULES = warm.LIBRARIES = warm.READERS = ()
warm.main(sys.argv[1])
"""


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A module that stands for `prefect.engine`, for forks and for cold starts."""
    package = tmp_path / "modules" / "prefect"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "engine.py").write_text(ENGINE)
    path = os.pathsep.join([str(package.parent), *sys.path])
    monkeypatch.setenv("PYTHONPATH", path)


@pytest.fixture
def warm(engine, tmp_path):
    """A warm process that has imported nothing."""
    address = str(tmp_path / "warm")
    with subprocess.Popen(
        [sys.executable, "-c", WARM, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process, address
        process.stdin.close()


def start(address, folder, **variables):
    return subprocess.Popen(
        [sys.executable, "-I", "-S", launch.__file__, address],
        env={**os.environ, "WHO": "a test", **variables},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )


def forks(warm):
    return psutil.Process(warm[0].pid).children()


def test_a_run_has_the_launchers_streams_environment_and_folder(warm, tmp_path):
    launcher = start(warm[1], tmp_path)
    assert launcher.communicate(timeout=20)[0] == f"ran in {tmp_path} for a test\n"
    assert launcher.returncode == 0


def test_a_launcher_ends_with_its_runs_status(warm, tmp_path):
    assert start(warm[1], tmp_path, STATUS="3").wait(20) == 3


def test_a_launcher_ends_by_the_signal_that_ended_its_run(warm, tmp_path):
    """The worker sees what it would have seen of an ordinary process."""
    launcher = start(warm[1], tmp_path, SLEEP="60")
    (run,) = eventually(lambda: forks(warm))
    run.kill()
    assert launcher.wait(20) == -signal.SIGKILL


def test_to_stop_a_launcher_is_to_stop_its_run(warm, tmp_path):
    launcher = start(warm[1], tmp_path, SLEEP="60")
    assert launcher.stdout.readline()
    launcher.terminate()
    assert launcher.wait(20) == -signal.SIGTERM
    assert eventually(lambda: not forks(warm))


def test_a_launcher_that_is_killed_takes_its_run_with_it(warm, tmp_path):
    launcher = start(warm[1], tmp_path, SLEEP="60")
    assert launcher.stdout.readline()
    launcher.kill()
    assert eventually(lambda: not forks(warm))


def test_a_run_outlives_the_warm_process(warm, tmp_path):
    """The launcher waits for it all the same."""
    launcher = start(warm[1], tmp_path, SLEEP="2")
    assert launcher.stdout.readline()
    warm[0].kill()
    began = time.monotonic()
    assert launcher.wait(20) == 0
    assert time.monotonic() - began > 1


def test_without_a_warm_process_a_run_starts_cold(engine, tmp_path):
    launcher = start(str(tmp_path / "nobody"), tmp_path)
    assert launcher.communicate(timeout=20)[0] == f"ran in {tmp_path} for a test\n"


def test_the_warm_process_ends_with_its_worker(warm):
    """Its standard input ends when the worker is gone, however it went."""
    warm[0].stdin.close()
    assert warm[0].wait(10) == 0
