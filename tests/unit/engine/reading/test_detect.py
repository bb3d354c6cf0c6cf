"""What a reader may rely on when a file is read without being told how it is written."""

import bz2
import csv
import gzip
import io
import lzma
import time
import zipfile

import pytest
import zstandard

from headgate.engine.reading.detect import detect
from headgate.engine.reading.tokenise import tokenise
from headgate.errors import BadFileError, OptionsError, UndecidableError, UnreadableError
from headgate.options import ReadOptions
from stack.running import ROOT

CASES = ROOT / "tests" / "data" / "reading"
PRICES = "id,name,price\n" + "".join(f"{i},name {i},{i}.50\n" for i in range(1, 30))


def write(folder, content, name="file.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, **options):
    dialect = detect(path, ReadOptions(**options))
    return dialect, [row for rows in tokenise(path, dialect) for row in rows.fields]


def zipped(files):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive.getvalue()


@pytest.mark.parametrize("case", sorted(p.stem for p in CASES.glob("*.csv")))
def test_case_is_read_as_expected(case):
    """Each sample file reads, untold, as the plain CSV that a person made of it."""
    expected = list(csv.reader((CASES / "expected" / f"{case}.csv").open(newline="")))
    dialect, rows = read(CASES / f"{case}.csv")
    assert [list(dialect.names), *rows] == expected


def test_a_cell_too_long_for_its_aligned_column_is_kept_whole(tmp_path):
    """It is no row of the table then, so that nothing is cut in two."""
    names = ["Rome", "New York", "San Jose", "Oslo", "El Paso"] * 90
    lines = [f"{name:10}{i:6d}  {i / 8:8.3f}" for i, name in enumerate(names)]
    lines[440] = "Saint Louis du Nord 440  55.000"
    dialect, rows = read(write(tmp_path, "\n".join(["name           n     value", *lines])))
    assert dialect.borders
    assert rows[1] == ["New York", "1", "0.125"]
    assert rows[440] == ["Saint Louis du Nord 440  55.000"]


def test_numbers_that_grow_stay_in_their_aligned_column(tmp_path):
    """Far down they may begin further left than any that was looked at."""
    rows = [[("Rome", "New York")[i % 2], f"{7 ** (i // 90)}", f"{i / 8:.3f}"] for i in range(900)]
    lines = [
        f"{name:9}{count:>12}{size:>12}" for name, count, size in [("name", "n", "size"), *rows]
    ]
    assert read(write(tmp_path, "\n".join(lines)))[1] == rows


def test_many_lines_around_aligned_columns_are_none_of_their_rows(tmp_path):
    """They run over a column, however many there are; below the table they follow a gap."""
    rows = [[f"{i / 2:.1f}", f"{i:.2E}", "UP" if i % 3 else "DOWN", f"{7 * i}"] for i in range(40)]
    names = "LOWER WVL  DIRECT     DIFFUSE DOWN  TOTAL"
    table = [f"{a:11}{b:11}{c:14}{d:>5}" for a, b, c, d in rows]
    above = [f"File {i} of the spectra that were measured:   {3**i}" for i in range(12)]
    below = [f"Divided by {7**i} they are{'x' * i} as they had been before" for i in range(9)]
    text = "\n".join([*above, names, *table, "", *below])
    dialect, read_rows = read(write(tmp_path, text))
    assert dialect.names == ("LOWER WVL", "DIRECT", "DIFFUSE DOWN", "TOTAL")
    assert read_rows == rows


def test_quotes_inside_aligned_columns_are_text(tmp_path):
    """They stand beside no delimiter, so that the blanks outside them part the cells."""
    lines = [
        "ID     COMMAND        STARTED      PORT",
        'a1:b   "redis"        2 days ago   6379',
        'c7:d   "python app"   3 days ago',
        'e9:f   "sh"           5 days ago   80',
    ]
    dialect, rows = read(write(tmp_path, "\n".join(lines)))
    assert dialect.names == ("ID", "COMMAND", "STARTED", "PORT")
    assert rows[1] == ["c7:d", '"python app"', "3 days ago", ""]


@pytest.mark.parametrize("words", ["Anna Berg|Jane Hill|Emma Lund|Lena Wolf", "a b|c d|e f|g h"])
def test_words_that_stand_below_each_other_by_chance_are_no_columns(tmp_path, words):
    """One blank between them is no sign of alignment."""
    dialect, _ = read(write(tmp_path, "\n".join(words.split("|"))))
    assert not dialect.borders


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


def test_damaged_compression_is_named(tmp_path):
    """A gzip file that was cut off says so."""
    with pytest.raises(UnreadableError, match="gzip data is damaged"):
        detect(write(tmp_path, gzip.compress(PRICES.encode())[:-20]))


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


def test_an_even_choice_is_refused_with_its_candidates(tmp_path):
    """Two delimiters that split all rows alike are not chosen between."""
    path = write(tmp_path, "a;b,c\nd;e,f\ng;h,i\n")
    with pytest.raises(UndecidableError, match="comma or semicolon"):
        detect(path)
    assert read(path, delimiter=";", header_rows=0)[1][0] == ["a", "b,c"]


def test_a_quote_that_no_line_holds_is_called_the_usual_one(tmp_path):
    """Only a quote that stands in the file is said to enclose fields."""
    plain, quoted = write(tmp_path, "a,b\n1,2\n3,4\n"), 'a,b\n"1",2\n"3",4\n'
    whys = [next(e.why for e in detect(plain).evidence if e.what == "quotechar")]
    whys += [e.why for e in detect(write(tmp_path, quoted)).evidence if e.what == "quotechar"]
    assert whys == [
        "the usual one; no line looked at holds any",
        "encloses more fields than any other",
    ]


def test_one_column_is_one_field(tmp_path):
    """The evidence of the delimiter is told in words that fit the number."""
    evidence = {e.what: e for e in detect(write(tmp_path, "name\nAda\n")).evidence}
    assert evidence["delimiter"].why == "100% of the rows looked at then have 1 field"


def test_each_guess_leaves_evidence(tmp_path):
    """What was found, and why, stands in words beside the dialect."""
    notes = "Prices of May\n\n" + PRICES + "\nSource: the shop\n"
    evidence = {e.what: e for e in detect(write(tmp_path, notes)).evidence}
    assert evidence.keys() >= {"encoding", "delimiter", "quotechar", "preamble", "header", "footer"}
    assert evidence["preamble"].found == "lines 1 to 2: 'Prices of May'"
    assert evidence["footer"].found == "the last 2 lines: 'Source: the shop'"
    assert all(e.why for e in evidence.values())


def test_one_line_is_said_to_be_one(tmp_path):
    """A header is mostly one row on one line."""
    evidence = {
        e.what: e for e in detect(write(tmp_path, "May\n" + PRICES + "The end.\n")).evidence
    }
    assert evidence["preamble"].found == "line 1: 'May'"
    assert evidence["header"].found == "1 row, line 2"
    assert evidence["footer"].found == "the last line: 'The end.'"


def test_quotes_far_into_a_long_first_line_count(tmp_path):
    """The first quote of a file may come after more text than is looked at for quotes."""
    dialect, rows = read(write(tmp_path, "1;" * 40_000 + "\n" + '"2";' * 40_000 + "\n"))
    assert (dialect.delimiter, len(dialect.names)) == (";", 40_001)
    assert rows[-1][:2] == ["2", "2"]


def test_blanks_behind_quotes_belong_to_no_cell(tmp_path):
    """Nor are they the delimiter, though each quote but the last stands beside one."""
    text = '"id" ,"name" ,"price"\n"1" ,"Ann" ,"2.5"\n"2" ,"Bob, Jr" ,"3.5"\n"3" ,"Cid" ,"4"\n'
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("id", "name", "price")
    assert rows == [["1", "Ann", "2.5"], ["2", "Bob, Jr", "3.5"], ["3", "Cid", "4"]]


def test_quotes_speak_for_the_delimiter_beside_them(tmp_path):
    """Spaces split most rows unevenly; but the quotes stand beside them, not beside colons."""
    rows = [
        f'{day:02d}.03.2024 07:{day:02d} {"big " * max(0, day % 7 - 2)}lamp "fits: all" "http://x/{day}"'
        for day in range(1, 29)
    ]
    head = 'Date Time Name "Remark" "Link"'
    dialect = detect(write(tmp_path, "\n".join([head, *rows]) + "\n"))
    assert dialect.delimiter == " "


def test_options_override_each_guess(tmp_path):
    """Whatever is told is taken as it is."""
    path = write(tmp_path, "x\n" + PRICES.replace(",", ";"))
    told = {"delimiter": ",", "quotechar": "'", "encoding": "cp1251", "skip_lines": 0}
    dialect = detect(path, ReadOptions(**told, escapechar="^", header_rows=2, footer_lines=3))
    assert (dialect.delimiter, dialect.quotechar, dialect.escapechar) == (",", "'", "^")
    assert (dialect.skip_lines, dialect.header_rows, dialect.footer_lines) == (0, 2, 3)
    assert dialect.encoding == "cp1251"
    with pytest.raises(OptionsError, match="no encoding named"):
        detect(path, ReadOptions(encoding="klingon"))
    with pytest.raises(OptionsError, match="no table 3"):
        detect(path, ReadOptions(table=3))


def test_one_of_several_tables_is_chosen(tmp_path):
    """The first table is read unless another one is asked for; the evidence lists them."""
    second = "name,size,colour,weight\nx,1,red,2\ny,2,blue,3\nz,3,red,1\n"
    path = write(tmp_path, PRICES + "\n" + second)
    dialect, rows = read(path)
    assert (dialect.names, len(rows)) == (("id", "name", "price"), 29)
    assert any("table 2: lines 32 to 35" in e.why for e in dialect.evidence)
    dialect, rows = read(path, table=2)
    assert (dialect.names[2], len(rows)) == ("colour", 3)


def test_keys_and_values_above_a_table_are_told_from_it(tmp_path):
    """As banks put them there, also where they are more than the rows; they are a table if told."""
    keys = "Account:;CH93\nFrom:;2024-01-01\nTo:;2024-01-31\nCurrency:;CHF\n\n"
    table = "Date;Text;Debit;Credit\n2024-01-30;Rent;500.00;\n2024-01-31;Pay;;900.00\n"
    path = write(tmp_path, keys + table)
    dialect, rows = read(path)
    assert (dialect.names[0], len(rows), dialect.others) == ("Date", 2, ())
    assert read(path, skip_lines=0)[0].names == ("Account:", "CH93")
    only_keys = write(tmp_path, keys, "keys.csv")
    assert len(read(only_keys)[1]) == 3


@pytest.mark.parametrize("period", ["01.01.2024 - 31.01.2024", "2024-01-01 bis 2024-01-31"])
def test_a_number_and_a_period_above_a_table_tell_about_it(tmp_path, period):
    """They are of two kinds, as the values of one column are not."""
    keys = f"Statement;Current account\nAccount;0012345678\nPeriod;{period}\n\n"
    table = "Date;Payee;Amount\n02.01.2024;Rent;-800,00\n03.01.2024;Wages;2.500,00\n"
    dialect, rows = read(write(tmp_path, keys + table))
    assert (dialect.names, len(rows)) == (("Date", "Payee", "Amount"), 2)
    assert not dialect.others


def test_of_several_tables_the_first_large_one_is_read(tmp_path):
    """Its cells count: a few long rows are more than a balance above them."""
    balance = "Account;DE12\n\nBalance;1,5\n\n"
    table = "Date;Text;Debit;Credit\n" + "2024-01-30;Rent;500.00;1\n" * 3
    assert read(write(tmp_path, balance + table))[0].names[0] == "Date"


@pytest.mark.parametrize("lines", [250, 2_500, 25_000])
def test_a_row_that_is_cut_where_the_sample_ends_decides_nothing(tmp_path, lines):
    """Texts of so many lines end neither within the first lines looked at nor within the head."""
    text = "\n".join(["dear all, this; is 'one' more", ""] * (lines // 2))
    rows = [[f"sent/{i}", text, str(i)] for i in range(1_000_000 // len(text) + 2)]
    written = "".join(f'{name},"{text}",{i}\n' for name, text, i in rows)
    assert read(write(tmp_path, f"file,message,n\n{written}"))[1] == rows


def test_a_stray_quote_hides_no_rows_from_the_sample(tmp_path):
    """The rows below it are as wide as those above, and tell how the file is written."""
    dialect, rows = read(write(tmp_path, 'day;of;wind\n1;"x;2,5\n' + "2;y;3,5\n" * 500))
    assert (dialect.delimiter, dialect.header_rows, rows[0]) == (";", 1, ["1", '"x', "2,5"])


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


@pytest.mark.parametrize("rows", ["a,b\n" * 260_000, "\nT\na,b\nc,d\n" * 80_000])
def test_many_short_lines_cost_seconds(tmp_path, rows):
    """A megabyte of them, all alike or under titles: no line is held to all above it."""
    path = write(tmp_path, f"n,v\n{rows}")
    start = time.process_time()
    detect(path)
    assert time.process_time() - start < 30


@pytest.mark.parametrize(
    ("text", "separate"),
    [
        ("name\nJohn Smith\nJane Doe\nBob Stone\nAnn Lee\n", False),
        ("name surname\nJohn Smith\nJane Doe\nBob Stone\nAnn Lee\n", True),
        ("Readings\na 1\nb 2\nc 3\nd 4\n", True),
    ],
)
def test_blanks_between_words_below_a_header_of_one_word_separate_nothing(tmp_path, text, separate):
    """Numbers in a column of their own, or a header of several words, tell that they do."""
    path = tmp_path / "file.csv"
    path.write_text(text)
    assert (detect(path, ReadOptions(header_rows=1)).delimiter == " ") is separate


def test_blanks_between_words_and_numbers_below_one_word_are_not_decided(tmp_path):
    """It may be the name of products, or a title above names and numbers."""
    path = write(tmp_path, "product\nPhone 12\nGalaxy 20\nPixel 7\nAria 5\n")
    with pytest.raises(UndecidableError, match="one column, or 2 parted by blanks"):
        detect(path)
    assert len(read(path, delimiter=";")[1]) == 4
    assert len(read(path, delimiter=" ")[1][0]) == 2


@pytest.mark.parametrize(
    "text",
    ["Readings\n1 2.5\n2 3.5\n3 4.5\n", "#data\na 1\nb 2\nc 3\n", "List\na  1\nb  2\nc  3\n"],
)
def test_blanks_part_numbers_and_columns_below_one_word(tmp_path, text):
    """Numbers alone, lines below a comment and several blanks need no asking."""
    assert len(read(write(tmp_path, text))[1][0]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "time\n10:15\n10:16\n11:00\n",
        "url\nhttp://a.b/c?x=1\nhttp://a.b/d?x=2\nhttps://a.b/e\n",
        "name\nSmith, John\nDoe, Jane\nRoe, Jim\n",
        "path\nC:\\Data\\run 1.txt\nC:\\Data\\b.txt\nD:\\x\\c.txt\nD:\\x\\d.txt\n",
        "phone\n+49 170 1234567\n+49 171 7654321\n+49 172 1122334\n",
        "iban\nDE12 5001 0517 0648 4898 90\nDE89 3704 0044 0532 0130 00\n",
    ],
)
def test_what_stands_inside_the_values_of_one_column_separates_nothing(tmp_path, text):
    """The name above has no delimiter: it names one column, and is no title above two."""
    name, *values = text.splitlines()
    dialect, rows = read(write(tmp_path, text))
    assert (dialect.names, rows) == ((name,), [[value] for value in values])


@pytest.mark.parametrize(
    "text",
    [
        "id,name,price\n1,Smith, John,5\n2,Doe, Jane,6\n3,Roe, Jim,7\n",
        'id,payload\n1,{"a":1,"b":"x"}\n2,{"a":2,"b":"y"}\n3,{"a":3,"b":"z"}\n',
        "id,name\n1,“Smith, John”\n2,“Doe, Jane”\n",
        "Date,Open\nJan 02, 2024,185.5\nJan 03, 2024,184.5\nJan 04, 2024,183.5\n",
        "a,b\n1,5,2,25\n3,5,4,75\n5,5,6,25\n",
        "date,amount\n10.01.2024,30,20\n11.01.2024,33,21\n12.01.2024,36,22\n",
        "id,name,amt\n1,Ann,-1,50\n2,Bob,2,75\n3,Cid,3,10\n",
        "city,n,area\nOslo,709,037,454\nBonn,331,885,141\nKiel,246,601,118\n",
        "name,price\nNut,1,200.50\nBolt,980.00\nGear,15,000.25\nAxle,2,125.00\n",
        "name,price\nNut,¥1,200\nBolt,¥980\nGear,¥15,125\n",
        "town,temp,hum\nOslo,12,5,80,1\nBonn,-13,0,79,4\nKiel,9,8,91,0\n",
        "date,a,b,c\n2024-01-01,1,5,2,5,3,5\n2024-01-02,4,5,5,5,6,5\n",
    ],
)
def test_names_are_not_shifted_over_values_that_were_split(tmp_path, text):
    """Where each row has more cells than names, since one holds the delimiter, it is refused."""
    path = write(tmp_path, text)
    with pytest.raises(UndecidableError, match="header names"):
        detect(path)
    assert len(read(path, skip_lines=1, header_rows=0)[1]) == text.count("\n") - 1


@pytest.mark.parametrize(
    "text",
    [
        "x,y\nfirst,1,2\nsecond,3,4\nthird,5,6\n",
        'x,y\n"1",1,2\n"2",3,4\n"3",5,6\n',
        "x\ty\n1\t1\t2\n2\t3\t4\n3\t5\t6\n",
        "x,y\n1,1,\n2,3,\n3,5,\n",
        "x,y\nfirst,1,200.5\nsecond,3,400.5\nthird,5,600.5\n",
        "x,y,z\nr1,1,2,a,b\nr2,3,4,c,d\nr3,5,6,e,f\n",
        "n,x,y\na,1,-2,3,-4\nb,2,-3,4,-5\nc,3,-4,5,-6\n",
    ],
)
def test_whole_numbers_beside_row_names_are_read(tmp_path, text):
    """Texts that each come once, quotes, a point or blank cells, and words tell what they are."""
    assert len(read(write(tmp_path, text))[1]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "date,price\n2024-01-01,1.5,low\n2024-01-02,2.5,high\n",
        "id;name\n1;Ann;new\n2;Bob;old\n3;Cid;new\n",
    ],
)
def test_a_name_that_fits_the_first_column_alone_is_not_shifted(tmp_path, text):
    """The header leaves out another name then, not that of row names."""
    with pytest.raises(UndecidableError, match="seems to name the first"):
        detect(write(tmp_path, text))


def test_a_name_that_fits_the_first_column_best_is_not_shifted(tmp_path):
    """Some numbers in the second column do not make it one of numbers."""
    rows = "".join(f"{i},{'A' * (i % 3)}{i},Bonn,1.5\n" for i in range(10, 19))
    with pytest.raises(UndecidableError, match="seems to name the first"):
        detect(write(tmp_path, f"Id,Code,Town\n{rows}"))


def test_a_header_that_begins_with_a_blank_leaves_the_last_column_without_a_name(tmp_path):
    """The blank stands above the row names; two last names may be missing too."""
    body = "".join(f"{name},{i},5,6,note\n" for i, name in enumerate("ABCDEFGH"))
    assert read(write(tmp_path, f",x,y,z\n{body}"))[0].names[:2] == ("column_1", "x")
    dialect, rows = read(write(tmp_path, f",x,y\n{body}"))
    assert dialect.names == ("column_1", "x", "y", "column_4", "column_5")
    assert len(rows) == 8


def test_a_first_row_that_is_cut_short_is_no_note(tmp_path):
    """It begins as those below it, and the names above it are shorter still."""
    row = "{},2013-07-0{},EUR,1.5,a,b,c,d\n".format
    text = "Id,Day,Unit,Sum,Text\n7,2013-07-09,EUR,2.5,a,b\n" + "".join(
        map(row, *2 * [range(1, 8)])
    )
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names[:5] == ("Id", "Day", "Unit", "Sum", "Text")
    assert [len(cells) for cells in rows] == [6, *7 * [8]]


@pytest.mark.parametrize(
    "text", ["date,price\n1,2024-01-01,1.5\n2,2024-01-02,2.5\n", "id;n\n1;7;Ann\n2;8;Bob\n"]
)
def test_a_name_that_fits_the_second_column_stands_above_it(tmp_path, text):
    """The first column holds row names."""
    assert read(write(tmp_path, text))[0].names[0] == "column_1"


@pytest.mark.parametrize("values", [["1"], ["1", "2"], ["1.5", "2.25"], ["2024-03-14"], ["", "1"]])
def test_values_without_a_delimiter_are_one_column(tmp_path, values):
    """Two columns cannot be meant where nothing stands between them."""
    path = write(tmp_path, "\n".join(["a", *values, ""]))
    dialect, rows = read(path)
    assert dialect.names == ("a",)
    assert rows == [[value] for value in values if value]


def test_a_comma_between_digits_below_one_name_is_not_decided(tmp_path):
    """The name may be that of one column of decimal commas, or a title above two columns."""
    path = write(tmp_path, "wert\n1,5\n2,5\n3,75\n")
    with pytest.raises(UndecidableError, match="numbers with a comma or two columns"):
        detect(path)
    assert read(path, delimiter=";")[1] == [["1,5"], ["2,5"], ["3,75"]]
    assert read(path, delimiter=",")[1] == [["1", "5"], ["2", "5"], ["3", "75"]]


@pytest.mark.parametrize(
    "values",
    [
        ["$1,528.00", "$12.50", "$12,345,678.90"],
        ["1.528,00 €", "12,50 €", "-0,75 €"],
        ["0,5 %", "12,5 %", "7,0 %"],
    ],
)
def test_a_sign_of_money_or_shares_makes_numbers_with_commas_one_column(tmp_path, values):
    """Each bears the same sign, and has its commas where such numbers have them."""
    dialect, rows = read(write(tmp_path, "\n".join(["Amount", *values])))
    assert dialect.names == ("Amount",)
    assert rows == [[value] for value in values]


@pytest.mark.parametrize("text", ["Offices\nRome,3\nOslo,4\nBonn,5\n", 'n\n"a",1\n"b",2\n"c",3\n'])
def test_a_title_above_columns_of_different_kinds_is_none_of_them(tmp_path, text):
    """Words beside numbers are two columns, whatever stands above."""
    assert len(read(write(tmp_path, text))[1][0]) == 2


@pytest.mark.parametrize(("outer", "inner"), [('"', "'"), ("'", '"')])
def test_quotes_inside_enclosed_values_enclose_nothing(tmp_path, outer, inner):
    """A value may be a list of texts in the other quotes, however many these are."""
    cell = ", ".join(f"{inner}a{i}{inner}" for i in range(7))
    text = "\n".join(["id,members,score", *(f"{i},{outer}[{cell}]{outer},{i}.5" for i in range(9))])
    assert read(write(tmp_path, text))[1][3] == ["3", f"[{cell}]", "3.5"]


@pytest.mark.parametrize(
    "text",
    [
        '"Rome, Italy"\n"Oslo, Norway"\n"Bonn, Germany"\n',
        'a,b\n"c","d"\n"e","f"\n',
        'a,b\n"{""c"": 1, ""d"": 2}",\n"{""c"": 3, ""d"": 4}",\n',
    ],
)
def test_quotes_that_enclose_values_enclose_no_lines(tmp_path, text):
    """One column may hold a delimiter in every value."""
    assert not detect(write(tmp_path, text)).wrapped


@pytest.mark.parametrize(
    ("first", "rows"),
    [
        ("Code;2022;2023", [f"A{i};{i}.5;{i}.25" for i in range(10, 40)]),
        ("Land;1990;2000;2023", ["Bremen;681665;660225;691703", "Hessen;5763310;6068129;6420729"]),
        ("Lat,Long,1/22/20,1/23/20,1/24/20", ["33.9,67.7,0,1,5", "41.2,20.2,2,2,9"]),
        ("Day,00:00,00:30,01:00", ["2024-01-01,1.5,2.5,3.5", "2024-01-02,1.6,2.6,3.6"]),
        ("Sample,400.5,402.5,404.5", ["A,0.1,0.2,0.3", "B,0.4,0.1,0.3"]),
        ("Sample,401.1,402.5,404.2,408,409.9,411", ["A,3,2,1,4,5,1", "B,1,1,2,1,4,3"] * 15),
        ("2020", [f"{i}.5" for i in range(10)]),
        ("2020", [str(i) for i in range(30)]),
        ("Land,2020,2021", [f"C{i % 7},{i},{3 * i}" for i in range(30)]),
        ("0,1,2,3", [f"{i % 5},{i % 3},{i % 4},{i % 2}" for i in range(30)]),
        ("id,1,2,3", [f"P{i},{i % 3},{i % 4},{i % 2}" for i in range(30)]),
        ("state,2001,2011", [f"State {i},{800 + i},{900 - i}" for i in range(30)]),
        ("state,2022", [f"State {i},{i}.5" for i in range(30)]),
        ("town,2001,2011", [f"Town {i},{i}.5,{i}.25" for i in range(8)]),
        ("id,name,OD,1,2,3,4,5,6", ["7,Ann,0.5,3,4,5,5,6,8", "8,Ben,0.7,1,2,2,2,3,9"]),
        ("Share,1,2,5,60,300,3600", ["99,9,8,7,5,4,3", "50,6,5,5,4,3,2", "10,3,3,2,2,1,1"]),
    ],
)
def test_years_dates_and_steps_above_other_values_are_names(tmp_path, first, rows):
    """They are told from values by what stands below them."""
    dialect, read_rows = read(write(tmp_path, "\n".join([first, *rows])))
    delimiter = ";" if ";" in first else ","
    assert list(dialect.names) == first.split(delimiter)
    assert read_rows == [row.split(delimiter) for row in rows]


@pytest.mark.parametrize(
    "rows",
    [
        ["Anna,1985", "Ben,1990", "Cem,1975"],
        ["1985,1990,2.5", "1986,1991,3.5"],
        ["2020", "17", "35"],
        ["A,1,2,3,4,5,6", "B,2,3,4,5,6,7"],
        [f"P{i},{1990 + i},{1991 + i}" for i in range(30)],
        [f"{i},{i + 1},{i + 2},{i + 3}" for i in range(30)],
        ["1,2,3,4", "5,6,7,8", "9,10,11,12"],
        [f"{i % 6},{(i + 1) % 6},{(i + 2) % 6},{(i + 3) % 6}" for i in range(30)],
        ["a,1,2,4,7,11,19", "b,5,4,4,2,1,9", "c,7,2,5,1,9,2"],
        ["Anna,1985,2001", "Bob,12,17", "Carl,3,5", "Dan,7,9"],
        ["bolt,1900", "nut,12", "screw,55", *(f"part{i},{i}" for i in range(25))],
        ["1,A,1:34:50.616", "2,B,+22.457", "3,C,+25.110", "4,D,+39.669", "5,E,+49.773"],
        ["Ann,n/a,1,2,3,4,5,6", "Ben,4,1,5,2,4,4,9", "Cem,5,3,2,9,9,1,1"],
        ["bolt,2022", *(f"part{i},{i}.5" for i in range(5))],
        ["all,1800,1935", *(f"part {i},{30 + i},{31 + i}" for i in range(25))],
    ],
)
def test_years_and_rising_numbers_among_their_like_are_values(tmp_path, rows):
    """No header is made of a first row that may be one like the others."""
    dialect, read_rows = read(write(tmp_path, "\n".join(rows)))
    assert dialect.header_rows == 0
    assert read_rows == [row.split(",") for row in rows]


@pytest.mark.parametrize(
    ("first", "row"),
    [("id,size,price", '{0},{0}" screen,{0}.50'), ("id;data", '{0};{{"a": {0}, "b": [1,2]}}')],
)
def test_quotes_that_enclose_no_field_do_not_speak_against_a_delimiter(tmp_path, first, row):
    """Inches and JSON without quotes around it are values."""
    mark = ";" if ";" in first else ","
    rows = [row.format(i) for i in range(1, 20)]
    dialect, read_rows = read(write(tmp_path, "\n".join([first, *rows])))
    assert list(dialect.names) == first.split(mark)
    assert read_rows == [each.split(mark) for each in rows]


def test_a_backslash_keeps_a_delimiter_in_a_value_where_rows_are_even_then(tmp_path):
    """Programs that write no quotes write so."""
    rows = "".join(f"{i},Smith\\, John {i},{i}.5\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, "id,name,v\n" + rows))
    assert dialect.names == ("id", "name", "v")
    assert read_rows[3] == ["3", "Smith, John 3", "3.5"]


def test_a_backslash_at_the_end_of_values_is_part_of_them(tmp_path):
    """Folders end so; the rows are even without an escape."""
    rows = [[str(i), f"C:\\data\\{i}\\", str(i)] for i in range(9)]
    _, read_rows = read(write(tmp_path, "\n".join(map(",".join, [["id", "folder", "n"], *rows]))))
    assert read_rows == rows


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "#group,false,true\n#datatype,long,double\n,table,value\n,0,1.5\n,0,2.5\n",
            "column_1 table value",
        ),
        (
            '!Sample_title\t"A"\t"B"\n!Sample_type\t"a"\t"b"\nID\tX\tY\ng1\t1.5\t2\ng2\t2.5\t3\n',
            "ID X Y",
        ),
        (
            "# Created by hand\n# name: x\n# rows: 3\n1 2 3\n4 5 6\n7 8 9\n",
            "column_1 column_2 column_3",
        ),
        (
            "#path\tx\n#fields\tts\tn\tx\n#types\ttime\tn\tx\n1.5\t8\ta\n2.5\t9\tb\n3.5\t8\tc\n",
            "ts n x",
        ),
        ("# Name Points\n1 Anna 7\n2 Ben 5\n3 Cem 4\n", "# Name Points"),
        ("# A file\n## columns: bp\tp\tchr\n1\t2\tx\n3\t4\ty\n5\t6\tz\n", "bp p chr"),
        ("#Time=\t1\n#Kind=\tfull\n#Day=\t1.2.2019\n1.5\t3\n2.5\t4\n", "column_1 column_2"),
        ("# made up\n# Format: day,rate\nday,rate\n1,1.5\n2,2.5\n", "day rate"),
        ("# a b c\n1.5e+00 2.5e+00 3\n4 5 6\n", "a b c"),
        ("# a list\n#\n# of numbers\n1.5\n2.5\n3.5\n", "column_1"),
        ("## A\tx\nn\tm\tl\n1\t2\t3\n\n## B\ty\ndepth\tcount\n" + 20 * "5\t6\n", "depth count"),
        ("# 'a;b'\n" * 20 + "# a;b;c\n1:00;2:00;3:00\n4:00;5:00;6:00\n", "# a b c"),
    ],
)
def test_marked_lines_name_columns_only_where_no_others_do(tmp_path, text, names):
    """Some stand above names as facts; a mark apart is a cell where it has a column."""
    dialect, _ = read(write(tmp_path, text))
    assert " ".join(dialect.names) == names


@pytest.mark.parametrize(
    "text",
    [
        "#hex,name,n\n#fff,white,1\n#000,black,2\ntransparent,none,\n#f00,red,3\nfoo,bar,6\nqux,q,7\n",
        "#name,city,age\n#1 Ann,Bonn,\nBob,Rome,\nCarl,Oslo,12\nDan,Kiel,14\n",
    ],
)
def test_marked_lines_as_wide_as_the_table_are_its_rows(tmp_path, text):
    """They are no facts, even above a row that could name columns."""
    dialect, rows = read(write(tmp_path, text))
    assert [list(dialect.names), *rows] == [*csv.reader(text.splitlines())]


def test_rows_of_several_lines_that_begin_with_a_mark_are_no_comments(tmp_path):
    """Numbers of orders do, and notes in quotes go on for lines."""
    note = "\n".join(f"Key {i}: value" for i in range(12))
    rows = "".join(f'#{i},a@b.c,{i}.50,"{note}"\n' for i in range(60))
    dialect, read_rows = read(write(tmp_path, f"Order,Email,Total,Note\n{rows}"))
    assert dialect.delimiter == ","
    assert dialect.names == ("Order", "Email", "Total", "Note")
    assert len(read_rows) == 60


def test_a_first_row_of_missing_values_is_data(tmp_path):
    """It names nothing, nor do those that follow it."""
    dialect, rows = read(write(tmp_path, 3 * "nan nan nan\n" + 9 * "0.5 0.25 1.5\n"))
    assert dialect.header_rows == 0
    assert len(rows) == 12


def test_semicolons_that_only_begin_lines_part_nothing(tmp_path):
    """They mark comments, though there are more of these than rows."""
    text = "; Data: f.txt\n; Result: 10:15\n; Cols: x y\n;\n;\n1 2.5 3.5\n4 5.5 6.5\n7 8.5 9.5\n"
    dialect, rows = read(write(tmp_path, text))
    assert (dialect.delimiter, dialect.comment) == (" ", ";")
    assert rows[0] == ["1", "2.5", "3.5"]
    assert len(rows) == 3
    blanks = "a;b;c\n" + 2 * ";1,5;2,5\n" + "x;3,5;4,5\n"
    assert read(write(tmp_path, blanks))[1][0] == ["", "1,5", "2,5"]


def test_prompts_of_a_client_are_no_rows(tmp_path):
    """What was typed around a table that was spooled is passed over."""
    table = (
        "        ID NAME\n---------- ----------\n         1 a\n         2 b\n\n2 rows selected.\n\n"
    )
    dialect, rows = read(write(tmp_path, f"SQL> select * from t;\n\n{table}SQL> spool off\n"))
    assert dialect.names == ("ID", "NAME")
    assert rows == [["1", "a"], ["2", "b"]]


def test_a_table_in_a_box_is_read_by_its_bars(tmp_path):
    """SQLite and DuckDB draw results so."""
    rows = "".join(f"│ {i}  │ n{i}   │\n" for i in range(5))
    box = f"┌────┬──────┐\n│ id │ name │\n├────┼──────┤\n{rows}└────┴──────┘\n"
    dialect, read_rows = read(write(tmp_path, box))
    assert dialect.names == ("id", "name")
    assert [row[0].strip() for row in read_rows] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("told", [{}, {"delimiter": "|"}])
def test_bars_before_and_behind_rows_part_no_cells(tmp_path, told):
    """Blank cells between them are cells; a row without them makes all bars delimiters."""
    rows = "".join(f"| |{i:05d}|01.02.202{i}|{i},500|\n" for i in range(4))
    drawn = "-" * 25 + "\n"
    path = write(tmp_path, f"Listing\n{drawn}| |Article|Result on|Weight|\n{drawn}{rows}{drawn}")
    dialect, read_rows = read(path, **told)
    assert dialect.names == ("column_1", "Article", "Result on", "Weight")
    assert read_rows[3] == [" ", "00003", "01.02.2023", "3,500"]
    assert dialect.framed
    path.write_text(path.read_text() + "99|2\n")
    assert not detect(path).framed


@pytest.mark.parametrize("text", ['="{}"', '"=""{}"""'])
def test_a_formula_that_holds_a_text_is_read_as_that_text(tmp_path, text):
    """So are codes written that a spreadsheet shall not take for numbers; it is told."""
    rows = "".join(f"{text.format(f'{i:05d}')},n{i},={i}+1\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, f"code,name,next\n{rows}"))
    assert read_rows[7] == ["00007", "n7", "=7+1"]
    (told,) = (each for each in dialect.evidence if each.what == "literals")
    assert "9 cells" in told.why


@pytest.mark.parametrize(
    "above",
    [
        "Report,Sales\nIssued,2024-02-01\nCurrency,EUR\nUser,anna\n\n",
        "Report,Sales\nPeriod,01/2024\nUser,anna\n\n",
        "Device,Logger X\nSerial,12345\nStart,2024-01-01 00:00\n",
        "User: lab,Path: C:\\runs\nTest: OD,Date: 31/01/2024 10:15\n\n",
        "Harbour,,,\n,,,\n",
        "Day:,1 May,Started:,2 May\nFile:,a.csv,Channel:,1\nUser:,Ann,Note:,\n\n",
    ],
)
def test_what_tells_one_thing_a_row_is_no_table_of_its_own(tmp_path, above):
    """Keys need no colon; a title and blank cells hold nothing that could be kept back."""
    table = "id,product,qty\n1,a,5\n2,b,6\n3,c,7\n"
    dialect, rows = read(write(tmp_path, above + table))
    assert dialect.names[:3] == ("id", "product", "qty")
    assert dialect.others == ()
    assert len(rows) == 3


@pytest.mark.parametrize(
    "above",
    [
        "Region,Total\nNorth,12\nSouth,6\n",
        "Region,Manager\nNorth,Ann\nSouth,Bob\n",
        "Report,Sales\nPeriod,01/2024\n",
    ],
)
def test_two_columns_above_a_larger_table_are_taken_for_neither_keys_nor_a_table(tmp_path, above):
    """Where one holds numbers or words alone it is asked which table to read."""
    path = write(tmp_path, above + "\nid,region,qty\n1,North,5\n2,North,7\n3,South,6\n")
    with pytest.raises(UndecidableError, match=r"table 1: lines 1 to \d; table 2: lines"):
        detect(path)
    rows = [line.split(",") for line in above.splitlines()]
    for told in ({"table": 1}, {"skip_lines": 0}):
        dialect, read_rows = read(path, **told)
        assert [list(dialect.names), *read_rows] == rows
    assert read(path, table=2)[0].names == ("id", "region", "qty")


def test_a_blank_column_makes_no_table_of_keys_and_values(tmp_path):
    """A summary above the entries of an account is asked for as where it has two columns."""
    above = "Text,,Sum\nOpening balance,,10.50\nIn all,,12.00\n\n"
    rows = "".join(f"2024-01-0{i},shop,-{i}.00,{20 - i}.50\n" for i in range(1, 4))
    path = write(tmp_path, f"{above}Date,Text,Amount,Balance\n{rows}")
    with pytest.raises(UndecidableError, match="table 1: lines 1 to 3; table 2: lines 5 to 8"):
        detect(path)


def test_columns_of_fixed_width_are_not_guessed(tmp_path):
    """Several blanks inside cells mean more columns than blanks tell; it is asked."""
    rows = "".join(f"{i:04d}01  {i}   7{i}0  A{i}2011   5\n" for i in range(1, 9))
    with pytest.raises(UndecidableError, match="of fixed width, as 7 of 8 rows"):
        detect(write(tmp_path, rows.replace("  A", " A").replace("01  1", "01001")))
    dialect, read_rows = read(write(tmp_path, rows), delimiter=";", header_rows=0)
    assert (len(dialect.names), len(read_rows)) == (1, 8)


def test_names_alone_make_no_aligned_column(tmp_path):
    """The words of a long name stand above one column of numbers, and above the blanks before."""
    rows = "".join(f"          {i}.5             {i + 3}.1\n" for i in range(1, 7))
    dialect, read_rows = read(write(tmp_path, f"Mean wind speed  Air temperature\n{rows}"))
    assert dialect.names == ("Mean wind speed", "Air temperature")
    assert read_rows[0] == ["1.5", "4.1"]


def test_a_sentence_alone_in_the_last_row_is_a_note(tmp_path):
    """Among short texts; where the others are as long it is one of them."""
    rows = "".join(f"Department of Health,2024-01-0{i},{i}.50\n" for i in range(1, 6))
    path = write(tmp_path, f"body,day,paid\n{rows}Report created in May by RX7,,\n")
    dialect, read_rows = read(path)
    assert (dialect.footer_lines, len(read_rows)) == (1, 5)
    path.write_text(path.read_text().replace("Department", "Department of the Ministry"))
    assert detect(path).footer_lines == 0


@pytest.mark.parametrize(
    "above",
    [
        "[Header],,\nVersion,2,\nRun,R1,\n,,\n[Reads],,\n151,,\n,,\n[Data],,\n",
        "[Header]\nVersion,2\nRun,R1\n\n[Reads]\nFirst,151\nSecond,8\n\n[Data]\n",
    ],
)
def test_the_last_section_is_read_below_those_that_hold_settings(tmp_path, above):
    """Words alone stand in its rows; a title in brackets tells where its names are."""
    rows = "".join(f"S{i},liver {i},ACGTAC{'ACGT'[i % 4]}\n" for i in range(5))
    dialect, read_rows = read(write(tmp_path, f"{above}id,tissue,index\n{rows}"))
    assert dialect.names == ("id", "tissue", "index")
    assert dialect.others == ()
    assert len(read_rows) == 5


def test_the_title_of_a_section_behind_a_gap_begins_one_table(tmp_path):
    """It stands alone above names and numbers, as titles of tables do."""
    text = "[Run]\nVersion,2\nName,R1\n\n[Data]\nid,tissue,reads\nS1,liver,7\nS2,lung,9\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("id", "tissue", "reads")
    assert (dialect.others, len(rows)) == ((), 2)


def test_a_section_of_two_columns_of_numbers_is_a_table(tmp_path):
    """What tells about a table begins with words."""
    pairs = "".join(f"{i}.5,{9 * i}\n" for i in range(9))
    text = f"[Scan]\nAngle,Count\n{pairs}[Peaks]\nAngle,Count,Width\n4.5,36,2\n"
    assert read(write(tmp_path, text))[0].names == ("Angle", "Count")


def test_titles_of_sections_inside_a_table_are_rows(tmp_path):
    """The names stand above the first of them."""
    text = "name,a,b\n[North],,\nAnn,1,2\nBob,2,3\n[South],,\nCy,4,5\nDi,5,6\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("name", "a", "b")
    assert len(rows) == 6


def test_of_two_columns_above_a_smaller_table_nothing_is_asked(tmp_path):
    """The first table is read, as of others."""
    above = "Region,Manager\nNorth,Ann\nSouth,Bob\nEast,Cy\nWest,Di\n"
    text = above + "\nid,region,qty\n1,North,5\n2,North,7\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("Region", "Manager")
    assert len(rows) == 4
    assert dialect.others == ((8, 9),)


def test_tables_below_titles_are_not_mixed(tmp_path):
    """Neither where they have the same number of columns."""
    days = [f"2024-01-{day:02}" for day in range(1, 10)]
    body = "".join(f"{day},71.5,23\n" for day in days)
    moves = "".join(f"{day},2100,7.5\n" for day in days)
    text = f"Body\nDate,Weight,Fat\n{body}\nMoves\nDate,Steps,Distance\n{moves}"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("Date", "Weight", "Fat")
    assert len(rows) == 9
    assert dialect.others == ((15, 23),)


def test_a_header_that_comes_again_above_numbers_where_it_had_words_begins_a_table(tmp_path):
    """A plate's layout and its results have the same columns; pages of one table are no two."""
    head = "\t1\t2\t3\n"
    layout = "".join(f"{row}\ts{row}\tt{row}\tblank\n" for row in "ABCD")
    results = "".join(f"{row}\t0.{i}\t0.5\t0.{i + 2}\n" for row in "ABCD" for i in range(9))
    dialect, rows = read(write(tmp_path, f"Layout\n{head}{layout}\nResults\n{head}{results}"))
    assert (dialect.skip_lines, len(rows), len(dialect.others)) == (8, 36, 1)
    pages, _ = read(write(tmp_path, f"Page 1\n{head}{results}\nPage 2\n{head}{results}"))
    assert not pages.others


@pytest.mark.parametrize(
    ("titles", "tables"),
    [
        (("2022,,,", "2023,,,"), 2),
        (("Plan", "\nActual"), 2),
        (("Page 1 of 2,,,", "Page 2 of 2,,,"), 1),
        (("North,,,", "North,,,"), 1),
    ],
)
def test_a_header_that_comes_again_below_another_title_begins_a_table(tmp_path, titles, tables):
    """Its rows would lose what only the title tells; pages of one table go on."""
    rows = "".join(f"{city},{i},{i + 2},7\n" for i, city in enumerate(("Oslo", "Bonn", "Kiel")))
    text = "".join(f"{title}\ncity,rain,sun,rank\n{rows}" for title in titles)
    dialect, read_rows = read(write(tmp_path, f"Cities,,,\n{text}"))
    assert dialect.names == ("city", "rain", "sun", "rank")
    assert len(dialect.others) == tables - 1
    assert read_rows[:3] == [line.split(",") for line in rows.splitlines()]


def test_tables_of_other_names_behind_a_gap_are_not_mixed(tmp_path):
    """Words between numbers tell where one begins; the names that stand above both do not."""
    wells = "".join(f"W{i},{i}.5,{i}\n" for i in range(5))
    levels = "".join(f"W{i % 5},{i},{i}.25\n" for i in range(9))
    text = f"well,x,top\n{wells}\nplace,day,level\n{levels}"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("well", "x", "top")
    assert len(rows) == 5
    assert dialect.others == ((9, 17),)
    again = f"well,x,top\n{wells}\nhole,x,top\n{wells}"
    assert read(write(tmp_path, again))[0].others == ()


def test_a_table_below_another_may_have_fewer_names_than_cells(tmp_path):
    """Its rows end with blanks; keys and values, as wide, stand above both."""
    keys = "Title:,,,,,\nAsked:,1 May,to:,2 May,,\nDate: ,3 May,,,,\n\nNAP:,level,,,,\n\n"
    wells = "Well,Filter,x,y,z,Top,Base\nW1,1,5,6,7,1.5,2.5\n\n\n"
    levels = "".join(f"W1,1,{day}-02-2003,5,,\n" for day in range(10, 29))
    dialect, rows = read(write(tmp_path, f"{keys}{wells}Well,Filter,Day,Level,\n{levels}"))
    assert dialect.names[:4] == ("Well", "Filter", "Day", "Level")
    assert dialect.others == ((8, 8),)
    assert len(rows) == 19


@pytest.mark.parametrize(
    ("above", "names"),
    [
        ("Version:\t3\nUser Name:\tAnn\nRate:\t5\tHz\n", ("column_1",)),
        ("Path,File,Day\nC:\\x,a.d,4 Sep\nStart of data\n", ("column_1", "column_2")),
        ("A\nA run, by Ann, in May\nB\nx,y\n", ("x", "y")),
    ],
)
def test_prose_above_many_rows_of_numbers_names_nothing(tmp_path, above, names):
    """Only words right above them do, as many as they are."""
    rows = "".join(f"{i}.5,{i}\n" if len(names) > 1 else f"{i}\n" for i in range(30))
    dialect, read_rows = read(write(tmp_path, above + rows))
    assert dialect.names == names
    assert len(read_rows) == 30


def test_numbers_of_another_width_above_many_are_kept_back(tmp_path):
    """They may be rows, which are not passed over; nor is what holds no key above one column."""
    words = "value\nnot measured\nnot measured\nfailed\n"
    dialect, _ = read(write(tmp_path, words + "".join(f"{i}\n" for i in range(30))))
    assert dialect.skip_lines == 0
    rows = "".join(f"{i}.5,{i}\n" for i in range(30))
    _, read_rows = read(write(tmp_path, f"1,2,3\n4,5,6\n7,8,9\n{rows}"))
    assert len(read_rows) == 33


def test_a_header_of_the_row_below_it_alone_is_not_decided(tmp_path):
    """Both may tell about the table of fewer columns that follows."""
    rows = "".join(f"{i}.5,{i}\n" for i in range(9))
    path = write(tmp_path, f"Path,File,Day\nC:\\x,a.d,4 Sep 2019\nStart of data\n{rows}")
    with pytest.raises(UndecidableError, match="as has the row below it"):
        detect(path)
    assert len(read(path, skip_lines=3)[1]) == 9


def test_a_total_above_rows_that_begin_with_digits_is_a_row(tmp_path):
    """It holds numbers as they do; rows that tell about the columns hold words too."""
    total, lands = "DE;Germany;83;41\n", "".join(f"0{i};Land {i};{i};{i + 1}\n" for i in range(9))
    dialect, rows = read(write(tmp_path, f";;Total;Men\n;;Number;Number\n{total}{lands}"))
    assert dialect.header_rows == 2
    assert rows[0] == ["DE", "Germany", "83", "41"]
    assert len(rows) == 10


def test_a_short_row_of_a_header_is_not_shifted_over_the_years_below_it(tmp_path):
    """The blank first cell of the years tells that the name above it belongs to its column."""
    rows = "Rome;22728;22516\nOslo;109523;111148\nBonn;5188;5067\nKiel;852;860\n"
    text = 'Town;Year\n"";2020;2021\n' + rows
    dialect, read_rows = read(write(tmp_path, text))
    assert dialect.names == ("Town", "Year 2020", "Year 2021")
    assert len(read_rows) == 4


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("-----,Pump,NG1,-----\n", "Index Date Time Value"),
        ("H|20240131|SHOP\n", "column_1 column_2 column_3 column_4"),
    ],
)
def test_dividers_and_first_records_of_another_kind_are_no_header(tmp_path, text, names):
    """A text between dashes is a title; a number in a short first row is no name."""
    mark = "|" if "|" in text else ","
    header = "" if "|" in text else "Index,Date,Time,Value\n"
    rows = "".join(mark.join((f"{i}", "2024-01-31", "10:15", f"{i}.5\n")) for i in range(9))
    dialect, read_rows = read(write(tmp_path, text + header + rows))
    assert " ".join(dialect.names) == names
    assert read_rows[-1] == ["8", "2024-01-31", "10:15", "8.5"]


