"""The page for people: what was found, what was changed, what was kept back and why.

Here: choosing and shaping the figures, and drawing the page. Not here: counting them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from headgate import __version__
from headgate.engine.cleaning import rules
from headgate.engine.cleaning.replay import Columns
from headgate.engine.columns.column import Column
from headgate.engine.columns.formats import MOMENTS
from headgate.engine.reading.dialect import Dialect
from headgate.engine.recipe import CleanColumn, Profile, Recipe
from headgate.engine.result.prepared import Prepared
from headgate.engine.result.profile import Balance, histogram, shown
from headgate.engine.validate import Reading

COLUMNS = 100  # drawn one by one; more would be a page that nobody reads
LINES = 100  # of a list
FAILURES = 50
CLASSES = 12
SHORT = 2  # days
_SPLIT = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}


class Drawn(NamedTuple):
    """What the pictures show."""

    profiles: tuple[Profile, ...]
    """The columns of the file, by some of its rows."""
    result: Columns
    """Values of the same rows by column of a clean table."""
    balance: Sequence[Balance]
    """What a model is to predict."""


class Plot(NamedTuple):
    """One column's row: bars between 0 and 1, before and, where it differs, after."""

    profile: Profile
    format: str
    doubt: str
    missing_after: float | None
    before: list[float]
    after: list[float]
    low: str
    high: str


def write(
    reading: Reading,
    prepared: Prepared,
    recipe: Recipe,
    drawn: Drawn,
) -> None:
    """Write the page, self-contained: no script, no font, no picture from elsewhere."""
    risks = rules.risks(recipe, {each.name for each in reading.columns})
    active = {rule.rule for rule in prepared.rules if rule.has_effect}
    page = template().render(
        version=__version__,
        reading=reading,
        prepared=prepared,
        recipe=recipe,
        split=_split(reading.dialect),
        hidden=len(drawn.profiles) - COLUMNS,
        plots=_plots(reading, recipe, drawn),
        **_balance(recipe, drawn.balance),
        changed=[each for each in prepared.rules if each.has_effect and each not in risks],
        idle=dict.fromkeys(each.rule for each in prepared.rules if each.rule not in active),
        lines=LINES,
        failures=reading.failures[:FAILURES],
    )
    prepared.report.write_text(page, encoding="utf-8")


def _split(dialect: Dialect) -> str:
    """Tell how the file tells columns apart."""
    if dialect.borders:
        return "in aligned columns"
    return f"separated by {_SPLIT.get(dialect.delimiter, repr(dialect.delimiter))}"


def _balance(recipe: Recipe, balance: Sequence[Balance]) -> dict[str, Any]:
    """Return what is to be predicted, as classes or steps, and the most rows that one of them has.

    Classes come in the order of their rows, which are drawn on each other.
    """
    if recipe.modelling and recipe.modelling.task != "regression":
        classes = sorted(balance, key=lambda each: each.train + each.test, reverse=True)
        most = max((each.train + each.test for each in classes), default=0)
    else:
        classes, most = [], max((max(each.train, each.test) for each in balance), default=0)
    return {"balance": balance, "classes": classes, "shown": CLASSES, "most": most}


def _plots(reading: Reading, recipe: Recipe, drawn: Drawn) -> list[Plot]:
    columns = {column.name: column for column in reading.columns}
    treated = {
        each.source: each
        for each in recipe.outputs
        if isinstance(each, CleanColumn) and (each.fill or each.clip)
    }
    dates = {each.name for each in recipe.inputs if each.kind in MOMENTS}
    return [
        _plot(
            profile,
            columns.get(profile.column),
            treated.get(profile.column),
            drawn.result,
            dated=profile.column in dates,
        )
        for profile in drawn.profiles[:COLUMNS]
    ]


def _plot(
    profile: Profile,
    column: Column | None,
    output: CleanColumn | None,
    result: Columns,
    *,
    dated: bool,
) -> Plot:
    after: Sequence[int] = ()
    if output and profile.low is not None and profile.high is not None:
        after = histogram(shown(result[output.name]), profile.low, profile.high)
        after = () if after == profile.bins else after
    most = max((*profile.bins, *after), default=0) or 1
    return Plot(
        profile,
        column.format if column else "",
        column.doubt if column else "",
        0.0 if output and output.fill else None,
        [count / most for count in profile.bins],
        [count / most for count in after],
        *_ends(profile, dated=dated),
    )


def _ends(profile: Profile, *, dated: bool) -> tuple[str, str]:
    """Write the least and the greatest value; of times that lie close together, the time of day."""
    low, high = profile.low, profile.high
    if low is None or high is None:
        return "", ""
    if not dated:
        return _number(low), _number(high)
    near = high - low < SHORT and profile.kind == "timestamp"
    form = "%m-%d %H:%M" if near else "%Y-%m-%d"
    first, last = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=end) for end in (low, high))
    return f"{first:{form}}", f"{last:{form}}"


def _number(value: float) -> str:
    return f"{value:,.6g}" if abs(value) >= 10_000 else f"{value:.6g}"  # a year has no comma


@cache
def template() -> Template:
    """Compile the page's template, once."""
    environment = Environment(
        loader=PackageLoader("headgate.engine.result"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["percent"] = _percent
    return environment.get_template("report.html")


def _percent(share: Any) -> str:
    return "0 %" if not share else "< 0.1 %" if share < 0.001 else f"{share * 100:.1f} %"
