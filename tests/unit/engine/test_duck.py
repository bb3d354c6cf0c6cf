"""Connections to DuckDB."""

import os
import signal
import threading

import pytest

from headgate.engine.duck import database, first


def test_ctrl_c_within_a_query_is_no_defect(tmp_path):
    """DuckDB calls it a failure of its own; here it ends the command as it does elsewhere."""
    (tmp_path / "rows.csv").write_text("a\n")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it

    def query():
        with database(tmp_path, tmp_path / "rows.csv") as con:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            first(con, "SELECT sum(a.range * b.range % 7) FROM range(1000000) a, range(1000000) b")

    with pytest.raises(KeyboardInterrupt):
        query()