@pytest.mark.parametrize("first", ["x y z\n", ""])
def test_decimal_commas_between_blanks_separate_nothing(tmp_path, first):
    """Every comma stands inside a number if blanks part the cells."""
    rows = [[f"{i},5", f"-{i + 1},25", f"{i * 7},125"] for i in range(6)]
    dialect, read_rows = read(write(tmp_path, first + "\n".join(map(" ".join, rows))))
    assert dialect.delimiter == " "
    assert read_rows == rows


@pytest.mark.parametrize("mark", [":", "~", "^"])
def test_decimal_commas_between_rare_delimiters_separate_nothing(tmp_path, mark):
    """The names above have no comma: they are no title above two columns."""
    names, *rows = [["id", "item", "price"], *([str(i), "Nut", f"{i},13"] for i in range(4))]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, [names, *rows]))))
    assert (dialect.delimiter, list(dialect.names)) == (mark, names)
    assert read_rows == rows


@pytest.mark.parametrize("sign", ["", " €", " PLN", " kr"])
def test_decimal_commas_in_uneven_rows_separate_nothing(tmp_path, sign):
    """Last cells that are missing do not speak for the comma, whatever the currency."""
    rows = [["1", "Nut", f"7,13{sign}", "ok"], ["2", "Nut", f"14,16{sign}"]] * 4
    dialect, read_rows = read(
        write(tmp_path, "\n".join(["id;item;price;note", *map(";".join, rows)]))
    )
    assert dialect.names == ("id", "item", "price", "note")
    assert read_rows == rows


