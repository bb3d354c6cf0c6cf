"""What a file is by its first bytes, and whether that can be a table."""

import json
import re
import zipfile
from pathlib import Path

from headgate.engine.reading.dialect import Compression
from headgate.engine.reading.unpack import BROKEN, damaged
from headgate.errors import BadFileError, UndecidableError, UnreadableError

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
_START = 1 << 14
"""Characters in which a mark of another kind of file is looked for."""
_MARKUP = (
    ("<!doctype html", "a web page (HTML)"),
    ("<html", "a web page (HTML)"),
    ("<?xml", "an XML file"),
    ("begin:vcard", "an address book (vCard)"),
    ("begin:vcalendar", "a calendar (iCalendar)"),
    ("@relation", "a data set of Weka (ARFF)"),
    ("insert into", "a file of SQL statements"),
    ("create table", "a file of SQL statements"),
    ("ofxheader:", "a bank statement (OFX)"),
    ("!type:", "a bank statement (QIF)"),
    (":20:", "a bank statement (MT940)"),
    ('charset="', "a table of PC-Axis (px)"),
    ('axis-version="', "a table of PC-Axis (px)"),
    ('subject-area="', "a table of PC-Axis (px)"),
)
_SQL = re.compile(
    r"(?:--|/\*|set |use |drop |begin|pragma).*?^(?:insert into|create table)\b",
    re.DOTALL | re.MULTILINE,
)
"""Comments and settings above the first statement that makes or fills a table."""
_OFFICE = {
    "xl/": "an Excel workbook (xlsx)",
    "word/": "a Word document (docx)",
    "ppt/": "a PowerPoint file (pptx)",
    "META-INF/manifest.xml": "an OpenDocument file (ods, odt)",
}


def sniff_compression(path: Path, member: str | None = None) -> tuple[Compression, str | None]:
    """Tell the compression from the first bytes, and which member of a zip holds the table.

    Raises:
        BadFileError: The file is empty.
        UnreadableError: The file is of a known kind that is no text table.
        UndecidableError: A zip holds several files and `member` names none of them.
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
        UnreadableError: The bytes begin as a known binary format does.
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
        UnreadableError: The bytes begin as a known compression format does.
    """
    for magic, kind in _COMPRESSED:
        if start.startswith(magic):
            raise UnreadableError(
                f"There is {kind} data inside: the file is compressed twice.",
                where=where,
                todo="Unpack it once and upload that.",
            )


def refuse_markup(text: str, where: str) -> None:
    """Name a web page, JSON, a calendar or the like that was saved under a table's name.

    Raises:
        UnreadableError: The text is one of these.
    """
    start = text[:_START].lstrip().lower()
    kind = next((name for mark, name in _MARKUP if start.startswith(mark)), None)
    if kind is None and _SQL.match(start):
        kind = "a file of SQL statements"
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
    """Return whether nearly all of the first lines are enclosed in angle brackets."""
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
    """Return which file of a zip holds the table: the one named, or the only one."""
    names = _members(path)
    if member is not None and member in names:
        return member
    tables = [n for n in names if Path(n).suffix.lower() in {".csv", ".tsv", ".tab", ".txt"}]
    found = tables if len(tables) == 1 else names
    if member is None and len(found) == 1:
        return found[0]
    if not names:
        raise BadFileError("The zip archive holds no file.", where=path.name)
    listed = f"{len(names)} files: {', '.join(names[:20])}"
    if member is not None:
        raise BadFileError(
            f"The zip archive holds no file {member!r}, but {listed}.",
            where=path.name,
            todo="Name one of these with the option `member`.",
        )
    raise UndecidableError(
        f"The zip archive holds {listed}.",
        where=path.name,
        todo="Upload a zip with one table, or name the file inside with the option `member`.",
    )


def _members(path: Path) -> list[str]:
    """Name the files of a zip, but for those that an operating system put there."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
    except BROKEN as error:
        raise damaged(path.name, "zip", error) from error
    if any(info.flag_bits & 1 for info in files):
        raise UnreadableError(
            "The zip archive is encrypted.", where=path.name, todo="Upload it without a password."
        )
    names = [info.filename for info in files]
    _refuse_office(names, path.name)
    return [n for n in names if not n.startswith("__MACOSX/") and not Path(n).name.startswith(".")]


def _refuse_office(names: list[str], where: str) -> None:
    """Name the office document that a zip with these files is."""
    for prefix, what in _OFFICE.items():
        if any(name.startswith(prefix) for name in names):
            raise UnreadableError(
                f"This is {what}, not a CSV file.",
                where=where,
                todo="Save the sheet as CSV and upload that.",
            )
