"""What a column holds: a type is settled over the whole file, or the column stays text.

Here: which formats a column is tried against, as its first rows suggest, and what is settled; where
one fails late, the others are tried on the staged file. Not here: the formats, and the trial.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from headgate.engine.columns.column import BLANKS, DECLARED, MARKERS, Column, Missing
from headgate.engine.columns.date_orders import mixed
from headgate.engine.columns.formats import NO_DIGITS, Format, Kind
from headgate.engine.columns.guess import SHORTENED, candidates, has_digit, propose
from headgate.engine.columns.near_misses import count_misfits, nearly
from headgate.engine.columns.numbers import MOST_DECIMALS, Number, has_point
from headgate.engine.columns.sample import sample_of
from headgate.engine.columns.trial import Seen, Trial
from headgate.engine.duck import quote_name, quote_text
from headgate.engine.reading.dialect import Evidence
from headgate.engine.staging import LINE, StagedFile
from headgate.engine.threads import map_ahead

_SENTINELS = 2
"""Whole numbers that may stand for something else beside decimals, such as 0 and -999."""

_SIGNS = (
    (re.compile(r"-?0\d+"), "would lose its leading zeros"),
    (re.compile(r"\+\d[\d .-]*"), "would lose its plus sign"),
    (
        re.compile(rf"-?(?:\d{{19,}}|\d*[.,]\d{{{MOST_DECIMALS + 1},}})"),
        "has more digits than a number keeps",
    ),
    (SHORTENED, "would lack the digits that a spreadsheet cut off"),
)
_UNEVEN = (
    "All values could be written {}, or be numbers with up to three decimals: undecidable, so it "
    "stays text."
)
_UNLIKE_MINUS = re.compile(r"\(.+\)|.+-")
_INFINITE = re.compile(r"[-+]?inf(?:inity)?", re.IGNORECASE)
_BARE = re.compile(r"\d[\d.,' ]*")


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
        self._trials = [Trial(name) for name in names]

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
        return [trial.look(rows, self._declared) for trial in self._trials]

    def add(self, seen: list[Seen]) -> None:
        """Take in what `look` saw, in file order."""
        _add(self._trials, seen)

    def begin_anew(self, staged: Path) -> None:
        """See what is left in the staged file, after rows were taken out of it."""
        first = next(iter(StagedFile(staged)), StagedFile(staged).nothing())
        self.start(pa.Table.from_batches([first]), self._judged)
        self._look_again(self._trials, staged)

    def settle(self, staged: Path) -> tuple[Column, ...]:
        """Decide, after the last block; late doubts are cleared up on the staged file."""
        trials = self._cleared(staged)
        self._marks = {mark for mark in ".," if any(_shows(trial, mark) for trial in trials)}
        self._point = self._point and "," not in self._marks
        return tuple(self._column(i, trial, staged) for i, trial in enumerate(trials))

    def _begun(self, name: str, texts: pa.ChunkedArray) -> Trial:
        trial = self._trial(name, [*sample_of(texts, self._declared)])
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
        return Trial(name, sample, formats, ruled_out)

    def _cleared(self, staged: Path) -> list[Trial]:
        """Try other formats on the staged file, until one holds or none is left for each column."""
        trials = dict(enumerate(self._trials))
        again = trials
        while again := {
            place: another
            for place, trial in again.items()
            if (another := self._another(trial, staged))
        }:
            self._look_again([*again.values()], staged)
            trials |= again
        return [*trials.values()]

    def _look_again(self, trials: Sequence[Trial], staged: Path) -> None:
        """See what the staged file holds of some columns."""
        batches = StagedFile(staged, [*(trial.name for trial in trials), LINE])

        def look(place: int) -> list[Seen]:
            rows = pa.Table.from_batches([batches[place]])
            return [trial.look(rows, self._declared) for trial in trials]

        for seen in map_ahead(look, range(len(batches))):
            _add(trials, seen)

    def _another(self, trial: Trial, staged: Path) -> Trial | None:
        """Return what else to try a column against, where nothing holds so far."""
        if not trial.seen.filled or trial.name in self._text or trial.live:
            return None
        if not trial.sample:
            again = self._begun(trial.name, _first_filled(staged, trial.name, self._declared))
        elif trial.formats:
            late = [each.value.strip() for each in trial.seen.misfits.values()]
            again = self._trial(trial.name, [*trial.sample, *late], trial.seen.misfits)
            again.near = [*trial.near, *again.formats]
        else:
            return None
        again.seen.misfits |= trial.seen.misfits
        if again.formats:
            return again
        trial.near = trial.near or again.near
        return None

    def _column(self, position: int, trial: Trial, staged: Path) -> Column:
        chosen, why = self._choose(trial)
        if chosen and self._may_be_decimals(chosen, trial.name, staged):
            why, chosen = _UNEVEN.format(chosen.label), None
        seen, near = trial.seen, None
        if not trial.live and seen.filled and trial.name not in self._text:
            orders = mixed(staged, trial.name, trial.sample)
            if trial.near and not orders:
                near = count_misfits(staged, trial.name, trial.near, self._absent)
            why = orders or (str(near) if near else why)
        kind: Kind = chosen.kind if chosen else "text"
        label = chosen.label if chosen else ""
        found = f"{kind}, written {label}" if chosen else kind
        missing = seen.missing + seen.markers if chosen else seen.missing
        sql, sql_type = _typed(trial, chosen)
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
        """Return whether thousands could be decimals of three digits, beside whole numbers.

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
        ruled_out = [*_tell_ruled_out(trial)]
        if live and trial.seen.filled:
            count = trial.seen.filled - trial.seen.markers.total()
            return live[0], "; ".join((f"All {count:,} values are written so", *ruled_out)) + "."
        if ruled_out:
            return None, "; ".join(ruled_out) + "."
        if trial.name in self._text:
            return None, DECLARED
        numeric = [text for text in trial.sample if text[-1:].isdigit()]
        return None, _why_text(numeric if trial.near else trial.sample)


