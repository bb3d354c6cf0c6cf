"""Which text encoding the bytes are in. Decoding the whole file is `source`'s business."""

import codecs
from typing import NamedTuple

from headgate.engine.dialect import Evidence
from headgate.errors import UnreadableError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b\x1c\x1d\x1e\x1f"))


class Encoding(NamedTuple):
    """An encoding's Python name, whether a byte order mark comes first, and why."""

    name: str
    bom: bool
    evidence: Evidence


def guess_encoding(head: bytes, tail: bytes, told: str | None, where: str) -> Encoding:
    """Find the encoding of a sample, or take the one that the user told.

    Raises:
        UnreadableError: the told encoding is unknown, or the bytes are no text.
    """
    mark = next((name for bom, name in _MARKS if head.startswith(bom)), None)
    if told is not None:
        return Encoding(_known(told, where), mark is not None, _evidence(told, "told by an option"))
    if mark is not None:
        return Encoding(mark, True, _evidence(mark, "the file starts with its byte order mark"))
    wide = _utf16_without_mark(head)
    if wide is not None:
        return Encoding(wide, False, _evidence(wide, "every second byte is zero"))
    _refuse_binary(head, where)
    if _valid_utf8(head) and _valid_utf8(tail.lstrip(bytes(range(0x80, 0xC0)))):
        plain = head.isascii() and tail.isascii()
        why = "only ASCII characters" if plain else "all bytes looked at are valid UTF-8"
        return Encoding("utf-8", False, _evidence("utf-8", why))
    return _legacy(head, tail)


def _evidence(found: str, why: str) -> Evidence:
    return Evidence(what="encoding", found=found, why=why)


def _known(name: str, where: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise UnreadableError(
            f"There is no encoding named {name!r}.",
            where=where,
            todo="Use a name such as utf-8, cp1252, cp1251 or shift_jis.",
        ) from error


def _utf16_without_mark(head: bytes) -> str | None:
    start = head[:4096]
    half = len(start) // 2
    if half < 2:
        return None
    if start[1::2].count(0) > 0.6 * half and start[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if start[::2].count(0) > 0.6 * half and start[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _refuse_binary(head: bytes, where: str) -> None:
    start = head[: 1 << 16]
    odd = len(start) - len(start.translate(None, _CONTROLS))
    if odd > 0.1 * len(start):
        raise UnreadableError(
            f"This is binary data, not text: {odd:,} of the first {len(start):,} bytes are control "
            "characters.",
            where=where,
            todo="Export the table as CSV and upload that.",
        )


def _valid_utf8(data: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(head: bytes, tail: bytes) -> Encoding:
    from charset_normalizer import from_bytes

    best = from_bytes((head + tail)[: 1 << 16]).best()
    name = codecs.lookup(best.encoding).name if best else "cp1252"
    return Encoding(name, False, _evidence(name, "not UTF-8; the letters fit this encoding best"))
