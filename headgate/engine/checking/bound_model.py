"""What a contract's pandera model says of a file's columns, and how it judges their rows.

The one place where pandera judges; it takes a while to import. Not here: what its checks see and
say, and what it is not asked, since it sees one batch at a time: types, and keys that may occur
once in the whole file.
"""

import inspect
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandera.pandas as pandera
import pyarrow as pa
from pandera import dtypes
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from headgate.engine.checking.checks import (
    between_columns,
    bounds,
    frame,
    never_the_same,
    of_values,
)
from headgate.engine.checking.expected import Expected
from headgate.engine.checking.limits import hold_to_columns, hold_to_order, refuse_unknown
from headgate.engine.checking.quarantine import Fault
from headgate.engine.checking.reasons import name_and_reason
from headgate.engine.columns.formats import MOMENTS, Format, Kind
from headgate.engine.columns.guess import moment_written
from headgate.engine.contract import Contract
from headgate.engine.staging import LINE
from headgate.errors import ContractError, SettingsError
from headgate.words import quoted

_KINDS: tuple[tuple[Callable[[Any], bool], Kind], ...] = (
    (dtypes.is_bool, "boolean"),
    (dtypes.is_int, "integer"),
    (dtypes.is_float, "decimal"),
    (dtypes.is_datetime, "timestamp"),
)
Fields = Mapping[str, pandera.Column]
"""By name of a column of the file, what the model says of it."""


