"""The page's server: it listens, and ends at Ctrl-C once what is under way is answered."""

import os
import socket
import sys
from contextlib import suppress
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from headgate.errors import OptionsError

PATIENCE = 5
"""Seconds that a request under way has when the server is to end."""


def listen(host: str, port: int) -> socket.socket:
    """Take an address, which no other program has.

    Raises:
        OptionsError: One has, or it is none of this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = (
            error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        )
        raise OptionsError(
            f"The page cannot be served at {host}, port {port}: {why}.",
            todo="End the program that is there, or choose another `host` or `port`.",
        ) from error


def serve(app: ASGIApp, at: socket.socket) -> NoReturn:
    """Answer requests until Ctrl-C, then end the process, whose threads would check to the end."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[at])
    sys.stdout.flush()
    os._exit(0)
