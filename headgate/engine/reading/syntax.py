"""Which delimiter, quotes and escapes a sample of lines is written with.

Every candidate splits the sample, and the splits are compared: are the rows even, do the columns
hold one kind of thing each, do the quotes stand where fields begin and end?
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import dropwhile, groupby, takewhile
from typing import NamedTuple

from headgate.engine.reading.aligned import find_borders, find_ruled_borders
from headgate.engine.reading.cells import count_filled, is_typed, shape, shapes
from headgate.engine.reading.dialect import Evidence, Syntax
from headgate.engine.reading.tokenise import LITERAL, parse, unframe, unwrap
from headgate.errors import UndecidableError, UnreadableError
from headgate.options import ReadOptions
from headgate.words import counted

_COMMON = {",": 1.0, "\t": 1.0, ";": 0.98, "|": 0.95, "│": 0.95}
_RARE = {":": 0.65, " ": 0.7, "#": 0.7}
_UNUSUAL = 0.9
_BARS = "|│"
"""Delimiters that some programs put before and behind rows, too."""
_INSIDE_VALUES = dict.fromkeys("=!*&\uff0c\uff1b", 0.7)
"""Those that stand in values too: `temp=20.5`, and the commas of Chinese sentences."""
_UNUSUAL_DELIMITERS = (
    "\x01", "\x1e", "\x1f", "~", "^", "§", "¦", "¬", "=", "!", "*", "&", "\uff0c", "\uff1b",
    "||", "::", ";;", "~|~",
)  # fmt: skip
_BETWEEN_WORDS = re.compile(r"(?<=[^\s,;|\t])\$")
"""A delimiter as some agencies use it; behind a blank or another delimiter it is money."""
_COMMENTS = ("#", "//", "--", "%", "SQL>", "mysql>", "sqlite>", "postgres=#", ";")
_DRAWN = "-=+:|,; \t\r\n"
"""What a line is made of that is drawn below a header: no comment."""
_ONE_COLUMN = 0.25
_PHRASE = re.compile(r"(?:[^,]+, )+[^,]+")
"""A line with commas as they stand in a sentence, but hardly between names."""
_COMMA_BESIDE_TEXT = re.compile(r"(?<![0-9]),|,(?![0-9])")
_FEWEST = 3
_MANY = 20
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
_MAX_CELLS = 6000
_MAX_TEXT = 1 << 16
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space", ":": "colon"}


class _Candidate(NamedTuple):
    """One way to split the sample, and how good the outcome is."""

    score: float
    syntax: Syntax
    width: int
    even: float
    alike: float


class _Quoting(NamedTuple):
    """How well the quotes of the sample go with a delimiter."""

    fit: float
    """The share of quotes that stand beside a delimiter, a line end or another quote."""
    enclosed: int
    """Fields that are enclosed in quotes."""

    def worth(self, rows: int) -> float:
        """Return a factor of the score: more than 1 where fields of these rows are enclosed."""
        return (0.3 + 0.7 * self.fit) * (1 + 0.3 * min(1, self.enclosed / rows))

    @property
    def ceiling(self) -> float:
        """The most that it can be worth."""
        return self.worth(1)


def choose_syntax(
    lines: list[str], options: ReadOptions, where: str
) -> tuple[Syntax, tuple[Evidence, ...]]:
    """Find the syntax that splits these lines best; what the options say is taken as given.

    Raises:
        UndecidableError: Two delimiters split the lines equally well, and differently.
    """
    inner = unwrap(lines) if options.delimiter is None else lines
    if inner != lines and (found := _wrapped(lines, inner, options, where)):
        return found
    return _framed(lines, options, where) or _choose(lines, options, where)


def _choose(
    lines: list[str], options: ReadOptions, where: str
) -> tuple[Syntax, tuple[Evidence, ...]]:
    """Return the syntax of lines that are neither enclosed nor framed as a whole."""
    comment = _comment(lines)
    lines = _numbers_below_signs(lines) or lines
    candidates = _ranked(lines, comment, options)
    rival = _rival(candidates[0], candidates, lines, options)
    best = rival or candidates[0]
    if _splits_values(best, lines, options, where) or _splits_phrases(best, lines, options, where):
        best = _in_one_column(candidates, lines)
    elif best.width == 1:
        whole = {c.syntax.delimiter: c for c in candidates if c.width == 1 and c.even == 1}
        best = next(whole[d] for d in (*_COMMON, *whole) if d in whole)
    aligned = _aligned(lines, best, comment, options)
    if aligned:
        best = aligned
        _refuse_fixed_width(aligned, lines, where)
    elif not rival:
        _refuse_tie(candidates, lines, options, where)
    return _with_literals(best.syntax, _explain(best, candidates, lines, options), lines)


def _wrapped(
    lines: list[str], inner: list[str], options: ReadOptions, where: str
) -> tuple[Syntax, tuple[Evidence, ...]] | None:
    """Return the syntax inside quotes that enclose whole lines, where it splits all of them alike.

    Two columns without quotes inside may be one column whose values hold the delimiter.
    """
    changed = sum(a != b for a, b in zip(lines, inner, strict=True))
    if changed < 2 or 2 * changed < len(lines):
        return None
    best = _ranked(inner, None, options)[0]
    doubled = any('""' in line.strip().strip('"') for line in lines)
    if best.even < 1 or best.width < (2 if doubled else 3) or best.syntax.delimiter not in _COMMON:
        return None
    syntax, why = choose_syntax(inner, options, where)
    told = f"{changed} of {len(lines)} lines looked at are enclosed in quotes as a whole"
    evidence = Evidence(what="wrapped", found="yes", why=told)
    return syntax._replace(wrapped=True), (*why, evidence)


def _framed(
    lines: list[str], options: ReadOptions, where: str
) -> tuple[Syntax, tuple[Evidence, ...]] | None:
    """Return the syntax inside bars that stand before and behind every row."""
    marks = [mark for mark in _BARS if options.delimiter in (None, mark)]
    for mark, barred in ((mark, _barred(lines, mark)) for mark in marks):
        if not barred:
            continue
        syntax, why = _choose(unframe(barred, mark), options, where)
        if syntax.delimiter == mark:
            told = f"it stands before and behind each of {len(barred)} rows looked at, too"
            evidence = Evidence(what="framed", found=f"by the {_name(mark)}", why=told)
            return syntax._replace(framed=True), (*why, evidence)
    return None


def _barred(lines: list[str], mark: str) -> list[str]:
    """Return the lines with bars; none where one does not begin and end so, or many have none."""
    barred = [at for at, line in enumerate(lines) if mark in line]
    below = lines[barred[0] :] if barred else []
    others = sum(mark not in line and line.strip(_DRAWN) != "" for line in below)
    found = [lines[at] for at in barred]
    few = len(found) < max(_FEWEST, 3 * others)
    return [] if few or {*found} & {*unframe(found, mark)} else found


def _with_literals(
    syntax: Syntax, why: tuple[Evidence, ...], lines: list[str]
) -> tuple[Syntax, tuple[Evidence, ...]]:
    """Look for texts that are written as formulas, so that a spreadsheet keeps their zeros."""
    found = [
        cell
        for row in parse([line for line in lines if '="' in line], syntax, cut=True).fields
        for cell in row
        if LITERAL.fullmatch(cell.strip())
    ]
    if not found:
        return syntax, why
    told = f"{counted(len(found), 'cell')} looked at hold formulas of a text; the text is read"
    evidence = Evidence(what="literals", found=f"such as {found[0].strip()}", why=told)
    return syntax._replace(literals=True), (*why, evidence)


def _ranked(lines: list[str], comment: str | None, options: ReadOptions) -> list[_Candidate]:
    """Judge the candidates, the best first; those that cannot win are not tried out."""
    text = "".join(lines)
    below = "".join(dropwhile(lambda line: comment and line.startswith(comment), lines))
    found: list[_Candidate] = []
    best = 0.0
    quotes = {
        delimiter: _quote(text, delimiter, options.quotechar)
        for delimiter in _delimiters(text, lines, options.delimiter)
    }
    quotings = _quotings(below, quotes)
    for delimiter, quote in quotes.items():
        quoting = quotings[delimiter]
        for syntax in _candidates(text, delimiter, quote, options):
            ceiling = quoting.ceiling * _prior(delimiter) if delimiter in text else _ONE_COLUMN
            if ceiling < best:
                found.append(_Candidate(ceiling, syntax, 0, 0, 0))
            else:
                marked = syntax._replace(comment=None if comment == delimiter else comment)
                found.append(_judge(lines, marked, quoting))
                best = max(best, found[-1].score)
    return sorted(found, key=lambda c: c.score, reverse=True)


def _rival(
    best: _Candidate, candidates: list[_Candidate], lines: list[str], options: ReadOptions
) -> _Candidate | None:
    """Return what parts the cells where the best delimiter only stands inside them."""
    mark = best.syntax.comment or "\n"
    rows = [line for line in lines if line.strip() and not line.startswith(mark)]
    if options.delimiter or best.width < 2 or len(rows) < _FEWEST:
        return None
    return _that_names_columns(best, candidates, rows) or _around_numbers(best, candidates, rows)


def _that_names_columns(
    best: _Candidate, candidates: list[_Candidate], lines: list[str]
) -> _Candidate | None:
    """Return a delimiter that splits all alike and parts names in the first line, if best does not.

    Those that are common inside values, such as a colon, are in titles too.
    """
    if best.syntax.delimiter in lines[0]:
        return None
    for syntax in (c.syntax for c in candidates if _prior(c.syntax.delimiter) >= _UNUSUAL):
        if _parts_names(lines[0], syntax):
            found = _judge(lines, syntax, _Quoting(1, 0))
            if found.even == 1:
                return found
    return None


def _parts_names(line: str, syntax: Syntax) -> bool:
    """Return whether a line holds several cells, none of them blank, indented or a value."""
    names = [cell for row in parse([line], syntax).fields for cell in row]
    return len(names) > 1 and not any(cell[:1] in ("", " ") or is_typed(cell) for cell in names)


def _around_numbers(
    best: _Candidate, candidates: list[_Candidate], lines: list[str]
) -> _Candidate | None:
    """Return what leaves each comma inside one number, where all stand between digits.

    Where all that the commas part are numbers or times, they may part them.
    """
    lines = lines[1:] if _PHRASE.fullmatch(lines[0]) else lines
    if best.syntax.delimiter != "," or any(map(_COMMA_BESIDE_TEXT.search, lines)):
        return None
    rows = parse(lines, best.syntax).fields
    if all(is_typed(cell) for row in rows if len(row) > 1 for cell in row):
        return None
    found = [_judge(lines, c.syntax, _Quoting(1, 0)) for c in candidates]
    rivals = [each for each in found if each.width > 1 and each.alike > best.alike]
    padded = any("  " in line for line in lines)
    if padded and (aligned := _cut_at(find_borders(lines), lines, None)):
        rivals.append(aligned)
    kept = [
        each
        for each in rivals
        if _may_part(each, best, lines) and _keeps_numbers(lines, each.syntax)
    ]
    return max(kept, key=lambda each: (each.even, each.score), default=None)


def _may_part(rival: _Candidate, best: _Candidate, lines: list[str]) -> bool:
    """Return whether a rival parts more than a phrase: names or values, often or aligned."""
    syntax = rival.syntax
    if syntax.delimiter in _COMMON:
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


def _splits_phrases(best: _Candidate, lines: list[str], options: ReadOptions, where: str) -> bool:
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


def _splits_values(best: _Candidate, lines: list[str], options: ReadOptions, where: str) -> bool:
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
    return mark in _COMMON and spaced and not any(map(is_typed, cells))


def _are_amounts(values: list[str]) -> bool:
    """Return whether all values have the same sign of money or shares, and commas alike."""
    found = [_AMOUNT.fullmatch(value) for value in values]
    signs = {(each["before"] or "", each["after"] or "") for each in found if each}
    if not all(found) or len(found) < _FEWEST or len(signs) > 1 or signs == {("", "")}:
        return False
    bodies = [each["body"] for each in found if each]
    decimals = {len(body.rpartition(",")[2]) for body in bodies}
    by_comma = len(decimals) == 1 and all(map(_DECIMAL_COMMA.fullmatch, bodies))
    return by_comma or all(map(_IN_THOUSANDS.fullmatch, bodies))


def _in_one_column(candidates: list[_Candidate], lines: list[str]) -> _Candidate:
    """Read lines whole, by a delimiter that is in none of them."""
    syntax = next(c.syntax for c in candidates if not any(c.syntax.delimiter in n for n in lines))
    return _judge(lines, syntax, _Quoting(1, 0))


def _aligned(
    lines: list[str], best: _Candidate, comment: str | None, options: ReadOptions
) -> _Candidate | None:
    """Columns that stand one below the other, where no delimiter splits the lines as well."""
    common = best.width > 1 and best.syntax.delimiter in _COMMON
    if options.delimiter or common:
        return None
    found = _cut_at(find_ruled_borders(lines), lines, comment)
    if not found and (best.width == 1 or best.even < 1):
        found = _cut_at(find_borders(lines), lines, comment)
    blank = best.width == 1 or best.syntax.delimiter == " "
    return found if found and (blank or found.score > best.score) else None


def _refuse_fixed_width(found: _Candidate, lines: list[str], where: str) -> None:
    """Refuse aligned columns of which most rows have several blanks inside a cell.

    More columns than are seen may begin there, or behind no blank at all.

    Raises:
        UndecidableError: That is so, and no dashes below the names tell where columns begin.
    """
    rows = [row for row in parse(lines, found.syntax).fields if len(row) == found.width]
    gaps = sum(any("  " in cell.strip() for cell in row) for row in rows)
    if 2 * gaps > len(rows) and not find_ruled_borders(lines):
        raise UndecidableError(
            f"The columns seem to be of fixed width, as {gaps} of {len(rows)} rows looked at have "
            "several blanks inside a cell: blanks do not tell where all of them begin.",
            where=where,
            todo="Send it with a delimiter between the columns, or name the option `delimiter`: "
            "';' to read each line as one value.",
        )


def _cut_at(borders: tuple[int, ...], lines: list[str], comment: str | None) -> _Candidate | None:
    """Cut the lines where columns begin; none where hardly a line can be cut there."""
    if not borders:
        return None
    found = _judge(lines, Syntax(" ", None, comment=comment, borders=borders), _Quoting(1, 0))
    return found if found.score else None


def _comment(lines: list[str]) -> str | None:
    """Return the mark that some lines start with, but by no means all, or several at the top."""
    filled = [line for line in lines if line.strip(_DRAWN)]
    for mark in _COMMENTS:
        marked = [line.startswith(mark) for line in filled]
        at_top = not any(marked[sum(marked) :])
        few = sum(marked) < (len(filled) - 1 if at_top else 0.8 * len(filled))
        if any(marked) and few and not (mark in _COMMON and _is_inside(mark, filled)):
            return mark
    return None


def _numbers_below_signs(lines: list[str]) -> list[str]:
    """Return many lines of as many numbers between blanks, below lines that begin with signs."""
    numbers = [*takewhile(_holds_numbers, reversed(lines))]
    above = [line for line in lines[: len(lines) - len(numbers)] if line.strip()]
    many = len(numbers) >= _MANY and len({len(line.split()) for line in numbers}) == 1
    signs = len(above) > _FEWEST and not any(line.lstrip()[0].isalnum() for line in above)
    return numbers[::-1] if many and signs else []


def _holds_numbers(line: str) -> bool:
    words = line.split()
    return len(words) > 1 and all(shape(word) == "number" for word in words)


def _is_inside(mark: str, lines: list[str]) -> bool:
    """Return whether a mark that lines start with is inside others, as a delimiter is."""
    return any(mark in line for line in lines if not line.startswith(mark))


def _candidates(
    text: str, delimiter: str, quote: str | None, options: ReadOptions
) -> Iterator[Syntax]:
    escape = _escape(text, delimiter, quote, options.escapechar)
    padded = options.delimiter is None and _has_padding(text, delimiter, quote)
    yield Syntax(delimiter, quote, escape, skipinitialspace=padded)
    if escape is None and options.escapechar is None and "\\" + delimiter in text:
        yield Syntax(delimiter, quote, "\\", skipinitialspace=padded)
    if delimiter == " ":
        yield Syntax(delimiter, quote, escape, skipinitialspace=True)


def _delimiters(text: str, lines: list[str], told: str | None) -> list[str]:
    if told:
        return [told]
    filled = [line for line in lines[:50] if line.strip()]
    found = [d for d in (*_COMMON, *_RARE) if d in text]
    found += [
        d for d in _UNUSUAL_DELIMITERS if d in text and len({line.count(d) for line in filled}) == 1
    ]
    counts = {len(_BETWEEN_WORDS.findall(line)) for line in filled}
    if len(counts) == 1 and max(counts) > 2:
        found.append("$")
    return [*found, next((d for d in _COMMON if d not in text), "\x1f")]


def _quote(text: str, delimiter: str, told: str | None) -> str | None:
    """Return the quote character that encloses most fields."""
    if told is not None:
        return told or None
    if "'" not in text:
        return '"'
    enclosed = {q: _count_enclosed(text, delimiter, q) for q in ('"', "'")}
    return "'" if enclosed["'"] > 2 * enclosed['"'] else '"'


def _count_enclosed(text: str, delimiter: str, quote: str) -> int:
    text = text[:_MAX_TEXT]
    if quote not in text:
        return 0
    d, q = re.escape(delimiter), re.escape(quote)
    pattern = rf"{_opening(d, q)}(?:[^{q}]++|{q}{q})++{q}[ ]*(?={d}|\r?$)"
    return len(re.findall(pattern, text, re.MULTILINE))


def _opening(d: str, q: str) -> str:
    """Return the pattern of a quote behind a delimiter or a line end, and blanks.

    It begins with the quote, to which a search jumps; what comes before is looked at from there.
    """
    behind = (rf"(?<={start}{' ' * blanks}{q})" for start in (d, "^") for blanks in range(4))
    return rf"{q}(?:{'|'.join(behind)})"


def _escape(text: str, delimiter: str, quote: str | None, told: str | None) -> str | None:
    """Return a backslash, if it stands before quotes that neither open nor close a field."""
    if told is not None:
        return told or None
    if quote is None or "\\" + quote not in text:
        return None
    inner = len(re.findall(rf"\\{quote}(?!{re.escape(delimiter)}|{quote}|\r?\n|$)", text))
    return "\\" if inner * 2 >= text.count("\\" + quote) else None


def _has_padding(text: str, delimiter: str, quote: str | None) -> bool:
    """Return whether blanks follow the delimiter so regularly that they belong to it."""
    if delimiter == " " or delimiter + " " not in text:
        return False
    if quote and delimiter + " " + quote in text and delimiter + quote not in text:
        return True
    total, padded = text.count(delimiter), text.count(delimiter + " ")
    at_end = len(re.findall(re.escape(delimiter) + r"\r?(?:\n|$)", text))
    return padded == total - at_end > 2


def _judge(lines: list[str], syntax: Syntax, quoting: _Quoting) -> _Candidate:
    fields = _split(lines, syntax)
    if not fields:
        return _Candidate(0, syntax, 0, 0, 0)
    width = _width(fields)
    even = _evenness([len(f) for f in fields], width)
    body = [f for f in fields if len(f) == width]
    body = (body[1:] or body)[: max(20, _MAX_CELLS // width)]
    if width == 2 and not any(row[0].strip() for row in body):
        return _Candidate(0, syntax, width, even, 0)  # it stands before lines and parts nothing
    alike = _likeness(body, width)
    trust = len(body) / (len(body) + 1)
    alike = 0.5 * (1 - trust) + trust * alike
    if width == 1:
        score = _ONE_COLUMN * (0.5 + 0.5 * alike) * (0.3 + 0.7 * quoting.fit)
        return _Candidate(score, syntax, 1, even, alike)
    few = sum(len(f) == width for f in fields) < _FEWEST
    if few and syntax.delimiter not in _COMMON and not _are_named(fields, lines, syntax):
        return _Candidate(0, syntax, width, even, alike)
    columns = _count_told(body) if syntax.delimiter == " " else width
    score = _prior(syntax.delimiter) * even**1.5 * (0.3 + 0.7 * alike) * (1 - 0.25 / columns)
    score *= quoting.worth(len(fields)) * (1 - 0.8 * _tabs_inside(body))
    return _Candidate(score, syntax, width, even, alike)


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
        if syntax.delimiter in _COMMON:
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


def _prior(delimiter: str) -> float:
    return (_COMMON | _RARE | _INSIDE_VALUES).get(delimiter, _UNUSUAL)


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


def _quotings(text: str, quotes: dict[str, str | None]) -> dict[str, _Quoting]:
    """Weigh the quotes beside each delimiter; where none encloses a field, they are values'."""
    found = {delimiter: _quoting(text, delimiter, quote) for delimiter, quote in quotes.items()}
    if any(quoting.enclosed for quoting in found.values()):
        return found
    return dict.fromkeys(quotes, _Quoting(1, 0))


