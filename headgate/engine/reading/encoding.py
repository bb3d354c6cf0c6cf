"""Which text encoding the bytes are in. Decoding the whole file is `lines`' business.

Bytes that are no UTF-8 are decoded in each likely encoding, and the outcome is read: do the
letters belong to one language, do they stand inside words of their own script and case, do the
signs stand where signs stand? What each character is worth is set by hand; the tests hold texts of
many languages that must come out right.
"""

import codecs
import re
import unicodedata
from collections import Counter
from typing import NamedTuple

from headgate.engine.reading.dialect import Evidence
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
_ALPHABETS = (
    "àâçéèêëîïôùûüÿœæ", "äöüß", "áéíóúñü", "ãõáéíóúâêôçà", "àèéìòù", "æøåéö", "åäöé", "áðéíóúýþæö",
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "çğıöşüâî",
    "čćđšž", "äõɵöüšž", "āčēģīķļņšūž", "ąčęėįšųūž", "àèéíïòóúüç", "éëïóöüèáú",
    "àáâăèéêíóôơùúưđ\u0300\u0301\u0303\u0309\u0323",
)  # fmt: skip
"""The letters that languages add to ASCII; `ɵ` is an õ before no e, which Portuguese has not."""
_ICELANDIC_OR_TURKISH = frozenset("þðý")
"""What ş, ğ and ı are in cp1252; Icelandic hardly has them without any of its other vowels."""
_SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょァィゥェォッャュョー")
"""Syllables that begin no word."""
_LAST_LETTERS = frozenset("ךםןףץς")
"""Forms of letters that stand at the end of words."""
_AFTER_THORN = frozenset("aeiouyáéíóúýæöjrv")
_SCRIPTS = (
    ("оеаинтсрвлкм", "бгдёжзйпуфхцчшщъыьэюя"), ("оаниіветрклс", "бгґдєжзїймпуфхцчшщьюя"),
    ("аоиенртсјвку", "бгдђжзлљмњпћфхцчџш"), ("αοιετσνηυρπκςίάόέ", "βγδζθλμξφχψωήύώϊϋΐΰ"),
    ("יוהלרתאמבנש", "גדזחטךכםןסעףפץצק"), ("اليمونرتبهةدسع", "ثجحخذزشصضطظغفقكىءآأؤإئپچژگ"),
    ("านรอกเงมยลวดทส่้ีั", "ขคฆจฉชซฌญฎฏฐฑฒณตถธบปผฝพฟภศษหฬฮะำิึืุูแโใไๆ็์"),
)  # fmt: skip
"""The letters of other scripts, first those of which most words are made."""
_SIGNS = frozenset("’‘“”„–—…•£€°§©®™«»¿¡½¼¾²³ºª·×´¥¢±µ¹†№\xa0،؛؟、。「」・（），：！？—％")
_COMMON = frozenset(
    "的一是不了人在有他这這中大来來上国國个個到说說们們为為子和地出道也时時年得就那要下以生会會自着著去之过過"
    "家学學对對可里裡后後小心多天而能好都然没日于於起还發发成事只作当當看文无無开開手十用主行方如前所本见見经經"
    "头面公同三从從动動两長长知民现現分将將外但身与與高意进進法此实實回二理美点點月明其种種全工者向情部正名定女"
    "问問力机機等几业業最间間新位因重电電四第门門相次东東政海口使教西再平真世气氣信北少关關内加化由代产產入先山五"
    "水万萬市区區县縣乡鄉镇鎮路街号號村省州日本東京都府道株式会社様円番氏住所電話名称金額備考株"
    "付値合计計备备注註別别龄齡类類型状狀态態价價格数數量单單编編码碼代姓期址类顺順位"
    "이다는의가을에하고지로사기은도를한대인서시자리어나아과구동군산주전정화수원성남부경김박최일해"
    "날짜값합계비고상품명가격항목수치번호제목이름금액코드학년반점순위팀승패유형상태연월분내용"
)
_APOSTROPHES = "’‘´"
_MONEY = "£€¥¢"
_TRADE_MARKS = "®™"
_FRACTIONS = "¼½¾"
_USUAL_SIGNS = "–—“”°…•µ\xa0½²³"

