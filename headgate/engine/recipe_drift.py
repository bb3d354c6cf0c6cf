"""How a file differs from the one that a recipe was made with: refused, or told.

Here: its columns, their values and its contract. Not here: what the recipe makes of it.
"""

from collections.abc import Container, Iterator

from headgate.engine.checking.drift import Drift, Layout, compare
from headgate.engine.cleaning.number_style import decimal_mark
from headgate.engine.recipe import CleanColumn, Profile, Recipe, TestFlag
from headgate.engine.result import profile as profiles
from headgate.engine.validate import Reading
from headgate.errors import BadFileError, DriftError
from headgate.words import quoted


def refuse_strange(reading: Reading, recipe: Recipe) -> None:
    """Refuse a file for which the recipe was not made.

    Raises:
        BadFileError: It has none of the recipe's columns.
    """
    wanted, there = ([each.name for each in some] for some in (recipe.inputs, reading.columns))
    if set(wanted).isdisjoint(there):
        raise BadFileError(
            f"The file has none of the recipe's columns: they are {quoted(wanted)}, "
            f"and it has {quoted(sorted(there))}.",
            where="header",
            todo="Replay the recipe on a file with these columns.",
        )


def refuse_drift(reading: Reading, recipe: Recipe) -> None:
    """Refuse a file that has not all of the columns that the recipe needs as they were.

    Raises:
        DriftError: A column was removed, renamed or retyped.
    """
    changes = _changes(recipe, reading, _unneeded(recipe, reading))
    told = [each.detail for each in changes if each.change not in ("added", "reordered")]
    if told:
        raise DriftError(
            f"The columns changed since the recipe was made: {'; '.join(told)}.",
            where="header",
            todo="If this is meant, replay the recipe with `drift` set to 'accept'.",
        )


def told(
    recipe: Recipe, own: Recipe, reading: Reading, profile: tuple[Profile, ...]
) -> Iterator[str]:
    """Tell how a file, and what it was held to, differ from those that the recipe was made with.

    Args:
        recipe: The recipe as it was fitted.
        own: The same, adapted to the file.
        reading: The file.
        profile: What its columns look like.
    """
    yield from _other_contract(recipe, reading)
    for each in _changes(recipe, reading):
        if each.change == "renamed":
            yield f"{each.detail}; the recipe does not know that name."
    yield from _other_marks(recipe, reading)
    rows = recipe.rows, reading.rows_good
    for shift in profiles.shifts(_without_unused_values(recipe), profile, rows):
        yield f"{shift.column}: {shift.what}"
    yield from _more_digits(recipe, own)
    yield from _gaps(recipe, own)


def _other_contract(recipe: Recipe, reading: Reading) -> Iterator[str]:
    """Tell of another contract, or of one that has changed."""
    if recipe.contract not in (None, reading.contract):
        yield (
            f"The file was held to the contract {reading.contract!r}, the recipe's file to "
            f"{recipe.contract!r}."
        )
    elif recipe.contract and recipe.contract_hash != reading.contract_hash:
        yield f"The contract {recipe.contract!r} has changed since the recipe was made."


def _other_marks(recipe: Recipe, reading: Reading) -> Iterator[str]:
    """Tell which numbers could be a thousand times as large or small, were they read as before."""
    there = {each.name: each.format for each in reading.columns}
    for each in recipe.inputs:
        now = there.get(each.name, "")
        if len({decimal_mark(each.format), decimal_mark(now)} - {""}) > 1:
            yield f"{each.name}: Its numbers are written {now}, before {each.format}."


def _more_digits(recipe: Recipe, own: Recipe) -> Iterator[str]:
    """Tell which numbers need another type than the recipe has for them."""
    for was, now in zip(recipe.inputs, own.inputs, strict=True):
        if was.sql_type != now.sql_type:
            yield f"{was.name}: Its numbers have more digits: {now.sql_type}, not {was.sql_type}."


def _gaps(recipe: Recipe, own: Recipe) -> Iterator[str]:
    """Tell which gaps stay, since what would fill them cannot be read beside the file's values."""
    fills = {each.source: each.fill for each in own.outputs if isinstance(each, CleanColumn)}
    for each in recipe.outputs:
        if isinstance(each, CleanColumn) and each.fill and not fills[each.source]:
            yield f"{each.source}: Its gaps stay, as no value is written as {each.fill.text!r} is."


def _changes(recipe: Recipe, reading: Reading, but: Container[str] = ()) -> tuple[Drift, ...]:
    """Compare columns, but for some, with those of the file that the recipe was made with."""
    was = [each for each in recipe.profile if each.column not in but]
    names, kinds = [each.column for each in was], [each.kind for each in was]
    now = [each for each in reading.columns if each.name not in but]
    return compare(Layout(names=tuple(names), kinds=tuple(kinds)), Layout.of(now))


def _unneeded(recipe: Recipe, reading: Reading) -> set[str]:
    """Name the columns that a model recipe leaves out, and its target where the file lacks it."""
    if recipe.modelling is None:
        return set()
    needed, target = _sources(recipe), recipe.modelling.target
    if target not in reading.layout.names:
        needed.discard(target)
    return {each.column for each in recipe.profile} - needed


def _without_unused_values(recipe: Recipe) -> tuple[Profile, ...]:
    """Profile the recipe's columns, without the spread of values that no output is made of."""
    used = _sources(recipe)
    return tuple(
        each if each.column in used else each.model_copy(update={"bins": (), "top": ()})
        for each in recipe.profile
    )


def _sources(recipe: Recipe) -> set[str]:
    """Name the columns that the result is made of."""
    return {each.source for each in recipe.outputs if not isinstance(each, TestFlag)}
