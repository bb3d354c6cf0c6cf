"""What each rule did to the table, counted for the receipt and the report.

Here: the counting. Not here: doing what the rules say.
"""

from collections import Counter
from collections.abc import Container, Iterator

from headgate.engine.cleaning.cleaned_rows import RemainingRows
from headgate.engine.cleaning.removal import Removed
from headgate.engine.cleaning.replay import CLIP, FILL, FLAG, UNREAD
from headgate.engine.recipe import CleanColumn, OutlierFlag, Recipe, TestFlag
from headgate.record import Record

ESCAPE = "escape formulas"
_CELLWISE = (FILL, CLIP, FLAG, ESCAPE)
"""Rules that did nothing if they changed no cell, whatever is said of them."""
LISTED = 20
"""Columns that are named of those that a rule changed."""


class RuleResult(Record):
    """What one rule did: how many cells it changed or added, how many rows it removed."""

    rule: str
    cells: int = 0
    rows: int = 0
    detail: str = ""

    @property
    def has_effect(self) -> bool:
        """Whether it did anything, or has anything to say."""
        return bool(self.cells or self.rows or (self.detail and self.rule not in _CELLWISE))


def count(
    rows: RemainingRows, removed: Removed, recipe: Recipe, changed: Counter[tuple[str, str]]
) -> list[RuleResult]:
    """Tell what every rule did, those that found nothing too.

    `changed` counts the cells that rules changed while the result was written, by output and rule.
    """
    changes = rows.changes
    out = {each.source for each in recipe.outputs if not isinstance(each, TestFlag)}
    left = [name for name in rows.staged.columns if name not in out]
    return [
        _tidied(recipe),
        _cells("trim", {name: each.trimmed for name, each in changes.items()}),
        _cells("normalise", {name: each.normalised for name, each in changes.items()}),
        _cells("empty missing markers", {name: each.emptied for name, each in changes.items()}),
        RuleResult(rule="drop empty rows", rows=removed.empty),
        RuleResult(rule="drop rows without target", rows=removed.without_target),
        RuleResult(rule="drop duplicates", rows=removed.duplicates),
        RuleResult(rule="drop columns", detail=", ".join(left)),
        *_unread(recipe, changed),
        *risks(recipe, rows.staged.columns),
        *_fitted(recipe, changed),
        *_escaped(changed),
    ]


def _cells(rule: str, counts: dict[str, int]) -> RuleResult:
    hit = [f"{name}: {count}" for name, count in counts.items() if count]
    return RuleResult(rule=rule, cells=sum(counts.values()), detail=_listed(hit))


def _tidied(recipe: Recipe) -> RuleResult:
    """Tell which names of columns were made tidy, each a cell of the header."""
    columns = [each for each in recipe.outputs if isinstance(each, CleanColumn)]
    renamed = [f"{each.source!r}: {each.name}" for each in columns if each.name != each.source]
    return RuleResult(rule="tidy names", cells=len(renamed), detail=_listed(renamed))


def _listed(columns: list[str]) -> str:
    more = f" and {len(columns) - LISTED} columns more" if columns[LISTED:] else ""
    return ", ".join(columns[:LISTED]) + more


def risks(recipe: Recipe, there: Container[str]) -> list[RuleResult]:
    """Tell which of a file's columns could mislead a model, and what was done about them."""
    if recipe.modelling is None:
        return []
    return [
        RuleResult(
            rule=f"{risk.risk} column {'kept' if risk.kept else 'left out'}",
            detail=f"{risk.column}: {risk.why}",
        )
        for risk in recipe.modelling.risks
        if risk.column in there
    ]


def _unread(recipe: Recipe, changed: Counter[tuple[str, str]]) -> Iterator[RuleResult]:
    """Tell how many cells are text in the CSV and missing in the Parquet, if any."""
    for each in recipe.outputs:
        if isinstance(each, CleanColumn) and (cells := changed[each.name, UNREAD]):
            detail = f"{each.name}: no {each.sql_type}, so they are missing in data.parquet"
            yield RuleResult(rule=UNREAD, cells=cells, detail=detail)


def _fitted(recipe: Recipe, changed: Counter[tuple[str, str]]) -> Iterator[RuleResult]:
    """Tell how many cells were filled, clipped or flagged."""
    for each in recipe.outputs:
        if isinstance(each, CleanColumn) and each.fill:
            detail = f"{each.name} with {each.fill.how} {each.fill.text}"
            yield RuleResult(rule=FILL, cells=changed[each.name, FILL], detail=detail)
        if isinstance(each, CleanColumn) and each.clip:
            detail = f"{each.source} beyond {each.clip.low_text} to {each.clip.high_text}"
            yield RuleResult(rule=CLIP, cells=changed[each.name, CLIP], detail=detail)
        if isinstance(each, OutlierFlag):
            detail = f"{each.source} beyond {each.fence.low_text} to {each.fence.high_text}"
            yield RuleResult(rule=FLAG, cells=changed[each.name, FLAG], detail=detail)


def _escaped(changed: Counter[tuple[str, str]]) -> list[RuleResult]:
    cells = changed.get(("", ESCAPE))
    if cells is None:
        return []
    return [RuleResult(rule=ESCAPE, cells=cells, detail="Only in spreadsheet.csv.")]
