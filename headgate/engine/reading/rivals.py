"""Delimiters that only stand inside values: what the score of a split alone cannot tell.

Here: what parts the cells instead, or that nothing does, and ties that nobody can decide.
"""

import re

from headgate.engine.reading.aligned import find_borders
from headgate.engine.reading.candidates import (
    COMMON,
    FEWEST,
    UNUSUAL,
    Candidate,
    cut_at,
    judge,
    name_of,
    prior,
)
from headgate.engine.reading.cells import is_typed, shape, shapes
from headgate.engine.reading.dialect import Syntax
from headgate.engine.reading.quoting import Quoting
from headgate.engine.reading.tokenise import parse
from headgate.errors import UndecidableError
from headgate.options import ReadOptions

_PHRASE = re.compile(r"(?:[^,]+, )+[^,]+")
"""A line with commas as they stand in a sentence, but hardly between names."""
_COMMA_BESIDE_TEXT = re.compile(r"(?<![0-9]),|,(?![0-9])")
_AMOUNT = re.compile(
    r"-?(?P<before>(?:[$€£¥]|[A-Z]{3})\s?)?-?(?P<body>\d(?:[\d.,\s]*\d)?)(?P<after>\s?(?:[$€£¥%]|[A-Z]{3}))?"
)
_IN_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"(?:\d+|\d{1,3}(?:[.\s]\d{3})+),\d+")
_ONE_VALUE = re.compile(
    r"[a-z]+://[^\s,;|]+|[a-z]:\\[^,;|\t]+|\+\d{1,3}[ \d()/-]{6,}"
    r"|[a-z]{2}\d\d(?: [a-z\d]{4}){2,7}(?: [a-z\d]{1,3})?",
    re.IGNORECASE,
)
"""A link, a path, a phone number for abroad, an IBAN: a delimiter in it parts nothing."""


def rival_of(
    best: Candidate, candidates: list[Candidate], lines: list[str], options: ReadOptions
) -> Candidate | None:
    """Return what parts the cells where the best delimiter only stands inside them."""
    mark = best.syntax.comment or "\n"
    rows = [line for line in lines if line.strip() and not line.startswith(mark)]
    if options.delimiter or best.width < 2 or len(rows) < FEWEST:
        return None
    return _that_names_columns(best, candidates, rows) or _around_numbers(best, candidates, rows)


def splits_phrases(best: Candidate, lines: list[str], options: ReadOptions, where: str) -> bool:
    """Return whether blanks stand between words of one column, below a header of one word.

    Numbers or moments in all columns, or several blanks, tell that they separate fields.

    Raises:
        UndecidableError: Numbers stand beside words alone: the words may be a title above both.
    """
    mark = best.syntax.comment or "\n"
    rows = [line.strip() for line in lines if line.strip() and not line.startswith(mark)]
    name, *values = rows or [""]
    if options.delimiter or best.syntax.delimiter != " " or " " in name:
        return False
    split = [line.split() for line in values if len(line.split()) == best.width]
    found = [shapes(column) for column in zip(*split, strict=True)]
    numbers = [kinds["number"] + kinds["moment"] > 0 for kinds in found]
    told = options.header_rows is not None or options.skip_lines is not None
    even = len(split) == len(values) and not any("  " in line for line in values)
    if any(numbers) and not all(numbers) and even and not told and not is_typed(name):
        raise UndecidableError(
            f"The lines below {name!r} can be one column, or {best.width} parted by blanks.",
            where=where,
            todo="Name the option `delimiter`: ';' for one column, ' ' for several.",
        )
    return not any(numbers)


def splits_values(best: Candidate, lines: list[str], options: ReadOptions, where: str) -> bool:
    """Return whether the delimiter stands inside the values of one column, below a name without it.

    Such are times, links, amounts of money, and words with a comma and a blank. Links, phone
    numbers and IBANs need no name above them.

    Raises:
        UndecidableError: Numbers with a decimal comma, or two columns of whole numbers.
    """
    name, *values = [line.strip() for line in lines if line.strip()] or [""]
    if not options.delimiter and len(values) > 1 and all(map(_ONE_VALUE.fullmatch, values)):
        return True
    mark = best.syntax.delimiter
    inside = any(mark in v for v in values) and mark not in name and not is_typed(name)
    if options.delimiter or best.syntax.comment or not inside or any('"' in v for v in values):
        return False
    found = shapes(values)
    if found["number"] + found["moment"] + found["empty"] == len(values):
        if mark == "," and found["number"] and not _are_amounts(values):
            raise UndecidableError(
                f"The lines below {name!r} can be numbers with a comma or two columns.",
                where=where,
                todo="Name the option `delimiter`: ';' for one column, ',' for two.",
            )
        return True
    if mark == ":":
        return all("://" in value[:10] for value in values)
    cells = [cell for value in values for cell in value.split(mark)[1:]]
    spaced = bool(cells) and all(cell.startswith(" ") for cell in cells)
    return mark in COMMON and spaced and not any(map(is_typed, cells))


