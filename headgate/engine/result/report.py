"""The page for people: what was found, what was changed, what was kept back and why.

Here: choosing and shaping the figures, and drawing the page. Not here: counting them.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, islice
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from headgate import __version__
from headgate.engine.columns.column import Column
from headgate.engine.columns.formats import MOMENTS
from headgate.engine.recipe import CleanColumn, Profile, Recipe
from headgate.engine.result.prepared import Prepared
from headgate.engine.result.profile import Balance, histogram
from headgate.engine.validate import Reading

COLUMNS = 100  # drawn one by one; more would be a page that nobody reads
FAILURES = 50
ROWS = 4096  # of the result that are drawn


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
    profiles: tuple[Profile, ...],
    balance: Sequence[Balance],
) -> None:
    """Write the page, self-contained: no script, no font, no picture from elsewhere."""
    top = max((max(each.train, each.test) for each in balance), default=0)
    page = template().render(
        version=__version__,
        reading=reading,
        prepared=prepared,
        recipe=recipe,
        hidden=max(0, len(profiles) - COLUMNS),
        plots=_plots(reading, prepared, recipe, profiles[:COLUMNS]),
        balance=balance,
        balance_top=top,
        changed=[rule for rule in prepared.rules if rule.has_effect],
        idle=[rule.rule for rule in prepared.rules if not rule.has_effect],
        failures=reading.failures[:FAILURES],
    )
    prepared.report.write_text(page, encoding="utf-8")


def _plots(
    reading: Reading, prepared: Prepared, recipe: Recipe, profiles: tuple[Profile, ...]
) -> list[Plot]:
    columns = {column.name: column for column in reading.columns}
    treated = {
        each.source: each
        for each in recipe.outputs
        if isinstance(each, CleanColumn) and (each.fill or each.clip)
    }
    result = _some_rows(prepared) if treated else pa.table({})
    dates = {each.name for each in recipe.inputs if each.kind in MOMENTS}
    return [
        _plot(
            profile,
            columns.get(profile.column),
            treated.get(profile.column),
            result,
            _day if profile.column in dates else _number,
        )
        for profile in profiles
    ]


def _some_rows(prepared: Prepared) -> pa.Table:
    """Return the first rows of each row group; what is drawn of them is but a picture."""
    file = pq.ParquetFile(prepared.parquet)
    groups = file.metadata.num_row_groups
    size = max(1, ROWS // max(groups, 1))
    batches = [islice(file.iter_batches(size, row_groups=[group]), 1) for group in range(groups)]
    return pa.Table.from_batches(chain.from_iterable(batches), file.schema_arrow)


def _plot(
    profile: Profile,
    column: Column | None,
    output: CleanColumn | None,
    result: pa.Table,
    write_end: Callable[[float], str],
) -> Plot:
    after: Sequence[int] = ()
    if output and profile.low is not None and profile.high is not None:
        values = result[output.name]
        if pa.types.is_decimal(values.type) or pa.types.is_integer(values.type):
            values = pc.cast(values, pa.float64(), safe=False)
        if pa.types.is_floating(values.type):
            after = histogram(values, profile.low, profile.high)
    most = max((*profile.bins, *after), default=0) or 1
    return Plot(
        profile,
        column.format if column else "",
        column.doubt if column else "",
        0.0 if output and output.fill else None,
        [count / most for count in profile.bins],
        [count / most for count in after],
        *("" if end is None else write_end(end) for end in (profile.low, profile.high)),
    )


def _day(value: float) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=value):%Y-%m-%d}"


def _number(value: float) -> str:
    return f"{value:,.6g}"


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
