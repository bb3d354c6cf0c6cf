"""Files to read, made up from a seed: tables of all kinds, ways to write them, and damage."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

import zstandard

from headgate.options import CleanOptions, PrepareOptions, ReadOptions

Table = list[list[str]]

WORDS = {
    "utf-8": "Größe café 東京 Москва niño naïve 台北 Ελλάδα e\u0301 \u200bx 😀 plain word",
    "ascii": "Rome Oslo north south red green alpha beta NA None null true",
    "cp1252": "Größe café niño naïve Ångström façade œuvre 5€ “so” plain",
    "mac-roman": "Größe café niño naïve Ångström façade plain",
    "cp1251": "Москва улица Волга река город дом план",
    "cp932": "東京 大阪 株式会社 電話 plain カナ",
    "big5": "台北 高雄 中文 公司 plain",
    "gb18030": "北京 上海 中文 公司 plain",
}
ENCODINGS = (*WORDS, "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1")
DELIMITERS = ",,,,;;\t|:#^~"
LONG_DELIMITERS = (", ", "||", "::", "~|~")
PREPARATIONS = (
    PrepareOptions(),
    PrepareOptions(spreadsheet=True, clean=CleanOptions(names="tidy")),
    PrepareOptions(
        clean=CleanOptions(
            trim=False,
            normalise=False,
            empty_missing=False,
            drop_duplicates=False,
            drop_empty_rows=False,
            drop_empty_columns=False,
        )
    ),
)
"""What is done to what was read; the last one changes nothing."""


@dataclass(frozen=True)
class Case:
    """A file, what is said about it, and the table that must come back, if it is undamaged."""

    content: bytes
    read: ReadOptions
    prepare: PrepareOptions
    table: Table | None = None
    limits: dict[str, int] = field(default_factory=dict)
    """Sizes of blocks and samples, made small so that a small file has many of them."""


def make(seed: int) -> Case:
    """Make one case; the same seed makes the same case."""
    rng = Random(seed)
    encoding = rng.choice(ENCODINGS)
    table = _table(rng, encoding)
    told = rng.random() < 0.4
    dialect = _dialect(rng, encoding, told=told)
    data = _write(table, dialect, rng).encode(encoding, "replace")
    options = dialect.options() if told else ReadOptions()
    damages = rng.choice((0, 0, 1, 1, 2, 4))
    for _ in range(damages):
        data = rng.choice(DAMAGES)(rng, data)
    if damages and rng.random() < 0.2:
        options = options.model_copy(update=_wrong_options(rng))
    data, intact = _pack(rng, data)
    exact = told and not damages and intact and "\0" not in dialect.delimiter
    return Case(
        data,
        options,
        rng.choice(PREPARATIONS),
        _replaced(table, encoding) if exact else None,
        _limits(rng, len(data)),
    )


@dataclass(frozen=True)
class _Dialect:
    encoding: str
    delimiter: str
    quote: str
    escape: str
    newline: str
    always: bool

    def options(self) -> ReadOptions:
        return ReadOptions(
            delimiter=self.delimiter,
            quotechar=self.quote,
            escapechar=self.escape,
            encoding=self.encoding,
            skip_lines=0,
            header_rows=1,
            footer_lines=0,
        )


def _dialect(rng: Random, encoding: str, *, told: bool) -> _Dialect:
    delimiter = rng.choice(LONG_DELIMITERS) if rng.random() < 0.1 else rng.choice(DELIMITERS)
    return _Dialect(
        encoding,
        delimiter,
        rng.choice('"""\''),
        "\\" if rng.random() < 0.1 else "",
        rng.choice(("\n", "\n", "\r\n", "\r")),
        always=rng.random() < 0.3,
    )


def _table(rng: Random, encoding: str) -> Table:
    width = rng.choice((1, 2, 3, 5, 8, 40))
    height = rng.choice((0, 1, 2, 10, 60, 400))
    makers = [_column(rng, encoding) for _ in range(width)]
    header = [f"{rng.choice(('id', 'Name', 'total amount', 'x'))} {i}" for i in range(width)]
    rows = [[make() for make in makers] for _ in range(height)]
    return [header, *rows]


