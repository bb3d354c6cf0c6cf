"""A contract held against one file: its columns first, then its rows, block by block.

pandera judges typed batches with every failure collected; which rows are bad is worked out here,
row by row. Not here: rules that span the file, and what becomes of bad rows.
"""

import inspect
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.checking.quarantine import Fault
from headgate.engine.columns.column import MARKERS
from headgate.engine.columns.formats import Format, IsoMoment, Kind, Moment, Number, Words
from headgate.engine.columns.guess import moment_written, propose
from headgate.engine.columns.inference import has_point, sample_of
from headgate.engine.contract import Contract
from headgate.engine.duck import quote_name
from headgate.engine.staging import LINE
from headgate.errors import ContractError, SettingsError

_PLAIN: Mapping[Kind, tuple[Format, ...]] = {
    "integer": (Number(),),
    "decimal": (Number(scale=None, loose=True),),
    "boolean": (Words("true", "false"), Words("True", "False"), Words("1", "0")),
    "date": (IsoMoment(10),),
    "timestamp": (IsoMoment(19, " "), IsoMoment(19, "T"), IsoMoment(20, "T", "Z"), IsoMoment(10)),
}
"""Formats that need no coercion."""
_TAKEN: Mapping[Kind, set[Kind]] = {
    "integer": {"integer"},
    "decimal": {"integer", "decimal"},
    "boolean": {"boolean"},
    "date": {"date"},
    "timestamp": {"date", "timestamp"},
}
_DATES = ("date", "timestamp")
_KIND_IN_WORDS: Mapping[Kind, str] = {
    "integer": "a whole number",
    "decimal": "a number",
    "boolean": "a truth value",
    "date": "a date",
    "timestamp": "a date with a time",
}


class Expected(NamedTuple):
    """What a contract says of one column of the file."""

    name: str
    kind: Kind
    coerce: bool
    written: Format | None = None
    """How its dates are written, where the contract says so."""


