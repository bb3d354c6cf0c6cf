"""How a file is written, found from samples of it: every guess with its evidence."""

import codecs
import re
from functools import partial
from itertools import takewhile
from pathlib import Path

from headgate.engine.reading.cells import is_rule, is_typed, table_width
from headgate.engine.reading.dialect import Compression, Dialect, Evidence, Newline, Syntax
from headgate.engine.reading.encoding import Encoding, guess_encoding
from headgate.engine.reading.extent import Extent, find_extent, footer_evidence, name_by_line
from headgate.engine.reading.file_kinds import (
    refuse_compressed_twice,
    refuse_known_binary,
    refuse_markup,
    sniff_compression,
)
from headgate.engine.reading.footer import footer_rows
from headgate.engine.reading.lines import split_lines
from headgate.engine.reading.syntax import choose_syntax
from headgate.engine.reading.tokenise import Rows, parse
from headgate.engine.reading.unpack import Sample, find_stray, sample
from headgate.errors import BadFileError, OptionsError
from headgate.options import ReadOptions

_SYNTAX_LINES = 400
_WIDTH_LINES = 2000
_NAMING = ("#", "//", "--", "%")
"""Marks of comments behind which names of columns stand."""
_FIELDS = re.compile(r"#+\s?(?:fields|columns):?\s+", re.IGNORECASE)
"""The beginning of a comment that names columns, as in the logs of web servers and of Zeek."""
_FACT = re.compile(r"#(?:datatype|group|default)\b|!(?:Series|Sample)_|# [a-z]+: ")
"""Beginnings of lines above a table as InfluxDB, GEO and Octave write them."""
_STARS, _STARRED = ("*", "#"), 4
"""Marks of lines above the numbers of a probe at sea, and lines that begin with the first."""
_APART = re.compile(r"\s{2,}")
"""What stands between names of several words."""
_RIVALS = frozenset(",;\t|")
"""Delimiters that hardly stand in the texts of a single column, as blanks do."""


def detect(path: Path, options: ReadOptions = ReadOptions()) -> Dialect:  # noqa: B008
    """Find out how a file is written; whatever the options say is taken as given.

    Raises:
        BadFileError: The file is empty.
        OptionsError: The encoding that the options name is surely not the file's.
        UnreadableError: The bytes are no text table.
        UndecidableError: Two readings are equally likely.
    """
    compression, member = sniff_compression(path, options.member)
    data = sample(path, compression, member)
    if compression != "none":
        refuse_compressed_twice(data.head, path.name)
        refuse_known_binary(data.head, path.name)
    encoding = _find_encoding(path, compression, member, data, options.encoding)
    text = _decode(data.head, encoding.name, final=data.whole)
    if not options.delimiter:
        refuse_markup(text, path.name)
    newline = _newline(text)
    lines = split_lines(text, newline)
    if not data.whole and len(lines) > 1:
        lines.pop()
    if not any(line.strip("\r\n\t \x00\x1a") for line in lines):
        raise _no_data(path)
    skip = options.skip_lines or 0
    syntax, why = choose_syntax(lines[skip : skip + _SYNTAX_LINES], options, path.name)
    extent = _find_extent(path, lines, syntax, options, whole=data.whole)
    if not data.whole and options.footer_lines is None:
        end = split_lines(_decode(data.tail, encoding.name, final=True), newline)[1:]
        extent = _with_footer(extent, end, syntax)
    syntax, ruled = _with_rules(syntax, lines, extent)
    return Dialect(
        compression=compression,
        member=member,
        encoding=encoding.name,
        fallback=encoding.fallback,
        bom=encoding.bom,
        newline=newline,
        **syntax._asdict(),
        **extent._replace(evidence=(encoding.evidence, *why, *ruled, *extent.evidence))._asdict(),
    )


def _find_encoding(
    path: Path, compression: Compression, member: str | None, data: Sample, told: str | None
) -> Encoding:
    """Find the encoding from a sample, and from what only the bytes between its parts tell."""
    found = guess_encoding(data.head, data.tail, told, path.name)
    if data.whole:
        return found
    if not told and found.name == "utf-8":
        stray = find_stray(path, compression, member)
        return guess_encoding(data.head + b"\n" + stray, data.tail, None, path.name)
    if told and found.name != "utf-8" and data.head.isascii() and data.tail.isascii():
        beyond = find_stray(path, compression, member, "ascii")
        guess_encoding(data.head, beyond, told, path.name)
    return found


