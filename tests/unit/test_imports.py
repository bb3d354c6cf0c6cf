"""Which way imports between packages point, and what no module may do when imported."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from stack.running import ROOT

PACKAGES = (
    "bridge",
    "cli",
    "flows",
    "headgate",
    "page",
    "prefect_support",
    "schemas",
    "stack",
    "tasks",
)

ABOVE_TASKS = ("flows", "bridge", "cli", "stack")
ABOVE_HEADGATE = ("prefect", "prefect_aws", "prefect_support", "tasks", "page", *ABOVE_TASKS)
LIBRARIES = ("boto3", "botocore", "pandas", "pandera", "pyarrow", "duckdb")
FORBIDDEN = {
    "headgate": ABOVE_HEADGATE,
    "schemas": (*ABOVE_HEADGATE, "headgate.bucket", "headgate.contracts"),
    "headgate/engine": (
        "boto3",
        "botocore",
        "s3transfer",
        "schemas",
        "headgate.bucket",
        "headgate.journey",
        "headgate.settings",
    ),
    "headgate/bucket": (
        "headgate.engine",
        "headgate.journey",
        "pandas",
        "pandera",
        "duckdb",
        "schemas",
    ),
    "prefect_support": (*LIBRARIES, "tasks", *ABOVE_TASKS),
    "tasks": (*LIBRARIES, *ABOVE_TASKS),
    "flows": (*LIBRARIES, "bridge", "cli", "stack"),
    "bridge": ("cli", "page", "stack"),
    "page": (*LIBRARIES, "prefect", "prefect_aws", "prefect_support", "tasks", *ABOVE_TASKS),
}
ENGINE = (
    "reading",
    "columns",
    "checking",
    "validate",
    "cleaning",
    "result",
    "model",
    "preprocess",
)
"""The rooms that a file goes through; each may know those before it."""
FORBIDDEN |= {
    f"headgate/engine/{room}": tuple(f"headgate.engine.{later}" for later in ENGINE[place:])
    for place, room in enumerate(ENGINE, 1)
    if (ROOT / "headgate/engine" / room).is_dir()
}

WATCHED_IMPORT = """
import importlib, os, sys

ours, others = sys.argv[1].split(), sys.argv[2].split()
for name in others:
    importlib.import_module(name)

def watch(event, args):
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
    if writes or event in ("os.mkdir", "socket.connect", "socket.bind", "subprocess.Popen"):
        sys.exit(f"{event} {args!r:.200}")

sys.addaudithook(watch)
for name in ours:
    importlib.import_module(name)
"""


def modules(package: str) -> Iterator[Path]:
    return (ROOT / package).rglob("*.py")


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_one_way(package):
    """Prefect stays out of headgate and schemas; the engine knows no S3, the bucket no tables."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN[package])
    ]
    assert not wrong


def test_local_work_loads_no_s3_client():
    """It would take a good part of the time that a small file takes."""
    code = "import sys, cli.local; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_file_is_cleaned_without_pandas(tmp_path):
    """It would be a good part of a command's start; the checks of a contract are what needs it."""
    (tmp_path / "data.csv").write_text("a,b\n1,x\n2,y\n")
    sys_argv = ["headgate", "clean", str(tmp_path / "data.csv"), "--out", str(tmp_path / "out")]
    code = f"import sys; sys.argv = {sys_argv}; from cli.app import run; run()"
    code += "; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_one_module_opens_databases():
    """It bounds their memory."""
    opening = [path.name for path in modules("headgate") if "duckdb.connect(" in path.read_text()]
    assert opening == ["duck.py"]


@pytest.mark.parametrize("package", ["flows", "tasks"])
def test_no_flow_or_task_shadows_a_module(package):
    """A flow script's own folder comes first on `sys.path`; its neighbours must hide nothing."""
    importable = sys.stdlib_module_names | packages_distributions().keys() | set(PACKAGES)
    names = {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__"}
    assert names
    assert not names & importable


def test_no_flow_calls_a_flow():
    """Prefect keeps what a subflow is called with, the bucket block with its token included."""
    trees = [ast.parse(path.read_text()) for path in modules("flows")]
    flows = {
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
        and any(ast.unparse(mark).startswith("flow(") for mark in node.decorator_list)
    }
    called = {
        node.func.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert "process_upload" in flows
    assert not flows & called


def test_importing_has_no_effect():
    """No module writes, makes a folder, connects, starts a process or reads settings on import."""
    ours = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for package in PACKAGES
        for path in modules(package)
    )
    others = ("prefect.flows", "prefect_aws", "pandera.pandas", "pyarrow.parquet", "duckdb")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORT, " ".join(ours), " ".join(others)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HEADGATE_ATTEMPTS": "no number: reading the settings fails",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
