"""What each rule did to the table, counted for the receipt and the report.

Here: the counting. Not here: doing what the rules say.
"""

from headgate.engine.cleaning.removal import Removed, kept
from headgate.engine.cleaning.staged import Staged
from headgate.engine.columns.types import quote_name
from headgate.engine.duck import double, first
from headgate.engine.result.recipe import CleanColumn, OutlierFlag, Recipe, TestFlag
from headgate.record import Record


class RuleResult(Record):
    """What one rule did: how many cells it changed or added, how many rows it removed."""

    rule: str
    cells: int = 0
    rows: int = 0
    detail: str = ""


def count(staged: Staged, removed: Removed, recipe: Recipe) -> list[RuleResult]:
    """Count cells and rows under every rule of a clean recipe, those that found nothing too."""
    changes = staged.changes
    out = {each.source for each in recipe.outputs if not isinstance(each, TestFlag)}
    left = [name for name in staged.columns if name not in out]
    return [
        _cells("trim", {name: each.trimmed for name, each in changes.items()}),
        _cells("normalise", {name: each.normalised for name, each in changes.items()}),
        _cells("empty missing markers", {name: each.emptied for name, each in changes.items()}),
        RuleResult(rule="drop empty rows", rows=removed.empty),
        RuleResult(rule="drop rows without target", rows=removed.without_target),
        RuleResult(rule="drop duplicates", rows=removed.duplicates),
        RuleResult(rule="drop columns", detail=", ".join(left)),
        *_risks(recipe),
        *_fitted(
            staged,
            removed,
            [each for each in recipe.outputs if isinstance(each, CleanColumn | OutlierFlag)],
        ),
    ]


def _cells(rule: str, counts: dict[str, int]) -> RuleResult:
    hit = [f"{name}: {count}" for name, count in counts.items() if count]
    detail = ", ".join(hit[:20]) + (f" and {len(hit) - 20} columns more" if len(hit) > 20 else "")
    return RuleResult(rule=rule, cells=sum(counts.values()), detail=detail)


def _risks(recipe: Recipe) -> list[RuleResult]:
    if recipe.modelling is None:
        return []
    return [
        RuleResult(
            rule=f"{risk.risk} column {'kept' if risk.kept else 'left out'}",
            detail=f"{risk.column}: {risk.why}",
        )
        for risk in recipe.modelling.risks
    ]


def _fitted(
    staged: Staged, removed: Removed, outputs: list[CleanColumn | OutlierFlag]
) -> list[RuleResult]:
    """Count the cells that were filled, clipped or flagged, in one scan if there are any."""
    sums: list[str] = []
    wanted: list[tuple[str, str]] = []
    inputs = {each.name: each for each in staged.inputs}
    for each in outputs:
        value = f"({staged.typed(inputs[each.source])})::DOUBLE"
        if isinstance(each, CleanColumn) and each.fill:
            sums.append(f"count(*) FILTER (WHERE {quote_name(each.source)} IS NULL)")
            wanted.append(("fill", f"{each.name} with {each.fill.how} {each.fill.text}"))
        fence = each.fence if isinstance(each, OutlierFlag) else each.clip
        if fence:
            rule = "flag outliers" if isinstance(each, OutlierFlag) else "clip outliers"
            sums.append(
                f"count(*) FILTER (WHERE {value} NOT BETWEEN {double(fence.low)}"
                f" AND {double(fence.high)})"
            )
            wanted.append((rule, f"{each.source} beyond {fence.low_text} to {fence.high_text}"))
    if not sums:
        return []
    found = first(staged.con, f"SELECT {', '.join(sums)} FROM {kept(staged.text, removed)}")
    return [
        RuleResult(rule=rule, cells=cells, detail=detail)
        for (rule, detail), cells in zip(wanted, found or (), strict=True)
    ]
