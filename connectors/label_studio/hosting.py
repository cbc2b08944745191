"""Running one of our own small servers: in a thread, on a port of its own, while somebody needs it."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from labelwright.loop.errors import ConnectorError, PluginError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

HOST = "127.0.0.1"
_PATIENCE = 10.0  # seconds until it listens, or has ended
_MOST_CONNECTIONS = 64


class Refused(Exception):  # noqa: N818 - it says what happened
    """A request that is not answered: with which status, and why, in words that repeat nothing of it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@contextlib.contextmanager
def hosted(app: Starlette, *, host: str = HOST, port: int = 0) -> Iterator[str]:
    """Serve `app` while the block runs; gives its address. port 0: any free one.

    Nothing that is asked is written down anywhere. Raises ConnectorError where the port cannot be had.
    """
    import uvicorn

    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, args=([listening],), name="labelwright server", daemon=True
    )
    thread.start()
    try:
        _wait(server, thread)
        yield address(host, listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        listening.close()


def address(host: str, port: int) -> str:
    """Where a server on this port is reached."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach what listens at this host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def need_libraries() -> None:
    """Raise PluginError where what our servers are made of is not installed."""
    from importlib.util import find_spec

    for name in ("starlette", "uvicorn"):
        if find_spec(name) is None:
            raise PluginError(
                f"serving needs the package {name}, which is not installed",
                "run `pip install labelwright[label-studio]`",
            )


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request. Raises Refused before it has read more than `limit` bytes."""
    from starlette.requests import ClientDisconnect

    too_long = Refused(413, f"the body is longer than {limit // 2**10} KiB")
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or int(told[:20]) > limit:
        raise too_long
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise too_long
    except ClientDisconnect:
        raise Refused(400, "the body broke off") from None
    return bytes(body)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    # What a server just left waits for its last packets; that does not hinder the next one.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ConnectorError(
            f"nothing can listen at {address(host, port)}: {error.strerror or error}",
            "name another port, or end the program that has this one",
        ) from error
    return listening


def _wait(server: object, thread: threading.Thread) -> None:
    until = time.monotonic() + _PATIENCE
    while not getattr(server, "started", False):
        if not thread.is_alive() or time.monotonic() > until:
            raise ConnectorError("a server of labelwright's own did not start", "try again")
        time.sleep(0.005)