def refuse_useless_delimiter(path: Path, options: ReadOptions, dialect: Dialect) -> None:
    """Refuse a delimiter that splits no header, or no line, where another one surely would.

    Raises:
        OptionsError: It does not, and another one does.
    """
    if options.delimiter is None or _split(dialect) > 1:
        return
    try:
        found = detect(path, options.model_copy(update={"delimiter": None}))
    except BadFileError:  # what cannot be read without it is what the option is for
        return
    if _split(found) > 1 and found.delimiter in _RIVALS - {options.delimiter}:
        raise OptionsError(
            f"The delimiter {options.delimiter!r} does not split this file into columns; "
            f"{found.delimiter!r} does.",
            where=path.name,
            todo="Leave `delimiter` out, or name another.",
        )


def _split(dialect: Dialect) -> int:
    """Count the columns that the header names, or all where there is none."""
    named = [text for text in dialect.header if text.strip()]
    return len(named if dialect.header else dialect.names)


def _find_extent(
    path: Path, lines: list[str], syntax: Syntax, options: ReadOptions, *, whole: bool
) -> Extent:
    skip = options.skip_lines or 0
    end = skip + _WIDTH_LINES
    few = parse(lines[skip:end], syntax, cut=not whole or end < len(lines)) or parse(lines, syntax)
    rows = parse(lines, syntax, table_width(few.fields) if few else 1, cut=not whole)
    if not any(any(map(str.strip, row)) for row in rows.fields):
        raise _no_data(path)
    untold = options.header_rows is None and options.skip_lines is None
    if untold:
        rows = _without_comments(_without_facts(rows), syntax.comment)
    words = syntax.delimiter == " "
    quoted = any((syntax.quotechar or '"') in line for line in lines)
    commas = syntax.delimiter == "," and not quoted
    extent = find_extent(rows, len(lines), options, whole=whole, words=words, commas=commas)
    return _with_names_above(extent, lines, syntax) if untold else extent


def _with_rules(
    syntax: Syntax, lines: list[str], extent: Extent
) -> tuple[Syntax, tuple[Evidence, ...]]:
    """Look for lines that are drawn between the table's rows, where one is below its header."""
    start, end = extent.skip_lines + extent.header_lines, len(lines) - extent.footer_lines
    if not any(map(is_rule, parse(lines[extent.skip_lines : start], syntax).fields)):
        return syntax, ()
    ruled, body, width = syntax._replace(ruled=True), lines[start:end], len(extent.names)
    blank = parse(body, syntax, width, start + 1).blank
    drawn = sorted({*parse(body, ruled, width, start + 1).blank} - {*blank})
    if not drawn:
        return syntax, ()
    why = f"line {drawn[0]} holds nothing else, as one below the header"
    evidence = Evidence(what="drawn lines", found=f"{len(drawn)} between rows", why=why)
    return ruled, (evidence,)


def _without_facts(rows: Rows) -> Rows:
    """Leave out facts about the table that stand above it and are as wide as it is."""
    marks = _STARS if all(row[0].startswith("*") for row in rows.fields[:_STARRED]) else ()
    facts = [
        _FACT.match(" ".join(row)) is not None or row[0].startswith(marks) for row in rows.fields
    ]
    return rows.only([*range(facts.index(False), len(facts))]) if False in facts else rows


def _without_comments(rows: Rows, mark: str | None) -> Rows:
    """Leave out comments above the table, as wide as it is, but for one that names its columns.

    A single column of words may have a comment for its name.
    """
    fields = rows.fields
    above = [*takewhile(partial(_is_comment, mark), fields)] if mark else []
    first = len(above)
    below = fields[first : first + 1]
    if not mark or not below or (len(below[0]) == 1 and not is_typed(below[0][0])):
        return rows
    adjacent = first > 0 and rows.lines[first] == rows.ends[first - 1] + 1
    if adjacent and _names_below(mark, above, below[0]):
        first -= 1
    places = range(first, len(fields))
    return rows.only([i for i in places if not fields[i][0].startswith(2 * mark)])


