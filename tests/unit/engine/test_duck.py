"""Connections to DuckDB."""

import os
import signal
import threading
import time
from contextlib import suppress

import duckdb
import pytest

from headgate.engine.duck import database, first, shared_database
from headgate.errors import NoRoomError

LONG = "SELECT sum(a.range * b.range % 7) FROM range(1000000) a, range(1000000) b"


def test_ctrl_c_within_a_query_is_no_defect(tmp_path):
    """DuckDB calls it a failure of its own; here it ends the command as it does elsewhere."""
    (tmp_path / "rows.csv").write_text("a\n")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it

    def query():
        with database(tmp_path, tmp_path / "rows.csv") as con:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            first(con, LONG)

    with pytest.raises(KeyboardInterrupt):
        query()


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (KeyboardInterrupt, KeyboardInterrupt),
        (ValueError, ValueError),
        (duckdb.OutOfMemoryException, NoRoomError),
    ],
)
def test_what_ends_the_work_is_not_hidden_by_a_busy_connection(tmp_path, raised, told):
    """Neither by its own nor by a cursor that a part of the work has opened."""
    (tmp_path / "rows.csv").write_text("a\n")
    for opened in (database(tmp_path, tmp_path / "rows.csv"), shared_database()):
        with pytest.raises(told):
            _end(opened, raised)


def _end(opened, raised):
    with opened as con, con.cursor() as own:
        _keep_busy(con)
        _keep_busy(own)
        raise raised


def _keep_busy(con):
    """Keep a connection at work for half a second."""
    at_work = threading.Thread(target=_query, args=(con,))
    at_work.start()
    time.sleep(0.2)
    threading.Timer(0.5, con.interrupt).start()


def _query(con):
    with suppress(duckdb.InterruptException):
        first(con, LONG)
