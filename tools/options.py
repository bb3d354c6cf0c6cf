"""Renew the tables of `docs/options.md` from the records that define the options.

`python tools/options.py`
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headgate.options import ProcessOptions

PAGE = Path(__file__).resolve().parent.parent / "docs" / "options.md"
SECTIONS = (
    ("How the file is read: `read`", "ReadOptions", "--"),
    ("What the file is held to: `check`", "CheckOptions", "--"),
    ("What is made of it: `prepare`", "PrepareOptions", "--"),
    ("Cleaning: `prepare.clean`", "CleanOptions", "--clean."),
    ("Rules for one column, each with its `name`: `prepare.clean.columns`", "ColumnRules", ""),
    ("Training tables: `prepare.model`", "ModelOptions", "--model."),
    ("Around the result: `deliver`", "DeliverOptions", "--"),
)
BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}

Schema = dict[str, Any]


def renewed(text: str) -> str:
    """Give a page its tables anew; what stands before the first one stays."""
    records = ProcessOptions.model_json_schema()["$defs"]
    lines = (line for section in SECTIONS for line in _section(records, *section))
    return "\n".join([text.partition("\n## ")[0], *lines])


def _section(records: Schema, title: str, record: str, flag: str) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| Option | Flag | What | Default |" if flag else "| Option | What | Default |"
    yield "|---|---|---|---|" if flag else "|---|---|---|"
    for name, field in records[record]["properties"].items():
        kinds = [records.get(_name_of(kind), kind) for kind in field.get("anyOf", [field])]
        if any("properties" in kind for kind in kinds):
            continue
        cells = [f"`{name}`", *([f"`{flag}{name.replace('_', '-')}`"] if flag else [])]
        yield f"| {' | '.join([*cells, _what(field, kinds), _default(field)])} |"
    yield ""


def _name_of(kind: Schema) -> str:
    return str(kind.get("$ref", "")).rpartition("/")[2]


def _what(field: Schema, kinds: list[Schema]) -> str:
    """Describe a field, with the values that it may have."""
    limits = [
        f"{word} {kind[bound]:,}"
        for kind in kinds
        for bound, word in BOUNDS.items()
        if bound in kind
    ]
    choices = " or ".join(f"`{choice}`" for kind in kinds for choice in kind.get("enum", ()))
    return ": ".join([field["description"], *filter(None, [", ".join(limits), choices])])


def _default(field: Schema) -> str:
    match field.get("default", "must be given"):
        case None | []:
            return ""
        case bool(value):
            return "yes" if value else "no"
        case value:
            return f"`{value}`" if "default" in field else value


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
