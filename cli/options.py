"""The options of a journey as flags: each field of a record is a flag of its own."""

import re
from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import Field, TypeAdapter, ValidationError

from headgate import options
from headgate.errors import HeadgateError, OptionsError
from headgate.options import (
    CheckOptions,
    CleanOptions,
    DeliverOptions,
    ModelOptions,
    PrepareOptions,
    ReadOptions,
)
from headgate.record import Record

Read = Annotated[ReadOptions, Parameter(name="*", group="How the file is read")]
Check = Annotated[CheckOptions, Parameter(name="*", group="What the file is held to")]
Prepare = Annotated[PrepareOptions, Parameter(name="*", group="What is made of it")]
Deliver = Annotated[DeliverOptions, Parameter(name="*", group="What happens around the result")]


def _within(kind: Any) -> Parameter:
    """Hold an argument to the bounds that it has in the flows."""
    bounds = TypeAdapter(kind)

    def hold(_: Any, value: Any) -> None:
        if value is None:
            return
        try:
            bounds.validate_python(value)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].replace("Input", "It", 1) + ".") from error

    return Parameter(validator=hold)


Concurrency = Annotated[int, _within(options.Concurrency)]
FileLimit = Annotated[int, _within(options.FileLimit)]
Days = Annotated[int, _within(options.Days)]
Hours = Annotated[float, _within(options.Hours)]
Port = Annotated[int, _within(Annotated[int, Field(ge=1, le=65535)])]

_FLAGS = {
    name: f"--{group}{name.replace('_', '-')}"
    for group, record in (
        ("model.", ModelOptions),
        ("clean.", CleanOptions),
        ("", DeliverOptions),
        ("", CheckOptions),
        ("", ReadOptions),
    )
    for name in record.model_fields
} | {name: f"--{name}" for name in ("dataset", "host", "port")}
"""The flag of each option; of one that `clean` and `model` both have, that of `clean`."""

_SAID = {
    "extra_forbidden": "There is no such option.",
    "model_type": 'It should be a rule in JSON, such as {"name": "sex", "drop": true}.',
}


def as_typed(error: HeadgateError) -> HeadgateError:
    """Name options by their flags, where a message names them as the forms in Prefect do."""
    if isinstance(error, OptionsError):
        error.where = with_flags(error.where)
    error.todo = with_flags(error.todo)
    return error


def flags_of(*records: Record, group: str = "") -> list[str]:
    """Return the flags that give what the options of some records are set to."""
    return [
        flag
        for record in records
        for name in record.model_dump(exclude_defaults=True)
        for flag in _flags(group, name.replace("_", "-"), getattr(record, name))
    ]


def _flags(group: str, name: str, value: Any) -> list[str]:
    """Return the flags of one option: several for a group of options, and for several values."""
    match value:
        case CleanOptions() | ModelOptions():
            return flags_of(value, group=f"{name}.")
        case tuple():
            return [flag for each in value for flag in _flags(group, name, each)]
        case Record():
            return [f"--{group}{name}={value.model_dump_json(exclude_defaults=True)}"]
        case bool():
            return [f"--{group}{name}" if value else f"--{group}no-{name}"]
        case _:
            return [f"--{group}{name}={value}"]


def refused(error: ValidationError) -> OptionsError:
    """Name the flag of the first value that a record refused, and say why it did."""
    first = error.errors()[0]
    flag, *within = [str(part).replace("_", "-") for part in first["loc"]]
    if flag in ("clean", "model") and within:
        flag = f"{flag}.{within.pop(0)}"
    place = [f"rule {int(part) + 1}" if part.isdigit() else part for part in within]
    should_be = re.sub("^(Input|String)", "It", first["msg"])
    return OptionsError(
        _SAID.get(first["type"], f"{should_be}, and not {first['input']!r}."),
        where=", ".join([f"--{flag}", *place]),
        todo="`--help` and docs/options.md say what it may be.",
    )


def with_flags(text: str) -> str:
    """Name the options of a text by their flags."""
    return re.sub(r"`(\w+)`", lambda name: _FLAGS.get(name[1], name[0]), text)
