"""Which server and which token: found, or an error that says what to do and shows no secret."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from labelwright.connectors.label_studio.credentials import Credentials, credentials
from labelwright.connectors.label_studio.studio import process, running
from labelwright.connectors.label_studio.studio.home import Home, studio_home
from labelwright.connectors.label_studio.studio.vault import Secrets, keep
from labelwright.loop.errors import ConnectorError

TOKEN = "canary-token"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which no server is known."""
    return {"LABELWRIGHT_STUDIO": str(tmp_path / "studio")}


def with_studio(environ: dict[str, str], note: running.Note, secrets: Secrets | None) -> Home:
    home = studio_home(environ)
    home.make()
    home.state.write_text(json.dumps(asdict(note)))
    home.secrets.touch(mode=0o600)  # a file, whatever keyring there is
    if secrets is not None:
        keep(home, secrets)
    return home


def refused(environ: dict[str, str]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        credentials(environ)
    said = f"{caught.value.message} {caught.value.remedy} {caught.value!r}"
    assert TOKEN not in said
    assert "canary" not in said
    assert caught.value.__cause__ is None
    return caught.value


def test_the_environment_comes_first(environ: dict[str, str]) -> None:
    environ |= {"LABEL_STUDIO_URL": " https://ls.example.com/sub/ ", "LABEL_STUDIO_API_KEY": TOKEN}
    found = credentials(environ)
    assert (found.url, found.token) == ("https://ls.example.com/sub", TOKEN)
    assert found.origin == "LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY"


@pytest.mark.parametrize(
    ("given", "missing"),
    [("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"), ("LABEL_STUDIO_API_KEY", "LABEL_STUDIO_URL")],
)
def test_half_of_them_is_an_error(environ: dict[str, str], given: str, missing: str) -> None:
    value = "http://127.0.0.1:1" if given == "LABEL_STUDIO_URL" else TOKEN
    assert refused(environ | {given: value}).message == f"{given} is set, but not {missing}"


@pytest.mark.parametrize(
    "url",
    [
        "ls.example.com",
        "ftp://ls.example.com",
        "https://",
        "https://ls.example.com:99999",
        "https://[::1",
        "https://ls.example.com/?token=1",
        "https://ls.example.com/a b",
        "https://me:canary@ls.example.com",
        "https://canary@ls.example.com",
        "https://ls.example.com/?token=canary",
        "https://ls.example.com/#canary",
        "https://ls.example.com/ canary",
        TOKEN,
    ],
)
def test_an_address_that_cannot_be_right(environ: dict[str, str], url: str) -> None:
    error = refused(environ | {"LABEL_STUDIO_URL": url, "LABEL_STUDIO_API_KEY": TOKEN})
    assert error.message.startswith("LABEL_STUDIO_URL ")


@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX-A: b", f"{TOKEN} b", f"{TOKEN}é"])
def test_a_token_that_would_break_a_header(environ: dict[str, str], token: str) -> None:
    refused(environ | {"LABEL_STUDIO_URL": "http://127.0.0.1:1", "LABEL_STUDIO_API_KEY": token})


def test_no_server_is_known(environ: dict[str, str]) -> None:
    error = refused(environ)
    assert "labelwright studio start" in error.remedy
    assert "LABEL_STUDIO_URL" in error.remedy


def test_the_studio_that_runs_here(environ: dict[str, str]) -> None:
    own = os.getpid()
    note = running.Note(9000, own, process.identity(own) or "", account=True)
    home = with_studio(environ, note, Secrets("me@example.com", "pw", TOKEN))
    found = credentials(environ)
    assert (found.url, found.token) == ("http://127.0.0.1:9000", TOKEN)
    assert str(home.secrets) in found.origin


def test_the_studio_that_does_not_run(environ: dict[str, str]) -> None:
    note = running.Note(9000, os.getpid(), "another boot", account=True)
    with_studio(environ, note, Secrets("me@example.com", "pw", TOKEN))
    assert refused(environ).remedy == "labelwright studio start"


def test_a_token_that_was_never_kept(environ: dict[str, str]) -> None:
    own = os.getpid()
    note = running.Note(9000, own, process.identity(own) or "", account=True)
    with_studio(environ, note, Secrets("me@example.com", "pw"))
    assert "labelwright studio stop" in refused(environ).remedy


def test_the_token_is_not_shown() -> None:
    found = Credentials("http://127.0.0.1:1", TOKEN, "here")
    assert TOKEN not in f"{found!r} {found}"
