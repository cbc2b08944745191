"""The studio: installed, started, stopped, watched; on a real server where it is about one."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labelwright.connectors.label_studio.credentials import credentials
from labelwright.connectors.label_studio.studio import access, process, running, serving
from labelwright.connectors.label_studio.studio.home import VERSION, Home, studio_home
from labelwright.connectors.label_studio.studio.installing import install, installed
from labelwright.connectors.label_studio.studio.vault import Secrets, keep, kept
from labelwright.loop.errors import ConnectorError
from tests.studio_server import Studio, copy_template

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A studio's folder with nothing in it."""
    made = Home(tmp_path / "studio", tmp_path / "studio" / "venv")
    made.make()
    return made


def pretend(home: Home, script: str) -> None:
    """Install, for the server, a program that does something else."""
    programs = home.venv / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "label-studio").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (programs / "label-studio").chmod(0o755)
    (home.venv / "labelwright.json").write_text(json.dumps({"version": VERSION}))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listening:
        listening.bind((serving.HOST, 0))
        listening.listen()
        yield listening.getsockname()[1]


# --- the server of all tests ------------------------------------------------------------------


def test_the_sessions_server_knows_its_owner_and_takes_further_people(studio: Studio) -> None:
    studio.invite("second@example.com", "a-long-password")
    with studio.client() as owner:
        assert owner.get("/api/current-user/whoami").json()["email"] == studio.username
        people = {person["email"] for person in owner.get("/api/users/").json()}
    assert {studio.username, "second@example.com"} <= people
    assert studio.token not in repr(studio)
    assert studio.password not in repr(studio)


