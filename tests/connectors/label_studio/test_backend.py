"""The ML backend: asked by hand, and by a real Label Studio."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from labelwright.connectors.label_studio import backend
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.connecting import TITLE, connect
from labelwright.connectors.label_studio.hosting import hosted
from labelwright.loop.errors import ConnectorError, StoreError
from tests.studio_server import Studio

SECRET = "a-secret-of-the-tests"
CANARY = "canary0123456789canary0123456789canary01"
VERSION = "t round 3"
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    '<Choice value="Warm" alias="Warm"/><Choice value="Cold" alias="Cold"/></Choices></View>'
)


def predict(uids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A model that finds what has `warm` in its name warm, and knows nothing of `hidden`."""
    if "broken" in uids:
        raise StoreError("the store cannot be read", "mend it")
    return {
        uid: {
            "model_version": VERSION,
            "score": 0.75,
            "result": [
                {
                    "from_name": "label",
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": ["Warm" if "warm" in uid else "Cold"]},
                }
            ],
        }
        for uid in uids
        if "hidden" not in uid
    }


def app_for(project: int | None = None, secret: str = SECRET) -> Any:
    return backend.app(
        backend.by_uid(predict),
        versions=lambda: ["t round 2", VERSION],
        train=lambda: "labelwright run t.task",
        project=lambda: project,
        secret=secret,
    )


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with hosted(app_for(project=12)) as url:
        yield url


