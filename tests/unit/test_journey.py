"""The journey is written down twice, as a flow and without Prefect: the same steps in one order."""

import ast
from collections.abc import Iterator

from headgate import steps
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
    flow, journey = map(called, ("flows/process_upload.py", "headgate/journey.py"))
    taken = list(flow)
    assert taken == list(journey)
    assert {"claim", "download", "validate", "preprocess", "upload_processed", "cleanup"} <= {
        *taken
    }
