"""A proxy on loopback that stands before an S3 server and breaks what it is told to break.

Requests pass unchanged (the `Host` header too, so signatures hold) unless a fault matches.
"""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import psutil

Match = Callable[["Request"], bool]


@dataclass
class Request:
    """What came in, as far as a fault may ask."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    port: int = 0
    """The client's."""


@dataclass
class Response:
    """What goes out."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    cut: int | None = None
    """Bytes of the body after which the connection is reset; -1 resets before the first byte."""


@dataclass
class Fault:
    """What happens to the first `times` requests that match."""

    match: Match
    act: Callable[["Proxy", Request], Response]
    times: int = 1
    seen: int = 0


@dataclass
class Proxy:
    """The faults to come, and the requests that passed."""

    upstream: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, match: Match, act: Callable[["Proxy", Request], Response], times: int = 1):
        """Arm a fault; it can tell afterwards how often it struck."""
        fault = Fault(match, act, times)
        self.faults.append(fault)
        return fault

    def forward(self, request: Request) -> Response:
        """Pass a request on and bring the whole answer back."""
        parts = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers.items():
            if name.lower() not in ("connection", "expect", "transfer-encoding"):
                connection.putheader(name, value)
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Response(answer.status, answer.getheaders(), body)

    def answer(self, request: Request) -> Response:
        """Let the first armed fault that matches act, else forward."""
        with self._lock:
            self.requests.append(request)
            armed = next((f for f in self.faults if f.seen < f.times and f.match(request)), None)
            if armed:
                armed.seen += 1
        return armed.act(self, request) if armed else self.forward(request)


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """Run a proxy before the server at `upstream`."""
    state = Proxy(upstream)
    server = _Server(state)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def anything(_request: Request) -> bool:
    """Match every request."""
    return True


def is_put(request: Request) -> bool:
    """Match what sends an object, or a part of one."""
    return request.method == "PUT"


def error(code: str, status: int = 400, **headers: str) -> Callable[..., Response]:
    """Answer with an S3 error without asking the server."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>made up</Message></Error>"

    def act(_proxy: Proxy, request: Request) -> Response:
        content = b"" if request.method == "HEAD" else body.encode()
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return Response(status, [("Content-Type", "application/xml"), *named], content)

    return act


def lose_answer(proxy: Proxy, request: Request) -> Response:
    """Let the server do it, and reset the connection instead of telling the client."""
    answer = proxy.forward(request)
    answer.cut = -1
    return answer


def refuse(_proxy: Proxy, _request: Request) -> Response:
    """Reset the connection before the server hears of it."""
    return Response(200, [], b"", cut=-1)


def kill_sender(_proxy: Proxy, request: Request) -> Response:
    """Kill the process that sent the request, before the server hears of it."""
    for connection in psutil.net_connections("tcp"):
        if connection.laddr.port == request.port and connection.pid:
            psutil.Process(connection.pid).kill()
    return Response(200, [], b"", cut=-1)


def kill_sender_after(proxy: Proxy, request: Request) -> Response:
    """Let the server do it, and kill the process that asked for it."""
    proxy.forward(request)
    return kill_sender(proxy, request)


def cut(after: int) -> Callable[..., Response]:
    """Reset the connection after so many bytes of the answer's body."""

    def act(proxy: Proxy, request: Request) -> Response:
        answer = proxy.forward(request)
        answer.cut = after
        return answer

    return act


def flip_answer(proxy: Proxy, request: Request) -> Response:
    """Change one bit in the middle of the answer's body."""
    answer = proxy.forward(request)
    answer.body = _flipped(answer.body)
    return answer


def flip_request(proxy: Proxy, request: Request) -> Response:
    """Change one bit in the middle of what the client sends."""
    request.body = _flipped(request.body)
    return proxy.forward(request)


def drop_headers(*names: str) -> Callable[..., Response]:
    """Forward without some headers, as a store would that ignores them."""

    def act(proxy: Proxy, request: Request) -> Response:
        kept = {k: v for k, v in request.headers.items() if k.lower() not in names}
        return proxy.forward(Request(request.method, request.target, kept, request.body))

    return act


def _flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :] if body else body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        sent = dict(self.headers.items())
        body, port = self.rfile.read(length), self.client_address[1]
        answer = self.server.proxy.answer(Request(self.command, self.path, sent, body, port))
        if answer.cut == -1:
            self.reset()
        else:
            self.send(answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

    def send(self, answer):
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = {name.lower(): value for name, value in answer.headers}.get("content-length")
        if self.command != "HEAD" or length is None:
            length = str(len(answer.body))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self.wfile.flush()
            time.sleep(0.2)  # a reset takes back what the client has not read yet
            self.reset()

    def reset(self):
        """Close with RST, as a broken network does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy

    def handle_error(self, request, client_address):
        """Connections are reset on purpose here."""
