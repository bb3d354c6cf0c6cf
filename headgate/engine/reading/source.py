"""The bytes of an upload: decompressed, decoded and cut into physical lines, within bounds.

Nothing here knows what a field is. Every limit that protects memory and time stands here.
"""

import bz2
import codecs
import gzip
import io
import json
import lzma
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard

from headgate.engine.reading.dialect import Compression, Dialect, Newline
from headgate.engine.reading.encoding import ESCAPE, SHIFT
from headgate.errors import BadFileError, UndecidableError, UnreadableError

CHUNK = 1 << 20
HEAD = 1 << 18
TAIL = 1 << 17
WHOLE = 1 << 20
"""A file up to this size is looked at as a whole; of a larger one, head and tail."""
MAX_LINE = 64 << 20
"""Characters in one physical line; a file without line ends must not fill the memory."""
BOMB_SIZE = 256 << 20
BOMB_RATIO = 500
"""Decompressed bytes per compressed byte that no table reaches, once `BOMB_SIZE` is passed."""
_PIECE = 1 << 17
"""Bytes unpacked at once; zipfile reads as many packed ones, and a bomb is told by these."""
_ZSTD_WINDOW = 1 << 27
"""Bytes of memory that zstd data may ask for: what `zstd` itself grants, and `--long`."""

_COMPRESSED: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
)
_BINARY = (
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file (xls, doc)"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a Windows program"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"{\\rtf", "an RTF document"),
    (b"PK\x05\x06", "an empty zip archive"),
)
_MARKUP = (
    ("<!doctype html", "a web page (HTML)"),
    ("<html", "a web page (HTML)"),
    ("<?xml", "an XML file"),
)
_OFFICE = {
    "xl/": "an Excel workbook (xlsx)",
    "word/": "a Word document (docx)",
    "ppt/": "a PowerPoint file (pptx)",
    "META-INF/manifest.xml": "an OpenDocument file (ods, odt)",
}
_BROKEN = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    RuntimeError,
    NotImplementedError,
)


class Sample(NamedTuple):
    """What detection looks at: the start of the data, its end, and whether that is all of it."""

    head: bytes
    tail: bytes
    whole: bool


