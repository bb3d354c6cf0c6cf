"""What a receipt guarantees and how it reads."""

import json
from datetime import UTC, datetime

import pytest

from headgate.bucket.keys import Upload
from headgate.engine.checking.quarantine import Example, Failure
from headgate.engine.cleaning.rules import RuleResult
from headgate.engine.columns.column import Column
from headgate.engine.columns.near_misses import Near
from headgate.engine.reading.dialect import Evidence
from headgate.engine.result.row_counts import RowCounts
from headgate.errors import NoSuchObjectError, RowsUnaccountedError
from headgate.journey.receipt import Output, Receipt, ReceiptColumn, Source, library_versions
from headgate.journey.summary import answered_before, markdown
from headgate.options import DeliverOptions, PrepareOptions, ProcessOptions

NOW = datetime(2024, 3, 14, 14, 30, tzinfo=UTC)


def _receipt(**changes) -> Receipt:
    upload = Upload(bucket="b", key="uploads/sales.csv", etag="e", size=10)
    values = {
        "outcome": "published",
        "source": Source(upload=upload, sha256="0" * 64, bytes=10),
        "rows": RowCounts(rows_in=5, rows_out=3, quarantined=1, duplicates=1, dropped=0),
        "outputs": (Output(role="table", key="processed/sales/data.csv", bytes=7, sha256="1"),),
        "options": ProcessOptions(),
        "run": "a run",
        "started": NOW,
        "finished": NOW,
        "versions": library_versions(),
    }
    return Receipt(**(values | changes))


def test_a_row_that_is_nowhere_stops_everything():
    """The row equation is enforced when the counts are written down, not just printed."""
    with pytest.raises(RowsUnaccountedError, match="5 rows in, but 4 accounted for"):
        RowCounts(rows_in=5, rows_out=3, quarantined=1, duplicates=0, dropped=0)


def test_counts_read_as_one_line_without_what_is_zero():
    """People see where their rows went at a glance."""
    rows = RowCounts(rows_in=5000, rows_out=4999, quarantined=1, duplicates=0, dropped=0)
    assert str(rows) == "5,000 rows in, 4,999 out, 1 quarantined"


def test_a_receipt_survives_its_own_json():
    """What was committed can be read back as the same record."""
    receipt = _receipt()
    assert Receipt.model_validate_json(receipt.model_dump_json()) == receipt


def test_a_receipt_that_says_more_of_a_column_can_be_read():
    """Earlier ones also told how the engine read it."""
    column = ReceiptColumn(name="n", position=0, kind="integer", format="1234")
    stored = json.loads(_receipt(columns=(column,)).model_dump_json())
    stored["columns"][0] |= {"sql": 'TRY_CAST("n" AS BIGINT)', "padded": False, "near": None}
    assert Receipt.model_validate(stored).columns == (column,)


def test_a_refusal_has_reasons_and_no_table():
    """Asking a refusal for its table says why there is none."""
    refusal = _receipt(outcome="refused", rows=None, outputs=(), reasons=("line 3: no header",))
    assert str(refusal) == "refused: line 3: no header"
    with pytest.raises(NoSuchObjectError, match="no header"):
        refusal.key()


def test_values_cannot_break_out_of_the_report():
    """A value with pipes, line breaks or markup stays inside its cell."""
    failure = Failure(
        column="a|b",
        check="isin",
        reason="must be <b>one</b>",
        count=1,
        examples=(Example(line=2, value="x\n| y |"),),
    )
    page = markdown(_receipt(failures=(failure,)))
    row = next(line for line in page.splitlines() if "isin" in line)
    assert row.replace("\\|", "").count("|") == 6
    assert "<b>" not in page


def test_the_report_names_rules_and_keys():
    """What was changed and where the result lies stand in the report."""
    rule = RuleResult(rule="trim", cells=4, rows=0, detail="name: 4")
    page = markdown(_receipt(rules=(rule,)))
    assert "| trim | 4 | 0 | name: 4 |" in page
    assert "- table, 7 bytes: `processed/sales/data.csv`" in page


def test_the_report_of_a_result_ends_with_how_to_get_a_link():
    """That of a refusal does not: there is nothing to link to."""
    refusal = _receipt(outcome="refused", rows=None, outputs=(), reasons=("no header",))

    assert "`headgate link uploads/sales.csv`" in markdown(_receipt()).splitlines()[-1]
    assert "headgate link" not in markdown(refusal)


def test_the_value_that_keeps_a_column_text_stands_in_the_report():
    """It comes from the receipt."""
    near = Near(kind="integer", formats=("1234",), values=300, misfits=2, value="abc", line=61)
    why = Evidence(what="type of age", found="text", why=str(near))
    column = Column(name="age", position=0, sql='"age"', evidence=(why,), near=near)
    receipt = _receipt(columns=(ReceiptColumn.of(column),))
    page = markdown(Receipt.model_validate_json(receipt.model_dump_json()))
    assert (
        "| age | 298 of 300 are whole numbers, but 'abc' on line 61 and 1 more are not. |" in page
    )


def test_an_older_answer_says_so_and_how_to_get_a_new_one():
    """`force` is named where the options were not used, or where the answer was a refusal.

    It is not where the upload is no longer there to be processed.
    """
    before = "This upload was answered before, on 2024-03-14 at 14:30 UTC"
    refusal = _receipt(outcome="refused", rows=None, outputs=(), reasons=("no header",))
    same = ProcessOptions(deliver=DeliverOptions(link_hours=1))
    other = ProcessOptions(prepare=PrepareOptions(mode="model"))
    archive = ProcessOptions(deliver=DeliverOptions(source="archive"))

    assert answered_before(_receipt(), same, "--force") == f"{before}."
    put_away = _receipt(options=archive)
    assert answered_before(put_away, other, "--force") == f"{before}, with other options."
    assert answered_before(refusal, same, "--force") == f"{before}; --force processes it again."
    assert answered_before(put_away, archive, "--force") == f"{before}."
    for options in (other, archive):
        assert (
            answered_before(_receipt(), options, "deliver.force")
            == f"{before}, with other options; deliver.force processes it again."
        )