class Rules:
    """A contract made ready for one file."""

    def __init__(
        self,
        contract: Contract,
        names: Sequence[str],
        missing: Sequence[str] = (),
        *,
        point: bool | None = True,
    ) -> None:
        """Hold the file's columns to the contract.

        Args:
            contract: What is asked for.
            names: The file's columns, in order.
            missing: Texts that count as missing besides the empty one.
            point: Whether a point is the decimal mark; None where nothing tells.

        Raises:
            ContractError: A column is missing, unknown or out of place.
            SettingsError: The contract cannot judge.
        """
        self._contract = contract
        self._module = f"schemas/{contract.name}.py"
        self._missing = ("", *missing)
        self._point = point
        self.formats: dict[str, Format] = {}
        self._schema: Any = None
        self._lock = threading.Lock()
        self.expected: tuple[Expected, ...] = ()
        self.unique = contract.unique
        self.dropped: tuple[str, ...] = ()
        _require(names, {*contract.references, *(n for key in contract.unique for n in key)})
        if contract.model is not None:
            self._take(contract.model, names)

    def _take(self, model: Any, names: Sequence[str]) -> None:
        schema: Any = model.to_schema() if inspect.isclass(model) else model  # type: ignore[attr-defined]
        _require(
            names, (n for n, rule in schema.columns.items() if rule.required and not rule.regex)
        )
        found = {name: rule for name in names if (rule := _rule_for(schema, name))}
        _refuse_changes(schema, found, self._module)
        unknown = [name for name in names if name not in found]
        refuse = self._contract.unknown == "refuse" or schema.strict is True
        if unknown and refuse:
            raise ContractError(
                f"The contract does not know {_listed(unknown)}.",
                where="header",
                todo="Remove these columns, or set unknown to 'keep' or 'drop' in the contract.",
            )
        if self._contract.unknown == "drop" or schema.strict == "filter":
            self.dropped = tuple(unknown)
        if self._contract.order == "fixed" or schema.ordered:
            _hold_to_order(list(schema.columns), list(found))
        self.expected = tuple(
            Expected(name, _kind(rule.dtype), bool(rule.coerce or schema.coerce), _written(rule))
            for name, rule in found.items()
        )
        self.unique += _unique_keys(schema, found)
        self._schema = _without_types(schema, found)

    def start(self, rows: pa.Table) -> None:
        """Find out from the first rows how the columns that have a type are written."""
        for each in self.expected:
            if each.kind != "text":
                sample = sample_of(rows[each.name], self._missing)
                self.formats[each.name] = each.written or _likeliest(
                    sample, each, point=self._point
                )

    def check(self, rows: pa.Table) -> list[Fault]:
        """Return everything that is wrong with any of these rows.

        Raises:
            ContractError: A check speaks of the whole file, and fails.
            SettingsError: A check itself fails.
        """
        faults = list(self._check_references(rows))
        if self._schema is None or not rows.num_rows:
            return faults
        texts, unfit = self._unfit(rows)
        faults += unfit
        refused = {(fault.line, fault.column) for fault in unfit}
        faults += [f for f in self._judge(rows, texts) if (f.line, f.column) not in refused]
        return faults

    def _check_references(self, rows: pa.Table) -> Iterator[Fault]:
        for name, allowed in self._contract.references.items():
            known = pa.array([*allowed, *self._missing], pa.string())
            outside = pc.invert(pc.is_in(rows[name], value_set=known))
            for line, value in _where(rows, name, outside):
                yield Fault(line, name, "reference", value, "is not in the list of known values")

    def _unfit(self, rows: pa.Table) -> tuple[pa.Table, list[Fault]]:
        """Blank out the cells that are missing or not of their column's type."""
        faults: list[Fault] = []
        columns = {}
        coerced = {each.name for each in self.expected if each.coerce}
        for name, *_ in self.expected:
            texts = rows[name].combine_chunks()
            form = self.formats.get(name)
            padded = pc.utf8_trim_whitespace(texts) if name in coerced else texts
            absent = pa.array([*self._missing, *(MARKERS if form else ())], pa.string())
            missing = pc.is_in(padded, value_set=absent)
            if form:
                unfit = pc.invert(pc.or_(form.fits(padded), missing))
                reason = f"is not {_KIND_IN_WORDS[form.kind]} written like {form.label}"
                for line, value in _where(rows, name, unfit):
                    faults.append(Fault(line, name, "type", value, reason))
                missing = pc.or_(missing, unfit)
            columns[name] = pc.if_else(missing, pa.scalar(None, pa.string()), padded)
        return pa.table(columns), faults

    def _judge(self, rows: pa.Table, texts: pa.Table) -> Iterator[Fault]:
        """Let pandera judge the typed rows and put its failures into words."""
        from pandera.errors import SchemaErrors

        frame = self._typed(texts)
        try:
            with self._lock:
                self._schema.validate(frame, lazy=True)
        except SchemaErrors as error:
            lines = rows[LINE].to_numpy()
            for each in error.schema_errors:
                yield from self._faults(each, lines, rows)

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect()

    def _typed(self, texts: pa.Table) -> Any:
        select = ", ".join(
            f"{self._sql(each)} AS {quote_name(each.name)}" for each in self.expected
        )
        with self._database.cursor() as con:
            typed: Any = con.from_arrow(texts).project(select).to_arrow_table()
        return typed.to_pandas()

    def _sql(self, column: Expected) -> str:
        name = quote_name(column.name)
        form = self.formats.get(column.name)
        if form is None:
            return name
        if isinstance(form, Number) and column.kind == "decimal":
            return replace(form, scale=None, loose=True).sql(name)[0]
        sql, _ = form.sql(name)
        return f"CAST({sql} AS TIMESTAMP)" if column.kind == "timestamp" else sql

    def _faults(self, error: Any, lines: Any, rows: pa.Table) -> Iterator[Fault]:
        from pandera.errors import SchemaErrorReason

        column = error.column_name if error.column_name in rows.column_names else ""
        name, reason = _in_words(error.check)
        cases = error.failure_cases
        at = cases["index"] if hasattr(cases, "columns") and "index" in cases else None
        if error.reason_code is SchemaErrorReason.CHECK_ERROR:
            raise SettingsError(
                f"The check {name!r} itself failed: {cases}.",
                where=self._module,
                todo="Correct the contract; the file may be good.",
            )
        if at is None or at.isna().any():
            raise ContractError(
                f"The check {name!r} fails for the file as a whole: {reason}.", where=column
            )
        for i in dict.fromkeys(int(each) for each in at):
            value = rows[column][i].as_py() if column else ""
            yield Fault(int(lines[i]), column, name, value, reason)


