"""The good rows made into what the user asked for: a clean table, or one to train a model on.

Here: the entry. Rules are in `cleaning` and `model`, what was fitted in `recipe`, how a file
differs from a recipe's in `recipe_drift`, files and the page for people in `result`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from duckdb import DuckDBPyConnection

from headgate.disk import full_disk_explained, require_room
from headgate.engine import recipe as recipes
from headgate.engine import recipe_drift
from headgate.engine.cleaning import rules
from headgate.engine.cleaning.adapt import adapted
from headgate.engine.cleaning.cleaned_rows import RemainingRows, Staged
from headgate.engine.cleaning.fit import fit
from headgate.engine.cleaning.inputs import inputs_of, removal_of
from headgate.engine.cleaning.known_formats import read_as_known
from headgate.engine.cleaning.removal import Removed, leave_out
from headgate.engine.cleaning.replay import Columns, Replay
from headgate.engine.cleaning.rules import RuleResult
from headgate.engine.columns.column import Column
from headgate.engine.duck import database
from headgate.engine.model import export
from headgate.engine.model import fit as model
from headgate.engine.model import replay as model_replay
from headgate.engine.model.inputs import as_numbers
from headgate.engine.model.typed_rows import typed_rows_path
from headgate.engine.recipe import Input, Profile, Recipe
from headgate.engine.result import dictionary, outputs, report
from headgate.engine.result import profile as profiles
from headgate.engine.result.prepared import Prepared
from headgate.engine.validate import Reading
from headgate.options import CLEAN_ONLY, CleanOptions, DriftPolicy, ModelOptions, PrepareOptions


def preprocess_rows(
    reading: Reading,
    scratch: Path,
    options: PrepareOptions,
    *,
    target: str | None = None,
    recipe: Path | None = None,
    drift: DriftPolicy | None = None,
) -> Prepared:
    """Clean the good rows, or make them ready for a model; write every file of the result.

    With a recipe nothing is fitted: the file is treated as the one the recipe was fitted on.

    Raises:
        OptionsError: A rule does not fit the file's columns, or the recipe cannot be read.
        NoRoomError: The scratch disk cannot hold what is made, or became full.
        BadFileError: The file has none of the recipe's columns.
        DriftError: It has not all of them as they were, and the policy refuses.
    """
    folder = scratch / "prepared"
    folder.mkdir(exist_ok=True)
    given = recipes.load(recipe) if recipe else None
    found = reading.columns
    reading = read_as_known(reading, given.inputs) if given else reading
    with full_disk_explained(scratch):
        with database(scratch, reading.table) as con:
            if given:
                plan = _replayed(con, reading, scratch, given, drift)
            else:
                plan = _fitted(con, reading, scratch, options, target)
            tables = _write_tables(plan, folder, spreadsheet=options.spreadsheet)
        typed_rows_path(scratch).unlink(missing_ok=True)
        recipes.save(given or plan.recipe, folder / "recipe.json")
        prepared = Prepared(
            csv=folder / "data.csv",
            parquet=folder / "data.parquet",
            recipe=folder / "recipe.json",
            report=folder / "report.html",
            spreadsheet=folder / "spreadsheet.csv" if options.spreadsheet else None,
            extras=_extras(plan.recipe, folder),
            rows_in=reading.rows_good,
            rows_out=tables.written.rows,
            duplicates=plan.removed.duplicates,
            dropped=plan.removed.empty + plan.removed.without_target,
            rules=(
                *_typed_as_known(reading.columns, found),
                *_rules(reading, plan, tables),
                *_unused(options, given),
            ),
            drift=(*plan.drift, *map(str, tables.unseen)),
            columns=tuple(each.name for each in plan.recipe.outputs),
            preview=outputs.preview(folder / "data.csv"),
        )
        drawn = report.Drawn(plan.profile, tables.sample, tables.balance)
        report.write(reading, prepared, plan.recipe, drawn)
        return prepared


class Plan(NamedTuple):
    """The rows that stay, and the recipe by which they are treated."""

    rows: RemainingRows
    removed: Removed
    recipe: Recipe
    sample: pa.Table
    """Some of the file's rows, as texts."""
    profile: tuple[Profile, ...]
    """What its columns look like by these."""
    drift: tuple[str, ...] = ()
    """How it differs from the file that the recipe was made with."""


def _fitted(
    con: DuckDBPyConnection,
    reading: Reading,
    scratch: Path,
    options: PrepareOptions,
    target: str | None,
) -> Plan:
    """Fit a recipe to the rows that stay."""
    inputs = inputs_of(reading.columns, options.clean)
    if options.mode == "model":
        _require_room(reading, scratch)
        inputs = as_numbers(reading, inputs)
    removal = removal_of(options.clean, target)
    rows, removed = leave_out(_staged(con, reading, scratch, inputs), removal)
    sample = profiles.sampled(rows.staged)
    profile = profiles.profiles(rows, sample)
    modelling = None
    if options.mode == "model":
        modelling, fitted = model.fit(rows, options.model, target)
    else:
        fitted = fit(rows, options.clean)
    recipe = Recipe(
        mode=options.mode,
        contract=reading.contract,
        contract_hash=reading.contract_hash,
        rows=removed.rows_left,
        profile=profile,
        inputs=inputs,
        removal=removal,
        modelling=modelling,
        outputs=fitted,
    )
    return Plan(rows, removed, recipe, sample, profile)


