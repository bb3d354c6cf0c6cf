"""Commands that need neither bucket nor Prefect: look at a file, clean it, draft a contract."""

import sys
from pathlib import Path

from cyclopts import App

from cli import show
from cli.console import AsJson, as_json, err, note, say, table
from cli.options import Check, Prepare, Read, with_flags
from headgate import local
from headgate.bucket.keys import marked_key
from headgate.errors import ContractError
from headgate.options import CheckOptions, PrepareOptions, ReadOptions
from headgate.words import counted

contract = App(name="contract", help="Contracts: what the files of a data set are held to.")


def inspect(
    file: Path,
    /,
    *,
    dataset: str | None = None,
    read: Read = ReadOptions(),  # noqa: B008 - frozen
    check: Check = CheckOptions(),  # noqa: B008 - frozen
    json: AsJson = False,
) -> None:
    """Say how FILE is written, what its columns hold, and which rows are bad; change nothing.

    Args:
        file: A CSV file on this machine; may be compressed.
        dataset: Data set whose contract holds.
    """
    with err.status(f"Reading {file.name} ..."):
        found = local.inspect(file, dataset=dataset, read=read, check=check, refused_too=True)
    if json:
        as_json(found, exclude={"reading": {"table", "aside", "left_out_lines", "quarantine"}})
    else:
        _show_found(found, file)
    if found.refusal:
        note(with_flags(found.refusal), style="red")
        sys.exit(ContractError.exit_code)


def clean(
    file: Path,
    /,
    *,
    out: Path,
    dataset: str | None = None,
    corrected: tuple[Path, ...] = (),
    read: Read = ReadOptions(),  # noqa: B008 - frozen
    check: Check = CheckOptions(),  # noqa: B008 - frozen
    prepare: Prepare = PrepareOptions(),  # noqa: B008 - frozen
    json: AsJson = False,
) -> None:
    """Clean FILE on this machine: good rows, bad rows with reasons, a recipe and a report.

    Args:
        file: A CSV file on this machine; may be compressed.
        out: Folder for the results; made if it is missing. Older results there go first.
        dataset: Data set whose contract holds.
        corrected: The quarantine.csv of an earlier clean of FILE, with cells put right.
    """
    with err.status(f"Cleaning {file.name} ..."):
        cleaned = local.clean(
            file, out, dataset=dataset, read=read, check=check, options=prepare, corrected=corrected
        )
    _show(cleaned, file, json)


def apply(
    recipe: Path,
    file: Path,
    /,
    *,
    out: Path,
    dataset: str | None = None,
    read: Read = ReadOptions(),  # noqa: B008 - frozen
    check: Check = CheckOptions(),  # noqa: B008 - frozen
    json: AsJson = False,
) -> None:
    """Treat FILE exactly as RECIPE says: the same columns in the same order, nothing fitted.

    Args:
        recipe: A recipe.json that an earlier run left.
        file: A CSV file on this machine; may be compressed.
        out: Folder for the results; made if it is missing. Older results there go first.
        dataset: Data set whose contract holds; by default the recipe's own contract does.
    """
    replay = PrepareOptions(recipe=str(recipe))
    with err.status(f"Treating {file.name} as {recipe.name} says ..."):
        cleaned = local.clean(file, out, dataset=dataset, read=read, check=check, options=replay)
    _show(cleaned, file, json)


@contract.command
def draft(
    file: Path,
    /,
    *,
    dataset: str | None = None,
    read: Read = ReadOptions(),  # noqa: B008 - frozen
) -> None:
    """Write a first contract from FILE to standard output, to be edited and put into schemas/.

    Args:
        file: A CSV file on this machine; may be compressed.
        dataset: Name of the data set; by default the file's.
    """
    print(local.draft_contract(file, dataset=dataset, read=read), end="")  # noqa: T201 - the output


def _show_found(found: local.Inspection, file: Path) -> None:
    reading = found.reading
    if found.corrects:
        say(f"These are corrected rows of {marked_key(found.corrects)}.")
    columns = counted(len(reading.columns), "column")
    say(f"{file.name}: {counted(reading.rows_in, 'row')}, {columns}")
    show.how_read(reading)
    table(
        "How it is written",
        ("What", "Found", "Why"),
        [(e.what, e.found, with_flags(e.why)) for e in (*reading.dialect.evidence, *reading.notes)],
    )
    table(
        "Columns",
        ("Column", "Type", "Written as", "Missing"),
        [
            (c.name, c.kind, c.format, f"{sum(m.count for m in c.missing):,}")
            for c in reading.columns
        ],
    )
    show.doubts(reading)
    show.failures(reading)
    show.preview(found.columns, found.rows[:5])


def _show(cleaned: local.Cleaned, file: Path, json: bool) -> None:
    if json:
        as_json(cleaned, exclude={"reading": {"table", "aside"}})
        return
    say(f"{file.name}: {cleaned.rows}")
    for done in cleaned.corrected:
        say(f"Corrected: {show.corrected(done)}.")
    show.how_read(cleaned.reading)
    show.doubts(cleaned.reading)
    show.failures(cleaned.reading)
    show.changes(cleaned.prepared.rules)
    table(
        "Drift",
        ("How the file differs from the one that the recipe was made with",),
        [(each,) for each in cleaned.prepared.drift],
    )
    table("Files", ("Path", "Bytes"), [(f, f"{f.stat().st_size:,}") for f in cleaned.files])