def _refuse_changes(schema: Any, found: Mapping[str, Any], module: str) -> None:
    """A contract judges; what would change values or add columns is not for it to do."""
    if schema.parsers or any(rule.parsers for rule in found.values()):
        raise SettingsError(
            "The contract's model has parsers, which would change values unseen.",
            where=module,
            todo="Remove them; what may be written in another way is taken with coerce.",
        )


def _require(names: Sequence[str], wanted: Iterable[str]) -> None:
    if absent := [name for name in dict.fromkeys(wanted) if name not in names]:
        raise ContractError(
            f"The contract asks for {_listed(absent)}, which the file does not have; it has "
            f"{_listed(names)}.",
            where="header",
            todo="Add or rename the columns, or choose another contract.",
        )


def _hold_to_order(wanted: list[str], found: list[str]) -> None:
    expected = [name for name in wanted if name in found]
    if expected != found:
        raise ContractError(
            f"The columns stand in the order {_listed(found)}; the contract asks for "
            f"{_listed(expected)}.",
            where="header",
            todo="Put them in order, or set order to 'free' in the contract.",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _rule_for(schema: Any, name: str) -> Any:
    if name in schema.columns and not schema.columns[name].regex:
        return schema.columns[name]
    return next((r for p, r in schema.columns.items() if r.regex and re.match(p, name)), None)


def _kind(dtype: Any) -> Kind:
    from pandera import dtypes

    if dtype is None or dtypes.is_string(dtype):
        return "text"
    if str(dtype) == "date":
        return "date"
    tests: tuple[tuple[Callable[[Any], bool], Kind], ...] = (
        (dtypes.is_bool, "boolean"),
        (dtypes.is_int, "integer"),
        (dtypes.is_numeric, "decimal"),
        (dtypes.is_datetime, "timestamp"),
    )
    return next((kind for test, kind in tests if test(dtype)), "text")


def _unique_keys(schema: Any, found: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    alone = [(name,) for name, rule in found.items() if rule.unique]
    together = schema.unique if isinstance(schema.unique, list) else [schema.unique]
    return (*alone, *((tuple(together),) if schema.unique else ()))


def _without_types(schema: Any, found: Mapping[str, Any]) -> Any:
    """Keep what pandera judges in a batch: types and file-wide rules are held to elsewhere."""
    import pandera.pandas as pandera

    columns = {
        name: pandera.Column(
            None, checks=[*rule.checks, *_bounds(rule.dtype)], nullable=rule.nullable, name=name
        )
        for name, rule in found.items()
    }
    return pandera.DataFrameSchema(columns, checks=[_sparing_gaps(each) for each in schema.checks])


def _bounds(dtype: Any) -> Iterator[Any]:
    """Hold the values of a narrow integer type, such as `uint8`, to what it can hold."""
    import pandera.pandas as pandera
    from pandera import dtypes

    if dtype is None or not dtypes.is_int(dtype) or (dtype.signed and dtype.bit_width == 64):
        return
    least = -(2 ** (dtype.bit_width - 1)) if dtype.signed else 0
    yield pandera.Check.in_range(least, least + 2**dtype.bit_width - 1)


def _sparing_gaps(check: Any) -> Any:
    """Make a rule between columns pass where a missing value leaves it undecided."""
    import pandera.pandas as pandera

    rule = check._check_fn  # noqa: SLF001 - pandera has no public name for it

    def judge(frame: Any) -> Any:
        if not frame.isna().any(axis=None):
            return rule(frame)
        verdict = rule(frame.convert_dtypes(dtype_backend="pyarrow"))
        return verdict.fillna(True).astype(bool) if hasattr(verdict, "fillna") else verdict

    return pandera.Check(judge, name=check.name, error=check.error)


def _written(rule: Any) -> Format | None:
    """Return the format of dates that a contract names in a column's metadata."""
    parse = (rule.metadata or {}).get("format") if _kind(rule.dtype) in _DATES else None
    try:
        return moment_written(parse) if parse else None
    except ValueError as error:
        raise SettingsError(
            f"The format of dates in the contract cannot be used: {error}.", where=rule.name
        ) from error


def _likeliest(sample: Sequence[str], column: Expected, *, point: bool | None) -> Format:
    """Choose the format that most of a sample is written in.

    Raises:
        ContractError: The values could as well be others.
    """
    guesses = list(_PLAIN[column.kind])
    if column.coerce:
        guesses += propose(sample, column.name, loose=True)
        for text in sample[:20]:
            guesses += propose([text], column.name, loose=True)
    guesses = [guess for guess in dict.fromkeys(guesses) if guess.kind in _TAKEN[column.kind]]
    texts = pa.array(sample, pa.string())
    hits = {guess: pc.sum(guess.fits(texts)).as_py() or 0 for guess in guesses}
    best = max(guesses, key=lambda guess: hits[guess])
    rivals = [each for each in guesses if hits[each] == hits[best] and each.rivals(best)]
    if rivals and point and isinstance(best, Number):
        return next(each for each in (best, *rivals) if has_point(each))
    if rivals and hits[best]:
        readings = dict.fromkeys(each.label for each in (best, *rivals))
        raise ContractError(
            f"The values could be written {' or '.join(readings)}.",
            where=column.name,
            todo=_told_apart(best),
        )
    return best


def _told_apart(form: Format) -> str:
    """Say how a contract can tell readings apart."""
    if isinstance(form, Moment):
        return f"Say in the contract how they are: metadata={{'format': {form.parse!r}}}."
    return "Let the contract say int for groups of thousands, or leave out coerce for decimals."


def _where(rows: pa.Table, name: str, mask: Any) -> Iterator[tuple[int, str]]:
    found = np.flatnonzero(np.asarray(mask))
    lines = rows[LINE].take(found).to_pylist()
    return zip(lines, rows[name].take(found).to_pylist(), strict=True)


def _in_words(check: Any) -> tuple[str, str]:
    """Return a check's short name and what a value that fails it is not."""
    if isinstance(check, str):
        return (check, "must not be missing") if check == "not_nullable" else (check, check)
    limits = check.statistics or {}
    known = {
        "greater_than": "must be more than {min_value}",
        "greater_than_or_equal_to": "must be at least {min_value}",
        "less_than": "must be less than {max_value}",
        "less_than_or_equal_to": "must be at most {max_value}",
        "equal_to": "must be {value}",
        "not_equal_to": "must not be {value}",
        "in_range": "must be between {min_value} and {max_value}",
        "isin": "must be one of {allowed_values}",
        "notin": "must not be one of {forbidden_values}",
        "str_matches": "must match the pattern {pattern}",
        "str_contains": "must contain {pattern}",
        "str_startswith": "must start with {string}",
        "str_endswith": "must end with {string}",
    }
    name = check.name or "check"
    template = known.get(name)
    if name == "str_length":
        template = _length_in_words(limits)
    if template is None:
        return name, check.error or f"fails the rule {name!r}"
    try:
        return name, template.format(**limits)
    except KeyError:
        return name, check.error or f"fails the rule {name!r}"


def _length_in_words(limits: Mapping[str, int | None]) -> str:
    least, most, exact = (limits.get(f"{end}_value") for end in ("min", "max", "exact"))
    if exact is not None:
        return f"must have {exact} characters"
    if least is None:
        return f"must have at most {most} characters"
    return f"must have at least {least} characters" + (f", at most {most}" if most else "")
