"""The page for uploaders, as a browser and as others see it, in front of a real S3 server."""

import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from subprocess import Popen
from types import SimpleNamespace
from urllib.parse import unquote

import anyio
import httpx
import pytest
from playwright.sync_api import expect
from starlette.requests import Request

from headgate.bucket.keys import PROCESSED, QUARANTINE, UPLOADS
from headgate.bucket.store import Store
from headgate.errors import NoRoomError, TransientError
from headgate.journey import processing, results
from headgate.options import CheckOptions, PrepareOptions, ProcessOptions
from headgate.record import Record
from page import receive
from page.app import make_app
from stack.running import ROOT
from stack.s3 import Endpoint
from stack.service import LOOPBACK, answers, free_port, service
from tests.harness.browser import browser_page, needs_chromium
from tests.harness.runs import eventually
from tests.harness.stores import new_store

TOWNS = "town;founded;area\nBern;1191;51,6\nGenf;n/a;15,9\nZug;1242\n"
MANY = "town,founded,area\n" + "".join(f"T{n},{1000 + n},{1.5 * n}\n" for n in range(60))
GOOD = b"town,founded,area\nBern,1191,51.6\n"


@dataclass(frozen=True)
class Served:
    """The page of a bucket, served by the command."""

    url: str
    store: Store
    log: Path
    scratch: Path
    process: Popen[bytes]

    def uploads(self) -> list[str]:
        """The keys of what was sent."""
        return [each.key for each in self.store.list(UPLOADS)]

    def run(self, **options: Record) -> None:
        """Process all that was sent, as a run would."""
        for key in self.uploads():
            processing.process(self.store, key, ProcessOptions(**options), owner="test")

    def send(self, name: str, content: bytes = GOOD, **headers: str) -> httpx.Response:
        """Send a file as a program would."""
        asked = {"name": name}
        return httpx.post(
            f"{self.url}/files", params=asked, content=content, headers=headers, timeout=60
        )


def variables(endpoint: Endpoint, store: Store) -> dict[str, str]:
    """What leads a command to a store."""
    return {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
        "AWS_REGION": endpoint.region,
        "AWS_BUCKET_NAME": store.bucket,
        "HEADGATE_FOLDER": store.folder,
    }


@contextmanager
def serving(endpoint: Endpoint, folder: Path, **changes: str) -> Iterator[Served]:
    """Serve the page of a bucket by the command."""
    store, port = new_store(endpoint), free_port()
    url, log, scratch = f"http://{LOOPBACK}:{port}", folder / "page.log", folder / "scratch"
    settings = {**variables(endpoint, store), "HEADGATE_SCRATCH": str(scratch), **changes}
    command = [sys.executable, "-m", "cli.main", "page", "--port", str(port)]
    with service(command, log=log, ready=lambda: answers(url), env=settings, cwd=ROOT) as process:
        yield Served(url, store, log, scratch, process)


@pytest.fixture(scope="module")
def shared(seaweed, tmp_path_factory):
    with serving(seaweed, tmp_path_factory.mktemp("page")) as served:
        yield served


@pytest.fixture
def served(shared):
    """The page of an empty bucket."""
    yield shared
    shared.store.delete(*(each.key for each in shared.store.list()))


@pytest.fixture(scope="module")
def chromium():
    with browser_page() as page:
        yield page.context.browser


@pytest.fixture
def browser(served, chromium):
    """The page in a browser that has never seen it."""
    with closing(chromium.new_context()) as context:
        page = context.new_page()
        page.goto(served.url)
        yield page


def choose(browser, folder, name, content):
    path = folder / name
    path.write_text(content)
    browser.locator("[type=file]").set_input_files(path)


def connected(served):
    return closing(HTTPConnection(served.url.removeprefix("http://"), timeout=20))


def answer_to_head(served, target, size):
    """Announce a file of so many bytes, and send none; give status and text of the answer."""
    with connected(served) as connection:
        connection.putrequest("POST", target)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def awaited(ask):
    """Run a coroutine beside the browser, which has this thread's event loop."""
    with ThreadPoolExecutor() as beside:
        return beside.submit(anyio.run, ask).result()


def receive_all(more):
    """Take a body in as the page does, asking for more of it."""

    async def ask():
        query = {"query_string": b"name=endless.csv", "headers": []}
        async with receive.received(Request({"type": "http", **query}, more)):
            pass

    awaited(ask)


