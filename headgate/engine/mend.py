"""The most plausible fields of a damaged row: stray, unclosed and unescaped quotes.

The reading is the cheapest one, where each irregularity costs; among readings those of the
expected width win. Rows that the csv module reads without complaint do not come here.
"""

import sys

from headgate.engine.dialect import Syntax

_STRAY_OPENING = 5
_INNER_QUOTE = 2
_LITERAL_QUOTE = 1
_MAX_WORK = 200_000


def cheapest_row(text: str, syntax: Syntax, width: int | None) -> tuple[list[str], int]:
    """Split one row's text into fields at the least cost; of the expected width if any is."""
    text = text.rstrip("\r\n")
    delimiter, quote = syntax.delimiter, syntax.quotechar
    if quote is None or quote not in text:
        return text.split(delimiter), 0
    closers = _closers(text, delimiter, quote)
    work = (text.count(delimiter) + 1) * (len(closers) + 1) * min(width or 50, 1000)
    if work > _MAX_WORK:
        return _greedy(text, syntax), _STRAY_OPENING
    return _search(text, syntax, width, closers)


def _closers(text: str, delimiter: str, quote: str) -> list[int]:
    """Positions of quotes that may end a field: a delimiter or the end follows."""
    found = []
    at = text.find(quote)
    while at >= 0:
        after = at + 1
        if after == len(text) or text.startswith(delimiter, after):
            found.append(at)
        at = text.find(quote, after)
    return found


def _search(
    text: str, syntax: Syntax, width: int | None, closers: list[int]
) -> tuple[list[str], int]:
    step = len(syntax.delimiter)
    most = width or sys.maxsize
    end = len(text) + step
    # reached[position][fields so far] = (cost, previous position, end of field, quoted)
    reached: dict[int, dict[int, tuple[int, int, int, bool]]] = {0: {0: (0, -1, -1, False)}}
    order = [0]
    for at in order:
        for count, (cost, *_) in list(reached[at].items()):
            if at == end or count > most + 2:
                continue
            for stop, extra, quoted in _fields_at(text, at, syntax, closers):
                following = stop + quoted + step
                state = (cost + extra, at, stop, quoted)
                states = reached.get(following)
                if states is None:
                    states = reached[following] = {}
                    _insert(order, following)
                if count + 1 not in states or state[0] < states[count + 1][0]:
                    states[count + 1] = state
    final = reached[end]
    count = width if width in final else min(final, key=lambda n: final[n][0])
    total = final[count][0]
    fields: list[str] = []
    at = end
    while at > 0:
        _, at_before, stop, quoted = reached[at][count]
        inner = text[at_before + quoted : stop]
        fields.append(_unescape(inner, syntax) if quoted else inner)
        at, count = at_before, count - 1
    return fields[::-1], total


def _insert(order: list[int], position: int) -> None:
    """Keep positions ascending behind the one being worked on."""
    index = len(order)
    while index and order[index - 1] > position:
        index -= 1
    order.insert(index, position)


def _fields_at(
    text: str, at: int, syntax: Syntax, closers: list[int]
) -> list[tuple[int, int, bool]]:
    """Where a field that starts here may stop, at what cost, and whether as a quoted one."""
    delimiter, quote = syntax.delimiter, syntax.quotechar or ""
    stop = text.find(delimiter, at)
    stop = len(text) if stop < 0 else stop
    plain = text[at:stop]
    if not plain.startswith(quote):
        return [(stop, _LITERAL_QUOTE if quote in plain else 0, False)]
    options = [(stop, _STRAY_OPENING, False)]
    options += [
        (closer, _INNER_QUOTE * _irregular(text[at + 1 : closer], syntax), True)
        for closer in closers
        if closer > at
    ]
    return options


def _irregular(inner: str, syntax: Syntax) -> int:
    quote = syntax.quotechar or ""
    if syntax.escapechar:
        inner = inner.replace(syntax.escapechar + quote, "")
    if syntax.doublequote:
        inner = inner.replace(quote * 2, "")
    return inner.count(quote)


def _unescape(inner: str, syntax: Syntax) -> str:
    quote = syntax.quotechar or ""
    if syntax.escapechar:
        inner = inner.replace(syntax.escapechar + quote, quote)
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
                fields.append(_unescape(text[at + 1 : stop], syntax))
                at = stop + 1 + len(delimiter)
                continue
        stop = text.find(delimiter, at)
        stop = len(text) if stop < 0 else stop
        fields.append(text[at:stop])
        at = stop + len(delimiter)
    return fields
