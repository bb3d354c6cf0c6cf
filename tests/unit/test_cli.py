"""The `headgate` command: help, exit codes, messages, and JSON with nothing beside it."""

import csv
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from cyclopts import App

from bridge import registration
from cli import console, prefect_server, serve
from cli.app import COMMANDS, EXIT_CODES, app
from cli.options import flags_of
from headgate.errors import HeadgateError, TransientError
from headgate.options import (
    CheckOptions,
    CleanOptions,
    ColumnRules,
    DeliverOptions,
    ModelOptions,
    PrepareOptions,
    ReadOptions,
)
from stack.running import ROOT
from tests.harness.command import Command
from tests.harness.stores import forget_outside_settings

PENGUINS = ROOT / "samples" / "penguins" / "penguins.csv"
LONG = "x" * 300
CLEAN = ("clean", PENGUINS, "--out", "x")
ROWS = len(PENGUINS.read_text().splitlines()) - 1


@pytest.fixture
def headgate(monkeypatch, tmp_path, capsys):
    """The command in an empty folder, with no settings."""
    forget_outside_settings(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


def commands(within: App = app, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command."""
    for name in within:
        if not name.startswith("-"):
            below = list(commands(within[name], (*before, name)))
            yield from below or [(*before, name)]


def kinds(kind: type[HeadgateError] = HeadgateError) -> Iterator[type[HeadgateError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(headgate, words):
    """`--help` says what the command does and what each argument means."""
    done = headgate(*words, "--help")

    assert done.code == 0
    assert done.out.startswith(f"Usage: headgate {' '.join(words)}")
    undescribed = re.findall(r"^│ +\*? *--?\S+ *│$", done.out, re.MULTILINE)
    assert not undescribed


def test_the_list_of_commands_explains_each(headgate):
    """What it says is what the command's own docstring begins with."""
    listed = " ".join(headgate("--help").out.replace("│", " ").split())

    for module, helps in COMMANDS.items():
        for name, explained in helps.items():
            first = explained.splitlines()[0]
            own = getattr(import_module(module), name)
            assert f"{name} {first.rstrip('.')}" in listed
            assert (own.help if isinstance(own, App) else own.__doc__).startswith(first)


def test_the_list_of_commands_imports_none():
    """Asking what there is takes no longer than it must."""
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli.main", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stderr

    assert "cli.console" in said
    assert not any(module in said for module in COMMANDS)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_is_documented(words):
    """The README or a page of docs/ shows each command."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"headgate {' '.join(words)}" in page.read_text() for page in pages)


def test_every_exit_code_is_documented(headgate):
    """The main help lists each code that an error can end with."""
    listed = set(map(int, re.findall(r"(?:^|; |: )(\d+) ", EXIT_CODES.replace("\n", " "))))

    assert {kind.exit_code for kind in kinds()} <= listed
    assert "Exit codes" in headgate("--help").out


def test_a_file_can_be_judged_without_bucket_or_prefect(headgate):
    """`inspect` says how the file is written, what its columns hold, and shows rows."""
    done = headgate("inspect", PENGUINS)

    assert done.code == 0
    assert f"{ROWS} rows, 8 columns" in done.out
    assert "delimiter" in done.out
    assert "body_mass_g" in done.out
    assert "Adelie" in done.out
    assert done.err == ""


@pytest.mark.parametrize("good", [1, 0], ids=["too many rows are bad", "every row is bad"])
def test_a_file_refused_for_its_rows_is_shown_all_the_same(headgate, tmp_path, good):
    """`inspect` says which rows are bad, then that the file is refused, and ends with 3."""
    header, row = PENGUINS.read_text().splitlines()[:2]
    bad = row.replace("Adelie", "Dodo")
    (tmp_path / "bad.csv").write_text("\n".join([header, *[row] * good, bad, bad]))

    done = headgate("inspect", "bad.csv", "--dataset", "penguins")
    told = headgate("inspect", "bad.csv", "--dataset", "penguins", "--json")

    assert done.code == told.code == 3
    assert f"bad.csv: {2 + good} rows, 8 columns" in done.out
    assert "Bad rows" in done.out
    assert done.err.startswith(f"bad.csv: 2 of {2 + good} rows are bad, more than the share")
    assert done.err == f"{told.json['refusal']}\n"
    assert told.json["reading"]["quarantined"] == 2


@pytest.mark.parametrize("words", [("inspect",), ("clean", "--out", "cleaned")], ids=lambda w: w[0])
def test_json_is_one_document_and_nothing_else(headgate, words):
    """`--json` prints exactly one JSON document on standard output."""
    done = headgate(words[0], PENGUINS, *words[1:], "--json")

    assert done.code == 0
    assert done.json
    assert done.err == ""


@pytest.mark.parametrize("words", [("inspect",), ("clean", "--out", "cleaned")], ids=lambda w: w[0])
def test_the_value_that_keeps_a_column_text_is_named(headgate, tmp_path, words):
    """Among ages one is a word: the terminal says which, and so does the page for people."""
    (tmp_path / "ages.csv").write_text(
        "id,age\n" + "".join(f"n{i},{i}\n" for i in range(99)) + "z,abc\n"
    )

    done = headgate(words[0], "ages.csv", *words[1:])

    assert "99 of 100 are whole numbers, but 'abc' on line 101 is not." in done.out
    for page in tmp_path.rglob("report.html"):
        assert "99 of 100 are whole numbers, but &#39;abc&#39; on line 101" in page.read_text()


def test_a_renamed_column_is_a_change(headgate, tmp_path):
    """The terminal and the page list it under what was changed."""
    (tmp_path / "twice.csv").write_text("id,amount,amount,\n1,2,3,x\n2,3,4,y\n3,5,6,z\n")

    done = headgate("clean", "twice.csv", "--out", "cleaned", "--json")
    renamed = done.json["prepared"]["rules"][0]
    page = (tmp_path / "cleaned" / "report.html").read_text()

    assert renamed["rule"] == "rename columns"
    assert "'amount_2': the header says 'amount'" in renamed["detail"]
    assert "Every cell stands as it came" not in page
    assert "rename columns" in headgate("clean", "twice.csv", "--out", "cleaned").out


def test_a_file_can_be_cleaned_here(headgate, tmp_path):
    """`clean` puts its results in the folder and accounts for every row; the input stays."""
    before = PENGUINS.read_bytes()

    done = headgate("clean", PENGUINS, "--out", tmp_path / "new" / "cleaned", "--json")

    rows = done.json["rows"]
    made = {path.name for path in (tmp_path / "new" / "cleaned").iterdir()}
    assert rows["rows_in"] == ROWS
    assert rows["rows_in"] == sum(count for name, count in rows.items() if name != "rows_in")
    assert {"data.csv", "data.parquet", "recipe.json", "report.html"} <= made
    assert PENGUINS.read_bytes() == before


def test_a_recipe_replays_the_same_result(headgate, tmp_path):
    """`apply` with the recipe of a clean gives the same table, byte for byte."""
    headgate("clean", PENGUINS, "--out", tmp_path / "a")
    done = headgate("apply", tmp_path / "a" / "recipe.json", PENGUINS, "--out", tmp_path / "b")

    assert done.code == 0
    assert (tmp_path / "a/data.csv").read_bytes() == (tmp_path / "b/data.csv").read_bytes()


def test_a_recipe_names_its_contract(headgate, tmp_path):
    """`apply` holds the file to it without being told, and says when it has changed or another."""
    recipe = tmp_path / "a" / "recipe.json"
    headgate("clean", PENGUINS, "--dataset", "penguins", "--out", recipe.parent)

    done = headgate("apply", recipe, PENGUINS, "--out", tmp_path / "b")
    assert "Held to the contract penguins." in done.out
    assert "drift" not in done.out
    assert (tmp_path / "a/data.csv").read_bytes() == (tmp_path / "b/data.csv").read_bytes()

    said = re.sub(r'("contract_hash": )"\w+"', r'\1"0"', recipe.read_text())
    (tmp_path / "older.json").write_text(said)
    done = headgate("apply", tmp_path / "older.json", PENGUINS, "--out", tmp_path / "b", "--json")
    assert done.json["prepared"]["drift"] == [
        "The contract 'penguins' has changed since the recipe was made."
    ]

    done = headgate("apply", recipe, PENGUINS, "--contract", "default", "--out", tmp_path / "b")
    assert "Held to the contract default." in done.out
    assert "held to the contract 'default'" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("year", "day", "'year' is not there any more"),
        ("body_mass_g", "Body mass", "'body_mass_g' is likely called 'Body mass' now"),
        (",2007", ",07/03/2007", "'year' was integer and is text now"),
    ],
    ids=["missing", "renamed", "retyped"],
)
def test_a_recipe_refuses_other_columns_where_it_is_to(headgate, tmp_path, old, new, says):
    """With `--drift refuse`; without, it is told. A column more does not matter."""
    recipe = tmp_path / "a" / "recipe.json"
    headgate("clean", PENGUINS, "--out", recipe.parent)
    header, *rows = PENGUINS.read_text().replace(old, new).splitlines()
    lines = [f"{header},more", *(f"{row},x" for row in rows)]
    (tmp_path / "next.csv").write_text("\n".join(lines))
    words = ("apply", recipe, "next.csv", "--out", tmp_path / "b")

    done = headgate(*words, "--drift", "refuse")

    assert done.code == 3
    assert "next.csv, header: The columns changed since the recipe was made: " in done.err
    assert says in done.err
    assert "more" not in done.err.replace("any more", "")
    assert headgate(*words).code == 0


def test_a_model_recipe_refuses_for_columns_that_it_uses_alone(headgate, tmp_path):
    """With `--drift refuse`: neither for the target, nor for a constant or a leak, but for sex."""
    birds = csv.DictReader(PENGUINS.read_text().splitlines())
    rows = [bird | {"planet": "Earth", "code": bird["species"][:2]} for bird in birds]
    _written(tmp_path / "all.csv", rows, set())
    headgate("clean", "all.csv", "--mode", "model", "--target", "species", "--out", "a")
    words = ("apply", "a/recipe.json", "--drift", "refuse", "--out", "b")
    _written(tmp_path / "next.csv", rows, {"species", "planet", "code"})
    _written(tmp_path / "lost.csv", rows, {"species", "sex"})

    assert headgate(*words, "next.csv").code == 0
    done = headgate(*words, "lost.csv")

    assert done.code == 3
    assert "made: 'sex' is not there any more." in done.err


def test_no_rule_tells_of_a_column_that_the_file_lacks(headgate, tmp_path):
    """A replay leaves out no leak where there is none."""
    birds = csv.DictReader(PENGUINS.read_text().splitlines())
    rows = [bird | {"code": bird["species"][:2]} for bird in birds]
    _written(tmp_path / "all.csv", rows, set())
    _written(tmp_path / "next.csv", rows, {"code"})

    fitted = headgate("clean", "all.csv", "--mode", "model", "--target", "species", "--out", "a")
    replayed = headgate("apply", "a/recipe.json", "next.csv", "--out", "b")

    assert "leak column left out" in fitted.out
    assert "leak column left out" not in replayed.out


def test_a_recipe_of_a_contract_that_is_gone_says_so(headgate, tmp_path):
    """With the contracts that there are."""
    headgate("clean", PENGUINS, "--out", tmp_path / "a")
    said = (tmp_path / "a" / "recipe.json").read_text().replace('"default"', '"gone"')
    (tmp_path / "gone.json").write_text(said)

    done = headgate("apply", tmp_path / "gone.json", PENGUINS, "--out", tmp_path / "b")

    assert done.code == 2
    assert "There is no contract 'gone'; there are default, penguins." in done.err


def test_an_earlier_result_is_not_mixed_with_a_new_one(headgate, tmp_path):
    """Older results go first, also before a refusal; what is not Headgate's stays."""
    out = tmp_path / "cleaned"
    (tmp_path / "bad.csv").write_text("id,name\n")
    headgate("clean", PENGUINS, "--out", out)
    (out / "notes.txt").write_text("mine")

    again = headgate("clean", PENGUINS, "--out", out)
    assert again.code == 0
    bad = headgate("clean", "bad.csv", "--out", out)

    assert bad.code == 3
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_files_that_are_not_results_are_not_replaced(headgate, tmp_path):
    """A folder with a `data.csv` of somebody's own is no place for results."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "data.csv").write_text("mine")
    done = headgate("clean", PENGUINS, "--out", tmp_path / "own")
    assert done.code == 2
    assert (tmp_path / "own" / "data.csv").read_text() == "mine"


def test_what_is_read_is_not_overwritten(headgate, tmp_path):
    """A recipe or file in the folder of the results stays."""
    out = tmp_path / "cleaned"
    headgate("clean", PENGUINS, "--out", out)

    done = headgate("apply", out / "recipe.json", PENGUINS, "--out", out)

    assert done.code == 2
    assert (out / "data.csv").exists()


def test_clean_says_how_it_read_and_what_it_changed(headgate, tmp_path):
    """One line tells how the file was read; rules that changed nothing are left out."""
    (tmp_path / "report.csv").write_text("Sales\n\nid;name\n" + "7;Ann\n8; Bob\n9;Cy\n" * 9)

    done = headgate("clean", "report.csv", "--out", "cleaned")

    assert "delimiter ';', header in line 3, 1 line before left out." in done.out
    assert "trim" in done.out
    assert "normalise" not in done.out


def test_clean_says_of_several_lines_that_they_are_the_header(headgate, tmp_path):
    """Nobody has to guess which lines became the names; notes below these are none of them."""
    rows = "".join(f"2024-01-{day:02};{day}.5;{day}0.5\n" for day in range(1, 20))
    (tmp_path / "grouped.csv").write_text(";Price;\nday;low;high\n" + rows)

    done = headgate("clean", "grouped.csv", "--out", "cleaned")

    assert "delimiter ';', header in lines 1 to 2." in done.out


def test_clean_says_of_bytes_that_are_in_another_encoding(headgate, tmp_path):
    """They were read, but not as the rest of the file."""
    names = "name,town\n" + "Ann,Zürich\n" * 99
    (tmp_path / "mixed.csv").write_bytes(names.encode() + b"Ren\xe9,Bern\n")

    done = headgate("clean", "mixed.csv", "--out", "cleaned")

    assert "Read as utf-8 with stray bytes of cp1252, delimiter ','" in done.out


def test_a_table_that_goes_elsewhere_than_to_a_terminal_is_as_wide_as_it_needs(headgate):
    """A path or key stands on one line, to be copied or searched for."""
    folder = "a_folder_with_a_name_that_fills_a_line"

    done = headgate("clean", PENGUINS, "--out", folder, COLUMNS="40")

    assert f"{folder}/quarantine.csv" in done.out.split()


def test_a_data_set_without_a_contract_is_told(headgate):
    """A mistyped name does not pass unseen: the console and the report say which contract holds."""
    said = "there is no contract named 'nosuch'; the default holds"

    done = headgate("clean", PENGUINS, "--dataset", "nosuch", "--out", "cleaned")
    known = headgate("inspect", PENGUINS, "--dataset", "penguins")

    assert f"Held to the contract default; {said}." in done.out
    assert "&#39;nosuch&#39;; the default holds" in Path("cleaned/report.html").read_text()
    assert "Held to the contract penguins." in known.out


def test_every_path_in_the_answer_exists(headgate):
    """`clean --json` names the final files, not those that were worked on."""
    done = headgate("clean", PENGUINS, "--dataset", "penguins", "--out", "cleaned", "--json")

    assert "table" not in done.json["reading"]
    assert done.json["reading"]["quarantine"] in (None, *done.json["files"])
    paths = {done.json["prepared"][name] for name in ("csv", "parquet", "recipe", "report")}
    assert paths < set(done.json["files"])
    assert set(done.json["prepared"]["extras"]) < set(done.json["files"])
    assert all(Path(path).exists() for path in done.json["files"])


def test_a_contract_can_be_drafted(headgate):
    """The draft is Python that compiles."""
    done = headgate("contract", "draft", PENGUINS)

    assert done.code == 0
    compile(done.out, "penguins.py", "exec")


def _written(path, rows, but):
    with path.open("w", newline="") as file:
        names = [name for name in rows[0] if name not in but]
        out = csv.DictWriter(file, names, extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


def _workbook(path):
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")


@pytest.fixture
def wrong_inputs(tmp_path):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    (tmp_path / "header.csv").write_text("id,name\n")
    (tmp_path / "holes.csv").write_text("id;name;n\n1;a;2\n2;;3\n3;;4\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    _workbook(tmp_path / "book.csv")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as two:
        two.writestr("a.csv", "id,name\n1,Ada\n")
        two.writestr("b.csv", "id,name\n1,Ada\n")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("inspect", "nowhere.csv"), 2, "nowhere.csv: There is no such file."),
        (("inspect", LONG), 2, f"{LONG}: It cannot be read (File name too long)."),
        (("clean", PENGUINS, "--out", LONG), 2, "Results cannot be put there (File name too long)"),
        (("inspect", "folder"), 2, "folder: This is a folder."),
        (("inspect", "target"), 2, "target: There is no such file."),
        (("inspect", "pipe"), 2, "pipe: This is a pipe or a device."),
        (("inspect", "empty.csv"), 3, "empty.csv: The file is empty"),
        (("inspect", "book.csv"), 3, "book.csv: "),
        (("inspect", "photo.csv"), 3, "photo.csv: "),
        (("clean", "header.csv", "--out", "x"), 3, "header.csv: The file holds only a header"),
        (("clean", "header.csv", "--out", "x"), 3, "asks for at least 1"),
        (("clean", "folder", "--out", "x"), 2, "folder: This is a folder."),
        (
            ("inspect", PENGUINS, "--delimiter", "abc"),
            2,
            "'abc' does not split this file into columns; ','",
        ),
        (("inspect", "holes.csv", "--delimiter", ";;"), 2, "into columns; ';' does."),
        (("inspect", PENGUINS, "--colour"), 2, "Unknown option"),
        (("inspect",), 2, "FILE"),
        (("inspect", PENGUINS, "--missing", "-"), 2, "to be its value, write --missing=-"),
        (("inspect", "a.csv", "b.csv"), 2, "takes fewer arguments; left over: 'b.csv'."),
        (("polish",), 2, "Unknown command"),
        (("clean", PENGUINS), 2, "--out"),
        (("clean", PENGUINS, "--out", "empty.csv"), 2, "empty.csv: Results cannot be put there"),
        (
            (*CLEAN, "--max-bad-share", "3"),
            2,
            "--max-bad-share: It should be less than or equal to 1",
        ),
        (("inspect", PENGUINS, "--delimiter", "a" * 5), 2, "--delimiter: It should have at most 4"),
        (("inspect", PENGUINS, "--contract", "none"), 2, "--contract: There is no contract 'none'"),
        (("inspect", "two.zip"), 3, "name the file inside with the option --member."),
        (
            ("inspect", "two.zip", "--member", "nope.csv"),
            3,
            "two.zip: The zip archive holds no file 'nope.csv', but 2 files: a.csv, b.csv.",
        ),
        (("inspect", PENGUINS, "--table", "2"), 2, "Set the option --table to a smaller number."),
        (
            ("inspect", PENGUINS, "--skip-lines", "300", "--footer-lines", "99"),
            2,
            "Correct the options --skip-lines and --footer-lines.",
        ),
        ((*CLEAN, "--clean.fill", "constant"), 2, "Set --clean.constant."),
        ((*CLEAN, "--model.folds", "x"), 2, "--model.folds: It should be a valid integer"),
        ((*CLEAN, "--clean.columns", "sex"), 2, "--clean.columns, rule 1: It should be a rule in"),
        ((*CLEAN, "--clean.columns", '{"name": "a", "drp": 1}'), 2, "rule 1, drp: There is no"),
        (("backlog", "--concurrency", "0"), 2, "greater than or equal to 1."),
        (("backlog", "--force"), 2, "--force: The backlog holds only uploads without a result"),
        (("backlog", "--limit", "20000"), 2, "less than or equal to 10000."),
        (("link", "x.csv", "--hours", "-1"), 2, '"-1.0" for --hours. It should be greater'),
        (("housekeeping", "--quarantine-days", "0"), 2, "greater than or equal to 1."),
        (("worker", "--limit", "0"), 2, "greater than or equal to 1."),
        (("check",), 4, "AWS_BUCKET_NAME in the environment or in .env"),
        (("upload", PENGUINS), 4, "AWS_BUCKET_NAME"),
        (("process", "uploads/x.csv"), 4, "AWS_BUCKET_NAME"),
        (("link", "uploads/x.csv"), 4, "AWS_BUCKET_NAME"),
    ],
    ids=lambda value: (
        " ".join(map(str, value[:2])).replace(str(PENGUINS), "FILE")
        if isinstance(value, tuple)
        else ""
    ),
)
def test_wrong_input_is_answered_in_words(headgate, wrong_inputs, words, code, says):
    """The message names what is wrong and where, on standard error, with the documented code."""
    done = headgate(*words)

    assert done.code == code
    assert says in " ".join(done.err.replace("│", " ").split())
    assert "Traceback" not in done.err
    assert "pydantic" not in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    "flags",
    [
        ('[{"name": "sex", "drop": true}, {"name": "year", "drop": true}]',),
        ('{"name": "sex", "drop": true}', '{"name": "year", "drop": true}'),
    ],
    ids=["a list", "one by one"],
)
def test_rules_for_columns_are_given_in_json(headgate, flags):
    """As a list, or one rule in each flag."""
    words = [word for rule in flags for word in ("--clean.columns", rule)]

    done = headgate(*CLEAN, *words, "--json")

    assert "species" in done.json["prepared"]["columns"]
    assert not {"sex", "year"} & set(done.json["prepared"]["columns"])


def test_an_error_is_json_too(headgate, wrong_inputs):
    """With `--json` the parts of the message stand apart on standard output."""
    done = headgate("inspect", "empty.csv", "--json")

    told = done.json
    assert done.code == 3
    assert told.keys() == {"error", "where", "todo"}
    assert told["where"] == "empty.csv"


def test_a_defect_is_called_a_defect(headgate, monkeypatch):
    """What must not happen ends with 70, keeps its traceback and asks for a report."""
    monkeypatch.setattr("headgate.local.inspect", lambda *_, **__: 1 / 0)

    done = headgate("inspect", PENGUINS)

    assert done.code == 70
    assert "ZeroDivisionError" in done.err
    assert "Please report this" in done.err


def test_a_wrong_setting_is_named(headgate, monkeypatch):
    """A value that cannot be is traced to its variable."""
    monkeypatch.setenv("HEADGATE_ATTEMPTS", "many")

    done = headgate("check")

    assert done.code == 4
    assert done.err.startswith("HEADGATE_ATTEMPTS: ")


ENDINGS = """
import atexit, logging, sys
from logging.handlers import MemoryHandler
from cli import app, main

def run():
    held = MemoryHandler(9, target=logging.StreamHandler(sys.stdout))
    logging.getLogger().addHandler(held)
    logging.getLogger().warning("logged")
    atexit.register(print, "at exit")
    {}

app.run = run
atexit.register(print, "taken apart")
main.main()
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [("pass", 0), ("sys.exit()", 0), ("sys.exit(3)", 3), ("sys.exit(130)", 130)],
    ids=["returns", "exits", "exits with 3", "was stopped"],
)
def test_a_process_ends_with_its_code_and_all_said(end, code):
    """Exit handlers and logs come first; then it ends at once, without Python's own ending."""
    done = subprocess.run(
        [sys.executable, "-c", ENDINGS.format(end)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code
    assert done.stdout.split("\n") == ["at exit", "logged", ""]
    assert done.stderr == ""


PRESSED = """
import os, signal, sys

class Press:
    def find_spec(self, name, *_):
        if name == "rich.table":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                pass

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
sys.meta_path.insert(0, Press())
from cli.main import main
main()
"""


def test_ctrl_c_while_the_command_is_imported_shows_no_traceback():
    """The first moment is like any other; no import can lose it, since the signal ends all."""
    done = subprocess.run(
        [sys.executable, "-c", PRESSED], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize(
    "words",
    [("contract", "draft", PENGUINS), ("inspect", PENGUINS), ("inspect", PENGUINS, "--json")],
    ids=["little", "a table", "more than is held back"],
)
def test_a_reader_that_stops_reading_ends_the_command(monkeypatch, words):
    """Output that nobody wants any more, as by `| head`, is no failure to be told of."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)

    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        command.stdout.close()
        said = command.stderr.read()

    assert said == ""


TWO = "a;b\n1;2\n3;4\n\n\nc;d;e\nx;y;z\nu;v;w\n"


def test_options_are_named_by_their_flags_in_every_answer(headgate, tmp_path):
    """Also beside what was found, and where a file is refused for its columns."""
    (tmp_path / "two.csv").write_text(TWO)
    told = headgate("inspect", "two.csv", "--table", "1")
    assert "choose with the option --table" in told.out
    assert "`" not in told.out


def test_a_server_that_starts_is_waited_for(headgate, monkeypatch):
    """As when it was started just before; one that never answers ends the wait.

    Why that may be is said at once: it may not answer because its address is wrong.
    """
    left = [True, True, False]

    def require():
        if left.pop(0):
            raise TransientError("No server answers.", todo="Its API is below /api.")

    monkeypatch.setattr(serve, "PAUSE", 0.01)
    monkeypatch.setattr(prefect_server, "require_server", require)
    monkeypatch.setattr(registration, "register", lambda *_: None)
    done = headgate("register")
    said = "No server answers. Waiting for it ...\nIts API is below /api.\n"
    assert (done.code, done.err) == (0, said)

    left[:] = [True] * 1000
    monkeypatch.setattr(serve, "START", 0.1)
    assert headgate("register").code == 6


def test_the_flags_of_options_give_the_same_options():
    """Whatever their values look like to a shell or to the command, and in groups as well."""
    read = ReadOptions(
        delimiter="-", quotechar="", table=2, missing=("n/a", "--"), member="a b.csv"
    )
    check = CheckOptions(drift="set-aside", max_bad_share=0.5)
    _, bound, _ = app["inspect"].parse_args(
        ["x.csv", *flags_of(read, check)], exit_on_error=False, print_error=False
    )
    assert (bound.arguments["read"], bound.arguments["check"]) == (read, check)

    rules = (ColumnRules(name="a,b", missing=("x", "-"), trim=False), ColumnRules(name="c"))
    clean = CleanOptions(trim=False, fill="constant", constant="-1", fence=2.5, columns=rules)
    model = ModelOptions(fill="mean", weekday=True, test_share=0)
    prepare = PrepareOptions(mode="model", clean=clean, model=model, spreadsheet=True)
    deliver = DeliverOptions(source="archive", force=True)
    _, bound, _ = app["process"].parse_args(
        ["uploads/x.csv", *flags_of(prepare, deliver)], exit_on_error=False, print_error=False
    )
    assert (bound.arguments["prepare"], bound.arguments["deliver"]) == (prepare, deliver)


def test_lines_of_cells_are_aligned(capsys):
    """Also in scripts that take more room; one very long cell does not move all others."""
    long = "uploads/" + "x" * 100
    console.lines([("a", "uploads/短.csv", "1 row"), ("bbb", long, "2"), ("c", "uploads/é", "")])

    first, second, third = capsys.readouterr().out.splitlines()
    assert second == f"bbb  {long}  2"
    assert first.startswith("a    uploads/短.csv  ")
    assert first.endswith("  1 row")
    assert third == "c    uploads/é"

    console.lines([("uploads/短.csv", "1"), ("uploads/long.csv", "2")])
    assert capsys.readouterr().out == "uploads/短.csv    1\nuploads/long.csv  2\n"


def test_a_quarantine_file_is_said_to_be_held_to_no_contract(headgate, tmp_path):
    """Its rows are judged with those of their upload."""
    headgate("clean", PENGUINS, "--dataset", "penguins", "--out", tmp_path)
    done = headgate("inspect", tmp_path / "quarantine.csv")
    assert "Read as utf-8" in done.out
    assert "Held to" not in done.out
