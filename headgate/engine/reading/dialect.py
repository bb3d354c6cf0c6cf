"""How a file is written: the records that say it. Finding it out is `detect`'s business."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from headgate.record import Record

Compression = Literal["none", "gzip", "bzip2", "zstd", "xz", "zip"]
Newline = Literal["\n", "\r\n", "\r", "mixed"]


class Evidence(Record):
    """One guess about a file, in words that a person understands."""

    what: Annotated[str, Field(description="What was decided, e.g. 'delimiter'")]
    found: Annotated[str, Field(description="The decision")]
    why: Annotated[str, Field(description="What speaks for it")]


class Syntax(NamedTuple):
    """What a line needs to be split into fields."""

    delimiter: str
    quotechar: str | None = '"'
    escapechar: str | None = None
    doublequote: bool = True
    skipinitialspace: bool = False
    comment: str | None = None
    borders: tuple[int, ...] = ()
    wrapped: bool = False
    framed: bool = False
    literals: bool = False
    ruled: bool = False


class Dialect(Record):
    """Everything needed to read one table from one file, and why it is believed."""

    compression: Compression = "none"
    member: Annotated[str | None, Field(description="The file inside a zip")] = None
    encoding: Annotated[str, Field(description="Python's name of the text encoding")] = "utf-8"
    fallback: Annotated[
        str | None, Field(description="Encoding of the bytes that are not valid in `encoding`")
    ] = None
    bom: Annotated[bool, Field(description="A byte order mark comes first")] = False
    delimiter: str = ","
    quotechar: str | None = '"'
    escapechar: str | None = None
    doublequote: bool = True
    skipinitialspace: Annotated[
        bool, Field(description="Spaces after a delimiter are not part of the value")
    ] = False
    comment: Annotated[
        str | None, Field(description="Lines that start so and do not fit the table are comments")
    ] = None
    borders: Annotated[
        tuple[int, ...],
        Field(description="Where aligned columns begin, in characters; the delimiter is not used"),
    ] = ()
    wrapped: Annotated[
        bool, Field(description="Whole lines are enclosed in quotes, and quotes inside doubled")
    ] = False
    framed: Annotated[
        bool, Field(description="The delimiter stands before and behind each row, too")
    ] = False
    literals: Annotated[
        bool, Field(description='Texts are written as formulas of a spreadsheet: `="007"`')
    ] = False
    ruled: Annotated[bool, Field(description="Lines are drawn between rows")] = False
    newline: Newline = "\n"
    skip_lines: Annotated[int, Field(ge=0, description="Physical lines before the header")] = 0
    header_lines: Annotated[int, Field(ge=0, description="Physical lines of the header")] = 0
    header_rows: Annotated[int, Field(ge=0, description="Rows of the header; 0 for none")] = 0
    header_notes: Annotated[
        int, Field(ge=0, description="Those of them, below the names, that hold notes")
    ] = 0
    footer_lines: Annotated[int, Field(ge=0, description="Physical lines after the table")] = 0
    header: Annotated[tuple[str, ...], Field(description="Header texts as the file has them")] = ()
    names: Annotated[tuple[str, ...], Field(description="Unique column names in order")] = ()
    others: Annotated[
        tuple[tuple[int, int], ...],
        Field(description="First and last lines of the rows of further tables, which are not read"),
    ] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def syntax(self) -> Syntax:
        """What the tokeniser needs of this."""
        return Syntax(
            self.delimiter,
            self.quotechar,
            self.escapechar,
            self.doublequote,
            self.skipinitialspace,
            self.comment,
            self.borders,
            self.wrapped,
            self.framed,
            self.literals,
            self.ruled,
        )

    @property
    def lenient(self) -> "Dialect":
        """The same for counting and showing lines: no byte makes them unreadable."""
        return self.model_copy(update={"fallback": self.fallback or "latin-1"})

    @property
    def plain(self) -> bool:
        """Whether a fast bulk parser may read the body."""
        return (
            len(self.delimiter.encode()) == 1
            and self.quotechar in ('"', None)
            and self.escapechar is None
            and self.doublequote
            and not self.skipinitialspace
            and self.comment is None
            and not self.borders
            and not (self.wrapped or self.framed or self.literals or self.ruled)
            and self.fallback is None
            and self.newline in ("\n", "\r\n")
        )
