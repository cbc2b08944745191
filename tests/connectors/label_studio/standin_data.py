"""What the stand-in for Label Studio holds in memory, and the JSON in which the real server shows it.

Kept to what was seen of version 1.23.2: which calls move `updated_at`, which fields a list shows,
how numbers of deleted tasks are given again (as SQLite does). test_standin.py compares the two.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

Json = dict[str, Any]
VERSION = "1.23.2"


class Refused(Exception):  # noqa: N818 - it says what happened
    """An answer that is no success. detail: a sentence, or errors by field."""

    def __init__(self, status: int, detail: str | Json) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


class Memory:
    """Projects with their tasks, annotations, predictions, files; people and their tokens."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.people: dict[int, str] = {}
        self.projects: dict[int, Json] = {}
        self.tasks: dict[int, Json] = {}
        self.annotations: dict[int, Json] = {}
        self.predictions: dict[int, Json] = {}
        self.files: dict[int, Json] = {}
        self.hooks: dict[int, Json] = {}
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._latest = ""

    def now(self) -> str:
        """The time as the server writes it; never the same twice, so that every change shows."""
        stamp = self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if stamp <= self._latest:
            head, micro = self._latest[:-8], int(self._latest[-7:-1])
            stamp = f"{head}.{micro + 1:06d}Z"
        self._latest = stamp
        return stamp

    def forget_latest(self) -> None:
        """The clock was set: stamps may be earlier than those before."""
        self._latest = ""

    def add_person(self, email: str) -> int:
        """A further person's id."""
        id = _next(self.people)
        self.people[id] = email
        return id

    # --- projects ---------------------------------------------------------------------------------

    def project(self, id: int) -> Json:
        return _found(self.projects, id, "Project")

    def create_project(self, user: int, settings: Json) -> Json:
        if len(settings.get("title", "untitled")) < 3:
            raise Refused(400, {"title": ["Ensure this field has at least 3 characters."]})
        try:
            check_config(settings.get("label_config", "<View></View>"))
        except Refused as refused:
            raise Refused(400, {"label_config": [str(refused.detail)]}) from None
        id = _next(self.projects)
        project = {
            "id": id,
            "title": "",
            "description": "",
            "label_config": "<View></View>",
            "expert_instruction": "",
            "show_instruction": False,
            "show_skip_button": True,
            "enable_empty_annotation": True,
            "organization": 1,
            "color": "#FFFFFF",
            "maximum_annotations": 1,
            "model_version": "",
            "created_by": {"id": user, "email": self.people[user]},
            "created_at": self.now(),
            "show_collab_predictions": True,
            "sampling": "Sequential sampling",
            "skip_queue": "REQUEUE_FOR_OTHERS",
            "reveal_preannotations_interactively": False,
        }
        self.projects[id] = project | settings
        return self.projects[id]

    def update_project(self, id: int, settings: Json) -> Json:
        project = self.project(id)
        if "label_config" in settings:
            check_config(settings["label_config"])
        if not isinstance(settings.get("maximum_annotations", 1), int):
            raise Refused(400, {"maximum_annotations": ["A valid integer is required."]})
        project.update(settings)
        return project

    def delete_project(self, id: int) -> None:
        self.project(id)
        self.delete_tasks(id, [t["id"] for t in self.tasks.values() if t["project"] == id])
        del self.projects[id]

    def counts(self, id: int) -> Json:
        """How much is in a project."""
        own = [one for one in self.annotations.values() if one["project"] == id]
        skipped = sum(one["was_cancelled"] for one in own)
        return {
            "task_number": sum(task["project"] == id for task in self.tasks.values()),
            "total_annotations_number": len(own) - skipped,
            "skipped_annotations_number": skipped,
        }

    # --- tasks ------------------------------------------------------------------------------------

    def import_tasks(self, user: int, project: int, rows: Sequence[Json]) -> list[int]:
        wanted = _columns(self.project(project)["label_config"])
        if not rows:
            raise Refused(400, {"non_field_errors": ["load_tasks: No tasks added"]})
        for number, row in enumerate(rows):
            for name in wanted - set(row.get("data", row)):
                said = f'Error at item {number}: "{name}" key is expected in task data'
                raise Refused(400, {"non_field_errors": [said]})
        return [self._new_task(user, project, row) for row in rows]

    def _new_task(self, user: int, project: int, row: Json) -> int:
        id = _next(self.tasks)
        inner = 1 + max(
            (t["inner_id"] for t in self.tasks.values() if t["project"] == project), default=0
        )
        self.tasks[id] = {
            "id": id,
            "project": project,
            "inner_id": inner,
            "data": row.get("data", row),
            "meta": row.get("meta", {}),
            "overlap": self.projects[project]["maximum_annotations"],
            "created_at": self.now(),
            "updated_at": self.now(),
            "updated_by": None,
            "predictions_score": _mean([p.get("score") for p in row.get("predictions", [])]),
        }
        for prediction in row.get("predictions", []):
            self.new_prediction({**prediction, "task": id})
        for annotation in row.get("annotations", []):
            self.new_annotation(user, id, annotation)
        return id

    def task(self, id: int) -> Json:
        return _found(self.tasks, id, "Task")

    def update_task(self, user: int, id: int, body: Json) -> Json:
        task = self.task(id)
        task.update({key: body[key] for key in ("data", "meta", "overlap") if key in body})
        task |= {"updated_at": self.now(), "updated_by": user}
        return task

    def delete_tasks(self, project: int, ids: Sequence[int]) -> int:
        gone = {i for i in ids if i in self.tasks and self.tasks[i]["project"] == project}
        for held in (self.annotations, self.predictions):
            for id in [one["id"] for one in held.values() if one["task"] in gone]:
                del held[id]
        for id in gone:
            del self.tasks[id]
        return len(gone)

    # --- annotations and predictions --------------------------------------------------------------

    def new_annotation(self, user: int, task: int, body: Json) -> Json:
        found = self.task(task)
        if isinstance(body.get("result"), str):
            raise Refused(500, 'annotation "result" can\'t be parse from str to JSON')
        id = _next(self.annotations)
        made = self.now()
        lead = body.get("lead_time")
        self.annotations[id] = {
            "id": id,
            "result": body.get("result"),
            "created_username": f" {self.people[user]}, {user}",
            "created_ago": "0\xa0minutes",
            "completed_by": user,
            "was_cancelled": bool(body.get("was_cancelled", False)),
            "ground_truth": bool(body.get("ground_truth", False)),
            "created_at": made,
            "updated_at": made,
            "draft_created_at": None,
            "lead_time": None if lead is None else float(lead),
            "import_id": None,
            "last_action": None,
            "bulk_created": False,
            "task": task,
            "project": found["project"],
            "updated_by": user,
            "parent_prediction": body.get("parent_prediction"),
            "parent_annotation": None,
            "last_created_by": None,
        }
        self._touch(found, user)
        return self.annotations[id]

    def edit_annotation(self, user: int, id: int, body: Json) -> Json:
        annotation = _found(self.annotations, id, "Annotation")
        known = ("result", "lead_time", "was_cancelled", "ground_truth", "task")
        if body.get("task", annotation["task"]) != annotation["task"]:
            self._touch(self.task(annotation["task"]), user)
        annotation.update({key: body[key] for key in known if key in body})
        annotation |= {"updated_at": self.now(), "updated_by": user}
        self._touch(self.task(annotation["task"]), user)
        return annotation

    def delete_annotation(self, user: int, id: int) -> None:
        annotation = _found(self.annotations, id, "Annotation")
        del self.annotations[id]
        self._touch(self.task(annotation["task"]), user)

    def new_prediction(self, body: Json, user: int | None = None) -> Json:
        """With a user the task counts as changed; imported predictions do not move it."""
        if body["task"] not in self.tasks:
            raise Refused(400, {"task": [f'Invalid pk "{body["task"]}" - object does not exist.']})
        id, made = _next(self.predictions), self.now()
        self.predictions[id] = {
            "id": id,
            "result": body.get("result"),
            "model_version": body.get("model_version", "undefined"),
            "created_ago": "0\xa0minutes",
            "score": body.get("score"),
            "cluster": None,
            "neighbors": None,
            "mislabeling": 0.0,
            "created_at": made,
            "updated_at": made,
            "model": None,
            "model_run": None,
            "task": body["task"],
            "project": self.tasks[body["task"]]["project"],
        }
        if user is not None:
            self._touch(self.task(body["task"]), user)
        return self.predictions[id]

    def _touch(self, task: Json, user: int) -> None:
        task |= {"updated_at": self.now(), "updated_by": user}

    def annotations_of(self, task: int) -> list[Json]:
        return [one for one in self.annotations.values() if one["task"] == task]

    def predictions_of(self, task: int) -> list[Json]:
        return [one for one in self.predictions.values() if one["task"] == task]


