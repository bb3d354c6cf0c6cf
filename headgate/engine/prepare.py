"""The good rows made into what the user asked for: a clean table, or one to train a model on.

Here: the entry and what it hands back. Rules are in `clean` and `model`, what was fitted in
`recipe`, files in `outputs`, the page for people in `report`.
"""

from pathlib import Path
from typing import NamedTuple, Self

from pydantic import model_validator

from headgate.engine import clean, outputs, report, rules
from headgate.engine import recipe as recipes
from headgate.engine.duck import database
from headgate.engine.model import fit as model
from headgate.engine.recipe import Recipe, Removal
from headgate.engine.removal import Removed, kept, mark_removed
from headgate.engine.rules import RuleResult
from headgate.engine.staged import Staged, stage
from headgate.engine.table import Reading
from headgate.errors import RowsUnaccountedError
from headgate.options import PrepareOptions
from headgate.record import Record

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
    """
    folder = scratch / "prepared"
    folder.mkdir(exist_ok=True)
    columns = {column.name: column for column in reading.columns}
    with database(scratch, reading.table) as con:
        replayed = recipes.load(recipe) if recipe else None
        inputs = replayed.inputs if replayed else clean.inputs(reading.columns, options.clean)
        staged = stage(con, reading.table, inputs, columns)
        removal = replayed.removal if replayed else clean.removal(options.clean, target)
        removed = mark_removed(staged, removal)
        made = replayed or _fit(staged, removed, removal, options, scratch)
        written = _write_tables(staged, removed, made, folder, spreadsheet=options.spreadsheet)
        results = [*rules.count(staged, removed, made), *written.rules]
    recipes.save(made, folder / "recipe.json")
    prepared = Prepared(
        csv=folder / "data.csv",
        parquet=folder / "data.parquet",
        recipe=folder / "recipe.json",
        report=folder / "report.html",
        spreadsheet=written.spreadsheet,
        rows_in=reading.rows_good,
        rows_out=written.rows,
        duplicates=removed.duplicates,
        dropped=removed.empty + removed.without_target,
        rules=tuple(results),
        columns=tuple(each.name for each in made.outputs),
        preview=outputs.preview(folder / "data.csv"),
    )
    report.write(prepared.report, reading=reading, prepared=prepared)
    return prepared


def _fit(
    staged: Staged, removed: Removed, removal: Removal, options: PrepareOptions, scratch: Path
) -> Recipe:
    modelling, fitted = (
        (None, clean.fit(staged, removed, options.clean))
        if options.mode == "clean"
        else model.fit(staged, removed, options.model, removal.target, scratch)
    )
    return Recipe(
        mode=options.mode,
        rows=removed.rows_left,
        inputs=staged.inputs,
        removal=removal,
        modelling=modelling,
        outputs=fitted,
    )


class _Written(NamedTuple):
    rows: int
    spreadsheet: Path | None
    rules: list[RuleResult]


def _write_tables(
    staged: Staged, removed: Removed, made: Recipe, folder: Path, *, spreadsheet: bool
) -> _Written:
    if made.modelling:
        table = model.apply(staged, removed, made, folder.parent)
        relation, texts, typed = table.relation, table.cells, table.cells
    else:
        relation = kept(staged.text, removed)
        texts, typed = clean.cells(staged, made)
    rows = outputs.write_csv(staged.con, relation, texts, folder / "data.csv")
    outputs.write_parquet(staged.con, relation, typed, folder / "data.parquet")
    if not spreadsheet:
        return _Written(rows, None, [])
    copy = folder / "spreadsheet.csv"
    cells = outputs.write_spreadsheet(staged.con, relation, texts, copy)
    escaped = RuleResult(rule="escape formulas", cells=cells, detail="Only in spreadsheet.csv.")
    return _Written(rows, copy, [escaped])
