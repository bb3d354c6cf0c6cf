"""The journey as plain steps, on each S3 server, without Prefect."""

import io

import pandera.pandas as pandera
import pyarrow.parquet as pq
import pytest

from headgate.bucket import claims, receipts, transfer
from headgate.bucket.keys import ARCHIVE, CLAIMS, PROCESSED, claim_key, result_prefix
from headgate.bucket.store import FIRST_BYTES
from headgate.contracts import contract_for
from headgate.engine.contract import Contract
from headgate.errors import (
    BadFileError,
    ClaimLostError,
    DeniedError,
    HeadgateError,
    NoSuchObjectError,
    ObjectChangedError,
    SettingsError,
    TransientError,
)
from headgate.journey import corrections, processing, resubmission, results, steps
from headgate.options import CheckOptions, DeliverOptions, PrepareOptions, ProcessOptions
from tests.harness.faults import error, refuse
from tests.harness.stores import later, new_store

BODY = b"id,name\n1,Ada\n2,Grace\n2,Grace\n3\n"
_commit = receipts.commit
SKIP = ProcessOptions(deliver=DeliverOptions(same_content="skip"))


def _process(store, key, options=ProcessOptions()):  # noqa: B008 - frozen
    return processing.process(store, key, options, owner="a test")


def _fail_for_good(*_args, **_kwargs):
    raise DeniedError("The store refuses.")


def _fail(*_args, **_kwargs):
    raise TransientError("The store is away.")


def _unanswered(*args, **kwargs):
    _commit(*args, **kwargs)
    raise TransientError("The answer was lost.")


def _deliver(**options):
    return ProcessOptions(deliver=DeliverOptions(**options))


def test_every_row_of_an_upload_is_accounted_for(store):
    """Good, repeated and broken rows are counted apart, and the outputs are as the receipt says."""
    store.put("uploads/people.csv", BODY)
    receipt = _process(store, "uploads/people.csv")
    assert str(receipt) == "4 rows in, 2 out, 1 quarantined, 1 duplicate"
    assert _is_whole(store, receipt)


@pytest.mark.parametrize("name", ["x" * 1000, "漢" * 330], ids=["long", "wide"])
def test_an_upload_may_have_a_name_that_no_file_could_have(moto, name):
    """S3 keeps what has 1,024 bytes or less; the other server of the tests refuses these."""
    store = new_store(moto)
    store.put(f"uploads/{name}.csv", BODY)
    assert _is_whole(store, _process(store, f"uploads/{name}.csv"))


def test_known_content_under_another_name_takes_the_result_it_has(store):
    """With `same_content: skip` nothing is made twice, and the second receipt says whose it is."""
    for name in ("first", "second"):
        store.put(f"uploads/{name}.csv", BODY)
    first = _process(store, "uploads/first.csv", SKIP)
    second = _process(store, "uploads/second.csv", SKIP)
    assert second.same_as == "uploads/first.csv"
    assert second.outputs == first.outputs
    assert second.source.upload.key == "uploads/second.csv"


def test_known_content_whose_result_is_gone_is_made_again(store):
    """A rule of the bucket's may have ended it; its receipt stays."""
    for name in ("first", "second"):
        store.put(f"uploads/{name}.csv", BODY)
    store.delete(_process(store, "uploads/first.csv", SKIP).key())
    second = _process(store, "uploads/second.csv", SKIP)
    assert second.same_as is None
    assert _is_whole(store, second)


def test_known_content_is_made_again_by_force_and_for_another_contract(store, monkeypatch):
    """What was asked for on purpose, or is held to something else by now, is new work."""
    for name in ("first", "second"):
        store.put(f"uploads/{name}.csv", BODY)
    first = _process(store, "uploads/first.csv", SKIP)
    again = _process(store, "uploads/first.csv", _deliver(same_content="skip", force=True))
    assert (again.same_as, again.outputs == first.outputs) == (None, False)
    stricter = contract_for(None, None).model_copy(update={"max_rows": 9})
    monkeypatch.setattr(steps, "contract_for", lambda *_: stricter)
    monkeypatch.setattr(resubmission, "contract_for", lambda *_: stricter)
    assert _process(store, "uploads/second.csv", SKIP).same_as is None


