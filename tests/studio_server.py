"""A real Label Studio for the tests: one a session, started from a migrated data folder in the cache.

The first start of a server takes a minute or more, because it makes its database; a start from a copy
of one takes seconds. The copy is made once for each version of the server. Run as a program, this
file starts the server while tests run that need none, and ends it when the tests are gone, however
they ended:

    python studio_server.py start FOLDER
    python studio_server.py watch FOLDER PID IDENTITY
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from filelock import FileLock
from platformdirs import user_cache_path

from labelwright.connectors.label_studio.studio import process, running
from labelwright.connectors.label_studio.studio.home import VERSION, Home, studio_home
from labelwright.connectors.label_studio.studio.installing import installed
from labelwright.connectors.label_studio.studio.vault import Secrets, keep, kept

TESTS = "LABELWRIGHT_TESTS_PID"
"""The variable that tells xdist's workers which process runs the session."""


@dataclass(frozen=True)
class Studio:
    """A running server and its first account, which owns everything."""

    url: str
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)

    def client(self) -> httpx.Client:
        """A bare client as the first account; close it."""
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Token {self.token}"},
            timeout=30,
            trust_env=False,
        )

    def invite(self, email: str, password: str) -> None:
        """Make a further person, a member of the same organisation, as people do: by the link."""
        with self.client() as owner:
            link = owner.get("/api/invite").raise_for_status().json()["invite_url"]
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as guest:
            guest.get(link).raise_for_status()
            form = {
                "email": email,
                "password": password,
                "allow_newsletters": "false",
                "csrfmiddlewaretoken": guest.cookies["csrftoken"],
            }
            answer = guest.post(link, data=form, headers={"Referer": self.url})
        assert answer.status_code == 302, f"the server refused {email}: {answer.status_code}"


def missing(reason: str) -> None:
    """Skip for want of something; where the tests must be whole (CI), fail."""
    if os.environ.get("LABELWRIGHT_REQUIRE_STUDIO") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def shared_studio(folder: Path) -> Studio:
    """The session's server, started by whoever asks first; `folder` is shared by all workers."""
    if installed(studio_home()) != VERSION:
        missing(f"Label Studio {VERSION} is not installed here: labelwright studio install")
    home = _home(folder)
    with FileLock(folder / "studio.lock"):
        note = running.read_note(home)
        if note is None or not note.runs:
            if not home.folder.exists():
                copy_template(home)
            note = running.start(home, port=0)
            _watch(folder)
    found = kept(home)
    assert found is not None
    return Studio(note.url, found.username, found.password, found.token)


def begin_shared_studio(folder: Path) -> subprocess.Popen[bytes]:
    """Start the session's server beside the tests, which ask for it later; wait for this to end."""
    quiet = subprocess.DEVNULL  # whoever asks for the server tries again, and says what is wrong
    command = [sys.executable, __file__, "start", str(folder)]
    return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)


def stop_shared_studio(folder: Path) -> None:
    """Stop the session's server, where one was started."""
    home = _home(folder)
    if home.state.exists():
        running.stop(home)


def copy_template(home: Home) -> None:
    """Give `home` a migrated data folder and the secrets of its first account."""
    shutil.copytree(_template(), home.folder)
    home.folder.chmod(0o700)


def _home(folder: Path) -> Home:
    return Home(folder / "studio", studio_home().venv)


def _template() -> Path:
    """The folder that is copied, in the user's cache; made now where it is not there."""
    cache = Path(os.environ.get("LABELWRIGHT_CACHE") or user_cache_path("labelwright"))
    cache.mkdir(parents=True, exist_ok=True)
    made = cache / f"studio-for-tests-{VERSION}"
    with FileLock(cache / "studio-for-tests.lock"):
        if made.exists():
            return made
        with tempfile.TemporaryDirectory(dir=cache, prefix=".studio-") as temporary:
            home = Home(Path(temporary) / "studio", studio_home().venv)
            home.make()
            # Into the file, never into the keyring of whoever runs the tests.
            home.secrets.touch(mode=0o600)
            keep(home, Secrets(running.USERNAME, secrets.token_urlsafe(12)))
            running.start(home, port=0)
            running.stop(home)
            for name in ("server.log", "lock"):
                (home.folder / name).unlink()
            home.folder.rename(made)
    return made


def _watch(folder: Path) -> None:
    """Start what stops the server once the tests' process is gone, killed or not."""
    watched = os.environ[TESTS]
    identity = process.identity(int(watched)) or ""
    command = [sys.executable, __file__, "watch", str(folder), watched, identity]
    process.spawn(command, os.environ, folder / "studio-watch.log")


def _stop_after(watched: process.Process, folder: Path) -> None:
    """Wait until the tests' process or the server is gone; then stop the server."""
    while process.is_alive(watched):
        note = running.read_note(_home(folder))
        if note is None or not note.runs:
            return
        time.sleep(1)
    stop_shared_studio(folder)


if __name__ == "__main__":
    if sys.argv[1] == "start":
        shared_studio(Path(sys.argv[2]))
    else:
        _stop_after(process.Process(int(sys.argv[3]), sys.argv[4]), Path(sys.argv[2]))
