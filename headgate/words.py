"""Small words around figures, for messages."""


def counted(number: int, noun: str) -> str:
    """Write a number and its noun, such as `1 file` or `1,200 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