def cards(browser):
    return browser.locator("#files")


@needs_chromium
def test_a_file_is_checked_sent_and_followed_to_its_result(served, browser, tmp_path):
    """What is bad is told at once; once a run has taken it, the clean table is one click away."""
    expect(browser.get_by_text("This browser has sent no file yet.")).to_be_visible()
    choose(browser, tmp_path, "towns.csv", TOWNS)

    expect(cards(browser).get_by_text("Sent, but 1 of its 3 rows is bad")).to_be_visible()
    expect(cards(browser).get_by_text("has 2 cells where the table has 3 columns")).to_be_visible()
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    (key,) = served.uploads()
    assert key.endswith("_towns.csv")

    served.run()
    expect(cards(browser).get_by_text("3 in = 2 out + 1 kept back")).to_be_visible()
    with browser.expect_download() as started:
        browser.get_by_role("link", name="Table as CSV").click()
    assert started.value.suggested_filename == "towns-data.csv"
    assert started.value.path().read_text() == 'town,founded,area\nBern,1191,"51,6"\nGenf,,"15,9"\n'
    assert "Signature" not in served.log.read_text()


@needs_chromium
def test_rows_that_were_kept_back_are_put_right_on_the_page(served, browser, tmp_path):
    """Their file is fetched, corrected and dropped again; its rows join the result."""
    choose(browser, tmp_path, "towns.csv", TOWNS)
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    served.run()
    with browser.expect_download() as started:
        browser.get_by_role("link", name="Rows kept back").click()
    kept = started.value.path().read_text()
    header, row = kept.splitlines()
    corrected = row.split(",")
    corrected[header.split(",").index("area")] = "21"
    choose(browser, tmp_path, "quarantine.csv", f"{header}\n{','.join(corrected)}\n")

    expect(cards(browser).get_by_text("Sent: it corrects 1 of the rows")).to_be_visible()
    served.run()
    expect(cards(browser).get_by_text("3 in = 3 out")).to_be_visible()


@needs_chromium
def test_every_file_of_a_result_is_saved_by_its_name(served, browser, tmp_path):
    """Also those that a browser could show; the report alone is shown."""
    choose(browser, tmp_path, "towns.csv", MANY)
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    served.run(check=CheckOptions(target="area"), prepare=PrepareOptions(mode="model"))
    files = ["data.csv", "data.parquet", "dictionary.csv"]
    files += ["recipe.json", "recipe.sql", "pipeline.py"]
    with browser.context.expect_page() as opened:
        browser.get_by_role("link", name="Report").click()
    expect(opened.value.get_by_role("heading", name="towns.csv")).to_be_visible()
    links = browser.locator(".results a")
    expect(links).to_have_count(1 + len(files))
    saved = []
    for name in links.all_inner_texts():
        if name != "Report":
            with browser.expect_download() as started:
                browser.get_by_role("link", name=name, exact=True).click()
            saved.append(started.value.suggested_filename)
    assert saved == [f"towns-{file}" for file in files]


@needs_chromium
def test_a_download_that_fails_opens_a_page_that_says_why(served, browser, tmp_path):
    """It leads back to the files."""
    choose(browser, tmp_path, "towns.csv", TOWNS)
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    served.run()
    served.store.delete(*(each.key for each in served.store.list(PROCESSED)))
    with browser.context.expect_page() as opened:
        browser.get_by_role("link", name="Table as CSV").click()

    page = opened.value
    expect(page.get_by_text("This file of the result was removed")).to_have_class("bad")
    expect(page.locator(".bad")).to_have_css("color", "rgb(184, 52, 74)")
    page.get_by_role("link", name="Back to your files").click()
    expect(cards(page).get_by_role("link", name="Table as CSV")).to_be_visible()


@needs_chromium
def test_a_bad_file_is_refused_and_not_sent(served, browser, tmp_path):
    """The page says what is wrong and what to do."""
    choose(browser, tmp_path, "towns.csv", "<!doctype html><html><body>Login</body></html>")

    expect(cards(browser).get_by_text("This is a web page (HTML), not a CSV file.")).to_be_visible()
    expect(cards(browser).get_by_text("Export the table as CSV and upload that.")).to_be_visible()
    assert served.uploads() == []


