"""The `headgate` command, called in this process as a shell would call it."""

import json
import sys
from contextlib import contextmanager
from typing import Any, NamedTuple

from prefect.settings import PREFECT_API_URL, temporary_settings

from cli.app import run

PEOPLE = "id,name\n" + "".join(f"{n},Name {n}\n" for n in range(60))


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)


class Command:
    """Calls the command; wide enough that no line is wrapped, and without Prefect unless asked."""

    def __init__(self, monkeypatch, capsys) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: object, server: str | None = None, **variables: str) -> Done:
        with self._monkeypatch.context() as patch, _only(server):
            patch.setattr(sys, "argv", ["headgate", *map(str, words)])
            patch.setenv("COLUMNS", "300")
            for name, value in variables.items():
                patch.setenv(name, value)
            self._capsys.readouterr()
            try:
                run()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            return Done(code, *self._capsys.readouterr())


@contextmanager
def _only(server: str | None):
    named = {PREFECT_API_URL: server} if server else {}
    with temporary_settings(updates=named, restore_defaults=set() if server else {PREFECT_API_URL}):
        yield
