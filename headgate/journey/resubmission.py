"""Uploads that are no new table: corrected rows of an earlier one, and content that is known.

What a new result with corrected rows holds is `headgate.journey.corrections`.
"""

from contextlib import suppress

from headgate.bucket import claims, keys, receipts
from headgate.bucket.addresses import key_of
from headgate.bucket.claims import Claim
from headgate.bucket.keys import Upload
from headgate.bucket.store import Store
from headgate.contracts import contract_for
from headgate.engine.checking.sheets import Sheet, open_sheet
from headgate.errors import ClaimHeldError, ReceiptError, ResultHeldError
from headgate.journey import corrections, steps
from headgate.journey.receipt import Receipt
from headgate.journey.work import Download, Work, about, work_on
from headgate.settings import load


def answer(store: Store, work: Work, file: Download) -> Receipt | None:
    """Commit the receipt of what is no new table: corrected rows, or content that has a result.

    Raises:
        BadFileError: Corrected rows do not fit the result that they belong to.
        ResultHeldError: Another run is working on that result.
    """
    return _correct(store, work, file) or _known(store, work, file)


def _correct(store: Store, work: Work, file: Download) -> Receipt | None:
    """Make an earlier upload's result anew, where a file holds corrected rows of it.

    The receipt of the earlier upload comes first and lists this file; who finds it listed has
    only this upload's own receipt left to write.

    Raises:
        BadFileError: The rows do not fit.
        ResultHeldError: Another run is working on the earlier upload.
    """
    sheet = open_sheet(file.path, work.options.read.member)
    if sheet is None:
        return None
    standing, _ = corrections.find(store, sheet)
    if not any(each.upload.id == work.upload.id for each in standing.corrections):
        standing = _make_anew(store, work, file, sheet, standing)
    whose = standing.source.upload.key
    own = {"source": file.source, "corrects": whose, **about(work)}
    return steps.commit(store, work, standing.model_copy(update=own))


def _make_anew(
    store: Store, work: Work, file: Download, sheet: Sheet, standing: Receipt
) -> Receipt:
    """Take the upload whose rows were corrected through the journey again."""
    original, settings = standing.source.upload, load()
    held = _claim_again(store, original, work.claim.owner, settings.lease_seconds)
    with claims.renewed(store, held):
        again = work_on(held, standing.options, settings)
        receipt = None
        try:
            standing, etag = corrections.find(store, sheet)
            corrected = corrections.add(store, again.scratch, sheet, file.source, standing)
            again = again.model_copy(update={"corrected": corrected, "replaces": etag})
            path = corrections.fetch_original(store, standing, again.scratch)
            source = Download(path=path, source=standing.source)
            reading = steps.validate(store, again, source)
            with corrections.answering_for_rows():
                prepared = steps.preprocess(store, again, reading)
            receipt = steps.upload_processed(store, again, source, reading, prepared)
        finally:
            steps.cleanup(store, again, receipt)
    return receipt


def _claim_again(store: Store, original: Upload, owner: str, lease: float) -> Claim:
    try:
        return claims.claim(store, original, owner, lease, force=True)
    except ClaimHeldError as error:
        raise ResultHeldError(error.what, where=error.where, todo=error.todo) from error


def _known(store: Store, work: Work, file: Download) -> Receipt | None:
    """Take the result of the same content in the same data set, made in the same way."""
    deliver = work.options.deliver
    if deliver.same_content == "process" or deliver.force:
        return None
    earlier = _earlier(store, file.source.sha256)
    if not (earlier and _would_be_the_same(store, earlier, work) and _is_there(store, earlier)):
        return None
    same_as = earlier.same_as or earlier.source.upload.key
    own = {"source": file.source, "same_as": same_as, **about(work)}
    return steps.commit(store, work, earlier.model_copy(update=own))


def _earlier(store: Store, sha256: str) -> Receipt | None:
    """Return the receipt of the same content, if it is known and can be read."""
    stored = receipts.read_content(store, sha256)
    with suppress(ReceiptError):
        return receipts.parse(stored, Receipt) if stored else None
    return None


def _is_there(store: Store, earlier: Receipt) -> bool:
    """Return whether all of a result is in the bucket, whose own rules may have removed it."""
    return all(store.exists(output.key) for output in earlier.outputs)


def _would_be_the_same(store: Store, earlier: Receipt, work: Work) -> bool:
    """Return whether a result is what this work would give: by data set, contract and options."""
    dataset, before, now = work.dataset, earlier.options, work.options
    return (
        earlier.outcome == "published"
        and keys.dataset_of(earlier.source.upload.key) == dataset
        and earlier.contract_hash == contract_for(dataset, now.check.contract).hash
        and (before.read, before.check, before.prepare) == (now.read, now.check, now.prepare)
        and (now.prepare.recipe is None or _has_recipe(store, earlier, now.prepare.recipe))
    )


def _has_recipe(store: Store, earlier: Receipt, recipe: str) -> bool:
    """Return whether a recipe in the bucket is still the one that a result was made by."""
    now, then = store.read(key_of(store, recipe)), store.read(earlier.key("recipe"))
    return now is not None and then is not None and now.body == then.body