@needs_chromium
def test_a_file_may_only_be_checked(served, browser, tmp_path):
    """Then it is judged as any other, and goes nowhere."""
    browser.get_by_label("Only check, do not send").check()
    choose(browser, tmp_path, "towns.csv", TOWNS)

    expect(cards(browser).get_by_text("It can be sent, but 1 of its 3 rows is bad")).to_be_visible()
    assert served.uploads() == []


@needs_chromium
def test_a_data_set_is_chosen_by_its_name(served, browser, tmp_path):
    """The file is held to its contract and goes to its folder."""
    browser.get_by_label("Data set").fill("penguins")
    choose(browser, tmp_path, "towns.csv", TOWNS)
    expect(cards(browser).get_by_text("The contract asks for")).to_be_visible()

    browser.get_by_label("Data set").fill("towns")
    choose(browser, tmp_path, "towns.csv", TOWNS)
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    (key,) = served.uploads()
    assert key.startswith("uploads/towns/")


@needs_chromium
def test_the_browser_remembers_what_it_sent(served, browser, tmp_path):
    """After a reload, each upload stands there again, until it is taken off the list."""
    choose(browser, tmp_path, "города.csv", TOWNS)
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    browser.reload()
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()

    browser.get_by_label("Remove города.csv from this list").click()
    browser.reload()
    expect(browser.get_by_text("This browser has sent no file yet.")).to_be_visible()


@needs_chromium
def test_any_upload_can_be_shown_by_its_key(served, browser):
    """Also one that came another way; of one that is not there, the page says so."""
    served.store.put("uploads/refused.csv", b"\x00\x01\x02\x03" * 50)
    served.run()
    for key in ("uploads/refused.csv", "uploads/none.csv"):
        browser.get_by_label("Another upload").fill(key)
        browser.get_by_role("button", name="Show").click()

    expect(cards(browser).get_by_text("It was refused, and nothing was published.")).to_be_visible()
    expect(cards(browser).get_by_text("There is no object under this key.")).to_be_visible()


@needs_chromium
def test_a_file_cannot_bring_markup_into_the_page(served, browser, tmp_path):
    """Names and cells are shown as they are written."""
    mark = "<img src=x onerror=document.title=1>"
    choose(browser, tmp_path, f"{mark}.csv", f"{mark},b\n{mark},1\n{mark},2\n")

    cards(browser).get_by_text("What was found").click()
    expect(browser.get_by_role("cell", name=mark).first).to_be_visible()
    assert browser.locator("img").count() == 0
    assert browser.title() == "Headgate"


@needs_chromium
def test_a_server_that_is_away_is_asked_again(served, browser, tmp_path):
    """A file that could not be sent can be tried again."""
    browser.context.set_offline(True)
    choose(browser, tmp_path, "towns.csv", TOWNS)
    expect(cards(browser).get_by_text("The connection broke")).to_be_visible()

    browser.context.set_offline(False)
    browser.get_by_role("button", name="Try again").click()
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()


@needs_chromium
def test_many_files_are_sent_one_after_the_other(served, browser, tmp_path):
    """None is lost, and one that is taken off the list before its turn is not sent."""
    paths = [tmp_path / f"{number:02}.csv" for number in range(40)]
    for path in paths:
        path.write_bytes(GOOD)
    under_way, most = [], []
    browser.on("request", lambda each: "/files?" in each.url and under_way.append(each))
    browser.on("request", lambda _: most.append(len(under_way)))
    browser.on("requestfinished", lambda each: each in under_way and under_way.remove(each))
    browser.locator("[type=file]").set_input_files(paths)
    browser.get_by_label("Remove 39.csv from this list").click()

    expect(browser.get_by_text("files to go")).to_be_visible()
    expect(cards(browser).get_by_text("Sent: 1 row, none bad.")).to_have_count(39)
    assert max(most) <= 2  # the end of one is told after the next has begun
    assert len(served.uploads()) == 39
    browser.reload()
    expect(cards(browser).get_by_text("It waits for a run.")).to_have_count(39)


