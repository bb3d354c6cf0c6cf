"""The contracts: one pandera model a data set; make this room your own.

A module here that defines `CONTRACT` is the contract of the data set that bears its name; files
of any other data set are held to `default`.
"""

import re
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from headgate.engine.contract import Contract
from headgate.engine.reading.dialect import Evidence
from headgate.errors import OptionsError


def contract_for(dataset: str | None, name: str | None = None) -> Contract:
    """Return the contract of this name, else the data set's own, else the default.

    Raises:
        OptionsError: There is no contract of this name.
    """
    if name is not None and not _exists(_module(name)):
        raise OptionsError(
            f"There is no contract {name!r}; there are {', '.join(names())}.",
            where="contract",
            todo="Choose one of these, or add a module with a CONTRACT to schemas/.",
        )
    wanted = _module(name or dataset or "default")
    found = wanted if _exists(wanted) else "default"
    contract: Contract = import_module(f"{__name__}.{found}").CONTRACT
    return contract.model_copy(update={"name": found})


def choice(contract: Contract, dataset: str | None, name: str | None) -> tuple[Evidence, ...]:
    """Say that a data set has no contract of its own, where the default holds for want of one."""
    if name is not None or dataset is None or contract.name == _module(dataset):
        return ()
    why = f"there is no contract named {dataset!r}; the default holds"
    return (Evidence(what="contract", found=contract.name, why=why),)


def names() -> list[str]:
    """List the contracts."""
    return sorted(module.name for module in iter_modules(__path__))


def _module(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()


def _exists(module: str) -> bool:
    return bool(module) and find_spec(f"{__name__}.{module}") is not None
