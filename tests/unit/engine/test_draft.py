"""A contract that is drafted from a file."""

import importlib.util
import sys
import types
import uuid

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.engine import draft as drafting
from headgate.engine.checking.bound_contract import BoundContract
from headgate.engine.contract import Contract
from headgate.engine.draft import draft
from headgate.engine.duck import first
from headgate.engine.preprocess import preprocess_rows
from headgate.options import PrepareOptions
from tests.harness.contracts import kept_back, reading_of, values_of


def test_the_same_file_passes_its_drafted_contract(tmp_path):
    """Names that Python does not take, choices, codes, dates and gaps included."""
    rows = [f"{i},{i % 3 or ''},{'ab'[i % 2]},{i:04},{i % 28 + 1:02}.01.2024" for i in range(60)]
    header = "no.,two words,class,code,day"
    reading = reading_of(tmp_path, rows, Contract(), header=header)
    source = tmp_path / "drafted.py"
    source.write_text(draft(reading, "my data"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("drafted", source)
    module = importlib.util.module_from_spec(spec)
    sys.modules["drafted"] = module
    spec.loader.exec_module(module)
    again = reading_of(tmp_path, rows, module.CONTRACT, header=header)
    assert (again.rows_good, again.quarantined) == (60, 0)
    assert "str_matches" in source.read_text(encoding="utf-8")
    worse = reading_of(tmp_path, [*rows, "60,1,c,0060,01.01.2024"], module.CONTRACT, header=header)
    assert [row["_column"] for row in kept_back(worse).values()] == ["class"]


MESSY = {
    "padded texts": ["  ok ", "ok", "bad", "bad  "],
    "signs for missing ones": ["ok", "-", "bad", "NA"],
    "padded and empty": ["a", " ", "b", "", " a"],
    "codes with gaps": ["00501", "10115 ", "", "99999"],
    "codes of thousands of digits": ["0" + "1" * 1500, "0" + "2" * 1500],
    "decomposed": ["cafe\u0301", "caf\u00e9", "th\u00e9"],
    "numbers with gaps": ["5", " 7", "NA", "-", "1000"],
    "dates": ["31/12/2024", "01/02/2024 ", "n/a"],
    "seldom": ["a", *["b"] * 70],
    "truth": ["yes", "no", " yes"],
    "nothing": ["", "  "],
    "closed": ["red", "green", "blue"],
}


def loaded(folder, source):
    """The contract that a module's source defines."""
    file = folder / f"drafted_{uuid.uuid4().hex}.py"
    file.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module.CONTRACT


def drafted(folder, reading):
    """The contract that a draft's own source defines, and the source."""
    source = draft(reading, "drafted")
    return loaded(folder, source), source


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    names=st.lists(st.sampled_from([*MESSY]), min_size=1, max_size=6, unique=True),
    rows=st.sampled_from([9, 60, 150]),
    turn=st.integers(1, 7),
)
def test_a_file_and_its_cleaned_table_pass_its_draft(tmp_path, names, rows, turn):
    """Whatever is padded, missing, decomposed or empty: nothing is kept back from either."""
    columns = [range(rows), *(MESSY[name] for name in names)]
    lines = [",".join(str(c[i * turn % len(c)]) for c in columns) for i in range(rows)]
    header = ",".join(["id", *names])
    reading = reading_of(tmp_path, lines, Contract(), header=header)
    contract, source = drafted(tmp_path, reading)
    prepared = preprocess_rows(reading, tmp_path / "scratch", PrepareOptions())
    cleaned = prepared.csv.read_text(encoding="utf-8-sig").splitlines()

    again = reading_of(tmp_path, lines, contract, header=header)
    tidy = reading_of(tmp_path, cleaned[1:], contract, header=cleaned[0])

    assert (again.quarantined, tidy.quarantined) == (0, 0), source


@pytest.mark.parametrize("written", ["%m/%d/%Y", "%d-%m-%Y", "%d/%m/%Y %H:%M"])
def test_a_draft_keeps_the_order_of_dates_that_its_file_tells(tmp_path, written):
    """Another file, in which no day is past the twelfth, is read in the same order."""
    days = [pd.Timestamp(2024, 1 + i % 12, 1 + i % 28) for i in range(60)]
    rows = [f"{i},{day.strftime(written)}" for i, day in enumerate(days)]
    contract, _ = drafted(tmp_path, reading_of(tmp_path, rows, Contract(), header="id,day"))
    assert reading_of(tmp_path, rows, contract, header="id,day").quarantined == 0
    few = [f"1,{pd.Timestamp(2024, 3, 4).strftime(written)}"]
    (value,) = values_of(reading_of(tmp_path, few, contract, header="id,day"), 1)
    assert (value.month, value.day) == (3, 4)


def test_a_draft_holds_plainly_closed_sets_alone_to_their_texts(tmp_path):
    """What is padded, rare or perhaps missing stands in a comment, as far as it is few."""
    names = ["closed", "padded texts", "signs for missing ones", "seldom"]
    rows = [",".join(MESSY[name][i % len(MESSY[name])] for name in names) for i in range(71)]
    header = ",".join(names)
    contract, source = drafted(tmp_path, reading_of(tmp_path, rows, Contract(), header=header))
    assert source.count("isin=") == 2
    assert "closed: str = pa.Field(isin=['blue', 'green', 'red'])" in source
    assert "isin=['bad', 'ok']" in source
    assert "# Seen: 'a' (1), 'b' (70)." in source
    assert "# If '-', 'NA' stands for a missing value, name it in `missing`." in source
    worse = reading_of(tmp_path, [*rows, "pink,ok,?,c"], contract, header=header)
    assert [row["_column"] for row in kept_back(worse).values()] == ["closed"]


def test_a_draft_of_a_wide_file_takes_few_statements(tmp_path, monkeypatch):
    """And each column has its own rules, wherever it stands."""
    asked = []
    monkeypatch.setattr(drafting, "first", lambda *to: asked.append(to) or first(*to))
    names = [f"{kind}{i}" for i in range(150) for kind in ("letter", "code", "number")]
    cells = [f"{letter},{i:02},{i - 5}" for i in range(60) for letter in "xyz"]
    rows = [",".join([cell] * 150) for cell in cells]
    reading = reading_of(tmp_path, rows, Contract(), header=",".join(names))
    source = drafting.draft(reading, "wide")
    assert len(asked) == 5
    for i in range(150):
        assert f"letter{i}: str = pa.Field(isin=['x', 'y', 'z'])" in source
        assert f'code{i}: str = pa.Field(str_matches=r"^[0-9]{{2}}$")' in source
        assert f"number{i}: int = pa.Field()" in source


def test_a_file_whose_large_amounts_come_late_passes_its_draft(tmp_path):
    """The draft types the column by all its values, and so reads them."""
    amounts = [f"{place + 1},50" for place in range(400)]
    amounts[390] = "1.490,50"
    rows = [f'{place},"{amount}"' for place, amount in enumerate(amounts)]
    reading = reading_of(tmp_path, rows, Contract(), header="id,amount")
    contract, source = drafted(tmp_path, reading)
    assert "amount: float" in source
    assert reading_of(tmp_path, rows, contract, header="id,amount").quarantine is None


@pytest.mark.parametrize(
    ("texts", "odd", "written", "type_"),
    [
        ([str(i) for i in range(99)], "abc", "whole numbers", "int"),
        (["1.50"] * 98 + ['"1,490.50"'], "abc", "numbers written 1,234.56", "float"),
        (["yes", "no"] * 50, "maybe", "truth values written yes/no", "bool"),
    ],
    ids=["numbers", "few large amounts", "words"],
)
def test_a_draft_shows_the_line_that_would_type_a_column(tmp_path, texts, odd, written, type_):
    """Taken instead of the other one, it keeps the odd row back and types the rest."""
    rows = [f"n{i},{text}" for i, text in enumerate([*texts, odd])]
    _, source = drafted(tmp_path, reading_of(tmp_path, rows, Contract(), header="id,value"))
    says = f"{len(texts)} of {len(rows)} are {written}, but '{odd}' on line {len(rows) + 1} is not"
    assert f"# {says}." in source
    typed = source.replace("    value: str = pa.Field()\n", "")
    typed = typed.replace(f"# value: {type_}", f"value: {type_}")
    reading = reading_of(tmp_path, rows, loaded(tmp_path, typed), header="id,value")
    assert reading.columns[1].kind != "text"
    assert [*kept_back(reading)] == [len(rows) + 1]


def test_a_draft_takes_columns_of_any_name(tmp_path):
    """Names that Python or the model use for themselves, that coincide or that Python composes."""
    header = ["str", "int", "pa", "pd", "class", "validate", "Config", "a b", "a_b", "A-B", "1st"]
    header += ["Gro\u0308ße", "\ufb01"]
    rows = [",".join(str(i * k) for k in range(len(header))) for i in range(1, 9)]
    reading = reading_of(tmp_path, rows, Contract(), header=",".join(header))
    scope: dict[str, object] = {"__name__": "drafted_names"}
    sys.modules["drafted_names"] = types.ModuleType("drafted_names")
    exec(draft(reading, "contract"), scope)
    contract = scope["CONTRACT"].model_copy(update={"unknown": "refuse", "order": "fixed"})
    bound = BoundContract(contract, header)
    assert [each.name for each in bound.expected] == header