def refuse_tie(
    candidates: list[Candidate], lines: list[str], options: ReadOptions, where: str
) -> None:
    """Refuse lines that two common delimiters split equally well, and differently.

    Raises:
        UndecidableError: That is so.
    """
    judged = [candidate for candidate in candidates if candidate.width]
    rivals = [c for c in judged if c.syntax.delimiter != judged[0].syntax.delimiter]
    if options.delimiter or not rivals:
        return
    best, second = judged[0], rivals[0]
    both_common = {best.syntax.delimiter, second.syntax.delimiter} <= COMMON.keys()
    if not both_common or best.width == 1 or best.width != second.width:
        return
    if abs(best.even - second.even) < 0.01 and abs(best.alike - second.alike) < 0.01:
        names = " or ".join(name_of(c.syntax.delimiter) for c in (best, second))
        raise UndecidableError(
            f"The delimiter can be {names}: both split the {len(lines)} lines looked at into "
            f"{best.width} columns.",
            where=where,
            todo="Name it with the option `delimiter`.",
        )


def _that_names_columns(
    best: Candidate, candidates: list[Candidate], lines: list[str]
) -> Candidate | None:
    """Return a delimiter that splits all alike and parts names in the first line, if best does not.

    Those that are common inside values, such as a colon, are in titles too.
    """
    if best.syntax.delimiter in lines[0]:
        return None
    for syntax in (c.syntax for c in candidates if prior(c.syntax.delimiter) >= UNUSUAL):
        if _parts_names(lines[0], syntax):
            found = judge(lines, syntax, Quoting(1, 0))
            if found.even == 1:
                return found
    return None


def _parts_names(line: str, syntax: Syntax) -> bool:
    """Return whether a line holds several cells, none of them blank, indented or a value."""
    names = [cell for row in parse([line], syntax).fields for cell in row]
    return len(names) > 1 and not any(cell[:1] in ("", " ") or is_typed(cell) for cell in names)


def _around_numbers(
    best: Candidate, candidates: list[Candidate], lines: list[str]
) -> Candidate | None:
    """Return what leaves each comma inside one number, where all stand between digits.

    Where all that the commas part are numbers or times, they may part them.
    """
    lines = lines[1:] if _PHRASE.fullmatch(lines[0]) else lines
    if best.syntax.delimiter != "," or any(map(_COMMA_BESIDE_TEXT.search, lines)):
        return None
    rows = parse(lines, best.syntax).fields
    if all(is_typed(cell) for row in rows if len(row) > 1 for cell in row):
        return None
    found = [judge(lines, c.syntax, Quoting(1, 0)) for c in candidates]
    rivals = [each for each in found if each.width > 1 and each.alike > best.alike]
    padded = any("  " in line for line in lines)
    if padded and (aligned := cut_at(find_borders(lines), lines, None)):
        rivals.append(aligned)
    kept = [
        each
        for each in rivals
        if _may_part(each, best, lines) and _keeps_numbers(lines, each.syntax)
    ]
    return max(kept, key=lambda each: (each.even, each.score), default=None)


def _may_part(rival: Candidate, best: Candidate, lines: list[str]) -> bool:
    """Return whether a rival parts more than a phrase: names or values, often or aligned."""
    syntax = rival.syntax
    if syntax.delimiter in COMMON:
        return True
    if rival.even < best.even:
        return False
    cells = (cell for row in parse(lines, syntax).fields for cell in row)
    values = syntax.delimiter == " " and all(map(is_typed, cells))
    return bool(syntax.borders) or values or _parts_names(lines[0], syntax)


def _keeps_numbers(lines: list[str], syntax: Syntax) -> bool:
    """Return whether each cell with a comma is one number."""
    cells = [cell for row in parse(lines, syntax).fields for cell in row if "," in cell]
    return all(shape(cell) == "number" for cell in cells)


def _are_amounts(values: list[str]) -> bool:
    """Return whether all values have the same sign of money or shares, and commas alike."""
    found = [_AMOUNT.fullmatch(value) for value in values]
    signs = {(each["before"] or "", each["after"] or "") for each in found if each}
    if not all(found) or len(found) < FEWEST or len(signs) > 1 or signs == {("", "")}:
        return False
    bodies = [each["body"] for each in found if each]
    decimals = {len(body.rpartition(",")[2]) for body in bodies}
    by_comma = len(decimals) == 1 and all(map(_DECIMAL_COMMA.fullmatch, bodies))
    return by_comma or all(map(_IN_THOUSANDS.fullmatch, bodies))
