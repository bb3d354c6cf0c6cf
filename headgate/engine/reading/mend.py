"""The most plausible fields of a damaged row: stray, unclosed and unescaped quotes.

The reading is the cheapest one, where each irregularity costs; among readings those of the
expected width win. Rows that the csv module reads without complaint do not come here.
"""

from bisect import insort
from typing import NamedTuple

from headgate.engine.reading.dialect import Syntax

MAX_MENDED_LINES = 20
"""Lines over which the end of a damaged row is looked for."""
_STRAY_OPENING = 5
"""Cost of a field that starts with a quote and is not a quoted one."""
_INNER_QUOTE = 2
_LITERAL_QUOTE = 1
_MAX_WORK = 200_000


class _Step(NamedTuple):
    """How a position in the text was reached: the field before it, and the cost so far."""

    cost: int
    start: int
    stop: int
    quoted: bool


def cheapest_row(text: str, syntax: Syntax, width: int | None) -> tuple[list[str], int]:
    """Split one row's text into fields at the least cost; of the expected width if any is.

    The syntax has a delimiter of one character and no escape character.
    """
    text = text.rstrip("\r\n")
    quote = syntax.quotechar
    if quote is None or quote not in text:
        fields, cost = text.split(syntax.delimiter), 0
    else:
        closers = _closers(text, syntax)
        delimiters = text.count(syntax.delimiter) + 1
        if delimiters * min(delimiters, width or delimiters) * (len(closers) + 1) > _MAX_WORK:
            fields, cost = _greedy(text, syntax), _STRAY_OPENING
        else:
            fields, cost = _search(text, syntax, width, closers)
    if syntax.skipinitialspace and syntax.delimiter == " ":
        fields = [field for field in fields if field]
    return fields, cost


def _closers(text: str, syntax: Syntax) -> list[tuple[int, int]]:
    """Quotes that may end a field, with the position after the blanks behind them."""
    found = []
    quote = syntax.quotechar or ""
    at = text.find(quote)
    while at >= 0:
        after = _behind_blanks(text, at + 1, syntax)
        if after == len(text) or text.startswith(syntax.delimiter, after):
            found.append((at, after))
        at = text.find(quote, at + 1)
    return found


def _search(
    text: str, syntax: Syntax, width: int | None, closers: list[tuple[int, int]]
) -> tuple[list[str], int]:
    """Find the cheapest way from the start of the text to behind its end, field by field."""
    end = len(text) + 1
    reached: dict[int, dict[int, _Step]] = {0: {0: _Step(0, -1, -1, False)}}
    waiting = [0]
    while waiting[0] != end:
        at = waiting.pop(0)
        options = _fields_at(text, at, syntax, closers)
        for count, (cost, *_) in reached[at].items():
            for extra, stop, quoted, after in options:
                if after not in reached:
                    reached[after] = {}
                    insort(waiting, after)
                known = reached[after].get(count + 1)
                if known is None or cost + extra < known.cost:
                    reached[after][count + 1] = _Step(cost + extra, at, stop, quoted)
    ways = reached[end]
    count = width if width in ways else min(ways, key=lambda n: ways[n].cost)
    return _walk_back(text, syntax, reached, count or 1), ways[count or 1].cost


def _walk_back(
    text: str, syntax: Syntax, reached: dict[int, dict[int, _Step]], count: int
) -> list[str]:
    fields = []
    at = len(text) + 1
    while count:
        step = reached[at][count]
        start = _content_start(text, step.start, syntax)
        fields.append(
            _unquote(text[start + 1 : step.stop], syntax)
            if step.quoted
            else text[start : step.stop]
        )
        at, count = step.start, count - 1
    return fields[::-1]


def _content_start(text: str, at: int, syntax: Syntax) -> int:
    return _behind_blanks(text, at, syntax) if syntax.skipinitialspace else at


def _behind_blanks(text: str, at: int, syntax: Syntax) -> int:
    while text.startswith(" ", at) and syntax.delimiter != " ":
        at += 1
    return at


def _fields_at(
    text: str, at: int, syntax: Syntax, closers: list[tuple[int, int]]
) -> list[tuple[int, int, bool, int]]:
    """Yield each field that may start here: its cost, its end, whether quoted, and what follows."""
    start = _content_start(text, at, syntax)
    quote = syntax.quotechar or ""
    stop = text.find(syntax.delimiter, start)
    stop = len(text) if stop < 0 else stop
    opens = text.startswith(quote, start)
    cost = _STRAY_OPENING if opens else _LITERAL_QUOTE if quote in text[start:stop] else 0
    options = [(cost, stop, False, stop + 1)]
    if opens:
        options += [
            (_INNER_QUOTE * _irregular(text[start + 1 : closer], syntax), closer, True, after + 1)
            for closer, after in closers
            if closer > start
        ]
    return options


def _irregular(inner: str, syntax: Syntax) -> int:
    quote = syntax.quotechar or ""
    return inner.replace(quote * 2, "").count(quote) if syntax.doublequote else inner.count(quote)


def _unquote(inner: str, syntax: Syntax) -> str:
    quote = syntax.quotechar or ""
    return inner.replace(quote * 2, quote) if syntax.doublequote else inner


def _greedy(text: str, syntax: Syntax) -> list[str]:
    """One reading in linear time: a quoted field ends at the first quote that may end it."""
    delimiter, quote = syntax.delimiter, syntax.quotechar or ""
    fields: list[str] = []
    at = 0
    while at <= len(text):
        if text.startswith(quote, at):
            stop = text.find(quote + delimiter, at + 1)
            if stop < 0 and text.endswith(quote) and len(text) - 1 > at:
                stop = len(text) - 1
            if stop >= 0:
                fields.append(_unquote(text[at + 1 : stop], syntax))
                at = stop + 2
                continue
        stop = text.find(delimiter, at)
        stop = len(text) if stop < 0 else stop
        fields.append(text[at:stop])
        at = stop + 1
    return fields
