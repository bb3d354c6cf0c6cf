"""A self-hosted Prefect server on loopback, with its database in a folder of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from stack.postgres import postgres
from stack.service import LOOPBACK, Say, answers, environment, free_port, service

SETTINGS = {
    "PREFECT_UI_API_URL": "/api",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLI_PROMPT": "false",
    # A server of our own version, without CSRF protection: no need to ask it for either.
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
}


@contextmanager
def prefect_server(
    directory: Path,
    *,
    port: int = 0,
    database: str | None = None,
    revive: Say | None = None,
) -> Iterator[str]:
    """Run a Prefect server and yield the address of its API.

    While the block runs, this process and its children talk to that server.

    Args:
        directory: Takes the database and the log.
        port: Preferred port; any free one if it is taken.
        database: URL of its database; by default one of its own.
        revive: As for any `service`; its own database comes back as well.
    """
    port = free_port(port)
    api = f"http://{LOOPBACK}:{port}/api"
    env = SETTINGS | {"PREFECT_HOME": str(directory.resolve()), "PREFECT_API_URL": api}
    command = [str(Path(sys.executable).with_name("prefect")), "server", "start"]
    command += ["--host", LOOPBACK, "--port", str(port)]
    log = directory / "prefect-server.log"
    with (
        nullcontext(database) if database else postgres(directory / "postgres", revive) as url,
        service(
            command,
            log=log,
            ready=lambda: answers(f"{api}/health"),
            env=env | {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url},
            revive=revive,
        ),
        environment(env),
        temporary_settings({PREFECT_API_URL: api}),
    ):
        yield api
