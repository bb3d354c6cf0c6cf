"""The row equation: where every row of a file is."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from headgate.engine.result.prepared import Prepared
from headgate.engine.validate import Reading
from headgate.errors import RowsUnaccountedError
from headgate.record import Record
from headgate.words import counted


class RowCounts(Record):
    """Where every row of the upload is; the equation is enforced."""

    rows_in: Annotated[int, Field(ge=0, description="Rows in the upload, header excluded")]
    rows_out: Annotated[int, Field(ge=0, description="Rows in the processed table")]
    quarantined: Annotated[int, Field(ge=0, description="Rows kept back with their reasons")]
    duplicates: Annotated[int, Field(ge=0, description="Exact repeats removed by a chosen rule")]
    dropped: Annotated[int, Field(ge=0, description="Rows removed by another chosen rule")]

    @classmethod
    def of(cls, reading: Reading, prepared: Prepared) -> Self:
        """Add up what became of a file's rows.

        Raises:
            RowsUnaccountedError: The row equation does not hold.
        """
        return cls(
            rows_in=reading.rows_in,
            rows_out=prepared.rows_out,
            quarantined=reading.quarantined,
            duplicates=prepared.duplicates,
            dropped=prepared.dropped,
        )

    @model_validator(mode="after")
    def _every_row_is_accounted_for(self) -> Self:
        accounted = self.rows_out + self.quarantined + self.duplicates + self.dropped
        if self.rows_in != accounted:
            raise RowsUnaccountedError(
                f"{self.rows_in} rows in, but {accounted} accounted for: {self!r}.",
                todo="Nothing was published. Please report this.",
            )
        return self

    def __str__(self) -> str:
        """Return the counts in one line, without those that are zero."""
        parts = [f"{counted(self.rows_in, 'row')} in", f"{self.rows_out:,} out"]
        if self.quarantined:
            parts.append(f"{self.quarantined:,} quarantined")
        if self.duplicates:
            parts.append(counted(self.duplicates, "duplicate"))
        if self.dropped:
            parts.append(f"{self.dropped:,} dropped")
        return ", ".join(parts)
