"""Columns of a later file that tell too little by themselves, typed as the recipe knows them.

Dates such as 03/04/2024 could be written in two ways, and a single `yes` could be a name: alone
they are text. Not here: how the values of a column are found to be written (`columns`).
"""

from collections.abc import Iterable

import pyarrow as pa

from headgate.engine.columns.column import Column
from headgate.engine.columns.formats import Format
from headgate.engine.columns.guess import candidates, truth_values
from headgate.engine.columns.inference import TypeInference
from headgate.engine.columns.sample import sample_of
from headgate.engine.recipe import Input
from headgate.engine.staging import LINE, StagedFile
from headgate.engine.validate import Reading


def read_as_known(reading: Reading, inputs: Iterable[Input]) -> Reading:
    """Type each text column whose values are all written in the format that a recipe knows."""
    known = {each.name: each for each in inputs if each.format}
    columns = tuple(
        _typed(reading, column, known[column.name])
        if column.name in known and column.kind == "text" and not column.declared
        else column
        for column in reading.columns
    )
    return reading.model_copy(update={"columns": columns})


def _typed(reading: Reading, column: Column, known: Input) -> Column:
    """Return a column as the recipe knows it, or as it is where a value is written otherwise."""
    staged = StagedFile(reading.table, [column.name, LINE])
    missing = [each.marker for each in column.missing]
    first = pa.Table.from_batches([next(iter(staged), staged.nothing())])
    form = _format([*sample_of(first[column.name].drop_null(), missing)], known)
    if form is None:
        return column
    inference = TypeInference([column.name], missing)
    inference.start(first, {column.name: form})
    for batch in staged:
        inference.add(inference.look(pa.Table.from_batches([batch])))
    (found,) = inference.settle(reading.table)
    typed = found.model_copy(update={"position": column.position})
    return typed if found.kind == known.kind else column


def _format(sample: list[str], known: Input) -> Format | None:
    """Return the format that is called as the recipe says, if a sample brings it to mind."""
    formats = (*truth_values(), *candidates(sample, known.name))
    return next((each for each in formats if each.label == known.format), None)
