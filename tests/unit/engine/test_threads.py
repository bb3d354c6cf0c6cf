"""Work done ahead of whoever asks for it, and behind whoever hands it over."""

from collections.abc import Callable, Iterable
from functools import partial

import pytest

from headgate.engine.threads import Behind, map_ahead


def test_what_is_made_ahead_comes_in_the_order_of_the_items() -> None:
    """However many are worked on at a time."""
    assert [*map_ahead(str, range(100))] == [*map(str, range(100))]


def test_what_is_done_behind_keeps_its_order_and_is_done_at_the_end() -> None:
    """The last thing, too, is done once the block is left."""
    done: list[int] = []
    with Behind() as behind:
        for number in range(100):
            behind.do(partial(done.append, number))
    assert done == [*range(100)]


@pytest.mark.parametrize("more", [0, 2])
def test_what_fails_behind_is_raised_and_nothing_is_done_after_it(more: int) -> None:
    """A disk that becomes full ends the work instead of being passed over, at its end too."""
    done: list[int] = []
    with pytest.raises(OSError, match="full"):
        _behind([_fail, *[partial(done.append, 1)] * more])
    assert not done


def _behind(works: Iterable[Callable[[], None]]) -> None:
    with Behind() as behind:
        for work in works:
            behind.do(work)


def _fail() -> None:
    raise OSError("full")
