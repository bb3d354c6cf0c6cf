"""Which files are read: what they may be packed in, how large they are, and what is refused."""

import bz2
import gzip
import lzma
import time

import pytest
import zstandard

from headgate.engine.reading.detect import detect
from headgate.errors import BadFileError, UndecidableError, UnreadableError
from tests.harness.reading import PRICES, read, write, zipped


@pytest.mark.parametrize(
    ("pack", "kind"),
    [
        (gzip.compress, "gzip"),
        (bz2.compress, "bzip2"),
        (lzma.compress, "xz"),
        (zstandard.compress, "zstd"),
        (lambda data: zipped({"prices.csv": data, "__MACOSX/._prices.csv": b"x"}), "zip"),
    ],
)
def test_compressed_files_are_unpacked(tmp_path, pack, kind):
    """Compression is told from the first bytes, not from the name."""
    dialect, rows = read(write(tmp_path, pack(PRICES.encode())))
    assert (dialect.compression, len(rows)) == (kind, 29)


def test_a_zip_of_several_files_needs_to_be_told_which(tmp_path):
    """A zip of two tables is refused with their names, and read when one is named."""
    path = write(tmp_path, zipped({"a.csv": PRICES, "b.csv": "x,y\n1,2\n"}))
    with pytest.raises(UndecidableError, match=r"a\.csv, b\.csv"):
        detect(path)
    assert read(path, member="b.csv")[1] == [["1", "2"]]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG"),
        (zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), "Excel workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PAR1\x15\x04", "Parquet"),
        (bytes(range(256)) * 20, "binary"),
        (b"a,b\n1,2\n3,4" + bytes(300), "binary"),
        (bytes(300), "binary"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        (b'[{"a": 1, "b": 2}]', "JSON"),
        (b'<rows>\n  <row a="1"/>\n  <row a="2"/>\n</rows>\n', "markup"),
        (gzip.compress(zipped({"a.csv": PRICES})), "zip data inside"),
        (gzip.compress(b"%PDF-1.7\n1 0 obj\n"), "PDF"),
        (b'<?xml version="1.0"?><a/>', "XML"),
        (b"BEGIN:VCARD\nN:Doe;John\nEND:VCARD\n", "vCard"),
        (b"@relation r\n@attribute n numeric\n@data\n1,2\n", "ARFF"),
        (b"INSERT INTO t (a, b) VALUES (1, 'x');\n", "SQL"),
        (b"-- dump\nDROP TABLE t;\nCREATE TABLE t (\n  a int,\n  b int\n);\n", "SQL"),
        (b"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX>\n<TRNAMT>-5.00\n", "OFX"),
        (b"!Type:Bank\nD01/31/2024\nT-23.45\n^\n", "QIF"),
        (b":20:START\n:25:500/06\n:60F:C240130EUR1,5\n", "MT940"),
        (b'CHARSET="ANSI";\nAXIS-VERSION="2000";\nDATA=\n1 2\n3 4;\n', "PC-Axis"),
    ],
)
def test_other_kinds_of_file_are_named(tmp_path, content, kind):
    """A file that is no table is refused with the name of what it is."""
    with pytest.raises(UnreadableError, match=kind):
        detect(write(tmp_path, content))


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n \n\n", b",,\n,,\n"])
def test_files_without_data_are_refused(tmp_path, content):
    """Nothing, a mark, blanks and bare delimiters are no table."""
    with pytest.raises(BadFileError, match=r"empty|no data"):
        detect(write(tmp_path, content))


def test_zeros_that_fill_up_a_last_block_are_no_rows(tmp_path):
    """They do not make a small table binary data; the last line that they are is left out."""
    dialect, rows = read(write(tmp_path, "id,name\n1,Ann\n2,Bob\n3,Cid\n" + "\0" * 480))
    assert rows == [["1", "Ann"], ["2", "Bob"], ["3", "Cid"]]
    assert dialect.footer_lines == 1


def test_cells_in_tags_are_no_markup(tmp_path):
    """A table may hold HTML in its cells, the first one too."""
    text = "<b>id</b>,note\n" + "".join(f"<i>{i}</i>,a note\n" for i in range(9))
    assert len(read(write(tmp_path, text))[1]) == 9