@needs_chromium
def test_a_file_that_is_gone_is_told_from_a_broken_connection(served, browser, tmp_path):
    """As is a folder, which a browser hands over like a file."""
    browser.context.set_offline(True)
    choose(browser, tmp_path, "towns.csv", TOWNS)
    expect(cards(browser).get_by_text("The connection broke")).to_be_visible()

    (tmp_path / "towns.csv").unlink()
    browser.get_by_role("button", name="Try again").click()
    expect(cards(browser).get_by_text("It cannot be read: it is a folder")).to_be_visible()


@needs_chromium
def test_trouble_of_the_store_may_pass(seaweed, chromium, tmp_path):
    """Which the uploader reads before what is to be done about it; the log has it as well."""
    away = f"http://{LOOPBACK}:{free_port()}"
    settings = {"AWS_ENDPOINT_URL": away, "HEADGATE_ATTEMPTS": "1"}
    with (
        serving(seaweed, tmp_path, **settings) as served,
        closing(chromium.new_context()) as context,
    ):
        browser = context.new_page()
        browser.goto(served.url)
        choose(browser, tmp_path, "towns.csv", TOWNS)
        expect(cards(browser).get_by_text("Nothing answers")).to_be_visible()
        expect(browser.get_by_role("button", name="Try again")).to_be_visible()
    assert "Nothing answers" in served.log.read_text()


@needs_chromium
def test_an_upload_that_is_looked_up_is_said_to_be(browser):
    """Until the answer is there, which a store that is away delays."""
    browser.route("**/uploads?*", lambda _: None)
    browser.get_by_label("Another upload").fill("uploads/none.csv")
    browser.get_by_role("button", name="Show").click()
    expect(cards(browser).get_by_text("Looking it up …")).to_be_visible()

    browser.unroute("**/uploads?*")
    browser.get_by_label("Another upload").fill("uploads/none.csv")
    browser.get_by_role("button", name="Show").click()
    expect(cards(browser).first.get_by_text("There is no object under this key.")).to_be_visible()
    expect(cards(browser).first.get_by_text("Looking it up …")).to_be_hidden()


@needs_chromium
def test_of_a_large_table_a_part_is_shown(served, browser, tmp_path):
    """So many columns, and so much of each cell, that a reader finds through."""
    names = ",".join(f"column_{number}" for number in range(200))
    cells = ",".join(["word " * 1000] * 200)
    choose(browser, tmp_path, "wide.csv", f"{names}\n{cells}\n")

    browser.get_by_text("What was found").click()
    expect(browser.get_by_text("… and 180 more columns")).to_be_visible()
    assert browser.get_by_role("cell").count() == 20
    assert cards(browser).inner_text().count("word") < 20 * 80


@needs_chromium
def test_columns_that_have_changed_are_told(served, browser, tmp_path):
    """Beside those of the last file that the data set took."""
    browser.get_by_label("Data set").fill("towns")
    choose(browser, tmp_path, "first.csv", TOWNS)
    expect(cards(browser).get_by_text("there is no contract named 'towns'")).to_be_visible()
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    served.run()
    choose(browser, tmp_path, "second.csv", "town;founded;people\nBern;1191;144000\n")

    expect(cards(browser).get_by_text("not those of the last file")).to_be_visible()
    expect(cards(browser).get_by_text("'people' is new, at place 3")).to_be_visible()


@needs_chromium
def test_it_can_be_used_by_the_keyboard_and_heard(served, browser, tmp_path):
    """What has the focus is seen, it is never lost, and each answer is read out as one sentence."""
    browser.keyboard.press("Tab")
    expect(browser.locator("[type=file]")).to_be_focused()
    expect(browser.locator(".zone")).to_have_css("outline-style", "solid")

    for name in ("first.csv", "second.csv"):
        choose(browser, tmp_path, name, TOWNS)
        expect(browser.get_by_role("status")).to_contain_text(f"{name}: Sent, but 1 of its 3 rows")
    browser.get_by_label("Remove second.csv").press("Enter")
    expect(browser.get_by_label("Remove first.csv")).to_be_focused()
    browser.keyboard.press("Enter")
    expect(browser.locator("[type=file]")).to_be_focused()


@needs_chromium
def test_what_a_reader_selects_stays_while_the_upload_waits(served, browser, tmp_path):
    """Looking again changes nothing where nothing is new."""
    choose(browser, tmp_path, "towns.csv", TOWNS)
    key = cards(browser).locator(".standing code")
    key.evaluate("(key) => key.classList.add('seen')")
    with browser.expect_response("**/uploads?*"):
        pass
    browser.wait_for_timeout(100)
    expect(key).to_have_class("seen")


