"""Writes whose end is not seen: never sent twice, never taken for done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina

from labelwright.connectors.label_studio.client import Gone, LabelStudio, Unsure
from labelwright.loop.errors import ConnectorError
from tests.connectors.label_studio.faulty import COMMITTED, WRITE_FAULTS, Fault, Kind
from tests.connectors.label_studio.proxy import Proxy
from tests.connectors.label_studio.standin import StandIn, choice

if TYPE_CHECKING:
    from tests.studio_server import Studio

from .calling import BRIEF, CONFIG, IMPORT, SLOW, TRIES, held, quiet, rows


@pytest.mark.parametrize("kind", WRITE_FAULTS)
def test_a_write_whose_end_is_not_seen_is_unsure_and_is_not_sent_again(
    kind: Kind, client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(Fault(kind, path=IMPORT, seconds=SLOW if kind == "slow" else 0.3))
    with pytest.raises(Unsure, match=r"POST http://127.0.0.1:\d+/api/projects/1/import") as raised:
        client.import_tasks(project, rows(3))
    quiet(raised.value, standin.token)
    assert client.requests == 1
    assert proxy.plan.count("POST", IMPORT) == 1
    if kind == "late":
        assert held(standin) == 0
    proxy.settle()
    assert held(standin) == (3 if kind in COMMITTED else 0)
    assert client.import_tasks(project, rows(1)) == [held(standin)]


CUT = ("truncated", "garbled")  # not to be seen on an answer without a body


@pytest.mark.parametrize(
    ("call", "kind"),
    [("create", kind) for kind in WRITE_FAULTS]
    + [("update", kind) for kind in WRITE_FAULTS]
    + [("remove", kind) for kind in WRITE_FAULTS if kind not in CUT],
)
def test_every_kind_of_write_is_unsure_alike(
    kind: Kind, call: str, client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    (task,) = client.import_tasks(project, rows(1))
    annotation = standin.answer(task, 1, choice("label", "A"))
    proxy.plan.add(Fault(kind, path="annotations", seconds=SLOW if kind == "slow" else 0.01))
    before = client.requests
    with pytest.raises(Unsure):
        if call == "create":
            client.create_annotation(task, {"result": []})
        elif call == "update":
            client.update_annotation(annotation, {"result": []})
        else:
            client.delete_annotation(annotation)
    assert client.requests == before + 1


def test_the_stand_in_itself_drops_and_commits_late(standin: StandIn, project: int) -> None:
    with LabelStudio(standin.url, standin.token, timeout=BRIEF) as client:
        standin.plan.add(
            Fault("drop_after", path=IMPORT), Fault("late", nth=2, path=IMPORT, seconds=0.3)
        )
        with pytest.raises(Unsure):
            client.import_tasks(project, rows(3))
        assert held(standin) == 3
        with pytest.raises(Unsure):
            client.import_tasks(project, rows(3))
        assert client.count(project) == 3
        standin.settle()
        assert client.count(project) == 6


@pytest.mark.parametrize("kind", ["drop_mid", "drop_after", "late"])
def test_the_real_server_behaves_so_behind_the_proxy(kind: Kind, studio: Studio) -> None:
    with Proxy(studio.url) as proxy, LabelStudio(proxy.url, studio.token, timeout=5) as client:
        project = client.create_project({"title": "behind", "label_config": CONFIG})
        with LabelStudio(proxy.url, studio.token, timeout=1) as hasty:
            proxy.plan.add(Fault(kind, path=IMPORT, seconds=0.2))
            with pytest.raises(Unsure):
                hasty.import_tasks(project, rows(3))
        proxy.settle()
        assert client.count(project) == (3 if kind in COMMITTED else 0)
        client.delete_project(project)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_that_fails_after_the_write_leaves_it_unsure(
    status: int, client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(Fault("error_after", path=IMPORT, status=status))
    with pytest.raises(Unsure, match=f"the server answered {status}, and may have done"):
        client.import_tasks(project, rows(3))
    assert held(standin) == 3


def test_a_refused_connection_is_tried_again_and_definite(
    client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    with proxy.down(), pytest.raises(ConnectorError, match=r"cannot connect: .*refused") as raised:
        client.import_tasks(project, rows(3))
    quiet(raised.value, standin.token)
    assert not isinstance(raised.value, Unsure)
    assert raised.value.retry
    assert client.requests == TRIES
    assert proxy.plan.count() == 0
    assert client.import_tasks(project, rows(3)) == [1, 2, 3]


def test_a_busy_server_is_asked_again(
    client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(Fault("busy", path=IMPORT, times=2, seconds=0))
    assert client.import_tasks(project, rows(3)) == [1, 2, 3]
    assert client.requests == 3
    assert held(standin) == 3


def test_what_a_busy_server_asks_for_is_honoured_up_to_some_seconds(
    client: LabelStudio, proxy: Proxy, project: int
) -> None:
    proxy.plan.add(
        Fault("busy", path=IMPORT, seconds=1), Fault("busy", nth=3, path=IMPORT, seconds=600)
    )
    with stamina.set_testing(False):
        begun = datetime.now(UTC)
        client.import_tasks(project, rows(1))
        assert timedelta(seconds=1) <= datetime.now(UTC) - begun < timedelta(seconds=5)
        with pytest.raises(ConnectorError, match="429") as raised:
            client.import_tasks(project, rows(1))
    assert raised.value.retry
    assert not isinstance(raised.value, Unsure)
    assert client.requests == 3


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_a_refusal_is_definite(
    status: int, client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(Fault("error_before", path=IMPORT, status=status))
    with pytest.raises(ConnectorError, match=f"the server answered {status}$") as raised:
        client.import_tasks(project, rows(3))
    quiet(raised.value, standin.token)
    assert not isinstance(raised.value, Unsure)
    assert isinstance(raised.value, Gone) == (status == 404)
    assert not raised.value.retry
    assert raised.value.remedy
    assert client.requests == 1


def test_a_redirected_write_is_unsure_and_says_where_to(
    client: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    secure = proxy.url.replace("http:", "https:")
    proxy.plan.add(Fault("redirect", path=IMPORT, location=secure))
    with pytest.raises(Unsure, match="sends on to https://") as raised:
        client.import_tasks(project, rows(3))
    assert "https:// instead of http://" in raised.value.remedy
    assert client.requests == 1
    assert held(standin) == 0


def test_a_page_instead_of_an_answer_is_unsure(
    client: LabelStudio, proxy: Proxy, project: int
) -> None:
    proxy.plan.add(Fault("error_before", path=IMPORT, status=200))
    with pytest.raises(Unsure, match="it is no JSON"):
        client.import_tasks(project, rows(3))


def test_ids_that_do_not_fit_are_unsure(standin: StandIn, project: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, json={"task_ids": [1]})

    with (
        LabelStudio(standin.url, standin.token, transport=httpx.MockTransport(answer)) as client,
        pytest.raises(Unsure, match="the answer is not the ids of 3 tasks"),
    ):
        client.import_tasks(project, rows(3))


def test_an_answer_nested_without_end_cannot_be_read(standin: StandIn) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"[" * 200_000 + b"]" * 200_000)

    with LabelStudio(standin.url, standin.token, transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(Unsure, match="cannot be read"):
            client.create_project({"title": "people"})
        with pytest.raises(ConnectorError, match="cannot be read"):
            client.version()


@pytest.mark.parametrize("found", [[], {}, "x", 3, None])
def test_an_answer_of_another_shape_never_reaches_the_sdk(found: object, standin: StandIn) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=found)

    with LabelStudio(standin.url, standin.token, transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(Unsure, match="the answer is not an object with id"):
            client.create_project({"title": "people"})
        with pytest.raises(ConnectorError, match="the answer is not an object with tasks"):
            list(client.tasks(1))
        if found != []:
            with pytest.raises(ConnectorError, match="the answer is not a list"):
                client.people()