def test_an_encrypted_zip_is_named(tmp_path):
    """What is wrong is said without a password being asked for."""
    archive = bytearray(zipped({"prices.csv": PRICES}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.index(mark) + flags] |= 1
    with pytest.raises(UnreadableError, match="encrypted"):
        detect(write(tmp_path, bytes(archive)))


def test_gzip_files_put_one_after_another_are_one_table(tmp_path):
    """Members may follow each other, and zeros may fill the end; other bytes may not."""
    packed = gzip.compress(PRICES[:100].encode()) + gzip.compress(PRICES[100:].encode())
    assert len(read(write(tmp_path, packed + bytes(512)))[1]) == 29
    with pytest.raises(UnreadableError, match="gzip data is damaged"):
        detect(write(tmp_path, packed + b"more"))


def test_a_decompression_bomb_is_refused_while_it_unpacks(tmp_path, monkeypatch):
    """Data that unpacks far beyond its size is refused, not unpacked."""
    monkeypatch.setattr("headgate.engine.reading.unpack.BOMB_SIZE", 1 << 20)
    path = write(tmp_path, gzip.compress(b"1,2\n" * (4 << 20)))
    with pytest.raises(UnreadableError, match="bomb"):
        read(path)


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    """A single line beyond the limit is refused before it fills the memory."""
    monkeypatch.setattr("headgate.engine.reading.lines.MAX_LINE", 1 << 20)
    path = write(tmp_path, "a,b\n1," + "x" * (3 << 20))
    with pytest.raises(UnreadableError, match="single line"):
        read(path)


def test_a_million_columns_are_refused_at_once(tmp_path):
    """A row of a million fields is refused within a second; ten thousand are read."""
    wide = ",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join("1" * 10_000) + "\n"
    assert len(read(write(tmp_path, wide, "wide.csv"))[0].names) == 10_000
    start = time.process_time()
    with pytest.raises(UnreadableError, match="more than 100,000 fields"):
        detect(write(tmp_path, "1," * 1_000_000 + "1\n"))
    assert time.process_time() - start < 5


def test_rows_longer_than_the_sample_are_read(tmp_path):
    """So many columns have names that the usual sample ends within the first line."""
    names = [f"measurement {i:06}" for i in range(20_000)]
    lines = [",".join(names)] + [",".join(map(str, range(20_000)))] * 10
    dialect, rows = read(write(tmp_path, "\n".join(lines)))
    assert list(dialect.names) == names
    assert {*map(len, rows)} == {20_000}


def test_a_row_may_have_more_words_than_a_table_may_have_columns(tmp_path):
    """Blanks are not what parts its cells then, whatever the text is."""
    text = "a text of many words " * 30_000
    assert read(write(tmp_path, f"text\n{text}\n{text}\n"))[1] == [[text], [text]]


def test_a_large_file_is_not_read_whole(tmp_path):
    """Detection of a file of many megabytes looks at samples, and still finds its footer."""
    path = write(tmp_path, PRICES + "30,thirty,3.50\n" * 200_000 + "Total of all prices\n")
    dialect = detect(path)
    assert (dialect.delimiter, dialect.footer_lines) == (",", 1)


def test_stray_bytes_far_into_a_file_are_found(tmp_path):
    """One accent in an old encoding, megabytes into an ASCII file, decides the encoding."""
    lines = "30,thirty,3.50\n" * 200_000
    path = write(tmp_path, PRICES.encode() + lines.encode() + "31,Café,2.00\n".encode("cp1252"))
    dialect, rows = read(path)
    assert (dialect.encoding, rows[-1]) == ("cp1252", ["31", "Café", "2.00"])


def test_a_small_file_costs_milliseconds(tmp_path):
    """A file of a kilobyte is seen through in well under a tenth of a second."""
    path = write(tmp_path, PRICES)
    detect(path)
    start = time.process_time()
    for _ in range(5):
        detect(path)
    assert (time.process_time() - start) / 5 < 0.1
