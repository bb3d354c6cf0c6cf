"""Statistics are exact, also of columns too long to be held in memory."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from headgate.engine.cleaning import stats

SHARES = [0.0, 0.1, 0.25, 0.5, 0.75, 0.999, 1.0]


def column(values):
    con = duckdb.connect()
    con.execute("CREATE TABLE t (_line BIGINT, v DOUBLE)")
    con.execute("INSERT INTO t SELECT row_number() OVER (), unnest(?::DOUBLE[])", [values])
    return con


@pytest.mark.parametrize("direct", [10, 1_000_000], ids=["narrowed", "at once"])
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(size=3001),
        lambda rng: rng.integers(0, 3, 3000),
        lambda rng: np.exp(rng.normal(0, 8, 2000)),
        lambda _: np.full(999, 0.1),
    ],
    ids=["normal", "few values", "long tail", "constant"],
)
def test_quantiles_equal_those_of_numpy(monkeypatch, direct, draw):
    """Whether sorted at once or narrowed down from an estimate, also between two values."""
    monkeypatch.setattr(stats, "DIRECT", direct)
    values = draw(np.random.default_rng(5)).astype(float)
    (found,) = stats.quantiles(column(values.tolist()), "t", ["v"], SHARES)
    np.testing.assert_allclose(found, np.quantile(values, SHARES), rtol=1e-12)


def test_what_is_found_of_counted_rows_equals_that_of_numpy():
    """A row counts as often as it says, whether or not others have its value."""
    con = duckdb.connect()
    rows = "(VALUES (3, 4), (1, 2), (NULL, 9), (3, 1), (8, 6))"
    con.execute(f"CREATE TABLE t AS FROM {rows} t(v, {stats.ROWS})")
    once, negated, nothing = stats.counted(con, "t", ["v", "-v", "NULL"])
    values = np.repeat([1, 3, 8], [2, 5, 6])
    for counts, own in ((once, values), (negated, -values)):
        found = stats.counted_quantiles(counts, SHARES)
        np.testing.assert_allclose(found, np.quantile(own, SHARES), rtol=1e-12)
        wanted = [len(own), own.mean(), own.std(), own.min(), own.max()]
        np.testing.assert_allclose(stats.counted_moments(counts), wanted, rtol=1e-12)
    assert stats.counted_quantiles(nothing, SHARES) == []
    assert stats.counted_moments(nothing) is None


def test_a_column_without_a_value_has_no_quantile():
    """Neither a number nor an error."""
    assert stats.quantiles(column([None, None]), "t", ["v"], [0.5]) == [[]]
    assert stats.moments(column([None]), "t", "_line", ["v"]) == [None]


def test_moments_equal_those_of_numpy_and_never_vary():
    """Mean and population deviation, the same bits each time, however threads share the work."""
    values = np.random.default_rng(1).lognormal(3, 2, 30_000)
    con = column(values.tolist())
    found = [stats.moments(con, "t", "_line // 16384", ["v"])[0] for _ in range(5)]
    assert len(set(found)) == 1
    np.testing.assert_allclose(found[0][1:3], [values.mean(), values.std()], rtol=1e-12)


def test_modes_equal_those_of_pandas_in_any_number_of_columns():
    """The least of equally frequent values; a column without a value has none."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({f"c{each}": rng.integers(0, 9, 40) for each in range(600)}, dtype=object)
    frame["c7"] = None
    con = duckdb.connect()
    con.register("t", frame.astype("Int64"))
    found = stats.modes(con, "t", [(name, f"{name}::VARCHAR") for name in frame])
    expected = {place: frame[name].mode() for place, name in enumerate(frame)}
    assert found == {
        place: (values[0], str(values[0])) for place, values in expected.items() if len(values)
    }
