"""Which text encoding the bytes are in. Decoding the whole file is `lines`' business.

Bytes that are no UTF-8 are decoded in each likely encoding, and the outcome is read: the one wins
that reads most like a language (`plausibility`).
"""

import codecs
import re
from collections import Counter
from typing import NamedTuple

from headgate.engine.reading.dialect import Evidence
from headgate.engine.reading.plausibility import has_only_units, plausibility
from headgate.errors import OptionsError, UnreadableError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ESCAPE = b"\x1b"
SHIFT = re.compile(rb"\x1b\$(?:[@B]|\([DOPQ]|\)C)")
"""What changes to two-byte characters in an encoding of seven bits."""
_SHIFTED = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004", "iso2022_kr")
_CONTROLS = bytes(set(range(32)) - set(b"\0\t\n\r\x0b\x0c\x1a\x1b\x1c\x1d\x1e\x1f\x01"))
_MOST_CONTROLS, _MOST_ZEROS = 0.01, 0.3
"""Shares of a text's bytes that may be control characters, and zeros."""
_FEWEST_ZEROS, _LEAST_ZEROS, _MOST_OTHERS = 3, 0.03, 0.1
"""Zeros on one side of UTF-16, as a number and as a share of all bytes; on the other, of those."""
_SAMPLE = 1 << 14
_LONG, _BEFORE, _AFTER = 4000, 100, 1900
"""Bytes of a line of which only a part is looked at, and of that part, around its first letter."""

_LEGACY = (
    "cp1252", "mac-roman", "cp1250", "iso8859-2", "cp1254", "cp850", "cp857", "cp437",
    "iso8859-15", "cp1257", "cp775", "cp1258", "mac-latin2", "cp852", "cp1251", "koi8-u", "cp866",
    "cp855", "iso8859-5", "mac-cyrillic", "cp1253", "iso8859-7", "cp737", "cp1255", "cp1256",
    "iso8859-6", "cp874", "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949",
)  # fmt: skip
_PRIORS = {
    "cp1252": 0.06,
    "cp1251": 0.05,
    "cp1254": 0.04,
    "mac-roman": 0.03,
    "cp1250": 0.02,
    "cp1255": 0.02,
    "gb18030": 0.02,
}
"""Encodings that are met more often win where the letters alone do not tell."""
_DOUBT = 4
"""How many times more that counts beside a single letter; beside several, so much less."""
_WITHOUT_TURKISH = ("mac-roman", "cp850")
"""Encodings with a dotless i, but no other letter of Turkish: nobody writes it in them."""
_SWALLOWED = 2
"""Taken off for a pipe that is the second half of a wide character: it likely parts cells."""
_WORDS = re.compile(r"[^\W\d_]+")
_WESTERN = {"cp1252", "latin-1", "iso8859-15"}
_UTF8_IN_WORD = re.compile(rb"[a-z]\xc3[\x80-\xbf]|\xc3[\x80-\x9f\xa1-\xbf][a-z]")
"""A letter of UTF-8 in a word: in Western encodings a capital or a sign within small letters."""
_CHANCE = 0.1
"""How much more plausible bytes that are valid UTF-8 must be so; `MANHÃ”` is also a word."""
_BEYOND = re.compile(r"\w{0,20}[^\x00-\x7f\ufffd]\w{0,20}")
"""A word or a sign beyond ASCII, or a part of it."""
_FEW = 12
"""Characters beyond ASCII up to which another encoding may be as likely."""


class Encoding(NamedTuple):
    """An encoding's Python name, whether a byte order mark comes first, and why.

    Bytes that are not valid in it are of the `fallback` encoding, if there is one.
    """

    name: str
    bom: bool
    evidence: Evidence
    fallback: str | None = None