@needs_chromium
@pytest.mark.parametrize("kept", ["{", "null", "[]"])
def test_a_browser_that_keeps_nonsense_or_nothing_has_the_page(served, browser, tmp_path, kept):
    """It is as one that has sent nothing."""
    browser.evaluate("(kept) => localStorage.setItem('headgate.uploads', kept)", kept)
    browser.reload()
    choose(browser, tmp_path, "towns.csv", TOWNS)
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()


@needs_chromium
def test_it_fits_a_narrow_screen(served, browser, tmp_path):
    """Nothing has to be pushed aside, however long a name is."""
    browser.set_viewport_size({"width": 320, "height": 600})
    choose(browser, tmp_path, f"{'long_' * 40}.csv", TOWNS)
    expect(cards(browser).get_by_text("It waits for a run.")).to_be_visible()
    assert browser.evaluate("document.documentElement.scrollWidth") == 320


def test_a_program_may_send_files_too(served):
    """The key of the upload is in the answer's head, as an address has it."""
    answer = served.send("C:\\data\\города.csv")

    assert answer.status_code == 200
    assert served.uploads() == [unquote(answer.headers["Headgate-Key"])]
    assert served.uploads()[0].endswith("_города.csv")


@pytest.mark.parametrize("name", ["", " ", "..", "a/..", "towns.csv.part"])
def test_a_name_that_no_upload_can_have_is_refused(served, name):
    """Nothing is sent."""
    assert served.send(name).status_code == 400
    assert served.uploads() == []


def test_a_name_cannot_leave_the_folder_of_its_file(served, tmp_path):
    """Of a path only the name counts, of a long name its end."""
    for name in ("../../towns.csv", f"{tmp_path}/towns.csv", "n" * 999 + ".csv"):
        assert served.send(name).status_code == 200

    assert len(served.uploads()) == 3
    assert not (tmp_path / "towns.csv").exists()
    assert list(served.scratch.iterdir()) == []


def test_a_name_may_hold_marks_that_cannot_be_printed(served):
    """Screenshots and exports of some systems have narrow spaces in their names."""
    for name in ("10.30\u202fAM.csv", "a\u00a0b.csv", "a\r\nb\0.csv"):
        assert served.send(name).status_code == 200

    names = {key.partition("_")[2].partition("_")[2][9:] for key in served.uploads()}
    assert names == {"10.30_AM.csv", "a_b.csv", "a__b_.csv"}


@pytest.mark.parametrize("dataset", ["a/b", "..", " ", "a\nb", "a\0b"])
def test_a_name_that_no_data_set_can_have_is_refused_before_the_file_is_read(served, dataset):
    """Also where the file is only to be checked: it could not be sent."""
    asked = httpx.QueryParams(name="towns.csv", dataset=dataset, look="")
    status, said = answer_to_head(served, f"/files?{asked}", 1000)

    assert status == 400
    assert "cannot be the name of a data set" in said


def test_a_form_is_refused(served):
    """Its boundaries would be read as lines of the file."""
    files = {"file": ("towns.csv", GOOD)}
    answer = httpx.post(f"{served.url}/files", params={"name": "towns.csv"}, files=files)
    assert answer.status_code == 400
    assert "Send the file by itself" in answer.text


@pytest.mark.parametrize("headers", [{"Origin": "http://elsewhere.test"}, {"Origin": "null"}])
def test_other_sites_cannot_send_files(served, headers):
    """A browser says which site it sends for."""
    assert served.send("towns.csv", **headers).status_code == 403
    assert served.uploads() == []
    assert served.send("towns.csv", Origin=served.url).status_code == 200


def test_a_name_that_the_page_does_not_have_is_not_answered(served):
    """So no other name can be made to lead to it."""
    answer = httpx.get(served.url, headers={"Host": "elsewhere.test"})
    assert answer.status_code == 400
    assert "Headgate" not in answer.text


