"""The commands that README and docs show do what they say."""

import os
import re
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from stack.running import DEPLOY, ROOT, SERVICES
from tests.harness.runs import eventually

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^ *```console\n(?P<lines>.*?)^ *```", re.DOTALL | re.MULTILINE)


def _commands(page: Path) -> list[str]:
    blocks = (found["lines"] for found in BLOCK.finditer(page.read_text()))
    lines = (line.strip() for block in blocks for line in block.splitlines())
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def _run(command: list[str], folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def eventually_done(run) -> subprocess.CompletedProcess:
    """Run it until it succeeds, for a while."""
    done: list[subprocess.CompletedProcess] = []

    def look() -> bool:
        done.append(run())
        return done[-1].returncode == 0

    eventually(look, 60)
    return done[-1]


@pytest.mark.parametrize("page", [page for page in PAGES if _commands(page)], ids=lambda p: p.name)
def test_every_command_of_a_page_succeeds(page, stack, tmp_path):
    """A reader can type the console blocks of a page from top to bottom."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    env = os.environ | stack.variables | {"PYTHONPATH": str(ROOT)}
    key = ""
    for command in _commands(page):
        program, *arguments = shlex.split(command.replace("KEY", key))
        if (program, *arguments) == DEPLOY:
            continue  # the stack of this test began with it
        assert program == "headgate"
        if arguments[0] in (*SERVICES, "page"):
            continue  # they last; the stack runs the services, `test_page` the page
        run = partial(_run, [sys.executable, "-m", "cli.main", *arguments], tmp_path, env)
        # the stack's own watcher may be quicker than the backlog, and still be at work
        done = eventually_done(run) if "KEY" in command else run()
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        if uploaded := re.search(r"uploads/\S+", done.stdout):
            key = uploaded[0]
