"""What the page looks like: its templates, filled."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from headgate import __version__
from headgate.bucket.keys import marked_key
from headgate.words import counted
from page.instead import instead

SHORT = 80
"""Characters of a name or a cell that are shown."""


def page(
    template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **shown: Any
) -> HTMLResponse:
    """Fill a template."""
    text = _environment().get_template(template).render(version=__version__, **shown)
    return HTMLResponse(text, status, headers)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": lambda number: f"{number:,}",
        "counted": counted,
        "instead": instead,
        "marked_key": marked_key,
        "short": _short,
        "size": _size,
    }
    return environment


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def _size(octets: float) -> str:
    """Write a number of bytes as people do."""
    for unit in ("bytes", "kB", "MB"):
        if octets < 1000:
            return f"{octets:.3g} {unit}"
        octets /= 1000
    return f"{octets:,.3g} GB"
