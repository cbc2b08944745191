"""Where the server is, the token, and what is sent in its place.

A personal access token is a JWT that is good for one thing: to get an access token, good for about
300 s. A legacy token is sent as it is. Neither shows in a repr.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlsplit

from labelwright.loop.errors import ConnectorError

_MARGIN = 15.0  # seconds before its end in which an access token is not used any more
_LIFE = 300.0  # seconds, where the token does not say


class Secret:
    """A text whose repr does not show it, so that no listing of variables does."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "<token>"


class Access:
    """How we say who we are. `renew` turns a personal access token into an access token."""

    kind: Literal["personal", "access", "legacy"]

    def __init__(self, token: str, renew: Callable[[Secret], Secret]) -> None:
        self._token = Secret(token.strip())
        if not re.fullmatch(r"[!-~]+", self._token.text):
            raise ConnectorError(
                "the token of Label Studio is empty, or holds characters that no token holds",
                "copy it once more from Label Studio: Account & Settings",
            )
        claims = _claims(self._token.text)
        self.kind = "legacy"
        if claims is not None:
            self.kind = "personal" if claims.get("token_type") == "refresh" else "access"
        self._renew = renew
        self._lock = threading.Lock()
        self._current: Secret | None = None
        self._others: tuple[str, ...] = ()
        self._until = 0.0

    def header(self) -> Secret:
        """The value of Authorization. Raises what `renew` raises."""
        if self.kind == "legacy":
            return Secret(f"Token {self._token.text}")
        if self.kind == "access":
            return Secret(f"Bearer {self._token.text}")
        with self._lock:
            if self._current is None or time.monotonic() >= self._until:
                self._current = self._renew(self._token)
                self._until = time.monotonic() + _life(self._current.text) - _MARGIN
            return Secret(f"Bearer {self._current.text}")

    def forget(self, header: Secret) -> bool:
        """The server refused this header: whether another one can be had."""
        if self.kind != "personal":
            return False
        with self._lock:
            if self._current is not None and header.text == f"Bearer {self._current.text}":
                self._current = None
        return True

    def secrets(self) -> tuple[str, ...]:
        """All that must not show anywhere."""
        current = self._current
        ours = (self._token.text,) if current is None else (self._token.text, current.text)
        return ours + self._others

    def hide(self, text: str) -> None:
        """From now on this is one of the secrets too."""
        self._others += (text,)


def _claims(token: str) -> dict[str, Any] | None:
    """What a JWT says about itself, unverified; None where it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def _life(token: str) -> float:
    """Seconds for which an access token is good: by its own two stamps, so no clock of ours counts."""
    claims = _claims(token) or {}
    issued, ends = claims.get("iat"), claims.get("exp")
    if isinstance(issued, int | float) and isinstance(ends, int | float) and ends > issued:
        return float(ends - issued)
    return _LIFE


def address_of(url: str) -> str:
    """The server's address without a slash at its end. Raises ConnectorError."""
    import httpx

    text = url.strip()
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.port != 0 and bool(httpx.URL(text).host)
    except (ValueError, httpx.InvalidURL):
        fits = False
    if not fits or len(text.split()) > 1 or parts.query or parts.fragment:
        raise ConnectorError(
            "the address of Label Studio is not one of the form https://host or http://host:port",
            "give it as the browser shows it on Label Studio's first page",
        )
    if parts.username or parts.password:
        raise ConnectorError(
            "the address of Label Studio holds a user or a password",
            "give the address alone, and a token beside it",
        )
    return text.rstrip("/")
