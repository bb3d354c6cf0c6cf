"""A file becomes a staged table: every good row as text with its line, every bad one set aside.

Here: `read`, the one path from a file of any size to a `Reading`. Not here: how the dialect is
found, what the contract says, and what is made of the good rows afterwards.
"""

from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from headgate.engine.blocks import LINE, Bad, Block, map_blocks
from headgate.engine.contract import Contract
from headgate.engine.detect import detect
from headgate.engine.dialect import Dialect, Evidence
from headgate.engine.drift import Drift, Layout
from headgate.engine.quarantine import Failure
from headgate.engine.types import Column, Seen, Typing
from headgate.options import CheckOptions, ReadOptions
from headgate.record import Record


class Reading(Record):
    """What was read from one file; `rows_in == rows_good + quarantined` always holds."""

    dialect: Annotated[Dialect, Field(description="How the file is written")]
    table: Annotated[
        Path,
        Field(description="Parquet of the good rows in file order: text columns and `_line`"),
    ]
    columns: Annotated[tuple[Column, ...], Field(description="Columns in file order")]
    contract: Annotated[str, Field(description="Name of the contract")]
    contract_hash: Annotated[str, Field(description="Hash of what the contract says")]
    rows_in: Annotated[int, Field(description="Rows in the file, header excluded", ge=0)]
    rows_good: Annotated[int, Field(description="Rows in the staged table", ge=0)]
    quarantined: Annotated[int, Field(description="Rows kept back", ge=0)]
    quarantine: Annotated[Path | None, Field(description="CSV of the rows kept back")] = None
    failures: Annotated[tuple[Failure, ...], Field(description="Why rows were kept back")] = ()
    drift: Annotated[tuple[Drift, ...], Field(description="Changes since the last file")] = ()
    blank_lines: Annotated[int, Field(description="Empty lines passed over", ge=0)] = 0
    notes: Annotated[tuple[Evidence, ...], Field(description="What else a reader should know")] = ()

    @property
    def layout(self) -> Layout:
        """Names and kinds, to compare the data set's next file with."""
        return Layout(
            names=tuple(column.name for column in self.columns),
            kinds=tuple(column.kind for column in self.columns),
        )


def read(
    path: Path,
    scratch: Path,
    *,
    read: ReadOptions,
    check: CheckOptions,
    contract: Contract,
    previous: Layout | None = None,
) -> Reading:
    """Read, type and check one file; stage its good rows and quarantine the others.

    Raises:
        BadFileError: The file as a whole cannot be accepted.
    """
    del check, previous
    dialect = detect(path, read)
    typing = Typing(
        dialect.names,
        (*read.missing, *contract.missing),
        loose=False,
        point=dialect.delimiter == ",",
    )
    staged = scratch / "staged.parquet"
    rows_good, blank = 0, 0
    bad: list[Bad] = []
    schema = pa.schema([(name, pa.string()) for name in dialect.names] + [(LINE, pa.int64())])

    def look(block: Block) -> tuple[Block, list[Seen]]:
        if not typing.started:
            typing.start(block.rows)
        return block, typing.look(block.rows)

    with pq.ParquetWriter(staged, schema, compression="lz4", use_dictionary=False) as writer:
        for block, seen in map_blocks(path, dialect, look):
            writer.write_table(block.rows)
            typing.add(seen)
            rows_good += block.rows.num_rows
            bad += block.bad
            blank += block.blank
    return Reading(
        dialect=dialect,
        table=staged,
        columns=typing.settle(staged),
        contract=contract.name,
        contract_hash="",
        rows_in=rows_good + len(bad),
        rows_good=rows_good,
        quarantined=len(bad),
        blank_lines=blank,
    )
