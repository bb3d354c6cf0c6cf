"""Numbers and lists in words, for messages."""

from collections.abc import Iterable, Sequence


def counted(number: int, noun: str) -> str:
    """Write a number and its noun, such as `1 file` or `1,200 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def lines_between(first: int, last: int) -> str:
    """Write which lines these are: `line 3` or `lines 1 to 1,200`."""
    return f"line {last:,}" if first == last else f"lines {first:,} to {last:,}"


def first_of(names: Sequence[str]) -> str:
    """Write the first of some names and how many others there are: `a.csv and 2 others`."""
    first, *others = names
    return f"{first} and {counted(len(others), 'other')}" if others else first


def quoted(names: Iterable[str], most: int = 8) -> str:
    """List names in quotes, many of them in short: `'a', 'b' and 3 more`."""
    every = [*names]
    shown = ", ".join(map(repr, every[:most]))
    return f"{shown} and {len(every) - most:,} more" if len(every) > most else shown