def test_a_link_is_never_kept(served):
    """A download goes by a fresh link, in an answer that no cache keeps."""
    served.send("towns.csv")
    served.run()
    (key,) = served.uploads()
    asked = {"key": key, "file": "data.csv"}
    answer = httpx.get(f"{served.url}/results", params=asked)

    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert httpx.get(answer.headers["Location"]).content == GOOD
    missing = httpx.get(f"{served.url}/results", params=asked | {"file": "other.csv"})
    assert missing.status_code == 404


def test_a_file_that_breaks_off_leaves_nothing(served):
    """Neither in the bucket nor on the disk."""

    def broken_off():
        yield GOOD
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        httpx.post(f"{served.url}/files", params={"name": "towns.csv"}, content=broken_off())

    assert eventually(lambda: served.scratch.exists() and not [*served.scratch.iterdir()])
    assert served.uploads() == []
    assert "Traceback" not in served.log.read_text()


def test_a_file_for_which_nobody_waits_is_not_sent(served):
    """As when its tab was closed, or taken off the list, while it was checked."""
    content = GOOD + b"Bern,1191,51.6\n" * 1_000_000
    with connected(served) as connection:
        connection.request("POST", "/files?name=towns.csv", content)
        assert eventually(lambda: len([*served.scratch.glob("*")]) == 2)  # the check has begun

    assert eventually(lambda: not [*served.scratch.iterdir()])
    assert served.uploads() == []


def test_a_file_for_which_there_is_no_room_is_refused_before_it_is_read(served):
    """By its announced size; whoever serves the page finds it in the log."""
    assert answer_to_head(served, "/files?name=a.csv", 1 << 60)[0] == 507
    assert "MiB are needed" in served.log.read_text()


def test_a_file_of_unknown_size_may_not_fill_the_disk(tmp_path, monkeypatch):
    """It is refused once there is no room for the work on it."""
    taken = []

    async def endless():
        taken.append(1)
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    monkeypatch.setenv("HEADGATE_SCRATCH", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50_000))
    with pytest.raises(NoRoomError):
        receive_all(endless)
    assert len(taken) == 13
    assert list(tmp_path.iterdir()) == []


def test_a_sender_that_falls_silent_is_given_up(tmp_path, monkeypatch):
    """As when its cable was pulled: nothing of its file stays on the disk."""
    parts = [bytes(1000)] * 9

    async def ebbing():
        await anyio.sleep(0.05 if parts else 60)
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    monkeypatch.setenv("HEADGATE_SCRATCH", str(tmp_path))
    monkeypatch.setattr(receive, "SILENCE", 0.3)
    with pytest.raises(TransientError, match="Nothing more of the file came"):
        receive_all(ebbing)
    assert parts == []
    assert list(tmp_path.iterdir()) == []


def test_corrected_rows_go_to_the_data_set_that_they_belong_to(served):
    """Also where another one is named, as the page's form may still do."""
    httpx.post(f"{served.url}/files?name=towns.csv&dataset=towns", content=TOWNS)
    served.run()
    (kept,) = (each.key for each in served.store.list(QUARANTINE))
    sheet = served.store.read(kept).body.replace(b"Zug,1242,", b"Zug,1242,22")
    answer = httpx.post(f"{served.url}/files?name=kept.csv&dataset=other", content=sheet)

    assert answer.status_code == 200
    assert unquote(answer.headers["Headgate-Key"]).startswith("uploads/towns/")


def test_corrected_rows_that_are_still_bad_are_told(served):
    """At once, and once they are processed: column, reason, and line in the upload itself."""
    served.send("towns.csv", (TOWNS + "Chur;x\n").encode())
    served.run()
    (kept,) = (each.key for each in served.store.list(QUARANTINE))
    sheet = served.store.read(kept).body.replace(b"Zug,1242,", b"Zug,1242,22")
    answer = served.send("kept.csv", sheet)
    served.run()
    key = unquote(answer.headers["Headgate-Key"])
    stands = httpx.get(f"{served.url}/uploads", params={"key": key})

    assert "1 of its 4 rows is still bad" in answer.text
    assert "Why 1 row is kept back" in stands.text
    assert "empty the <code>_reason</code> of a row that is right as it is" in stands.text
    for page in (answer.text, stands.text):
        assert "<td>has 2 cells where the table has 3 columns</td>" in page
        assert '<td class="n">1</td><td>5</td>' in page
        assert "!" not in re.findall("<code>(uploads/.*?)</code>", page)[-1]


