"""A store in memory, for what only lists and looks up."""

from datetime import UTC, datetime

from headgate.bucket.store import Listed


class Shelf:
    """A store in memory that lists in a given order and counts single look-ups."""

    def __init__(self, order):
        self.bucket = "b"
        self.order = order
        self.objects = {}
        self.lookups = 0

    def add(self, key, etag="e"):
        self.objects[key] = Listed(key, etag, 1, datetime.now(UTC))

    def list(self, prefix):
        found = [item for key, item in self.objects.items() if key.startswith(prefix)]
        return iter(sorted(found, key=lambda item: self.order(item.key)))

    def exists(self, key):
        self.lookups += 1
        return key in self.objects
