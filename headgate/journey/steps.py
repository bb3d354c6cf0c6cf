"""The steps of an upload's journey, from its claim to its receipt, as plain functions.

Each takes a `Store` and small records and can be called without Prefect. Their order is told in
`processing`; what a step does inside, in `headgate.bucket` and `headgate.engine`.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from headgate.bucket import claims, keys, receipts, transfer
from headgate.bucket.addresses import key_of, upload_key_of
from headgate.bucket.claims import Claim
from headgate.bucket.keys import Upload
from headgate.bucket.store import Store
from headgate.bucket.transfer import Progress
from headgate.contracts import answering_for_options, contract_for, in_force, notes_of
from headgate.disk import require_room, write_explained
from headgate.engine import recipe as recipes
from headgate.engine.checking.drift import Layout
from headgate.engine.cleaning.rules import RuleResult
from headgate.engine.contract import Contract
from headgate.engine.preprocess import preprocess_rows
from headgate.engine.result.files import QUARANTINE, result_files
from headgate.engine.result.prepared import Prepared
from headgate.engine.result.row_counts import RowCounts
from headgate.engine.validate import ROOM, Reading, validate_file
from headgate.errors import (
    AlreadyProcessedError,
    BadFileError,
    NoSuchObjectError,
    ReceiptError,
    TransientError,
)
from headgate.journey import corrections, layouts, sources
from headgate.journey.receipt import Output, Receipt, ReceiptColumn, Source
from headgate.journey.work import Download, Work, about, work_on
from headgate.options import ProcessOptions
from headgate.scratch import remove_scratch
from headgate.settings import Settings, load

CONTENT_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
}


def claim(store: Store, key: str, options: ProcessOptions, *, owner: str) -> Work | Receipt:
    """Claim an upload for this run, or return the receipt that it already has.

    What was archived or deleted once it was done may be announced again, and has one as well. A
    source that was to be, but could not be at the time, is put away now.

    Raises:
        OptionsError: The key is no upload's, the address is another store's, or there is no
            contract of the name that the options give.
        SettingsError: The contract's module does not work.
        NoSuchObjectError: There is no such object.
        ClaimHeldError: Another run is working on it.
        ReceiptError: It has a receipt that cannot be read, and no `force`.
    """
    key, settings = upload_key_of(store, key), load()
    try:
        upload, first = store.look_up(key)
    except NoSuchObjectError:
        receipt = sources.receipt_of_removed(store, key)
        if receipt and options.deliver.force:
            raise sources.not_there(store, receipt.source.upload) from None
        if receipt:
            return receipt
        raise
    try:
        held = claims.claim(
            store, upload, owner, settings.lease_seconds, force=options.deliver.force
        )
    except AlreadyProcessedError:
        receipt = _standing_receipt(store, upload)
        if receipt.outcome == "published":
            sources.archive_or_delete(store, upload, receipt.options)
        return receipt
    return _begin(store, held, options, settings, first)


def download(store: Store, work: Work, progress: Progress | None = None) -> Download:
    """Fetch the claimed version of the upload.

    Raises:
        ObjectChangedError: The object was overwritten since it was claimed.
        NoRoomError: The scratch disk cannot hold the work.
    """
    require_room(work.scratch, (1 + ROOM) * work.upload.size)
    path = work.scratch / "upload" / work.upload.file_name
    path.parent.mkdir(exist_ok=True)
    prefetched = work.prefetched.exists()
    if prefetched:
        work.prefetched.replace(path)
    fetched = transfer.download(store, work.upload, path, progress, prefetched=prefetched)
    return Download(
        path=path, source=Source(upload=work.upload, sha256=fetched.sha256, bytes=fetched.size)
    )


def validate(store: Store, work: Work, file: Download) -> Reading:
    """Read, type and check the file; set its bad rows aside.

    Raises:
        BadFileError: The file as a whole cannot be accepted.
        OptionsError: The delimiter splits nothing, and another one would.
        SettingsError: The contract cannot judge.
        NoRoomError: The scratch disk became full.
    """
    contract, corrected = _contract(work), work.corrected
    previous = _previous_layout(store, work)
    with answering_for_options(contract, work.options):
        reading = validate_file(
            file.path,
            work.scratch,
            options=work.options.read,
            check=work.options.check,
            contract=contract,
            previous=previous,
            corrected=corrected.ledger if corrected else None,
            upload=keys.mark(work.upload),
            drops_duplicates=work.options.prepare.drops_duplicates,
        )
    about_contract = notes_of(contract, work.dataset, work.options)
    notes = (*reading.notes, *about_contract, *layouts.unread(previous, work.last_layout))
    drift = dict.fromkeys((*(corrected.drift if corrected else ()), *reading.drift))
    return reading.model_copy(update={"notes": notes, "drift": tuple(drift)})


def preprocess(store: Store, work: Work, reading: Reading) -> Prepared:
    """Make the good rows into what the options ask for.

    Raises:
        BadFileError: The recipe, or an option of the contract's, does not fit the file.
        OptionsError: An option of the run's does not, or the recipe cannot be read.
        NoRoomError: The scratch disk became full.
    """
    recipe = None
    if key := work.options.prepare.recipe:
        recipe = work.scratch / "replayed-recipe.json"
        transfer.download(store, store.head(key_of(store, key)), recipe)
        recipes.load(recipe)  # one that is none is no fault of the file's
    with answering_for_options(_contract(work), work.options):
        return preprocess_rows(
            reading,
            work.scratch,
            work.options.prepare,
            target=work.options.check.target,
            recipe=recipe,
            drift=work.options.check.drift,
        )


def upload_processed(
    store: Store, work: Work, file: Download, reading: Reading, prepared: Prepared
) -> Receipt:
    """Upload the outputs under this upload's own prefix, then commit the receipt.

    Raises:
        RowsUnaccountedError: The row equation does not hold; nothing is published.
    """
    rows = RowCounts.of(reading, prepared)
    corrected = work.corrected
    files = result_files(reading, prepared, corrected.ledger if corrected else None)
    outputs = [_put(store, work, role, path) for role, path in files]
    receipt = Receipt(
        outcome="published",
        source=file.source,
        corrections=corrected.files if corrected else (),
        rows=rows,
        dialect=reading.dialect,
        contract=reading.contract,
        contract_hash=reading.contract_hash,
        columns=tuple(map(ReceiptColumn.of, reading.columns)),
        failures=reading.failures,
        left_out=reading.left_out,
        notes=reading.notes,
        drift=reading.drift,
        rules=(*prepared.rules, *(RuleResult(rule="drift", detail=d) for d in prepared.drift)),
        outputs=tuple(outputs),
        **about(work),
    )
    committed = commit(store, work, receipt)
    if committed is receipt and not (corrected and corrected.layout):
        with suppress(TransientError):  # the result is published without it
            layouts.remember(store, work.dataset, reading.layout, work.last_layout)
    return committed


def refuse(store: Store, work: Work, file: Download, error: BadFileError) -> Receipt:
    """Commit a receipt that says why the file was refused; its content stays where it is.

    Raises:
        BadFileError: It has a result, which no refusal takes away.
    """
    if work.replaces and _has_result(store, work.upload):
        error.todo = f"{error.todo} This run is refused; the upload's result stays.".lstrip()
        raise error
    receipt = Receipt(outcome="refused", source=file.source, reasons=(str(error),), **about(work))
    return commit(store, work, receipt)


def cleanup(store: Store, work: Work, receipt: Receipt | None) -> None:
    """Remove what only this run needed, and the source where the options say so.

    What cannot be removed from the bucket is left with the claim, for the next owner to clear away.
    """
    remove_scratch(work.scratch)
    if receipt and receipt.outcome == "published":
        sources.archive_or_delete(store, work.upload, work.options)
    elif receipt is None and not claims.is_left(work.claim):
        with claims.kept_if_unanswered(work.claim):
            receipts.discard_attempt(store, work.upload, work.claim.attempt)


def commit(store: Store, work: Work, receipt: Receipt) -> Receipt:
    """Write the receipt; where another run was first, drop this attempt and return its receipt.

    Raises:
        ClaimLostError: It was to replace one, and another run has taken over or replaced it.
    """
    if work.replaces:
        claims.confirm(store, work.claim)
    try:
        with claims.kept_if_unanswered(work.claim):
            receipts.commit(
                store,
                work.upload,
                receipt.model_dump(mode="json"),
                sha256=receipt.source.sha256,
                replaces=work.replaces,
            )
    except AlreadyProcessedError:
        receipts.discard_attempt(store, work.upload, work.claim.attempt)
        return _standing_receipt(store, work.upload)
    return receipt


def _begin(
    store: Store, held: Claim, options: ProcessOptions, settings: Settings, first: bytes
) -> Work:
    """Give a claimed upload what its work needs; where that fails, others may claim it at once."""
    work = None
    try:
        work = work_on(held, in_force(options, keys.dataset_of(held.upload.key)), settings)
        if first and len(first) == held.upload.size:
            with write_explained(work.prefetched):
                work.prefetched.write_bytes(first)
        return _replacing(store, work) if options.deliver.force else work
    except BaseException:
        if work:
            remove_scratch(work.scratch)
        claims.release(store, held)
        raise


def _contract(work: Work) -> Contract:
    return contract_for(work.dataset, work.options.check.contract)


def _replacing(store: Store, work: Work) -> Work:
    """Note the receipt that is to be replaced, and the corrected rows that its result holds."""
    stored = receipts.read(store, work.upload)
    if stored is None:
        return work
    corrected = None
    with suppress(ReceiptError):  # of a receipt that is to be written anew
        standing = receipts.parse(stored, Receipt)
        corrected = corrections.carried(store, standing, work.scratch)
    return work.model_copy(update={"replaces": stored.etag, "corrected": corrected})


def _previous_layout(store: Store, work: Work) -> Layout | None:
    """Return the columns of the result that is corrected, or of the data set's last file."""
    if work.corrected and work.corrected.layout:
        return work.corrected.layout
    return layouts.recall(store, work.dataset, work.last_layout)


def _put(store: Store, work: Work, role: str, path: Path) -> Output:
    place = keys.quarantine_prefix if role == QUARANTINE else keys.result_prefix
    key = place(work.upload, work.claim.attempt) + path.name
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    content_type = CONTENT_TYPES.get(path.suffix, "application/octet-stream")
    written = transfer.upload(store, path, key, content_type)
    return Output(role=role, key=key, bytes=written.size, sha256=sha256)


def _standing_receipt(store: Store, upload: Upload) -> Receipt:
    stored = receipts.read(store, upload)
    if stored is None:
        raise NoSuchObjectError("The receipt was deleted meanwhile.", where=store.where(upload.key))
    return receipts.parse(stored, Receipt)


def _has_result(store: Store, upload: Upload) -> bool:
    """Return whether a result stands; a receipt that cannot be read gives none."""
    with suppress(ReceiptError):
        return _standing_receipt(store, upload).outcome == "published"
    return False
