"""The embedded PostgreSQL: what it holds outlives it, whoever runs it and wherever."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import asyncpg
import pytest

from stack import postgres as module
from stack.postgres import postgres


def ask(url: str, *statements: str) -> list[asyncpg.Record]:
    """Run statements and give the rows of the last one."""

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return [await connection.fetch(statement) for statement in statements][-1]
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture(params=[0o711, 0o700], ids=["others may enter", "closed to others"])
def directory(request, monkeypatch):
    """A folder for the database, which root's PostgreSQL can use or not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setattr(module, "OUTSIDE", Path(folder, "outside"))
        closed = Path(folder, "stack")
        closed.mkdir(request.param)
        yield closed / "postgres"


def test_data_outlive_the_server(directory):
    """What was stored is there after the next start, with the same password."""
    with postgres(directory) as url:
        ask(url, "CREATE TABLE kept AS SELECT 42 AS n")
    with postgres(directory) as url:
        assert ask(url, "SELECT n FROM kept")[0]["n"] == 42


def test_a_first_start_that_was_killed_midway_is_made_good_by_the_next(directory, monkeypatch):
    """What it had made of the database by then is no database."""
    plain = subprocess.run

    def killed(command, **how):
        if Path(command[0]).name != "initdb":
            return plain(command, **how)
        half = Path(command[command.index("-D") + 1])
        half.mkdir()
        (half / "PG_VERSION").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", killed)
        with pytest.raises(KeyboardInterrupt), postgres(directory):
            pass
    with postgres(directory) as url:
        assert ask(url, "SELECT 42 AS n")[0]["n"] == 42


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's data can lie elsewhere")
@pytest.mark.parametrize("directory", [0o700], indirect=True)
def test_data_outside_go_once_their_folder_is_gone(directory, tmp_path):
    """The folder of a stack that was deleted is not kept for ever; that of another one is."""
    with postgres(directory):
        pass
    kept = list(module.OUTSIDE.iterdir())
    with postgres(tmp_path / "other"):
        assert set(kept) < set(module.OUTSIDE.iterdir())
    shutil.rmtree(directory)
    with postgres(tmp_path / "other"):
        assert not set(kept) & set(module.OUTSIDE.iterdir())