def test_a_delimiter_at_the_end_of_most_words_parts_them(tmp_path):
    """Numbers may be padded behind it, as in a log that ends with more lines of words than rows."""
    rows = [f"07:{i:02}:05, {9 * i:8.3f}, {i / 7:8.3f}, {i % 4:3}, {i / 3:7.2f}" for i in range(12)]
    ends = [f"Mean of channel number {i} (W) = {i / 3:.2f}\n" for i in range(16)]
    path = write(tmp_path, "\n".join(["Time,Power (W),Load (%),Mode,Heat (C)", *rows, "", *ends]))
    dialect, found = read(path)
    assert dialect.names == ("Time", "Power (W)", "Load (%)", "Mode", "Heat (C)")
    assert [cell.strip() for cell in found[4]] == ["07:04:05", "36.000", "0.571", "0", "1.33"]
    assert len(found) == len(rows)


@pytest.mark.parametrize("number", ["{},13", "{},000,250"])
def test_commas_in_aligned_columns_of_numbers_separate_nothing(tmp_path, number):
    """Columns that stand one below the other part the cells where no comma is beside a word."""
    rows = [[f"A{i}", ("Nut", "Long rod")[i % 2], number.format(i), str(i)] for i in range(1, 7)]
    lines = [f"{a:6}{b:10}{c:>10}{d:>5}" for a, b, c, d in [("code", "item", "price", "n"), *rows]]
    dialect, read_rows = read(write(tmp_path, "\n".join(lines)))
    assert dialect.names == ("code", "item", "price", "n")
    assert read_rows == rows


