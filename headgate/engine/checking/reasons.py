"""What a value that fails a check is not, in plain words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandera.pandas as pandera

from headgate.words import counted, quoted

_TOLD = 20
"""Values of a list that a reason names."""


def name_and_reason(check: pandera.Check | str) -> tuple[str, str]:
    """Return the short name of a check that failed, and what a value that fails it is not."""
    if isinstance(check, str):
        return check, "must not be missing" if check == "not_nullable" else check
    return check.name or "check", check.error or ""


def reason(check: pandera.Check) -> str:
    """Say what a value that fails a check is not; the contract's own words come first."""
    rule, said, limits = check.registry_name or "", check.error, check.statistics or {}
    if said and not said.startswith(f"{rule}("):
        return said
    words = _IN_WORDS.get(rule) if limits else None
    if words is None:
        return said or f"fails the rule {check.name!r}"
    return words(limits) if callable(words) else words.format(**limits)


def _range_in_words(limits: Mapping[str, Any]) -> str:
    least, most, above, below = (
        limits.get(name) for name in ("min_value", "max_value", "include_min", "include_max")
    )
    if above is not False and below is not False:
        return f"must be between {least} and {most}"
    start = f"more than {least}" if above is False else f"at least {least}"
    return f"must be {start} and " + (f"less than {most}" if below is False else f"at most {most}")


def _length_in_words(limits: Mapping[str, int | None]) -> str:
    least, most, exact = (limits.get(f"{end}_value") for end in ("min", "max", "exact"))
    if exact is not None:
        return f"must have {counted(exact, 'character')}"
    if least is None:
        return f"must have at most {counted(most or 0, 'character')}"
    told = f"must have at least {counted(least, 'character')}"
    return told + (f", at most {most:,}" if most else "")


def _listed(values: Iterable[Any]) -> str:
    """List values in the contract's order, or in their own if it has none."""
    ordered = sorted(values, key=str) if isinstance(values, set | frozenset) else values
    return quoted(ordered, _TOLD)


_IN_WORDS: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "greater_than": "must be more than {min_value}",
    "greater_than_or_equal_to": "must be at least {min_value}",
    "less_than": "must be less than {max_value}",
    "less_than_or_equal_to": "must be at most {max_value}",
    "equal_to": "must be {value}",
    "not_equal_to": "must not be {value}",
    "in_range": _range_in_words,
    "isin": lambda limits: f"must be one of {_listed(limits['allowed_values'])}",
    "notin": lambda limits: f"must not be one of {_listed(limits['forbidden_values'])}",
    "str_matches": "must match the pattern {pattern}",
    "str_contains": "must contain {pattern}",
    "str_startswith": "must start with {string}",
    "str_endswith": "must end with {string}",
    "str_length": _length_in_words,
}
"""What a value that fails a check of pandera's own is not."""
