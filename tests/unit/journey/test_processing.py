"""The journey is written down twice, as a flow and without Prefect: the same steps in one order.

And how one of several uploads ends early.
"""

import ast
import os
import signal
import time
from collections.abc import Iterator

import pytest

from headgate.bucket.keys import Upload
from headgate.journey import processing, steps
from headgate.options import ProcessOptions
from stack.running import ROOT


def called(path: str) -> Iterator[str]:
    """Yield the steps that a module's private functions call, in the order of its lines."""
    for function in ast.parse((ROOT / path).read_text()).body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("_"):
            calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
            for name in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
                last = name.id if isinstance(name, ast.Name) else name.attr
                if callable(getattr(steps, last, None)):
                    yield last


def test_the_flow_takes_the_steps_of_the_journey():
    """Claim first, cleanup last, and nothing left out in either."""
    flow, journey = map(called, ("flows/process_upload.py", "headgate/journey/processing.py"))
    taken = list(flow)
    assert taken == list(journey)
    assert {"claim", "download", "validate", "preprocess", "upload_processed", "cleanup"} <= {
        *taken
    }


def test_a_backlog_that_is_stopped_ends_the_files_at_work_and_begins_no_other(monkeypatch):
    """Ctrl-C leaves the rest to the next one."""
    begun, ended = [], []
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it

    def attempt(_store, key, **_):
        begun.append(key)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        ended.append(key)
        return processing.Outcome(key=key, verdict="published", detail="")

    monkeypatch.setattr(processing, "attempt", attempt)
    uploads = [Upload(bucket="b", key=f"uploads/{n}", etag="e", size=1) for n in range(9)]
    with pytest.raises(KeyboardInterrupt):
        processing.process_all(None, uploads, ProcessOptions(), 1)
    assert begun == ended == ["uploads/0"]


def test_what_is_told_of_a_bad_file_begins_with_its_verdict():
    """Of any other, the rows say enough."""
    told = [
        str(processing.Outcome(key="uploads/a.csv", verdict=verdict, detail="why"))
        for verdict in ("published", "refused", "failed", "in other hands")
    ]
    assert told == [
        "uploads/a.csv: why",
        "uploads/a.csv: refused: why",
        "uploads/a.csv: failed: why",
        "uploads/a.csv: why",
    ]
