"""Which formats a sample of a column's texts could be written in.

A guess costs little and may be wrong: whoever asks holds all values of the file to it afterwards.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import product

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.columns.doubles import PROGRAMS, Scientific, Shortest
from headgate.engine.columns.formats import Format, Words
from headgate.engine.columns.moments import IsoMoment, Moment, SerialDay
from headgate.engine.columns.numbers import MOST_DECIMALS, Negative, Number
from headgate.engine.reading.cells import SIGN

_WORD_PAIRS = (
    *(("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"), ("on", "off"), ("ja", "nein")),
    *(("oui", "non"), ("sí", "no"), ("si", "no"), ("sim", "não"), ("vrai", "faux")),
    *(("wahr", "falsch"), ("verdadero", "falso"), ("verdadeiro", "falso"), ("vero", "falso")),
    *(("ja", "nej"), ("ja", "nee"), ("tak", "nie"), ("ano", "ne"), ("igen", "nem"), ("da", "nu")),
    *(("да", "нет"), ("так", "ні"), ("истина", "ложь"), ("是", "否")),
    *(("はい", "いいえ"), ("예", "아니요"), ("예", "아니오"), ("نعم", "لا")),
)
_GROUPED = (
    *((",", "."), (".", ","), (" ", ","), (" ", "."), ("'", "."), ("\u2019", ".")),
    *((blank, mark) for blank in "\u00a0\u202f\u2009" for mark in ",."),
)
"""Thousands separator and decimal mark, as they go together."""
_NAMES_DATE = re.compile(r"(?:(?<!candi)(?<!man)(?<!up)date|datum|fecha)(?![a-z])", re.IGNORECASE)
"""Names of columns in which whole numbers may count days: not `candidates`, not `per day`."""
_ABOUT_DATES = re.compile(r"date|datum|fecha|data\b|day\b|tag\b|jour\b|_dt\b|_at\b", re.IGNORECASE)
_MANY = 20
"""Distinct texts that can hardly all be dates by accident."""
_NUMBER = re.compile(rf"-?((?:{SIGN})\s?)?-?[\d.,'\u2019\s]*\d(\s?(?:{SIGN}))?")
_IN_LAKHS = re.compile(r"\d,\d\d,\d")
_IN_THREES = re.compile(r"\d{3}(?:\s\d{3}){2,}")
"""Phone and registration numbers: amounts are not all of the same length."""
_FOUR_DIGITS = re.compile(r"-?\d{4}")
_DIGIT = re.compile(r"[0-9]")
SHORTENED = re.compile(r"[1-9]\.[0-9]{1,5}E\+1[0-9]")
"""Long whole numbers, most likely ids, as a spreadsheet shows and then saves them."""
_SCIENTIFIC = re.compile(r"-?[0-9]\.([0-9]{1,18})([eE])[+-]([0-9]{2,3})")
_DIGIT_FIRST = re.compile(r"-?[0-9]")
_MOMENT = re.compile(r"(.+?)(?:(, |[ T])(\d{1,2}:\d\d(:\d\d)?)(\.\d{1,6})?( [AP]M)?(Z)?)?")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_THREE_NUMBERS = re.compile(r"(\d{4}|\d{1,2})([/.-])\d{1,2}\2(\d{4}|\d{1,2})")
_MONTH_INSIDE = re.compile(r"\d{1,2}([ ./-]?)([A-Za-z]{3,9})\1(\d{4}|\d\d)")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9}) \d{1,2}, \d{4}")
_COMPACT = re.compile(r"(?:19|20)\d{6}")
_CERTAIN_YEAR = "(?:[0-2][0-9]|69|[7-9][0-9])"
"""Years that POSIX and spreadsheets put into the same century; 30 to 68 are 1930 or 2030."""
_ANY_YEAR = "[0-9]{2}"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def propose(sample: Sequence[str], name: str, *, loose: bool = False) -> list[Format]:
    """List the formats that fit all texts of a sample, the likeliest first.

    Args:
        sample: Some distinct texts of a column, none empty and none a sign for missing.
        name: The column's name, which may speak of dates.
        loose: Whether numbers may be written so that the exact text cannot be had back.
    """
    texts = pa.array(sample, pa.string())
    guesses = candidates(sample, name, loose=loose)
    return [guess for guess in guesses if pc.all(guess.fits(texts)).as_py()]


def candidates(sample: Sequence[str], name: str, *, loose: bool = False) -> list[Format]:
    """List the formats that come to mind at a sample, whether or not all its texts fit them."""
    if not sample:
        return []
    if not all(map(has_digit, sample)):
        return [*_words(sample)]
    found = [*_words(sample), *moments(sample, name), *_numbers(sample), *_doubles(sample)]
    if loose:
        found += _loose(sample)
    return [*dict.fromkeys(found)]


def has_digit(text: str) -> bool:
    """Return whether a text could be a number or a date."""
    return _DIGIT.search(text) is not None


def _words(sample: Sequence[str]) -> Iterator[Format]:
    """One word alone may be a name or a country; only `true` and `false` speak for themselves."""
    yield from _truth_values_by_words().get(frozenset(sample), ())


@cache
def truth_values() -> tuple[Words, ...]:
    """Return all pairs of words that stand for true and false."""
    cases = (str.lower, str.title, str.upper)
    return tuple(Words(*map(case, pair)) for pair, case in product(_WORD_PAIRS, cases))


@cache
def _truth_values_by_words() -> Mapping[frozenset[str], list[Words]]:
    """Return what the words of a column stand for."""
    found = defaultdict[frozenset[str], list[Words]](list)
    for words in truth_values():
        found[frozenset((words.true, words.false))].append(words)
        if words.true.lower() == "true":
            found[frozenset((words.true,))].append(words)
            found[frozenset((words.false,))].append(words)
    return found


def _numbers(sample: Sequence[str]) -> Iterator[Format]:
    yield from _grouped_in_lakhs(sample)
    yield from _signed_otherwise(sample)
    affixes = _affixes(sample[0])
    if affixes is None:
        return
    prefix, suffix = affixes
    bodies = [text.removeprefix(prefix).removesuffix(suffix) for text in sample]
    yield Number(prefix=prefix, suffix=suffix)
    for mark, bare in product(".,", (False, True)):
        for scale in (*_scales(bodies, mark), None):
            yield Number(mark, "", scale, prefix, suffix, bare)
    for mark in ".,":
        yield Number(mark, "", None, prefix, suffix, point=True)
    for thousands, mark in _GROUPED:
        if any(thousands in body for body in bodies) and not all(map(_IN_THREES.fullmatch, bodies)):
            late = any(map(_FOUR_DIGITS.match, bodies))
            shortest = [None] if any(mark in body for body in bodies) else []
            for scale in (0, *_scales(bodies, mark), *shortest):
                yield Number(mark, thousands, scale, prefix, suffix, late=late)


def _grouped_in_lakhs(sample: Sequence[str]) -> Iterator[Format]:
    """Propose groups as in India, where one of several groups has two digits."""
    prefix, suffix = _affixes(sample[0]) or ("", "")
    if any(map(_IN_LAKHS.search, sample)):
        bodies = [text.removeprefix(prefix).removesuffix(suffix) for text in sample]
        for scale in (0, *_scales(bodies, ".")):
            yield Number(".", ",", scale, prefix, suffix, lakh=True)


def _signed_otherwise(sample: Sequence[str]) -> Iterator[Format]:
    """Propose a minus behind amounts, as SAP writes it, and brackets around amounts of money.

    Digits after a mark or groups must show an amount: `65-` may be an age, `(0.05)` an error.
    """
    for signs in ("-", "()"):
        texts = [text.strip(signs) for text in sample]
        prefix, suffix = _affixes(texts[0]) or ("", "")
        negative = other_negative(prefix, suffix)
        if texts == [*sample] or signs != negative.replace("5", ""):
            continue
        bodies = [text.removeprefix(prefix).removesuffix(suffix) for text in texts]
        for thousands, mark in (("", "."), ("", ","), *_GROUPED):
            if any(thousands in body for body in bodies):
                whole = [0] if thousands else []
                for scale in (*whole, *_scales(bodies, mark)):
                    yield Number(mark, thousands, scale, prefix, suffix, negative=negative)


def other_negative(prefix: str, suffix: str) -> Negative:
    """Return how a minus may stand that is not before an amount: around money, else behind."""
    return "(5)" if (prefix + suffix).strip("%‰° \u00a0") else "5-"


def _doubles(sample: Sequence[str]) -> Iterator[Format]:
    if _DIGIT_FIRST.match(sample[0]):
        yield from map(Shortest, PROGRAMS)
    found = _SCIENTIFIC.fullmatch(sample[0])
    if found and not all(map(SHORTENED.fullmatch, sample)):
        after, letter, exponent = found.groups()
        for width in range(2, len(exponent) + 1):
            yield Scientific(len(after), letter, width)


def _loose(sample: Sequence[str]) -> Iterator[Format]:
    prefix, suffix = _affixes(sample[0]) or ("", "")
    for mark in ".,":
        yield Number(mark, "", None, prefix, suffix, loose=True)


def groupings(form: Format) -> Iterator[Number]:
    """Yield formats that part thousands and are like one that does not, in which small numbers fit.

    Any separator goes with whole numbers, else those that go with the decimal mark.
    """
    if not isinstance(form, Number) or form.thousands:
        return
    marks = {
        thousands: mark for thousands, mark in _GROUPED if form.scale == 0 or mark == form.mark
    }
    for late, (thousands, mark) in product((False, True), marks.items()):
        yield replace(form, mark=mark, thousands=thousands, late=late)
    if "," in marks:
        yield replace(form, mark=".", thousands=",", lakh=True)


def _affixes(text: str) -> tuple[str, str] | None:
    """Return what stands before and after a number, such as the sign of a currency."""
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    return found[1] or "", found[2] or ""


def _scales(bodies: Sequence[str], mark: str) -> Iterator[int]:
    """Yield how many digits follow the mark, if that is the same in all texts."""
    found = {len(body.rpartition(mark)[2]) for body in bodies if mark in body}
    if len(found) == 1 and max(found) <= MOST_DECIMALS:
        yield found.pop()


def moments(sample: Sequence[str], name: str) -> Iterator[Format]:
    """Yield the formats of dates and times that come to mind at a sample."""
    about_dates = bool(_ABOUT_DATES.search(name))
    if _NAMES_DATE.search(name) and sample[0].isdecimal():
        yield SerialDay()
    found = _MOMENT.fullmatch(sample[0])
    if not found:
        return
    date, separator, time, seconds, fraction, noon, zone = found.groups()
    if _ISO_DATE.fullmatch(date) and not noon and separator in (None, " ", "T"):
        yield IsoMoment(len(sample[0]), separator or "", zone or "")
        return
    if fraction or zone:
        return
    compact = about_dates or len(sample) >= _MANY
    for shape, parse in _dates(date, compact):
        for time_shape, time_parse in _times(time, bool(seconds), bool(noon)):
            pattern = f"^{shape}{separator or ''}{time_shape}$"
            parts = f"{parse}{separator or ''}{time_parse}"
            yield Moment(pattern, parts, any_century=_ANY_YEAR in shape)


def _times(time: str | None, seconds: bool, noon: bool) -> Iterator[tuple[str, str]]:
    """Yield shape and pattern of a time; whether its hour is padded shows in the whole column."""
    if time is None:
        yield "", ""
        return
    rest, parse = r":[0-5][0-9]", ":%M"
    if seconds:
        rest, parse = rest * 2, ":%M:%S"
    if noon:
        rest, parse = rest + " [AP]M", parse + " %p"
    hour = "%I" if noon else "%H"
    yield "[0-2][0-9]" + rest, hour + parse
    yield "(?:[0-9]|1[0-9]|2[0-3])" + rest, hour + parse


def _dates(date: str, compact: bool) -> Iterator[tuple[str, str]]:
    """Yield shape and pattern of what a date may be; the day is the shape's only group."""
    if compact and _COMPACT.fullmatch(date):
        yield "[12][0-9]{3}[01][0-9]([0-3][0-9])", "%Y%m%d"
    years = (_CERTAIN_YEAR, _ANY_YEAR)
    for year, parse, padded in product(years, _orders(date), (True, False)):
        if year == _ANY_YEAR and "%y" not in parse:
            continue
        parts = {
            "%Y": "[12][0-9]{3}",
            "%y": year,
            "%m": "[01][0-9]" if padded else "(?:[1-9]|1[0-2])",
            "%d": "([0-3][0-9])" if padded else "([1-9]|[12][0-9]|3[01])",
            "%b": _month_names(date, 3),
            "%B": _month_names(date, None),
        }
        yield re.sub("%.", partial(_part, parts), re.escape(parse)), parse


