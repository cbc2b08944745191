"""The stand-in answers as the real server does: the same calls, the same codes, fields and types."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from .standin import StandIn, choice

if TYPE_CHECKING:
    from tests.studio_server import Studio

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    '<Choice value="A"/><Choice value="B"/></Choices></View>'
)
RESULT = choice("label", "A")
GONE = 999_999
Said = dict[str, tuple[int, Any]]  # by call: status and JSON


def conversation(http: httpx.Client) -> Said:
    """The calls that labelwright makes, with everything that may come back."""
    said: Said = {}

    def ask(name: str, method: str, path: str, **options: Any) -> Any:
        answer = http.request(method, path, **options)
        is_page = answer.text.lstrip().startswith("<")
        body = "page" if is_page else json.loads(answer.text) if answer.text else None
        said[name] = (answer.status_code, body)
        return body

    def listing(name: str, *rules: tuple[str, str, str, Any], **options: Any) -> Any:
        items = [
            {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}
            for column, operator, kind, value in rules
        ]
        query = {"filters": {"conjunction": "and", "items": items}}
        query |= {"ordering": options.pop("ordering", [])}
        params = {"project": str(project), "query": json.dumps(query), **options}
        return ask(name, "GET", "/api/tasks/", params=params)

    ask("health", "GET", "/health")
    ask("whoami", "GET", "/api/current-user/whoami")
    ask("users", "GET", "/api/users/")
    ask("refresh a wrong token", "POST", "/api/token/refresh/", json={"refresh": "x"})
    ask("refresh nothing", "POST", "/api/token/refresh/", json={})
    bad = {"Authorization": "Token bad"}
    ask("a wrong token", "GET", "/api/projects/", headers=bad)
    ask("a wrong access token", "GET", "/api/projects/", headers={"Authorization": "Bearer bad"})
    settings = {"title": "contract", "label_config": CONFIG, "maximum_annotations": 2}
    project = ask("create project", "POST", "/api/projects/", json=settings)["id"]
    here = f"/api/projects/{project}"
    ask("create a broken project", "POST", "/api/projects/", json={"label_config": "<View>"})
    ask("create a project with no name", "POST", "/api/projects/", json={"title": "p"})
    ask("project", "GET", f"{here}/")
    ask("projects", "GET", "/api/projects/?page=1&page_size=1&ordering=id")["next"] = "as may be"
    ask("projects past the end", "GET", "/api/projects/?page=9999&page_size=100")
    ask("no project", "GET", f"/api/projects/{GONE}/")
    ask("update project", "PATCH", f"{here}/", json={"maximum_annotations": 1})
    ask("update project badly", "PATCH", f"{here}/", json={"maximum_annotations": "x"})
    ask("validate", "POST", f"{here}/validate/", json={"label_config": CONFIG})
    ask("validate broken", "POST", f"{here}/validate/", json={"label_config": "<View>"})
    ask("validate nothing", "POST", f"{here}/validate/", json={})
    ask(
        "validate nowhere", "POST", f"/api/projects/{GONE}/validate/", json={"label_config": CONFIG}
    )

    rows = [{"data": {"text": f"t{n}", "lw_uid": f"u{n}", "lw_batch": "b"}} for n in range(5)]
    rows[4]["predictions"] = [{"result": RESULT, "score": 0.5, "model_version": "m"}]  # type: ignore[assignment]
    ids = ask("import", "POST", f"{here}/import?return_task_ids=true", json=rows)["task_ids"]
    said["import gives ascending ids"] = (0, [ids == sorted(ids), len(set(ids))])
    ask("import without ids", "POST", f"{here}/import", json=[{"text": "bare"}])
    ask("import nothing", "POST", f"{here}/import", json=[])
    ask("import what does not fit", "POST", f"{here}/import", json=[{"data": {"other": "x"}}])
    ask("import nowhere", "POST", f"/api/projects/{GONE}/import", json=rows)
    upload = f"{here}/import?commit_to_project=false"
    picture = ("a picture.png", b"x", "image/png")
    file = ask("upload", "POST", upload, files={"file": picture})["file_upload_ids"][0]
    ask("upload a program", "POST", upload, files={"file": ("x.exe", b"x", "image/png")})
    ask("file", "GET", f"/api/import/file-upload/{file}")
    ask("no file", "GET", f"/api/import/file-upload/{GONE}")

    ask("next", "GET", f"{here}/next/")
    listing("list")
    listing("list pages", page="2", page_size="2")
    listing("list past the end", page="9", page_size="2")
    listing("list by batch", ("data.lw_batch", "equal", "String", "b"))
    listing("list by uid", ("data.lw_uid", "in_list", "List", ["u1", "u3"]), include="id,data")
    listing("list of none", ("data.lw_uid", "in_list", "List", ["no"]))
    listing("list after an id", ("id", "greater", "Number", ids[3]), include="id")
    listing("list unknown", ("nonsense", "equal", "String", "b"))
    listing("list backwards", ordering=["-tasks:id"], include="data")
    ask("list no query", "GET", f"/api/tasks/?project={project}&query=x")
    ask("list no project", "GET", f"/api/tasks/?project={GONE}")
    before = max(task["updated_at"] for task in listing("when", include="updated_at")["tasks"])

    def moved(name: str) -> None:
        """Which of the tasks count as changed since the last time."""
        nonlocal before
        found = listing(
            f"{name}: when", ("updated_at", "greater", "Datetime", before), fields="all"
        )
        said[f"{name}: what moved"] = (0, [ids.index(task["id"]) for task in found["tasks"]])
        before = max([before, *(task["updated_at"] for task in found["tasks"])])

    def counts() -> list[int]:
        """How much the project says is in it."""
        whole = http.get(f"{here}/").json()
        kinds = ("total_annotations_number", "skipped_annotations_number")
        return [whole[name] for name in ("task_number", *kinds)]

    first = f"/api/tasks/{ids[0]}"
    body = {"result": RESULT, "lead_time": 3, "was_cancelled": False}
    made = ask("annotate", "POST", f"{first}/annotations/", json=body)["id"]
    moved("annotate")
    skip = {"result": [], "was_cancelled": True}
    ask("skip", "POST", f"{first}/annotations/", json=skip)
    moved("skip")
    ask("annotate with nothing", "POST", f"/api/tasks/{ids[1]}/annotations/", json={})
    moved("annotate with nothing")
    ask("annotate badly", "POST", f"{first}/annotations/", json={"result": "x"})
    ask("annotate nowhere", "POST", f"/api/tasks/{GONE}/annotations/", json=body)
    ask("edit", "PATCH", f"/api/annotations/{made}/", json={"result": choice("label", "B")})
    moved("edit")
    said["counts"] = (0, counts())
    ask("edit nothing", "PATCH", f"/api/annotations/{GONE}/", json={})
    prediction = {"task": ids[2], "result": RESULT, "score": 0.25, "model_version": "n"}
    ask("predict", "POST", "/api/predictions/", json=prediction)
    moved("predict")
    ask("predict nowhere", "POST", "/api/predictions/", json={**prediction, "task": GONE})
    ask("import predictions", "POST", f"{here}/import/predictions", json=[prediction])
    moved("import predictions")
    astray = [{**prediction, "task": GONE}]
    ask("import predictions nowhere", "POST", f"{here}/import/predictions", json=astray)
    listing("list in full", fields="all")
    listing("list in part", fields="all", include="id,annotations,result,completed_by")
    ask("task", "GET", f"{first}/")
    ask("no task", "GET", f"/api/tasks/{GONE}/")
    ask("update task", "PATCH", f"{first}/", json={"data": {"text": "new"}})
    moved("update task")
    ask("update overlap", "PATCH", f"{first}/", json={"overlap": 3})
    ask("next again", "GET", f"{here}/next/")
    ask("remove", "DELETE", f"/api/annotations/{made}/")
    moved("remove")
    ask("remove again", "DELETE", f"/api/annotations/{made}/")

    given = ask("annotate once more", "POST", f"/api/tasks/{ids[2]}/annotations/", json=body)["id"]
    ask("move", "PATCH", f"/api/annotations/{given}/", json={"task": ids[3]})
    now = http.get(f"/api/tasks/?project={project}&fields=all").json()["tasks"]
    said["what moved where"] = (0, [[a["id"] == given for a in t["annotations"]] for t in now])
    later = [task["id"] in ids[3:] and task["updated_at"] > before for task in now]
    said["the move touches where it goes"] = (0, later)
    said["counts after moving"] = (0, counts())

    hook = {"url": "http://127.0.0.1:9/", "project": project, "send_for_all_actions": False}
    hook |= {"actions": ["ANNOTATION_CREATED"]}
    hooked = ask("add webhook", "POST", "/api/webhooks/", json=hook)["id"]
    ask("webhooks", "GET", f"/api/webhooks/?project={project}")
    ask("remove webhook", "DELETE", f"/api/webhooks/{hooked}/")
    ask("remove webhook again", "DELETE", f"/api/webhooks/{hooked}/")

    act = f"/api/dm/actions/?id=delete_tasks&project={project}"
    chosen = {"selectedItems": {"all": False, "included": [ids[1], GONE]}}
    ask("delete tasks", "POST", act, json=chosen)
    ask("delete tasks again", "POST", act, json=chosen)
    last = ask("what is left", "GET", f"/api/tasks/?project={project}&include=id")["tasks"][-1][
        "id"
    ]
    ask("delete the last", "POST", act, json={"selectedItems": {"all": False, "included": [last]}})
    ask("import again", "POST", f"{here}/import?return_task_ids=true", json=rows[:1])
    ask("delete project", "DELETE", f"{here}/")
    ask("delete project again", "DELETE", f"{here}/")
    ask("nothing", "GET", "/nothing")
    return said


def shape(value: Any) -> Any:
    """Fields and types, values left out; a list is what its members are."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        kinds = {json.dumps(shape(one), sort_keys=True): shape(one) for one in value}
        return [kinds[key] for key in sorted(kinds)]
    return type(value).__name__


