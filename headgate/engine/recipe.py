"""The recipe: all that was fitted, in one readable JSON, enough to treat the next file alike.

Here: the records of a recipe, and reading and writing it. Not here: how values are fitted
(`clean`, `model`) and how they are carried out. A recipe holds data only, never code or SQL:
one from a stranger can do no more than give odd numbers.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from headgate.engine.columns.formats import Kind
from headgate.errors import OptionsError
from headgate.record import Record

VERSION: Literal[2] = 2
_PREFIX = "Value error, "
Hash = Literal["md5", "murmur64"]
SqlType = Annotated[str, Field(pattern=r"^[A-Z]+( [A-Z]+)*(\(\d+, ?\d+\))?$")]


DatePart = Literal["year", "month", "day", "weekday", "hour", "days since 1970"]


class Input(Record):
    """A column of the file, and how its text is cleaned."""

    name: str
    kind: Kind
    format: Annotated[str, Field(description="How it is written, by an example")] = ""
    sql_type: SqlType
    trim: bool
    normalise: bool
    missing: Annotated[tuple[str, ...], Field(description="Texts that count as missing")]
    markers: Annotated[
        bool, Field(description="Whether a later file's own signs for missing values count, too")
    ] = False


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


class Number(Record):
    """A number, a part of a date, or a truth value: filled, centred and scaled."""

    step: Literal["number"] = "number"
    name: str
    source: str
    part: DatePart | None = None
    fill: float
    center: float = 0.0
    scale: float = 1.0


class MissingFlag(Record):
    """1 where the source is missing, 0 where not."""

    step: Literal["missing"] = "missing"
    name: str
    source: str


class OneHot(Record):
    """1 where the source is this category, 0 where not; all are 0 for one never seen."""

    step: Literal["one-hot"] = "one-hot"
    name: str
    source: str
    category: str


class Frequency(Record):
    """The share of training rows with the source's category; 0 for one never seen."""

    step: Literal["frequency"] = "frequency"
    name: str
    source: str
    shares: dict[str, float]


class Means(Record):
    """Mean of the target by category, drawn towards the mean of all, for one never seen."""

    prior: float
    means: dict[str, float]


class TargetMean(Record):
    """The target's mean in the source's category, '' being the missing one.

    A training row gets the means of the folds that it is not in, so that it cannot see its own
    target; every other row gets the means of all training rows.
    """

    step: Literal["target-mean"] = "target-mean"
    name: str
    source: str
    category: Annotated[str | None, Field(description="Which class is counted")] = None
    all: Means
    folds: tuple[Means, ...]


class HashedText(Record):
    """How many words of the source fall into this bucket, as ln(1 + n)."""

    step: Literal["hashed-text"] = "hashed-text"
    name: str
    source: str
    bucket: int
    buckets: int


class Word(Record):
    """1 where the source contains the word, 0 where not."""

    step: Literal["word"] = "word"
    name: str
    source: str
    word: str


class TargetColumn(Record):
    """The target: its own number, or the place of its class in `classes`."""

    step: Literal["target"] = "target"
    name: str
    source: str
    classes: tuple[str, ...] = ()


class TestFlag(Record):
    """1 where the row took no part in fitting: the test rows, and every row of another file."""

    step: Literal["test"] = "test"
    name: str


Feature = Number | MissingFlag | OneHot | Frequency | TargetMean | HashedText | Word
ModelOutput = Feature | TargetColumn | TestFlag
CleanOutput = CleanColumn | OutlierFlag
Output = Annotated[CleanOutput | ModelOutput, Field(discriminator="step")]


class Split(Record):
    """Which rows are training rows: by a hash of the row, of a group, or by time."""

    how: Literal["row", "group", "time"]
    hash: Annotated[Hash, Field(description="Version 1 had no other than md5")] = "md5"
    test_share: float
    seed: int
    folds: int
    column: str | None = None
    latest: Annotated[str | None, Field(description="Training rows are not later than this")] = None


class Risk(Record):
    """A column that could mislead a model, and what was done about it."""

    column: str
    risk: Literal["empty", "constant", "identifier", "leak", "text"]
    kept: bool
    why: str


class Modelling(Record):
    """What `model` adds to a recipe."""

    task: Literal["binary", "multiclass", "regression"]
    target: str
    split: Split
    risks: tuple[Risk, ...]
    fingerprint: Annotated[str, Field(description="Which rows it was fitted on")]


class Removal(Record):
    """Which rows are left out."""

    duplicates: bool
    empty_rows: bool
    target: Annotated[str | None, Field(description="Rows without it are left out")] = None


class Category(Record):
    """One of the most frequent values."""

    text: str
    share: float


class Profile(Record):
    """One column as it was: its missing share exactly, its values by a sample."""

    column: str
    kind: Kind
    missing: Annotated[float, Field(description="Share of rows without a value")]
    low: float | None = None
    high: float | None = None
    bins: Annotated[tuple[int, ...], Field(description="Values in equal steps, low to high")] = ()
    top: tuple[Category, ...] = ()


class Recipe(Record):
    """How a file becomes the result: its inputs, the rows left out, the columns of the result."""

    headgate_recipe: Literal[1, 2] = VERSION
    mode: Literal["clean", "model"]
    contract: Annotated[
        str | None, Field(description="What the file was held to; the next one is, too")
    ] = None
    contract_hash: Annotated[str | None, Field(description="Hash of what it said then")] = None
    rows: Annotated[int, Field(description="Rows it was fitted on")]
    profile: Annotated[tuple[Profile, ...], Field(description="What these looked like")]
    inputs: tuple[Input, ...]
    removal: Removal
    modelling: Modelling | None = None
    outputs: tuple[Output, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse what a hand may have broken: each column has an input and its own name."""
        inputs, outputs = ([each.name for each in some] for some in (self.inputs, self.outputs))
        sources = {each.source for each in self.outputs if not isinstance(each, TestFlag)}
        if self.modelling:
            sources |= {self.modelling.target, self.modelling.split.column or self.modelling.target}
        if strange := sorted(sources - {*inputs}):
            raise ValueError(f"it is made of {strange[0]!r}, which is none of its inputs,")
        if len({*inputs}) < len(inputs) or len({*outputs}) < len(outputs) or not sources:
            raise ValueError("it has no columns, or one of them twice,")
        if (self.mode == "model") != (self.modelling is not None):
            raise ValueError("mode and modelling contradict each other")
        return self


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
            f"This is no recipe of version 1 to {VERSION}: {first['msg'].removeprefix(_PREFIX)}"
            f" at {'.'.join(map(str, first['loc'])) or 'the top'}.",
            where=path.name,
            todo="Use a recipe.json that Headgate wrote.",
        ) from error