_FOREIGN_LETTER = 0.3
"""Worth of a letter that the language of most others has not; theirs is 1."""
_USUAL_LETTER, _OTHER_LETTER = 1.1, 0.5
"""Worth of letters of other scripts: those of which most words are made, and the others."""
_WIDE, _COMMON_WIDE, _MOST_WIDE = 0.4, 2.5, 2.0
"""Worth of a wide character, what a common one has more, and the most that all have on average."""
_ICELANDIC = 0.9
"""Worth of each letter where they are none but those that Icelandic shares with Turkish."""
_HALF_WIDTH = 0.75
"""Worth of each character of a text of half-width kana: less than that of capitals in Cyrillic."""
_BREAKS_WORD = 1.5
"""Taken off for a letter of another script than its word, or a capital behind a small letter."""
_MISPLACED = 0.7
"""Taken off for a letter that stands alone, behind a digit, or where its language has none."""
_SWALLOWED = 2
"""Taken off for a pipe that is the second half of a wide character: it likely parts cells."""
_WITHOUT_CAPITALS = 0.1
"""Taken off for each letter where no word begins with a capital."""
_USUAL_SIGN, _OTHER_SIGN = 0.9, 0.6
"""Worth of a sign outside words; inside one, it is taken off."""
_APOSTROPHE_APART, _MONEY_APART = 0.8, 0.3
"""Worth of an apostrophe beside no word or blank, and of a currency beside no digit; else 1."""
_SIGN_OF_UNIT = 1.1
"""Worth of a sign that belongs to a unit: more than that of a letter."""
_UNIT = re.compile(
    r"(?<![^\W\d_])(?:µ(?:[lLgmMsSVAWFNKUE]|mol|Pa|Hz|Eq|Sv|IU)|[cdkm]?m[²³]|[nNT]?°[CF]?)(?![^\W\d_])"
)
"""A millionth of a unit, an area or a volume, degrees, and `N°`."""
_KANA_MARK = re.compile("[\uff9e\uff9f]")
_MISPLACED_MARK = re.compile(
    "(?<![\uff73\uff76-\uff84\uff8a-\uff8e])\uff9e|(?<![\uff8a-\uff8e])\uff9f"
)
"""A mark that makes k a g or h a p, behind a half-width kana that takes none."""
_WORDS = re.compile(r"[^\W\d_]+")
_WESTERN = {"cp1252", "latin-1", "iso8859-15"}
_UTF8_IN_WORD = re.compile(rb"[a-z]\xc3[\x80-\xbf]|\xc3[\x80-\x9f\xa1-\xbf][a-z]")
"""A letter of UTF-8 in a word: in Western encodings a capital or a sign within small letters."""
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
        OptionsError: The told encoding is unknown.
        UnreadableError: The bytes are no text.
    """
    mark = next((name for bom, name in _MARKS if head.startswith(bom)), None)
    if told:
        name = _known(told)
        if name in ("utf-16", "utf-32"):  # which read no sample that begins without a mark
            name = mark or _utf16_without_mark(head) or f"{name}-le"
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
    if is_utf8(head) and is_utf8(tail.lstrip(bytes(range(0x80, 0xC0)))):
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
    if _UNIT.sub("", sample.decode("cp1252", "replace")).isascii():
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
        likeness[name] = _plausibility(text) - _SWALLOWED * swallowed / beyond
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


def _plausibility(text: str) -> float:
    """Return how much the characters beyond ASCII read like a language, from -1 to 1."""
    if _is_half_width(text):
        return _HALF_WIDTH
    units = {at for match in _UNIT.finditer(text) for at in range(*match.span())}
    letters: Counter[str] = Counter()
    signs = wrong = 0.0
    count = 0
    for match in re.finditer(r"[^\x00-\x7f]", text):
        at = match.start()
        char, before, after = text[at], text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
        count += 1
        if _is_letter(char) and char not in "ºªµ":
            letters["ɵ" if char in "õÕ" and after not in "eE" else char] += 1
            wrong += _misplaced_letter(char, before, after)
        elif char in _SIGNS:
            signs += _SIGN_OF_UNIT if at in units else _placed_sign(char, before, after)
        else:
            wrong += 1
    if not count:
        return 0
    if _is_all_small(letters):
        wrong += _WITHOUT_CAPITALS * letters.total()
    return (_fluency(letters) + signs - wrong) / count


def _is_half_width(text: str) -> bool:
    """Return whether all beyond ASCII is half-width kana, with its marks where they can stand."""
    beyond = [char for char in text if char > "\x7f"]
    marks = _KANA_MARK.findall(text)
    kana = all("\uff61" <= char <= "\uff9f" for char in beyond)
    return kana and len(marks) > 1 and not _MISPLACED_MARK.search(text)


def _is_all_small(letters: Counter[str]) -> bool:
    """Return whether Greek or Cyrillic shows no capital, with which tables begin words."""
    return all("\u0370" <= char <= "\u04ff" and char.islower() for char in letters)


def _is_letter(char: str) -> bool:
    """Return whether it is part of words; vowels and tones are written as marks in some scripts."""
    return char.isalpha() or unicodedata.category(char) == "Mn"


def _misplaced_letter(char: str, before: str, after: str) -> float:
    """Return whether a letter breaks a word's script or case."""
    other = _script(char) != "latin"
    foreign = other and any(c.isalpha() and c.isascii() for c in (before, after))
    if foreign or (before.islower() and char.isupper()):
        return _BREAKS_WORD
    alone = not before.isalpha() and not after.isalpha() and _script(char) != "wide"
    if alone or before.isdigit() or (char.islower() and after.isupper()):
        return _MISPLACED
    misspelt = _breaks_spelling(char.lower(), before.lower(), after.lower())
    return _MISPLACED if misspelt else 0