# Free in form: chosen by people, or about parts of the server that labelwright does not look at.
_LOOSE = {"project", "create project", "update project", "projects", "whoami", "users"}


def _comparable(name: str, heard: tuple[int, Any], other: tuple[int, Any]) -> tuple[int, Any]:
    """What must be equal: code, and fields with types; of projects and people, what both show."""
    status, body = heard
    if status == 0:
        return heard
    if name in _LOOSE and status < 300:
        return status, shape(_common(body, other[1]))
    return status, shape(body)


def _common(value: Any, other: Any) -> Any:
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: _common(value[key], other[key]) for key in value if key in other}
    if isinstance(value, list) and isinstance(other, list):
        return [_common(value[0], other[0])] if value and other else []
    return value


@pytest.fixture(scope="module")
def here() -> Iterator[Said]:
    with StandIn() as server, _http(server.url, server.token) as http:
        yield conversation(http)


@pytest.fixture(scope="module")
def there(studio: Studio) -> Iterator[Said]:
    with _http(studio.url, studio.token) as http:
        yield conversation(http)


def _http(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Token {token}"}, timeout=30)


def test_answers_as_the_real_server_does(here: Said, there: Said) -> None:
    assert list(here) == list(there)
    ours = {name: _comparable(name, here[name], there[name]) for name in here}
    theirs = {name: _comparable(name, there[name], here[name]) for name in here}
    different = [name for name in ours if ours[name] != theirs[name]]
    assert _lines(ours, different) == _lines(theirs, different)


def _lines(said: Said, names: list[str]) -> list[str]:
    return [f"{n}: {line}" for n in names for line in json.dumps(said[n], indent=1).splitlines()]


def test_the_comparison_sees_a_difference(here: Said) -> None:
    status, body = here["list"]
    assert _comparable("list", (status, body), (status, body)) != _comparable(
        "list", (status, {**body, "total": "5"}), (status, body)
    )
