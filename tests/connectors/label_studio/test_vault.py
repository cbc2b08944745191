"""Where the studio's secrets are kept, and that nobody else sees them."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from labelwright.connectors.label_studio.studio.home import Home, studio_home
from labelwright.connectors.label_studio.studio.vault import Secrets, keep, kept
from labelwright.loop.errors import ConnectorError

SECRETS = Secrets("me@example.com", "pass-canary", "token-canary")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A studio's folder with nothing in it."""
    made = studio_home({"LABELWRIGHT_STUDIO": str(tmp_path / "studio")})
    made.make()
    return made


@pytest.fixture(autouse=True)
def _own_keyring() -> Iterator[None]:
    """What a test chooses as keyring is its own."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


class Memory(KeyringBackend):
    """A keyring that works, for as long as the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


def test_secrets_go_into_the_keyring(home: Home) -> None:
    keyring.set_keyring(Memory())
    assert kept(home) is None
    assert keep(home, SECRETS).place == "the keyring"
    found = kept(home)
    assert found is not None
    assert (found.password, found.token) == ("pass-canary", "token-canary")
    assert not home.secrets.exists()


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring], ids=["none", "forgetful"])
def test_without_a_keyring_that_keeps_a_closed_file_does(
    home: Home, backend: type[KeyringBackend]
) -> None:
    keyring.set_keyring(backend())
    assert kept(home) is None
    assert keep(home, SECRETS).place == str(home.secrets)
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o600
    found = kept(home)
    assert found is not None
    assert found.password == "pass-canary"
    assert "canary" not in repr(found)


def test_a_damaged_file_is_an_error_that_shows_nothing(home: Home) -> None:
    home.secrets.write_text('{"password": "canary"')
    with pytest.raises(ConnectorError) as error:
        kept(home)
    assert "canary" not in f"{error.value.message} {error.value.remedy}"


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(ConnectorError, match="others may look"):
        studio_home({"LABELWRIGHT_STUDIO": str(folder)}).make()
