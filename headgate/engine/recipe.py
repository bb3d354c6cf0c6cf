"""The recipe: all that was fitted, in one readable JSON, enough to treat the next file alike.

Here: the records of a recipe, and reading and writing it. Not here: how values are fitted
(`clean`, `model`) and how they are carried out. A recipe holds data only, never code or SQL:
one from a stranger can do no more than give odd numbers.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from headgate.engine.types import Kind
from headgate.errors import OptionsError
from headgate.record import Record

VERSION: Literal[1] = 1
SqlType = Annotated[str, Field(pattern=r"^[A-Z]+( [A-Z]+)*(\(\d+, ?\d+\))?$")]


class Input(Record):
    """A column of the file, and how its text is cleaned."""

    name: str
    kind: Kind
    sql_type: SqlType
    trim: bool
    normalise: bool
    missing: Annotated[tuple[str, ...], Field(description="Texts that count as missing")]


class Filling(Record):
    """What stands where a value was missing."""

    how: str
    text: Annotated[str, Field(description="As it is written in the CSV")]
    number: Annotated[float | None, Field(description="Its value, in a number column")] = None


class Fence(Record):
    """Bounds beyond which a number is an outlier."""

    low: float
    high: float
    low_text: str
    high_text: str


class CleanColumn(Record):
    """A column of the clean table."""

    step: Literal["column"] = "column"
    name: str
    source: str
    sql_type: SqlType
    fill: Filling | None = None
    clip: Fence | None = None


class OutlierFlag(Record):
    """1 where the number lies beyond the fence, 0 where not, empty where it is missing."""

    step: Literal["outlier"] = "outlier"
    name: str
    source: str
    fence: Fence


Output = Annotated[CleanColumn | OutlierFlag, Field(discriminator="step")]


class Removal(Record):
    """Which rows are left out."""

    duplicates: bool
    empty_rows: bool
    target: Annotated[str | None, Field(description="Rows without it are left out")] = None


class Recipe(Record):
    """How a file becomes the result: its inputs, the rows left out, the columns of the result."""

    headgate_recipe: Literal[1] = VERSION
    mode: Literal["clean", "model"]
    rows: Annotated[int, Field(description="Rows it was fitted on")]
    inputs: tuple[Input, ...]
    removal: Removal
    outputs: tuple[Output, ...]


def save(recipe: Recipe, path: Path) -> None:
    """Write the recipe as JSON that a person can read."""
    path.write_text(recipe.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        OptionsError: The file is no recipe, or one of a version that this program does not know.
    """
    try:
        return Recipe.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise OptionsError(
            f"This is no recipe of version {VERSION}: {first['msg']}"
            f" at {'.'.join(map(str, first['loc'])) or 'the top'}.",
            where=path.name,
            todo="Use a recipe.json that Headgate wrote.",
        ) from error
