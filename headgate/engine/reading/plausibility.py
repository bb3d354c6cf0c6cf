"""How much a decoded text reads like one that people wrote.

Do the letters belong to one language, do they stand inside words of their own script and case, do
the signs stand where signs stand? What each character is worth is set by hand; the tests hold
texts of many languages that must come out right.
"""

import re
import unicodedata
from collections import Counter

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
_WITHOUT_CAPITALS = 0.1
"""Taken off for each letter where no word begins with a capital."""
_USUAL_SIGN, _OTHER_SIGN = 0.9, 0.6
"""Worth of a sign outside words; inside one, it is taken off."""
_APOSTROPHE_APART, _MONEY_APART = 0.8, 0.3
"""Worth of an apostrophe beside no word or blank, and of a currency beside no digit; else 1.

In brackets a currency is a unit, as are its thousands and millions.
"""
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


def has_only_units(text: str) -> bool:
    """Return whether all that is beyond ASCII are signs of units."""
    return _UNIT.sub("", text).isascii()


def plausibility(text: str) -> float:
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
        bracketed = before in "([" and after in ")]/mk"
        return 1 if beside or bracketed else _MONEY_APART
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
