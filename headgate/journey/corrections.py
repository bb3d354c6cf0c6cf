"""A result that is made anew with corrected rows: what stands, what a sheet adds, where it is kept.

How rows are corrected is `headgate.engine.checking.ledger`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from headgate.bucket import keys, receipts, transfer
from headgate.bucket.keys import Upload
from headgate.bucket.store import Store
from headgate.contracts import contract_for
from headgate.disk import require_room
from headgate.engine.checking.drift import Drift, Layout
from headgate.engine.checking.ledger import SheetCounts, extend_ledger
from headgate.engine.checking.sheets import Sheet
from headgate.engine.result.files import LEDGER, QUARANTINE
from headgate.engine.validate import ROOM, Reading, validate_file
from headgate.errors import BadFileError, NoSuchObjectError, OptionsError
from headgate.journey.receipt import Correction, Receipt, Source
from headgate.record import Record

LOOK_MIB = 100
"""Size of an upload up to which it is read again before corrected rows of it are sent."""

_AS_A_NEW_FILE = (
    "Upload the corrected rows, without the columns that begin with '_', as a new file."
)


class CorrectedRows(Record):
    """The corrected rows that a new result has to hold."""

    ledger: Annotated[Path, Field(description="Every corrected row, in all its states")]
    files: Annotated[tuple[Correction, ...], Field(description="The files of corrected rows")]
    layout: Annotated[Layout | None, Field(description="Columns of the result that stands")] = None
    drift: Annotated[tuple[Drift, ...], Field(description="What had changed in them")] = ()


def find(store: Store, sheet: Sheet) -> tuple[Receipt, str]:
    """Return the receipt of the upload that a sheet speaks of, and its ETag.

    Raises:
        BadFileError: There is no such result.
        ReceiptError: Its receipt cannot be read.
    """
    if sheet.upload is None:
        raise BadFileError(
            "This is a quarantine file that does not say to which upload it belongs.",
            where=sheet.path.name,
            todo="Leave the column '_upload' as it was. What `headgate clean` kept back has none: "
            "give it to `headgate clean --corrected`, beside its original.",
        )
    key = keys.marked_receipt_key(sheet.upload)
    stored = store.read(key) if key else None
    receipt = receipts.parse(stored, Receipt) if stored else None
    if stored is None or receipt is None or receipt.outcome != "published":
        raise BadFileError(
            f"This is a quarantine file, but {sheet.upload!r} in its column "
            "'_upload' has no result here.",
            where=sheet.path.name,
            todo="Leave that column as it was in the quarantine file of this bucket.",
        )
    return receipt, stored.etag


def judge(store: Store, sheet: Sheet, scratch: Path) -> tuple[SheetCounts, Reading | None]:
    """Say what a sheet that is not uploaded yet would put right, and how its upload would be read.

    That is not known where the original is too large for a look, or this machine has no such
    contract.

    Raises:
        BadFileError: The sheet does not fit the result that stands, or would have it refused.
    """
    standing, _ = find(store, sheet)
    if next(_originals(store, standing), None) is None:
        raise _no_original(standing)
    ledger, done = _extended(store, scratch, sheet, sheet.path.name, standing)
    return done, _read_again(store, standing, ledger, scratch)


def add(
    store: Store, scratch: Path, sheet: Sheet, source: Source, standing: Receipt
) -> CorrectedRows:
    """Add what a sheet corrects to the result that stands.

    Where two sheets correct one row, the one that came later holds, whichever is processed first.

    Raises:
        BadFileError: The sheet does not fit.
        NoSuchObjectError: It was deleted meanwhile.
    """
    came, before = _came(store, source.upload), standing.corrections
    later = [each.upload.key for each in before if each.uploaded and each.uploaded > came]
    ledger, done = _extended(store, scratch, sheet, source.upload.key, standing, later=later)
    file = Correction(
        upload=source.upload,
        uploaded=came,
        sha256=source.sha256,
        rows=done.rows,
        cells=done.cells,
    )
    return CorrectedRows(
        ledger=ledger,
        files=(*standing.corrections, file),
        layout=Layout.of(standing.columns),
        drift=standing.drift,
    )


def _came(store: Store, sheet: Upload) -> datetime:
    try:
        return store.modified(sheet)
    except NoSuchObjectError as error:
        raise NoSuchObjectError(
            "These corrected rows were deleted while they were being processed; the result stays "
            "as it was.",
            where=store.where(sheet.key),
            todo="Upload them again if they are to join it.",
        ) from error


@contextmanager
def answering_for_rows() -> Iterator[None]:
    """Refuse corrected rows that the options of their upload, which stay, do not fit.

    Raises:
        BadFileError: An option does not fit.
    """
    try:
        yield
    except OptionsError as error:
        todo = "The upload's options stay: correct these rows otherwise."
        raise BadFileError(error.what, where=error.where, todo=todo) from error


def carried(store: Store, standing: Receipt, scratch: Path) -> CorrectedRows | None:
    """Return the corrected rows of the result that stands, for one that is made again by force."""
    ledger = _fetch(store, standing, LEDGER, scratch)
    return CorrectedRows(ledger=ledger, files=standing.corrections) if ledger else None


def fetch_original(store: Store, receipt: Receipt, scratch: Path) -> Path:
    """Fetch the upload that a result was made from, from where it is now; return the file.

    Raises:
        BadFileError: The original was deleted or overwritten.
    """
    to = scratch / "original" / receipt.source.upload.file_name
    to.parent.mkdir(exist_ok=True)
    for found in _originals(store, receipt):
        if transfer.download(store, found, to).sha256 == receipt.source.sha256:
            return to
    raise _no_original(receipt)


def _originals(store: Store, receipt: Receipt) -> Iterator[Upload]:
    """Yield what lies where the original may be and has its size."""
    original = receipt.source.upload
    for key in (original.key, keys.archive_key(original)):
        with suppress(NoSuchObjectError):
            found = store.head(key)
            if found.size == original.size:
                yield found


def _no_original(receipt: Receipt) -> BadFileError:
    return BadFileError(
        "The original file was deleted or overwritten, so its rows cannot be joined again.",
        where=receipt.source.upload.key,
        todo=_AS_A_NEW_FILE,
    )


def _extended(
    store: Store,
    scratch: Path,
    sheet: Sheet,
    name: str,
    standing: Receipt,
    *,
    later: Sequence[str] = (),
) -> tuple[Path, SheetCounts]:
    kept, earlier = (_fetch(store, standing, role, scratch) for role in (QUARANTINE, LEDGER))
    return extend_ledger(scratch, kept, sheet, name, earlier, later=later)


def _read_again(store: Store, standing: Receipt, ledger: Path, scratch: Path) -> Reading | None:
    original, options = standing.source.upload, standing.options
    if original.size > LOOK_MIB << 20:
        return None
    try:
        contract = contract_for(keys.dataset_of(original.key), options.check.contract)
    except OptionsError:
        return None
    require_room(scratch, (1 + ROOM) * original.size)
    return validate_file(
        fetch_original(store, standing, scratch),
        scratch,
        options=options.read,
        check=options.check,
        contract=contract,
        previous=Layout.of(standing.columns),
        corrected=ledger,
        drops_duplicates=options.prepare.drops_duplicates,
    )


def _fetch(store: Store, receipt: Receipt, role: str, scratch: Path) -> Path | None:
    """Fetch what a receipt lists, just as it was published; None where it lists no such thing."""
    output = next((each for each in receipt.outputs if each.role == role), None)
    if output is None:
        return None
    path = scratch / "standing" / f"{role}.csv"
    path.parent.mkdir(exist_ok=True)
    try:
        same = transfer.download(store, store.head(output.key), path).sha256 == output.sha256
    except NoSuchObjectError:
        same = False
    if not same:
        raise BadFileError(
            f"The {role} of this upload was removed or changed in the bucket.",
            where=output.key,
            todo=_AS_A_NEW_FILE,
        )
    return path
