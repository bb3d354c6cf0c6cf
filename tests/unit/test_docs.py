"""What the pages say of settings, constants, permissions and messages is what the code has."""

import json
import re
import subprocess
import sys

import pytest
from prefect.client.schemas.objects import StateType

from bridge import outstanding, sqs, watch, watchdog, worker
from headgate.bucket import claims, links, transfer
from headgate.journey import corrections, processing
from headgate.settings import Settings
from page import app, serve
from prefect_support import heartbeat
from stack.running import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
BUCKET = (ROOT / "docs" / "bucket.md").read_text()

REMEMBERED = int(re.search(r"const MOST = (\d+)", (ROOT / "page/static/page.js").read_text())[1])
FIXED = {
    "Renewals of a claim": (claims.RENEWALS_PER_LEASE,),
    "Retries of a task": (
        processing.RETRIES,
        *(processing.BACKOFF_SECONDS * 2**n for n in range(processing.RETRIES)),
    ),
    "Starts over": (processing.RESTARTS,),
    "Reads of one object": (transfer.READS_TO_AGREE,),
    "Size of an upload": (corrections.LOOK_MIB,),
    "Longest life of a link": (links.LIMIT.days,),
    "Share of its time": (100 * watch._LISTING_SHARE,),
    "Keys in one event": (watch._MOST_KEYS,),
    "Time for which the watcher gathers": (watch._SHORTEST_GAP, watch._LONGEST_GAP),
    "Uploads that the watcher keeps": (outstanding._MOST,),
    "Heartbeat of a run": (heartbeat.INTERVAL,),
    "Checks of all runs": (
        watchdog.INTERVAL,
        watchdog.MOST_SILENT[StateType.RUNNING],
        watchdog.MOST_SILENT[StateType.PENDING],
    ),
    "Pause before a lost server": (watch._PAUSE, worker._PAUSE),
    "One wait for messages": (sqs._LONGEST_WAIT,),
    "Files that the page checks": (app.AT_ONCE,),
    "Life of a link that the page": (app.LINK_HOURS,),
    "Time that the page gives": (serve.PATIENCE,),
    "Uploads that a browser remembers": (REMEMBERED,),
}

NEEDS = {
    "abort_multipart_upload": "s3:AbortMultipartUpload",
    "copy": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "get_object": "s3:GetObject",
    "head_bucket": "s3:ListBucket",
    "head_object": "s3:GetObject",
    "list_multipart_uploads": "s3:ListBucketMultipartUploads",
    "list_objects_v2": "s3:ListBucket",
    "put_object": "s3:PutObject",
    "upload_file": "s3:PutObject",
}
LOCAL = {"exceptions", "generate_presigned_url", "get_paginator", "meta"}


def test_every_setting_is_in_the_table():
    """With its default, where that is a number."""
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = str(alias.choices[0]) if alias else f"HEADGATE_{name.upper()}"
        row = next((line for line in SETTINGS.splitlines() if f"`{variable}`" in line), "")
        assert row.startswith("|"), variable
        if isinstance(field.default, int | float):
            assert f"| {field.default:g} |" in row, variable


@pytest.mark.parametrize("what", FIXED)
def test_what_is_fixed_has_the_value_that_the_page_gives(what):
    """Each number is one of the code's."""
    row = next(line for line in SETTINGS.splitlines() if line.startswith(f"| {what}"))
    value = row.split("|")[2]
    assert [n for n in FIXED[what] if not re.search(rf"(?<![\d.]){n:,g}(?![\d.]\d)", value)] == []


def test_the_policy_allows_what_is_called_and_no_more():
    """Every call of boto3 under headgate/bucket has its action, and every action its call."""
    policy = json.loads(re.search(r"```json\n(.*?)```", BUCKET, re.DOTALL)[1])
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    code = "".join(path.read_text() for path in (ROOT / "headgate" / "bucket").glob("*.py"))
    called = set(re.findall(r"client\.([a-z]\w*)", code))
    called |= set(re.findall(r'get_paginator\("(\w+)"\)', code))
    assert {NEEDS[name] for name in called - LOCAL} == allowed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page):
    """No page sends its reader to a file or a section that is not there."""
    for target, section in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", page.read_text()):
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not section or section in sections(there.read_text()), f"{target}#{section}"


def sections(text: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_every_message_in_troubleshooting_is_one_that_the_code_gives():
    """A reader finds a message word for word as it was shown."""
    code = "".join(path.read_text() for path in (ROOT / "headgate").rglob("*.py"))
    code += "".join(path.read_text() for path in (ROOT / "prefect_support").glob("*.py"))
    table = (ROOT / "docs" / "troubleshooting.md").read_text().partition("## Reaching")[2]
    table = table.partition("## A file")[0]
    heading, *messages = re.findall(r"^\| ([A-Z][^|]+?)\.? \|", table, re.MULTILINE)
    assert heading == "Message"
    assert messages
    assert [message for message in messages if message not in code and message != heading] == []


def test_what_the_readme_shows_of_a_clean_is_what_it_prints(tmp_path):
    """Line by line, but for the blanks that fill a column up."""
    shown = re.search(r"```text\n(.*?)```", PAGES[0].read_text(), re.DOTALL)[1].splitlines()
    command = ["cli.main", "clean", "samples/penguins/penguins.csv", "--dataset", "penguins"]
    done = subprocess.run(
        [sys.executable, "-m", *command, "--out", tmp_path / "out"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    printed = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in filter(None, shown):
        assert line == "..." or " ".join(line.split()) in printed
