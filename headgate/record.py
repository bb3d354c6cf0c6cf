"""The base of every record and option: frozen, closed, described."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A small immutable value that steps hand each other; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
