"""The stand-in's tokens: legacy ones, and personal ones that buy access for some minutes."""

from __future__ import annotations

import base64
import json
import secrets
import time

from .standin_data import Refused


class Tokens:
    """Who holds which token. An access token is good for `life` seconds."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nobody holds a token any more."""
        self.life = 300.0
        self._legacy: dict[str, int] = {}
        self._personal: dict[str, int] = {}
        self._access: dict[str, tuple[int, float]] = {}

    def legacy(self, user: int) -> str:
        """A new legacy token."""
        token = secrets.token_hex(20)
        self._legacy[token] = user
        return token

    def personal(self, user: int) -> str:
        """A new personal access token."""
        token = _jwt("refresh", user, 10 * 365 * 86400)
        self._personal[token] = user
        return token

    def refresh(self, token: object) -> str:
        """An access token. Raises Refused."""
        if not isinstance(token, str):
            raise Refused(400, {"refresh": ["This field is required."]})
        if token not in self._personal:
            raise Refused(401, "Token is invalid")
        access = _jwt("access", self._personal[token], self.life)
        self._access[access] = (self._personal[token], time.monotonic() + self.life)
        return access

    def expire(self) -> None:
        """No access token is good any more."""
        self._access.clear()

    def revoke(self) -> None:
        """No personal access token is good any more."""
        self._personal.clear()
        self._access.clear()

    def owner(self, header: str) -> int:
        """Whose request this is. Raises Refused."""
        kind, _, token = header.partition(" ")
        if kind == "Token" and token:
            if token not in self._legacy:
                raise Refused(401, "Invalid token.")
            return self._legacy[token]
        user, until = self._access.get(token, (0, 0.0))
        if kind != "Bearer" or time.monotonic() >= until:
            raise Refused(401, "Authentication credentials were not provided.")
        return user


def _jwt(kind: str, user: int, life: float) -> str:
    now = int(time.time())
    claims = {"token_type": kind, "exp": int(now + life), "iat": now, "user_id": str(user)}
    claims["jti"] = secrets.token_hex(8)
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    return ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in [*parts, secrets.token_bytes(32)]
    )
