"""The receipt: one JSON that says what became of an upload, written last; no receipt, no result.

What it says belongs here. Where it lies and how it is committed is `headgate.bucket.receipts`.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field

from headgate import __version__
from headgate.bucket.keys import Upload
from headgate.bucket.receipts import Format
from headgate.engine.checking.drift import Drift
from headgate.engine.checking.quarantine import Failure
from headgate.engine.cleaning.rules import RuleResult
from headgate.engine.columns.column import Column, Missing
from headgate.engine.columns.formats import Kind
from headgate.engine.reading.dialect import Dialect, Evidence
from headgate.engine.reading.left_out import LeftOut
from headgate.engine.result.row_counts import RowCounts
from headgate.errors import NoSuchObjectError
from headgate.options import ProcessOptions
from headgate.record import Record

LIBRARIES = ("prefect", "pandera", "pandas", "pyarrow", "duckdb")


class Output(Record):
    """One published object."""

    role: Annotated[str, Field(description="What it is: table, parquet, quarantine, report ...")]
    key: str
    bytes: Annotated[int, Field(ge=0)]
    sha256: str


class Source(Record):
    """The upload as it was read."""

    upload: Upload
    sha256: str
    bytes: Annotated[int, Field(ge=0)]


class Correction(Record):
    """A file of corrected rows that a result holds."""

    upload: Upload
    uploaded: Annotated[
        datetime | None, Field(description="When it came; earlier receipts do not say")
    ] = None
    sha256: str
    rows: Annotated[int, Field(ge=1, description="Rows that it corrected, or accepted as they are")]
    cells: Annotated[dict[str, int], Field(description="Cells that it changed, by column")]


class ReceiptColumn(Record):
    """One column of the upload, as people know it; how it is read is the engine's own affair."""

    model_config = ConfigDict(extra="ignore")  # earlier receipts say more

    name: Annotated[str, Field(description="What it is called")]
    position: Annotated[int, Field(description="Place in the file, from 0", ge=0)]
    kind: Annotated[Kind, Field(description="What every value of the file is")]
    format: Annotated[str, Field(description="How it is written, by an example")]
    missing: Annotated[tuple[Missing, ...], Field(description="Missing values by marker")] = ()
    doubt: Annotated[
        str, Field(description="Why it is text although it looks like something else")
    ] = ""

    @classmethod
    def of(cls, column: Column) -> Self:
        """Take over what a receipt says of a column."""
        return cls.model_validate(column, from_attributes=True)


class Receipt(Record):
    """What became of one upload."""

    format: Format = "headgate-receipt/1"
    outcome: Annotated[
        Literal["published", "refused"], Field(description="A result, or the reasons for none")
    ]
    source: Source
    same_as: Annotated[
        str | None, Field(description="Upload of the same content whose result this is")
    ] = None
    corrects: Annotated[
        str | None, Field(description="Upload whose rows this one corrects; the result is that one")
    ] = None
    corrections: Annotated[
        tuple[Correction, ...], Field(description="Files of corrected rows in the result, in order")
    ] = ()
    rows: RowCounts | None = None
    reasons: Annotated[tuple[str, ...], Field(description="Why the file was refused")] = ()
    dialect: Dialect | None = None
    contract: str | None = None
    contract_hash: str | None = None
    columns: tuple[ReceiptColumn, ...] = ()
    failures: tuple[Failure, ...] = ()
    left_out: Annotated[
        tuple[LeftOut, ...], Field(description="Lines of the file that are neither header nor rows")
    ] = ()
    notes: Annotated[
        tuple[Evidence, ...], Field(description="What else a reader of the file should know")
    ] = ()
    drift: tuple[Drift, ...] = ()
    rules: tuple[RuleResult, ...] = ()
    outputs: tuple[Output, ...] = ()
    options: ProcessOptions
    run: Annotated[str, Field(description="Id of the run that did the work")]
    started: datetime
    finished: datetime
    versions: Annotated[dict[str, str], Field(description="What the work was done with")]

    def key(self, role: str = "table") -> str:
        """Return the key of the published object that plays this role.

        Raises:
            NoSuchObjectError: There is none, as after a refusal.
        """
        for output in self.outputs:
            if output.role == role:
                return output.key
        what = f"There is no {role}: {str(self).rstrip('.')}."
        if self.outcome == "refused":
            what = f"This upload was refused, and nothing was published. {' '.join(self.reasons)}"
        raise NoSuchObjectError(what, where=self.source.upload.key)

    def __str__(self) -> str:
        """Return the outcome in one line."""
        whose = f"corrects {self.corrects}: " if self.corrects else ""
        return f"{whose}{self.rows}" if self.rows else f"refused: {' '.join(self.reasons)}"


@cache
def library_versions() -> Mapping[str, str]:
    """Return the versions of what the work was done with."""
    return {"headgate": __version__} | {name: version(name) for name in LIBRARIES}
