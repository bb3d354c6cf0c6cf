"""The page for uploaders: which address answers what.

It keeps nothing itself: a browser remembers what it has sent, the bucket everything else. Not here:
how the body of a request becomes a file (`receive`), and what a browser may ask for (`guard`).
"""

import logging
from asyncio import CancelledError
from collections.abc import Sequence
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from headgate import contracts
from headgate.bucket.links import presign
from headgate.bucket.store import Store
from headgate.errors import (
    BadFileError,
    DefectError,
    HeadgateError,
    NoRoomError,
    NoSuchObjectError,
    OptionsError,
    TransientError,
)
from headgate.journey import results
from page import guard, view
from page.receive import received

AT_ONCE = 2
"""Files that are checked at a time; the others wait for their turn."""
LINK_HOURS = 0.25
"""For how long the link works that a download is sent to, and that stays in a browser's history."""
OPENED = ("/", "/results")
"""Addresses that a browser opens as pages; the page's script asks for the others."""
STATUS: dict[type[HeadgateError], int] = {
    BadFileError: 422,
    OptionsError: 400,
    NoSuchObjectError: 404,
    NoRoomError: 507,
    TransientError: 503,
}
"""What HTTP calls each kind of error; any other is the server's own."""

log = logging.getLogger(__name__)


def make_app(store: Store, hosts: Sequence[str] = ()) -> Starlette:
    """Make the page for one bucket.

    Args:
        store: Where files go.
        hosts: Names by which browsers may call the page, beside those of this machine.

    Raises:
        OptionsError: One is no name of a host.
    """
    guard.require_names(hosts)
    app = Starlette(
        routes=[
            Route("/", front),
            Route("/files", take, methods=["POST"]),
            Route("/uploads", standing),
            Route("/results", fetch),
            Mount("/static", StaticFiles(packages=[("page", "static")])),
        ],
        middleware=[Middleware(guard.Guard, hosts=[*guard.LOCAL, *hosts])],
        exception_handlers={HeadgateError: refused, ClientDisconnect: gone, Exception: failed},
    )
    app.state.store = store
    app.state.turns = CapacityLimiter(AT_ONCE)
    return app


def front(request: Request) -> Response:
    """Return the page itself."""
    store: Store = request.app.state.store
    datasets = [name for name in contracts.names() if name != "default"]
    return view.page("page.html", where=store.where("uploads/"), datasets=datasets)


async def take(request: Request) -> Response:
    """Check the file that is the body, and send it to the bucket unless `look` is asked for.

    It is not sent where nobody waits for the answer any more.
    """
    state, look = request.app.state, "look" in request.query_params
    try:
        async with received(request) as arrival, state.turns:
            await _require_reader(request)
            found = await to_thread.run_sync(arrival.inspect, state.store)
            await _require_reader(request)
            sent = None if look else await to_thread.run_sync(arrival.send, state.store, found)
    except CancelledError:
        return refused(request, TransientError("The page is being ended.", todo="Send it again."))
    headers = {"Headgate-Key": quote(sent.key)} if sent else {}
    return view.page("checked.html", headers=headers, found=found, sent=sent)


def standing(request: Request) -> Response:
    """Return what has become of the upload of this key, so far."""
    store: Store = request.app.state.store
    found = results.standing(store, request.query_params.get("key", ""))
    return view.page("standing.html", found=found)


def fetch(request: Request) -> Response:
    """Go on to a fresh link to a file of an upload's result."""
    store: Store = request.app.state.store
    asked = request.query_params
    key, saved_as = results.find_file(store, asked.get("key", ""), asked.get("file", ""))
    if not store.exists(key):  # an error of the store's own would tell an uploader nothing
        raise NoSuchObjectError(
            "This file of the result was removed from the bucket.",
            where=store.where(key),
            todo="`headgate process KEY --force` makes the result anew: ask whoever runs it.",
        )
    link = presign(store, key, LINK_HOURS, saved_as)
    return RedirectResponse(link.url.get_secret_value(), status_code=303)


def refused(request: Request, error: Exception) -> Response:
    """Say what is wrong, where, and what to do."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    ours = status >= 500
    if ours:
        log.error("%s", error)
    name = request.query_params.get("name", "")
    template = "failed.html" if request.url.path in OPENED else "refused.html"
    return view.page(template, status=status, error=error, name=name, ours=ours)


def failed(request: Request, _: Exception) -> Response:
    """Say that the page has a defect; its log has the traceback."""
    return refused(request, DefectError("The page failed at this."))


def gone(_: Request, __: Exception) -> Response:
    """Nobody reads this: the browser went away in the middle of a file."""
    return Response(status_code=400)


async def _require_reader(request: Request) -> None:
    if await request.is_disconnected():
        raise ClientDisconnect