class BoundModel:
    """A contract's pandera model, made ready for the columns of one file."""

    def __init__(self, contract: Contract, names: Sequence[str]) -> None:
        """Hold the columns of a file to the model.

        Raises:
            ContractError: A column is missing, unknown or out of place.
            SettingsError: The model cannot judge.
        """
        self._module = f"schemas/{contract.name}.py"
        schema = _schema(contract.model, self._module)
        hold_to_columns(names, _wanted(schema, names))
        self._patterns = [name for name, field in schema.columns.items() if field.regex]
        fields = {name: field for name in names if (field := self._field(schema, name))}
        _refuse_unheld(schema, fields, self._module)
        unknown = tuple(name for name in names if name not in fields)
        if contract.unknown == "refuse" or schema.strict is True:
            refuse_unknown(unknown)
        if contract.order == "fixed" or schema.ordered:
            hold_to_order([*fields], _in_order(schema, fields))
        drop = contract.unknown == "drop" or schema.strict == "filter"
        self.dropped = unknown if drop else ()
        self.expected = tuple(self._expected(name, field, schema) for name, field in fields.items())
        _refuse_idle(self.expected, fields, self._module)
        self.unique = _unique_keys(schema, fields)
        self._hold_to_keys(schema, names)
        self._schema = _without_types(schema, fields, {e.name: e.kind for e in self.expected})
        self._lock = threading.Lock()

    def judge(self, values: pa.Table, rows: pa.Table) -> Iterator[Fault]:
        """Let pandera judge some rows, and put every failure into words.

        Args:
            values: The typed values, null where one is missing.
            rows: The same rows as they stand in the file.

        Raises:
            ContractError: A check speaks of the whole file, and fails.
            SettingsError: A check itself fails.
        """
        seen = frame(values)
        try:
            with self._lock:  # pandera does not say that threads may share a schema
                self._schema.validate(seen, lazy=True)
        except SystemExit as error:
            raise SettingsError(
                f"A check ends Python, with {error}.",
                where=self._module,
                todo="Let it raise another error, or return False.",
            ) from error
        except SchemaErrors as error:
            for each in error.schema_errors:
                yield from self._faults(each, rows)

    def _field(self, schema: pandera.DataFrameSchema, name: str) -> pandera.Column | None:
        """Return what the model says of a column, which it may do once."""
        fields: Fields = schema.columns
        said = [name] if name in fields and not fields[name].regex else []
        said += [pattern for pattern in self._patterns if re.match(pattern, name)]
        if len(said) > 1:
            raise SettingsError(
                f"The model speaks of {name!r} as {quoted(said)}.",
                where=self._module,
                todo="Let one of these match it, and say all there.",
            )
        return fields[said[0]] if said else None

    def _expected(
        self, name: str, field: pandera.Column, schema: pandera.DataFrameSchema
    ) -> Expected:
        """Return what the model says of one column, if a text can be held to it."""
        kind = _kind(field.dtype)
        if kind is None:
            raise SettingsError(
                f"The model gives {name!r} the type {field.dtype}, to which no column can be held.",
                where=self._module,
                todo="Make it int, float, bool, pd.Timestamp, datetime.date or str; a choice of "
                "texts is str with isin.",
            )
        return Expected(name, kind, bool(field.coerce or schema.coerce), self._written(field, kind))

    def _written(self, field: pandera.Column, kind: Kind) -> Format | None:
        """Return the format of dates that a contract names in a column's metadata."""
        parse = (field.metadata or {}).get("format") if kind in MOMENTS else None
        try:
            return moment_written(parse) if parse else None
        except (TypeError, ValueError) as error:
            raise SettingsError(
                f"The format of dates in the contract cannot be used: {error}.",
                where=f"{self._module}, {field.name}",
                todo="Write it as in '%m/%d/%Y'.",
            ) from error

    def _hold_to_keys(self, schema: pandera.DataFrameSchema, names: Sequence[str]) -> None:
        """Refuse a file without a part of a key, or the model if it has no such column either."""
        absent = [part for key in self.unique for part in key if part not in names]
        if strange := [part for part in absent if not self._field(schema, part)]:
            raise SettingsError(
                f"The model's unique names {quoted(strange)}, of which it has no column.",
                where=self._module,
                todo="Correct it; Config.unique lists columns of the model.",
            )
        hold_to_columns(names, absent)

    def _faults(self, error: SchemaError, rows: pa.Table) -> Iterator[Fault]:
        column = error.column_name if error.column_name in rows.column_names else ""
        name, reason = name_and_reason(error.check)
        cases = error.failure_cases
        at = cases["index"] if hasattr(cases, "columns") and "index" in cases else None
        if error.reason_code is SchemaErrorReason.CHECK_ERROR:
            raise SettingsError(
                f"The check {name!r}{f' of {column!r}' if column else ''} itself failed: {cases}.",
                where=self._module,
                todo="Correct the contract; the file may be good.",
            )
        if at is None or at.isna().any():
            raise ContractError(
                f"The check {name!r} fails for the file as a whole: {reason}.",
                where=column,
                todo="Correct the file; or the check, if it should have told single rows.",
            )
        for i in dict.fromkeys(int(each) for each in at):
            value = rows[column][i].as_py() if column else ""
            yield Fault(rows[LINE][i].as_py(), column, name, value, reason)


def _schema(model: Any, module: str) -> pandera.DataFrameSchema:
    """Return what a contract's model says.

    Raises:
        SettingsError: It is none of pandera's, or pandera cannot make sense of it.
    """
    written = isinstance(model, type) and issubclass(model, pandera.DataFrameModel)
    if not written and not isinstance(model, pandera.DataFrameSchema):
        raise SettingsError(
            f"The contract's model is none of pandera.pandas but {model!r}.",
            where=module,
            todo="Make it a DataFrameModel or a DataFrameSchema of pandera.pandas.",
        )
    try:
        schema: pandera.DataFrameSchema = model.to_schema() if written else model
        for pattern in (name for name, field in schema.columns.items() if field.regex):
            re.compile(pattern)
    except Exception as error:  # names, types and checks of the user's own may be wrong in any way
        said = str(error).strip().partition("\n")[0].rstrip(".")
        raise SettingsError(
            f"The contract's model cannot be used: {type(error).__name__}: {said}.",
            where=module,
            todo="Correct it; docs/contracts.md says what a model may hold.",
        ) from error
    if idle := _unfinished(model):
        raise SettingsError(
            f"The model's {quoted(idle)} names no column, and so would check nothing.",
            where=module,
            todo="Write @pa.check('column'), or @pa.dataframe_check for a rule between columns.",
        )
    return schema


