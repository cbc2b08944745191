"""One Label Studio server: every call that labelwright makes of it.

Through the SDK where it has the call, else by itself, over the same httpx client (`calling`, `wire`).
What failures mean: `faults`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

from labelwright.connectors.label_studio.calling import Caller, Json
from labelwright.connectors.label_studio.faults import Call, Gone, Unsure, misshapen
from labelwright.connectors.label_studio.filters import Filter
from labelwright.connectors.label_studio.listing import query, stable

__all__ = ["Gone", "LabelStudio", "Unsure"]


class LabelStudio(Caller):
    """One server, as the owner of this token sees it. To be closed, or used in a `with`.

    Every call raises ConnectorError where it did not work: Gone for what is not there, and Unsure
    where a write was sent and may or may not have been done. `retry` of any other error says that
    nothing was done and that the same call may work later.
    """

    # --- the server and its people ----------------------------------------------------------------

    def healthy(self) -> bool:
        """Whether the server says that it is up."""
        return bool(self._get("/health").get("status") == "UP")

    def version(self) -> Json:
        """Versions of the server and its parts; `release` is the server's own."""
        return self._ask(self._sdk.versions.get)

    def whoami(self) -> Json:
        """The token's owner: `id`, `email`, …"""
        return self._ask(self._sdk.users.whoami)

    def people(self) -> dict[int, str]:
        """Email by user id, for everybody in the organisation."""
        return {person["id"]: person["email"] for person in self._ask_all(self._sdk.users.list)}

    # --- projects ---------------------------------------------------------------------------------

    def projects(self) -> list[Json]:
        """All projects that the token's owner sees."""
        found: list[Json] = []
        page: Json = {"next": True}
        while page["next"]:
            number = len(found) // 100 + 1
            page = self._ask(
                self._sdk.projects.list,
                page=number,
                page_size=100,
                ordering="id",
                keys=("next", "results"),
            )
            found += page["results"]
        return found

    def project(self, id: int) -> Json:
        """All settings of this project."""
        return self._ask(self._sdk.projects.get, id)

    def create_project(self, settings: Json) -> int:
        """A new project's id. settings: `title`, `label_config`, …, as the server names them."""
        return int(self._write(self._sdk.projects.create, body=settings, keys=("id",))["id"])

    def update_project(self, id: int, settings: Json) -> Json:
        """Change these settings only; all of them as they are now."""
        return self._write(self._sdk.projects.update, id, body=settings)

    def delete_project(self, id: int) -> None:
        """Delete the project with all that is in it."""
        self._remove(self._sdk.projects.delete, id)

    def validate_config(self, id: int, xml: str) -> None:
        """Raise ConnectorError with the server's words where this project cannot take this config."""
        from labelwright.connectors.label_studio.wire import READS

        address = f"{self.url}/api/projects/{id}/validate/"
        body = {"label_config": xml}
        self._wire.ask(lambda: self._wire.post(address, json=body, extensions=READS), None)

    def next_task(self, project: int) -> Json | None:
        """The task that the server would show to the token's owner now, or None. It locks it."""
        try:
            return self._get(f"/api/projects/{project}/next/")
        except Gone:
            self.project(project)  # raises where it is the project that is gone
            return None

    # --- tasks ------------------------------------------------------------------------------------

    def import_tasks(self, project: int, tasks: Sequence[Json]) -> list[int]:
        """The ids that these tasks got, in order: all or none of them are made. At most 1,000 a call."""
        address = f"{self.url}/api/projects/{project}/import"
        choice = {"return_task_ids": "true"}
        # not through the SDK, which walks through every value of every task
        send = partial(self._wire.post, address, params=choice, json=list(tasks))
        ids: list[int] = self._one(send, ("task_ids",))["task_ids"]
        if len(ids) != len(tasks):
            raise misshapen(Call("POST", address, writes=True), f"the ids of {len(tasks)} tasks")
        return ids

    def tasks(
        self,
        project: int,
        *,
        filters: Sequence[Filter] = (),
        include: str | None = None,
        fields_all: bool = False,
        ordering: Sequence[str] = (),
        page_size: int = 1000,
    ) -> Iterator[Json]:
        """The tasks that pass all filters, each once, also while people work.

        include: names of fields with commas between them, those inside annotations too; else all.
        fields_all: with annotations, drafts and predictions. ordering: a column such as
        `tasks:updated_at`; by id where none is given. Raises ConnectorError where the list does not
        come to rest.
        """
        wanted = {"include": include} if include else {}
        if fields_all:
            wanted["fields"] = "all"

        def page(number: int, more: Sequence[Filter] = ()) -> Json | None:
            asked = query(project, [*filters, *more], ordering)
            asked |= {**wanted, "page": str(number), "page_size": str(page_size)}
            try:
                return self._get("/api/tasks/", asked, "tasks", "total")
            except Gone:
                if number == 1:
                    raise
                return None

        return stable(page, by_id=not ordering)

    def count(self, project: int, filters: Sequence[Filter] = ()) -> int:
        """How many tasks pass all filters."""
        asked = query(project, filters, ()) | {"include": "id", "page_size": "1"}
        return int(self._get("/api/tasks/", asked, "total")["total"])

    def task(self, id: int) -> Json:
        """One task with its annotations and predictions. In these `completed_by` is an object, not an id."""
        return self._ask(self._sdk.tasks.get, str(id))

    def update_task(self, id: int, data: Json | None = None, *, overlap: int | None = None) -> None:
        """Replace the task's data; change how many people it is shown to."""
        body = {"data": data, "overlap": overlap}
        known = {key: value for key, value in body.items() if value is not None}
        self._write(self._sdk.tasks.update, str(id), body=known)

    def delete_tasks(self, project: int, ids: Sequence[int]) -> None:
        """Delete these tasks with their annotations; those already gone are passed over."""
        if ids:  # an empty list would mean all of them
            body = {"selectedItems": {"all": False, "included": list(ids)}}
            self._write(self._sdk.actions.create, id="delete_tasks", project=project, body=body)

    # --- annotations and predictions --------------------------------------------------------------

    def create_annotation(self, task: int, body: Json) -> Json:
        """An annotation of the token's owner. body: `result`, `lead_time`, `was_cancelled`, …"""
        return self._write(self._sdk.annotations.create, task, body=body)

    def update_annotation(self, id: int, body: Json) -> Json:
        """Change these fields of the annotation."""
        return self._write(self._sdk.annotations.update, id, body=body)

    def delete_annotation(self, id: int) -> None:
        """Delete the annotation."""
        self._remove(self._sdk.annotations.delete, id)

    def create_prediction(self, task: int, body: Json) -> Json:
        """A suggestion for the task. body: `result`, `score`, `model_version`."""
        rest = {key: value for key, value in body.items() if key != "result"}
        return self._write(
            self._sdk.predictions.create, task=task, result=body["result"], body=rest
        )

    def import_predictions(self, project: int, predictions: Sequence[Json]) -> int:
        """How many suggestions were made. Each: `task`, `result`, `score`, `model_version`."""
        made = self._write(
            self._sdk.projects.import_predictions,
            project,
            request=list(predictions),
            keys=("created",),
        )
        return int(made["created"])

    # --- files ------------------------------------------------------------------------------------

    def upload(self, project: int, name: str, content: bytes, type: str) -> str:
        """The path on this server from which annotators' browsers load this file. type: its MIME type."""
        address = f"{self.url}/api/projects/{project}/import"
        files = {"file": (name, content, type)}
        choice = {"commit_to_project": "false"}
        send = partial(self._wire.post, address, params=choice, files=files)
        id = self._one(send, ("file_upload_ids",))["file_upload_ids"][0]
        file = self._get(f"/api/import/file-upload/{id}", None, "file")["file"]
        return f"{urlsplit(self.url).path}/data/{file}"

    # --- webhooks and ML backends -----------------------------------------------------------------

    def webhooks(self, project: int) -> list[Json]:
        """The project's webhooks."""
        return self._ask_all(self._sdk.webhooks.list, project=str(project))

    def create_webhook(self, project: int, url: str, body: Json) -> Json:
        """Have the server call this address. body: `actions`, `headers`, `send_payload`, …"""
        return self._write(self._sdk.webhooks.create, url=url, project=project, body=body)

    def delete_webhook(self, id: int) -> None:
        """Take the webhook away."""
        self._remove(self._sdk.webhooks.delete, id)

    def backends(self, project: int) -> list[Json]:
        """The project's ML backends."""
        return self._ask_all(self._sdk.ml.list, project=project)

    def add_backend(self, project: int, url: str, body: Json) -> Json:
        """Connect an ML backend. The server calls it at once. body: `title`, `is_interactive`, …"""
        return self._write(self._sdk.ml.create, project=project, url=url, body=body)

    def remove_backend(self, id: int) -> None:
        """Take the ML backend away."""
        self._remove(self._sdk.ml.delete, id)
