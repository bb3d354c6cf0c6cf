"""What a browser may ask of the page, and what it may do with the answers.

The page has no sign-in of its own: whoever reaches it may use it. What is barred here is that a
browser is used for it by the pages of others.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.errors import OptionsError

_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")
LOCAL = ("127.0.0.1", "localhost")
"""Names of the machine itself."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Nothing but the page's own script runs, no other site frames it, loads parts of it or learns its
addresses, and no link to a download is kept."""


def require_names(hosts: Sequence[str]) -> None:
    """Refuse what browsers never call a host.

    Raises:
        OptionsError: One has a scheme, a port or a wildcard.
    """
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise OptionsError(
                "This is no name of a host.",
                where=host,
                todo="Give the name alone, such as data.example.com, without scheme and port.",
            )


class Guard:
    """Answers only calls by a known name, lets no other site send anything, and sets `HEADERS`."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = TrustedHostMiddleware(app, allowed_hosts=[*hosts], www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        app = _refuse if _is_from_elsewhere(Headers(scope=scope)) else self._app
        await app(scope, receive, with_headers)


_refuse = PlainTextResponse("This page takes nothing from other sites.\n", status_code=403)


def _is_from_elsewhere(headers: Headers) -> bool:
    """Return whether a page of another site asks: browsers name it whenever it sends something."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
