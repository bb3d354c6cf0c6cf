"""The options of a journey as flags: each field of a record is a flag of its own."""

from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import TypeAdapter, ValidationError

from headgate import options
from headgate.errors import OptionsError
from headgate.options import CheckOptions, DeliverOptions, PrepareOptions, ReadOptions

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

_SAID = {
    "extra_forbidden": "There is no such option.",
    "model_type": 'It should be a rule in JSON, such as {"name": "sex", "drop": true}.',
}


def refused(error: ValidationError) -> OptionsError:
    """Name the flag of the first value that a record refused, and say why it did."""
    first = error.errors()[0]
    flag, *within = [str(part).replace("_", "-") for part in first["loc"]]
    if flag in ("clean", "model") and within:
        flag = f"{flag}.{within.pop(0)}"
    place = [f"rule {int(part) + 1}" if part.isdigit() else part for part in within]
    should_be = f"{first['msg'].replace('Input', 'It', 1)}, and not {first['input']!r}."
    return OptionsError(
        _SAID.get(first["type"], should_be),
        where=", ".join([f"--{flag}", *place]),
        todo="`--help` and docs/options.md say what it may be.",
    )
