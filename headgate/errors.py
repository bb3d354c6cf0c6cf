"""Every error that a user can meet. Each says what is wrong, where, and what to do next.

Only errors under `TransientError` may pass by themselves and are worth a retry.
"""

from typing import ClassVar


class HeadgateError(Exception):
    """Base of all errors; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        """Keep the three parts of a message apart: what is wrong, where, what to do."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        """Join the parts into one readable message."""
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.todo}" if self.todo else ""
        return f"{place}{self.what}{advice}"


class BadFileError(HeadgateError):
    """The file itself cannot be accepted; a retry cannot help."""

    exit_code = 3


class NotKeptBackError(BadFileError):
    """The rows that came back are not those that were kept back."""


class UndecidableError(BadFileError):
    """More than one reading of the file is as likely; the message lists the candidates."""


class UnreadableError(BadFileError):
    """The bytes are no text table: broken compression, binary data, or beyond a stated limit."""


class ContractError(BadFileError):
    """The file as a whole breaks its data set's contract."""


class DriftError(BadFileError):
    """The columns differ from the last accepted file's or a recipe's, and the policy refuses."""


class DefectError(HeadgateError):
    """Something that must not happen: a defect of Headgate."""

    exit_code = 70


class RowsUnaccountedError(DefectError):
    """The row equation does not hold; nothing is published."""


class OptionsError(HeadgateError):
    """An option or argument is out of range, unknown, or contradicts another."""

    exit_code = 2


class SettingsError(HeadgateError):
    """A setting is missing or wrong, or a contract is broken; no file is to blame."""

    exit_code = 4


class BucketError(HeadgateError):
    """The bucket refused, and will refuse again: credentials, permission, name, region, clock."""

    exit_code = 4


class CredentialsError(BucketError):
    """There are no credentials, or the store does not know them."""


class ExpiredCredentialsError(BucketError):
    """The temporary credentials have run out."""


class DeniedError(BucketError):
    """The credentials are right but lack a permission."""


class NoSuchBucketError(BucketError):
    """There is no bucket of this name at this address."""


class RegionError(BucketError):
    """The bucket is in another region than the one asked."""


class ClockError(BucketError):
    """This machine's clock is too far from the store's."""


class NoSuchObjectError(BucketError):
    """There is no object under this key (any more)."""

    exit_code = 5


class ReceiptError(HeadgateError):
    """A receipt cannot be read: it is damaged, or a later version wrote it."""


class TransientError(HeadgateError):
    """Network, throttling or a server's own fault: it may pass by itself."""

    exit_code = 6


class UnreachableError(TransientError):
    """Nothing answers at the store's address."""


class ObjectChangedError(TransientError):
    """The object was overwritten while it was being read; start over on the new content."""


class ClaimHeldError(HeadgateError):
    """Another run holds a live claim on this upload; it will finish the work."""

    exit_code = 7


class ResultHeldError(ClaimHeldError, TransientError):
    """Another run is making the result anew to which corrected rows belong; it is soon free."""


class ClaimLostError(ClaimHeldError):
    """This run's claim lapsed, or its receipt was replaced; what it made is not published."""


class AlreadyProcessedError(HeadgateError):
    """This upload has a receipt."""

    exit_code = 7

    def __init__(self, *, where: str = "") -> None:
        """Say so, in the words that all who find out use."""
        super().__init__(
            "This upload has been processed already.",
            where=where,
            todo="Ask for `force` to process it again.",
        )


class NoRoomError(HeadgateError):
    """A disk cannot hold the work or its results; the message says which disk."""

    exit_code = 8
