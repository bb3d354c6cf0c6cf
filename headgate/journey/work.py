"""What the steps of an upload's journey hand each other: the claimed upload, and its content."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from headgate.bucket import keys
from headgate.bucket.claims import Claim
from headgate.bucket.keys import Upload
from headgate.journey.corrections import CorrectedRows
from headgate.journey.receipt import Source, library_versions
from headgate.options import ProcessOptions
from headgate.record import Record
from headgate.scratch import new_scratch
from headgate.settings import Settings


class Work(Record):
    """One claimed upload and the folder it is worked on in."""

    claim: Claim
    options: Annotated[ProcessOptions, Field(description="The run's, over the contract's")]
    scratch: Path
    started: Annotated[datetime, Field(description="When the claim was won (UTC)")]
    replaces: Annotated[
        str | None, Field(description="ETag of the receipt that a new one may replace")
    ] = None
    corrected: Annotated[
        CorrectedRows | None, Field(description="Corrected rows to be held by the new result")
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
    def dataset(self) -> str | None:
        """The data set that the upload is one of."""
        return keys.dataset_of(self.upload.key)

    @property
    def prefetched(self) -> Path:
        """Content of a small upload, which came with the look-up, until it is downloaded."""
        return self.scratch / "prefetched-upload"

    @property
    def last_layout(self) -> Path:
        """Local copy of the columns that the data set's last accepted file had."""
        return self.scratch / "last-layout.json"


class Download(Record):
    """The upload's content on the local disk."""

    path: Path
    source: Source


def work_on(held: Claim, options: ProcessOptions, settings: Settings) -> Work:
    """Give a claimed upload a scratch folder."""
    scratch = new_scratch(settings.scratch)
    return Work(claim=held, options=options, scratch=scratch, started=datetime.now(UTC))


def about(work: Work) -> dict[str, Any]:
    """Return what every receipt says of the work."""
    return {
        "options": work.options,
        "run": work.claim.owner,
        "started": work.started,
        "finished": datetime.now(UTC),
        "versions": library_versions(),
    }
