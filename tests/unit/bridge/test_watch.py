"""How notices are gathered for one event."""

import json

import anyio
from prefect.settings import PREFECT_SERVER_API_MAX_PARAMETER_SIZE

from bridge.watch import Notice, _in_batches, _told


def batches_of(keys):
    """Gather notices of these keys, all of which are there from the start."""

    async def gather():
        sender, notices = anyio.create_memory_object_stream(len(keys))
        for key in keys:
            sender.send_nowait(Notice(key))
        batches, gathered = _in_batches(notices), []
        while sum(map(len, gathered)) < len(keys):
            gathered.append([notice.key for notice in await anext(batches)])
        return gathered

    return anyio.run(gather)


def test_the_longest_keys_are_no_more_than_prefect_takes_for_one_run():
    """It refuses a run with more, and none of its keys would be processed."""
    keys = [f"uploads/{number:03}{'漢' * 330}.csv" for number in range(400)]
    batches = batches_of(keys)
    assert [key for batch in batches for key in batch] == keys
    sizes = [len(json.dumps({"keys": batch})) for batch in batches]
    assert max(sizes) < PREFECT_SERVER_API_MAX_PARAMETER_SIZE.value()


def test_short_keys_fill_an_event():
    keys = [f"uploads/{number:03}.csv" for number in range(400)]
    assert batches_of(keys) == [keys]


def test_what_was_announced_is_told_in_one_line():
    """With its number, and the first of many keys."""
    assert _told(["a"]) == "1 upload: a"
    assert _told(["a", "b", "c", "d"]) == "4 uploads: a, b, c ..."
