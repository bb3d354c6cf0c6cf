"""What a reader may rely on when a file is read without being told how it is written."""

from pathlib import Path

import pytest

from headgate.engine.detect import detect
from headgate.engine.source import open_body, raw_lines
from headgate.engine.tokenise import tokenise
from headgate.errors import BadFileError


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path):
    dialect = detect(path)
    batches = list(tokenise(path, dialect))
    return dialect, [row for batch in batches for row in batch.fields]


def test_semicolons_and_decimal_commas(tmp_path):
    """A decimal comma is not taken for the delimiter."""
    path = write(tmp_path, "id;preis;ort\n1;2,50;Köln\n2;3,75;Bonn\n3;4,00;Trier\n")
    dialect, rows = read(path)
    assert dialect.delimiter == ";"
    assert dialect.names == ("id", "preis", "ort")
    assert rows[0] == ["1", "2,50", "Köln"]


def test_physical_lines_with_embedded_newlines(tmp_path):
    """A row's line number counts physical lines, also below a field of several lines."""
    path = write(tmp_path, 'a,b\n1,"x\ny"\n\n2,z\n')
    dialect = detect(path)
    batches = list(tokenise(path, dialect))
    lines = [(s, e) for b in batches for s, e in zip(b.lines, b.ends, strict=True)]
    assert lines == [(2, 3), (5, 5)]
    assert list(raw_lines(path, dialect, lines)) == ['1,"x\ny"\n', "2,z\n"]
    assert open_body(path, dialect).read() == b'1,"x\ny"\n\n2,z\n'


def test_empty_file_is_refused(tmp_path):
    """A file of no bytes is a bad file, with words that say so."""
    with pytest.raises(BadFileError, match="empty"):
        detect(write(tmp_path, b""))