def test_a_forced_run_that_is_refused_takes_no_result_away(store):
    """As by a mistyped target; a refusal that stands makes way for the next answer."""
    store.put("uploads/people.csv", BODY)
    wrong = _deliver(force=True).model_copy(update={"check": CheckOptions(target="nmae")})
    assert _process(store, "uploads/people.csv", wrong).outcome == "refused"
    assert _process(store, "uploads/people.csv", wrong).outcome == "refused"
    receipt = _process(store, "uploads/people.csv", _deliver(force=True))

    with pytest.raises(BadFileError, match=r"'nmae'.* the upload's result stays"):
        _process(store, "uploads/people.csv", wrong)

    assert results.find_receipt(store, "uploads/people.csv") == receipt
    assert _is_whole(store, receipt)
    assert _nothing_else_lies_beside(store, receipt)
    assert not list(store.list(CLAIMS))
    assert (
        processing.attempt(store, "uploads/people.csv", wrong, owner="a test").verdict == "refused"
    )


def test_content_that_was_refused_is_looked_at_again(store):
    """A refusal is no result: the file may be read better by now."""
    for name in ("first", "second"):
        store.put(f"uploads/{name}.csv", b"PK\x03\x04" + bytes(2000))
    assert _process(store, "uploads/first.csv", SKIP).outcome == "refused"
    second = _process(store, "uploads/second.csv", SKIP)
    assert (second.outcome, second.same_as) == ("refused", None)


def test_known_content_is_made_again_for_other_options(store):
    """The same bytes with other rules are other work."""
    for name in ("first", "second"):
        store.put(f"uploads/{name}.csv", BODY)
    _process(store, "uploads/first.csv")
    clean = ProcessOptions().prepare.clean.model_copy(update={"drop_duplicates": False})
    prepare = ProcessOptions().prepare.model_copy(update={"clean": clean})
    second = _process(store, "uploads/second.csv", SKIP.model_copy(update={"prepare": prepare}))
    assert second.same_as is None
    assert second.rows.duplicates == 0


def test_ctrl_c_while_work_is_begun_leaves_no_claim(store, monkeypatch, tmp_path):
    """As where a forced run looks at the result that it is to replace."""

    def stop(*_args):
        raise KeyboardInterrupt

    monkeypatch.setenv("HEADGATE_SCRATCH", str(tmp_path))
    store.put("uploads/people.csv", BODY)
    _process(store, "uploads/people.csv")
    monkeypatch.setattr(corrections, "carried", stop)
    with pytest.raises(KeyboardInterrupt):
        _process(store, "uploads/people.csv", _deliver(force=True))
    assert not list(store.list(CLAIMS))
    assert not list(tmp_path.iterdir())


def test_a_receipt_tells_how_a_file_differs_from_the_one_of_its_recipe(store):
    """Among the rules, as `drift`."""
    store.put("uploads/people.csv", BODY)
    recipe = _process(store, "uploads/people.csv").key("recipe")
    store.put("uploads/next.csv", BODY.replace(b"name", b"birthday"))
    options = ProcessOptions(prepare=PrepareOptions(recipe=recipe))
    receipt = _process(store, "uploads/next.csv", options)
    drift = [rule.detail for rule in receipt.rules if rule.rule == "drift"]
    assert "name: The column is not in this file." in drift


