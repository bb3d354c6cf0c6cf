"""The journey of one upload as plain steps, from its claim to its receipt.

Each step takes a `Store` and small records and can be called without Prefect; `process` runs
them all. What a step does inside is told in `headgate.bucket` and `headgate.engine`.
"""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from headgate import amendment, layouts
from headgate.amendment import Amendment
from headgate.bucket import claims, keys, receipts
from headgate.bucket.claims import Claim
from headgate.bucket.keys import Upload
from headgate.bucket.store import Store
from headgate.bucket.transfer import Progress
from headgate.engine.checking.correction import Sheet
from headgate.engine.checking.correction import recognise as recognise_sheet
from headgate.engine.prepare import Prepared, prepare
from headgate.engine.table import ROOM, Reading, read
from headgate.errors import (
    AlreadyProcessedError,
    BadFileError,
    ClaimHeldError,
    HeadgateError,
    NoSuchObjectError,
    ObjectChangedError,
    OptionsError,
)
from headgate.options import DeliverOptions, ProcessOptions, SourcePolicy
from headgate.receipt import Output, Receipt, RowCounts, Source, library_versions
from headgate.record import Record
from headgate.scratch import new_scratch, remove_scratch, require_room
from headgate.settings import Settings, load
from schemas import choice, contract_for

CONTENT_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
}


class Work(Record):
    """One claimed upload and the folder it is worked on in."""

    claim: Claim
    options: ProcessOptions
    scratch: Path
    started: Annotated[datetime, Field(description="When the claim was won (UTC)")]
    amends: Annotated[
        Amendment | None, Field(description="Corrected rows to be held by the new result")
    ] = None

    @property
    def upload(self) -> Upload:
        """What is worked on."""
        return self.claim.upload

    @property
    def name(self) -> str:
        """The name by which people know the upload."""
        return self.upload.name

    @property
    def last_layout(self) -> Path:
        """Local copy of the columns that the data set's last accepted file had."""
        return self.scratch / "last-layout.json"


class Outcome(Record):
    """What became of one file of a run."""

    key: Annotated[str, Field(description="Key of the upload")]
    verdict: Literal["published", "refused", "failed", "in other hands"]
    detail: Annotated[str, Field(description="Rows, or the reason, in one line")]


class Download(Record):
    """The upload's content on the local disk."""

    path: Path
    source: Source


def claim(store: Store, key: str, options: ProcessOptions, *, owner: str) -> Work | Receipt:
    """Claim an upload for this run, or return the receipt that it already has.

    What was archived or deleted once it was done may be announced again, and has one as well.

    Raises:
        NoSuchObjectError: There is no such object.
        ClaimHeldError: Another run is working on it.
    """
    settings = load()
    try:
        upload = store.head(key)
    except NoSuchObjectError:
        if not options.deliver.force and (receipt := _settled(store, key)):
            return receipt
        raise
    try:
        held = claims.claim(
            store, upload, owner, settings.lease_seconds, force=options.deliver.force
        )
    except AlreadyProcessedError:
        return _standing_receipt(store, upload)
    work = None
    try:
        work = _work(held, options, settings)
        amends = amendment.carried(store, upload, work.scratch) if options.deliver.force else None
    except HeadgateError:
        claims.release(store, held)
        if work:
            remove_scratch(work.scratch)
        raise
    return work.model_copy(update={"amends": amends})


def download(store: Store, work: Work, progress: Progress | None = None) -> Download:
    """Fetch the claimed version of the upload.

    Raises:
        ObjectChangedError: The object was overwritten since it was claimed.
        NoRoomError: The scratch disk cannot hold the work.
    """
    require_room(work.scratch, (1 + ROOM) * work.upload.size)
    path = work.scratch / "upload" / work.name
    path.parent.mkdir(exist_ok=True)
    fetched = store.download(work.upload, path, progress)
    return Download(
        path=path, source=Source(upload=work.upload, sha256=fetched.sha256, bytes=fetched.size)
    )


