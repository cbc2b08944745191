"""What all tests share: a real Label Studio and a real browser, started when a test asks for them."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from .studio_server import (
    TESTS,
    Studio,
    begin_shared_studio,
    missing,
    shared_studio,
    stop_shared_studio,
)

if TYPE_CHECKING:
    import subprocess

    from playwright.sync_api import Browser

BEGUN: pytest.StashKey[subprocess.Popen[bytes]] = pytest.StashKey()
"""What starts the server, where something does."""

# A busy machine, or a library's first import, is no fault of what is tested.
settings.register_profile(
    "labelwright", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("labelwright")

_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


def pytest_configure(config: pytest.Config) -> None:
    """Tell the workers whose session it is; keep all tests out of the user's keyring.

    A shell has what it starts in the background ignore interrupts, and so would every process that a test
    starts: no test of an interrupt could pass.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if getattr(config.option, "numprocesses", None):
        # As many workers as cores, each with as many threads, wait for one another on small matrices.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    if not _is_worker(config):
        os.environ[TESTS] = str(os.getpid())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the server start while the first tests run, where some of those that come need it."""
    first = getattr(session.config, "workerinput", {"workerid": "gw0"})["workerid"] == "gw0"
    wanted = first and not session.config.option.collectonly
    if wanted and any("studio" in getattr(item, "fixturenames", ()) for item in session.items):
        session.config.stash[BEGUN] = begin_shared_studio(_shared_folder(session.config))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the server after the last test of the last worker."""
    if BEGUN in session.config.stash:
        session.config.stash[BEGUN].wait()
    if not _is_worker(session.config):
        stop_shared_studio(_shared_folder(session.config))


@pytest.fixture(scope="session", autouse=True)
def _own_folders() -> Iterator[None]:
    """Tests bring their own data: a developer's data root and state folder are not theirs.

    Those that want the public data sets have read where these are by now.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LABELWRIGHT_DATA", raising=False)
        patch.delenv("LABELWRIGHT_STATE", raising=False)
        yield


@pytest.fixture(scope="session")
def studio(request: pytest.FixtureRequest) -> Studio:
    """The session's Label Studio: every test makes its own projects and people in it."""
    return shared_studio(_shared_folder(request.config))


@pytest.fixture(scope="module")  # its event loop must not outlive the module: others run their own
def browser() -> Iterator[Browser]:
    """Chromium, for pages of one's own: `browser.new_page()` or `browser.new_context(…)`."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("Chromium is not installed here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS.split())
        yield browser
        browser.close()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _shared_folder(config: pytest.Config) -> Path:
    """The session's temporary folder; those of the workers lie in it."""
    own: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return own.parent if _is_worker(config) else own