def _column(rng: Random, encoding: str) -> Callable[[], str]:
    words = WORDS.get("cp1252" if encoding == "latin-1" else encoding, WORDS["utf-8"]).split(" ")

    def day() -> tuple[int, int, int]:
        return rng.randint(1900, 2100), rng.randint(1, 12), rng.randint(1, 28)

    def text() -> str:
        return " ".join(rng.choice(words) for _ in range(rng.randint(1, 4)))

    def wild() -> str:
        return "".join(rng.choice("ab1 ,;\t|'\"\\#-.\n\r:~^") for _ in range(rng.randint(0, 8)))

    kinds: tuple[Callable[[], str], ...] = (
        lambda: str(rng.randint(-(10**6), 10 ** rng.randint(1, 22))),
        lambda: f"{rng.randint(0, 99999):05d}",
        lambda: f"{rng.uniform(-1000, 1000):.2f}",
        lambda: f"{rng.uniform(0, 1000):.{rng.randint(0, 6)}f}".replace(".", ","),
        lambda: f"{rng.randint(0, 10**7):,}",
        lambda: "{:04d}-{:02d}-{:02d}".format(*day()),
        lambda: "{2:02d}.{1:02d}.{0}".format(*day()),
        lambda: "{1}/{2}/{0} 7:05 PM".format(*day()),
        lambda: rng.choice(("true", "false")),
        lambda: rng.choice(words),
        lambda: "",
        text,
        wild,
    )
    kind, gaps = rng.choice(kinds), rng.choice((0, 0, 0.2))
    odd = rng.choice(("", "NA", "-", "\\N", " x ", "+49 30", "1e5"))
    return lambda: odd if rng.random() < gaps else kind()


def _write(table: Table, dialect: _Dialect, rng: Random) -> str:
    lone = len(table[0]) == 1
    return dialect.newline.join(
        dialect.delimiter.join(_cell(cell, dialect, lone=lone) for cell in row) for row in table
    ) + rng.choice((dialect.newline, dialect.newline, ""))


def _cell(cell: str, dialect: _Dialect, *, lone: bool) -> str:
    special = (dialect.delimiter[0], dialect.quote, "\n", "\r", dialect.escape or dialect.quote)
    padded = cell != cell.strip()
    if not (dialect.always or padded or any(s in cell for s in special) or (lone and not cell)):
        return cell
    if dialect.escape:
        cell = cell.replace(dialect.escape, dialect.escape * 2)
    doubled = (dialect.escape or dialect.quote) + dialect.quote
    return dialect.quote + cell.replace(dialect.quote, doubled) + dialect.quote


def _replaced(table: Table, encoding: str) -> Table:
    """Return what is left of the cells in an encoding that lacks some of their letters."""
    return [[cell.encode(encoding, "replace").decode(encoding) for cell in row] for row in table]


