"""A quick start for commands that work on tables: pandas stays out until it is needed."""

import sys
from importlib.machinery import ModuleSpec


def leave_pandas_out() -> None:
    """Let Arrow make arrays without importing pandas, a good part of a command's start.

    Arrow imports it with its first array, to know a series where it meets one. Told that there is
    none, it does so only when it is asked for a frame.
    """
    arrow = sys.modules.get("pyarrow")
    if arrow is None or "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _WithoutPandas)
    try:
        arrow.array([])
    finally:
        sys.meta_path.remove(_WithoutPandas)


class _WithoutPandas:
    """A finder of modules that says of pandas that there is none."""

    @staticmethod
    def find_spec(name: str, *_: object) -> ModuleSpec | None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)
        return None