def check_config(xml: str) -> None:
    """Raise Refused where the server would find no XML in it."""
    if not xml:
        raise Refused(400, {"non_field_errors": ["Label config is not set or is empty"]})
    try:
        etree.fromstring(xml)
    except etree.XMLSyntaxError as error:
        raise Refused(400, str(error)) from None


def filtered(tasks: Sequence[Json], query: Json) -> list[Json]:
    """What the server's filters leave, in the order asked for (by id where none is)."""
    rules = (query.get("filters") or {}).get("items", [])
    left = [task for task in tasks if all(_passes(task, rule) for rule in rules)]
    left.sort(key=lambda task: task["id"])
    for column in query.get("ordering", [])[:1]:
        name = column.lstrip("-").removeprefix("tasks:")
        left.sort(key=lambda task: _value(task, name), reverse=column.startswith("-"))
    return left


def _passes(task: Json, rule: Json) -> bool:
    found = _value(task, rule["filter"].removeprefix("filter:tasks:"))
    value, operator = rule["value"], rule["operator"]
    if operator == "equal":
        return bool(found == value)
    if operator == "in_list":
        return found in value
    if operator == "greater" and found is not None:
        return bool(found > value)
    raise Refused(500, f"the stand-in knows no filter {operator!r}")


def _value(task: Json, column: str) -> Any:
    if column.startswith("data."):
        return task["data"].get(column.removeprefix("data."))
    if column not in task:
        raise Refused(500, f"Cannot resolve keyword {column!r} into field.")
    return task[column]


def _columns(config: str) -> set[str]:
    values = (str(node.get("value") or "") for node in etree.fromstring(config).iter())
    return {value[1:] for value in values if value.startswith("$")}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _next(held: dict[int, Any]) -> int:
    return max(held, default=0) + 1


def _found(held: dict[int, Json], id: int, kind: str) -> Json:
    if id not in held:
        raise Refused(404, f"No {kind} matches the given query.")
    return held[id]
