"""What a person meets in the Prefect UI: the form of a run, and what the run shows afterwards."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from prefect.client.orchestration import get_client
from pydantic import BaseModel

from headgate.options import ProcessOptions
from headgate.record import Record
from tests.harness.browser import browser_page, needs_chromium
from tests.harness.runs import ended, eventually, new_place, runs_of

pytestmark = needs_chromium

KEY = "uploads/20260314_143052_a1b2c3d4_towns.csv"
TOWNS = "town;founded;area\nBern;1191;51,6\nGenf;n/a;15,9\nChur;;54,3\nZug;1242\n"


@pytest.fixture(scope="module")
def page():
    with browser_page() as page:
        yield page


@pytest.fixture(scope="module")
def deployment(stack):
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name("process-upload/headgate")


@pytest.fixture(scope="module")
def submitted(stack, page, deployment):
    """A run that was started by filling in the form: what the form said, and the run."""
    place = new_place(stack)
    place.put(KEY, TOWNS)
    block = place.block
    page.goto(f"{stack.ui}/deployments/deployment/{deployment.id}/run")
    page.locator("textarea").first.fill(KEY)
    page.get_by_text("S3Bucket", exact=True).click()
    page.locator(".block-documents-select button").press("ArrowDown")
    page.get_by_text(block._block_document_name, exact=True).click()
    text = page.locator("body").inner_text()
    page.get_by_role("button", name="Submit").click()
    return text, ended(eventually(lambda: run_from_the_form(deployment.id)))


def run_from_the_form(deployment_id):
    found = [run.id for run in runs_of(deployment_id) if run.parameters.get("key") == KEY]
    return found[0] if found else None


def descriptions(model: type[BaseModel]) -> list[str]:
    """Every description of a record and the records in it, as the form should show them."""
    found = []
    for field in model.model_fields.values():
        found.append(field.description)
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, Record):
            found += descriptions(kind)
    return found


def test_the_form_draws_every_option_with_its_description(submitted):
    """Whoever starts a run by hand reads what each option means, in the order of the journey."""
    text, _ = submitted
    said = re.sub(r"\s+", " ", text)

    assert "Key of the upload, such as uploads/sales.csv" in said
    assert "S3 bucket block; none for the one named headgate" in said
    wanted = descriptions(ProcessOptions)
    assert len(wanted) > 30
    assert [line for line in wanted if line.replace("`", "") not in said] == []
    places = [said.index(part) for part in ("Read (", "Check (", "Prepare (", "Deliver (")]
    assert places == sorted(places)


def test_a_run_started_from_the_form_completes(submitted):
    """The key alone suffices; the state's message says what became of the rows."""
    _, run = submitted

    assert run.state == "Completed"
    assert run.message == "towns.csv: 4 rows in, 3 out, 1 quarantined"


def test_the_runs_page_shows_steps_report_and_preview(stack, page, submitted):
    """From the run's page, a person gets to the report and to the first rows."""
    _, run = submitted
    page.goto(f"{stack.ui}/runs/flow-run/{run.record.id}")
    page.get_by_text("Artifacts", exact=True).last.click()

    expect(page.get_by_text("report-towns-csv").last).to_be_visible()
    expect(page.get_by_text("preview-towns-csv").last).to_be_visible()

    page.goto(f"{stack.ui}/artifacts/artifact/{run.artifacts['report'].id}")
    expect(page.get_by_role("heading", name="towns.csv: published")).to_be_visible()
    expect(page.get_by_role("heading", name="Kept back")).to_be_visible()
    expect(page.get_by_text("/data.parquet")).to_be_visible()

    page.goto(f"{stack.ui}/artifacts/artifact/{run.artifacts['preview'].id}")
    expect(page.get_by_text("Genf", exact=True)).to_be_visible()
