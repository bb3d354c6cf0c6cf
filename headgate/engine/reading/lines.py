"""The text of an upload, decoded and cut into physical lines; what a field is, others know."""

import codecs
import io
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from headgate.engine.reading.dialect import Dialect, Newline
from headgate.engine.reading.unpack import CHUNK, open_bytes
from headgate.errors import UnreadableError

MAX_LINE = 64 << 20
"""Characters in one physical line; a file without line ends must not fill the memory."""
_ENDED_BY_RETURN = re.compile(r"[^\r]*\r|[^\r]+")


def split_lines(text: str, newline: Newline) -> list[str]:
    """Cut text into physical lines that keep their line ends."""
    if newline == "\r":
        return _ENDED_BY_RETURN.findall(text)
    return io.StringIO(text, newline="" if newline == "mixed" else "\n").readlines()


def open_text(path: Path, dialect: Dialect) -> Iterator[str]:
    """Yield the decoded text in chunks, without its byte order mark, however often that stands.

    Raises:
        UnreadableError: Some bytes are not valid in the dialect's encoding.
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
        UnreadableError: A line is longer than `MAX_LINE`.
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


def count_lines(path: Path, dialect: Dialect) -> int:
    """Count all physical lines.

    Raises:
        UnreadableError: A line is longer than `MAX_LINE`.
    """
    return sum(map(len, read_lines(path, dialect)))


def refuse_long_line(size: int, path: Path) -> None:
    """Refuse to wait for ever for the end of a line of which so much is there.

    Raises:
        UnreadableError: The line is longer than `MAX_LINE`.
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
        path: The file.
        dialect: How it is written.
        lines: First and last line of each range, counted from 1, ascending.
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


def _errors(fallback: str | None) -> str:
    """Return the name of a decoding error handler that reads stray bytes in another encoding."""
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
