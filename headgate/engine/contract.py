"""What a data set's files are held to: a pandera model and a policy around it.

Here: the `Contract` record. Not here: the contracts themselves, which live in `schemas/`, and
how rows are held to them.
"""

import codecs
import hashlib
import inspect
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from headgate.options import DriftPolicy, ProcessOptions
from headgate.record import Record

_NOT_OWN = ("pandera", "typing", "builtins")
"""Packages whose base classes are none of the contract."""
_BESIDE = frozenset({"read.missing", "check.max_bad_share", "check.drift"})
"""Options that are arguments of a contract itself."""
_OF_A_RUN = frozenset(
    {"check.contract", "deliver.show_link", "deliver.link_hours", "deliver.force"}
)
"""Options that only whoever starts a run can give."""


class Contract(Record):
    """A pandera model for the rows, and what it cannot say about the file as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: Annotated[str, Field(description="Name by which it is chosen and reported")] = "default"
    source: Annotated[str, Field(description="Text of the module that it was loaded from")] = ""
    model: Annotated[
        Any, Field(description="pandera DataFrameModel or DataFrameSchema; None holds rows to none")
    ] = None
    header: Annotated[bool, Field(description="Whether the file must have a header")] = False
    order: Annotated[
        Literal["free", "fixed"],
        Field(description="Whether columns must stand in the model's order"),
    ] = "free"
    unknown: Annotated[
        Literal["keep", "drop", "refuse"], Field(description="Columns that the model does not name")
    ] = "keep"
    unique: Annotated[
        tuple[tuple[str, ...], ...], Field(description="Keys that may occur once in the whole file")
    ] = ()
    references: Annotated[
        Mapping[str, frozenset[str]], Field(description="Texts that a column may hold")
    ] = {}
    min_rows: Annotated[int, Field(description="Fewest good rows", ge=0)] = 1
    max_rows: Annotated[int | None, Field(description="Most rows", ge=1)] = None
    max_bad_share: Annotated[
        float, Field(description="Share of bad rows above which the file is refused", ge=0, le=1)
    ] = 0.5
    missing: Annotated[tuple[str, ...], Field(description="Texts that count as missing")] = ()
    drift: Annotated[DriftPolicy, Field(description="What to do when columns changed")] = (
        DriftPolicy.ACCEPT
    )
    options: Annotated[
        ProcessOptions, Field(description="Options of every run that say nothing else")
    ] = ProcessOptions()

    @field_validator("unique")
    @classmethod
    def _name_some_column(cls, unique: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        if not all(unique):
            raise ValueError("a key names no column")
        return unique

    @field_validator("options")
    @classmethod
    def _are_those_of_a_data_set(cls, options: ProcessOptions) -> ProcessOptions:
        for name in options.said():
            if name in _BESIDE:
                own = name.rpartition(".")[2]
                raise ValueError(f"{name} is no option here; give `{own}` to Contract itself")
            if name in _OF_A_RUN:
                raise ValueError(f"{name} is no option here; only a run can give it")
        return options

    @field_validator("options")
    @classmethod
    def _fit_some_file(cls, options: ProcessOptions) -> ProcessOptions:
        encoding = options.read.encoding or "utf-8"
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise ValueError(f"there is no encoding named {encoding!r}") from error
        prepare = options.prepare
        if prepare.mode == "model" and options.check.target is None:
            raise ValueError("prepare.mode 'model' needs a check.target")
        if prepare.model.group_column and prepare.model.time_column:
            raise ValueError("prepare.model has a group_column or a time_column, not both")
        named = [each.name for each in prepare.clean.columns]
        if twice := [name for name in named if named.count(name) > 1]:
            raise ValueError(f"prepare.clean.columns has two rules for {twice[0]!r}")
        return options

    @model_validator(mode="after")
    def _some_number_of_rows_is_right(self) -> Self:
        if self.max_rows is not None and self.min_rows > self.max_rows:
            raise ValueError(f"min_rows, {self.min_rows}, is more than max_rows, {self.max_rows}")
        return self

    @property
    def hash(self) -> str:
        """Hash of all that the contract says; it changes when a rule does.

        Rules are code, so that they are told by the text of the contract's module, and by that of
        the model's base classes, which may be from elsewhere. That text tells the options, too.
        """
        said = self.model_dump_json(exclude={"model", "references", "options"})
        sets = sorted((name, sorted(values)) for name, values in self.references.items())
        rules = [*map(_source, self.model.__mro__)] if inspect.isclass(self.model) else self.model
        return hashlib.sha256(f"{said}\n{sets}\n{rules}".encode()).hexdigest()


def _source(model: type) -> str:
    """Return the text of a class of the user's own, as far as it has one."""
    if model.__module__.partition(".")[0] in _NOT_OWN:
        return ""
    try:
        return inspect.getsource(model)
    except (OSError, TypeError):  # it was made without a class statement, or a file
        return repr(model)
