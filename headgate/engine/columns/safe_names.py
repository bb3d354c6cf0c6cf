"""Column names that can stand in SQL and beside what Headgate adds."""

from headgate.engine.names import numbered
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.staging import LINE

_OWN = "_headgate_"
"""How the names of columns begin that stand beside a file's own for a while."""
_MOST_NOTES = 50
_UNNAMED = "the header has no name there"


def with_safe_names(dialect: Dialect) -> tuple[Dialect, tuple[Evidence, ...]]:
    """Tell names apart that differ in case only, which SQL does not, and free Headgate's own."""
    taken = {LINE}
    names = []
    for place, name in enumerate(dialect.names, start=1):
        plain = name.replace("\0", "") or f"column_{place}"
        plain = plain.lstrip("_") if _is_own(plain) else plain
        names.append(numbered(plain, lambda name: name.casefold() in taken))
        taken.add(names[-1].casefold())
    header = dialect.header if len(dialect.header) == len(names) else dialect.names
    changed = [(a, b) for a, b in zip(header, names, strict=True) if a != b]
    notes = tuple(
        Evidence(
            what="column name",
            found=new,
            why=f"the header says {old!r}, {_why_renamed(old, new)}" if old.strip() else _UNNAMED,
        )
        for old, new in changed[:_MOST_NOTES]
    )
    return dialect.model_copy(update={"names": tuple(names)}), notes


def _is_own(name: str) -> bool:
    return name.casefold().startswith(_OWN)


def _why_renamed(old: str, new: str) -> str:
    """Return why a column is not called what the header says."""
    if "\0" in old:
        return "which holds a NUL character"
    if old.split() == new.split():
        return "with blanks or line breaks"
    if old.strip().casefold() == LINE or _is_own(old.strip()):
        return "which Headgate needs for itself"
    return "which another column is called already"
