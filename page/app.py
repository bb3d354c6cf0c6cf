"""The page for uploaders: which address answers what.

It keeps nothing itself: a browser remembers what it has sent, the bucket everything else. Not here:
how the body of a request becomes a file (`receive`), and what a browser may ask for (`guard`).
"""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from headgate import contracts, results
from headgate.bucket.store import Store
from headgate.errors import (
    BadFileError,
    HeadgateError,
    NoRoomError,
    NoSuchObjectError,
    OptionsError,
    TransientError,
)
from page import guard, view
from page.receive import Arrival, received

AT_ONCE = 2
"""Files that are checked at a time; the others wait for their turn."""
LINK_HOURS = 1.0
"""For how long the link works that a download is sent to."""
STATUS: dict[type[HeadgateError], int] = {
    BadFileError: 422,
    OptionsError: 400,
    NoSuchObjectError: 404,
    NoRoomError: 507,
    TransientError: 503,
}
"""What HTTP calls each kind of error; any other is the server's own."""


def make_app(store: Store, hosts: Sequence[str] = ()) -> Starlette:
    """Make the page for one bucket.

    Args:
        store: Where files go.
        hosts: Names by which browsers may call the page, beside those of this machine.
    """
    app = Starlette(
        routes=[
            Route("/", front),
            Route("/files", take, methods=["POST"]),
            Route("/uploads", standing),
            Route("/results", fetch),
            Mount("/static", StaticFiles(packages=[("page", "static")])),
        ],
        middleware=[Middleware(guard.Guard, hosts=[*guard.LOCAL, *hosts])],
        exception_handlers={HeadgateError: refused, ClientDisconnect: gone},
    )
    app.state.store = store
    app.state.limiter = CapacityLimiter(AT_ONCE)
    return app


def front(request: Request) -> Response:
    """The page itself."""
    store: Store = request.app.state.store
    datasets = [name for name in contracts.names() if name != "default"]
    return view.page("page.html", where=store.where("uploads/"), datasets=datasets)


async def take(request: Request) -> Response:
    """Check the file that is the body, and send it to the bucket unless `look` is asked for."""
    state = request.app.state
    async with received(request) as arrival:
        check = partial(_check, state.store, arrival, look="look" in request.query_params)
        return await to_thread.run_sync(check, limiter=state.limiter)


def standing(request: Request) -> Response:
    """What has become of the upload of this key, so far."""
    store: Store = request.app.state.store
    found = results.standing(store, request.query_params.get("key", ""))
    return view.page("standing.html", found=found)


def fetch(request: Request) -> Response:
    """Go on to a fresh link to a file of an upload's result."""
    store: Store = request.app.state.store
    asked = request.query_params
    key = results.find_file(store, asked.get("key", ""), asked.get("file", ""))
    link = store.presign(key, hours=LINK_HOURS)
    return RedirectResponse(link.url.get_secret_value(), status_code=303)


def refused(request: Request, error: Exception) -> Response:
    """Say what is wrong, where, and what to do."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    name = request.query_params.get("name", "")
    return view.page("refused.html", status=status, error=error, name=name)


def gone(_: Request, __: Exception) -> Response:
    """Nobody reads this: the browser went away in the middle of a file."""
    return Response(status_code=400)


def _check(store: Store, arrival: Arrival, *, look: bool) -> Response:
    found = arrival.inspect(store)
    sent = None if look else arrival.send(store, found)
    headers = {"Headgate-Key": quote(sent.key)} if sent else {}
    return view.page("checked.html", headers=headers, found=found, sent=sent)