@pytest.mark.parametrize(("mark", "inside"), [(";", ","), (",", ";"), (",", "|"), ("~", ",")])
def test_a_delimiter_that_only_lists_hold_separates_nothing(tmp_path, mark, inside):
    """It is not between the names, and another splits each line into as many cells."""
    rows = [[str(i), inside.join("abc")] for i in range(9)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, [["id", "tags"], *rows]))))
    assert dialect.names == ("id", "tags")
    assert read_rows == rows


def test_a_comma_in_a_title_separates_nothing(tmp_path):
    """A blank behind it shows that it parts no names, though all rows hold a decimal comma."""
    values = [[f"N{i}", f"{i},5"] for i in range(9)]
    path = write(tmp_path, "\n".join(["Sales, by store", *map(";".join, values)]))
    assert read(path)[1] == values


def test_a_comma_in_a_name_does_not_part_decimal_numbers(tmp_path):
    """Blanks do, so that the names may have been split: it is asked."""
    rows = "".join(f"4111{i},000{i} 0,2{i} -0,7{i} 390\n" for i in range(9))
    path = write(tmp_path, f"Day CO2, raw Diff MA\n{rows}")
    with pytest.raises(UndecidableError, match="a name may hold the delimiter"):
        detect(path)
    assert read(path, skip_lines=1, header_rows=0)[1][1] == ["41111,0001", "0,21", "-0,71", "390"]