def test_what_the_page_has_no_option_for_is_done_otherwise(served):
    """Before a file is sent, and where a run refused what came another way."""
    tables = b"a,b\n1,2\n3,4\n\nc,d,e\n1,2,3\n4,5,6\n"
    answer = served.send("tables.csv", tables)
    served.store.put("uploads/tables.csv", tables)
    served.run()
    stands = httpx.get(f"{served.url}/uploads", params={"key": "uploads/tables.csv"})

    assert answer.status_code == 422
    for page in (answer.text, stands.text):
        assert "save the table that you mean as a file of its own; or use" in page


def test_ctrl_c_ends_it(seaweed, tmp_path):
    """With 0, and no traceback."""
    with serving(seaweed, tmp_path) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(20) == 0
    assert "Traceback" not in served.log.read_text()


def test_ctrl_c_does_not_wait_for_a_file_that_takes_long(seaweed, tmp_path):
    """Its uploader is told to send it again, and nothing of it stays."""
    with socket.create_server((LOOPBACK, 0)) as silent:
        store = f"http://{LOOPBACK}:{silent.getsockname()[1]}"
        with (
            serving(seaweed, tmp_path, AWS_ENDPOINT_URL=store) as served,
            ThreadPoolExecutor() as one,
        ):
            silent.accept()  # the look at the bucket, before the page is served
            answer = one.submit(served.send, "towns.csv")
            silent.accept()
            served.process.send_signal(signal.SIGINT)
            assert served.process.wait(20) == 0
            assert answer.result().status_code == 503
            assert "Send it again." in answer.result().text
    assert list(served.scratch.iterdir()) == []
    assert "Traceback" not in served.log.read_text()


def test_what_a_page_that_was_killed_left_is_swept(seaweed, tmp_path):
    """By the next one at its start, since there may be no worker on its machine."""
    with Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    left = tmp_path / "scratch" / f"headgate-run.{socket.gethostname()}.{dead.pid}.0a1b2c3d"
    left.mkdir(parents=True)
    with serving(seaweed, tmp_path):
        assert not left.exists()


def test_an_address_of_version_6_is_served(seaweed, tmp_path):
    """By the name that browsers call it."""
    url = f"http://[::1]:{free_port()}"
    command = [sys.executable, "-m", "cli.main", "page", "--host", "::1", "--port", url[13:]]
    log, env = tmp_path / "log", variables(seaweed, new_store(seaweed))
    with service(command, log=log, ready=lambda: answers(url), env=env, cwd=ROOT):
        assert httpx.get(url).status_code == 200
    assert f"The page is at {url};" in log.read_text()


@pytest.mark.parametrize("name", ["https://data.example.com", "data.example.com:443", "*.example"])
def test_a_name_by_which_no_browser_calls_it_is_refused(headgate, name):
    """At the start, with code 2: it would only keep browsers out."""
    done = headgate("page", "--name", name, AWS_BUCKET_NAME="any", AWS_REGION="us-east-1")
    assert done.code == 2
    assert "without scheme and port" in done.err


def test_a_defect_is_told_in_words(monkeypatch):
    """The traceback goes to the log."""

    async def ask():
        to = httpx.ASGITransport(make_app(None), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=to, base_url="http://localhost") as browser:
            return await browser.get("/uploads", params={"key": "uploads/a.csv"})

    monkeypatch.setattr(results, "standing", lambda *_: 1 / 0)
    answer = awaited(ask)
    assert answer.status_code == 500
    assert "Whoever serves this page finds it in its log." in answer.text


def test_an_address_that_is_taken_is_told(served, headgate):
    """With code 2."""
    done = headgate("page", "--port", served.url.rpartition(":")[2], AWS_BUCKET_NAME="any")
    assert done.code == 2
    assert "Address already in use" in done.err
    assert "--port" in done.err


def test_a_page_whose_bucket_will_never_do_is_not_served(seaweed, headgate):
    """Whoever starts it learns why, as from the watcher."""
    here = variables(seaweed, new_store(seaweed))
    done = headgate("page", "--port", free_port(), **here | {"AWS_BUCKET_NAME": "elsewhere"})
    assert done.code == 4
    assert "There is no bucket of this name" in done.err
    assert "The page is at" not in done.out