def _quoting(text: str, delimiter: str, quote: str | None) -> _Quoting:
    text = text[:_MAX_TEXT]
    enclosed = _count_enclosed(text, delimiter, quote or '"')
    if quote is None or quote not in text:
        return _Quoting(1, enclosed)
    d, q = re.escape(delimiter), re.escape(quote)
    pattern = rf"{_opening(d, q)}|{q}(?:(?=[ ]*(?:{d}|\r?$))|{q})"
    beside = len(re.findall(pattern, text, re.MULTILINE))
    return _Quoting(min(1.0, beside / text.count(quote)), enclosed)


def _refuse_tie(
    candidates: list[_Candidate], lines: list[str], options: ReadOptions, where: str
) -> None:
    judged = [candidate for candidate in candidates if candidate.width]
    rivals = [c for c in judged if c.syntax.delimiter != judged[0].syntax.delimiter]
    if options.delimiter or not rivals:
        return
    best, second = judged[0], rivals[0]
    both_common = {best.syntax.delimiter, second.syntax.delimiter} <= _COMMON.keys()
    if not both_common or best.width == 1 or best.width != second.width:
        return
    if abs(best.even - second.even) < 0.01 and abs(best.alike - second.alike) < 0.01:
        names = " or ".join(_name(c.syntax.delimiter) for c in (best, second))
        raise UndecidableError(
            f"The delimiter can be {names}: both split the {len(lines)} lines looked at into "
            f"{best.width} columns.",
            where=where,
            todo="Name it with the option `delimiter`.",
        )


