"""Reads are tried again, and given up in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labelwright.connectors.label_studio.client import LabelStudio, Unsure
from labelwright.loop.errors import ConnectorError
from tests.connectors.label_studio.faulty import WRITE_FAULTS, Fault, Kind
from tests.connectors.label_studio.proxy import Proxy
from tests.connectors.label_studio.standin import StandIn

if TYPE_CHECKING:
    pass

from .calling import CONFIG, SLOW, TRIES, quiet, rows


@pytest.mark.parametrize("kind", [*WRITE_FAULTS, "error_before", "busy"])
def test_a_read_is_tried_again(
    kind: Kind, client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(Fault(kind, path="/projects/", seconds=SLOW if kind == "slow" else 0.01))
    assert client.project(project)["title"] == "people"
    assert client.requests == 2


@pytest.mark.parametrize("kind", [*WRITE_FAULTS, "error_before", "busy"])
def test_a_read_is_given_up_after_some_tries(
    kind: Kind, client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    seconds = SLOW if kind == "slow" else 0.01
    proxy.plan.add(Fault(kind, path="/projects/", times=99, seconds=seconds))
    with pytest.raises(ConnectorError) as raised:
        client.project(project)
    quiet(raised.value, standin.token)
    assert raised.value.retry
    assert not isinstance(raised.value, Unsure)
    assert client.requests == TRIES
    assert proxy.plan.count("GET") == TRIES


def test_validating_is_a_read(client: LabelStudio, proxy: Proxy, project: int) -> None:
    proxy.plan.add(Fault("drop_after", path="validate"))
    client.validate_config(project, CONFIG)
    assert client.requests == 2


def test_a_read_follows_a_redirect_on_the_same_host_only(
    client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(
        Fault("redirect", path="/projects/", location=proxy.url),
        Fault("redirect", nth=3, path="/projects/", location=standin.url),
    )
    assert client.project(project)["title"] == "people"
    with pytest.raises(
        ConnectorError, match=f"sends on to {standin.url}/api/projects/1/"
    ) as raised:
        client.project(project)
    assert not raised.value.retry
    assert client.requests == 3
    assert standin.plan.count("GET") == 1  # the token went to no other host


def test_what_is_no_label_studio_is_said(client: LabelStudio, proxy: Proxy) -> None:
    proxy.plan.add(Fault("error_before", times=99, status=200))
    with pytest.raises(ConnectorError, match="it is no JSON") as raised:
        client.version()
    assert not raised.value.retry
    assert client.requests == 1


def test_an_answer_without_end_is_not_read_to_it(
    client: LabelStudio, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelwright.connectors.label_studio.wire._LARGEST", 100)
    with pytest.raises(ConnectorError, match="the answer is longer than"):
        client.project(project)
    with pytest.raises(Unsure, match="the answer is longer than"):
        client.import_tasks(project, rows(3))