def test_times_below_a_title_with_a_colon_stay_whole(tmp_path):
    """A comma between times and whole numbers is no decimal mark."""
    rows = [[f"{10 + i}:30", str(i)] for i in range(9)]
    path = write(tmp_path, "\n".join(["Results:", *map(",".join, rows)]))
    assert read(path)[1] == rows


def test_signs_before_amounts_are_no_delimiters(tmp_path):
    """They stand equally often in each line too."""
    rows = [[f"${i}", f"${i + 1}", f"${i + 2}"] for i in range(1, 9)]
    assert read(write(tmp_path, "\n".join(map(" ".join, rows))))[1] == rows


@pytest.mark.parametrize("mark", ["\uff0c", "\uff1b"])
def test_wide_commas_separate_fields_where_all_lines_have_as_many(tmp_path, mark):
    """They are those of a Chinese keyboard; below a name without them they belong to sentences."""
    rows = [
        ["姓名", "城市", "年龄"],
        ["张三", "北京", "30"],
        ["李四", "上海", "25"],
        ["王五", "广州", "41"],
    ]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, rows))))
    assert [list(dialect.names), *read_rows] == rows
    said = write(tmp_path, "评论\n" + "".join(f"很好{mark}我喜欢{i}\n" for i in range(5)))
    assert read(said)[1][0] == [f"很好{mark}我喜欢0"]