def _replayed(
    con: DuckDBPyConnection,
    reading: Reading,
    scratch: Path,
    recipe: Recipe,
    drift: DriftPolicy | None,
) -> Plan:
    """Take a recipe as it is, and tell how this file differs from the one that it was fitted to."""
    recipe_drift.refuse_strange(reading, recipe)
    if drift is DriftPolicy.REFUSE:
        recipe_drift.refuse_drift(reading, recipe)
    if recipe.modelling:
        _require_room(reading, scratch)
    own = adapted(recipe, reading.columns)
    staged = _staged(con, reading, scratch, own.inputs)
    rows, removed = leave_out(staged, recipe.removal)
    if recipe.modelling and not removed.rows_left:  # all rows are still to be predicted
        rows, removed = leave_out(staged, recipe.removal.model_copy(update={"target": None}))
    sample = profiles.sampled(rows.staged)
    profile = profiles.profiles(rows, sample, recipe.profile)
    told = recipe_drift.told(recipe, own, reading, profile)
    return Plan(rows, removed, own, sample, profile, tuple(told))


def _require_room(reading: Reading, scratch: Path) -> None:
    """Require about as much room as the staged rows take, for a model's typed rows and results."""
    require_room(scratch, reading.table.stat().st_size)


def _staged(
    con: DuckDBPyConnection, reading: Reading, scratch: Path, inputs: tuple[Input, ...]
) -> Staged:
    columns = {column.name: column for column in reading.columns}
    return Staged(con, reading.table, scratch, inputs, columns, reading.rows_good)


class Tables(NamedTuple):
    """What was written, and for a model what its rows turned out to be."""

    written: outputs.Written
    sample: Columns
    """What became of the rows of the plan's sample, by column of a clean table."""
    balance: tuple[profiles.Balance, ...] = ()
    unseen: tuple[model_replay.Unseen, ...] = ()


def _write_tables(plan: Plan, folder: Path, *, spreadsheet: bool) -> Tables:
    rows, recipe = plan.rows, plan.recipe
    names = [each.name for each in recipe.outputs]
    write = partial(outputs.write, folder, names, spreadsheet=spreadsheet)
    if recipe.modelling:
        table = model_replay.apply(rows, recipe)
        written = write(table.rendered(spreadsheet=spreadsheet))
        return Tables(written, {}, table.balance, table.unseen)
    render, replay = partial(outputs.render, spreadsheet=spreadsheet), Replay(rows, recipe)
    batches = rows.map(lambda texts: render(replay.cells(texts)), lines=replay.keeps_lines)
    return Tables(write(batches), replay.cells(plan.sample).typed)


def _rules(reading: Reading, plan: Plan, tables: Tables) -> Iterator[RuleResult]:
    """Yield what every rule did, from the header's names to the rows held out for testing."""
    yield from _renamed(reading)
    yield from rules.count(plan.rows, plan.removed, plan.recipe, tables.written.changed)
    yield from _held_out(plan.recipe, tables.balance)


def _unused(options: PrepareOptions, recipe: Recipe | None) -> Iterator[RuleResult]:
    """Yield a note of rules that were asked for and are not used."""
    if recipe and options.has_rules:
        yield RuleResult(rule="replay recipe", detail="Other rules were given, and are not used.")
    elif options.mode == "clean" and options.model != ModelOptions():
        detail = "Rules for training tables were given, and are not used: the mode is 'clean'."
        yield RuleResult(rule="mode", detail=detail)
    elif options.mode == "model" and (given := _changed(options.clean) & CLEAN_ONLY):
        detail = f"Not used: {', '.join(sorted(given))}, since the mode is 'model'."
        yield RuleResult(rule="mode", detail=detail)


def _changed(options: CleanOptions) -> set[str]:
    """Name the options that have another value than by default."""
    return set(options.model_dump(exclude_defaults=True))


def _typed_as_known(now: Sequence[Column], found: Sequence[Column]) -> Iterator[RuleResult]:
    """Yield a note of columns that the recipe alone tells how to read."""
    told = [f"{own.name}: {own.format}" for own, was in zip(now, found, strict=True) if own != was]
    if told:
        yield RuleResult(rule="read as the recipe does", detail=", ".join(told))


def _renamed(reading: Reading) -> Iterator[RuleResult]:
    """Yield a note of columns that are not called what the file's header says."""
    names = [f"{note.found!r}: {note.why}" for note in reading.notes if note.what == "column name"]
    if names:
        yield RuleResult(rule="rename columns", detail="; ".join(names))


def _held_out(recipe: Recipe, balance: Sequence[profiles.Balance]) -> Iterator[RuleResult]:
    """Yield which rows of a training table are for testing, and what a model is to predict."""
    if recipe.modelling and any(each.train for each in balance):
        told = f"{recipe.modelling.target!r} ({recipe.modelling.task}) is to be predicted"
        detail = f"{told}, from {sum(each.train for each in balance):,} rows to train on"
        test = sum(each.test for each in balance)
        yield RuleResult(rule="hold out for testing", rows=test, detail=detail)


def _extras(recipe: Recipe, folder: Path) -> tuple[Path, ...]:
    """Return the data dictionary, and a model recipe in the forms in which it can be served."""
    dictionary.write(recipe, folder / "dictionary.csv")
    if not recipe.modelling:
        return (folder / "dictionary.csv",)
    export.write_sql(recipe, folder / "recipe.sql")
    export.write_pipeline(folder / "pipeline.py")
    return tuple(folder / name for name in ("dictionary.csv", "recipe.sql", "pipeline.py"))