def guess_encoding(head: bytes, tail: bytes, told: str | None, where: str) -> Encoding:
    """Find the encoding of a sample, or take the one that the user told.

    Raises:
        OptionsError: The told encoding is unknown, or the bytes are surely in another.
        UnreadableError: The bytes are no text.
    """
    mark = next((name for bom, name in _MARKS if head.startswith(bom)), None)
    if told:
        name = _known(told)
        if name in ("utf-16", "utf-32"):  # which read no sample that begins without a mark
            name = mark or _utf16_without_mark(head) or f"{name}-le"
        if other := _other(name, mark, head, tail):
            raise OptionsError(
                f"The file is not in {told}: {other}.",
                where=where,
                todo="Leave `encoding` out, or name another.",
            )
        return Encoding(name, mark is not None, _evidence(told, "told by an option"))
    if mark is not None:
        return Encoding(mark, True, _evidence(mark, "the file starts with its byte order mark"))
    wide = _utf16_without_mark(head)
    if wide is not None:
        return Encoding(wide, False, _evidence(wide, "every second byte is zero"))
    shifted = _seven_bits(head)
    if shifted is not None:
        return Encoding(shifted, False, _evidence(shifted, "it is told by escape sequences"))
    _refuse_binary(head, where)
    if _are_utf8(head, tail):
        plain = head.isascii() and tail.isascii()
        why = "only ASCII characters so far" if plain else "all bytes looked at are valid UTF-8"
        return Encoding("utf-8", False, _evidence("utf-8", why))
    return _mixed(head + b"\n" + tail) or guess_legacy(head + b"\n" + tail)


def is_utf8(data: bytes) -> bool:
    """Return whether bytes are valid UTF-8; a character may be cut off at their end."""
    if data.isascii():
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _are_utf8(head: bytes, tail: bytes) -> bool:
    """Return whether both are valid UTF-8; the tail may begin within a character."""
    return is_utf8(head) and is_utf8(tail.lstrip(bytes(range(0x80, 0xC0))))


def _other(name: str, mark: str | None, head: bytes, tail: bytes) -> str | None:
    """Return what shows that bytes are in another encoding than the one of this name, if so."""
    marked = mark == "utf-8" or (mark is not None and b"\0" in head)
    if marked and mark != name.removesuffix("-sig"):
        return f"it starts with the byte order mark of {mark}"
    if name.startswith("utf-8") or b"\0" in head or not _are_utf8(head, tail):
        return None
    sample = _telling_lines(head + b"\n" + tail)
    text = sample.decode("utf-8", "replace")
    word = _BEYOND.search(text)
    if not word or not _is_misread(text, sample.decode(name, "replace")):
        return None
    misread = word[0].encode().decode(name, "replace")
    return f"it is utf-8, and {word[0]!r} would become {misread!r}"


def _is_misread(text: str, misread: str) -> bool:
    """Return whether bytes that are valid UTF-8 are so by more than chance.

    They cannot be read otherwise, or read worse. No other encoding has what an emoji is made of.
    """
    if "\ufffd" in misread or max(text) > "\uffff":
        return True
    return plausibility(text) > plausibility(misread) + _CHANCE


def _mixed(data: bytes) -> Encoding | None:
    """UTF-8 into which some bytes of an older encoding were pasted."""
    sample = _telling_lines(data)
    text = sample.decode("utf-8", "replace")
    strays = text.count("\ufffd")
    if len(text) - len(text.encode("ascii", "ignore")) - strays <= strays:
        return None
    return _with_strays("mostly valid UTF-8")


def _with_strays(why: str) -> Encoding:
    """Return UTF-8 whose stray bytes are of the most common older encoding."""
    why = f"{why}; the bytes that are not are read as cp1252"
    return Encoding("utf-8", False, _evidence("utf-8 with strays", why), "cp1252")


def guess_legacy(data: bytes) -> Encoding:
    """Find the encoding of bytes that are neither UTF-8 nor UTF-16."""
    sample = _telling_lines(data)
    if has_only_units(sample.decode("cp1252", "replace")):
        why = "no UTF-8; all that is beyond ASCII are signs of units"
        return Encoding("cp1252", False, _evidence("cp1252", why))
    scores: Counter[str] = Counter()
    likeness: dict[str, float] = {}
    for name in _LEGACY:
        try:
            text = sample.decode(name)
        except UnicodeDecodeError:
            continue
        if name in _WITHOUT_TURKISH:
            text = text.replace("ı", "\ufffd")
        beyond = max(1, _beyond_ascii(text))
        doubt = 1 + _DOUBT / beyond
        swallowed = sample.count(b"|") - text.count("|")
        likeness[name] = plausibility(text) - _SWALLOWED * swallowed / beyond
        scores[name] = round(1000 * (likeness[name] + doubt * _PRIORS.get(name, 0)))
    if not scores:
        return Encoding("latin-1", False, _evidence("latin-1", "no other encoding fits its bytes"))
    best = max(scores, key=lambda name: scores[name])
    rivals = [name for name, _ in scores.most_common() if likeness[name] >= likeness[best]]
    why = "no UTF-8; its letters make words in this one" + _doubt(sample, best, rivals)
    name = _that_decodes(best, data)
    if name in _WESTERN and _UTF8_IN_WORD.search(sample):
        return _with_strays("some words are valid UTF-8")
    return Encoding(name, False, _evidence(name, why))


