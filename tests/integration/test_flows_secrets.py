"""Credentials and signed links are secrets: Prefect's database and logs never see them."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from stack.s3 import SECRET_KEY
from tests.harness.runs import ended, new_place, run, start

SIGNATURE = "X-Amz-Signature"
LINK_ARTIFACTS = {"artifact", "artifact_collection", "events"}
"""Tables in which `presign-result` shows its link to those who may see the run."""


@pytest.fixture(scope="module")
def after_runs(stack):
    """The server after runs that succeed, are refused, fail, and sign links."""
    place = new_place(stack)
    good = place.put("uploads/good.csv", "id,n\n1,2\n")
    bad = place.put("uploads/bad.csv", b"PK\x03\x04" + bytes(2000))
    stranger = place.block_with(access_key_id="stranger")
    runs = [start("process-upload", key=key, bucket=place.block) for key in (good, bad)]
    runs += [start("check-connection", bucket=each, full=True) for each in (place.block, stranger)]
    for each in runs:
        ended(each)
    run("presign-result", key=good, bucket=place.block, show=False)
    return place


def rows_with(text, stack):
    """Every row of the server's database that holds a text, with its table."""

    async def search():
        server = await asyncpg.connect(database_of(stack).replace("+asyncpg", ""))
        tables = await server.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        found = []
        for (table,) in tables:
            rows = await server.fetch(
                f'SELECT t::text FROM "{table}" t WHERE strpos(t::text, $1) > 0', text
            )
            found += [(table, row) for (row,) in rows]
        await server.close()
        return found

    return asyncio.run(search())


def database_of(stack):
    """Read the address of the database from the environment of the server's process."""
    wanted = b"PREFECT_SERVER_DATABASE_CONNECTION_URL="
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            variables = file.read_bytes().split(b"\0")
            if f"PREFECT_API_URL={stack.api}".encode() in variables:
                for variable in variables:
                    if variable.startswith(wanted):
                        return os.fsdecode(variable.removeprefix(wanted))
    pytest.skip("the server's process cannot be looked into on this system")


def test_the_search_finds_what_is_there(stack, after_runs):
    """A key that was processed stands in the database: what follows does not search in vain."""
    assert rows_with("uploads/good.csv", stack)


def test_the_secret_key_is_nowhere(stack, stack_folder, after_runs):
    """Not in parameters, logs, artifacts, events, states; block documents are sealed."""
    logs = list(stack_folder.glob("*.log")) + list((stack_folder / "prefect").rglob("*.log"))

    assert rows_with(SECRET_KEY, stack) == []
    assert logs
    assert [log for log in logs if SECRET_KEY in log.read_text()] == []


def test_nothing_is_left_in_the_result_storage(stack_folder, after_runs):
    """No result of a run is written to disk: some would be links."""
    assert not list((stack_folder / "prefect" / "storage").glob("*"))


def test_a_signed_link_is_only_in_the_artifact_that_was_asked_for(stack, stack_folder, after_runs):
    """A link stands in no log, state, parameter or result; with `show=False` nowhere at all."""
    found = rows_with(SIGNATURE, stack)

    assert {table for table, _ in found} <= LINK_ARTIFACTS
    assert not [row for _, row in found if "good.csv" in row]
    assert [log for log in stack_folder.glob("*.log") if SIGNATURE in log.read_text()] == []
