"""Servers for the tests of the connector: a stand-in, beside the session's real one (`studio`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.annotator import Annotator
from tests.studio_server import Studio

from .campaigns import Campaign
from .standin import StandIn

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def _standin() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def standin(_standin: StandIn) -> Iterator[StandIn]:
    """The stand-in as new. A second one beside it: `with StandIn() as other`."""
    _standin.reset()
    yield _standin
    _standin.settle()


@pytest.fixture(scope="module")
def jiwoo(browser: Browser, studio: Studio) -> Iterator[Annotator]:
    """A person in front of the browser."""
    yield from _person(browser, studio, "jiwoo")


@pytest.fixture(scope="module")
def minjun(browser: Browser, studio: Studio) -> Iterator[Annotator]:
    """Another person."""
    yield from _person(browser, studio, "minjun")


def _person(browser: Browser, studio: Studio, name: str) -> Iterator[Annotator]:
    email, password = f"{name}-{uuid4().hex[:8]}@example.com", uuid4().hex
    studio.invite(email, password)
    person = Annotator(browser, studio, email, password)
    yield person
    person.leave()


@pytest.fixture
def begin(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Campaign]:
    """`begin(task, news="id,title\\n…")`: a campaign on the session's server, its tables as CSV files."""
    monkeypatch.setenv("LABEL_STUDIO_URL", studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    return partial(Campaign.begin, tmp_path)