def sniff_compression(path: Path, member: str | None = None) -> tuple[Compression, str | None]:
    """Tell the compression from the first bytes, and which member of a zip holds the table.

    Raises:
        BadFileError: the file is empty.
        UnreadableError: the file is of a known kind that is no text table.
        UndecidableError: a zip holds several files and `member` names none of them.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise BadFileError(
            "The file is empty (0 bytes).", where=path.name, todo="Upload it again, complete."
        )
    kind: Compression = next(
        (name for magic, name in _COMPRESSED if start.startswith(magic)), "none"
    )
    if kind == "zip":
        return kind, _table_member(path, member)
    refuse_known_binary(start, path.name)
    return kind, None


def refuse_known_binary(start: bytes, where: str) -> None:
    """Name the kind of file that these first bytes belong to, if it is no text.

    Raises:
        UnreadableError: it is a known binary kind.
    """
    for magic, name in _BINARY:
        if start.startswith(magic):
            raise UnreadableError(
                f"This is {name}, not a CSV file.",
                where=where,
                todo="Export the table as CSV and upload that.",
            )


def refuse_compressed_twice(start: bytes, where: str) -> None:
    """Refuse unpacked data that is compressed again.

    Raises:
        UnreadableError: it begins as one of the known kinds does.
    """
    for magic, kind in _COMPRESSED:
        if start.startswith(magic):
            raise UnreadableError(
                f"There is {kind} data inside: the file is compressed twice.",
                where=where,
                todo="Unpack it once and upload that.",
            )


def refuse_markup(text: str, where: str) -> None:
    """Name a web page, XML or JSON that was saved under a table's name.

    Raises:
        UnreadableError: the text is one of these.
    """
    start = text[:1000].lstrip().lower()
    kind = next((name for mark, name in _MARKUP if start.startswith(mark)), None)
    if kind is None and start.startswith("<") and _is_markup(text):
        kind = "markup (HTML or XML)"
    if kind is None and start.startswith(('{"', "[{", "{\n", "[\n")) and _is_json(text):
        kind = "JSON"
    if kind is not None:
        raise UnreadableError(
            f"This is {kind}, not a CSV file.",
            where=where,
            todo="Export the table as CSV and upload that.",
        )


def _is_markup(text: str) -> bool:
    """Whether nearly all of the first lines are enclosed in angle brackets."""
    lines = [line.strip() for line in text.splitlines()[:200] if line.strip()]
    return sum(line[0] == "<" and line[-1] == ">" for line in lines) >= 0.8 * len(lines)


def _is_json(text: str) -> bool:
    for candidate in (text, text.lstrip().split("\n", 1)[0]):
        try:
            json.loads(candidate)
        except ValueError:
            continue
        return True
    return False


def _table_member(path: Path, member: str | None) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
    except _BROKEN as error:
        raise _damaged(path.name, "zip", error) from error
    if any(info.flag_bits & 1 for info in files):
        raise UnreadableError(
            "The zip archive is encrypted.", where=path.name, todo="Upload it without a password."
        )
    names = [info.filename for info in files]
    for prefix, what in _OFFICE.items():
        if any(name.startswith(prefix) for name in names):
            raise UnreadableError(
                f"This is {what}, not a CSV file.",
                where=path.name,
                todo="Save the sheet as CSV and upload that.",
            )
    names = [n for n in names if not n.startswith("__MACOSX/") and not Path(n).name.startswith(".")]
    if member is not None and member in names:
        return member
    tables = [n for n in names if Path(n).suffix.lower() in {".csv", ".tsv", ".tab", ".txt"}]
    found = tables if len(tables) == 1 else names
    if member is None and len(found) == 1:
        return found[0]
    if not names:
        raise BadFileError("The zip archive holds no file.", where=path.name)
    raise UndecidableError(
        f"The zip archive holds {len(names)} files: {', '.join(names[:20])}.",
        where=path.name,
        todo="Upload a zip with one table, or name the file inside with the option `member`.",
    )


def _damaged(where: str, compression: str, error: BaseException) -> UnreadableError:
    return UnreadableError(
        f"The {compression} data is damaged or incomplete ({error}).",
        where=where,
        todo="Compress and upload the file again.",
    )


class _Guarded(io.RawIOBase):
    """A decompressed stream that names its errors and refuses bombs."""

    def __init__(self, stream: BinaryIO, packed: BinaryIO, where: str, compression: str) -> None:
        self._stream = stream
        self._packed = packed
        self._where = where
        self._compression = compression
        self._seen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(min(len(buffer), _PIECE))
        except _BROKEN as error:
            raise _damaged(self._where, self._compression, error) from error
        self._seen += len(data)
        if self._seen > max(BOMB_SIZE, BOMB_RATIO * self._packed.tell()):
            raise UnreadableError(
                f"The {self._compression} data unpacks to more than {BOMB_RATIO} times its size "
                f"(over {self._seen >> 20} MiB so far): it looks like a decompression bomb.",
                where=self._where,
                todo="Upload it uncompressed if it is a real table.",
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        self._packed.close()
        super().close()


def open_bytes(
    path: Path, compression: Compression = "none", member: str | None = None
) -> BinaryIO:
    """Open the decompressed bytes for reading from the start.

    Raises:
        UnreadableError: the compressed data is damaged, encrypted, or a bomb (on open or read).
    """
    if compression == "none":
        return path.open("rb")
    packed = path.open("rb")
    try:
        stream = _decompress(packed, compression, member)
    except _BROKEN as error:
        packed.close()
        raise _damaged(path.name, compression, error) from error
    return io.BufferedReader(_Guarded(stream, packed, path.name, compression), CHUNK)


def _decompress(packed: BinaryIO, compression: Compression, member: str | None) -> BinaryIO:
    match compression:
        case "gzip":
            return gzip.open(packed, "rb")  # type: ignore[return-value]
        case "bzip2":
            return bz2.open(packed, "rb")  # type: ignore[return-value]
        case "xz":
            return lzma.open(packed, "rb")  # type: ignore[return-value]
        case "zip":
            return zipfile.ZipFile(packed).open(member or "")  # type: ignore[return-value]
        case _:
            reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
            return reader.stream_reader(packed, read_across_frames=True, closefd=False)


def sample(path: Path, compression: Compression, member: str | None = None) -> Sample:
    """Read what detection looks at: all of a small file, head and tail of a large one."""
    with open_bytes(path, compression, member) as file:
        head = file.read(WHOLE)
        rest = file.read(1)
        if not rest:
            return Sample(head, b"", True)
        if compression == "none":
            file.seek(-TAIL, io.SEEK_END)
            return Sample(head[:HEAD], file.read(), False)
        tail = rest
        seen = len(head)
        while seen < BOMB_SIZE and (data := file.read(CHUNK)):
            seen += len(data)
            tail = (tail + data)[-TAIL:]
        return Sample(head[:HEAD], tail if seen < BOMB_SIZE else b"", False)


def find_stray(path: Path, compression: Compression, member: str | None = None) -> bytes:
    """The surroundings of the first bytes that are no plain UTF-8, however far into the file.

    Of compressed data, the first `BOMB_SIZE` bytes are looked at.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    seen = 0
    with open_bytes(path, compression, member) as file:
        while (data := file.read(CHUNK)) and (compression == "none" or seen < BOMB_SIZE):
            seen += len(data)
            if data.isascii() and not decoder.getstate()[0]:
                if ESCAPE in data and (shift := SHIFT.search(data)):
                    return data[data.rfind(b"\n", 0, shift.start()) + 1 :][:TAIL]
                continue
            try:
                decoder.decode(data)
            except UnicodeDecodeError as error:
                start = data.rfind(b"\n", 0, error.start) + 1
                return data[start : start + TAIL]
    return b""


