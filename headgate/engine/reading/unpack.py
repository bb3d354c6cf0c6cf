"""The bytes of an upload, decompressed within bounds, and the samples that detection looks at."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard

from headgate.engine.reading.dialect import Compression
from headgate.engine.reading.encoding import ESCAPE, SHIFT
from headgate.errors import UnreadableError

CHUNK = 1 << 20
HEAD = 1 << 18
TAIL = 1 << 17
WHOLE = 1 << 20
"""A file up to this size is looked at as a whole; of a larger one, head and tail."""
_FEW_LINES, _LONGEST_HEAD = 4, 1 << 23
"""Lines with which a head is too short, and bytes up to which it is made longer then."""
BOMB_SIZE = 256 << 20
BOMB_RATIO = 500
"""Decompressed bytes per compressed byte that no table reaches, once `BOMB_SIZE` is passed."""
_PIECE = 1 << 17
"""Bytes unpacked at once; zipfile reads as many packed ones, and a bomb is told by these."""
_ZSTD_WINDOW = 1 << 27
"""Bytes of memory that zstd data may ask for: what `zstd` itself grants, and `--long`."""

BROKEN = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    RuntimeError,
    NotImplementedError,
)
"""What the libraries raise for data that is damaged or encrypted."""


class Sample(NamedTuple):
    """What detection looks at: the start of the data, its end, and whether that is all of it."""

    head: bytes
    tail: bytes
    whole: bool


def open_bytes(
    path: Path, compression: Compression = "none", member: str | None = None
) -> BinaryIO:
    """Open the decompressed bytes for reading from the start.

    Raises:
        UnreadableError: The compressed data is damaged, encrypted, or a bomb (on open or read).
    """
    if compression == "none":
        return path.open("rb")
    packed = path.open("rb")
    try:
        stream = _decompress(packed, compression, member)
    except BROKEN as error:
        packed.close()
        raise damaged(path.name, compression, error) from error
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
        head = _read_head(file)
        rest = file.read(1)
        if not rest:
            return Sample(head, b"", True)
        start = head if _has_few_lines(head[:HEAD]) else head[:HEAD]
        if compression == "none":
            file.seek(-TAIL, io.SEEK_END)
            return Sample(start, file.read(), False)
        return Sample(start, _read_tail(file, rest, len(head)), False)


def _read_head(file: BinaryIO) -> bytes:
    """Read as much as a whole file may have, and more where that is only a few lines."""
    head = file.read(WHOLE)
    while _has_few_lines(head) and len(head) < _LONGEST_HEAD and (data := file.read(CHUNK)):
        head += data
    return head


def _has_few_lines(head: bytes) -> bool:
    """Return whether so few lines end here that a table's width can hardly be told from them."""
    return len(head.splitlines()) <= _FEW_LINES


def _read_tail(file: BinaryIO, tail: bytes, seen: int) -> bytes:
    """Read on to the end, and return the last bytes; none where that is too far."""
    while seen < BOMB_SIZE and (data := file.read(CHUNK)):
        seen += len(data)
        tail = (tail + data)[-TAIL:]
    return tail if seen < BOMB_SIZE else b""


def find_stray(
    path: Path, compression: Compression, member: str | None = None, encoding: str = "utf-8"
) -> bytes:
    """Return what surrounds the first bytes that are not of an encoding, however far into the file.

    Of compressed data, the first `BOMB_SIZE` bytes are looked at.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
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
        except BROKEN as error:
            raise damaged(self._where, self._compression, error) from error
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


def damaged(where: str, compression: str, error: BaseException) -> UnreadableError:
    """Put into words that compressed data cannot be unpacked."""
    return UnreadableError(
        f"The {compression} data is damaged or incomplete ({error}).",
        where=where,
        todo="Compress and upload the file again.",
    )