def _unfinished(model: Any) -> list[str]:
    """Name the checks without arguments, in whose place pandera leaves half a decorator."""
    bases = model.__mro__ if inspect.isclass(model) else ()
    return [
        name
        for base in bases
        for name, each in vars(base).items()
        if inspect.isfunction(each) and _is_panderas(each) and not _is_panderas(base)
    ]


def _is_panderas(made: Any) -> bool:
    return str(made.__module__).startswith("pandera.")


def _wanted(schema: pandera.DataFrameSchema, names: Sequence[str]) -> Iterator[str]:
    """Yield the columns that the model asks for, and the patterns that should match one."""
    for wanted, field in schema.columns.items():
        matched = field.regex and any(re.match(wanted, name) for name in names)
        if field.required and not matched:
            yield wanted


def _in_order(schema: pandera.DataFrameSchema, fields: Fields) -> list[str]:
    """Put columns in the model's order; those that match one pattern stay as they stand."""
    places = {name: place for place, name in enumerate(schema.columns)}
    return sorted(fields, key=lambda name: places[fields[name].name])


def _refuse_unheld(schema: pandera.DataFrameSchema, fields: Fields, module: str) -> None:
    """Refuse what a contract may not do, and what it may say but no file can be held to."""
    parsers = schema.parsers or any(field.parsers for field in fields.values())
    refused = {
        "parsers, which would change values unseen": (
            parsers,
            "Remove them; what may be written in another way is taken with coerce.",
        ),
        "an index, which no file has": (
            schema.index is not None,
            "Make its parts columns; `unique` holds them to occur once.",
        ),
        f"one type, {schema.dtype}, for all columns": (
            schema.dtype is not None,
            "Give each column its own.",
        ),
    }
    for what, (found, todo) in refused.items():
        if found:
            raise SettingsError(f"The contract's model has {what}.", where=module, todo=todo)


def _refuse_idle(expected: Sequence[Expected], fields: Fields, module: str) -> None:
    """Refuse checks that compare values with others alone that are not of their type."""
    for each in expected:
        for check in fields[each.name].checks:
            if named := never_the_same(check, each.kind):
                raise SettingsError(
                    f"The check {check.name!r} compares {each.name!r} with {quoted(named)}, but "
                    f"its type is {each.kind}.",
                    where=module,
                    todo="Write what it is compared with as values of this type.",
                )


def _kind(dtype: Any) -> Kind | None:
    if dtype is None or dtypes.is_string(dtype):
        return "text"
    if str(dtype) == "date":
        return "date"
    if getattr(dtype, "tz", None):
        return None
    return next((kind for is_so, kind in _KINDS if is_so(dtype)), None)


def _unique_keys(schema: pandera.DataFrameSchema, fields: Fields) -> tuple[tuple[str, ...], ...]:
    alone = [(name,) for name, field in fields.items() if field.unique]
    together = schema.unique if isinstance(schema.unique, list) else [schema.unique]
    return (*alone, *((tuple(together),) if schema.unique else ()))


def _without_types(
    schema: pandera.DataFrameSchema, fields: Fields, kinds: Mapping[str, Kind]
) -> pandera.DataFrameSchema:
    """Keep what pandera judges in a batch: types and file-wide rules are held to elsewhere."""
    columns = {
        name: pandera.Column(
            None,
            checks=[*map(of_values, (*_strict(field), *bounds(field.dtype)))],
            nullable=field.nullable,
            name=name,
        )
        for name, field in fields.items()
    }
    checks = [between_columns(each, kinds) for each in _strict(schema)]
    return pandera.DataFrameSchema(columns, checks=checks)


def _strict(said: pandera.Column | pandera.DataFrameSchema) -> list[pandera.Check]:
    """Leave out checks that would only warn: there is nobody to see it."""
    return [check for check in said.checks if not check.raise_warning]
