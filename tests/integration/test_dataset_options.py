"""Each upload is processed with the options of its data set's contract, on each S3 server."""

import csv
import io

import pytest

from headgate.bucket import receipts
from headgate.bucket.backlog import pending
from headgate.bucket.keys import ARCHIVE, CLAIMS
from headgate.errors import SettingsError
from headgate.journey import processing, results
from headgate.journey.summary import answered_before
from headgate.options import CheckOptions, DeliverOptions, ProcessOptions, ReadOptions

OPEN = ProcessOptions()
CONTRACT = "from headgate.engine.contract import Contract\nCONTRACT = Contract(options={})\n"
SENSORS = {"read": {"skip_lines": 1, "delimiter": ";"}}
MEMBERS = {"check": {"target": "left"}, "prepare": {"mode": "model"}}
READINGS = b"place;Bern\nid;note\n1;warm\n2;cold, wet\n3\n"
LEFT = "id,visits,left\n" + "".join(f"{n},{n % 7},{('yes', 'no')[n % 3 > 0]}\n" for n in range(60))


@pytest.fixture
def contracts(add_contract):
    """Set the options of data sets."""

    def add(**options):
        for dataset, said in options.items():
            add_contract(dataset, CONTRACT.format(said))

    return add


def process(store, key, options=OPEN):
    return processing.process(store, key, options, owner="a test")


def backlog(store):
    outcomes = processing.process_all(store, [*pending(store)], OPEN, 2)
    return {outcome.key: outcome for outcome in outcomes}


def header(store, receipt):
    return store.read(receipt.key()).body.decode().splitlines()[0].split(",")


def test_a_backlog_treats_each_data_set_in_its_own_way(store, contracts):
    """In one run without options; the receipts have those that were in force, and say whose."""
    contracts(sensors=SENSORS, members=MEMBERS)
    for key, body in (("sensors/a", READINGS), ("members/b", LEFT.encode()), ("c", LEFT.encode())):
        store.put(f"uploads/{key}.csv", body)
    backlog(store)
    sensors, members, other = (
        results.find_receipt(store, f"uploads/{key}.csv") for key in ("sensors/a", "members/b", "c")
    )
    assert header(store, sensors) == ["id", "note"]
    assert str(sensors) == "3 rows in, 2 out, 1 quarantined"
    assert "_test" in header(store, members)
    assert header(store, other) == ["id", "visits", "left"]
    found = [each.options for each in (sensors, members, other)]
    assert found == [ProcessOptions.model_validate(said) for said in (SENSORS, MEMBERS, {})]
    notes = [
        [note.why for note in each.notes if note.what == "contract"] for each in (sensors, other)
    ]
    assert notes == [["it sets read.delimiter to ';', read.skip_lines to 1"], []]


def test_an_upload_is_put_away_as_its_data_set_says(store, contracts):
    """Announced again, it has its answer, which is not one of other options."""
    contracts(members=MEMBERS | {"deliver": {"source": "archive"}})
    key = "uploads/members/may.csv"
    store.put(key, LEFT.encode())
    receipt = process(store, key)
    assert not store.exists(key)
    assert len([*store.list(ARCHIVE)]) == 1
    assert process(store, key) == receipt
    assert "other options" not in answered_before(receipt, OPEN, "--force")
    other = ProcessOptions(check=CheckOptions(target="visits"))
    assert "other options" in answered_before(receipt, other, "--force")


def test_a_result_that_was_just_made_is_not_called_an_older_one(
    store, contracts, monkeypatch, headgate
):
    """Its options are not those of the command line alone."""
    contracts(sensors=SENSORS)
    store.put("uploads/sensors/june.csv", READINGS)
    monkeypatch.setenv("AWS_BUCKET_NAME", store.bucket)
    monkeypatch.setattr("cli.process.open_store", lambda: store)
    done = headgate("process", "uploads/sensors/june.csv")
    assert "it sets read.delimiter to ';'" in done.out
    assert "answered before" not in done.out
    assert headgate("process", "uploads/sensors/june.csv").out.endswith("UTC.\n")


def test_a_file_that_the_options_of_its_data_set_do_not_fit_is_answered(store, contracts):
    """It is refused with the reason, and not tried again at every backlog."""
    contracts(sensors=SENSORS)
    key = "uploads/sensors/june.csv"
    store.put(key, READINGS.replace(b",", b"").replace(b";", b","))
    assert "The contract 'sensors' sets options.read.delimiter" in backlog(store)[key].detail
    assert results.find_receipt(store, key).outcome == "refused"
    assert not backlog(store)


