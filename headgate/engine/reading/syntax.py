"""Which delimiter, quotes and escapes a sample of lines is written with.

Here: the choice among the `candidates`, and what stands around whole lines. Not here: how one of
them is judged, and what is left to doubt beside its score (`rivals`).
"""

from itertools import takewhile

from headgate.engine.reading.aligned import find_borders, find_ruled_borders
from headgate.engine.reading.candidates import (
    COMMON,
    FEWEST,
    Candidate,
    cut_at,
    judge,
    name_of,
    ranked,
)
from headgate.engine.reading.cells import shape
from headgate.engine.reading.csv_input import unframe, unwrap
from headgate.engine.reading.dialect import Evidence, Syntax
from headgate.engine.reading.quoting import Quoting
from headgate.engine.reading.rivals import refuse_tie, rival_of, splits_phrases, splits_values
from headgate.engine.reading.tokenise import LITERAL, parse
from headgate.errors import UndecidableError
from headgate.options import ReadOptions
from headgate.words import counted

_BARS = "|│"
"""Delimiters that some programs put before and behind rows, too."""
_COMMENTS = ("#", "//", "--", "%", "SQL>", "mysql>", "sqlite>", "postgres=#", ";")
_DRAWN = "-=+:|,; \t\r\n"
"""What a line is made of that is drawn below a header: no comment."""
_MANY = 20


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
    candidates = ranked(lines, comment, options)
    rival = rival_of(candidates[0], candidates, lines, options)
    best = rival or candidates[0]
    if splits_values(best, lines, options, where) or splits_phrases(best, lines, options, where):
        best = _in_one_column(candidates, lines)
    elif best.width == 1:
        whole = {c.syntax.delimiter: c for c in candidates if c.width == 1 and c.even == 1}
        best = next(whole[d] for d in (*COMMON, *whole) if d in whole)
    aligned = _aligned(lines, best, comment, options)
    if aligned:
        best = aligned
        _refuse_fixed_width(aligned, lines, where)
    elif not rival:
        refuse_tie(candidates, lines, options, where)
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
    best = ranked(inner, None, options)[0]
    doubled = any('""' in line.strip().strip('"') for line in lines)
    if best.even < 1 or best.width < (2 if doubled else 3) or best.syntax.delimiter not in COMMON:
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
            evidence = Evidence(what="framed", found=f"by the {name_of(mark)}", why=told)
            return syntax._replace(framed=True), (*why, evidence)
    return None


def _barred(lines: list[str], mark: str) -> list[str]:
    """Return the lines with bars; none where one does not begin and end so, or many have none."""
    barred = [at for at, line in enumerate(lines) if mark in line]
    below = lines[barred[0] :] if barred else []
    others = sum(mark not in line and line.strip(_DRAWN) != "" for line in below)
    found = [lines[at] for at in barred]
    few = len(found) < max(FEWEST, 3 * others)
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


def _in_one_column(candidates: list[Candidate], lines: list[str]) -> Candidate:
    """Read lines whole, by a delimiter that is in none of them."""
    syntax = next(c.syntax for c in candidates if not any(c.syntax.delimiter in n for n in lines))
    return judge(lines, syntax, Quoting(1, 0))


def _aligned(
    lines: list[str], best: Candidate, comment: str | None, options: ReadOptions
) -> Candidate | None:
    """Columns that stand one below the other, where no delimiter splits the lines as well."""
    common = best.width > 1 and best.syntax.delimiter in COMMON
    if options.delimiter or common:
        return None
    found = cut_at(find_ruled_borders(lines), lines, comment)
    if not found and (best.width == 1 or best.even < 1):
        found = cut_at(find_borders(lines), lines, comment)
    blank = best.width == 1 or best.syntax.delimiter == " "
    return found if found and (blank or found.score > best.score) else None


def _refuse_fixed_width(found: Candidate, lines: list[str], where: str) -> None:
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


def _comment(lines: list[str]) -> str | None:
    """Return the mark that some lines start with, but by no means all, or several at the top."""
    filled = [line for line in lines if line.strip(_DRAWN)]
    for mark in _COMMENTS:
        marked = [line.startswith(mark) for line in filled]
        at_top = not any(marked[sum(marked) :])
        few = sum(marked) < (len(filled) - 1 if at_top else 0.8 * len(filled))
        if any(marked) and few and not (mark in COMMON and _is_inside(mark, filled)):
            return mark
    return None


def _numbers_below_signs(lines: list[str]) -> list[str]:
    """Return many lines of as many numbers between blanks, below lines that begin with signs."""
    numbers = [*takewhile(_holds_numbers, reversed(lines))]
    above = [line for line in lines[: len(lines) - len(numbers)] if line.strip()]
    many = len(numbers) >= _MANY and len({len(line.split()) for line in numbers}) == 1
    signs = len(above) > FEWEST and not any(line.lstrip()[0].isalnum() for line in above)
    return numbers[::-1] if many and signs else []


def _holds_numbers(line: str) -> bool:
    words = line.split()
    return len(words) > 1 and all(shape(word) == "number" for word in words)


def _is_inside(mark: str, lines: list[str]) -> bool:
    """Return whether a mark that lines start with is inside others, as a delimiter is."""
    return any(mark in line for line in lines if not line.startswith(mark))


def _explain(
    best: Candidate, candidates: list[Candidate], lines: list[str], options: ReadOptions
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


def _explain_delimiter(best: Candidate, candidates: list[Candidate], *, told: bool) -> Evidence:
    syntax = best.syntax
    if syntax.borders:
        why = f"blanks stand between {best.width} columns, one below the other"
        return Evidence(what="delimiter", found="none: the columns are aligned", why=why)
    why = f"{best.even:.0%} of the rows looked at then have {counted(best.width, 'field')}"
    if rivals := [c for c in candidates if c.syntax.delimiter != syntax.delimiter]:
        why += f"; next best is {name_of(rivals[0].syntax.delimiter)}"
    if told:
        why = "told by an option"
    name = name_of(syntax.delimiter) + (" and spaces" if syntax.skipinitialspace else "")
    return Evidence(what="delimiter", found=name, why=why)


def _explain_quotes(quote: str, lines: list[str], *, told: bool) -> Evidence:
    if told:
        why = "told by an option"
    elif any(quote in line for line in lines):
        why = "encloses more fields than any other"
    else:
        why = "the usual one; no line looked at holds any"
    return Evidence(what="quotechar", found=quote, why=why)