def recognise(store: Store, work: Work, file: Download) -> Receipt | None:
    """Commit the result of what is no new table: corrected rows, and known content.

    Raises:
        BadFileError: Corrected rows do not fit the result that they belong to.
        ClaimHeldError: Another run is working on that result.
    """
    return correct(store, work, file) or _known(store, work, file)


def correct(store: Store, work: Work, file: Download) -> Receipt | None:
    """Where a file holds corrected rows of an earlier upload, make that one's result anew.

    The receipt of the earlier upload comes first and lists this file; who finds it listed has
    only this upload's own receipt left to write.

    Raises:
        BadFileError: The rows do not fit.
        ClaimHeldError: Another run is working on the earlier upload.
    """
    sheet = recognise_sheet(file.path, work.options.read.member)
    if sheet is None:
        return None
    standing = amendment.find(store, sheet)
    if not any(each.upload.id == work.upload.id for each in standing.corrections):
        standing = _amend(store, work, file, sheet, standing)
    whose = standing.source.upload.key
    told = standing.model_copy(update={"source": file.source, "corrects": whose, **_about(work)})
    return _commit(store, work, told)


def _amend(store: Store, work: Work, file: Download, sheet: Sheet, standing: Receipt) -> Receipt:
    """Take the upload whose rows were corrected through the journey again."""
    options = standing.options.model_copy(update={"deliver": DeliverOptions(force=True)})
    original, settings = standing.source.upload, load()
    held = claims.claim(store, original, work.claim.owner, settings.lease_seconds, force=True)
    again = _work(held, options, settings)
    receipt = None
    try:
        with claims.kept(store, again.claim):
            amends = amendment.add(store, again.scratch, sheet, file.source)
            again = again.model_copy(update={"amends": amends})
            source = Download(path=again.scratch / again.name, source=standing.source)
            amendment.fetch_original(store, standing, source.path)
            reading = validate(store, again, source)
            prepared = preprocess(store, again, reading)
            receipt = publish(store, again, source, reading, prepared)
    finally:
        cleanup(store, again, receipt)
    return receipt


def _known(store: Store, work: Work, file: Download) -> Receipt | None:
    """Take the result of the same content in the same data set, made with the same options."""
    if work.options.deliver.same_content == "process":
        return None
    found = receipts.find_content(store, file.source.sha256)
    earlier = Receipt.model_validate(found) if found else None
    if earlier is None or _aim(earlier.source.upload, earlier.options) != _aim(
        work.upload, work.options
    ):
        return None
    same_as = earlier.same_as or earlier.source.upload.key
    told = earlier.model_copy(update={"source": file.source, "same_as": same_as, **_about(work)})
    return _commit(store, work, told)


def validate(store: Store, work: Work, file: Download) -> Reading:
    """Read, type and check the file; set its bad rows aside.

    Raises:
        BadFileError: The file as a whole cannot be accepted.
        NoRoomError: The scratch disk became full.
    """
    dataset, named = keys.dataset_of(work.upload.key), work.options.check.contract
    contract, amends = contract_for(dataset, named), work.amends
    reading = read(
        file.path,
        work.scratch,
        read=work.options.read,
        check=work.options.check,
        contract=contract,
        previous=(amends and amends.layout) or layouts.recall(store, dataset, work.last_layout),
        corrected=amends.ledger if amends else None,
        upload=keys.mark(work.upload),
    )
    notes = (*reading.notes, *choice(contract, dataset, named))
    drift = dict.fromkeys((*(amends.drift if amends else ()), *reading.drift))
    return reading.model_copy(update={"notes": notes, "drift": tuple(drift)})


def preprocess(store: Store, work: Work, reading: Reading) -> Prepared:
    """Make the good rows into what the options ask for."""
    recipe = None
    if key := work.options.prepare.recipe:
        recipe = work.scratch / "replayed-recipe.json"
        store.download(store.head(key), recipe)
    return prepare(
        reading,
        work.scratch,
        work.options.prepare,
        target=work.options.check.target,
        recipe=recipe,
    )


