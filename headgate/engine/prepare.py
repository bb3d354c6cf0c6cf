"""The good rows made into what the user asked for: a clean table, or one to train a model on.

Here: the entry and what it hands back. Rules are in `clean` and `model`, what was fitted in
`recipe`, files in `outputs`, the page for people in `report`.
"""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from headgate.errors import RowsUnaccountedError
from headgate.record import Record


class RuleResult(Record):
    """What one rule did: how many cells it changed or added, how many rows it removed."""

    rule: str
    cells: int = 0
    rows: int = 0
    detail: str = ""


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