def _limits(rng: Random, size: int) -> dict[str, int]:
    """Let a small file be read in as many parts as a large one; each costs some milliseconds."""
    limits = {}
    if rng.random() < 0.5:
        chunk = max(1 << 9, size >> 8)
        limits = {"blocks.BLOCK_BYTES": size // rng.randint(2, 30) + 1}
        limits |= {"lines.CHUNK": chunk, "unpack.CHUNK": chunk}
    if rng.random() < 0.2:
        limits |= {"unpack.WHOLE": 1 << 12, "unpack.HEAD": 1 << 11, "unpack.TAIL": 1 << 10}
    return limits


def _wrong_options(rng: Random) -> dict[str, object]:
    return rng.choice(
        (
            {"delimiter": rng.choice(DELIMITERS)},
            {"quotechar": rng.choice(("", "'", '"'))},
            {"escapechar": "\\"},
            {"encoding": rng.choice(ENCODINGS)},
            {"skip_lines": rng.randint(0, 9)},
            {"header_rows": rng.randint(0, 5)},
            {"footer_lines": rng.randint(0, 9)},
            {"table": rng.randint(1, 3)},
            {"missing": ("NA", "-")},
        )
    )


def _pack(rng: Random, data: bytes) -> tuple[bytes, bool]:
    """Compress, or not, and sometimes damage what that gives."""
    packed = rng.choice((_plain, _plain, _plain, _plain, *PACKERS))(data)
    if packed is data or rng.random() < 0.7:
        return packed, True
    return rng.choice((_truncate, _flip, _garbage, _splice))(rng, packed), False


def _plain(data: bytes) -> bytes:
    return data


def _zip(data: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(zipfile.ZipInfo("table.csv"), data)
    return archive.getvalue()


PACKERS = (partial(gzip.compress, mtime=0), bz2.compress, lzma.compress, zstandard.compress, _zip)


def _place(rng: Random, data: bytes) -> int:
    return rng.randint(0, len(data))


def _truncate(rng: Random, data: bytes) -> bytes:
    return data[: _place(rng, data)]


def _flip(rng: Random, data: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(rng.choice((1, 1, 5, 50)) if data else 0):
        flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def _insert(*pieces: bytes) -> Callable[[Random, bytes], bytes]:
    def insert(rng: Random, data: bytes) -> bytes:
        for _ in range(rng.choice((1, 1, 3, 20))):
            at = _place(rng, data)
            data = data[:at] + rng.choice(pieces) + data[at:]
        return data

    return insert


def _delete(piece: bytes) -> Callable[[Random, bytes], bytes]:
    def delete(rng: Random, data: bytes) -> bytes:
        at = data.find(piece, _place(rng, data))
        return data if at < 0 else data[:at] + data[at + len(piece) :]

    return delete


def _garbage(rng: Random, data: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.randbytes(rng.choice((1, 10, 1000))) + data[at:]


def _splice(rng: Random, data: bytes) -> bytes:
    """Go on, somewhere, with another file."""
    encoding = rng.choice(ENCODINGS)
    text = _write(_table(rng, encoding), _dialect(rng, encoding, told=True), rng)
    return data[: _place(rng, data)] + text.encode(encoding, "replace")[rng.choice((0, 0, 7)) :]


def _repeat(rng: Random, data: bytes) -> bytes:
    return data * rng.choice((2, 3))


def _header_again(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    for _ in range(rng.choice((1, 3)) if lines else 0):
        lines.insert(rng.randint(0, len(lines)), lines[0])
    return b"".join(lines)


def _shuffle_lines(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def _mix_line_ends(rng: Random, data: bytes) -> bytes:
    return b"".join(line + rng.choice((b"\n", b"\r\n", b"\r")) for line in data.splitlines())


def _huge_field(rng: Random, data: bytes) -> bytes:
    """Put in a long run of something; of delimiters a shorter one, since each makes a column."""
    at = _place(rng, data)
    filler = rng.choice((b"x", b'"', b"\n", b"a b ", b",", b'","', b"1;"))
    most = 1_000_000 if filler in b'x"' else 100_000 if filler == b"\n" else 4000
    return data[:at] + filler * rng.choice((most // 100, most)) + data[at:]


def _around(rng: Random, data: bytes) -> bytes:
    above = (b"Report of May\n\n", b"# made by hand\n", b"\n\n", b"\xef\xbb\xbf", b"sep=;\r\n", b"")
    below = (b"\nTotal;9\n", b"Source: the office, May\n", b"\n\n\n", b"\x1a", b",,,\n,,,\n", b"")
    return rng.choice(above) + data + rng.choice(below)


DAMAGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _truncate,
    _flip,
    _insert(b"\0"),
    _insert(b'"'),
    _insert(b",", b";", b"\t"),
    _insert(b"\r", b"\n", b"\r\n", b"\n\n"),
    _insert(b"'", b"\\", b"#", b'""', b'"\n"'),
    _insert(b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x1a", b"\xe2\x80\xa8"),
    _delete(b'"'),
    _delete(b","),
    _delete(b"\n"),
    _garbage,
    _splice,
    _repeat,
    _header_again,
    _shuffle_lines,
    _mix_line_ends,
    _huge_field,
    _around,
)
