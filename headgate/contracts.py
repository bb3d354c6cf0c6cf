"""Which contract in `schemas/` a file is held to. What one is: `headgate.engine.contract`."""

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from inspect import getsource
from pkgutil import iter_modules
from types import ModuleType

from pydantic import ValidationError

import schemas
from headgate.engine.contract import Contract
from headgate.engine.reading.dialect import Evidence
from headgate.errors import OptionsError, SettingsError

_SAID = {"extra_forbidden": "there is no such argument"}
"""What pydantic says otherwise, in plain words."""


def contract_for(dataset: str | None, name: str | None = None) -> Contract:
    """Return the contract of this name, else the data set's own, else the default.

    Raises:
        OptionsError: There is no contract of this name.
        SettingsError: The contract's module does not work.
    """
    if name is not None and not _exists(_module(name)):
        raise OptionsError(
            f"There is no contract {name!r}; there are {', '.join(names())}.",
            where="`contract`",
            todo="Choose one of these, or add a module with a CONTRACT to schemas/.",
        )
    wanted = _module(name or dataset or "default")
    return _load(wanted if _exists(wanted) else "default")


def default_note(contract: Contract, dataset: str | None, name: str | None) -> tuple[Evidence, ...]:
    """Return a note that the default holds, where a data set has no contract of its own."""
    if name is not None or dataset is None or contract.name == _module(dataset):
        return ()
    why = f"there is no contract named {dataset!r}; the default holds"
    return (Evidence(what="contract", found=contract.name, why=why),)


def names() -> list[str]:
    """List the contracts."""
    return sorted(module.name for module in iter_modules(schemas.__path__))


def _module(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()


def _exists(module: str) -> bool:
    return bool(module) and find_spec(f"{schemas.__name__}.{module}") is not None


def _load(module: str) -> Contract:
    where = f"{schemas.__name__}/{module}.py"
    try:
        loaded = import_module(f"{schemas.__name__}.{module}")
        found, source = loaded.CONTRACT, _source(loaded)
    except (Exception, SystemExit) as error:  # a module of the user's own may fail in any way
        raise SettingsError(
            f"This contract cannot be used: {_in_words(error)}.",
            where=where,
            todo="Correct the module; it has to define CONTRACT, a Contract.",
        ) from error
    if not isinstance(found, Contract):
        raise SettingsError(
            f"CONTRACT is no Contract but {found!r}.",
            where=where,
            todo="Write CONTRACT = Contract(...), with a model as its `model`.",
        )
    return found.model_copy(update={"name": module, "source": source})


@cache
def _source(module: ModuleType) -> str:
    """Return the text that a module was loaded from; its file may be edited afterwards."""
    return getsource(module)


def _in_words(error: BaseException) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    first = error.errors()[0]
    said = _SAID.get(first["type"], first["msg"].removeprefix("Value error, "))
    return ": ".join([error.title, *map(str, first["loc"]), said])