def _breaks_spelling(char: str, before: str, after: str) -> bool:
    """Return whether a letter stands where its language has none: it is another, of another one."""
    if char == "þ":
        return before.isalpha() and after not in _AFTER_THORN
    if char in "ðь" or char in _SMALL_KANA:
        return not before.isalpha()
    if char in _LAST_LETTERS:
        return after.isalpha()
    if char == "ъ":
        return not before.isalpha() or not after.isalpha()
    return char == "õ" and (before in "yz" or not after.isalpha())


def _placed_sign(char: str, before: str, after: str) -> float:
    """Find signs inside words, where only an apostrophe may stand; `Nº` and `1ª` are words.

    So is a fraction before one, and a trade mark's sign behind one.
    """
    inside = before.isalpha() and after.isalpha()
    ordinal = char in "ºª" and (before in "nN" or before.isdigit())
    if ordinal or (char in _TRADE_MARKS and before.isalnum() and not after.isalpha()):
        return 1
    if char == "·":
        return 1 if before == after and before in "lL " else 0
    if char in _APOSTROPHES:
        return 1 if inside or before.isspace() or after.isspace() else _APOSTROPHE_APART
    before_word = char in _FRACTIONS and after.isalpha() and not before.isdigit()
    if before_word or (inside and char != "\xa0"):
        return -1
    if char in _MONEY:
        beside = before.isdigit() or after.isdigit() or " " in (before, after) or after in "-.,"
        return 1 if beside else _MONEY_APART
    return _USUAL_SIGN if char in _USUAL_SIGNS else _OTHER_SIGN


def _script(char: str) -> str:
    code = ord(char)
    if code < 0x250 or "\u0300" <= char < "\u0370":
        return "latin"
    return "wide" if code > 0x2E80 else "other"


def _fluency(letters: Counter[str]) -> float:
    """Letters of the one language that covers most of them; of other scripts the common ones."""
    wide = sum(n for c, n in letters.items() if _script(c) == "wide")
    if wide:
        fluent = sum(n for c, n in letters.items() if c in _COMMON or _is_kana(c))
        return min(_MOST_WIDE * wide, _WIDE * wide + _COMMON_WIDE * fluent)
    lower: Counter[str] = Counter()
    for char, n in letters.items():
        lower["ı" if char == "İ" else char.lower()] += n
    total = lower.total()
    if total > 2 and "ý" in lower and len(lower) > 1 and _ICELANDIC_OR_TURKISH.issuperset(lower):
        return _ICELANDIC * total
    covered = max(
        *(_count(lower, alphabet) for alphabet in _ALPHABETS),
        *(
            _USUAL_LETTER * _count(lower, usual) + _OTHER_LETTER * _count(lower, others)
            for usual, others in _SCRIPTS
        ),
    )
    return covered + _FOREIGN_LETTER * max(0.0, total - covered)


def _count(letters: Counter[str], alphabet: str) -> int:
    return sum(letters[letter] for letter in alphabet)


def _is_kana(char: str) -> bool:
    """Return whether it is a full-width Japanese syllable; half-width ones may be misread bytes."""
    return "\u3040" <= char <= "\u30ff"