def test_an_upload_is_refused_whose_columns_are_not_the_recipes(store):
    """Where the option `drift` says so; the receipt names them. Its key or address names it."""
    store.put("uploads/people.csv", BODY)
    recipe = _process(store, "uploads/people.csv").key("recipe")
    store.put("uploads/next.csv", BODY.replace(b"name", b"birthday"))
    for place in (recipe, store.where(recipe)):
        check, prepare = CheckOptions(drift="refuse"), PrepareOptions(recipe=place)
        options = _deliver(force=True).model_copy(update={"check": check, "prepare": prepare})
        receipt = _process(store, "uploads/next.csv", options)
        assert receipt.outcome == "refused"
        assert "'name'" in receipt.reasons[0]


def test_a_contract_that_breaks_leaves_its_uploads_to_the_next_run(store, monkeypatch):
    """There is no receipt that would refuse a good file for good, and no claim is held."""
    store.put("uploads/people.csv", BODY)
    broken = pandera.DataFrameSchema({"name": pandera.Column(str, pandera.Check(lambda _: 1 / 0))})
    with monkeypatch.context() as patch:
        patch.setattr(steps, "contract_for", lambda *_: Contract(name="people", model=broken))
        with pytest.raises(SettingsError, match=r"schemas/people.py: The check .* itself failed"):
            _process(store, "uploads/people.csv")
    assert receipts.find(store, store.head("uploads/people.csv")) is None
    assert _process(store, "uploads/people.csv").outcome == "published"


@pytest.mark.parametrize("source", ["archive", "delete"])
def test_an_upload_that_was_put_away_once_it_was_done_is_done(store, source):
    """An announcement of it may be repeated, under whatever options; one by force is in vain."""
    store.put("uploads/people.csv", BODY)
    store.put("uploads/people.csv!0123456789abcdef.json", BODY)
    first = _process(store, "uploads/people.csv", _deliver(source=source))
    _process(store, "uploads/people.csv!0123456789abcdef.json")
    assert _process(store, "uploads/people.csv") == first
    with pytest.raises(NoSuchObjectError):
        _process(store, "uploads/people.csv", _deliver(force=True))


def test_an_upload_that_somebody_else_deleted_is_missed(store):
    """Its receipt may be that of another content."""
    store.put("uploads/people.csv", BODY)
    _process(store, "uploads/people.csv")
    store.delete("uploads/people.csv")
    with pytest.raises(NoSuchObjectError):
        _process(store, "uploads/people.csv")


def test_a_source_that_changed_after_the_receipt_stays(store):
    """The new content is an upload of its own; the result of the old one stands."""
    store.put("uploads/people.csv", BODY)
    work = steps.claim(store, "uploads/people.csv", _deliver(source="archive"), owner="a test")
    receipt = _publish(store, work)
    store.put("uploads/people.csv", b"id,name\n9,Alan\n")
    steps.cleanup(store, work, receipt)
    assert store.read("uploads/people.csv").body == b"id,name\n9,Alan\n"
    assert not list(store.list(ARCHIVE))


def test_putting_the_source_away_twice_is_a_success(store):
    """A step whose acknowledgement was lost is done again."""
    store.put("uploads/people.csv", BODY)
    work = steps.claim(store, "uploads/people.csv", _deliver(source="archive"), owner="a test")
    receipt = _publish(store, work)
    for _ in range(2):
        steps.cleanup(store, work, receipt)
    assert [store.read(item.key).body for item in store.list(ARCHIVE)] == [BODY]


def test_a_result_is_published_though_its_columns_could_not_be_remembered(faulty):
    """The next file's drift is then told against an older file; the source is put away."""
    store, proxy = faulty
    store.put("uploads/people/may.csv", BODY)
    proxy.add(lambda r: r.method == "PUT" and "layouts" in r.target, refuse, times=99)
    receipt = _process(store, "uploads/people/may.csv", _deliver(source="delete"))
    assert receipt.outcome == "published"
    assert not store.exists("uploads/people/may.csv")