def _errors(fallback: str | None) -> str:
    """The name of a decoding error handler that reads stray bytes in another encoding."""
    if fallback is None:
        return "strict"
    name = f"headgate-{fallback}"

    def read_stray(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        stray = error.object[error.start : error.end]
        try:
            return stray.decode(fallback), error.end
        except UnicodeDecodeError:
            return stray.decode("latin-1"), error.end

    codecs.register_error(name, read_stray)
    return name


def split_lines(text: str, newline: Newline) -> list[str]:
    """Cut text into physical lines that keep their line ends."""
    return io.StringIO(text, newline=_IO_NEWLINE[newline]).readlines()


_IO_NEWLINE: dict[Newline, str] = {"\n": "\n", "\r\n": "\n", "\r": "\r", "mixed": ""}


def open_text(path: Path, dialect: Dialect) -> Iterator[str]:
    """Yield the decoded text in chunks, without its byte order mark, however often that stands.

    Raises:
        UnreadableError: some bytes are not valid in the dialect's encoding.
    """
    decoder = codecs.getincrementaldecoder(dialect.encoding)(_errors(dialect.fallback))
    seen = 0
    with open_bytes(path, dialect.compression, dialect.member) as file:
        data = file.read(CHUNK)
        first = True
        while True:
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise UnreadableError(
                    f"Byte {seen + error.start:,} is not valid {dialect.encoding}.",
                    where=path.name,
                    todo="Name the right encoding with the option `encoding`.",
                ) from error
            if first:
                text = text.lstrip("\ufeff")
                first = False
            yield text
            if not data:
                return
            seen += len(data)
            data = file.read(CHUNK)


def read_lines(path: Path, dialect: Dialect) -> Iterator[list[str]]:
    """Yield all physical lines with their line ends, in batches.

    Raises:
        UnreadableError: a line is longer than `MAX_LINE`.
    """
    rest = ""
    for text in open_text(path, dialect):
        lines = split_lines(rest + text, dialect.newline)
        rest = lines.pop() if lines else ""
        refuse_long_line(len(rest), path)
        if lines:
            yield lines
    if rest:
        yield split_lines(rest, dialect.newline)


def refuse_long_line(size: int, path: Path) -> None:
    """Refuse to wait for ever for the end of a line of which so much is there.

    Raises:
        UnreadableError: it is longer than `MAX_LINE`.
    """
    if size > MAX_LINE:
        raise UnreadableError(
            f"A single line is longer than {MAX_LINE >> 20} million characters.",
            where=path.name,
            todo="Check that the file has line ends and that its encoding was found right.",
        )


def body_lines(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the table's physical lines in batches, each with the number of its first line.

    Preamble, header and footer are left out; lines are counted from 1.
    """
    skip = dialect.skip_lines + dialect.header_lines
    number = 1
    held: deque[str] = deque()
    for lines in read_lines(path, dialect):
        end = number + len(lines)
        if number <= skip:
            lines = lines[skip + 1 - number :]  # noqa: PLW2901
        if dialect.footer_lines:
            held.extend(lines)
            lines = [held.popleft() for _ in range(len(held) - dialect.footer_lines)]  # noqa: PLW2901
        if lines:
            yield end - len(held) - len(lines), lines
        number = end


def raw_lines(path: Path, dialect: Dialect, lines: list[tuple[int, int]]) -> Iterator[str]:
    """Yield the original text of ascending ranges of physical lines, in one pass.

    Args:
        path: the file.
        dialect: how it is written.
        lines: first and last line of each range, counted from 1, ascending.
    """
    wanted = iter(lines)
    current = next(wanted, None)
    kept: list[str] = []
    number = 1
    for batch in read_lines(path, dialect):
        while current is not None and current[0] < number + len(batch):
            first, last = max(current[0], number), min(current[1], number + len(batch) - 1)
            kept.extend(batch[first - number : last - number + 1])
            if current[1] > last:
                break
            yield "".join(kept)
            kept = []
            current = next(wanted, None)
        if current is None:
            return
        number += len(batch)


class _Body(io.RawIOBase):
    """The table's lines as UTF-8 bytes."""

    def __init__(self, batches: Iterator[tuple[int, list[str]]]) -> None:
        self._batches = batches
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            batch = next(self._batches, None)
            if batch is None:
                return 0
            self._rest = "".join(batch[1]).encode()
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def open_body(path: Path, dialect: Dialect) -> BinaryIO:
    """Open the table's body as UTF-8: no preamble, header or footer, decompressed."""
    return io.BufferedReader(_Body(body_lines(path, dialect)), CHUNK)
