"""How a file is written, found from samples of it: every guess with its evidence."""

import codecs
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from headgate.engine.dialect import Dialect, Evidence, Newline, Syntax
from headgate.engine.encoding import guess_encoding
from headgate.engine.layout import find_layout, is_typed, modal_width
from headgate.engine.source import sample, sniff_compression, split_lines
from headgate.engine.tokenise import Parser, Rows
from headgate.errors import BadFileError
from headgate.options import ReadOptions

_DELIMITERS = (",", ";", "\t", "|", ":", "#", "~", "^", " ", ", ", "; ")
_SAMPLE_LINES = 400


def detect(path: Path, options: ReadOptions = ReadOptions()) -> Dialect:  # noqa: B008
    """Find out how a file is written; whatever the options say is taken as given.

    Raises:
        BadFileError: the file is empty.
        UnreadableError: the bytes are no text table.
        UndecidableError: two readings are equally likely.
    """
    compression, member = sniff_compression(path)
    data = sample(path, compression, member)
    if not data.head.strip():
        raise BadFileError("The file holds nothing but blanks.", where=path.name)
    encoding = guess_encoding(data.head, data.tail, options.encoding, path.name)
    text = codecs.getincrementaldecoder(encoding.name)("replace").decode(data.head, data.whole)
    text = text.removeprefix("\ufeff")
    newline = _newline(text)
    lines = split_lines(text, newline)
    if not data.whole and len(lines) > 1:
        lines.pop()
    syntax, why = _choose_syntax(lines, options)
    rows = _parse(lines, syntax, None)
    if not rows.fields:
        raise BadFileError("The file holds no row.", where=path.name)
    rows = _parse(lines, syntax, modal_width([len(f) for f in rows.fields]))
    layout = find_layout(rows, len(lines), options.skip_lines, options.header_rows, data.whole)
    return Dialect(
        compression=compression,
        member=member,
        encoding=encoding.name,
        bom=encoding.bom,
        delimiter=syntax.delimiter,
        quotechar=syntax.quotechar,
        escapechar=syntax.escapechar,
        doublequote=syntax.doublequote,
        collapse=syntax.collapse,
        newline=newline,
        skip_lines=layout.skip_lines,
        header_lines=layout.header_lines,
        header_rows=layout.header_rows,
        footer_lines=layout.footer_lines,
        names=layout.names,
        evidence=(encoding.evidence, *why, *layout.evidence),
    )


def _parse(lines: list[str], syntax: Syntax, width: int | None) -> Rows:
    parser = Parser(syntax, width)
    return parser.feed(1, lines) + parser.finish()


def _newline(text: str) -> Newline:
    pairs = text.count("\r\n")
    feeds, returns = text.count("\n") - pairs, text.count("\r") - pairs
    if returns > 0.05 * (pairs + feeds):
        return "\r" if not pairs and not feeds else "mixed"
    return "\r\n" if pairs > feeds else "\n"


class _Candidate(NamedTuple):
    score: float
    syntax: Syntax
    width: int


def _choose_syntax(lines: list[str], options: ReadOptions) -> tuple[Syntax, list[Evidence]]:
    lines = lines[:_SAMPLE_LINES]
    text = "".join(lines)
    delimiters = [options.delimiter] if options.delimiter else [d for d in _DELIMITERS if d in text]
    candidates = [
        _score(lines, Syntax(d, q, e))
        for d in delimiters or [","]
        for q in _quotes(text, d, options.quotechar)
        for e in _escapes(text, q, options.escapechar)
    ]
    best = max(candidates, key=lambda c: c.score)
    name = {"\t": "tab", " ": "space"}.get(best.syntax.delimiter, best.syntax.delimiter)
    why = "told by an option" if options.delimiter else f"rows of {best.width} fields, most evenly"
    return best.syntax, [
        Evidence(what="delimiter", found=name, why=why),
        Evidence(what="quotechar", found=best.syntax.quotechar or "none", why="fits the rows best"),
    ]


def _quotes(text: str, delimiter: str, told: str | None) -> list[str | None]:
    if told is not None:
        return [told or None]
    found: list[str | None] = ['"'] if '"' in text else []
    if delimiter + "'" in text or "'" + delimiter in text:
        found.append("'")
    return found or ['"']


def _escapes(text: str, quote: str | None, told: str | None) -> list[str | None]:
    if told is not None:
        return [told or None]
    if quote and "\\" + quote in text:
        return [None, "\\"]
    return [None]


def _score(lines: list[str], syntax: Syntax) -> _Candidate:
    """Evenness of the widths times how clean the cells are; more columns win."""
    fields = _parse(lines, syntax, None).fields
    if not fields:
        return _Candidate(0, syntax, 0)
    widths = Counter(len(f) for f in fields)
    width = modal_width([len(f) for f in fields])
    even = widths[width] / len(fields)
    table = [f for f in fields if len(f) == width][:100]
    cells = [c for row in table for c in row]
    clean = sum(map(_cleanness, cells)) / len(cells)
    if width == 1:
        return _Candidate(0.1 * clean, syntax, 1)
    return _Candidate(even * clean * (1 - 0.5 / width), syntax, width)


def _cleanness(cell: str) -> float:
    cell = cell.strip()
    if not cell or is_typed(cell):
        return 1
    if any(c in cell for c in ";\t|,"):
        return 0.3
    if cell[0] in "'\"" or cell[-1] in "'\"":
        return 0.2
    return 0.8 if cell[0].isalnum() else 0.5