def test_a_forced_run_that_was_stopped_for_too_long_replaces_nothing(store, monkeypatch):
    """What it had written is gone by then, and the result that stands is whole."""
    monkeypatch.setenv("HEADGATE_LEASE_SECONDS", "1")
    store.put("uploads/people.csv", BODY)
    _process(store, "uploads/people.csv")
    work = steps.claim(store, "uploads/people.csv", _deliver(force=True), owner="stopped")

    def remove_first(*args, **kwargs):
        _remove_lapsed(store, work)
        return confirm(*args, **kwargs)

    confirm = claims.confirm
    monkeypatch.setattr(claims, "confirm", remove_first)
    with pytest.raises(ClaimLostError):
        _publish(store, work)
    steps.cleanup(store, work, None)
    standing = results.find_receipt(store, "uploads/people.csv")
    assert _is_whole(store, standing)
    assert _nothing_else_lies_beside(store, standing)


def test_a_forced_run_that_was_stopped_before_its_last_write_replaces_nothing(store, monkeypatch):
    """Its claim was still its own when it looked; its files are gone when it wakes."""
    monkeypatch.setenv("HEADGATE_LEASE_SECONDS", "1")
    store.put("uploads/people.csv", BODY)
    _process(store, "uploads/people.csv")
    work = steps.claim(store, "uploads/people.csv", _deliver(force=True), owner="stopped")
    replace = store.replace

    def remove_first(*args):
        monkeypatch.setattr(store, "replace", replace)
        _remove_lapsed(store, work)
        return replace(*args)

    monkeypatch.setattr(store, "replace", remove_first)
    with pytest.raises(ClaimLostError):
        _publish(store, work)
    steps.cleanup(store, work, None)
    standing = results.find_receipt(store, "uploads/people.csv")
    assert _is_whole(store, standing)
    assert _nothing_else_lies_beside(store, standing)


def test_what_may_pass_by_itself_is_tried_again(store, monkeypatch):
    """An outage that outlasts the patience of single requests does not fail a file."""
    monkeypatch.setattr(processing, "BACKOFF_SECONDS", 0.01)
    store.put("uploads/people.csv", BODY)
    tries = iter([_fail, _fail, receipts.commit])

    def commit(*args, **kwargs):
        return next(tries)(*args, **kwargs)

    monkeypatch.setattr(receipts, "commit", commit)
    options = ProcessOptions()
    receipt = processing.process_with_retries(store, "uploads/people.csv", options, owner="a test")
    assert receipt.outcome == "published"
    assert next(tries, None) is None


def test_an_upload_overwritten_midway_is_started_over(store, monkeypatch):
    """The result is that of the new content, and nothing of the old is published."""
    store.put("uploads/people.csv", BODY.ljust(FIRST_BYTES + 1, b"\n"))
    fetch = transfer.download

    def overwrite_first(store, upload, *args, **kwargs):
        if upload.size > FIRST_BYTES:
            store.put("uploads/people.csv", b"id,name\n9,Alan\n")
        return fetch(store, upload, *args, **kwargs)

    monkeypatch.setattr(transfer, "download", overwrite_first)
    receipt = _process(store, "uploads/people.csv")
    assert receipt.rows.rows_in == 1
    assert {output.key.split("/")[1] for output in receipt.outputs} == {
        item.key.split("/")[1] for item in store.list(PROCESSED)
    }


def test_an_upload_that_is_overwritten_all_the_time_keeps_no_run_for_ever(store, monkeypatch):
    """Nor with the retries that a run of many files has; new content is announced anew."""
    fetch, sizes = transfer.download, []

    def overwrite(store, upload, *args, **kwargs):
        sizes.append(upload.size)
        store.put(upload.key, bytes(upload.size + 1))
        return fetch(store, upload, *args, **kwargs)

    monkeypatch.setattr(transfer, "download", overwrite)
    store.put("uploads/log.csv", bytes(FIRST_BYTES + 1))
    with pytest.raises(ObjectChangedError):
        processing.process_with_retries(store, "uploads/log.csv", ProcessOptions(), owner="a test")
    assert len(set(sizes)) == 1 + processing.RESTARTS
    assert not list(store.list(CLAIMS))