def _add(trials: Iterable[Trial], seen: Iterable[Seen]) -> None:
    for trial, more in zip(trials, seen, strict=True):
        trial.seen.add(more)


def _tell_ruled_out(trial: Trial) -> Iterator[str]:
    """Say which values rule formats out; those of the sample, only where a format is left."""
    for form, misfit in trial.seen.misfits.items():
        yield f"{misfit.value!r} on line {misfit.line:,} rules out {form.label}"
    if trial.live:
        for form, text in trial.ruled_out.items():
            yield f"{text!r} rules out {form.label}"


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


def _typed(trial: Trial, chosen: Format | None) -> tuple[str, str]:
    """Return the DuckDB expression of a column's typed values, and their type."""
    name = quote_name(trial.name)
    sql, sql_type = f"nullif({name}, '')", "VARCHAR"
    if chosen:
        text = f"trim({name}, {quote_text(BLANKS)})" if trial.seen.padded else name
        sql, sql_type = chosen.sql(text, trial.seen.precision.get(chosen, NO_DIGITS))
    if declared := [quote_text(marker) for marker in trial.seen.missing if marker]:
        sql = f"CASE WHEN {name} NOT IN ({', '.join(declared)}) THEN {sql} END"
    return sql, sql_type


def _shows_groups(staged: Path, name: str, mark: str, *, even: bool) -> bool:
    """Return whether a mark in a column's values parts thousands.

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
    """Return whether a format gives texts the values that another does, or whole ones at least."""
    whole = form.kind == "integer" and judged.kind == "decimal"
    alike = whole or form.kind == judged.kind
    return alike and not (form.rivals(judged) or judged.rivals(form))


def _shows(trial: Trial, mark: str) -> bool:
    """Return whether a column's values can only be read with this decimal mark."""
    marks = {form.mark for form in trial.live if isinstance(form, Number) and form.scale != 0}
    return marks == {mark} and trial.seen.filled > 0 and not trial.contested


def _why_text(sample: list[str]) -> str:
    """Return why texts that look like numbers are none."""
    for pattern, loss in _SIGNS:
        for text in sample:
            if pattern.fullmatch(text) and all(each[-1:].isdigit() for each in sample):
                return f"As a number, {text!r} {loss}."
    finite = [text for text in sample if not _INFINITE.fullmatch(text)]
    if finite != sample and all(map(has_digit, finite)) and propose(finite, "", loose=True):
        infinite = next(filter(_INFINITE.fullmatch, sample))
        return f"Beside numbers stands {infinite!r}, which is none."
    signed = next(filter(_UNLIKE_MINUS.fullmatch, sample), None)
    if signed and all(_BARE.fullmatch(text.strip("(-)")) for text in sample):
        return f"{signed!r} may be a negative number or something else."
    numeric = all(any(map(str.isdigit, text)) for text in sample)
    if numeric and (loose := propose(sample, "", loose=True)):
        return f"As {loose[0].kind}s, the values would not all come back as they are written."
    return ""


def _first_filled(staged: Path, name: str, missing: Iterable[str]) -> pa.ChunkedArray:
    """Return the texts of the first batch in which a column has a value."""
    texts = pa.chunked_array([[]], pa.string())
    for batch in StagedFile(staged, [name]):
        texts = pa.chunked_array([batch.column(0)])
        if sample_of(texts, missing):
            break
    return texts
