"""What is shown beside a run in Prefect's UI."""

from datetime import UTC, datetime

import pytest
from httpx import ConnectError
from pydantic import SecretStr

from headgate.bucket.links import Link
from prefect_support import artifacts

LINK = Link(url=SecretStr("http://a"), expires_at=datetime.now(UTC), certain=True)


def show_progress():
    with artifacts.progress_bar("Download") as progress:
        progress(1, 2)


@pytest.mark.parametrize(
    "show",
    [
        lambda: artifacts.show_preview("a.csv", ["id"], [["1"]]),
        lambda: artifacts.show_records("files", [LINK], "Links"),
        lambda: artifacts.show_link(LINK),
        show_progress,
    ],
    ids=["preview", "records", "link", "progress"],
)
def test_what_a_server_cannot_take_undoes_no_step(show, monkeypatch, caplog):
    """What is to be shown is done already."""

    def down(*_, **__):
        raise ConnectError("down")

    for kind in ("link", "markdown", "progress", "table"):
        monkeypatch.setattr(artifacts, f"create_{kind}_artifact", down)
    monkeypatch.setattr(artifacts, "PROGRESS_SECONDS", 0)
    show()
    assert "Not shown in the UI: down" in caplog.text
