"""The files of a result, by name, and the role that each plays."""

from pathlib import Path

from headgate.engine.result.prepared import Prepared
from headgate.engine.validate import Reading

LEDGER, QUARANTINE = "corrections", "quarantine"
"""Roles of outputs that are needed again: corrected rows, and those kept back."""
ROLES = {
    "data.csv": "table",
    "data.parquet": "parquet",
    "quarantine.csv": QUARANTINE,
    "corrections.csv": LEDGER,
    "aside.parquet": "aside",
    "left-out.csv": "left-out",
    "report.html": "report",
    "recipe.json": "recipe",
    "spreadsheet.csv": "spreadsheet",
    "dictionary.csv": "extra",
    "recipe.sql": "extra",
    "pipeline.py": "extra",
}
"""Every file that a result may have, and the role that it plays."""


def result_files(
    reading: Reading, prepared: Prepared, ledger: Path | None
) -> list[tuple[str, Path]]:
    """Return every file of a result with its role; the ledger is that of corrected rows, if any."""
    files = (
        prepared.csv,
        prepared.parquet,
        reading.quarantine,
        ledger,
        reading.aside,
        reading.left_out_lines,
        prepared.report,
        prepared.recipe,
        prepared.spreadsheet,
        *prepared.extras,
    )
    return [(ROLES[path.name], path) for path in files if path is not None]