def test_a_run_that_fails_leaves_nothing_behind(store, monkeypatch, tmp_path):
    """No scratch, output or claim stays after trouble that may pass; the next run succeeds."""
    monkeypatch.setenv("HEADGATE_SCRATCH", str(tmp_path))
    store.put("uploads/people.csv", BODY)
    with monkeypatch.context() as trouble:
        trouble.setattr(receipts, "commit", _fail_for_good)
        with pytest.raises(DeniedError):
            _process(store, "uploads/people.csv")
    assert not list(tmp_path.iterdir())
    assert not [*store.list(PROCESSED), *store.list(CLAIMS)]
    assert _process(store, "uploads/people.csv").outcome == "published"


def test_what_a_run_that_fails_cannot_clear_away_is_its_heirs_to_clear(faulty, monkeypatch):
    store, proxy = faulty
    store.put("uploads/people.csv", BODY)
    proxy.add(lambda r: r.method == "DELETE" and "processed" in r.target, refuse, times=99)
    with monkeypatch.context() as trouble:
        trouble.setattr(receipts, "commit", _fail_for_good)
        with pytest.raises(HeadgateError):
            _process(store, "uploads/people.csv")
    proxy.faults.clear()
    receipt = _process(store, "uploads/people.csv")
    assert _is_whole(store, receipt)
    assert _nothing_else_lies_beside(store, receipt)
    assert not list(store.list(CLAIMS))


@pytest.mark.parametrize("lands", [True, False], ids=["late", "never"])
def test_a_receipt_that_takes_effect_after_its_run_has_failed_has_its_result(faulty, lands):
    """No answer came to it, so the run cannot know; the next one finds out, and clears away."""
    store, proxy = faulty
    store.put("uploads/people.csv", BODY)
    sent = []

    def hold_back(proxy_, request):
        sent.append(request)
        return error("GatewayTimeout", 504)(proxy_, request)

    proxy.add(lambda r: r.method == "PUT" and "receipts/uploads" in r.target, hold_back, times=99)
    with pytest.raises(TransientError):
        _process(store, "uploads/people.csv")
    proxy.faults.clear()
    if lands:
        proxy.forward(sent[-1])
    receipt = _process(store, "uploads/people.csv")
    assert _is_whole(store, receipt)
    again = _process(store, "uploads/people.csv", _deliver(force=True))
    assert _is_whole(store, again)
    assert _nothing_else_lies_beside(store, receipt, again)
    assert not list(store.list(CLAIMS))


@pytest.mark.parametrize("second", [_fail, _fail_for_good, _unanswered])
def test_what_several_runs_left_is_cleared_away(store, monkeypatch, second):
    """Whatever became of the heir of the first, the last one finds what is to be cleared away."""
    store.put("uploads/people.csv", BODY)
    for commit in (_fail, second):
        with monkeypatch.context() as trouble:
            trouble.setattr(receipts, "commit", commit)
            with pytest.raises(HeadgateError):
                _process(store, "uploads/people.csv")
    receipt = _process(store, "uploads/people.csv")
    assert _is_whole(store, receipt)
    assert _nothing_else_lies_beside(store, receipt)
    assert not list(store.list(CLAIMS))


