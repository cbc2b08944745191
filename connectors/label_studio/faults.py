"""What a failed call to the server means: whether it was done, and what to do about it.

A call that only reads may be tried again. A call that writes is decided by a definite answer alone:
done (2xx with a body that can be read), or not done (4xx, or a connection refused before a byte went
out). Everything else is `Unsure`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from labelwright.loop.errors import ConnectorError

if TYPE_CHECKING:
    import httpx

_LONGEST = 300  # characters of the server's own words in a message


class Unsure(ConnectorError):  # noqa: N818 - it says what happened
    """A write was sent and its outcome is not known: look before sending again.

    `retry` is True: a caller that looks first may go on. The call itself must not be repeated.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy or "the next sync looks at what has arrived", retry=True)


class Gone(ConnectorError):  # noqa: N818 - it says what happened
    """What was asked for is not on the server (404)."""


class Busy(ConnectorError):  # noqa: N818 - it says what happened
    """The server did nothing and asks to wait; `after` seconds, where it said so."""

    def __init__(self, message: str, remedy: str = "", *, after: float | None = None) -> None:
        super().__init__(message, remedy, retry=True)
        self.after = after


@dataclass(frozen=True)
class Call:
    """One call, as messages name it. `writes`: it may change something on the server."""

    method: str
    url: str  # without query and token
    writes: bool

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


def judge(
    call: Call, status: int, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...] = ()
) -> ConnectorError | None:
    """What this answer means; None where the call was done and its body can be read.

    headers: keys in lower case. `secrets` are blotted out of what the server says.
    """
    if 200 <= status < 300:
        return None if _readable(body) else _unreadable(call, headers)
    if 300 <= status < 400:
        return _redirected(call, _blotted(headers.get("location", ""), secrets))
    said = f"{call}: the server answered {status}{_words(headers, body, secrets)}"
    if status == 429:
        return Busy(said, "wait a little, then try again", after=_seconds(headers))
    if status >= 500:
        if call.writes:
            return Unsure(f"{said}, and may have done what was asked")
        return ConnectorError(said, "look into the server's log, then try again", retry=True)
    if status == 404:
        return Gone(said, "check the address of the server, and whether this was deleted there")
    if b"reserved network address" in body:  # its guard against being sent into its own network
        return ConnectorError(
            said, "allow the server to call this network: see docs/serve.md, or use another address"
        )
    return ConnectorError(said, _REMEDIES.get(status, "this is likely a fault of labelwright's"))


_REMEDIES = {
    400: "the server did not accept what was sent: its words say why",
    401: "make a new token in Label Studio (Account & Settings, Personal Access Token) and store it",
    403: "the token's owner may not do this: use the token of somebody who may",
    413: "what was sent is too large for the server: let it accept more, or send less",
    414: "too much was asked for in one call: ask for less",
}


def broken(call: Call, error: httpx.HTTPError) -> ConnectorError:
    """What it means that no whole answer arrived.

    The words of httpx's errors are used only where a connection was never made: elsewhere they may
    quote headers.
    """
    import httpx

    waited = isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
    if waited or isinstance(error, httpx.ConnectError | httpx.ProxyError):
        why = "no answer" if waited else str(error) or "refused"
        return ConnectorError(
            f"{call}: cannot connect: {why[:_LONGEST]}",
            "check the address, and whether the server is running",
            retry=True,
        )
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return ConnectorError(f"{call}: this request cannot be sent", "check address and token")
    if isinstance(error, httpx.TimeoutException):
        why = "no answer in time"
    else:
        why = "the connection broke before the whole answer was there"
    if call.writes:
        return Unsure(f"{call}: {why}; the server may have done what was asked, or do it yet")
    return ConnectorError(f"{call}: {why}", "try again; see whether the server is busy", retry=True)


def too_large(call: Call, limit: int) -> ConnectorError:
    """The answer is longer than we are ready to read."""
    message = f"{call}: the answer is longer than {limit // 2**20} MiB"
    if call.writes:
        return Unsure(message)
    return ConnectorError(message, "check whether the address is that of a Label Studio server")


def misshapen(call: Call, wanted: str) -> ConnectorError:
    """The answer is JSON, but not what this call answers."""
    message = f"{call}: the answer is not {wanted}"
    if call.writes:
        return Unsure(message)
    return ConnectorError(
        message, "check the address, and the server's version: `labelwright doctor`"
    )


def _readable(body: bytes) -> bool:
    if not body.strip():
        return True
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _unreadable(call: Call, headers: Mapping[str, str]) -> ConnectorError:
    is_json = "json" in headers.get("content-type", "")
    message = f"{call}: the answer cannot be read: it is {'broken' if is_json else 'no'} JSON"
    if call.writes:
        return Unsure(message)
    return ConnectorError(
        message, "check whether the address is that of a Label Studio server", retry=is_json
    )


def _redirected(call: Call, location: str) -> ConnectorError:
    origin, target = urlsplit(call.url), urlsplit(location)
    message = f"{call}: the server sends on to {_place(location) or 'another address'}"
    remedy = "give the address that the server itself uses"
    if target.scheme == "https" and origin.scheme == "http" and target.hostname == origin.hostname:
        remedy = "give the server's address with https:// instead of http://"
    return Unsure(message, remedy) if call.writes else ConnectorError(message, remedy)


def _place(location: str) -> str:
    """Host and path of an address: no query, no user, and not more than a line of it."""
    parts = urlsplit(location)
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    return (f"{parts.scheme}://{host}{parts.path}" if host else parts.path)[:_LONGEST]


def _words(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """What the server said, in one short line; nothing where it is a page for browsers."""
    if "html" in headers.get("content-type", ""):
        return ""
    text = body[: 64 * 1024].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""
    with suppress(ValueError, RecursionError):
        text = _flat(json.loads(text))
    text = _blotted(text, secrets)
    text = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f": {short}" if short else ""


def _blotted(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")):
            text = text.replace(form, "[token]")
    return text


def _flat(value: object) -> str:
    """The sentences in an error of Django REST framework, without its scaffolding."""
    if isinstance(value, dict):
        errors = value.get("validation_errors")
        if errors:
            return _flat(errors)
        if "detail" in value:
            return _flat(value["detail"])
        return "; ".join(
            f"{key}: {_flat(inner)}" for key, inner in value.items() if inner is not None
        )
    if isinstance(value, list):
        return "; ".join(_flat(inner) for inner in value)
    return str(value)


def _seconds(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; None where there is none, or a date: clocks differ."""
    value = headers.get("retry-after", "").strip()
    return float(value) if re.fullmatch(r"[0-9]{1,9}", value) else None
