"""The calls of Label Studio that the stand-in answers, and who may make them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from .standin_data import VERSION, Json, Memory, Refused, check_config, filtered
from .standin_shapes import brief, editors, listed, only, person, shown
from .standin_tokens import Tokens

Answer = tuple[int, Any]
Handler = Callable[[Request, bytes, int], Answer]


def make_app(memory: Memory, tokens: Tokens) -> Starlette:
    """The application. Every call is one step under the memory's lock."""
    calls = Calls(memory)

    def route(path: str, method: str, handler: Handler, *, open_to_all: bool = False) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                with memory.lock:
                    user = (
                        0 if open_to_all else tokens.owner(request.headers.get("authorization", ""))
                    )
                    status, found = handler(request, body, user)
            except Refused as refused:
                return _refusal(refused)
            return Response(status_code=204) if status == 204 else JSONResponse(found, status)

        return Route(path, endpoint, methods=[method])

    def refresh(request: Request, body: bytes, user: int) -> Answer:
        return 200, {"access": tokens.refresh(json.loads(body).get("refresh"))}

    def missing(request: Request, error: Exception) -> Response:
        return HTMLResponse("<!doctype html><html><body>404</body></html>", 404)

    p, t, a = "/api/projects/{id:int}", "/api/tasks/{id:int}", "/api/annotations/{id:int}"
    return Starlette(
        routes=[
            route("/health", "GET", calls.health, open_to_all=True),
            route("/api/version", "GET", calls.version, open_to_all=True),
            route("/api/token/refresh/", "POST", refresh, open_to_all=True),
            route("/api/current-user/whoami", "GET", calls.whoami),
            route("/api/users/", "GET", calls.users),
            route("/api/projects/", "GET", calls.projects),
            route("/api/projects/", "POST", calls.create_project),
            route(f"{p}/", "GET", calls.project),
            route(f"{p}/", "PATCH", calls.update_project),
            route(f"{p}/", "DELETE", calls.delete_project),
            route(f"{p}/validate/", "POST", calls.validate),
            route(f"{p}/next/", "GET", calls.next),
            route(f"{p}/import", "POST", calls.import_),
            route(f"{p}/import/predictions", "POST", calls.import_predictions),
            route("/api/import/file-upload/{id:int}", "GET", calls.file),
            route("/api/tasks/", "GET", calls.tasks),
            route(f"{t}/", "GET", calls.task),
            route(f"{t}/", "PATCH", calls.update_task),
            route(f"{t}/annotations/", "POST", calls.annotate),
            route(f"{a}/", "PATCH", calls.edit),
            route(f"{a}/", "DELETE", calls.remove),
            route("/api/predictions/", "POST", calls.predict),
            route("/api/dm/actions/", "POST", calls.act),
            route("/api/ml/", "GET", calls.backends),
            route("/api/webhooks/", "GET", calls.hooks),
            route("/api/webhooks/", "POST", calls.add_hook),
            route("/api/webhooks/{id:int}/", "DELETE", calls.remove_hook),
        ],
        exception_handlers={404: missing},
    )


def _refusal(refused: Refused) -> Response:
    if refused.status == 404 and refused.detail == "page":
        return HTMLResponse("<!doctype html><html><body>404</body></html>", 404)
    body: Json = {"id": secrets.token_hex(16), "status_code": refused.status, "version": VERSION}
    if isinstance(refused.detail, dict):
        body |= {
            "detail": "Validation error",
            "exc_info": None,
            "validation_errors": refused.detail,
        }
    else:
        body |= {"detail": refused.detail, "exc_info": None}
    return JSONResponse(body, refused.status)


