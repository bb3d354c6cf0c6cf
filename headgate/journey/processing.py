"""The whole journey of one upload, or of several: the order of the `steps`, and what came of them.

The flow `process_upload` takes the same steps one by one, as Prefect tasks.
"""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Literal, ParamSpec

from pydantic import Field
from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from headgate.bucket import claims
from headgate.bucket.keys import Upload
from headgate.bucket.store import Store
from headgate.errors import (
    BadFileError,
    ClaimHeldError,
    HeadgateError,
    ObjectChangedError,
    TransientError,
)
from headgate.journey import resubmission, steps
from headgate.journey.receipt import Receipt
from headgate.journey.work import Download, Work
from headgate.options import ProcessOptions
from headgate.record import Record

RETRIES = 4
BACKOFF_SECONDS = 2
RESTARTS = 9

P = ParamSpec("P")
Log = logging.Logger | logging.LoggerAdapter[logging.Logger]
log = logging.getLogger(__name__)


class Outcome(Record):
    """What became of one file of a run."""

    key: Annotated[str, Field(description="Key of the upload")]
    verdict: Literal["published", "refused", "failed", "in other hands"]
    detail: Annotated[str, Field(description="Rows, or the reason, in one line")]

    @property
    def bad(self) -> bool:
        """Whether there is no result, and nobody at work on one."""
        return self.verdict in ("refused", "failed")

    def __str__(self) -> str:
        """Tell it in one line."""
        verdict = f"{self.verdict}: " if self.bad else ""
        return f"{self.key}: {verdict}{self.detail}"


def process(store: Store, key: str, options: ProcessOptions, *, owner: str) -> Receipt:
    """Run the whole journey for one upload; overwritten midway, start over on the new content.

    Raises:
        HeadgateError: Whatever kept the upload from an answer; a bad file is one, unless it has a
            result.
    """
    return repeated_if_overwritten(_process, store, key, options, owner)


def repeated_if_overwritten(
    journey: Callable[P, Receipt], *args: P.args, **kw: P.kwargs
) -> Receipt:
    """Take a journey, and anew where its upload was overwritten; one that always is has to wait."""
    retrying = Retrying(
        retry=retry_if_exception_type(ObjectChangedError),
        stop=stop_after_attempt(1 + RESTARTS),
        reraise=True,
    )
    return retrying(journey, *args, **kw)


def may_pass(error: BaseException) -> bool:
    """Return whether to try again after a while; an overwritten upload is new work instead."""
    return isinstance(error, TransientError) and not isinstance(error, ObjectChangedError)


def process_with_retries(store: Store, key: str, options: ProcessOptions, *, owner: str) -> Receipt:
    """Run the whole journey, again after a while where what failed may pass by itself.

    Raises:
        HeadgateError: Whatever kept the upload from an answer, as in `process`.
    """
    trying = Retrying(
        retry=retry_if_exception(may_pass),
        wait=wait_exponential(BACKOFF_SECONDS) + wait_random(0, BACKOFF_SECONDS),
        stop=stop_after_attempt(1 + RETRIES),
        reraise=True,
    )
    return trying(process, store, key, options, owner=owner)


def attempt(
    store: Store, key: str, options: ProcessOptions, *, owner: str, log: Log = log
) -> Outcome:
    """Process one upload of several; whatever happens to it, it does not hold up the others."""
    result: Receipt | Exception
    try:
        result = process_with_retries(store, key, options, owner=owner)
    except HeadgateError as error:
        result = error
    except Exception as error:
        log.exception("%s: a defect of Headgate", key)
        result = error
    return outcome(key, result)


def process_all(
    store: Store,
    uploads: Iterable[Upload],
    options: ProcessOptions,
    concurrency: int,
    *,
    owner: str = "command line",
) -> list[Outcome]:
    """Process several uploads, at most `concurrency` at once; each has its own outcome.

    What was in other hands is tried again at the end: two files may correct rows of the same one.
    """
    attempt_one = partial(attempt, store, options=options, owner=owner)
    with ThreadPoolExecutor(concurrency) as pool:
        try:
            outcomes = list(pool.map(attempt_one, (upload.key for upload in uploads)))
        except KeyboardInterrupt:
            log.warning("Stopping once the files at work are done; no other is begun.")
            raise
    return [attempt_one(o.key) if o.verdict == "in other hands" else o for o in outcomes]


def outcome(key: str, result: object) -> Outcome:
    """Return what became of a file, from its receipt or from the error instead of one."""
    match result:
        case Receipt():
            detail = " ".join(result.reasons) or str(result)
            return Outcome(key=key, verdict=result.outcome, detail=detail)
        case BadFileError():
            return Outcome(key=key, verdict="refused", detail=str(result))
        case ClaimHeldError():
            return Outcome(key=key, verdict="in other hands", detail=str(result))
        case _:
            return Outcome(key=key, verdict="failed", detail=str(result))


def _process(store: Store, key: str, options: ProcessOptions, owner: str) -> Receipt:
    work = steps.claim(store, key, options, owner=owner)
    if isinstance(work, Receipt):
        return work
    receipt = None
    with claims.renewed(store, work.claim):
        try:
            file = steps.download(store, work)
            receipt = _answer(store, work, file)
        finally:
            steps.cleanup(store, work, receipt)
    return receipt


def _answer(store: Store, work: Work, file: Download) -> Receipt:
    try:
        if receipt := resubmission.answer(store, work, file):
            return receipt
        reading = steps.validate(store, work, file)
        prepared = steps.preprocess(store, work, reading)
    except BadFileError as error:
        return steps.refuse(store, work, file, error)
    return steps.upload_processed(store, work, file, reading, prepared)
