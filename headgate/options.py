"""All that a user may choose, as records that the Prefect UI draws as forms.

Forms and deployments send whole records, so that a default counts as nothing said. `position`
keeps the order of nested fields in the form on every database.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field

from headgate.record import Record

R = TypeVar("R", bound=Record)
Key = Annotated[str, Field(min_length=1, max_length=1024)]
Concurrency = Annotated[int, Field(ge=1, le=64)]
FileLimit = Annotated[int, Field(ge=1, le=10_000)]
Days = Annotated[int, Field(ge=1)]
Hours = Annotated[float, Field(gt=0, le=168)]


def _at(position: int, description: str, **bounds: Any) -> Any:
    """Describe a field and fix its place in the form."""
    return Field(description=description, json_schema_extra={"position": position}, **bounds)


class ReadOptions(Record):
    """How the file is read; whatever is left empty is found from the file itself."""

    delimiter: Annotated[str | None, _at(0, "Field separator, e.g. ',' or ';'", max_length=4)] = (
        None
    )
    quotechar: Annotated[str | None, _at(1, "Quote character; '' for none", max_length=1)] = None
    escapechar: Annotated[str | None, _at(2, "Escape character; '' for none", max_length=1)] = None
    encoding: Annotated[str | None, _at(3, "Text encoding, e.g. utf-8 or cp1252")] = None
    skip_lines: Annotated[int | None, _at(4, "Lines before the table", ge=0)] = None
    header_rows: Annotated[int | None, _at(5, "Header lines; 0 for none", ge=0, le=10)] = None
    table: Annotated[int | None, _at(6, "Which table, where a file holds several", ge=1)] = None
    missing: Annotated[
        tuple[str, ...], _at(7, "Texts that count as missing besides the empty one")
    ] = ()
    member: Annotated[str | None, _at(8, "Which file, where a zip holds several")] = None
    footer_lines: Annotated[int | None, _at(9, "Lines after the table", ge=0)] = None


class DriftPolicy(StrEnum):
    """What happens when columns differ from the data set's last accepted file, or the recipe's."""

    REFUSE = "refuse"
    ACCEPT = "accept"
    SET_ASIDE = "set-aside"


class CheckOptions(Record):
    """What the file is held to."""

    contract: Annotated[
        str | None, _at(0, "Contract name in schemas/; by default the data set's own")
    ] = None
    target: Annotated[str | None, _at(1, "Column that must be present, to be predicted")] = None
    max_bad_share: Annotated[
        float | None,
        _at(2, "Refuse the file when a larger share of rows is bad (0 to 1)", ge=0, le=1),
    ] = None
    drift: Annotated[DriftPolicy | None, _at(3, "What to do when columns changed")] = None


class Fill(StrEnum):
    """How missing values are filled."""

    KEEP = "keep"
    MEDIAN = "median"
    MEAN = "mean"
    MODE = "mode"
    CONSTANT = "constant"


class Outliers(StrEnum):
    """What becomes of numbers far outside the bulk of their column."""

    KEEP = "keep"
    FLAG = "flag"
    CLIP = "clip"


class ColumnRules(Record):
    """Rules for one column; what is left empty follows the rules for all columns."""

    name: Annotated[str, _at(0, "Column name as it stands in the file")]
    trim: Annotated[bool | None, _at(1, "Trim white space around values")] = None
    normalise: Annotated[bool | None, _at(2, "Bring Unicode text to its composed form (NFC)")] = (
        None
    )
    missing: Annotated[tuple[str, ...], _at(3, "Further texts that count as missing here")] = ()
    fill: Annotated[Fill | None, _at(4, "How missing values are filled")] = None
    constant: Annotated[str | None, _at(5, "The value for fill 'constant'")] = None
    outliers: Annotated[Outliers | None, _at(6, "Keep, flag or clip outliers")] = None
    drop: Annotated[bool, _at(7, "Leave this column out")] = False


def _flat(value: Any) -> Any:
    """Take a list within a list for its members: a flag may give several rules at once."""
    if not isinstance(value, (list, tuple)):
        return value
    lists = [each if isinstance(each, list) else [each] for each in value]
    return [each for members in lists for each in members]


class CleanOptions(Record):
    """Rules of the `clean` mode."""

    names: Annotated[Literal["keep", "tidy"], _at(0, "Keep column names or make them tidy")] = (
        "keep"
    )
    trim: Annotated[bool, _at(1, "Trim white space around values")] = True
    normalise: Annotated[bool, _at(2, "Bring Unicode text to its composed form (NFC)")] = True
    empty_missing: Annotated[bool, _at(3, "Write missing markers such as 'NA' as empty cells")] = (
        True
    )
    drop_duplicates: Annotated[bool, _at(4, "Drop exact duplicate rows; the first stays")] = True
    drop_empty_rows: Annotated[bool, _at(5, "Drop rows without any value")] = True
    drop_empty_columns: Annotated[
        bool, _at(6, "Drop columns without any value, but for those of the contract")
    ] = True
    fill: Annotated[Fill, _at(7, "How missing values are filled")] = Fill.KEEP
    constant: Annotated[str | None, _at(8, "The value for fill 'constant'")] = None
    outliers: Annotated[Outliers, _at(9, "Keep, flag or clip outliers of number columns")] = (
        Outliers.KEEP
    )
    fence: Annotated[
        float, _at(10, "Outliers lie this many quartile ranges beyond a quartile", gt=0, le=100)
    ] = 3.0
    columns: Annotated[
        tuple[ColumnRules, ...], BeforeValidator(_flat), _at(11, "Rules for single columns")
    ] = ()


CLEAN_ONLY = frozenset({"names", "fill", "constant", "outliers", "fence", "drop_empty_columns"})
"""Rules that do not concern the `model` mode, which has its own or keeps what they change."""


class ModelOptions(Record):
    """Rules of the `model` mode."""

    task: Annotated[
        Literal["auto", "binary", "multiclass", "regression"], _at(0, "Kind of prediction")
    ] = "auto"
    test_share: Annotated[float, _at(1, "Share of rows held out for testing", ge=0, lt=1)] = 0.2
    group_column: Annotated[
        str | None, _at(2, "Rows with the same value here are never split apart")
    ] = None
    time_column: Annotated[str | None, _at(3, "Hold out the latest rows by this column")] = None
    seed: Annotated[int, _at(4, "Another seed gives another split", ge=0, le=2**31 - 1)] = 0
    one_hot_limit: Annotated[
        int, _at(5, "Categories up to this many get a column each", ge=2, le=1000)
    ] = 40
    many_categories: Annotated[
        Literal["target", "frequency", "drop"],
        _at(6, "How columns with more categories are encoded"),
    ] = "target"
    folds: Annotated[int, _at(7, "Folds of the out-of-fold target encoding", ge=2, le=20)] = 5
    fill: Annotated[
        Literal["median", "mean"], _at(8, "What stands for a missing number, beside its flag")
    ] = "median"
    scale: Annotated[
        Literal["standard", "robust", "minmax", "none"], _at(9, "How numbers are scaled")
    ] = "standard"
    text: Annotated[
        Literal["drop", "words", "hash"],
        _at(10, "Text kept out, its frequent words marked, or all its words hashed"),
    ] = "words"
    text_columns: Annotated[int, _at(11, "Most columns per text column", ge=2, le=4096)] = 64
    weekday: Annotated[bool, _at(12, "Also the day of the week among the parts of dates")] = False
    leaks: Annotated[Literal["drop", "keep"], _at(13, "Columns that all but repeat the target")] = (
        "drop"
    )


class PrepareOptions(Record):
    """What is made of the good rows."""

    mode: Annotated[Literal["clean", "model"], _at(0, "A clean table, or one to train on")] = (
        "clean"
    )
    clean: Annotated[CleanOptions, _at(1, "Rules for cleaning")] = CleanOptions()
    model: Annotated[ModelOptions, _at(2, "Rules for training tables")] = ModelOptions()
    recipe: Annotated[
        str | None,
        _at(3, "Recipe to replay instead of fitting one: its key, or with a local file its path"),
    ] = None
    spreadsheet: Annotated[bool, _at(4, "Also a copy that is safe to open in a spreadsheet")] = (
        False
    )

    @property
    def has_rules(self) -> bool:
        """Whether any rule is given, for which a recipe would stand."""
        return PrepareOptions(mode=self.mode, clean=self.clean, model=self.model) != (
            PrepareOptions()
        )

    @property
    def drops_duplicates(self) -> bool:
        """Whether exact duplicates are dropped for certain; a recipe brings a rule of its own."""
        return self.recipe is None and self.clean.drop_duplicates


class SourcePolicy(StrEnum):
    """What becomes of the uploaded object once its result is published."""

    KEEP = "keep"
    ARCHIVE = "archive"
    DELETE = "delete"


class DeliverOptions(Record):
    """What happens around the result."""

    source: Annotated[SourcePolicy, _at(0, "What becomes of the uploaded object")] = (
        SourcePolicy.KEEP
    )
    show_link: Annotated[
        bool, _at(1, "Show a link to the table of a single upload, to all who may see its run")
    ] = False
    link_hours: Annotated[Hours, _at(2, "How long the link should work")] = 24
    same_content: Annotated[
        Literal["process", "skip"], _at(3, "When the same content was processed under another key")
    ] = "process"
    force: Annotated[bool, _at(4, "Process again although there is a result")] = False


class ProcessOptions(Record):
    """Everything about one upload's processing."""

    read: Annotated[ReadOptions, _at(0, "How the file is read")] = ReadOptions()
    check: Annotated[CheckOptions, _at(1, "What the file is held to")] = CheckOptions()
    prepare: Annotated[PrepareOptions, _at(2, "What is made of it")] = PrepareOptions()
    deliver: Annotated[DeliverOptions, _at(3, "What happens around the result")] = DeliverOptions()

    def said(self) -> dict[str, Any]:
        """Return what differs from the default, by names such as `prepare.clean.fill`."""
        return dict(_named(self.model_dump(mode="json", exclude_defaults=True)))

    def over(self, base: "ProcessOptions") -> "ProcessOptions":
        """Take these options, and another record's wherever these have the default.

        A recipe and rules stand for each other: who gives one is not given the other.
        """
        check, prepare = base.check, base.prepare
        if self.prepare.recipe:
            check = check.model_copy(update={"target": None})
            prepare = PrepareOptions(spreadsheet=prepare.spreadsheet)
        elif self.prepare.has_rules:
            prepare = prepare.model_copy(update={"recipe": None})
        return _over(self, base.model_copy(update={"check": check, "prepare": prepare}))


def _named(said: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _named(value, f"{within}{name}.")
        else:
            yield within + name, value


def _over(asked: R, base: R) -> R:
    """Take one record field by field, and another's where it has the default."""
    values = {}
    for name, field in type(asked).model_fields.items():
        value, other = getattr(asked, name), getattr(base, name)
        if isinstance(value, Record):
            values[name] = _over(value, other)
        else:
            values[name] = other if value == field.default else value
    return type(asked)(**values)
