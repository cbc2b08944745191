"""A network that misbehaves: an HTTP proxy on loopback in front of a server, told which request to harm.

    with Proxy("http://127.0.0.1:8080") as proxy:
        proxy.plan.add(Fault("drop_after", method="POST", path="/import"))
        client = LabelStudio(proxy.url, token)

One thread a connection; a connection carries several requests, as a real one does.
"""

from __future__ import annotations

import http.client
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from .faulty import Fault, Plan

_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
_PATIENCE = 60.0  # seconds: longer than any client of the tests waits


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def raw(self, host: str) -> bytes:
        """As it goes on: with the server's own name as host, one request a connection."""
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {host}", "Connection: close"]
        lines += [
            f"{name}: {value}"
            for name, value in self.headers
            if name.lower() not in _HOP | {"host", "content-length"}
        ]
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass(frozen=True)
class Answered:
    """An answer as it came, its body whole."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    def raw(self, *, last: bool = False) -> bytes:
        """As it goes back. last: nothing more is answered on this connection."""
        lines = [f"HTTP/1.1 {self.status} {self.reason}"]
        lines += [
            f"{name}: {value}"
            for name, value in self.headers
            if name.lower() not in _HOP | {"content-length"}
        ]
        if self.status != 204:
            lines.append(f"Content-Length: {len(self.body)}")
        lines += ["Connection: close"] * last
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


class Proxy:
    """See the module. `url`: where it listens. `plan`: what goes wrong, and what was seen."""

    def __init__(self, target: str, plan: Plan | None = None) -> None:
        parts = urlsplit(target)
        assert parts.hostname is not None
        self._server = (parts.hostname, parts.port or 80)
        self._host = parts.netloc
        self.plan = plan or Plan()
        self._in_hand = 0
        self._idle = threading.Condition()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._port = 0
        self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, close all connections, wait for what goes on late."""
        self._hang_up()
        self.settle()

    def settle(self) -> None:
        """Wait until no request is in hand: neither on its way nor to go on late."""
        with self._idle:
            assert self._idle.wait_for(lambda: self._in_hand == 0, _PATIENCE)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens: a connection is refused before a byte goes out."""
        self._hang_up()
        try:
            yield
        finally:
            self._listen()

    # --- connections ------------------------------------------------------------------------------

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=64)
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _hang_up(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            still = list(self._open)
        for connection in still:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with suppress(OSError, http.client.HTTPException):
                while (asked := _read(connection)) is not None:
                    with self._busy():
                        goes_on = self._handle(connection, asked)
                    if not goes_on:
                        break
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        with self._idle:
            self._in_hand += 1
        try:
            yield
        finally:
            with self._idle:
                self._in_hand -= 1
                self._idle.notify_all()

    def _handle(self, connection: socket.socket, asked: Asked) -> bool:
        """Whether the connection goes on."""
        fault = self.plan.take(asked.method, asked.path)
        if fault is None:
            connection.sendall(self._forward(asked).raw())
            return True
        if fault.kind in ("error_before", "busy", "unauthorised", "redirect"):
            connection.sendall(_refusal(fault, asked).raw())
            return True
        if fault.kind == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif fault.kind == "drop_mid":
            self._half(asked)
        elif fault.kind == "drop_after":
            self._forward(asked)
        elif fault.kind == "error_after":
            self._forward(asked)
            connection.sendall(_page(fault.status).raw(last=True))
        elif fault.kind == "truncated":
            whole = self._forward(asked)
            connection.sendall(whole.raw()[: -max(1, len(whole.body) // 2)])
        elif fault.kind == "garbled":
            whole = self._forward(asked)
            connection.sendall(replace(whole, body=whole.body[: len(whole.body) // 2]).raw())
            return True
        elif fault.kind == "late":
            _until_gone(connection, _PATIENCE)
            connection.close()
            time.sleep(fault.seconds)
            self._forward(asked)
        elif fault.kind == "slow":
            answer = self._forward(asked)
            if not _until_gone(connection, fault.seconds):
                connection.sendall(answer.raw())
                return True
        return False

    # --- the server -------------------------------------------------------------------------------

    def _forward(self, asked: Asked) -> Answered:
        with socket.create_connection(self._server, timeout=_PATIENCE) as server:
            server.sendall(asked.raw(self._host))
            with http.client.HTTPResponse(server, method=asked.method) as answer:
                answer.begin()
                return Answered(answer.status, answer.reason, answer.getheaders(), answer.read())

    def _half(self, asked: Asked) -> None:
        raw = asked.raw(self._host)
        with socket.create_connection(self._server, timeout=_PATIENCE) as server:
            server.sendall(raw[: len(raw) - max(1, len(asked.body) // 2)])


def _read(connection: socket.socket) -> Asked | None:
    """The next request on this connection; None at its end."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return None
        received += more
    head, body = received.split(b"\r\n\r\n", 1)
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = [(name, value.strip()) for name, value in (line.split(":", 1) for line in rest)]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return Asked(method, target, headers, body)


def _until_gone(connection: socket.socket, seconds: float) -> bool:
    """Wait until the client hangs up; False where it did not in this time."""
    readable, _, _ = select.select([connection], [], [], seconds)
    return bool(readable)


def _refusal(fault: Fault, asked: Asked) -> Answered:
    if fault.kind == "busy":
        return _page(429, ("Retry-After", f"{fault.seconds:g}"))
    if fault.kind == "unauthorised":
        return _page(401, ("WWW-Authenticate", "Token"))
    if fault.kind == "redirect":
        return _page(301, ("Location", fault.location + asked.target))
    return _page(fault.status)


def _page(status: int, *headers: tuple[str, str]) -> Answered:
    """What a proxy says by itself: a page for browsers."""
    reason = http.client.responses[status]
    page = f"<html><body><h1>{status} {reason}</h1></body></html>".encode()
    return Answered(status, reason, [("Content-Type", "text/html"), *headers], page)
