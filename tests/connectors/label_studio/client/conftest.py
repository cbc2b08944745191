"""The client through a proxy, with every fault of a network in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import stamina

from labelwright.connectors.label_studio.client import LabelStudio
from tests.connectors.label_studio.proxy import Proxy
from tests.connectors.label_studio.standin import StandIn

if TYPE_CHECKING:
    pass

from .calling import CONFIG, TRIES, timeout


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """New tries come at once, and no more of them than the client wants."""
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        yield


@pytest.fixture
def proxy(standin: StandIn) -> Iterator[Proxy]:
    with Proxy(standin.url) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy, standin: StandIn, request: pytest.FixtureRequest) -> Iterator[LabelStudio]:
    """Through the proxy, with a legacy token."""
    with LabelStudio(proxy.url, standin.token, timeout=timeout(request)) as client:
        yield client


@pytest.fixture
def personal(
    proxy: Proxy, standin: StandIn, request: pytest.FixtureRequest
) -> Iterator[LabelStudio]:
    """Through the proxy, with a personal access token."""
    with LabelStudio(proxy.url, standin.personal_token, timeout=timeout(request)) as client:
        yield client


@pytest.fixture
def project(standin: StandIn) -> int:
    settings = {"title": "people", "label_config": CONFIG}
    return int(standin.memory.create_project(1, settings)["id"])