@pytest.mark.parametrize("mark", ["$", "^"])
def test_an_unusual_delimiter_wins_over_commas_inside_words(tmp_path, mark):
    """It stands equally often in each line, and parts it into more columns."""
    rows = [[str(i), "0100", f"Butter, salted {i}", "1 TAB"] for i in range(9)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(mark.join, rows))))
    assert dialect.delimiter == mark
    assert read_rows == rows


@pytest.mark.parametrize(
    "header", ["id,Name, first,v\n", "id,Name (last,first),v\n", "Wind speed Air temp\n"]
)
def test_a_header_of_more_names_than_cells_is_not_shifted(tmp_path, header):
    """Where a name may have been split, none knows which name belongs to which column."""
    rows = [["1", "a", "2.5"], ["2", "b", "3.5"], ["3", "c", "4.5"]] * 3
    mark = "," if "," in header else " "
    path = write(tmp_path, header + "\n".join(map(mark.join, rows)))
    with pytest.raises(UndecidableError, match=r"names 4 columns, but most rows have 3 cells"):
        read(path)
    assert len(read(path, header_rows=1)[1]) == 9


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("t,(s),v,w\n", ("t (s)", "v", "w")),
        ("a,b,c,Approve,Reject\n", ("a", "b", "c")),
    ],
)
def test_a_header_that_is_too_long_names_the_cells_there_are(tmp_path, header, names):
    """Units stand behind names, and names without cells are told."""
    rows = "1,x,2.5\n2,y,3.5\n3,z,4.5\n"
    dialect, _ = read(write(tmp_path, header + rows))
    assert dialect.names == names
    told = any("'Approve', 'Reject'" in each.why for each in dialect.evidence)
    assert told == ("Approve" in header)


@pytest.mark.parametrize("header", [",a,b,c\n", "date,,open,close\n"])
@pytest.mark.parametrize("last", ["", "4,w,5.5,note\n"])
def test_a_blank_name_in_a_header_that_is_too_long_is_not_decided(tmp_path, header, last):
    """It may name nothing, or the last name may."""
    path = write(tmp_path, header + "1,x,2.5\n2,y,3.5\n3,z,4.5\n" + last)
    with pytest.raises(UndecidableError, match="leaves a name blank and has 4 cells"):
        read(path)
    assert read(path, header_rows=1)[0].names[1] == (header.split(",")[1] or "column_2")


def test_a_full_row_shows_that_a_name_in_brackets_is_no_unit(tmp_path):
    """The names stay above their cells, and the longer row is kept back."""
    text = "id,name,score,[flag]\n1,a,5\n2,b,6\n3,c,8\n7,d,9,x\n"
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == ("id", "name", "score")
    assert rows[-1] == ["7", "d", "9", "x"]


def test_rows_as_long_as_the_header_show_that_the_others_are_short(tmp_path):
    """No column is dropped because most rows leave out their last cell."""
    short = "".join(f"{i};Nut {i};{i}.50\n" for i in range(2, 20))
    full = "0;Rod;0.50;late\n1;Nail;1.50;late\n"
    dialect, rows = read(write(tmp_path, "id;name;price;note\n" + full + short))
    assert dialect.names == ("id", "name", "price", "note")
    assert rows[:2] == [line.split(";") for line in full.splitlines()]
    assert len(rows) == 20


@pytest.mark.parametrize(
    ("text", "names", "count"),
    [
        (
            "Sum of sales;Columns;;;\nRows;2022;2023;(Blank);Total\n"
            + "".join(f"Shop {i};{i}0,5;{i}1,25;;{i}2,5\n" for i in range(6)),
            ("Sum of sales Rows", *(f"Columns {x}" for x in ("2022", "2023", "(Blank)", "Total"))),
            6,
        ),
        (
            "SCOPE9,54321,Waveform\nSegments,1,Size,20\nSegment,Trigger\n#1,2024-01-31\nTime,Ampl\n"
            + "".join(f"0.{i},0.00{i}\n" for i in range(1, 9)),
            ("Time", "Ampl"),
            8,
        ),
        (
            "Run;31.01.2024 10:15\nDevice;K202\nChannel;K1;K2\nUnit;C;C\n\nTime;K1;K2\n"
            + "".join(f"00:00:0{i};2{i},5;3{i},5\n" for i in range(9)),
            ("Time", "K1", "K2"),
            9,
        ),
        (
            "Label;Prices\nid;001759970\nUpdated;16/01/2024 08:45\nPeriod;\n"
            + "".join(f"2023-0{i};{i}8,5\n" for i in range(1, 9)),
            ("Label", "Prices"),
            8,
        ),
        (
            "Year,Value\n2001,1.5\n2002,2.5\n2003,3.5\n\nNote: provisional, unchecked, to change\n",
            ("Year", "Value"),
            3,
        ),
        (
            "Result freely available by the state office\nFirst asked by\n"
            "Id    = number of the post in use\nDay   = day of the month\n\nId,Day,Rain\n"
            + "".join(f"550,{i},{i}1\n" for i in range(9))
            + "\nRain in tenths\n\nState office of weather, since 2001\n",
            ("Id", "Day", "Rain"),
            9,
        ),
    ],
)
def test_what_stands_around_a_table_is_told_from_it(tmp_path, text, names, count):
    """Pivots, facts of any width above the names, and notes that hold the delimiter."""
    dialect, rows = read(write(tmp_path, text))
    assert dialect.names == names
    assert dialect.others == ()
    assert len(rows) == count


def test_a_last_row_with_blanks_for_delimiters_is_no_note(tmp_path):
    """It is kept back: it begins with no words."""
    rows = "".join(f"2{i}/04/2018,20:15,{i},Boots,warm\n" for i in range(9))
    text = f"day,time,n,item,text\n{rows}29/04/2018 20:15 2 Boots for men, warm and light\n"
    dialect, read_rows = read(write(tmp_path, text))
    assert dialect.footer_lines == 0
    assert len(read_rows) == 10


@pytest.mark.parametrize("others", [["1001,4,x"], [f"{n},{n * 3},w" for n in range(99, 130)]])
def test_last_rows_with_another_delimiter_are_no_notes(tmp_path, others):
    """They are kept back, one or many: each would be a row if its delimiter were the table's."""
    rows = [f"{n};{n * 3};w{n}" for n in range(99)]
    dialect, read_rows = read(write(tmp_path, "\n".join(["id;n;text", *rows, *others, ""])))
    assert dialect.footer_lines == 0
    assert len(read_rows) == 99 + len(others)


def test_thousands_without_quotes_are_refused_in_all_rows_as_in_some(tmp_path):
    """To read the first column as row names would shift every value by one column."""
    text = "id,price\n" + "".join(f"{n},{1 + n % 9},{100 + n}.50\n" for n in range(60))
    with pytest.raises(UndecidableError, match="one value that holds the delimiter"):
        read(write(tmp_path, text))


@pytest.mark.parametrize(
    "rows",
    ["Smith,Foo\nLee,Bar\nSource: Anonymous,Baz\n", "Note: a,x\nNote: b,y\nNote: c,z\n"],
)
def test_a_full_row_that_begins_like_a_note_is_a_row(tmp_path, rows):
    """Only what has more or fewer cells than the table is a note about it."""
    dialect, read_rows = read(write(tmp_path, "author,title\n" + rows))
    assert dialect.names == ("author", "title")
    assert len(read_rows) == 3


def test_a_legend_below_a_source_belongs_to_the_footer(tmp_path):
    """Its signs and meanings fill two cells, as no row of the table does."""
    rows = "".join(f"20{i};C{i};{i}.5\n" for i in range(10, 30))
    legend = "Source: Office of numbers;;\n;;\nSign;Meaning;\n-;Nothing at all;\nx;Unknown;\n"
    dialect, found = read(write(tmp_path, f"year;code;share\n{rows}{legend}"))
    assert (dialect.footer_lines, len(found)) == (5, 20)


def test_rows_with_few_cells_below_a_source_are_rows_where_others_are_alike(tmp_path):
    """A label inside the table may cite, too."""
    rows = "".join(f"20{i};C{i};;;;\n" for i in range(10, 30))
    text = f"year;code;a;b;c;d\n2009;C9;1;2;3;4\n{rows}Source: survey;;;;;\n2030;C30;;;;\n"
    dialect, found = read(write(tmp_path, text))
    assert (dialect.footer_lines, len(found)) == (0, 23)


def test_a_full_row_that_begins_like_a_note_and_has_words_below_numbers_is_a_note(tmp_path):
    """Its commas part no cells, and make no text of the columns; a missing value is no word."""
    rows = "name,price,sold\n" + "".join(f"n{i},{i}.5,{i}\n" for i in range(20))
    note = write(tmp_path, f"{rows}Source: Ministry, Dept. of Prices, revised\n")
    assert detect(note).footer_lines == 1
    row = write(tmp_path, f"{rows}Source: Anonymous,n/a,-\n")
    assert detect(row).footer_lines == 0
    more = write(
        tmp_path, f"{rows}Notas:,,\nSource: Ministry, Dept. of Prices, revised\nAs of 2024\n"
    )
    assert detect(more).footer_lines == 3