def test_a_run_that_is_interrupted_while_it_publishes_keeps_its_result(store, monkeypatch):
    """Its receipt may take effect after it has ended."""
    store.put("uploads/people.csv", BODY)
    sent = []

    def interrupt(*args, **kwargs):
        sent.append((args, kwargs))
        raise KeyboardInterrupt

    with monkeypatch.context() as trouble:
        trouble.setattr(receipts, "commit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            _process(store, "uploads/people.csv")
    args, kwargs = sent[0]
    receipts.commit(*args, **kwargs)
    receipt = _process(store, "uploads/people.csv")
    assert _is_whole(store, receipt)


def test_a_refusal_that_is_written_twice_is_its_own_and_frees_the_upload(store, monkeypatch):
    store.put("uploads/people.csv", b"id,name\n")
    work = steps.claim(store, "uploads/people.csv", ProcessOptions(), owner="a test")
    error = BadFileError("There are no rows.")
    with claims.renewed(store, work.claim):
        file = steps.download(store, work)
        with monkeypatch.context() as trouble:
            trouble.setattr(receipts, "commit", _unanswered)
            with pytest.raises(TransientError):
                steps.refuse(store, work, file, error)
        receipt = steps.refuse(store, work, file, error)
        steps.cleanup(store, work, receipt)
    assert receipt.reasons == ("There are no rows.",)
    assert not list(store.list(CLAIMS))


def test_the_newest_receipt_of_a_key_stays_the_newest(store, monkeypatch):
    """Also where an older one was written again, to clear away what a dead run had left."""
    monkeypatch.setenv("HEADGATE_LEASE_SECONDS", "1")
    store.put("uploads/people.csv", BODY)
    _process(store, "uploads/people.csv")
    work = steps.claim(store, "uploads/people.csv", _deliver(force=True), owner="dead")
    store.put(result_prefix(work.upload, work.claim.attempt) + "data.csv", b"half")
    store.put("uploads/people.csv", BODY + b"4,Alan\n")
    newest = _process(store, "uploads/people.csv", _deliver(source="archive"))
    _remove_lapsed(store, work)
    assert len([*store.list(PROCESSED)]) == 2 * len(newest.outputs) - 2
    assert results.find_receipt(store, "uploads/people.csv") == newest


def test_a_source_that_could_not_be_put_away_is_put_away_by_the_next_try(faulty, monkeypatch):
    monkeypatch.setattr(processing, "BACKOFF_SECONDS", 0.01)
    store, proxy = faulty
    store.put("uploads/people.csv", BODY)
    tries = store.limits.attempts
    proxy.add(lambda r: "archive" in r.target, error("SlowDown", 503), times=tries)
    options = _deliver(source="archive")
    receipt = processing.process_with_retries(store, "uploads/people.csv", options, owner="a test")
    assert receipt.outcome == "published"
    assert not store.exists("uploads/people.csv")
    assert [item.size for item in store.list(ARCHIVE)] == [len(BODY)]


def test_columns_that_are_set_aside_are_published_beside_the_result(store):
    """What the drift policy keeps out of the table is listed in the receipt, row by row."""
    store.put("uploads/people/may.csv", BODY)
    store.put("uploads/people/june.csv", b"id,mood,name\n1,fine,Ada\n2,0.50,Grace\n")
    _process(store, "uploads/people/may.csv")
    check = CheckOptions(drift="set-aside")
    receipt = _process(store, "uploads/people/june.csv", ProcessOptions(check=check))
    assert store.read(receipt.key()).body == b"id,name\n1,Ada\n2,Grace\n"
    aside = pq.read_table(io.BytesIO(store.read(receipt.key("aside")).body))
    assert aside.to_pydict() == {"_line": [2, 3], "mood": ["fine", "0.50"]}
    assert _is_whole(store, receipt)


def _is_whole(store, receipt):
    return all(finding.ok for finding in receipts.verify(store, receipt.model_dump()))


def _nothing_else_lies_beside(store, *kept):
    published = {output.key for receipt in kept for output in receipt.outputs}
    return {item.key for item in store.list(PROCESSED)} <= published


def _remove_lapsed(store, work):
    claims.remove_abandoned(later(store), claim_key(work.upload))


def _publish(store, work):
    file = steps.download(store, work)
    reading = steps.validate(store, work, file)
    return steps.upload_processed(
        store, work, file, reading, steps.preprocess(store, work, reading)
    )
