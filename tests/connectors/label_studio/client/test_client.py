"""Every call of the client, on the stand-in and on the real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from labelwright.connectors.label_studio.client import Gone, LabelStudio, Unsure
from labelwright.connectors.label_studio.filters import after, equal, in_list
from labelwright.loop.errors import ConnectorError
from tests.connectors.label_studio.standin import StandIn, choice

if TYPE_CHECKING:
    from tests.studio_server import Studio

from .calling import CONFIG, rows


def basic(client: LabelStudio) -> None:
    """Every call once, as it works."""
    assert client.healthy()
    assert client.version()["release"] == "1.23.2"
    me = client.whoami()
    assert client.people()[me["id"]] == me["email"]
    project = client.create_project({"title": "client", "label_config": CONFIG})
    try:
        assert client.project(project)["title"] == "client"
        assert project in [one["id"] for one in client.projects()]
        assert client.update_project(project, {"maximum_annotations": 2})["title"] == "client"
        _work(client, project)
    finally:
        client.delete_project(project)
    with pytest.raises(Gone, match="404: No Project matches"):
        client.project(project)


def _work(client: LabelStudio, project: int) -> None:
    client.validate_config(project, CONFIG)
    with pytest.raises(ConnectorError, match=r"400: .*Choices") as raised:
        client.validate_config(project, "<View><Choices></View>")
    assert not isinstance(raised.value, Unsure)

    ids = client.import_tasks(project, rows(5))
    assert [task["id"] for task in client.tasks(project)] == ids
    assert [task["id"] for task in client.tasks(project, page_size=2)] == ids
    assert [task["data"]["text"] for task in client.tasks(project, ordering=["-tasks:id"])] == [
        f"t{n}" for n in (4, 3, 2, 1, 0)
    ]
    some = [equal("data.lw_batch", "b"), in_list("data.lw_uid", ["u1", "u3", "no"])]
    found = list(client.tasks(project, filters=some, include="id,data"))
    assert found == [{"id": ids[n], "data": rows(5)[n]["data"]} for n in (1, 3)]
    assert client.count(project, some) == 2
    assert client.count(project) == 5
    assert list(client.tasks(project, filters=[equal("data.lw_batch", "other")])) == []

    newest = max(task["updated_at"] for task in client.tasks(project))
    moment = datetime.fromisoformat(newest)
    body = {"result": choice("label", "A"), "lead_time": 1.5}
    made = client.create_annotation(ids[2], body)
    skipped = client.create_annotation(ids[3], {"result": [], "was_cancelled": True})
    changed = list(client.tasks(project, filters=[after("updated_at", moment)], fields_all=True))
    assert [task["id"] for task in changed] == [ids[2], ids[3]]
    assert [task["annotations"][0]["id"] for task in changed] == [made["id"], skipped["id"]]
    assert changed[0]["annotations"][0]["result"] == choice("label", "A")
    assert changed[0]["annotations"][0]["lead_time"] == 1.5
    later = datetime.now(UTC) + timedelta(days=1)
    assert not list(client.tasks(project, filters=[after("updated_at", later)]))

    edited = client.update_annotation(made["id"], {"result": choice("label", "B")})
    assert edited["result"] == choice("label", "B")
    client.delete_annotation(made["id"])
    with pytest.raises(Gone):
        client.delete_annotation(made["id"])
    guess = {"result": choice("label", "A"), "score": 0.5, "model_version": "m"}
    assert client.create_prediction(ids[0], guess)["score"] == 0.5
    assert client.import_predictions(project, [{"task": id, **guess} for id in ids]) == 5
    assert len(client.task(ids[0])["predictions"]) == 2

    client.update_task(ids[0], {"text": "new"}, overlap=3)
    assert client.task(ids[0])["data"] == {"text": "new"}
    assert client.task(ids[0])["overlap"] == 3
    assert client.next_task(project) is not None
    client.delete_tasks(project, [])
    assert client.count(project) == 5
    client.delete_tasks(project, [*ids[1:], 999_999])
    assert [task["id"] for task in client.tasks(project)] == ids[:1]
    client.create_annotation(ids[0], {"result": []})
    assert client.next_task(project) is None

    path = client.upload(project, "그림 1.png", b"\x89PNG", "image/png")
    assert path.startswith("/data/upload/")
    assert path.endswith(".png")
    hook = client.create_webhook(project, "http://127.0.0.1:9/", {"headers": {"X-Secret": "s"}})
    assert [one["headers"] for one in client.webhooks(project)] == [{"X-Secret": "s"}]
    client.delete_webhook(hook["id"])
    assert client.webhooks(project) == []


@pytest.mark.parametrize("kind", ["legacy", "personal"])
def test_every_call_works_on_the_stand_in(kind: str, standin: StandIn) -> None:
    token = standin.token if kind == "legacy" else standin.personal_token
    with LabelStudio(standin.url, token) as client:
        assert client.token_kind == kind
        basic(client)


def test_every_call_works_on_the_real_server(studio: Studio) -> None:
    with LabelStudio(studio.url, studio.token) as client:
        basic(client)
        assert (
            client.backends(client.create_project({"title": "people", "label_config": CONFIG}))
            == []
        )
        assert client.clock is not None
        assert abs(client.clock - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_personal_token_works_on_the_real_server(studio: Studio) -> None:
    token = _personal_token(studio, "personal@example.com")
    with LabelStudio(studio.url, token) as client:
        assert client.token_kind == "personal"
        assert client.whoami()["email"] == "personal@example.com"
        assert client.people()
        assert client.requests == 3  # one of them for an access token
        client._wire.access._current.text = "not.a.token"  # type: ignore[union-attr]
        assert client.healthy()
        assert client.whoami()
        assert client.requests == 7  # 401, a new access token, once more


def _personal_token(studio: Studio, email: str) -> str:
    """A new person's, made as their browser makes it."""
    studio.invite(email, "pw-of-the-tests-1")
    with httpx.Client(base_url=studio.url, timeout=30, trust_env=False) as http:
        http.get("/user/login/")
        form = {"email": email, "password": "pw-of-the-tests-1"}
        form["csrfmiddlewaretoken"] = http.cookies["csrftoken"]
        http.post("/user/login/", data=form, headers={"Referer": studio.url})
        crumbs = {"X-CSRFToken": http.cookies["csrftoken"], "Referer": studio.url}
        return str(http.post("/api/token/", headers=crumbs).raise_for_status().json()["token"])
