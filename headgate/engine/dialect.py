"""How a file is written: the dialect record."""

from typing import Annotated, Literal

from pydantic import Field

from headgate.record import Record


class Evidence(Record):
    """One guess about a file, in words a person understands."""

    what: Annotated[str, Field(description="What was guessed")]
    found: Annotated[str, Field(description="The guess")]
    why: Annotated[str, Field(description="What speaks for it")]


class Dialect(Record):
    """How a file is written."""

    compression: Literal["none", "gzip", "bzip2", "zstd", "xz", "zip"] = "none"
    member: str | None = None
    encoding: str = "utf-8"
    bom: bool = False
    delimiter: str = ","
    quotechar: str | None = '"'
    escapechar: str | None = None
    doublequote: bool = True
    newline: Literal["\n", "\r\n", "\r", "mixed"] = "\n"
    skip_lines: int = 0
    header_rows: int = 1
    footer_lines: int = 0
    names: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether the fast bulk parser may read the body."""
        return True
