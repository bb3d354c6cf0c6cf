"""What is asked of a file as a whole: its header and columns, a share of bad rows, row counts."""

from collections.abc import Iterable, Sequence

from headgate.engine.checking.drift import Drift
from headgate.engine.checking.quarantine import Failure, Quarantine
from headgate.engine.contract import Contract
from headgate.engine.reading.dialect import Dialect
from headgate.errors import ContractError, DriftError
from headgate.options import CheckOptions, ReadOptions
from headgate.words import counted, quoted

_TOLD = 5
"""Reasons that a refusal gives."""


def hold_to_header(
    dialect: Dialect, contract: Contract, read: ReadOptions, check: CheckOptions
) -> None:
    """Refuse a file without the header that the contract asks for, or without the target.

    Raises:
        ContractError: The header or the target is not there.
    """
    if contract.header and dialect.header_rows == 0 and read.header_rows is None:
        raise ContractError(
            "The first line looks like data, not like a header.",
            where=f"line {dialect.skip_lines + 1}",
            todo="Add a header, or set `header_rows` to 0 (there is none) or 1 (it is one).",
        )
    if check.target and check.target not in dialect.names:
        raise ContractError(
            f"There is no column {check.target!r} to be predicted; the file has "
            f"{quoted(dialect.names, 20)}.",
            where="header",
            todo="Name one of these as the target.",
        )


def hold_to_columns(names: Sequence[str], wanted: Iterable[str]) -> None:
    """Refuse a file without columns that the contract asks for.

    Raises:
        ContractError: A wanted column is missing.
    """
    if absent := [name for name in dict.fromkeys(wanted) if name not in names]:
        raise ContractError(
            f"The contract asks for {quoted(absent)}, which the file does not have; it has "
            f"{quoted(names)}.",
            where="header",
            todo="Add or rename the columns, or choose another contract.",
        )


def refuse_unknown(names: Sequence[str]) -> None:
    """Refuse a file that has columns of which the contract does not know.

    Raises:
        ContractError: A column is not in the contract.
    """
    if names:
        raise ContractError(
            f"The contract does not know {quoted(names)}.",
            where="header",
            todo="Remove these columns, or set unknown to 'keep' or 'drop' in the contract and "
            "leave strict out of its model.",
        )


def hold_to_order(found: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file whose columns stand in another order than the contract's.

    Raises:
        ContractError: The order differs.
    """
    if [*wanted] != [*found]:
        raise ContractError(
            f"The columns stand in the order {quoted(found)}; the contract asks for "
            f"{quoted(wanted)}.",
            where="header",
            todo="Put them in order, or set order to 'free' in the contract and leave ordered out "
            "of its model.",
        )


def refuse_drift(drift: Sequence[Drift]) -> None:
    """Refuse a file whose columns changed, unless they only stand in another order.

    Raises:
        DriftError: A column was added, removed, renamed or retyped.
    """
    if told := [each.detail for each in drift if each.change != "reordered"]:
        raise DriftError(
            f"The columns changed since the last accepted file: {'; '.join(told)}.",
            where="header",
            todo="If this is meant, process the file with `drift` set to 'accept' or 'set-aside'.",
        )


def refuse_nothing_left(left: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a file all of whose columns are dropped or set aside.

    Raises:
        ContractError: No column is left.
    """
    if not left:
        raise ContractError(
            f"No column is left: {quoted(names)} would all be dropped or set aside.",
            where="header",
            todo="Rename the columns, or choose another contract.",
        )


def hold_to_share(rows_in: int, kept: Quarantine, contract: Contract, check: CheckOptions) -> None:
    """Refuse a file too many of whose rows are bad.

    Raises:
        ContractError: The share of bad rows exceeds `max_bad_share`.
    """
    share = contract.max_bad_share if check.max_bad_share is None else check.max_bad_share
    if rows_in and kept.rows / rows_in > share:
        raise ContractError(
            f"{kept.rows:,} of {rows_in:,} rows are bad, more than the share of {share:g} "
            f"that is allowed: {_worst(kept.failures())}.",
            todo="Correct the file, or allow a larger share.",
        )


def hold_to_counts(good: int, failures: Sequence[Failure], contract: Contract, where: str) -> None:
    """Refuse a file with fewer or more good rows than the contract allows.

    Raises:
        ContractError: The count is not between `min_rows` and `max_rows`.
    """
    worst = _worst(failures)
    if contract.min_rows and not good and not failures:
        raise ContractError(
            "The file holds only a header, no row; the contract asks for at least "
            f"{contract.min_rows:,}.",
            where=where,
            todo="Send it again, complete.",
        )
    if good < contract.min_rows:
        raise ContractError(
            f"The file has {counted(good, 'good row')}; the contract asks for at least "
            f"{contract.min_rows:,}." + (f" {worst}." if worst else ""),
            where=where,
            todo="Correct or complete the file, or choose another contract.",
        )
    if contract.max_rows is not None and good > contract.max_rows:
        raise ContractError(
            f"The file has {counted(good, 'good row')}; the contract allows {contract.max_rows:,}.",
            where=where,
            todo="Split the file, or choose another contract.",
        )


def _worst(failures: Sequence[Failure]) -> str:
    told = "; ".join(
        f"{each.column or 'row'} {each.reason} ({counted(each.count, 'row')}, first on line "
        f"{each.examples[0].line:,})"
        for each in failures[:_TOLD]
    )
    more = len(failures) - _TOLD
    return f"{told}; and {counted(more, 'more kind')}" if more > 0 else told