def test_one_signs_in_with_a_browser(studio: Studio, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{studio.url}/user/login/")
    page.fill("input[name=email]", studio.username)
    page.fill("input[name=password]", studio.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)
    page.get_by_text("Create Project").first.wait_for()
    page.context.close()


# --- starting and stopping --------------------------------------------------------------------


@pytest.fixture
def own(studio: Studio, tmp_path: Path) -> Iterator[Home]:
    """A studio with a migrated data folder, not started; `studio` skips where none is installed."""
    made = Home(tmp_path / "own", studio_home().venv)
    copy_template(made)
    yield made
    running.stop(made)


def test_a_server_is_started_once_found_again_and_stopped(own: Home, taken: int) -> None:
    old = kept(own)
    assert old is not None
    keep(own, Secrets(old.username, old.password, "a" * 40))  # a token that is reset there
    (own.folder / "state.json").write_text(json.dumps({"port": taken, "account": True}))
    found: list[running.Note] = []
    starts = [threading.Thread(target=lambda: found.append(running.start(own))) for _ in range(2)]
    for each in starts:
        each.start()
    for each in starts:
        each.join()
    first, second = found
    assert first == second, "two starts at once start one server"
    assert first.port != taken
    assert running.status(own).healthy
    secrets = kept(own)
    assert secrets is not None
    assert secrets.token != "a" * 40
    assert access.is_accepted(first.url, secrets.token)
    said = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(first.port) in said
    for secret in (secrets.password, secrets.token):
        assert secret not in said
        assert secret not in own.log.read_text(encoding="utf-8")
        assert secret not in own.state.read_text(encoding="utf-8")
    assert {mode(p) for p in (own.log, own.state, own.secrets)} == {0o600}
    assert {mode(p) for p in (own.folder, own.data)} == {0o700}
    reached = credentials({"LABELWRIGHT_STUDIO": str(own.folder)})
    assert (reached.url, reached.token) == (first.url, secrets.token)

    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    after = running.status(own)
    assert not after.running
    assert any("server" in line for line in after.log)
    with pytest.raises(ConnectorError, match="does not run"):
        credentials({"LABELWRIGHT_STUDIO": str(own.folder)})
    again = running.start(own)
    assert (again.port, again.pid != first.pid) == (first.port, True)
    with pytest.raises(ConnectorError, match="already runs"):
        running.start(own, port=taken)
    assert running.stop(own) == again
    assert running.stop(own) is None
    assert running.status(own).log == ()
    assert serving.is_free(again.port)


def test_a_server_that_ends_while_it_starts_shows_its_last_words(home: Home) -> None:
    pretend(home, "echo 'the database is damaged' >&2; exit 3")
    with pytest.raises(ConnectorError, match="the database is damaged") as error:
        running.start(home)
    assert str(home.log) in error.value.remedy
    assert running.status(home).log == ("the database is damaged",)


def test_a_server_that_is_never_well_is_ended(home: Home) -> None:
    pretend(home, "exec sleep 60")
    with pytest.raises(ConnectorError, match="not well after 0 s"):
        running.start(home, patience=0.4)
    note = running.read_note(home)
    assert note is not None
    assert note.pid
    assert not note.runs


def test_what_the_server_is_given(home: Home, tmp_path: Path) -> None:
    pretend(home, f'env > {tmp_path}/env; echo "$@" > {tmp_path}/args; exit 1')
    environ = {"PATH": os.environ["PATH"], "DEBUG": "1", "LABEL_STUDIO_API_KEY": "canary"}
    with pytest.raises(ConnectorError):
        running.start(home, environ=environ, settings={"ML_BLOCK_LOCAL_IP": "false"})
    secrets = kept(home)
    assert secrets is not None
    given = (tmp_path / "env").read_text(encoding="utf-8")
    assert f"LABEL_STUDIO_PASSWORD={secrets.password}\n" in given
    assert "COLLECT_ANALYTICS=0\n" in given
    assert "SENTRY_DSN=\n" in given
    assert "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK=true\n" in given
    assert "ML_BLOCK_LOCAL_IP=false\n" in given
    assert "LOCAL_FILES_SERVING" not in given
    assert "canary" not in given
    assert "DEBUG=" not in given
    arguments = (tmp_path / "args").read_text(encoding="utf-8")
    assert "--internal-host 127.0.0.1" in arguments
    assert secrets.password not in arguments


def test_a_note_of_before_a_reboot_is_about_nobody(home: Home) -> None:
    # The number is this very process's by now: it must not be taken for the server.
    note = running.Note(8080, os.getpid(), "another boot 1", account=True)
    home.state.write_text(json.dumps(note.__dict__))
    assert not running.status(home).running
    assert running.stop(home) is None
    assert process.identity(os.getpid())


def test_nothing_starts_that_is_not_installed(home: Home) -> None:
    with pytest.raises(ConnectorError, match="not installed") as error:
        running.start(home)
    assert error.value.remedy == "labelwright studio install"


# --- ports ------------------------------------------------------------------------------------


def test_a_port_asked_for_is_taken_or_refused(taken: int) -> None:
    with pytest.raises(ConnectorError, match=f"port {taken} is taken"):
        serving.choose_port(taken, None)
    free = serving.choose_port(0, None)
    assert serving.choose_port(free, taken) == free


def test_the_last_port_is_used_again_if_it_is_free(taken: int) -> None:
    free = serving.choose_port(0, None)
    assert serving.choose_port(None, free) == free
    other = serving.choose_port(None, taken)
    assert other != taken
    assert serving.is_free(other)


# --- installing -------------------------------------------------------------------------------


def test_what_is_installed_is_left_alone(home: Home) -> None:
    pretend(home, "exit 0")
    assert installed(home) == VERSION
    assert install(home) is False
    (home.venv / "bin" / "python").unlink()
    assert installed(home) is None, "an environment whose Python is gone is none"


@pytest.mark.slow
def test_an_installation_that_breaks_off_is_gone_on_with(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    told: list[str] = []
    for _ in range(2):
        with pytest.raises(ConnectorError, match=r"pip could not install .* ERROR: ") as error:
            install(home, tell=told.append)
        assert error.value.retry
        assert str(home.install_log) in error.value.remedy
        assert mode(home.install_log) == 0o600
        assert installed(home) is None
    made = "making an environment for Label Studio"
    assert told.count(made) == 1, "the environment that is there is used"
    (home.venv / "bin" / "python").unlink()
    with pytest.raises(ConnectorError):
        install(home, tell=told.append)
    assert told.count(made) == 2, "a broken one is made anew"


def test_no_environment_can_be_made(home: Home) -> None:
    home.venv.write_text("in the way")
    with pytest.raises(ConnectorError, match="no virtual environment"):
        install(home)
    assert installed(home) is None


# --- the command line -------------------------------------------------------------------------


def run(home: Home, *arguments: str, code: int = 0) -> str:
    """What `labelwright studio …` says, on both streams."""
    done = subprocess.run(
        [sys.executable, "-m", "labelwright", "studio", *arguments],
        env={**os.environ, "LABELWRIGHT_STUDIO": str(home.folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_command_says_how_it_is_and_what_comes_next(home: Home) -> None:
    assert "labelwright studio install" in run(home, "status")
    assert "labelwright studio install --yes" in run(home, "start", code=1)
    pretend(home, "echo 'no memory left'; exit 1")
    assert "labelwright studio start" in run(home, "status")
    assert "no memory left" in run(home, "start", code=1)
    assert "no memory left" in run(home, "status")
    assert json.loads(run(home, "status", "--json"))["log"] == ["no memory left"]
    assert "labelwright studio start" in run(home, "open", code=1)
    assert json.loads(run(home, "stop", "--json")) == {"stopped": False}


def test_the_password_is_not_shown_by_accident(home: Home) -> None:
    assert "labelwright studio start" in run(home, "password", code=1)
    keep(home, Secrets("me@example.com", "pass-canary", "token-canary"))
    assert "canary" not in run(home, "password", code=1)
    assert run(home, "password", "--yes") == "pass-canary\n"
