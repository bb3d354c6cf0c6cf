"""The queue that announces uploads: SQS, fed by S3 event notifications, EventBridge or SNS."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from prefect.logging import get_logger

from headgate.bucket.arrivals import parse
from headgate.bucket.client import sqs_client
from headgate.bucket.errors import explained
from headgate.bucket.store import Store
from headgate.errors import HeadgateError
from headgate.settings import Settings

_LONGEST_WAIT = 20  # seconds for messages; SQS allows no more
_MOST_AT_ONCE = 10  # messages received or deleted; SQS allows no more
_MOST_REPORTED = 10_000  # unreadable messages kept in mind, since each comes again and again

log = get_logger("headgate.watch")


class Message(NamedTuple):
    """What one message announces, and the handle by which it is deleted."""

    keys: list[str]
    handle: str


class Queue:
    """Messages about one store; what is not acknowledged comes again."""

    def __init__(self, url: str, store: Store, settings: Settings) -> None:
        """Open the queue; nothing is sent yet."""
        self._url = url
        self._store = store
        self._reported = deque[str](maxlen=_MOST_REPORTED)
        self._client = sqs_client(settings, _LONGEST_WAIT)

    def probe(self) -> None:
        """Ask for a message and leave it where it is.

        Raises:
            HeadgateError: The queue cannot be read.
        """
        with explained(self._url):
            self._client.receive_message(QueueUrl=self._url, VisibilityTimeout=0, WaitTimeSeconds=0)

    def receive(self) -> list[Message]:
        """Wait a while for messages; those that announce nothing are deleted at once."""
        with explained(self._url):
            answer = self._client.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=_MOST_AT_ONCE, WaitTimeSeconds=_LONGEST_WAIT
            )
        messages = []
        for message in answer.get("Messages", ()):
            try:
                arrivals = list(parse(message["Body"], self._store.bucket, self._store.folder))
            except ValueError as error:
                self._warn_once(message["MessageId"], error)
            else:
                keys = [arrival.key for arrival in arrivals]
                messages.append(Message(keys, message["ReceiptHandle"]))
        self.acknowledge([message.handle for message in messages if not message.keys])
        return [message for message in messages if message.keys]

    def acknowledge(self, handles: Sequence[str]) -> None:
        """Delete messages; one that cannot be deleted comes again, which does no harm."""
        try:
            for start in range(0, len(handles), _MOST_AT_ONCE):
                self._delete(handles[start : start + _MOST_AT_ONCE])
        except HeadgateError as error:
            log.warning("Messages that could not be deleted will come again: %s", error)

    def _delete(self, handles: Sequence[str]) -> None:
        with explained(self._url):
            self._client.delete_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": str(n), "ReceiptHandle": each} for n, each in enumerate(handles)],
            )

    def _warn_once(self, message: str, error: ValueError) -> None:
        if message not in self._reported:
            self._reported.append(message)
            log.warning("Left message %s to the queue's dead-letter policy. %s", message, error)