class Calls:
    """One method a call: the request, its body, whose it is -> status and JSON."""

    def __init__(self, memory: Memory) -> None:
        self.m = memory

    def health(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, {"status": "UP"}

    def version(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, {"release": VERSION, "edition": "Community"}

    def whoami(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, person(self.m, user)

    def users(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, [person(self.m, id) for id in self.m.people]

    # --- projects ---------------------------------------------------------------------------------

    def projects(self, request: Request, body: bytes, user: int) -> Answer:
        found = sorted(self.m.projects.values(), key=lambda one: one["id"])
        page, following = _page(found, request, 30)
        near = str(request.url.include_query_params(page=following)) if following else None
        return 200, {"count": len(found), "next": near, "previous": None, "results": page}

    def create_project(self, request: Request, body: bytes, user: int) -> Answer:
        return 201, self.m.create_project(user, json.loads(body))

    def project(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, self.m.project(_id(request)) | self.m.counts(_id(request))

    def update_project(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, self.m.update_project(_id(request), json.loads(body))

    def delete_project(self, request: Request, body: bytes, user: int) -> Answer:
        self.m.delete_project(_id(request))
        return 204, None

    def validate(self, request: Request, body: bytes, user: int) -> Answer:
        self.m.project(_id(request))
        check_config(json.loads(body).get("label_config", ""))
        return 200, {"config_essential_data_has_changed": None}

    def next(self, request: Request, body: bytes, user: int) -> Answer:
        project = self.m.project(_id(request))
        for task in self._tasks_of(project["id"]):
            done = self.m.annotations_of(task["id"])
            counted = [one for one in done if not one["was_cancelled"]]
            mine = any(one["completed_by"] == user for one in done)
            if not mine and len(counted) < task["overlap"]:
                lock = {"unique_lock_id": secrets.token_hex(16), "queue": "Sequence queue"}
                return 200, shown(self.m, task, full=False) | {"updated_by": editors(task)} | lock
        raise Refused(
            404, "There are still some tasks to complete for the user, but they seem locked"
        )

    # --- tasks ------------------------------------------------------------------------------------

    def import_(self, request: Request, body: bytes, user: int) -> Answer:
        id = _id(request)
        if id not in self.m.projects:
            raise Refused(404, "page")
        if request.query_params.get("commit_to_project") == "false":
            return 201, self._upload(id, body)
        rows = json.loads(body)
        ids = self.m.import_tasks(user, id, rows)
        answer = {
            "task_count": len(ids),
            "annotation_count": sum(len(row.get("annotations", [])) for row in rows),
            "prediction_count": sum(len(row.get("predictions", [])) for row in rows),
            "duration": 0.01,
            "file_upload_ids": [],
            "could_be_tasks_list": False,
            "found_formats": [],
            "data_columns": [],
        }
        if request.query_params.get("return_task_ids") == "true":
            answer["task_ids"] = ids
        return 201, answer

    def _upload(self, project: int, body: bytes) -> Json:
        name = body.split(b'filename="', 1)[1].split(b'"', 1)[0].decode()
        end = "." + name.rpartition(".")[2].lower()
        if end not in (".png", ".jpg", ".jpeg", ".gif", ".txt", ".json", ".csv"):
            raise Refused(400, {"non_field_errors": [f"{end} extension is not supported"]})
        id = max(self.m.files, default=0) + 1
        stored = f"upload/{project}/{secrets.token_hex(4)}-{name.replace(' ', '_')}"
        self.m.files[id] = {"id": id, "file": stored, "size": len(body)}
        return {
            "task_count": 1,
            "annotation_count": None,
            "prediction_count": None,
            "duration": 0.01,
            "file_upload_ids": [id],
            "could_be_tasks_list": False,
            "found_formats": {end: 1},
            "data_columns": ["$undefined$"],
        }

    def file(self, request: Request, body: bytes, user: int) -> Answer:
        if _id(request) not in self.m.files:
            raise Refused(404, "page")
        return 200, self.m.files[_id(request)]

    def tasks(self, request: Request, body: bytes, user: int) -> Answer:
        project = self.m.project(int(request.query_params.get("project", "0")))
        try:
            query = json.loads(request.query_params.get("query", "{}"))
        except ValueError:
            raise Refused(500, "Expected object or value") from None
        found = filtered(self._tasks_of(project["id"]), query)
        page, _ = _page(found, request, 100)
        full = request.query_params.get("fields") == "all"
        include = request.query_params.get("include")
        every = [one for task in found for one in self.m.annotations_of(task["id"])]
        return 200, {
            "total_annotations": sum(not one["was_cancelled"] for one in every),
            "total_predictions": sum(len(self.m.predictions_of(task["id"])) for task in found),
            "total": len(found),
            "tasks": [only(listed(self.m, task, full=full), include) for task in page],
        }

    def task(self, request: Request, body: bytes, user: int) -> Answer:
        found = listed(self.m, self.m.task(_id(request)), full=True)
        found |= {"annotations_results": "", "predictions_results": ""}
        found["annotations"] = [
            one | {"completed_by": brief(self.m, one["completed_by"])}
            for one in found["annotations"]
        ]
        return 200, found

    def update_task(self, request: Request, body: bytes, user: int) -> Answer:
        task = self.m.update_task(user, _id(request), json.loads(body))
        found = shown(self.m, task, full=True)
        del found["drafts"]
        return 200, found

    def act(self, request: Request, body: bytes, user: int) -> Answer:
        if request.query_params.get("id") != "delete_tasks":
            raise Refused(404, "the stand-in knows no such action")
        chosen = json.loads(body)["selectedItems"]
        project = self.m.project(int(request.query_params["project"]))["id"]
        left = [task["id"] for task in self._tasks_of(project)]
        ids = [id for id in left if id not in chosen.get("excluded", [])]
        gone = self.m.delete_tasks(project, ids if chosen["all"] else chosen["included"])
        return 200, {"processed_items": gone, "reload": False, "detail": f"Deleted {gone} tasks"}

    # --- annotations and predictions --------------------------------------------------------------

    def annotate(self, request: Request, body: bytes, user: int) -> Answer:
        return 201, self.m.new_annotation(user, _id(request), json.loads(body))

    def edit(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, self.m.edit_annotation(user, _id(request), json.loads(body))

    def remove(self, request: Request, body: bytes, user: int) -> Answer:
        self.m.delete_annotation(user, _id(request))
        return 204, None

    def predict(self, request: Request, body: bytes, user: int) -> Answer:
        return 201, self.m.new_prediction(json.loads(body), user)

    def import_predictions(self, request: Request, body: bytes, user: int) -> Answer:
        rows = json.loads(body)
        for row in rows:
            if row["task"] not in self.m.tasks:
                said = f'{row} contains invalid "task" field'
                raise Refused(400, {"non_field_errors": [said]})
        return 201, {"created": len([self.m.new_prediction(row) for row in rows])}

    # --- ML backends and webhooks -----------------------------------------------------------------

    def backends(self, request: Request, body: bytes, user: int) -> Answer:
        return 200, []  # it calls nobody

    def hooks(self, request: Request, body: bytes, user: int) -> Answer:
        project = request.query_params.get("project")
        return 200, [h for h in self.m.hooks.values() if project in (None, str(h["project"]))]

    def add_hook(self, request: Request, body: bytes, user: int) -> Answer:
        id = max(self.m.hooks, default=0) + 1
        made = self.m.now()
        hook = {
            "id": id,
            "organization": 1,
            "project": None,
            "url": "",
            "send_payload": True,
            "send_for_all_actions": True,
            "headers": {},
            "is_active": True,
            "actions": [],
            "created_at": made,
            "updated_at": made,
        }
        self.m.hooks[id] = hook | json.loads(body)
        return 201, self.m.hooks[id]

    def remove_hook(self, request: Request, body: bytes, user: int) -> Answer:
        if self.m.hooks.pop(_id(request), None) is None:
            raise Refused(404, "No Webhook matches the given query.")
        return 204, None

    def _tasks_of(self, project: int) -> list[Json]:
        found = [task for task in self.m.tasks.values() if task["project"] == project]
        return sorted(found, key=lambda task: task["id"])


def _id(request: Request) -> int:
    return int(request.path_params["id"])


def _page(found: list[Json], request: Request, usual: int) -> tuple[list[Json], int | None]:
    """This page and the number of the next one. Raises Refused past the end."""
    size = int(request.query_params.get("page_size", usual))
    number = int(request.query_params.get("page", 1))
    if number > max(1, -(-len(found) // size)):
        raise Refused(404, "Invalid page.")
    last = number * size >= len(found)
    return found[(number - 1) * size : number * size], None if last else number + 1
