"""The ways in which a sample may be split, and how good the outcome of each is.

Here: are the rows even, do the columns hold one kind of thing each, do the quotes stand where
fields begin and end? Not here: the choice among them.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import dropwhile, groupby
from typing import NamedTuple

from headgate.engine.reading.cells import count_filled, shape, shapes
from headgate.engine.reading.dialect import Syntax
from headgate.engine.reading.quoting import Quoting, escape_of, has_padding, quote_of, quotings_of
from headgate.engine.reading.tokenise import parse
from headgate.errors import UnreadableError
from headgate.options import ReadOptions

COMMON = {",": 1.0, "\t": 1.0, ";": 0.98, "|": 0.95, "│": 0.95}
"""The usual delimiters, and how likely each is."""
_RARE = {":": 0.65, " ": 0.7, "#": 0.7}
UNUSUAL = 0.9
"""How likely another one is."""
_INSIDE_VALUES = dict.fromkeys("=!*&\uff0c\uff1b", 0.7)
"""Those that stand in values too: `temp=20.5`, and the commas of Chinese sentences."""
_UNUSUAL_DELIMITERS = (
    "\x01", "\x1e", "\x1f", "~", "^", "§", "¦", "¬", "=", "!", "*", "&", "\uff0c", "\uff1b",
    "||", "::", ";;", "~|~",
)  # fmt: skip
_BETWEEN_WORDS = re.compile(r"(?<=[^\s,;|\t])\$")
"""A delimiter as some agencies use it; behind a blank or another delimiter it is money."""
_ONE_COLUMN = 0.25
FEWEST = 3
"""Rows that show more than chance does."""
_MAX_CELLS = 6000
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space", ":": "colon"}


class Candidate(NamedTuple):
    """One way to split the sample, and how good the outcome is."""

    score: float
    syntax: Syntax
    width: int
    """Fields of most rows; 0 where it cannot win and was not tried out."""
    even: float
    """How far all rows have so many."""
    alike: float
    """How far each column holds one kind of thing."""


def ranked(lines: list[str], comment: str | None, options: ReadOptions) -> list[Candidate]:
    """Judge the candidates, the best first; those that cannot win are not tried out."""
    text = "".join(lines)
    below = "".join(dropwhile(lambda line: comment and line.startswith(comment), lines))
    found: list[Candidate] = []
    best = 0.0
    quotes = {
        delimiter: quote_of(text, delimiter, options.quotechar)
        for delimiter in _delimiters(text, lines, options.delimiter)
    }
    quotings = quotings_of(below, quotes)
    for delimiter, quote in quotes.items():
        quoting = quotings[delimiter]
        for syntax in _candidates(text, delimiter, quote, options):
            ceiling = quoting.ceiling * prior(delimiter) if delimiter in text else _ONE_COLUMN
            if ceiling < best:
                found.append(Candidate(ceiling, syntax, 0, 0, 0))
            else:
                marked = syntax._replace(comment=None if comment == delimiter else comment)
                found.append(judge(lines, marked, quoting))
                best = max(best, found[-1].score)
    return sorted(found, key=lambda c: c.score, reverse=True)


def judge(lines: list[str], syntax: Syntax, quoting: Quoting) -> Candidate:
    """Split the lines in one way, and rate the outcome."""
    fields = _split(lines, syntax)
    if not fields:
        return Candidate(0, syntax, 0, 0, 0)
    width = _width(fields)
    even = _evenness([len(f) for f in fields], width)
    body = [f for f in fields if len(f) == width]
    body = (body[1:] or body)[: max(20, _MAX_CELLS // width)]
    if width == 2 and not any(row[0].strip() for row in body):
        return Candidate(0, syntax, width, even, 0)  # it stands before lines and parts nothing
    alike = _likeness(body, width)
    trust = len(body) / (len(body) + 1)
    alike = 0.5 * (1 - trust) + trust * alike
    if width == 1:
        score = _ONE_COLUMN * (0.5 + 0.5 * alike) * (0.3 + 0.7 * quoting.fit)
        return Candidate(score, syntax, 1, even, alike)
    few = sum(len(f) == width for f in fields) < FEWEST
    if few and syntax.delimiter not in COMMON and not _are_named(fields, lines, syntax):
        return Candidate(0, syntax, width, even, alike)
    columns = _count_told(body) if syntax.delimiter == " " else width
    score = prior(syntax.delimiter) * even**1.5 * (0.3 + 0.7 * alike) * (1 - 0.25 / columns)
    score *= quoting.worth(len(fields)) * (1 - 0.8 * _tabs_inside(body))
    if syntax.delimiter == " ":
        score *= 1 - _lists(fields)
    return Candidate(score, syntax, width, even, alike)


def cut_at(borders: tuple[int, ...], lines: list[str], comment: str | None) -> Candidate | None:
    """Cut the lines where columns begin; none where hardly a line can be cut there."""
    if not borders:
        return None
    found = judge(lines, Syntax(" ", None, comment=comment, borders=borders), Quoting(1, 0))
    return found if found.score else None


def prior(delimiter: str) -> float:
    """Return how likely a delimiter is before any line is looked at: 1 for the usual ones."""
    return (COMMON | _RARE | _INSIDE_VALUES).get(delimiter, UNUSUAL)


def name_of(delimiter: str) -> str:
    """Return what people call a delimiter."""
    return _NAMES.get(delimiter, repr(delimiter))


def _delimiters(text: str, lines: list[str], told: str | None) -> list[str]:
    if told:
        return [told]
    filled = [line for line in lines[:50] if line.strip()]
    found = [d for d in (*COMMON, *_RARE) if d in text]
    found += [
        d for d in _UNUSUAL_DELIMITERS if d in text and len({line.count(d) for line in filled}) == 1
    ]
    counts = {len(_BETWEEN_WORDS.findall(line)) for line in filled}
    if len(counts) == 1 and max(counts) > 2:
        found.append("$")
    return [*found, next((d for d in COMMON if d not in text), "\x1f")]


def _candidates(
    text: str, delimiter: str, quote: str | None, options: ReadOptions
) -> Iterator[Syntax]:
    escape = escape_of(text, delimiter, quote, options.escapechar)
    padded = options.delimiter is None and has_padding(text, delimiter, quote)
    yield Syntax(delimiter, quote, escape, skipinitialspace=padded)
    if escape is None and options.escapechar is None and "\\" + delimiter in text:
        yield Syntax(delimiter, quote, "\\", skipinitialspace=padded)
    if delimiter == " ":
        yield Syntax(delimiter, quote, escape, skipinitialspace=True)


def _split(lines: list[str], syntax: Syntax) -> list[list[str]]:
    """Split lines into fields; none where a delimiter that is not common gives too many.

    Raises:
        UnreadableError: One that is common does.
    """
    try:
        fields = parse(lines, syntax, cut=True).fields
        if syntax.comment and fields:  # rows of several lines may begin like a comment
            fields = parse(lines, syntax, _width(fields), cut=True).fields
    except UnreadableError:
        if syntax.delimiter in COMMON:
            raise
        return []
    return fields


def _are_named(fields: list[list[str]], lines: list[str], syntax: Syntax) -> bool:
    """Return whether blanks part two rows of numbers, and a comment has a word for each column."""
    if len(fields) != 2 or not syntax.comment or syntax.delimiter != " ":
        return False
    comments = (line for line in lines if line.startswith(syntax.comment))
    named = any(len(line.lstrip(syntax.comment).split()) == len(fields[0]) for line in comments)
    return named and all(shape(cell) == "number" for row in fields for cell in row)


def _count_told(body: list[list[str]]) -> int:
    """Count the columns in which something stands in many rows: not those between two blanks."""
    return max(
        1, sum(10 * count_filled([*column]) > len(body) for column in zip(*body, strict=True))
    )


def _width(fields: list[list[str]]) -> int:
    """Cells of most rows, those of one cell aside where others have more."""
    widths = Counter(map(len, fields))
    return max(widths, key=lambda w: (w > 1, widths[w], w))


def _tabs_inside(body: list[list[str]]) -> float:
    """Return the share of rows with a tab inside a cell, where hardly anyone writes one."""
    return sum(any("\t" in cell.strip() for cell in row) for row in body) / max(1, len(body))


def _lists(fields: list[list[str]]) -> float:
    """Return the share of rows in which most words end with a delimiter, which parts them then."""
    ends = [sum(cell.endswith((",", ";")) for cell in row) for row in fields]
    return sum(2 * n > count_filled(row) for n, row in zip(ends, fields, strict=True)) / len(fields)


def _evenness(widths: list[int], width: int) -> float:
    """Return the share of rows as wide as the table; short rows around it count little."""
    inside = [i for i, w in enumerate(widths) if w == width]
    narrow = sum(1 for w in widths[: inside[0]] + widths[inside[-1] + 1 :] if w < width)
    share = len(inside) / (len(widths) - 0.7 * min(narrow, 10, len(inside) // 2))
    runs = [len(list(run)) for w, run in groupby(widths) if w > 1]
    return max(share, 0.95 * sum(n for n in runs if n >= 3) / len(widths))


def _likeness(body: list[list[str]], width: int) -> float:
    """Rate how far each column holds one kind of thing; leftovers of a wrong split do not."""
    total = 0.0
    for column in zip(*body, strict=True):
        found = shapes(column)
        filled = len(body) - found["empty"]
        if not filled:
            total += 0.5
            continue
        prose = found["word"] + 0.8 * found["text"]
        total += max(found["number"], found["moment"], 0.85 * prose) / filled
    return total / width
