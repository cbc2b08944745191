"""Servers for the tests of the connector: a stand-in, beside the session's real one (`studio`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .standin import StandIn


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
