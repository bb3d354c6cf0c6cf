"""A recipe for another file than the one that it was fitted on.

Here: what that file may have of its own, signs for missing values, digits, and a way of writing.
Not here: carrying the recipe out (`replay`).
"""

import pyarrow as pa

from headgate.engine.cleaning.number_style import written_like
from headgate.engine.columns.column import MARKERS, Column, arrow_type, decimals_of
from headgate.engine.columns.formats import NUMBERS
from headgate.engine.recipe import CleanColumn, Fence, Input, Output, Recipe


def adapted(recipe: Recipe, columns: tuple[Column, ...]) -> Recipe:
    """Let a recipe take what stands for missing values in these columns, and all their digits.

    What it fills in is written as they write their values.
    """
    there = {each.name: each for each in columns}
    inputs = tuple(
        _widened(_marked(each, there[each.name]), there[each.name], recipe)
        if each.name in there
        else each
        for each in recipe.inputs
    )
    types = {(old.name, old.sql_type): new for old, new in zip(recipe.inputs, inputs, strict=True)}
    others = {
        each.name: there[each.name]
        for each in recipe.inputs
        if each.format and each.name in there and _is_written_otherwise(each, there[each.name])
    }
    outputs = tuple(_written(_typed(each, types), others) for each in recipe.outputs)
    return recipe.model_copy(update={"inputs": inputs, "outputs": outputs})


def _label(found: Column) -> str:
    """Return how a column's values are written, or nearly all of them."""
    return found.near.formats[0] if found.near and found.near.sql else found.format


def _marked(column: Input, found: Column) -> Input:
    """Beside numbers, dates and truth values all signs count, beside text those that are named."""
    if not column.markers:
        return column
    more = set[str]() if column.kind == "text" else {*MARKERS}
    if column.kind != "text" or found.kind == "text":
        more |= {each.marker.strip() for each in found.missing} - {""}
    return column.model_copy(update={"missing": tuple(sorted({*column.missing, *more}))})


def _widened(column: Input, found: Column, recipe: Recipe) -> Input:
    """Keep all digits of a decimal number, unless it is a class, which is known by its text."""
    if recipe.modelling and column.name == recipe.modelling.target:
        return column
    if not column.kind == found.kind == "decimal":
        return column
    return column.model_copy(update={"sql_type": _wider(column.sql_type, found.sql_type)})


def _wider(known: str, found: str) -> str:
    """Return the type of a recipe, or the widest with as many decimals as the other one has."""
    one, other = arrow_type(known), arrow_type(found)
    if not (pa.types.is_decimal(one) and pa.types.is_decimal(other)):
        return "DOUBLE"
    wider = other.scale > one.scale or other.precision > one.precision
    return f"DECIMAL(38,{max(one.scale, other.scale)})" if wider else known


def _typed(output: Output, types: dict[tuple[str, str], Input]) -> Output:
    """Give a column of a clean table the type of its source, unless it has one of its own."""
    if not isinstance(output, CleanColumn) or (output.source, output.sql_type) not in types:
        return output
    wanted = types[output.source, output.sql_type].sql_type
    return output.model_copy(update={"sql_type": wanted})


def _is_written_otherwise(column: Input, found: Column) -> bool:
    """Return whether a column's values are written in another format, or with other decimals."""
    if found.kind in NUMBERS and found.sql_type != column.sql_type:
        return True
    return _label(found) not in ("", column.format)


def _written(output: Output, others: dict[str, Column]) -> Output:
    """Write fitted numbers in another format; no gap is filled by what cannot be read in it."""
    if not isinstance(output, CleanColumn) or output.source not in others:
        return output
    found = others[output.source]
    label = _label(found)
    places = decimals_of(found.sql_type) if found.kind in NUMBERS else None
    fill, clip = output.fill, output.clip
    if fill and fill.number is not None:
        number, text = written_like(label, fill.number, places, output.sql_type)
        fill = fill.model_copy(update={"text": text, "number": number})
    else:
        fill = None
    if clip:
        low, low_text = written_like(label, clip.low, places, output.sql_type)
        high, high_text = written_like(label, clip.high, places, output.sql_type)
        clip = Fence(low=low, high=high, low_text=low_text, high_text=high_text)
    return output.model_copy(update={"fill": fill, "clip": clip})
