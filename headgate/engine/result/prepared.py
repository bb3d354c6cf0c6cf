"""What was made of the good rows: its files, and where each row went."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from headgate.engine.cleaning.rules import RuleResult
from headgate.errors import RowsUnaccountedError
from headgate.record import Record


class Prepared(Record):
    """The files made of the good rows, and where each row went."""

    csv: Path
    parquet: Path
    recipe: Path
    report: Path
    spreadsheet: Path | None = None
    extras: tuple[Path, ...] = ()
    rows_in: int
    rows_out: int
    duplicates: int
    dropped: int
    rules: tuple[RuleResult, ...]
    drift: Annotated[
        tuple[str, ...],
        Field(description="Differences from the file that the recipe was made with"),
    ] = ()
    columns: tuple[str, ...]
    preview: tuple[tuple[str, ...], ...]

    @model_validator(mode="after")
    def _every_row_is_accounted_for(self) -> Self:
        if self.rows_in != self.rows_out + self.duplicates + self.dropped:
            raise RowsUnaccountedError(
                f"{self.rows_in} good rows became {self.rows_out} rows out, "
                f"{self.duplicates} duplicates and {self.dropped} dropped",
                todo="Nothing was published; please report this with the file's first lines.",
            )
        return self
