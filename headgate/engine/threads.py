"""The two ways in which the engine uses threads: to work ahead, and to write behind."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 2
AHEAD = THREADS + 1
"""Items that are worked on or done but not yet asked for: what is in memory at a time."""


def map_ahead(make: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield what `make` makes of each item, in their order; a few threads work ahead.

    One item alone needs no thread.
    """
    coming = iter(items)
    first = [*islice(coming, 2)]
    if len(first) < 2:
        yield from map(make, first)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(THREADS, "ahead") as pool:
        for item in chain(first, coming):
            waiting.append(pool.submit(make, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class Behind:
    """Does one thing after another in a thread of its own, each while the next is made ready."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "behind")
        self._doing: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown()
        if kind is None:
            self._wait()

    def do(self, work: Callable[[], None]) -> None:
        """Begin this once the former is done; raise what that one raised."""
        self._wait()
        self._doing = self._thread.submit(work)

    def _wait(self) -> None:
        if self._doing:
            self._doing.result()
