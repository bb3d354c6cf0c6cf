"""The good rows made into what the user asked for: a clean table, or one to train a model on.

Here: the entry and what it hands back. Rules are in `clean` and `model`, what was fitted in
`recipe`, files in `outputs`, the page for people in `report`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from pydantic import model_validator

from headgate.engine import recipe as recipes
from headgate.engine.checking.drift import Layout, compare
from headgate.engine.cleaning import clean, rules
from headgate.engine.cleaning.removal import Removed, leave_out
from headgate.engine.cleaning.replay import Replay
from headgate.engine.cleaning.rules import RuleResult
from headgate.engine.cleaning.staged import RemainingRows, Staged
from headgate.engine.duck import database
from headgate.engine.model import export
from headgate.engine.model import fit as model
from headgate.engine.model import replay as model_replay
from headgate.engine.model.base import typed_rows
from headgate.engine.model.inputs import as_numbers
from headgate.engine.recipe import Input, Profile, Recipe, Removal
from headgate.engine.result import dictionary, outputs, report
from headgate.engine.result import profile as profiles
from headgate.engine.table import Reading
from headgate.errors import BadFileError, RowsUnaccountedError
from headgate.options import PrepareOptions
from headgate.record import Record
from headgate.scratch import filling, require_room

__all__ = ["Prepared", "RuleResult", "prepare"]


class Prepared(Record):
    """The files made of the good rows, and where each row went."""

    csv: Path
    parquet: Path
    recipe: Path
    report: Path
    spreadsheet: Path | None = None
    extras: tuple[Path, ...] = ()
    rows_in: int
    rows_out: int
    duplicates: int
    dropped: int
    rules: tuple[RuleResult, ...]
    columns: tuple[str, ...]
    preview: tuple[tuple[str, ...], ...]

    @model_validator(mode="after")
    def _every_row_is_accounted_for(self) -> Self:
        if self.rows_in != self.rows_out + self.duplicates + self.dropped:
            raise RowsUnaccountedError(
                f"{self.rows_in} good rows became {self.rows_out} rows out, "
                f"{self.duplicates} duplicates and {self.dropped} dropped",
                todo="Nothing was published; please report this with the file's first lines.",
            )
        return self


def prepare(
    reading: Reading,
    scratch: Path,
    options: PrepareOptions,
    *,
    target: str | None = None,
    recipe: Path | None = None,
) -> Prepared:
    """Clean the good rows, or make them ready for a model; write every file of the result.

    With a recipe nothing is fitted: the file is treated as the one the recipe was fitted on.

    Raises:
        OptionsError: A rule does not fit the file's columns, or the recipe cannot be read.
        NoRoomError: The scratch disk cannot hold what is made, or became full.
        BadFileError: The file has none of the recipe's columns.
    """
    folder = scratch / "prepared"
    folder.mkdir(exist_ok=True)
    columns = {column.name: column for column in reading.columns}
    with filling(scratch), database(scratch, reading.table) as con:
        replayed = _fitting(recipes.load(recipe), reading) if recipe else None
        modelling = replayed.modelling is not None if replayed else options.mode == "model"
        if modelling:  # its typed rows and wide results take about as much as the staged rows do
            require_room(scratch, reading.table.stat().st_size)
        inputs = replayed.inputs if replayed else _inputs(reading, options)
        staged = Staged(con, reading.table, scratch, inputs, columns, reading.rows_good)
        removal = replayed.removal if replayed else clean.removal(options.clean, target)
        rows, removed = leave_out(staged, removal)
        sample = profiles.sampled(staged)
        made = replayed or _fit(rows, removed, removal, options, sample).model_copy(
            update={"contract": reading.contract, "contract_hash": reading.contract_hash}
        )
        written, balance, unseen = _write_tables(
            rows, made, folder, spreadsheet=options.spreadsheet
        )
        now = profiles.profiles(rows, sample, made.profile) if replayed else made.profile
    drift = _drift(made, reading, now) if replayed else ()
    new = [RuleResult(rule="drift", detail=str(each)) for each in unseen]
    counted = rules.count(rows, removed, made, written.changed)
    results = [*_renamed(reading), *counted, *_held_out(made, balance), *drift, *new]
    typed_rows(scratch).unlink(missing_ok=True)
    recipes.save(made, folder / "recipe.json")
    extras = _extras(made, folder)
    prepared = Prepared(
        csv=folder / "data.csv",
        parquet=folder / "data.parquet",
        recipe=folder / "recipe.json",
        report=folder / "report.html",
        spreadsheet=folder / "spreadsheet.csv" if options.spreadsheet else None,
        extras=extras,
        rows_in=reading.rows_good,
        rows_out=written.rows,
        duplicates=removed.duplicates,
        dropped=removed.empty + removed.without_target,
        rules=tuple(results),
        columns=tuple(each.name for each in made.outputs),
        preview=outputs.preview(folder / "data.csv"),
    )
    report.write(reading, prepared, made, now, balance)
    return prepared


def _renamed(reading: Reading) -> Iterator[RuleResult]:
    """Yield a note of columns that are not called what the file's header says."""
    names = [f"{note.found!r}: {note.why}" for note in reading.notes if note.what == "column name"]
    if names:
        yield RuleResult(rule="rename columns", detail="; ".join(names))


