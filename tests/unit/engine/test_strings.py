"""Arrow's arrays of texts as bytes and offsets."""

import pyarrow as pa
import pytest

from headgate.engine import strings

TEXTS = pa.array(["left out", "a", "", "bc", "", "é", "left out"])[1:-1]


def test_bytes_and_offsets_are_those_of_a_slice_alone():
    """What stands before and after a slice is not seen."""
    data, places = strings.parts(TEXTS)
    assert (bytes(data), places.tolist()) == ("abcé".encode(), [0, 1, 1, 3, 3, 5])
    assert bytes(strings.octets(TEXTS)) == bytes(data)


@pytest.mark.parametrize(
    "texts", [TEXTS, TEXTS[:2], TEXTS[1:2], TEXTS[:0], pa.array([], pa.string()), pa.array([""])]
)
def test_empty_texts_are_told_and_left_out(texts):
    """Whatever stands before, between and behind them."""
    words = texts.to_pylist()
    assert strings.is_empty(texts).to_pylist() == [not word for word in words]
    assert strings.without_empty(texts).to_pylist() == [word for word in words if word]


def test_characters_are_looked_for_in_all_texts():
    """A slice does not hold what stands outside of it."""
    assert not strings.is_ascii(TEXTS)
    assert strings.is_ascii(TEXTS[:4])
    assert strings.holds(TEXTS, "b")
    assert not strings.holds(TEXTS, "l")