def _name(delimiter: str) -> str:
    return _NAMES.get(delimiter, repr(delimiter))


def _explain(
    best: _Candidate, candidates: list[_Candidate], lines: list[str], options: ReadOptions
) -> tuple[Evidence, ...]:
    syntax = best.syntax
    found = [
        _explain_delimiter(best, candidates, told=bool(options.delimiter)),
        _explain_quotes(syntax.quotechar or "none", lines, told=options.quotechar is not None),
    ]
    if syntax.escapechar:
        why = "stands before quotes inside fields"
        found.append(Evidence(what="escapechar", found=syntax.escapechar, why=why))
    if syntax.comment:
        why = "some lines start with it and do not fit the table"
        found.append(Evidence(what="comment", found=syntax.comment, why=why))
    return tuple(found)


def _explain_delimiter(best: _Candidate, candidates: list[_Candidate], *, told: bool) -> Evidence:
    syntax = best.syntax
    if syntax.borders:
        why = f"blanks stand between {best.width} columns, one below the other"
        return Evidence(what="delimiter", found="none: the columns are aligned", why=why)
    why = f"{best.even:.0%} of the rows looked at then have {counted(best.width, 'field')}"
    if rivals := [c for c in candidates if c.syntax.delimiter != syntax.delimiter]:
        why += f"; next best is {_name(rivals[0].syntax.delimiter)}"
    if told:
        why = "told by an option"
    name = _name(syntax.delimiter) + (" and spaces" if syntax.skipinitialspace else "")
    return Evidence(what="delimiter", found=name, why=why)


def _explain_quotes(quote: str, lines: list[str], *, told: bool) -> Evidence:
    if told:
        why = "told by an option"
    elif any(quote in line for line in lines):
        why = "encloses more fields than any other"
    else:
        why = "the usual one; no line looked at holds any"
    return Evidence(what="quotechar", found=quote, why=why)
