"""The secret that Label Studio must bring when it calls us: of the environment, else one made once.

It is kept as the studio's password is: in the keyring, or where none works in a file of mode 0600.
"""

from __future__ import annotations

import os
import secrets as chance
from collections.abc import Mapping
from dataclasses import dataclass, field

from labelwright.connectors.label_studio.studio.home import Home, studio_home
from labelwright.connectors.label_studio.studio.vault import Secrets, keep, kept
from labelwright.loop.errors import ConnectorError

SECRET = "LABELWRIGHT_SERVE_SECRET"  # noqa: S105 - the variable's name
_SHORTEST = 16  # characters
_OWNER = "labelwright"


@dataclass(frozen=True)
class SharedSecret:
    """The secret; `place` says where it is kept, for people."""

    text: str = field(repr=False)
    place: str = ""


def shared_secret(environ: Mapping[str, str] = os.environ) -> SharedSecret:
    """The secret of this user's servers, made now where there is none yet.

    Raises ConnectorError where the environment's is too short or cannot be sent, or none can be kept.
    """
    given = environ.get(SECRET, "").strip()
    if given:
        return SharedSecret(_checked(given), SECRET)
    studio = studio_home(environ)
    home = Home(studio.folder / "serve", studio.venv)
    try:
        studio.make()
        home.make()
        found = kept(home) or keep(home, Secrets(_OWNER, chance.token_urlsafe(32)))
    except ConnectorError as error:
        raise ConnectorError(error.message, f"mend that, or set {SECRET}") from error
    return SharedSecret(found.password, found.place)


def _checked(given: str) -> str:
    if not (given.isascii() and given.isprintable()) or " " in given:
        raise ConnectorError(
            f"{SECRET} holds characters that cannot be sent", "use letters and digits"
        )
    if len(given) < _SHORTEST:
        raise ConnectorError(
            f"{SECRET} has {len(given)} characters: it could be guessed",
            f"use {_SHORTEST} or more, or leave the variable out: then one is made and kept",
        )
    return given