def _held_out(made: Recipe, balance: Sequence[model_replay.Balance]) -> Iterator[RuleResult]:
    """Yield which rows of a training table are for testing, and what a model is to predict."""
    if made.modelling and any(each.train for each in balance):
        told = f"{made.modelling.target!r} ({made.modelling.task}) is to be predicted"
        detail = f"{told}, from {sum(each.train for each in balance):,} rows to train on"
        test = sum(each.test for each in balance)
        yield RuleResult(rule="hold out for testing", rows=test, detail=detail)


def _inputs(reading: Reading, options: PrepareOptions) -> tuple[Input, ...]:
    inputs = clean.inputs(reading.columns, options.clean)
    return inputs if options.mode == "clean" else as_numbers(reading, inputs)


def _fitting(recipe: Recipe, reading: Reading) -> Recipe:
    """Refuse a recipe that was made for files of another kind."""
    there = {column.name for column in reading.columns}
    if there.isdisjoint(each.name for each in recipe.inputs):
        wanted, has = ([*names][:8] for names in ([i.name for i in recipe.inputs], sorted(there)))
        raise BadFileError(
            f"The file has none of the recipe's columns: they are {', '.join(map(repr, wanted))}, "
            f"and it has {', '.join(map(repr, has))}.",
            where="header",
            todo="Replay the recipe on a file with these columns.",
        )
    return recipe


def _fit(
    rows: RemainingRows,
    removed: Removed,
    removal: Removal,
    options: PrepareOptions,
    sample: profiles.Sample,
) -> Recipe:
    modelling, fitted = (
        (None, clean.fit(rows, options.clean))
        if options.mode == "clean"
        else model.fit(rows, options.model, removal.target)
    )
    return Recipe(
        mode=options.mode,
        rows=removed.rows_left,
        profile=profiles.profiles(rows, sample),
        inputs=rows.staged.inputs,
        removal=removal,
        modelling=modelling,
        outputs=fitted,
    )


def _extras(made: Recipe, folder: Path) -> tuple[Path, ...]:
    """The data dictionary, and a model recipe in the forms in which it can be served."""
    dictionary.write(made, folder / "dictionary.csv")
    if not made.modelling:
        return (folder / "dictionary.csv",)
    export.write_sql(made, folder / "recipe.sql")
    export.write_pipeline(folder / "pipeline.py")
    return tuple(folder / name for name in ("dictionary.csv", "recipe.sql", "pipeline.py"))


def _drift(recipe: Recipe, reading: Reading, now: tuple[Profile, ...]) -> Iterator[RuleResult]:
    """Tell how a file, and what it was held to, differ from those that the recipe was made with."""
    if recipe.contract not in (None, reading.contract):
        yield RuleResult(
            rule="drift",
            detail=f"The file was held to the contract {reading.contract!r}, the recipe's file to "
            f"{recipe.contract!r}.",
        )
    elif recipe.contract and recipe.contract_hash != reading.contract_hash:
        yield RuleResult(
            rule="drift",
            detail=f"The contract {recipe.contract!r} has changed since the recipe was made.",
        )
    inputs = recipe.inputs
    before = Layout(names=tuple(i.name for i in inputs), kinds=tuple(i.kind for i in inputs))
    for each in compare(before, reading.layout):
        if each.change == "renamed":
            detail = f"{each.detail}; the recipe does not know that name."
            yield RuleResult(rule="drift", detail=detail)
    for shift in profiles.shifts(recipe.profile, now):
        yield RuleResult(rule="drift", detail=f"{shift.column}: {shift.what}")


def _write_tables(
    rows: RemainingRows, made: Recipe, folder: Path, *, spreadsheet: bool
) -> tuple[outputs.Written, tuple[model_replay.Balance, ...], tuple[model_replay.Unseen, ...]]:
    names = [each.name for each in made.outputs]
    balance: tuple[model_replay.Balance, ...] = ()
    unseen: tuple[model_replay.Unseen, ...] = ()
    if made.modelling:
        table = model_replay.apply(rows, made)
        batches = table.rendered(spreadsheet=spreadsheet)
        balance, unseen = table.balance, table.unseen
    else:
        render, replay = partial(outputs.render, spreadsheet=spreadsheet), Replay(rows, made)
        batches = rows.map(lambda texts: render(replay.cells(texts)), lines=replay.keeps_lines)
    return outputs.write(folder, names, batches, spreadsheet=spreadsheet), balance, unseen
