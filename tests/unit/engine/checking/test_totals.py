"""Last rows that add up those above: they stay, and a note says how to leave them out."""

import subprocess
import sys

import pytest

from headgate.engine.contract import Contract
from headgate.engine.validate import validate_file
from headgate.options import CheckOptions, ReadOptions
from stack.running import ROOT

ROWS = [(f"R{i}", f"note {i}", 7 * i, 1000.25 + i) for i in range(46)]
SUMS = (sum(row[2] for row in ROWS), sum(row[3] for row in ROWS))


def reading_of(folder, last, end="\n", **options):
    """The file with some last line."""
    path = folder / "sales.csv"
    lines = [f'{a},{b},{c},"{d:,.2f}"' for a, b, c, d in ROWS]
    path.write_text("\n".join(["region,note,units,amount", *lines, last]) + end, encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    told = ReadOptions(encoding="utf-8", **options)
    return validate_file(path, scratch, options=told, check=CheckOptions(), contract=Contract())


@pytest.mark.parametrize("word", ["Total", "Grand total:", "Gesamt", "Summe", "Итого", "合計"])
@pytest.mark.parametrize(("end", "lines"), [("", 1), ("\n", 1), ("\n\n", 2)])
def test_a_total_is_named_and_left_out_as_the_note_says(tmp_path, word, end, lines):
    """The option that the note names takes exactly this row away."""
    last = f'{word},,{SUMS[0]},"{SUMS[1]:,.2f}"'
    reading = reading_of(tmp_path, last, end)
    (note,) = reading.notes
    assert reading.rows_good == 47
    assert f"line 48 looks like a total of the rows above ({word!r})" in note.why
    assert note.why.endswith(f"--footer-lines {lines}")

    without = reading_of(tmp_path, last, end, footer_lines=lines)
    assert (without.rows_good, without.notes) == (46, ())
    assert word in without.left_out_lines.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    "last",
    [
        f'Total of Region 2,,{SUMS[0] + 1},"{SUMS[1] + 1:,.2f}"',
        f'Nowhere,,{SUMS[0]},"{SUMS[1]:,.2f}"',
        f'Totality,,{SUMS[0]},"{SUMS[1]:,.2f}"',
        'Total,,1,"5.00"\nTotal,,2,"6.00"',
    ],
    ids=["other numbers", "no such word", "another word", "twice"],
)
def test_a_row_that_only_resembles_a_total_is_no_matter(tmp_path, last):
    """The sum must be there, or the word alone in one row."""
    assert reading_of(tmp_path, last).notes == ()


@pytest.mark.parametrize("last", [f"Total:,,{SUMS[0] + 1},", 'Total,,,"5.00"', "Gesamt,,n/a,"])
def test_a_total_that_the_rows_do_not_add_up_to_is_named_all_the_same(tmp_path, last):
    """It may have been rounded, or rows may be missing; it is no row like the others."""
    (note,) = reading_of(tmp_path, last).notes
    assert "though these do not add up to it; it is kept as a row" in note.why
    assert note.why.endswith("--footer-lines 1")
    assert reading_of(tmp_path, last, footer_lines=1).rows_good == 46


def test_the_total_of_a_large_file_is_left_out_when_told(tmp_path):
    """The option holds, too, where only the beginning and the end of a file are looked at."""
    last = "\n".join([*(f'S{i},,0,"0.00"' for i in range(30_000)), f"Total,,{SUMS[0]},"])
    (note,) = reading_of(tmp_path, last).notes
    assert note.why.endswith("--footer-lines 1")
    assert reading_of(tmp_path, last, footer_lines=1).rows_good == 30_046


def test_several_totals_are_named_and_left_out_together(tmp_path):
    """Those of groups, before that of all rows, are no rows like the others either."""
    halves = (sum(row[2] for row in rows) for rows in (ROWS[:20], ROWS[20:]))
    last = "\n".join([*(f"Subtotal,,{half}," for half in halves), f"Grand total,,{SUMS[0]},"])
    (note,) = reading_of(tmp_path, last).notes
    assert "lines 48 to 50 look like totals of the rows above ('Grand total')" in note.why
    assert note.why.endswith("--footer-lines 3")
    assert reading_of(tmp_path, last, footer_lines=3).rows_good == 46


def test_a_word_that_stands_in_every_row_makes_none_a_total(tmp_path):
    """It names a category, as `Total` does beside `Male` and `Female` in official statistics."""
    rows = [f"Total,row {i},1," for i in range(50)]
    assert reading_of(tmp_path, "\n".join([*rows, f"Total,,{SUMS[0] + 50},"])).notes == ()


def test_a_total_of_thousands_of_columns_takes_little_memory(tmp_path):
    """It once took memory by the square of the columns: for 4,000, all that a machine has."""
    names = ",".join(f"c{place}" for place in range(4000))
    rows = "".join(f"r{row},{','.join(['1'] * 4000)}\n" for row in range(3))
    (tmp_path / "wide.csv").write_text(f"name,{names}\n{rows}Total,{','.join(['3'] * 4000)}\n")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))"
    code = f"{limit}; from cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "inspect", str(tmp_path / "wide.csv")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Line 5 looks like a total of the rows above" in done.stdout