@pytest.fixture(scope="module")
def anybody(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def asking(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, auth=(backend.USER, SECRET), trust_env=False) as client:
        yield client


ROUTES = [
    ("GET", "/"),
    ("POST", "/setup"),
    ("POST", "/predict"),
    ("POST", "/webhook"),
    ("POST", "/train"),
    ("GET", "/versions"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_for_the_secret(anybody: httpx.Client, method: str, path: str) -> None:
    pair = base64.b64encode(f"{backend.USER}:{SECRET}".encode()).decode()
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": "Basic"},
        {"Authorization": f"Basic {pair}!"},
        {"Authorization": f"Bearer {pair}"},
        {"Authorization": "Basic " + base64.b64encode(f"{backend.USER}:".encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(f"someone:{SECRET}".encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xfe").decode()},
    ]
    for headers in wrong:
        answer = anybody.request(method, path, headers=headers, json={})
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert SECRET not in answer.text


def test_health_is_open_to_all_and_nothing_else_is_there(anybody: httpx.Client) -> None:
    assert anybody.get("/health").json() == {"status": "UP"}
    assert anybody.get("/nothing").status_code == 404
    assert anybody.get("/predict").status_code == 405


def test_tasks_that_are_not_ours_get_nothing_and_every_task_has_its_place(
    asking: httpx.Client,
) -> None:
    tasks = [
        {"id": 1, "data": {"lw_uid": "warm"}},
        {"id": 2, "data": {"text": "somebody else's"}},
        {"id": 3, "data": {"lw_uid": 3}},
        {"id": 4, "data": "https://example.com/1.txt"},
        "no task",
        {"id": 6, "data": {"lw_uid": "hidden"}},
        {"id": 7, "data": {"lw_uid": "\udcff"}},
        {"id": 8, "data": {"lw_uid": "cold"}},
    ]
    body = json.dumps({"tasks": tasks, "project": "12.1716900000", "label_config": CONFIG})
    told = asking.post("/predict", content=body).raise_for_status().json()
    assert [len(result) for result in told["results"]] == [1, 0, 0, 0, 0, 0, 1, 1]
    assert told["results"][0] == [predict(["warm"])["warm"]]
    assert told["model_version"] == VERSION
    assert asking.post("/predict", json={"tasks": []}).json()["results"] == []


def test_what_else_label_studio_calls(asking: httpx.Client) -> None:
    setup = {"project": "12.1716900000", "schema": CONFIG, "access_token": CANARY}
    assert asking.post("/setup", json=setup).json()["model_version"] == VERSION
    assert asking.get("/").json()["model_version"] == VERSION
    assert asking.get("/versions").json() == {"versions": ["t round 2", VERSION]}
    assert asking.post("/train", json={}).json() == {"job": "labelwright run t.task"}
    start = {"action": "START_TRAINING", "project": {"id": 12}}
    assert asking.post("/webhook", json=start).json() == {"job": "labelwright run t.task"}
    assert asking.post("/webhook", json={"action": "ANNOTATION_CREATED"}).json() == {}


def test_what_cannot_be_read_is_refused_in_words(asking: httpx.Client) -> None:
    def refused(status: int, content: Any, path: str = "/predict") -> str:
        answer = asking.post(path, content=content)
        assert answer.status_code == status
        return str(answer.json()["error"])

    assert refused(400, b"{") == "the body is no JSON"
    assert refused(400, b"\xff\xfe\xff") == "the body is no JSON"
    assert refused(400, b"[" * 200_000) == "the body is no JSON"
    assert refused(400, b"[]") == "the body is no JSON object"
    assert refused(400, b'{"tasks": {}}') == "the body holds no list of tasks"
    long = b" " * (backend.MOST_BYTES + 1)
    assert "longer than" in refused(413, long)
    assert "longer than" in refused(413, iter([long]))  # in pieces, its length not told
    assert "project 12 only" in refused(409, b'{"project": "13.1", "tasks": []}')
    assert refused(503, b'{"tasks": [{"data": {"lw_uid": "broken"}}]}') == (
        "the store cannot be read"
    )


def test_a_token_that_was_sent_is_neither_told_nor_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    setup = {"project": "13.1", "access_token": CANARY, "extra_params": {"token": CANARY}}
    told = []
    with hosted(app_for(project=12)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        for auth in (None, (backend.USER, SECRET)):
            for path in ("/setup", "/predict", "/train", "/webhook", f"/{CANARY}"):
                bodies = (json.dumps(setup), json.dumps(setup)[:-1])
                told += [client.post(path, content=body, auth=auth).text for body in bodies]
    told += [record.getMessage() for record in caplog.records if "httpx" not in record.name]
    out, errors = capfd.readouterr()
    assert not [text for text in [*told, out, errors] if CANARY in text or SECRET in text]


# --- a real server -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[LabelStudio]:
    with LabelStudio(studio.url, studio.token) as client:
        yield client


@pytest.fixture
def project(client: LabelStudio) -> Iterator[int]:
    settings = {
        "title": "backend",
        "label_config": CONFIG,
        "show_collab_predictions": True,
        "sampling": "Sequential sampling",
    }
    number = client.create_project(settings)
    yield number
    client.delete_project(number)


def test_a_real_server_connects_asks_and_shows(
    client: LabelStudio,
    project: int,
    studio: Studio,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    uids = ["warm", "hidden", "cold", ""]
    ids = client.import_tasks(
        project, [{"data": {"text": uid, "lw_uid": uid} if uid else {"text": "-"}} for uid in uids]
    )
    with hosted(app_for(project)) as url:
        assert connect(client, project, url, SECRET)
        assert not connect(client, project, url, SECRET)
        (found,) = client.backends(project)
        assert (found["state"], found["model_version"]) == ("CO", VERSION)
        assert found["title"] == TITLE
        assert client.webhooks(project) == []

        first = client.task(ids[0])  # opening a task asks for it
        assert [p["result"][0]["value"]["choices"] for p in first["predictions"]] == [["Warm"]]
        assert (first["predictions"][0]["model_version"], first["predictions"][0]["score"]) == (
            VERSION,
            0.75,
        )
        with studio.client() as owner:  # what `Retrieve Predictions` in the data manager does
            action = {"id": "retrieve_tasks_predictions", "project": project}
            everything = {"selectedItems": {"all": True, "excluded": []}}
            owner.post("/api/dm/actions", params=action, json=everything).raise_for_status()
            train = owner.post(f"/api/ml/{found['id']}/train", json={})
            assert train.status_code == 200
            versions = owner.get(f"/api/ml/{found['id']}/versions").json()
        assert versions["versions"] == ["t round 2", VERSION]
        tasks = {t["id"]: t for t in client.tasks(project, fields_all=True)}
        assert [len(tasks[id]["predictions"]) for id in ids] == [1, 0, 1, 0]
        settings = client.project(project)
        assert (settings["model_version"] or "", settings["sampling"]) == (
            "",
            "Sequential sampling",
        )
        served = client.next_task(project)
        assert served is not None
        assert served["id"] == ids[0]

    with hosted(app_for(project)) as url:  # at another address
        assert connect(client, project, url, SECRET)
        assert [b["url"] for b in client.backends(project)] == [url]
    said = "".join([caplog.text, *capfd.readouterr()])
    assert studio.token not in said  # which the server has sent with every /setup
    assert SECRET not in said


def test_a_server_with_another_secret_is_refused(client: LabelStudio, project: int) -> None:
    with hosted(app_for(project)) as url:
        with pytest.raises(ConnectorError) as refused:
            connect(client, project, url, "another-secret-of-the-tests")
        assert "401" in refused.value.message
        assert client.backends(project) == []
    assert "another-secret" not in str(refused.value)
