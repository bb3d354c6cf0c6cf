"""Names of columns, told apart."""

from collections.abc import Callable


def numbered(name: str, is_taken: Callable[[str], bool], separator: str = "_") -> str:
    """Return a name, with the first free number from 2 on behind it if it is taken."""
    free, number = name, 2
    while is_taken(free):
        free, number = f"{name}{separator}{number}", number + 1
    return free