def publish(
    store: Store, work: Work, file: Download, reading: Reading, prepared: Prepared
) -> Receipt:
    """Upload the outputs under this upload's own prefix, then commit the receipt.

    Raises:
        RowsUnaccountedError: The row equation does not hold; nothing is published.
    """
    rows = RowCounts(
        rows_in=reading.rows_in,
        rows_out=prepared.rows_out,
        quarantined=reading.quarantined,
        duplicates=prepared.duplicates,
        dropped=prepared.dropped,
    )
    amends = work.amends
    outputs = [_put(store, work, role, path) for role, path in _files(reading, prepared, amends)]
    receipt = Receipt(
        outcome="published",
        source=file.source,
        corrections=amends.files if amends else (),
        rows=rows,
        dialect=reading.dialect,
        contract=reading.contract,
        contract_hash=reading.contract_hash,
        columns=reading.columns,
        failures=reading.failures,
        left_out=reading.left_out,
        drift=reading.drift,
        rules=prepared.rules,
        outputs=tuple(outputs),
        **_about(work),
    )
    committed = _commit(store, work, receipt)
    if committed is receipt and not (amends and amends.layout):
        dataset = keys.dataset_of(work.upload.key)
        layouts.remember(store, dataset, reading.layout, work.last_layout)
    return committed


def refuse(store: Store, work: Work, file: Download, error: BadFileError) -> Receipt:
    """Commit a receipt that says why the file was refused; its content stays where it is."""
    receipt = Receipt(outcome="refused", source=file.source, reasons=(str(error),), **_about(work))
    return _commit(store, work, receipt)


def cleanup(store: Store, work: Work, receipt: Receipt | None) -> None:
    """Remove what only this run needed, and the source where the options say so."""
    remove_scratch(work.scratch)
    if receipt is None:
        receipts.discard_attempt(store, work.upload, work.claim.attempt)
    elif receipt.outcome == "published":
        _settle_source(store, work)


def process(store: Store, key: str, options: ProcessOptions, *, owner: str) -> Receipt:
    """Run the whole journey for one upload; overwritten midway, start over on the new content.

    Raises:
        HeadgateError: Whatever kept the upload from an answer; a bad file is an answer.
    """
    work = claim(store, key, options, owner=owner)
    if isinstance(work, Receipt):
        return work
    receipt = None
    try:
        with claims.kept(store, work.claim):
            file = download(store, work)
            receipt = _make(store, work, file)
    except ObjectChangedError:
        return process(store, key, options, owner=owner)
    finally:
        cleanup(store, work, receipt)
    return receipt


def process_all(
    store: Store, uploads: Iterable[Upload], options: ProcessOptions, concurrency: int
) -> list[Outcome]:
    """Process several uploads, at most `concurrency` at once; each has its own outcome."""

    def one(upload: Upload) -> Outcome:
        try:
            return outcome(upload.key, process(store, upload.key, options, owner="command line"))
        except HeadgateError as error:
            return outcome(upload.key, error)

    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(one, uploads))


def outcome(key: str, result: object) -> Outcome:
    """Say in one line what became of a file, from its receipt or from the error instead of one."""
    match result:
        case Receipt():
            return Outcome(key=key, verdict=result.outcome, detail=str(result))
        case ClaimHeldError():
            return Outcome(key=key, verdict="in other hands", detail=str(result))
        case _:
            return Outcome(key=key, verdict="failed", detail=str(result))


def find_receipt(store: Store, key: str) -> Receipt:
    """Return the receipt of the upload that lies under this key now.

    Raises:
        NoSuchObjectError: There is no such upload, or it has no receipt yet.
    """
    found = receipts.find(store, store.head(key))
    if found is None:
        raise NoSuchObjectError(
            "This upload has no result yet.",
            where=store.where(key),
            todo="Process it, or wait for its run.",
        )
    return Receipt.model_validate(found)