def moment_written(parse: str) -> Moment:
    """Return the format of dates or times written as a strptime pattern says.

    Parts may lack a leading zero where something stands between all of them.

    Raises:
        ValueError: The pattern names no day, month or year, or parts that are not known.
    """
    zero = "0" if re.search("%.%", parse) else "0?"
    parts = {
        "%Y": "[12][0-9]{3}",
        "%y": _ANY_YEAR,
        "%m": f"(?:{zero}[1-9]|1[0-2])",
        "%d": f"({zero}[1-9]|[12][0-9]|3[01])",
        "%b": f"(?:{'|'.join(month[:3] for month in _MONTHS)})",
        "%B": f"(?:{'|'.join(_MONTHS)})",
        "%H": f"(?:{zero}[0-9]|1[0-9]|2[0-3])",
        "%I": f"(?:{zero}[1-9]|1[0-2])",
        "%M": "[0-5][0-9]",
        "%S": "[0-5][0-9]",
        "%p": "[AP]M",
    }
    found = {*re.findall("%.", parse)}
    if not all(found & each for each in ({"%d"}, {"%m", "%b", "%B"}, {"%Y", "%y"})):
        raise ValueError(f"{parse!r} must name day, month and year")
    if not parts.keys() >= found:
        raise ValueError(f"{parse!r} may hold none but {', '.join(parts)}")
    return Moment(f"^{re.sub('%.', partial(_part, parts), re.escape(parse))}$", parse)


