"""The contracts: one pandera model a data set; make this room your own."""

from headgate.engine.contract import Contract


def contract_for(dataset: str | None, name: str | None = None) -> Contract:
    """Choose the contract by its name, or by the data set's."""
    return Contract(name=name or dataset or "default")
