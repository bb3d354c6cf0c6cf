"""The page for people: what was found, what was changed, what was kept back and why.

Here: drawing the page. Not here: any figure on it, which is counted where the work is done.
"""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def write(path: Path, **figures: Any) -> None:
    """Write the page, self-contained."""
    path.write_text(_template().render(**figures), encoding="utf-8")


@cache
def _template() -> Template:
    loader = PackageLoader("headgate.engine")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
