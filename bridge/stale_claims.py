"""Claims that are on nothing pending: of runs that died between their receipt and their end."""

from collections.abc import Mapping
from contextlib import suppress

from headgate.bucket import claims
from headgate.bucket.store import Store
from headgate.errors import HeadgateError


class StaleClaims:
    """Removes such claims, once each has stayed the same for a lease."""

    def __init__(self, store: Store, lease: float) -> None:
        """Remember nothing yet."""
        self._store = store
        self._lease = lease
        self._since: dict[tuple[str, str], float] = {}

    def remove(self, found: Mapping[str, str], now: float) -> None:
        """Remove what is stale among the claims found now.

        Args:
            found: ETags of the claims that are on nothing pending, by their keys.
            now: Any clock's time in seconds.
        """
        self._since = {claim: self._since.get(claim, now) for claim in found.items()}
        for (key, _), since in self._since.items():
            if now - since > self._lease:
                with suppress(HeadgateError):  # tidying must not hold up an announcement
                    claims.remove_abandoned(self._store, key)
