"""A model recipe as something that runs where the model is served: SQL, or a scikit-learn pipeline.

Here: writing both. Not here: what they compute; the SQL is that of `sql`, and the pipeline reads
the recipe.
"""

from importlib.resources import files
from pathlib import Path

from headgate.engine.duck import quote_name
from headgate.engine.model import sql
from headgate.engine.recipe import Recipe, TargetColumn, TestFlag

HEAD = """\
-- Features of new rows, as fitted by Headgate. Written for DuckDB; only words and hashes of text
-- use functions that other databases lack. The rows stay in their order. Replace typed_rows by a
-- table with these columns, its texts cleaned as data.parquet of a clean table has them:
-- {columns}
"""
NOTHING = "-- No feature is left, so that there is nothing to compute; the report tells why.\n"


def write_sql(recipe: Recipe, path: Path) -> None:
    """Write the features of new rows as one SELECT over a typed table, if there are any."""
    features = _features_only(recipe)
    if not features.outputs:
        path.write_text(NOTHING, encoding="utf-8")
        return
    tables = sql.lookups(features)
    with_clause = ",\n".join(_values(table) for table in tables)
    cells = ",\n".join(f"  {cell} AS {quote_name(name)}" for name, cell in sql.cells(features))
    used = {each.source for each in features.outputs if not isinstance(each, TestFlag)}
    wanted = [each for each in recipe.inputs if each.name in used]
    columns = ", ".join(f"{quote_name(each.name)} {each.sql_type}" for each in wanted)
    text = HEAD.format(columns=columns.replace("\n", " "))
    text += f"WITH {with_clause}\n" if tables else ""
    text += f"SELECT\n{cells}\nFROM {sql.joined('typed_rows', tables)};\n"
    path.write_text(text, encoding="utf-8")


def write_pipeline(path: Path) -> None:
    """Write a Python module that builds a scikit-learn transformer from recipe.json."""
    source = files("headgate.engine.result") / "templates" / "pipeline.py"
    path.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def _features_only(recipe: Recipe) -> Recipe:
    kept = tuple(each for each in recipe.outputs if not isinstance(each, TargetColumn | TestFlag))
    return recipe.model_copy(update={"outputs": kept})


def _values(table: sql.Lookup) -> str:
    rows = ",\n  ".join(f"({', '.join(row)})" for row in table.rows)
    return f"{table.name} ({', '.join(table.columns)}) AS (VALUES\n  {rows}\n)"
