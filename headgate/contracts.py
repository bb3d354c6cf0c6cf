"""Which contract in `schemas/` a file is held to. What one is: `headgate.engine.contract`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from inspect import getsource
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb
from types import ModuleType

from pydantic import ValidationError

import schemas
from headgate.engine.contract import Contract
from headgate.engine.reading.dialect import Evidence
from headgate.errors import ContractError, OptionsError, SettingsError, UnreadableError
from headgate.options import ProcessOptions
from headgate.record import Record

_SAID = {"extra_forbidden": "there is no such argument"}
"""What pydantic says otherwise, in plain words."""


def contract_for(dataset: str | None, name: str | None = None) -> Contract:
    """Return the contract of this name, else the data set's own, else the default.

    Raises:
        OptionsError: There is no contract of this name.
        SettingsError: The contract's module does not work.
    """
    if name is not None and not _found(name):
        raise OptionsError(
            f"There is no contract {name!r}; there are {', '.join(names())}.",
            where="`contract`",
            todo="Choose one of these, or add a module with a CONTRACT to schemas/.",
        )
    return _load(_found(name or dataset or "default") or "default")


def in_force(options: ProcessOptions, dataset: str | None) -> ProcessOptions:
    """Return what a run says, and what its contract does wherever the run says nothing.

    Raises:
        OptionsError: There is no contract of the name that the run gives.
        SettingsError: The contract's module does not work.
    """
    return options.over(contract_for(dataset, options.check.contract).options)


def notes_of(
    contract: Contract, dataset: str | None, options: ProcessOptions
) -> tuple[Evidence, ...]:
    """Return why the default holds where a data set has no contract, and what options it sets."""
    notes = []
    if options.check.contract is None and dataset and contract.name != _found(dataset):
        notes.append(f"there is no contract named {dataset!r}; the default holds")
    said = options.said()
    own = contract.options.said().items()
    if told := [f"{name} to {value!r}" for name, value in own if said.get(name) == value]:
        notes.append(f"it sets {', '.join(told)}")
    return tuple(Evidence(what="contract", found=contract.name, why=why) for why in notes)


@contextmanager
def answering_for_options(contract: Contract, options: ProcessOptions) -> Iterator[None]:
    """Refuse a file that the contract's options do not fit, where a run has none of its own.

    Args:
        contract: What the file is held to.
        options: Those in force.

    Raises:
        ContractError: An option does not fit the file.
    """
    try:
        yield
    except (OptionsError, UnreadableError) as error:
        own = contract.options
        named = _named(own, options, error.todo)
        silent = own == ProcessOptions() or isinstance(error, UnreadableError)
        if not named and (silent or _what_fits(options) != _what_fits(own)):
            raise
        todo = (
            f"The contract {contract.name!r} sets {' and '.join(named) or 'this option'}: "
            "correct the file, or the contract."
        )
        raise ContractError(error.what, where=error.where, todo=todo) from error


def names() -> list[str]:
    """List the contracts."""
    return sorted(module.name for module in iter_modules(schemas.__path__))


def _named(own: ProcessOptions, options: ProcessOptions, text: str) -> list[str]:
    """Return those of a contract's options that are in force and named by a text."""
    said = options.said()
    held = [name for name, value in own.said().items() if said.get(name) == value]
    return [f"options.{name}" for name in held if f"`{name.rpartition('.')[2]}`" in text]


def _what_fits(options: ProcessOptions) -> tuple[Record | str | None, ...]:
    """Return the options that may fit a file or not."""
    prepare = options.prepare.model_copy(update={"spreadsheet": False})
    return options.read, options.check.target, prepare


def _module(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()


def _found(name: str) -> str | None:
    """Return the module of a data set or of this name, in whatever case; lower case comes first."""
    return max((each for each in names() if _module(each) == _module(name)), default=None)


def _load(module: str) -> Contract:
    where = f"{schemas.__name__}/{module}.py"
    try:
        loaded = import_module(f"{schemas.__name__}.{module}")
        found, source = loaded.CONTRACT, _source(loaded)
    except (Exception, SystemExit) as error:  # a module of the user's own may fail in any way
        raise SettingsError(
            f"This contract cannot be used: {_in_words(error).rstrip('.')}.",
            where=_place(error) or where,
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


def _place(error: BaseException) -> str:
    """Return the last line of a module of contracts that was run, if any was."""
    folders = {str(Path(folder).resolve()) for folder in schemas.__path__}
    places = [
        f"{schemas.__name__}/{path.name}, line {frame.lineno}"
        for frame in extract_tb(error.__traceback__)
        if str((path := Path(frame.filename)).resolve().parent) in folders
    ]
    return places[-1] if places else ""


def _in_words(error: BaseException) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    first = error.errors()[0]
    said = _SAID.get(first["type"], first["msg"].removeprefix("Value error, "))
    return ": ".join([error.title, *map(str, first["loc"]), said])
