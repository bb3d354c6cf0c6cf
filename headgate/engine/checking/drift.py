"""How a file's columns differ from those of the data set's last accepted file.

Here: the comparison and its wording. Not here: where the last accepted file is remembered.
"""

import re
from collections.abc import Container, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Annotated, Literal, Protocol, Self

from pydantic import Field, model_validator

from headgate.engine.columns.formats import Kind
from headgate.record import Record

Change = Literal["added", "removed", "renamed", "retyped", "reordered"]
_ALIKE = 0.75
"""Similarity of two names from which on one is likely the other's new spelling."""


class Typed(Protocol):
    """Whatever has the name and the kind of a column."""

    @property
    def name(self) -> str:
        """What the column is called."""

    @property
    def kind(self) -> Kind:
        """What its values are."""


class Layout(Record):
    """Names and kinds of a file's columns, in order."""

    names: Annotated[tuple[str, ...], Field(description="Column names in order")]
    kinds: Annotated[
        tuple[Kind | None, ...],
        Field(description="Their kinds, in the same order; none where no value tells"),
    ]

    @model_validator(mode="after")
    def _each_name_has_a_kind(self) -> Self:
        if len(self.names) != len(self.kinds):
            raise ValueError(f"there are {len(self.names)} names and {len(self.kinds)} kinds")
        return self

    @classmethod
    def of(cls, columns: Sequence[Typed], empty: Container[str] = ()) -> Self:
        """Lay out some columns, of which those that hold no value have no kind."""
        return cls(
            names=tuple(column.name for column in columns),
            kinds=tuple(None if each.name in empty else each.kind for each in columns),
        )


class Drift(Record):
    """One difference from the last accepted file."""

    change: Annotated[Change, Field(description="What kind of difference")]
    column: Annotated[str, Field(description="Column as it is called now; or was, if removed")]
    detail: Annotated[str, Field(description="The difference in plain words")]


def compare(before: Layout, now: Layout) -> tuple[Drift, ...]:
    """List every difference between two layouts."""
    renamed = dict(_renamed(before, now))
    back = {new: old for old, new in renamed.items()}
    found = [
        Drift(change="renamed", column=new, detail=f"{old!r} is likely called {new!r} now")
        for old, new in renamed.items()
    ]
    found += [
        Drift(change="removed", column=name, detail=f"{name!r} is not there any more")
        for name in before.names
        if name not in now.names and name not in renamed
    ]
    found += [
        Drift(change="added", column=name, detail=f"{name!r} is new, at place {i + 1}")
        for i, name in enumerate(now.names)
        if name not in before.names and name not in back
    ]
    kinds = dict(zip(before.names, before.kinds, strict=True))
    for name, kind in zip(now.names, now.kinds, strict=True):
        was = kinds.get(back.get(name, name), kind)
        if was and kind and was != kind:
            found.append(
                Drift(change="retyped", column=name, detail=f"{name!r} was {was} and is {kind} now")
            )
    return (*found, *_reordered(before, now, back))


def _reordered(before: Layout, now: Layout, back: dict[str, str]) -> Iterator[Drift]:
    order = [back.get(name, name) for name in now.names]
    kept = [name for name in order if name in before.names]
    was = [name for name in before.names if name in kept]
    for old, new in zip(was, kept, strict=True):
        if old != new:
            yield Drift(
                change="reordered", column=new, detail=f"{new!r} stands where {old!r} stood"
            )
            return


def _renamed(before: Layout, now: Layout) -> Iterator[tuple[str, str]]:
    """Pair columns that went with columns that came: of one kind, and alike or in one place."""
    came = {name: i for i, name in enumerate(now.names) if name not in before.names}
    same_width = len(before.names) == len(now.names)
    for i, old in enumerate(before.names):
        if old in now.names:
            continue
        alike = {
            new: _likeness(old, new) for new, at in came.items() if now.kinds[at] == before.kinds[i]
        }
        best = max(alike, key=lambda new: alike[new], default=None)
        if best is not None and alike[best] >= _ALIKE:
            yield old, best
            del came[best]
        elif same_width and now.names[i] in came and now.kinds[i] == before.kinds[i]:
            yield old, now.names[i]
            del came[now.names[i]]


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, _plain(one), _plain(other)).ratio()


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
