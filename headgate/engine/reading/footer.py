"""Rows at the end that are notes, sources or rules, and no rows of the table."""

import re
from itertools import compress, takewhile

from headgate.engine.reading.cells import SENTENCE, count_filled, is_rule, is_typed, shape
from headgate.engine.reading.header_cells import typed_columns

_WORDS = re.compile(r"[^\W\d]+(?: [^\d\"]+){2}")
"""The beginning of a sentence: words, no numbers or quotes."""
_DELIMITERS = ",;\t|"
_END_OF_FILE = frozenset("\x1a\0 ")
"""What DOS ends a text file with, and what may fill its last block."""
_NOTE = re.compile(
    r"\W*(?:source|note|total rows|footnote|copyright|produced|generated|data as|end of)\b",
    re.IGNORECASE,
)
_CITES = re.compile(
    r"\W*(?:(?:foot)?notes?|sources?|disclaimer|quellen?|hinweise?|anmerkung(?:en)?|fuentes?|fontes?"
    r"|remarques?|uwaga|notas?|źródło|bron|kilder?|källa)\s?\d*:",
    re.IGNORECASE,
)
"""How a note begins, whatever delimiters it holds."""


def footer_rows(fields: list[list[str]], width: int) -> int:
    """Return how many rows at the end are no rows of a table of this width."""
    last = len(fields) - 1
    if last < 0:
        return 0
    if below := _rows_from_source(fields, width):
        return below + footer_rows(fields[:-below], width)
    cites = _cites(fields[last], width) or _cites_across(fields, width)
    if count_filled(fields[last]) > 1 and not cites:
        return 0
    body = [row for row in fields[:-1] if len(row) == width and count_filled(row) > 1]
    longest, typed = max((row[0] for row in body), key=len, default=""), typed_columns(body, width)
    while (
        last >= 0
        and not _is_row_otherwise(fields[last], typed)
        and (_is_note(fields[last], width, longest) or _cites_across(fields[: last + 1], width))
    ):
        last -= 1
    return len(fields) - 1 - last


def _rows_from_source(fields: list[list[str]], width: int) -> int:
    """Count the last rows from one that cites alone on, as above a legend of signs and meanings.

    They fill two cells, or less than half of the table's, unlike the row above them.
    """
    most = max(2, (width - 1) // 2) if width > 2 else 0
    ends = [*takewhile(lambda row: count_filled(row) <= most, reversed(fields))][::-1]
    cited = (i for i, row in enumerate(ends) if count_filled(row) == 1 and _CITES.match(row[0]))
    start = next(cited, len(ends))
    sparse = len(ends) == len(fields) or any(count_filled(row) > 1 for row in ends[:start])
    return 0 if sparse else len(ends) - start


def _is_row_otherwise(row: list[str], typed: list[bool]) -> bool:
    """Return whether another delimiter would make this text a row of the table.

    It has as many cells then, numbers where the table has them, and no blanks as between words.
    """
    if (len(typed) < 3 and not any(typed)) or count_filled(row) != 1:
        return False
    split = (next(filter(str.strip, row)).split(mark) for mark in _DELIMITERS)
    return any(
        len(cells) == len(typed)
        and not any(cell.startswith(" ") for cell in cells[1:])
        and all(map(is_typed, compress(cells, typed)))
        and (typed[0] or " " not in cells[0].strip())
        for cells in split
    )


def _is_note(row: list[str], width: int, longest: str) -> bool:
    """Return whether a row is blank, or a text alone that is none of the first column's."""
    filled = count_filled(row)
    if filled == 0 or _END_OF_FILE.issuperset("".join(row)):
        return True
    if _cites(row, width):
        return True
    if width < 2 or filled > 1 or not row[0].strip():
        return False
    if _NOTE.match(row[0]) or is_rule(row):
        return width > 2 or len(row) < width
    if len(row) < width:  # else a row that broke off: it has to be kept back, not passed over
        return not is_typed(row[0]) and (" " in row[0].strip() or len(row[0]) > len(longest))
    sentence = len(row[0].split()) >= SENTENCE > len(longest.split())
    return width > 2 and len(row[0]) > (len(longest) if sentence else 2 * len(longest) + 10)


def _cites(row: list[str], width: int) -> bool:
    """Return whether a row begins as a note does and is no full one, or is a sentence.

    One begins with words, and a blank stands behind each of its commas.
    """
    full = len(row) == count_filled(row) == width
    spaced = 1 < len(row) < width and all(cell.startswith(" ") for cell in row[1:])
    sentence = spaced and len(" ".join(row).split()) >= SENTENCE and _WORDS.match(row[0])
    return not full and bool(sentence or _CITES.match(row[0])) and not any(map(is_typed, row))


def _cites_across(fields: list[list[str]], width: int) -> bool:
    """Return whether the last row is a note as wide as the table, with words below numbers.

    Behind each comma of a sentence stands a blank. Where that does not begin as notes do, it has
    several commas, and a blank stands behind no other.
    """
    row = fields[-1]
    if len(row) != width or not all(cell.startswith(" ") for cell in row[1:]):
        return False
    body = [row for row in fields[1:-1] if len(row) == width]
    usual = width < 3 or any(cell.startswith(" ") for cells in body for cell in cells[1:])
    if any(map(is_typed, row)) or (usual and not _CITES.match(row[0])):
        return False
    return any(shape(cell) != "empty" for cell in compress(row, typed_columns(body, width)))
