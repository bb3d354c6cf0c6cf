"""Columns that stand one below the other, with blanks between them and no delimiter."""

import pytest

from headgate.engine.reading.detect import detect
from headgate.errors import UndecidableError
from tests.harness.reading import read, write


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


@pytest.mark.parametrize("number", ["{},13", "{},000,250"])
def test_commas_in_aligned_columns_of_numbers_separate_nothing(tmp_path, number):
    """Columns that stand one below the other part the cells where no comma is beside a word."""
    rows = [[f"A{i}", ("Nut", "Long rod")[i % 2], number.format(i), str(i)] for i in range(1, 7)]
    lines = [f"{a:6}{b:10}{c:>10}{d:>5}" for a, b, c, d in [("code", "item", "price", "n"), *rows]]
    dialect, read_rows = read(write(tmp_path, "\n".join(lines)))
    assert dialect.names == ("code", "item", "price", "n")
    assert read_rows == rows
