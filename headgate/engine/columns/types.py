"""What a column holds: a type is settled over the whole file, or the column stays text.

Here: a column is tried against the formats that its first rows suggest, block by block; where
one fails late, the others are tried on the staged file. Not here: the formats themselves.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from headgate.engine.columns.formats import NO_DIGITS, Format, Kind, Number, Precision
from headgate.engine.columns.guess import SHORTENED, candidates, has_digit, propose
from headgate.engine.columns.near import Near, count_misfits, nearly
from headgate.engine.duck import quote_name, quote_text
from headgate.engine.reading.dialect import Evidence
from headgate.engine.staging import LINE, StagedFile
from headgate.errors import OptionsError
from headgate.record import Record

MARKERS = (
    *("NA", "N/A", "n/a", "na", "NaN", "nan", "NULL", "Null", "null", "None", "none", "#N/A"),
    *("-", "--", "?", ".", "..", "...", "(null)", "<NA>", "#NULL!", "#DIV/0!", "n.a.", "N.A."),
    *("NAN", "NaT", "nil", "\\N", "[NULL]", "<null>", "#NV", "#N/D", "#VALUE!", "#WERT!", "k.A."),
    *("k. A.", "n/d", "n.d.", "---", "***", "\u2013", "\u2014", ":"),
)
"""Texts that stand for a missing value where every other value of the column is no word."""
BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""Characters that `trim` takes away from both ends of a value."""
_SENTINELS = 2
"""Whole numbers that may stand for something else beside decimals, such as 0 and -999."""
_SAMPLE = 200
_DECLARED = "The contract says that it is text."
_SIGNS = (
    (re.compile(r"-?0\d+"), "would lose its leading zeros"),
    (re.compile(r"\+\d[\d .-]*"), "would lose its plus sign"),
    (re.compile(r"-?\d{19,}"), "has more digits than a number keeps"),
    (SHORTENED, "would lack the digits that a spreadsheet cut off"),
)
_UNEVEN = (
    "All values could be written {}, or be numbers with up to three decimals: undecidable, so it "
    "stays text."
)
_UNLIKE_MINUS = re.compile(r"\(.+\)|.+-")
_BARE = re.compile(r"\d[\d.,' ]*")
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")
_ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


class Missing(Record):
    """How often one text stands for a missing value in a column."""

    marker: Annotated[str, Field(description="The text; empty for an empty cell")]
    count: Annotated[int, Field(description="Cells that hold it", ge=0)]


class Column(Record):
    """One column of the staged table and what its text means."""

    name: Annotated[str, Field(description="Name in the staged table")]
    position: Annotated[int, Field(description="Place in the file, from 0", ge=0)]
    kind: Annotated[Kind, Field(description="What every value of the file is")] = "text"
    format: Annotated[str, Field(description="How it is written, by an example")] = ""
    padded: Annotated[bool, Field(description="Whether white space stands around some values")] = (
        False
    )
    ascii: Annotated[bool, Field(description="Whether every text is ASCII")] = False
    sql_type: Annotated[str, Field(description="DuckDB type of the typed value")] = "VARCHAR"
    sql: Annotated[
        str,
        Field(description="DuckDB expression over the staged text column: typed value, or NULL"),
    ]
    plain: Annotated[
        bool, Field(description="Whether Arrow's cast of a trimmed text gives the typed value too")
    ] = False
    missing: Annotated[tuple[Missing, ...], Field(description="Missing values by marker")] = ()
    evidence: Annotated[tuple[Evidence, ...], Field(description="Why this kind")] = ()
    near: Annotated[
        Near | None, Field(description="What nearly all its values are, if a few keep it text")
    ] = None

    @property
    def doubt(self) -> str:
        """Why it is text although it looks like something else; empty where it does not."""
        whys = (each.why for each in self.evidence if self.kind == "text")
        return next((why for why in whys if why != _DECLARED), "")


