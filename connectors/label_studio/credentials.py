"""Which Label Studio, and what lets us in: from the environment, else the studio that runs here.

Tokens are shown nowhere: not in a `repr`, not in an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from labelwright.connectors.label_studio.studio.home import studio_home
from labelwright.connectors.label_studio.studio.running import read_note
from labelwright.connectors.label_studio.studio.vault import kept
from labelwright.loop.errors import ConnectorError

URL = "LABEL_STUDIO_URL"
KEY = "LABEL_STUDIO_API_KEY"
_WHERE_KEY = "the token stands on the account page of Label Studio (Account & Settings)"


@dataclass(frozen=True)
class Credentials:
    """A server's address, without a slash at its end, and a token; `origin` says where from."""

    url: str
    token: str = field(repr=False)
    origin: str = ""


def credentials(environ: Mapping[str, str] = os.environ) -> Credentials:
    """The server to speak with: that of the environment, else the one `labelwright studio` started.

    Raises ConnectorError where there is neither, or only half of one, or one that cannot be right.
    """
    url, token = (environ.get(name, "").strip() for name in (URL, KEY))
    if url and token:
        return Credentials(_address(url), _plain(token), f"{URL} and {KEY}")
    if url or token:
        given, wanted = (URL, KEY) if url else (KEY, URL)
        raise ConnectorError(
            f"{given} is set, but not {wanted}",
            _WHERE_KEY if url else "the address is the one in your browser, up to the first path",
        )
    return _own_studio(environ)


def _own_studio(environ: Mapping[str, str]) -> Credentials:
    home = studio_home(environ)
    note = read_note(home)
    if note is None or not note.account:
        raise ConnectorError(
            "no Label Studio is known here",
            f"labelwright studio start     one of your own; or set {URL} and {KEY}",
        )
    if not note.runs:
        raise ConnectorError("your Label Studio does not run", "labelwright studio start")
    secrets = kept(home)
    if secrets is None or not secrets.token:
        raise ConnectorError(
            "the token of your Label Studio is not kept any more",
            "labelwright studio stop, then labelwright studio start",
        )
    return Credentials(note.url, secrets.token, f"labelwright studio, token in {secrets.place}")


def _address(url: str) -> str:
    """The address, checked. Nothing of a wrong one is repeated: it may be the token, or hold it."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if "@" in url:
        raise ConnectorError(
            f"{URL} holds a name or a password before an @", f"leave it out: {KEY} is enough"
        )
    if not right or parts.query or parts.fragment or any(c.isspace() for c in url):
        raise ConnectorError(
            f"{URL} holds no address of a server",
            "write it as https://label-studio.example.com",
        )
    return url.rstrip("/")


def _plain(token: str) -> str:
    """The token, if it could be one: nothing else may get into a header."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConnectorError(f"{KEY} holds characters that no token has", _WHERE_KEY)
    return token