def _is_comment(mark: str, row: list[str]) -> bool:
    """Return whether a row begins as comments do; `#fff` and `#12` are values."""
    behind = row[0].removeprefix(mark)
    spaced = not behind or behind[0] in f"{mark[0]} "
    return row[0].startswith(mark) and (spaced or _is_key(behind))


def _names_below(mark: str, comments: list[list[str]], row: list[str]) -> bool:
    """Return whether the last of these comments may name the columns of the row that follows it.

    Numbers, a key of a value and what the row holds again name nothing, nor do several words above
    one column that end several comments.
    """
    last = comments[-1]
    words = [word for cell in last for word in cell.strip(f"{mark} ").split()]
    if not words or len(last) != len(row) or any(map(is_typed, last)) or _is_key(last[0]):
        return False
    return last[1:] != row[1:] if len(row) > 1 else len(comments) == 1 or len(words) == 1


def _is_key(cell: str) -> bool:
    return cell.rstrip().endswith(("=", ":"))


def _no_data(path: Path) -> BadFileError:
    return BadFileError(
        "The file holds no data, only blanks.", where=path.name, todo="Upload it again, complete."
    )


def _with_names_above(extent: Extent, lines: list[str], syntax: Syntax) -> Extent:
    """Look for names that stand otherwise than the rows: in a comment, or not above columns."""
    if syntax.borders:
        return _with_names_in_words(extent, lines)
    mark, above = syntax.comment, [*enumerate(lines[: extent.skip_lines], start=1)]
    told = [(at, text) for at, text in above if _FIELDS.match(text)]
    line, text = (told or above or [(0, "")])[-1]
    if extent.header_rows or mark not in _NAMING or not text.startswith(mark):
        return extent
    text = _FIELDS.sub("", text).lstrip(mark).lstrip()
    rows = parse([text], syntax._replace(comment=None), None)
    why = "a comment that has a word for each column stands above the first row"
    named = name_by_line(extent, rows.fields[0] if rows else [], line, why)
    return named._replace(header_notes=extent.skip_lines - line) if named != extent else extent


def _with_names_in_words(extent: Extent, lines: list[str]) -> Extent:
    """Name aligned columns by a line that is not aligned with them.

    It has a word for each, or else words with several blanks between those of different columns.
    """
    cut = any("  " in name for name in extent.header)
    if extent.header_rows and all(map(str.strip, extent.header)) and not cut:
        return extent
    above = [at for at, line in enumerate(lines[: extent.skip_lines + 1]) if _holds_words(line)]
    at = extent.skip_lines if extent.header_rows else max(above[:-1], default=0)
    words, phrases = lines[at].split(), _APART.split(lines[at].strip())
    named = words if len(words) == len(extent.names) else phrases
    why = "it has a word for each of the columns that are aligned below it"
    return name_by_line(extent, named, at + 1, why)


def _holds_words(line: str) -> bool:
    return line.strip() != "" and not is_rule(line.split())


def _decode(data: bytes, encoding: str, *, final: bool) -> str:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return decoder.decode(data, final).lstrip("\ufeff")


def _with_footer(extent: Extent, end: list[str], syntax: Syntax) -> Extent:
    """Look for a footer on the last lines of a file that was not looked at as a whole."""
    width = len(extent.names)
    rows = parse(end, syntax, width)
    notes = footer_rows(rows.fields, width)
    if not notes or notes == len(rows.fields):
        return extent
    lines = len(end) - rows.ends[-notes - 1]
    evidence = footer_evidence(lines, rows.fields[-notes:])
    return extent._replace(footer_lines=lines, evidence=(*extent.evidence, evidence))


def _newline(text: str) -> Newline:
    pairs = text.count("\r\n")
    feeds, returns = text.count("\n") - pairs, text.count("\r") - pairs
    if returns > 0.05 * (pairs + feeds):
        return "\r" if not pairs and not feeds else "mixed"
    return "\r\n" if pairs > feeds else "\n"