def _orders(date: str) -> Iterator[str]:
    """Yield the strptime patterns whose parts stand where the date's do."""
    if found := _THREE_NUMBERS.fullmatch(date):
        first, mark, last = found.groups()
        if len(first) == 4:
            orders = ["Ymd"]
        elif len(last) == 4:
            orders = ["dmY"] if mark == "." else ["dmY", "mdY"]
        else:
            orders = ["dmy"] if mark == "." else ["dmy", "mdy", "ymd"]
        yield from (mark.join("%" + part for part in order) for order in orders)
    elif found := _MONTH_INSIDE.fullmatch(date):
        year = "%Y" if len(found[3]) == 4 else "%y"
        yield from (found[1].join(("%d", month, year)) for month in ("%b", "%B"))
    elif _MONTH_FIRST.fullmatch(date):
        yield from (f"{month} %d, %Y" for month in ("%b", "%B"))


def _part(parts: dict[str, str], found: re.Match[str]) -> str:
    return parts[found[0]]


def _month_names(date: str, length: int | None) -> str:
    """Return the pattern of a month's name in the case that the date shows."""
    word = re.search("[A-Za-z]+", date)
    case = str.upper if word and word[0].isupper() else str.title
    case = str.lower if word and word[0].islower() else case
    return f"(?:{'|'.join(case(name[:length]) for name in _MONTHS)})"