def test_a_data_set_may_have_one_recipe_for_all_its_files(store, contracts):
    """One that is not there, or is none, is no fault of the file, which waits for a better one."""
    first, key = "uploads/members/may.csv", "uploads/members/june.csv"
    contracts(members=MEMBERS)
    store.put(first, LEFT.encode())
    fitted = process(store, first)
    store.put(key, LEFT.encode()[:100])
    for recipe in ("processed/nowhere/recipe.json", fitted.key()):
        contracts(members={"prepare": {"recipe": recipe}})
        assert backlog(store)[key].verdict == "failed"
    contracts(members={"prepare": {"recipe": fitted.key("recipe")}})
    assert backlog(store)[key].verdict == "published"
    receipt = results.find_receipt(store, key)
    assert header(store, receipt) == header(store, fitted)
    assert store.read(receipt.key("recipe")).body == store.read(fitted.key("recipe")).body


def test_content_is_known_only_while_the_recipe_stays_as_it_was(store, contracts):
    """A recipe of the data set may be written anew under its key; so the content is processed."""
    recipe = "recipes/sensors.json"
    store.put("uploads/first.csv", b"id,note\n1,warm\n2,cold\n")
    fitted = store.read(process(store, "uploads/first.csv").key("recipe")).body
    contracts(sensors={"prepare": {"recipe": recipe}, "deliver": {"same_content": "skip"}})
    known = []
    for name, content in (("a", fitted), ("b", fitted), ("c", fitted.replace(b"true", b"false"))):
        store.put(recipe, content)
        store.put(f"uploads/sensors/{name}.csv", b"id,note\n1,warm\n2,cold\n")
        known.append(process(store, f"uploads/sensors/{name}.csv").same_as)
    assert known == [None, "uploads/sensors/a.csv", None]


def test_an_option_of_a_run_that_does_not_fit_is_no_refusal(store, contracts):
    """Who gave it learns of it; the upload waits for a better one."""
    contracts(sensors=SENSORS)
    key = "uploads/sensors/june.csv"
    store.put(key, READINGS)
    wrong = ProcessOptions(read=ReadOptions(delimiter="|"))
    assert processing.attempt(store, key, wrong, owner="a test").verdict == "failed"
    assert [upload.key for upload in pending(store)] == [key]


def test_options_that_no_contract_can_have_leave_its_uploads_to_the_next_run(store, contracts):
    """The claim is free, and once the contract is mended, the upload is taken up."""
    key = "uploads/sensors/june.csv"
    store.put(key, READINGS)
    contracts(sensors=SENSORS | {"deliver": {"force": True}})
    with pytest.raises(SettingsError, match=r"schemas/sensors.py, line .* deliver.force is no"):
        process(store, key)
    assert not list(store.list(CLAIMS))
    assert receipts.find(store, store.head(key)) is None
    contracts(sensors=SENSORS)
    assert backlog(store)[key].verdict == "published"


def test_corrected_rows_are_treated_with_the_options_of_their_upload(store, contracts):
    """Whatever the contract sets by now; by force, the upload takes that."""
    contracts(sensors=SENSORS)
    key, sheet = "uploads/sensors/june.csv", "uploads/sensors/sheet.csv"
    store.put(key, READINGS)
    kept = store.read(process(store, key).key("quarantine")).body.decode("utf-8-sig")
    rows = [*csv.DictReader(io.StringIO(kept))]
    rows[0]["note"] = "windy"
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0]])
    writer.writeheader()
    writer.writerows(rows)
    contracts(sensors={"read": {"skip_lines": 2, "encoding": "utf-16"}})
    store.put(sheet, text.getvalue().encode())
    assert process(store, sheet).corrects == key
    receipt = results.find_receipt(store, key)
    assert store.read(receipt.key()).body == b'id,note\n1,warm\n2,"cold, wet"\n3,windy\n'
    assert receipt.options == ProcessOptions.model_validate(SENSORS)

    contracts(sensors={"read": {"skip_lines": 1, "header_rows": 0}})
    again = process(store, key, ProcessOptions(deliver=DeliverOptions(force=True)))
    assert again.options.read == ReadOptions(skip_lines=1, header_rows=0)
    assert again.rows.rows_in == 4