@pytest.mark.parametrize(
    ("last", "footer"),
    [
        ("All prices without tax, valid until May, subject to change\n", 1),
        ("\nPrinted,by Ann,on Monday\n", 2),
        ("\nPrinted,by Ann,on Monday\nPage 1\n", 3),
        ("\nn5,DNF,DNS\n", 0),
        ("n5,not sold,not listed\n", 0),
        ("n5,not sold, not listed\n", 0),
    ],
)
def test_a_sentence_and_phrases_behind_a_gap_are_no_row(tmp_path, last, footer):
    """Phrases in place of several numbers, not marks, tell a note that is as wide as the table."""
    rows = "".join(f"n{i},{i}.5,{i}\n" for i in range(4))
    assert detect(write(tmp_path, f"name,price,sold\n{rows}{last}")).footer_lines == footer
    assert read(write(tmp_path, "n\n1\n2\n3\n4\n5\nsix\n"))[1][-1] == ["six"]


def test_a_first_row_with_the_pattern_of_all_others_is_data(tmp_path):
    """Codes of one form name nothing."""
    rows = [[f"{i:04}-X", f"T{i:03}:{i:02} C"] for i in range(12)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(",".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


def test_a_long_first_code_with_the_pattern_of_all_others_is_data(tmp_path):
    """One digit is enough then, as where a lane stands behind the letters of a barcode."""
    codes = [["ACGTACGTTGCATGCA"[i:] + "ACGTACGTTGCATGCA"[:i] + "-1"] for i in range(14)]
    dialect, rows = read(write(tmp_path, "\n".join(code for (code,) in codes)))
    assert dialect.header_rows == 0
    assert rows == codes


@pytest.mark.parametrize(
    "row",
    [
        "user{0}@example.com,Ann,Lee",
        "10.0.{0}.1{0},up,a",
        "https://example.com/{0}",
        "{0:08x}-5f7c-4263-a0f0-6bafd8407b1a,a,b",
        "{0:032x}",
        "+49 170 10{0:05}",
        "level=info,n={0},user=u{0}",
        "id:{0},name:Ann",
        "C:\\data\\{0}.txt,ok",
    ],
)
def test_a_first_address_above_addresses_is_data(tmp_path, row):
    """Nor does a link, a hash, a phone number or a labelled value name what is like it."""
    rows = [row.format(i).split(",") for i in range(3)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(",".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


@pytest.mark.parametrize("code", ["AB{0:03}", "rs{0}"])
def test_a_first_code_with_the_pattern_of_many_is_data(tmp_path, code):
    """Words beside it, and digits of another number, do not make a name of it."""
    rows = [[code.format(7**i % 999 + 10), f"name {'abcdefghijkl'[i]}", "x"] for i in range(12)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(",".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


def test_a_first_word_that_comes_back_in_many_rows_is_data(tmp_path):
    """It is one of few values of its column, whatever texts stand beside it."""
    words = ["arithmetic", "angle", "area", "count", "density", "energy", "flux", "mass", "time"]
    rows = [["QSP"[i % 3], word, f"What a {word} is"] for i, word in enumerate(words)]
    dialect, read_rows = read(write(tmp_path, "\n".join(map(";".join, rows))))
    assert dialect.header_rows == 0
    assert read_rows == rows


def test_names_of_the_form_of_the_codes_below_them_are_names(tmp_path):
    """Other letters tell that they are none of these."""
    codes = ["I10", "E11", "J45", "K21", "F32", "M54", "N39", "R07", "Z00", "H25"]
    rows = "".join(
        f"{i},{a},{b}\n" for i, (a, b) in enumerate(zip(codes, codes[::-1], strict=True))
    )
    assert read(write(tmp_path, f"patient,D01,D02\n{rows}"))[0].names == ("patient", "D01", "D02")


@pytest.mark.parametrize("name", ["TRY 1", "COP 26", "% 2020"])
def test_a_sign_of_money_or_shares_before_a_number_may_be_a_name(tmp_path, name):
    """Behind one it is an amount; few write it before."""
    rows = "".join(f"R{i},{i}.5,{i}.7\n" for i in range(4))
    assert read(write(tmp_path, f"id,{name},{name}9\n{rows}"))[0].header_rows == 1


@pytest.mark.parametrize("name", ["ann@example.com", "10.0.0.1", "AB01"])
def test_an_address_or_code_above_other_values_is_a_name(tmp_path, name):
    """Columns may be named after people, machines and codes."""
    rows = "".join(f"{i},yes,no\n" for i in range(9))
    assert read(write(tmp_path, f"day,{name},{name}2\n{rows}"))[0].header_rows == 1


@pytest.mark.parametrize(
    "marks",
    [
        "A01,n.d.,n.d.\n",
        "Oslo,F,F\nRome,F,x\n",
        "Oslo,F,x\nRome,4,4\nKiel,F,7\n",
        "Bonn 7,closed,shut\n",
    ],
)
def test_a_row_of_marks_in_place_of_numbers_is_data(tmp_path, marks):
    """They come back below, or the key beside them has the form of those below."""
    keys = "Bonn " if "Bonn" in marks else "A0"
    rows = marks + "".join(f"{keys}{i},{i},{2 * i}\n" for i in range(2, 6))
    dialect, read_rows = read(write(tmp_path, "id,a,b\n" + rows))
    assert dialect.names == ("id", "a", "b")
    assert len(read_rows) == rows.count("\n")


def test_a_row_of_marks_below_a_blank_row_is_data(tmp_path):
    """Blank rows that come again below are no part of a header."""
    rows = "A02,2,4\nA03,3,6\n,,\nA04,4,8\nA05,5,10\nA06,6,12\n"
    assert read(write(tmp_path, f"id,a,b\n,,\nA01,n.d.,n.d.\n{rows}"))[0].names == ("id", "a", "b")


@pytest.mark.parametrize("second", ["Unit,kg,kg\n", ",kg,m2\n", "Town,kg,kg\n"])
def test_a_second_row_of_a_header_that_comes_again_whole_names_columns(tmp_path, second):
    """Units in it are no marks, though they stand below once more."""
    rows = "".join(f"A0{i},{i},{2 * i}\n" for i in range(1, 7))
    dialect, _ = read(write(tmp_path, 2 * f"Name,a,b\n{second}{rows}"))
    assert dialect.header_rows == 2


@pytest.mark.parametrize(
    "above",
    [
        "Company,Acme,\nPeriod,Q1 2024,\n\n",
        "Company,Acme,\nPeriod,Q1 2024,\n",
        "Prices,,\nPeriod:,Q1 2024,\n,,\n",
        "Report A,Page 1\n",
        "Report of sales, 2024\n",
    ],
)
def test_keys_and_values_above_a_row_that_names_every_column_are_no_names(tmp_path, above):
    """They are filled from the left alone, as names of groups of columns hardly are."""
    rows = "".join(f"{i},Nut,{i}.5\n" for i in range(5))
    dialect, read_rows = read(write(tmp_path, f"{above}id,name,price\n{rows}"))
    assert dialect.names == ("id", "name", "price")
    assert len(read_rows) == 5


def test_keys_and_values_above_a_table_of_words_are_no_names(tmp_path):
    """A blank row below several of them tells; one may be a header that lacks names."""
    words = "Ann,Bonn,Red\nBob,Kiel,Blue\nCid,Rome,Red\n"
    keys = "Project,Apollo,\nLead,Ann Lee,\n,,\n"
    dialect, rows = read(write(tmp_path, f"{keys}Name,Town,Team\n{words}"))
    assert dialect.names == ("Name", "Town", "Team")
    assert len(rows) == 3
    assert read(write(tmp_path, f"Name,Town,\n,,\n{words}"))[0].names[:2] == ("Name", "Town")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Plate,P1,,,\nDilution,2,,,\n,,,,\n,Row,Count,Size,\n" + 3 * ",0,24,1.5,\n",
            "column_1 Row Count",
        ),
        ("Day,1.8.2024,\nBlank,a,\n,- b,\n,,\nId,Well,OD\nx,A1,1.5\ny,A2,2.5\n", "Id Well OD"),
        (
            "Kind:,DNA" + 6 * "," + "\nNo:,E8" + 6 * "," + "\nId,OD,220,221,222,223,224,225\n"
            "a,0.5,7,8,5,9,5,2\nb,0.7,4,9,1,2,1,5\n",
            "Id OD 220",
        ),
        (
            "User: A,Run: 4,,\nTest: x,Time: 3 PM,,\n,,,\nLight,,,\n,1,2,3\n"
            + "".join(f"{row},7,9,4\n" for row in "ABCDEFG"),
            "column_1 1 2 3",
        ),
        ("User = A,Run = 4,,\nTest = x,Day = 3,,\n" + 5 * "7,9,4,5\n", "column_1 column_2"),
    ],
)
def test_keys_and_values_above_numbers_and_blanks_that_name_columns_are_no_names(
    tmp_path, text, names
):
    """They hold less than the rows of the table, or each its key."""
    assert " ".join(read(write(tmp_path, text))[0].names).startswith(names)


def test_units_between_names_and_numbers_belong_to_the_header(tmp_path):
    """Below keys and values too, and above a few rows, as names of parts do."""
    parts = "name,town,,n\n,from,to,\nNut,Oslo,Rome,1\nBolt,Rome,Kiel,2\nGear,Kiel,Bonn,3\n"
    assert read(write(tmp_path, parts))[0].names == ("name", "town from", "town to", "n")
    table = "name,town,price\n,,EUR\nNut,Oslo,1.5\nBolt,Rome,2.5\nGear,Kiel,3.5\n"
    for above in ("", "Report of May\n", "Account,DE12,\nPeriod,Q1,\n,,\n"):
        dialect, rows = read(write(tmp_path, above + table))
        assert dialect.names == ("name", "town", "price EUR")
        assert len(rows) == 3


@pytest.mark.parametrize("second", ["***,***,***", "**********"])
def test_stars_below_names_add_nothing_to_them(tmp_path, second):
    """They draw a line, and are no row of the table."""
    dialect, rows = read(write(tmp_path, f"name,n,price\n{second}\nnut,1,2.5\nbolt,2,3.5\n"))
    assert dialect.names == ("name", "n", "price")
    assert len(rows) == 2


@pytest.mark.parametrize("text", ["hotel,stars\nRex,***\nPost,**\n", "stars\n***\n**\n*****\n"])
def test_stars_in_a_single_cell_are_a_value(tmp_path, text):
    """Only a row of several cells of stars, or of many stars, is drawn."""
    assert len(read(write(tmp_path, text))[1]) == text.count("\n") - 1


def test_units_may_leave_out_columns_that_have_none(tmp_path):
    """Several words beside dashes tell more than a missing value, and do not come back below."""
    rows = "".join(f"2024,{i},{i}.5,-9,{i}.7,8\n" for i in range(1, 9))
    units = read(write(tmp_path, f"year,day,flux,loss,temp,speed\n-,-,umol,W,degC,m/s\n{rows}"))
    marks = read(write(tmp_path, f"year,day,flux,loss,temp,speed\n-,-,n.d.,low,-,-\n{rows}"))
    assert (units[0].header_rows, marks[0].header_rows) == (2, 1)


def test_one_amount_above_a_row_that_names_every_column_is_no_name(tmp_path):
    """A balance may stand in the column of the amounts, below other facts or alone."""
    table = "day,text,town,debit,credit\n1.2.2024,a,Rome,-5,\n2.2.2024,b,Oslo,-7,\n3.2.2024,c,,,9\n"
    for above in ("", "Bank : 1001,Agency : 7,,,\n,,,,\n"):
        dialect, rows = read(write(tmp_path, f"{above}Balance,,,,310.11\n{table}"))
        assert dialect.names == ("day", "text", "town", "debit", "credit")
        assert len(rows) == 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (",Men,,Women,\nTown,old,young,aged,new\n", "Town Men old Men young Women aged Women new"),
        ("Town,Men,,,\nName,a,b,c,d\n", "Town Name Men a Men b Men c Men d"),
        (
            "Y,2020,2020,2021,2021\nSex,M,F,M,F\nTown,,,,\n",
            "Y Sex Town 2020 M 2020 F 2021 M 2021 F",
        ),
        ("Y,2020,,2021,\nSex,M,F,M,F\nTown,,,,\n", "Y Sex Town 2020 M 2020 F 2021 M 2021 F"),
        (
            "Id,Town,Men,,\n,,2021,2022,2023\n,,in 1000,in 1000,in 1000\n",
            "Id Town Men 2021 in 1000 Men 2022 in 1000 Men 2023 in 1000",
        ),
        ("Town,Men,,Women,\n,old,new,old,new\n,(1),(2),(3),(4)\n", "Town Men old (1) Men new (2)"),
        ("x-axis,1,2,3,4\ns,V,V,A,A\n", "x-axis s 1 V 2 V 3 A 4 A"),
        (",2020,2020,2021,2021\n,M,F,M,F\n", "column_1 2020 M 2020 F 2021 M 2021 F"),
        ("Item,A,A,B,B\nSex,M,F,M,F\nTown,,,,\n", "Item Sex Town A M A F B M B F"),
        (
            "Town,Men,,Women,\n,2020,2021,2020,2021\n,n,n,n,n\n",
            "Town Men 2020 n Men 2021 n Women 2020 n Women 2021 n",
        ),
    ],
)
def test_names_of_groups_stay_above_a_row_that_names_every_column(tmp_path, text, names):
    """A single row that is as wide as the table, one with gaps, or one of years is no title."""
    rows = "".join(f"A{i},{i},{i}.5,7,{i}\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, text + rows))
    assert " ".join(dialect.names).startswith(names)
    assert len(read_rows) == 9


def test_a_second_row_of_a_header_may_hold_numbers_beside_names(tmp_path):
    """Many that rise along it, as along no row below it, are years or channels."""
    header = "sort,deg" + 6 * ",main" + "\ntype,n,1900.0,1905.0,1910.0,1915.0,1920.0,1925.0\n"
    rows = "".join(f"g,{i},{i},9,{2 * i},7,{i},8\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, header + rows))
    assert dialect.names[:3] == ("sort type", "deg n", "main 1900.0")
    assert len(read_rows) == 9


def test_a_name_of_a_group_spans_names_beside_a_blank_above_dates(tmp_path):
    """The blank names the dates, as one above other row names does."""
    rows = "".join(f"{i + 1} Apr 2020,{i},{i + 5},7\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, f",Wales,,Wales\n,North,South,.\n{rows}"))
    assert dialect.names == ("column_1", "Wales North", "Wales South", "Wales .")
    assert len(read_rows) == 9


def test_marks_below_years_that_each_name_a_column_are_data(tmp_path):
    """Years that come again name groups of columns; others need no names below them."""
    rows = "AT,:,:\nBE,:,5\n" + "".join(f"C{i},{i},{i}.5\n" for i in range(30))
    assert read(write(tmp_path, f"geo,2020,2021\n{rows}"))[0].header_rows == 1


def test_a_label_of_the_rows_below_it_is_a_row(tmp_path):
    """Another one further down tells that it names no column."""
    header = "Item,A,A,B,B\nSex,M,F,M,F\n"
    half = "".join(f"A{i},{i},{i}.5,7,{i}\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, f"{header}North,,,,\n{half}South,,,,\n{half}"))
    assert dialect.header_rows == 2
    assert len(read_rows) == 20


def test_choices_below_a_question_name_columns_though_they_are_its_answers(tmp_path):
    """The row of choices begins with a blank, and names each column that the question spans."""
    header = "id,Which?,,,Age\n,Tea,Milk,Other,Open answer\n"
    rows = "".join(f"{i},{'Tea' * (i % 2)},{'Milk' * (i % 3)},,{i + 20}\n" for i in range(9))
    dialect, read_rows = read(write(tmp_path, header + rows))
    assert dialect.names == ("id", "Which? Tea", "Which? Milk", "Which? Other", "Age Open answer")
    assert len(read_rows) == 9


@pytest.mark.parametrize(
    ("first", "rows", "count"),
    [
        (",0,1", 30, 1),
        (",0,1,2", 8, 1),
        (",0,1", 8, 0),
        ("7,0,1", 30, 0),
        (",2,9", 30, 0),
        (",1.5,3.4,5.2,7,8.9,9", 6, 1),
    ],
)
def test_numbers_behind_a_blank_above_row_names_are_a_header(tmp_path, first, rows, count):
    """Three in even steps tell, many rising ones, two in a row only above many rows."""
    values = first.count(",")
    body = "".join(f"{i}{values * f',{i}.5'}\n" for i in range(rows))
    assert read(write(tmp_path, f"{first}\n{body}"))[0].header_rows == count


def test_a_header_that_comes_again_in_a_short_file_is_one(tmp_path):
    """Words alone that come again may be values."""
    text = "id,name\n1,Ann\n2,Bob\nid,name\n3,Cid\n4,Dan\n"
    assert read(write(tmp_path, text))[0].names == ("id", "name")
    words = text.translate(str.maketrans("1234", "abcd"))
    assert read(write(tmp_path, words))[0].header_rows == 0


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("status,n\nr1,ok,NA\nr2,bad,3\nr3,ok,4\n", "column_1 status n", 3),
        ("comment,hours\nNote: late,2\nNote: early,3\nNote: sick,tbd\n", "comment hours", 3),
        (
            "Group A,,Group B,\nperson,year,Q1,note\n"
            + "".join(f"n{i},{1990 + i},B{500 + i},t{'xyz'[i % 3]}\n" for i in range(9)),
            "Group A person",
            9,
        ),
        ("mpg,cyl,hp\n1,21.0,6,110\n2,21.5,6,110\n3,22.8,4,93\n", "column_1 mpg cyl hp", 3),
    ],
    ids=["missing in the first row", "last row begins like a note", "groups", "row numbers"],
)
def test_no_row_of_an_ordinary_table_is_taken_for_something_else(tmp_path, text, names, rows):
    dialect, found = read(write(tmp_path, text))
    assert " ".join(dialect.names).startswith(names)
    assert len(found) == rows


def test_a_text_that_begins_with_digits_is_not_parted_at_its_blank(tmp_path):
    path = write(tmp_path, "1,12345 Berlin\n2,80331 Munich\n3,50667 Cologne\n4,20095 Hamburg\n")
    assert detect(path, ReadOptions(header_rows=0)).delimiter == ","


def test_skipping_more_lines_than_there_are_is_refused(tmp_path):
    """Nothing is left to be read then."""
    with pytest.raises(OptionsError, match="No row is left"):
        read(write(tmp_path, '"total amount 0"\n"a\tb"'), skip_lines=6)


@pytest.mark.parametrize(
    "text",
    [
        "pos name pts\n# Ann 5\n1 Bob 6\n2 Cy 7\n3 Di 8\n4 Ed 9\n",
        "flag value n\n-- x 1\n++ y 2\n-- z 3\n++ w 4\n++ v 5\n",
    ],
)
def test_a_first_cell_that_looks_like_a_mark_is_a_cell(tmp_path, text):
    """In a table parted by blanks it stands apart, as other cells do."""
    dialect, rows = read(write(tmp_path, text))
    assert [list(dialect.names), *rows] == [line.split() for line in text.splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "gene\tstrand\na\t+\nb\t-\n---\t-\nc\t+\nd\t-\n",
        "a\tb\tc\n1.5\t2.5\t3.5\n---\t\t\n2.5\t3.5\t4.5\n\t---\t\n5.5\t6.5\t7.5\n8.5\t1.5\t2.5\n",
        "a\tb\n1\t2\n---\t---\n3\t4\n5\t6\n",
        "value\nfoo\n---\nbar\n---\nbaz\n",
        'note\n"Hi\n-----\nBye"\nfoo\n---\nbar\n"======"\n',
    ],
)
def test_dashes_for_a_missing_value_are_no_drawn_line(tmp_path, text):
    """Lines between rows are only drawn where one below the header is, and never in one column."""
    _, rows = read(write(tmp_path, text))
    assert rows == [*csv.reader(io.StringIO(text), delimiter="\t")][1:]


def test_below_a_drawn_line_dashes_in_some_cells_or_in_quotes_are_values(tmp_path):
    """Only a line drawn in every column, or one below all of them, is left out."""
    page = 'name,a,b\n----,---,---\nx,1.5,2.5\n,---,\n---,,\n"---",---,---\ny,3.5,4.5\n'
    _, rows = read(write(tmp_path, f"{page}----,---,---\nz,5.5,6.5\n-----------\nw,7.5,8.5\n"))
    assert [row[0] for row in rows] == ["x", "", "---", "---", "y", "z", "w"]


def test_lines_between_the_rows_of_a_box_are_no_rows(tmp_path):
    """Clients of databases draw them so."""
    line = "+----+------+\n"
    rows = line.join(f"| {i}  | n{i}   |\n" for i in range(4))
    _, read_rows = read(write(tmp_path, f"{line}| id | name |\n{line}{rows}{line}"))
    assert [row[0].strip() for row in read_rows] == ["0", "1", "2", "3"]


def test_what_is_said_of_a_header_and_of_lines_above_it_is_true(tmp_path):
    """Nothing follows a header that stands alone, and another table is no title."""
    alone, _ = read(write(tmp_path, "a,b\n"))
    assert [each.why for each in alone.evidence if each.what == "header"] == ["no row follows it"]
    tables = "x,y\n1,2\n3,4\n\n\nname,age,town\nAnn,3,Bern\nBob,4,Chur\nCyd,5,Zug\n"
    second, _ = read(write(tmp_path, tables), table=2)
    (above,) = [each.why for each in second.evidence if each.what == "preamble"]
    assert "another table" in above
