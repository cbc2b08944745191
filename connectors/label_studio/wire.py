"""The one way to the server: an httpx client that knows which calls may be tried again.

The SDK and our own calls go through it alike. It adds the token, counts requests, reads answers up
to a limit, and raises what `faults` makes of a failure: never an error of httpx, which holds the
request with its headers.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import stamina

from labelwright.connectors.label_studio.access import Access, Secret
from labelwright.connectors.label_studio.faults import (
    Busy,
    Call,
    Unsure,
    broken,
    judge,
    misshapen,
    too_large,
)
from labelwright.loop.errors import ConnectorError

READS = {"labelwright.reads": True}
"""Given as `extensions` with a POST that changes nothing: it may be tried again."""

Shape = tuple[str, ...] | type[list[Any]] | None
"""What an answer must be: an object with these fields, a list, or anything."""

_LARGEST = 256 * 2**20  # bytes of one answer, unpacked
_TRIES = 4
_PATIENCE = 10.0  # seconds that we wait where the server asks us to
_HOPS = 3  # redirects followed on the same host

logging.getLogger("stamina").addHandler(logging.NullHandler())  # else each new try prints a line


class Wire(httpx.Client):
    """See the module. `requests`: how many were made, refreshing the token included."""

    def __init__(
        self, url: str, token: str, *, timeout: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        super().__init__(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            transport=transport,
            follow_redirects=False,
            # a session's cookie would go on working where the token does not any more
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        self.url = url
        self.access = Access(token, self._renew)
        self.requests = 0
        self.clock: datetime | None = None  # the server's, to a second, when it answered last
        self._counting = threading.Lock()
        self._here = threading.local()

    def ask(self, call: Callable[[], object], shape: Shape = ()) -> Any:
        """What the server answered to this call, as JSON: the SDK's models lose some of it.

        shape: what the answer must be, looked at before the SDK reads it.
        """
        self._here.shape, self._here.answer = shape, None
        try:
            call()
            return self._here.answer
        finally:
            self._here.shape, self._here.answer = None, None

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """One call, tried as often as is safe. Raises ConnectorError, Unsure where it is one."""
        call = _call(request)
        tries = stamina.retry_context(
            on=_again,
            attempts=_TRIES,
            timeout=None,
            wait_initial=0.2,
            wait_max=3.0,
            wait_jitter=0.2,
        )
        for attempt in tries:
            with attempt:
                response = self._send_signed(call, request)
        self.clock = _clock(response) or self.clock
        answer = _json(response)
        wrong = _mismatch(answer, getattr(self._here, "shape", None))
        if wrong:
            raise misshapen(call, wrong)
        self._here.answer = answer
        return response

    def _send_signed(self, call: Call, request: httpx.Request) -> httpx.Response:
        """One try, with a token; where the server refuses the token, once more with a new one."""
        header = self.access.header()
        response = self._follow(call, request, header)
        if response.status_code == 401 and self.access.forget(header):
            response = self._follow(call, request, self.access.header())
        return self._judged(call, response)

    def _follow(self, call: Call, request: httpx.Request, header: Secret) -> httpx.Response:
        """One try; a redirect is followed where nothing is written and the host stays the same."""
        response = self._once(call, request, header)
        for _ in range(_HOPS):
            target = urljoin(str(request.url), response.headers.get("location", ""))
            stays = urlsplit(target)[:2] == urlsplit(str(request.url))[:2]
            if (
                call.writes
                or request.method != "GET"
                or not response.has_redirect_location
                or not stays
            ):
                break
            request = self.build_request("GET", target, extensions=request.extensions)
            response = self._once(call, request, header)
        return response

    def _judged(self, call: Call, response: httpx.Response) -> httpx.Response:
        headers = {key.lower(): value for key, value in response.headers.items()}
        fault = judge(call, response.status_code, headers, response.content, self.access.secrets())
        if fault is not None:
            raise fault
        return response

    def _once(self, call: Call, request: httpx.Request, header: Secret | None) -> httpx.Response:
        """One request. Raises ConnectorError where no whole answer came."""
        with self._counting:
            self.requests += 1
        if header is not None:
            request.headers["Authorization"] = header.text
        outcome = self._read(call, request)
        if isinstance(outcome, ConnectorError):
            raise outcome  # here, outside any handler: httpx's error must not hang on to it
        return outcome

    def _read(self, call: Call, request: httpx.Request) -> httpx.Response | ConnectorError:
        try:
            response = super().send(request, stream=True, follow_redirects=False)
            try:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _LARGEST:
                        return too_large(call, _LARGEST)
            finally:
                response.close()
        except httpx.HTTPError as error:
            return broken(call, error)
        kept = [
            (key, value)
            for key, value in response.headers.multi_items()
            if key.lower() not in ("content-encoding", "content-length", "transfer-encoding")
        ]
        return httpx.Response(
            response.status_code, headers=kept, content=bytes(body), request=request
        )

    def _renew(self, token: Secret) -> Secret:
        """An access token for this personal access token. It changes nothing: as a read, repeatable."""
        address = f"{self.url}/api/token/refresh/"
        call = Call("POST", address, writes=False)
        request = self.build_request("POST", address, json={"refresh": token.text})
        response = self._judged(call, self._once(call, request, None))
        access = _json(response)
        if not isinstance(access, dict) or not isinstance(access.get("access"), str):
            raise misshapen(call, "an access token")
        return Secret(access["access"])


def _clock(response: httpx.Response) -> datetime | None:
    """When the server sent this, to a second; None where it does not say, or not in UTC."""
    try:
        moment = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _json(response: httpx.Response) -> Any:
    return json.loads(response.content) if response.content.strip() else None


def _mismatch(answer: Any, shape: Shape) -> str | None:
    """What the answer should have been and is not."""
    if isinstance(shape, tuple):
        if isinstance(answer, dict) and all(key in answer for key in shape):
            return None
        return f"an object with {', '.join(shape)}" if shape else "an object"
    return None if shape is None or isinstance(answer, list) else "a list"


def _call(request: httpx.Request) -> Call:
    reads = request.method in ("GET", "HEAD", "OPTIONS") or request.extensions.get(*READS) is True
    return Call(request.method, str(request.url.copy_with(query=None)), writes=not reads)


def _again(error: Exception) -> bool | float:
    """Whether to try once more, or after how many seconds: only where nothing can have been done."""
    if not isinstance(error, ConnectorError) or isinstance(error, Unsure) or not error.retry:
        return False
    if isinstance(error, Busy) and error.after is not None:
        return error.after if error.after <= _PATIENCE else False
    return True
