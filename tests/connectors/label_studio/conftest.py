"""Servers for the tests of the connector: the stand-in, and the session's real one (`studio`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .standin import StandIn


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """A stand-in of the test's own."""
    with StandIn() as server:
        yield server
