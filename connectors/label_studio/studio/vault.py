"""Password and token of the studio: in the keyring, or where none works in a file of mode 0600."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from labelwright.connectors.label_studio.studio.home import Home, write_private
from labelwright.loop.errors import ConnectorError


@dataclass(frozen=True)
class Secrets:
    """What lets one in. `place` says where it is kept, for people."""

    username: str
    password: str = field(repr=False)
    token: str = field(repr=False, default="")
    place: str = ""


def keep(home: Home, secrets: Secrets) -> Secrets:
    """Keep the secrets; they come back with their place. The file is written only without a keyring."""
    text = json.dumps(
        {"username": secrets.username, "password": secrets.password, "token": secrets.token}
    )
    if not home.secrets.exists() and _into_keyring(home, text):
        return _read(text, "the keyring")
    write_private(home.secrets, text)
    return _read(text, str(home.secrets))


def kept(home: Home) -> Secrets | None:
    """The secrets kept for this studio, None where there are none. Raises ConnectorError."""
    if home.secrets.exists():
        return _read(home.secrets.read_text(encoding="utf-8"), str(home.secrets))
    text = _out_of_keyring(home)
    return _read(text, "the keyring") if text else None


def _read(text: str, place: str) -> Secrets:
    try:
        found = json.loads(text)
        return Secrets(found["username"], found["password"], found["token"], place)
    except (ValueError, TypeError, KeyError):
        raise ConnectorError(
            f"what {place} holds for the studio is not what labelwright wrote",
            "set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY; the key stands on the account page of "
            "Label Studio",
        ) from None


def _service(home: Home) -> str:
    return f"labelwright studio {home.folder}"


def _into_keyring(home: Home, text: str) -> bool:
    """Whether a keyring took it, and gives it back: some backends drop what they get."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_service(home), "secrets", text)
        return keyring.get_password(_service(home), "secrets") == text
    except KeyringError:
        return False


def _out_of_keyring(home: Home) -> str | None:
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    try:
        return keyring.get_password(_service(home), "secrets")
    except NoKeyringError:
        return None
    except KeyringError as error:
        raise ConnectorError(
            f"the keyring that may hold the studio's password is closed: {type(error).__name__}",
            "unlock it, or set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY",
        ) from None
