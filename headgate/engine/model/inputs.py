"""What a model may read as numbers although a clean table must keep it as text.

Numbers written unevenly (`2.5` beside `3.10`) stay text in a clean table, since their exact text
could not be had back. A model has no use for that text, only for the number.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.columns.column import MARKERS
from headgate.engine.columns.formats import EXPONENT
from headgate.engine.recipe import Input
from headgate.engine.staging import StagedFile
from headgate.engine.validate import Reading

NUMBER = rf"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)({EXPONENT})?"
ENOUGH = 4096  # rows that show whether it is worth looking at all
UNEVEN = re.compile(r"[.eE]")


def as_numbers(reading: Reading, inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """Take text columns of numbers for numbers, if every value of the file is one."""
    kinds = {column.name: column.kind for column in reading.columns}
    texts = [each.name for each in inputs if kinds[each.name] == "text"]
    sample = StagedFile(reading.table, texts).sample(reading.rows_good, ENOUGH)
    likely = [name for name in texts if _all_numbers(sample.column(name).to_pylist())]
    if not likely:
        return inputs
    for batch in StagedFile(reading.table, likely):
        likely = [name for name in likely if not _holds_another(batch.column(name))]
    return tuple(_number(each) if each.name in likely else each for each in inputs)


def _all_numbers(texts: list[str | None]) -> bool:
    values = {text.strip() for text in texts if text} - {*MARKERS, ""}
    return any(UNEVEN.search(text) for text in values) and all(
        re.fullmatch(NUMBER, text) for text in values
    )


def _holds_another(texts: pa.Array) -> bool:
    """Return whether a text is neither a number nor a sign for a missing one."""
    trimmed = pc.utf8_trim_whitespace(texts)
    missing = pc.is_in(trimmed, pa.array(["", *MARKERS]))
    number = pc.match_substring_regex(trimmed, f"^{NUMBER}$")
    return not pc.all(pc.or_(missing, number)).as_py()


def _number(column: Input) -> Input:
    missing = tuple(sorted({*column.missing, *MARKERS}))
    return column.model_copy(update={"kind": "decimal", "sql_type": "DOUBLE", "missing": missing})