def arrow_type(sql_type: str) -> pa.DataType:
    """Return the Arrow type of what DuckDB calls so.

    Raises:
        OptionsError: No column has such a type; a recipe says so that Headgate did not write.
    """
    if decimal := _DECIMAL.fullmatch(sql_type):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    if sql_type not in _ARROW_TYPES:
        raise OptionsError(
            f"There is no type {sql_type!r}.", todo="Use a recipe.json that Headgate wrote."
        )
    return _ARROW_TYPES[sql_type]


def sample_of(texts: pa.ChunkedArray, missing: Iterable[str]) -> list[str]:
    """Pick distinct values from all over the texts, none of which stands for a missing one."""
    step = max(1, len(texts) // 2000)
    passed_over = {"", *MARKERS, *missing}
    picked = dict.fromkeys(text.strip() for text in texts[::step].to_pylist())
    return [text for text in picked if text not in passed_over][:_SAMPLE]


@dataclass(frozen=True)
class Misfit:
    """A value that is not written in a format, and where it stands."""

    line: int
    value: str


@dataclass
class Trial:
    """The formats that one column is tried against, and how far each has come."""

    name: str
    sample: list[str]
    formats: list[Format]
    seen: "Seen"
    ruled_out: dict[Format, str]
    near: list[Format] = field(default_factory=list)

    @property
    def live(self) -> list[Format]:
        """The formats that every value seen is written in."""
        return [each for each in self.formats if each not in self.seen.misfits]

    @property
    def contested(self) -> list[Format]:
        """Those of them that give the same texts different values."""
        return [each for each in self.live if any(map(each.rivals, self.live))]


@dataclass
class Seen:
    """What one column was seen to hold, in one block or in several."""

    filled: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    markers: Counter[str] = field(default_factory=Counter)
    misfits: dict[Format, Misfit] = field(default_factory=dict)
    precision: Precision = NO_DIGITS
    padded: bool = False
    ascii: bool = True

    def add(self, later: "Seen") -> None:
        """Add what was seen further down the file."""
        self.filled += later.filled
        self.missing += later.missing
        self.markers += later.markers
        self.misfits = later.misfits | self.misfits
        self.precision = self.precision.widened(later.precision)
        self.padded |= later.padded
        self.ascii &= later.ascii


class TypeInference:
    """Settles the types of all columns while blocks pass by."""

    def __init__(
        self,
        names: Sequence[str],
        missing: Iterable[str],
        *,
        text: Container[str] = (),
        point: bool | None = True,
    ) -> None:
        """Begin with no block seen.

        Args:
            names: The columns, in order.
            missing: Texts that count as missing in every column.
            text: Columns that are text, whatever they look like.
            point: Whether a point is the decimal mark, unless a column shows a decimal comma; None
                where nothing speaks for or against it.
        """
        self._names = names
        self._declared = tuple(dict.fromkeys(marker for marker in missing if marker))
        self._text = text
        self._judged: Mapping[str, Format] = {}
        self._point = point
        self._marks: set[str] = set()
        self._absent = ("", *MARKERS, *self._declared)
        self._trials = [Trial(name, [], [], Seen(), {}) for name in names]

    def start(self, rows: pa.Table, judged: Mapping[str, Format] | None = None) -> None:
        """Choose what to try each column against, from the first rows of the file.

        Args:
            rows: The first rows.
            judged: How columns are written by which a contract has judged them: they are typed so.
        """
        self._judged = judged or {}
        self._trials = [self._begun(name, rows[name]) for name in self._names]

    def look(self, rows: pa.Table) -> list[Seen]:
        """See what a block holds; may run in several threads."""
        return [self._look(rows[trial.name], rows[LINE], trial) for trial in self._trials]

    def add(self, seen: list[Seen]) -> None:
        """Take in what `look` saw, in file order."""
        for trial, more in zip(self._trials, seen, strict=True):
            trial.seen.add(more)

    def settle(self, staged: Path) -> tuple[Column, ...]:
        """Decide, after the last block; late doubts are cleared up on the staged file."""
        trials = [self._cleared(trial, staged) for trial in self._trials]
        self._marks = {mark for mark in ".," if any(_shows(trial, mark) for trial in trials)}
        self._point = self._point and "," not in self._marks
        return tuple(self._column(i, trial, staged) for i, trial in enumerate(trials))

    def _begun(self, name: str, texts: pa.ChunkedArray) -> Trial:
        trial = self._trial(name, sample_of(texts, self._declared))
        trial.near = trial.formats
        if not trial.formats and name not in self._text:
            trial.near = nearly(texts, name, self._absent)
        return trial

    def _trial(self, name: str, sample: list[str], failed: Container[Format] = ()) -> Trial:
        guesses: Iterable[Format] = ()
        if name not in self._text:
            guesses = candidates(sample, name)
        if sample and (judged := self._judged.get(name)):
            guesses = [*(each for each in guesses if _agrees(each, judged)), judged]
        formats, ruled_out = _weigh(sample, [each for each in guesses if each not in failed])
        return Trial(name, sample, formats, Seen(), ruled_out)

    def _look(self, texts: pa.ChunkedArray, lines: pa.ChunkedArray, trial: Trial) -> Seen:
        seen = Seen()
        values = self._without_missing(texts, seen)
        seen.filled = len(values)
        live = trial.live
        if not seen.filled:
            return seen
        seen.ascii = bytes(values.buffers()[2] or b"").isascii()
        if not live:
            seen.padded = _padded(values)
            return seen
        kept = values
        for form in live:
            kept = self._try(form, kept, seen)
            if form in seen.misfits:
                at = pc.index(texts, seen.misfits[form].value).as_py()
                seen.misfits[form] = Misfit(lines[at].as_py(), seen.misfits[form].value)
                seen.padded = _padded(values)
        for form in live:
            seen.precision = seen.precision.widened(form.precision(kept))
        return seen

    def _without_missing(self, texts: pa.ChunkedArray, seen: Seen) -> pa.Array:
        for marker in ("", *self._declared):
            found = pc.equal(texts, marker)
            if count := pc.sum(found).as_py() or 0:
                seen.missing[marker] = count
                texts = texts.filter(pc.invert(found))
        return texts.combine_chunks()

    def _try(self, form: Format, values: pa.Array, seen: Seen) -> pa.Array:
        """Hold values to a format; return them without padding and signs for missing ones."""
        mask = form.fits(values)
        if pc.all(mask).as_py() is not False:
            return values
        others = pc.value_counts(values.filter(pc.invert(mask)))
        words = {each["values"].as_py(): each["counts"].as_py() for each in others}
        stripped = {word: word.strip() for word in words}
        distinct = [
            text for text in dict.fromkeys(stripped.values()) if text not in MARKERS and text
        ]
        fine = form.fits(pa.array(distinct, pa.string())).to_pylist()
        bad = {text for text, fits in zip(distinct, fine, strict=True) if not fits}
        if bad:
            word = next(word for word in words if stripped[word] in bad)
            seen.misfits[form] = Misfit(0, word)
            return values
        seen.padded = seen.padded or any(word != text for word, text in stripped.items())
        for word, count in words.items():
            if stripped[word] in MARKERS or not stripped[word]:
                seen.markers[word] = count
        values = pc.utf8_trim_whitespace(values)
        return values.filter(pc.invert(pc.is_in(values, value_set=pa.array([*MARKERS, ""]))))

    def _cleared(self, trial: Trial, staged: Path) -> Trial:
        """Try other formats on the staged file until one holds or none is left."""
        failed = set(trial.seen.misfits)
        while (
            trial.seen.filled
            and trial.name not in self._text
            and (failed.issuperset(trial.formats))
        ):
            if not trial.sample:
                again = self._begun(trial.name, _first_filled(staged, trial.name))
            elif trial.formats:
                late = [each.value.strip() for each in trial.seen.misfits.values()]
                again = self._trial(trial.name, [*trial.sample, *late], failed)
                again.near = [*trial.near, *again.formats]
            else:
                break
            again.seen.misfits |= trial.seen.misfits
            if not again.formats:
                trial.near = trial.near or again.near
                break
            for batch in StagedFile(staged, [trial.name, LINE]):
                rows = pa.Table.from_batches([batch])
                again.seen.add(self._look(rows[trial.name], rows[LINE], again))
            trial = again
            failed |= set(trial.seen.misfits)
        return trial

    def _column(self, position: int, trial: Trial, staged: Path) -> Column:
        chosen, why = self._choose(trial)
        if chosen and self._may_be_decimals(chosen, trial.name, staged):
            why = _UNEVEN.format(chosen.label)
            chosen = None
        seen, near = trial.seen, None
        if trial.near and not trial.live and seen.filled:
            near = count_misfits(staged, trial.name, trial.near, self._absent)
            why = str(near) if near else why
        name = quote_name(trial.name)
        text = f"trim({name}, {quote_text(BLANKS)})" if chosen and seen.padded else name
        missing = seen.missing + (seen.markers if chosen else Counter())
        if chosen:
            sql, sql_type = chosen.sql(text, seen.precision)
        else:
            sql, sql_type = f"nullif({name}, '')", "VARCHAR"
        if declared := [quote_text(marker) for marker in seen.missing if marker]:
            sql = f"CASE WHEN {name} NOT IN ({', '.join(declared)}) THEN {sql} END"
        kind: Kind = chosen.kind if chosen else "text"
        label = chosen.label if chosen else ""
        found = f"{kind}, written {label}" if chosen else kind
        return Column(
            name=trial.name,
            position=position,
            kind=kind,
            format=label,
            padded=seen.padded or any(marker != marker.strip() for marker in seen.missing),
            ascii=seen.ascii,
            sql_type=sql_type,
            sql=sql,
            plain=chosen.plain if chosen else False,
            missing=tuple(
                Missing(marker=marker, count=count) for marker, count in missing.most_common()
            ),
            evidence=(Evidence(what=f"type of {trial.name}", found=found, why=why),) if why else (),
            near=near,
        )

    def _may_be_decimals(self, form: Format, name: str, staged: Path) -> bool:
        """Whether groups of thousands could be decimals of three digits, beside whole numbers.

        Two groups in one value tell, and so does the decimal mark of other columns.
        """
        if not isinstance(form, Number) or form.scale != 0 or form.thousands not in (".", ","):
            return False
        other = {".": ",", ",": "."}[form.thousands]
        told = self._marks == {other} or (self._point and other == ".")
        if told or form.lakh or name in self._judged:
            return False
        even = self._point is False and not self._marks
        return not _shows_groups(staged, name, form.thousands, even=even)

    def _choose(self, trial: Trial) -> tuple[Format | None, str]:
        """Take the format that alone is left, and say what speaks for it."""
        live, contested = trial.live, trial.contested
        if self._point and all(isinstance(each, Number) for each in contested):
            live = [each for each in live if each not in contested or has_point(each)]
            contested = []
        if contested:
            readings = " and ".join(dict.fromkeys(each.label for each in contested))
            return None, f"All values could be written {readings}: undecidable, so it stays text."
        if live and not live[0].certain:
            why = "but years of two digits could be of either century: undecidable"
            return None, f"All values are written {live[0].label}, {why}, so it stays text."
        ruled_out = [
            f"{misfit.value!r} on line {misfit.line:,} rules out {form.label}"
            for form, misfit in trial.seen.misfits.items()
        ]
        if live:
            ruled_out += [
                f"{text!r} rules out {form.label}" for form, text in trial.ruled_out.items()
            ]
        if live and trial.seen.filled:
            count = trial.seen.filled - trial.seen.markers.total()
            return live[0], "; ".join((f"All {count:,} values are written so", *ruled_out)) + "."
        if ruled_out:
            return None, "; ".join(ruled_out) + "."
        if trial.name in self._text:
            return None, _DECLARED
        numeric = [text for text in trial.sample if text[-1:].isdigit()]
        return None, _why_text(numeric if trial.near else trial.sample)


def _weigh(sample: list[str], guesses: Sequence[Format]) -> tuple[list[Format], dict[Format, str]]:
    """Return the first format that fits and its rivals that do too; of the others, a text against.

    Formats that mean the same by what is written are no rivals and not tried out.
    """
    texts = pa.array(sample, pa.string())
    fitting: list[Format] = []
    against: dict[Format, str] = {}
    for guess in guesses:
        if fitting and not fitting[0].rivals(guess):
            continue
        fits = guess.fits(texts)
        if pc.all(fits).as_py():
            fitting.append(guess)
        else:
            against[guess] = sample[fits.to_pylist().index(False)]
    told = {form.label: form for form in reversed(against) if fitting and fitting[0].rivals(form)}
    return fitting, {form: against[form] for form in reversed(told.values())}


def _shows_groups(staged: Path, name: str, mark: str, *, even: bool) -> bool:
    """Whether a mark in a column's values parts thousands.

    Args:
        staged: The staged file.
        name: The column.
        mark: The mark.
        even: Whether numbers are taken to be written evenly: zeros at the end of some then belong
            to groups, if several values have no mark.
    """
    groups = f"[0-9]{re.escape(mark)}[0-9]{{3}}{re.escape(mark)}"
    zeros, plain = False, set[str]()
    for batch in StagedFile(staged, [name]):
        texts = batch.column(0)
        if pc.any(pc.match_substring_regex(texts, groups)).as_py():
            return True
        marked = pc.match_substring(texts, mark)
        zeros |= bool(pc.any(pc.ends_with(texts.filter(marked), "0")).as_py())
        plain.update(
            filter(has_digit, texts.filter(pc.invert(marked)).drop_null().unique().to_pylist())
        )
    return even and zeros and len(plain) > _SENTINELS


def _agrees(form: Format, judged: Format) -> bool:
    """Whether a format gives texts the values that another gives them, or whole ones at least."""
    kinds = {judged.kind, *(("integer",) if judged.kind == "decimal" else ())}
    return form.kind in kinds and not (form.rivals(judged) or judged.rivals(form))


def _shows(trial: Trial, mark: str) -> bool:
    """Whether a column's values can only be read with this decimal mark."""
    marks = {form.mark for form in trial.live if isinstance(form, Number) and form.scale != 0}
    return marks == {mark} and trial.seen.filled > 0 and not trial.contested


def has_point(form: Format) -> bool:
    """Whether a point is the decimal mark of numbers that are written so."""
    return isinstance(form, Number) and (form.thousands == "," or form.mark == ".")


def _padded(values: pa.Array) -> bool:
    trimmed = pc.utf8_trim_whitespace(values)
    return bool(pc.sum(pc.binary_length(trimmed)) != pc.sum(pc.binary_length(values)))


def _why_text(sample: list[str]) -> str:
    """Return why texts that look like numbers are none."""
    for pattern, loss in _SIGNS:
        for text in sample:
            if pattern.fullmatch(text) and all(each[-1:].isdigit() for each in sample):
                return f"As a number, {text!r} {loss}."
    signed = next(filter(_UNLIKE_MINUS.fullmatch, sample), None)
    if signed and all(_BARE.fullmatch(text.strip("(-)")) for text in sample):
        return f"{signed!r} may be a negative number or something else."
    numeric = all(any(map(str.isdigit, text)) for text in sample)
    if numeric and (loose := propose(sample, "", loose=True)):
        return f"As {loose[0].kind}s, the values would not all come back as they are written."
    return ""


def _first_filled(staged: Path, name: str) -> pa.ChunkedArray:
    """Return the texts of the first batch in which a column holds any."""
    texts = pa.chunked_array([[]], pa.string())
    for batch in StagedFile(staged, [name]):
        texts = pa.chunked_array([batch.column(0)])
        if pc.max(pc.binary_length(texts)).as_py():
            break
    return texts
