"""Work on one item after another, a few at a time.

Here: the one way in which the engine uses threads. Not here: what is done with an item.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

THREADS = 2
AHEAD = THREADS + 1
"""Items that are worked on or done but not yet asked for: what is in memory at a time."""


def map_ahead(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Yield what `make` makes of each item, in their order; a few threads work ahead.

    One item alone needs no thread.
    """
    coming = iter(items)
    first = [*islice(coming, 2)]
    if len(first) < 2:
        yield from map(make, first)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(THREADS, "ahead") as pool:
        for item in chain(first, coming):
            waiting.append(pool.submit(make, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