def find_table(store: Store, key: str) -> str:
    """Return the key of the table made from an upload; any other key must exist and is returned.

    Raises:
        NoSuchObjectError: There is no such object, or the upload has no result.
        OptionsError: The key is a folder's.
    """
    if key.endswith("/"):
        raise OptionsError(
            "This is a folder.", where=store.where(key), todo="Name an object in it, or an upload."
        )
    return find_receipt(store, key).key() if keys.is_upload(key) else store.head(key).key


def _make(store: Store, work: Work, file: Download) -> Receipt:
    try:
        if receipt := recognise(store, work, file):
            return receipt
        reading = validate(store, work, file)
        prepared = preprocess(store, work, reading)
    except BadFileError as error:
        return refuse(store, work, file, error)
    return publish(store, work, file, reading, prepared)


def _aim(upload: Upload, options: ProcessOptions) -> tuple[object, ...]:
    """What decides, beside the content, on the result."""
    return keys.dataset_of(upload.key), options.read, options.check, options.prepare


def _work(held: Claim, options: ProcessOptions, settings: Settings) -> Work:
    scratch = new_scratch(settings.scratch)
    return Work(claim=held, options=options, scratch=scratch, started=datetime.now(UTC))


def _files(
    reading: Reading, prepared: Prepared, amends: Amendment | None
) -> list[tuple[str, Path]]:
    files = [
        ("table", prepared.csv),
        ("parquet", prepared.parquet),
        (amendment.QUARANTINE, reading.quarantine),
        (amendment.LEDGER, amends.ledger if amends else None),
        ("aside", reading.aside),
        ("left-out", reading.left_out_lines),
        ("report", prepared.report),
        ("recipe", prepared.recipe),
        ("spreadsheet", prepared.spreadsheet),
        *(("extra", extra) for extra in prepared.extras),
    ]
    return [(role, path) for role, path in files if path is not None]


def _about(work: Work) -> dict[str, Any]:
    return {
        "options": work.options,
        "run": work.claim.owner,
        "started": work.started,
        "finished": datetime.now(UTC),
        "versions": library_versions(),
    }


def _put(store: Store, work: Work, role: str, path: Path) -> Output:
    place = keys.quarantine_prefix if role == amendment.QUARANTINE else keys.result_prefix
    key = place(work.upload, work.claim.attempt) + path.name
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = store.upload(path, key, CONTENT_TYPES.get(path.suffix, "application/octet-stream")).size
    return Output(role=role, key=key, bytes=size, sha256=sha256)


def _commit(store: Store, work: Work, receipt: Receipt) -> Receipt:
    """Write the receipt; where another run was first, drop this attempt and return its receipt."""
    try:
        receipts.commit(
            store,
            work.upload,
            receipt.model_dump(mode="json"),
            sha256=receipt.source.sha256,
            force=work.options.deliver.force,
            replacing=work.amends.etag if work.amends else None,
        )
    except AlreadyProcessedError:
        receipts.discard_attempt(store, work.upload, work.claim.attempt)
        return _standing_receipt(store, work.upload)
    return receipt


def _standing_receipt(store: Store, upload: Upload) -> Receipt:
    return Receipt.model_validate(receipts.find(store, upload))


def _settled(store: Store, key: str) -> Receipt | None:
    """Give the receipt of an upload whose source is no longer there, by its own options."""
    found = receipts.find_last(store, key)
    if found is None:
        return None
    receipt = Receipt.model_validate(found)
    put_away = receipt.options.deliver.source is not SourcePolicy.KEEP
    return receipt if put_away and receipt.outcome == "published" else None


def _settle_source(store: Store, work: Work) -> None:
    policy = work.options.deliver.source
    if policy is SourcePolicy.ARCHIVE:
        store.copy(work.upload, keys.archive_key(work.upload))
    if policy is not SourcePolicy.KEEP:
        store.delete_upload(work.upload)
