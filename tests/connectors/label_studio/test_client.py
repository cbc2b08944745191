"""The client against the stand-in and the real server, with every fault of a network in between."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina

from labelwright.connectors.label_studio.client import Gone, LabelStudio, Unsure
from labelwright.connectors.label_studio.filters import after, equal, in_list
from labelwright.loop.errors import ConnectorError

from .faulty import COMMITTED, WRITE_FAULTS, Fault, Kind
from .proxy import Proxy
from .standin import StandIn, choice

if TYPE_CHECKING:
    from tests.studio_server import Studio

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    '<Choice value="A"/><Choice value="B"/></Choices></View>'
)
IMPORT = r"/import$"
TRIES = 4
BRIEF, LONG = 0.7, 20.0  # seconds: timeouts of a client that is to run into it, and of any other
SLOW = 3.0  # seconds: an answer that comes too late for a brief one


def timeout(request: pytest.FixtureRequest) -> float:
    """Brief where the test's fault keeps the client waiting."""
    parameters = getattr(getattr(request.node, "callspec", None), "params", {})
    return BRIEF if parameters.get("kind") in ("late", "slow") else LONG


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


def rows(count: int, batch: str = "b") -> list[dict[str, object]]:
    return [{"data": {"text": f"t{n}", "lw_uid": f"u{n}", "lw_batch": batch}} for n in range(count)]


def held(standin: StandIn) -> int:
    return len(standin.memory.tasks)


def quiet(error: BaseException, *tokens: str) -> None:
    """No token in the error, in its traceback with all variables, nor in errors that hang on to it."""
    told = [str(error), repr(error), *map(str, error.args)]
    if isinstance(error, ConnectorError):
        told += [error.message, error.remedy]
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    told += ["".join(shown.format(chain=True)).replace(repr(tokens), "")]
    for token in tokens:
        assert not any(token in text for text in told)
    for hanging in (error.__cause__, error.__context__):
        assert not isinstance(hanging, httpx.HTTPError)


# --- what the calls do ----------------------------------------------------------------------------


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


# --- writes ---------------------------------------------------------------------------------------


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


# --- reads ----------------------------------------------------------------------------------------


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


# --- tokens ---------------------------------------------------------------------------------------


def test_an_access_token_is_used_while_it_is_good(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    for _ in range(3):
        personal.project(project)
    assert personal.requests == 4
    assert standin.plan.count("POST", "/token/refresh/") == 1


def test_an_access_token_is_renewed_before_its_end(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    standin.tokens.life = 10
    personal.project(project)
    personal.project(project)
    assert standin.plan.count("POST", "/token/refresh/") == 2


def test_many_threads_renew_once(personal: LabelStudio, standin: StandIn, project: int) -> None:
    threads = [threading.Thread(target=personal.project, args=(project,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert standin.plan.count("POST", "/token/refresh/") == 1
    assert personal.requests == 9


def test_a_token_that_ends_in_the_middle_is_renewed_and_the_write_sent_once_more(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    personal.project(project)
    standin.tokens.expire()
    assert personal.import_tasks(project, rows(3)) == [1, 2, 3]
    assert personal.requests == 5
    assert held(standin) == 3


def test_a_token_that_is_refused_twice_is_an_error(
    personal: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(Fault("unauthorised", path=IMPORT, times=9))
    with pytest.raises(ConnectorError, match="401") as raised:
        personal.import_tasks(project, rows(3))
    quiet(raised.value, standin.personal_token)
    assert not raised.value.retry
    assert "Personal Access Token" in raised.value.remedy
    assert proxy.plan.count("POST", IMPORT) == 2


def test_a_legacy_token_that_is_refused_is_an_error_at_once(
    proxy: Proxy, standin: StandIn, project: int
) -> None:
    with LabelStudio(proxy.url, "f" * 40) as client:
        with pytest.raises(ConnectorError, match="401: Invalid token") as raised:
            client.project(project)
        assert not raised.value.retry
        assert client.requests == 1


def test_a_revoked_personal_token_is_an_error(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    standin.tokens.revoke()
    with pytest.raises(
        ConnectorError, match=r"/api/token/refresh/: .* 401: Token is invalid"
    ) as raised:
        personal.import_tasks(project, rows(3))
    quiet(raised.value, standin.personal_token)
    assert not raised.value.retry
    assert held(standin) == 0


@pytest.mark.parametrize("kind", [*WRITE_FAULTS, "error_before", "busy"])
def test_a_fault_while_renewing_makes_no_write_unsure(
    kind: Kind, personal: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    seconds = SLOW if kind == "slow" else 0.01
    proxy.plan.add(Fault(kind, path="/token/refresh/", seconds=seconds))
    assert personal.import_tasks(project, rows(3)) == [1, 2, 3]
    assert held(standin) == 3
    standin.tokens.expire()
    proxy.plan.add(Fault(kind, path="/token/refresh/", times=99, seconds=seconds))
    with pytest.raises(ConnectorError, match="/api/token/refresh/") as raised:
        personal.import_tasks(project, rows(3))
    quiet(raised.value, standin.personal_token)
    assert not isinstance(raised.value, Unsure)
    assert raised.value.retry
    assert held(standin) == 3


def test_a_server_that_repeats_the_token_is_not_quoted(standin: StandIn) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        said = {"detail": f"no such token: {request.headers['authorization']}\x1b[31m\nreally"}
        return httpx.Response(403, json=said)

    transport = httpx.MockTransport(answer)
    with LabelStudio(standin.url, standin.token, transport=transport) as client:
        with pytest.raises(ConnectorError) as raised:
            client.whoami()
        assert str(raised.value).endswith("403: no such token: Token [token] [31m really")
        quiet(raised.value, standin.token)


def test_no_token_is_shown_or_logged(
    personal: LabelStudio, standin: StandIn, project: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    standin.plan.add(Fault("drop_after", path="/projects/"))
    personal.project(project)
    assert caplog.records
    shown = [repr(personal), repr(vars(personal)), repr(vars(personal._wire.access))]
    shown += [record.getMessage() + repr(vars(record)) for record in caplog.records]
    for token in personal._wire.access.secrets():
        assert len(token) > 100
        assert not any(token in text for text in shown)


@pytest.mark.parametrize("token", ["", "  ", "two words", "ключ", "line\nbreak"])
def test_what_cannot_be_a_token_is_refused(token: str) -> None:
    with pytest.raises(ConnectorError, match="the token of Label Studio is empty, or holds"):
        LabelStudio("http://127.0.0.1:1", token)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://two words/",
        "http://[::1",
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "http://host:99999",
        "http://host/?a=b",
    ],
)
def test_what_cannot_be_an_address_is_refused(url: str) -> None:
    with pytest.raises(ConnectorError, match="the address of Label Studio is not one of the form"):
        LabelStudio(url, "token")


def test_an_address_with_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ConnectorError, match="holds a user or a password") as raised:
        LabelStudio("http://me:pass-word@host", "token")
    assert "pass-word" not in str(raised.value)
