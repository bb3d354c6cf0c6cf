"""The data dictionary: what each column of the result is, in words and with its fitted values.

Here: one line for each output. Not here: what is fitted.
"""

import csv
from pathlib import Path

from headgate.engine.recipe import (
    CleanColumn,
    Frequency,
    HashedText,
    MissingFlag,
    Number,
    OneHot,
    OutlierFlag,
    Output,
    Recipe,
    TargetColumn,
    TargetMean,
    TestFlag,
    Word,
)

HEADER = ("column", "source", "step", "meaning")


def write(recipe: Recipe, path: Path) -> None:
    """Write the dictionary as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for output in recipe.outputs:
            source = "" if isinstance(output, TestFlag) else output.source
            writer.writerow((output.name, source, output.step, meaning(output)))


def meaning(output: Output) -> str:
    """Return what a column holds."""
    match output:
        case CleanColumn() | OutlierFlag():
            return _clean(output)
        case Number():
            return _number(output)
        case TargetColumn():
            codes = ", ".join(f"{code}: {text}" for code, text in enumerate(output.classes))
            return f"What is to be predicted; {codes or 'as it is'}"
        case TestFlag():
            return "1 where the row took no part in fitting, 0 for the training rows"
        case _:
            return _encoded(output)


def _clean(output: CleanColumn | OutlierFlag) -> str:
    if isinstance(output, OutlierFlag):
        return f"1 beyond {output.fence.low_text} to {output.fence.high_text}, else 0"
    said = [output.sql_type]
    if output.fill:
        said.append(f"missing values filled with {output.fill.how} {output.fill.text}")
    if output.clip:
        said.append(f"clipped to {output.clip.low_text} to {output.clip.high_text}")
    return "; ".join(said)


def _number(output: Number) -> str:
    what = f"{output.part} of the date" if output.part else "the number"
    scaled = f", minus {output.center!r}, divided by {output.scale!r}"
    plain = (output.center, output.scale) == (0.0, 1.0)
    return f"{what}, {output.fill!r} where missing{'' if plain else scaled}"


def _encoded(output: Output) -> str:
    match output:
        case MissingFlag():
            return "1 where the value is missing, else 0"
        case OneHot():
            return f"1 where the value is {output.category}, else 0"
        case Word():
            return f"1 where the text has the word {output.word}, else 0"
        case HashedText():
            return f"ln(1 + words whose hash modulo {output.buckets} is {output.bucket})"
        case Frequency():
            return f"share of training rows with this value; {len(output.shares)} values known"
        case TargetMean():
            goal = "the target" if output.category is None else f"target = {output.category}"
            return f"mean of {goal} in rows with this value; {output.all.prior!r} where unknown"
    raise TypeError(output)