def _beyond_ascii(text: str) -> int:
    return sum(1 for char in text if char > "\x7f")


def _doubt(sample: bytes, best: str, rivals: list[str]) -> str:
    """Show a word that another encoding reads otherwise and as well, where few letters tell."""
    words = _WORDS.findall(sample.decode(best))
    if _beyond_ascii("".join(words)) > _FEW:
        return ""
    for rival in rivals:
        for word, other in zip(words, _WORDS.findall(sample.decode(rival)), strict=False):
            if word != other and len(word) == len(other) > 1:
                return f"; {rival} would make {other!r} of {word!r}: name it if that is meant"
    return ""


def _that_decodes(name: str, data: bytes) -> str:
    """Fall back from cp1252, which leaves some bytes undefined, to Latin-1, which has all."""
    if name == "cp1252" and any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d"):
        return "latin-1"
    return name


def _evidence(found: str, why: str) -> Evidence:
    return Evidence(what="encoding", found=found, why=why)


def _known(name: str) -> str:
    try:
        b"a".decode(name, "replace")
        return codecs.lookup(name).name
    except (LookupError, UnicodeError) as error:
        raise OptionsError(
            f"There is no encoding named {name!r}.",
            todo="Use a name such as utf-8, cp1252, cp1251 or shift_jis.",
        ) from error


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16, whose line ends have a zero on one side that is zero nowhere else."""
    start = head[: min(4096, len(head) & ~1)]
    ends = start.count(b"\n") or start.count(b"\r")
    even, odd = start[::2].count(0), start[1::2].count(0)
    for name, zeros, others, end in (
        ("utf-16-le", odd, even, (b"\n\0", b"\r\0")),
        ("utf-16-be", even, odd, (b"\0\n", b"\0\r")),
    ):
        paired = start.count(end[0]) or start.count(end[1])
        sparse = zeros < max(_FEWEST_ZEROS, _LEAST_ZEROS * len(start))
        if others > _MOST_OTHERS * zeros or sparse:
            continue
        if paired > 0.5 * ends and len(head) % 2 == 0:
            return name
    return None


def _seven_bits(head: bytes) -> str | None:
    """Return an encoding whose escape sequences say which characters its plain bytes stand for."""
    if not head.isascii() or not SHIFT.search(head):
        return None
    for name in _SHIFTED:
        try:
            codecs.getincrementaldecoder(name)().decode(head)
        except UnicodeDecodeError:
            continue
        return name
    return None


def _refuse_binary(head: bytes, where: str) -> None:
    start = head[: 1 << 16]
    text = start.rstrip(b"\0")
    if text.endswith((b"\n", b"\r", b"\x1a")):  # zeros only fill up the last block
        start = text
    odd = len(start) - len(start.translate(None, _CONTROLS))
    if odd > _MOST_CONTROLS * len(start) or start.count(0) > _MOST_ZEROS * len(start):
        raise UnreadableError(
            f"This is binary data, not text: {odd + start.count(0):,} of the first "
            f"{len(start):,} bytes are control characters.",
            where=where,
            todo="Export the table as CSV and upload that.",
        )


def _telling_lines(data: bytes) -> bytes:
    """Return the lines with bytes beyond ASCII, as many as it takes."""
    found: list[bytes] = []
    size = 0
    for line in data.splitlines():
        if not line.isascii():
            found.append(line if len(line) < _LONG else _telling_part(line))
            size += len(found[-1])
            if size > _SAMPLE:
                break
    return b"\n".join(found) + b"\n"


def _telling_part(line: bytes) -> bytes:
    """Return the first bytes beyond ASCII of a long line, with what stands around them."""
    at = next(i for i, byte in enumerate(line) if byte > 0x7F)
    part = line[max(at - _BEFORE, 0) : at + _AFTER]
    return part.rstrip(bytes(range(0x40, 0x100))) or part  # no wide character is cut in two
