"""The JSON in which the stand-in shows tasks and people: as the real server does."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .standin_data import Json, Memory


def person(memory: Memory, id: int) -> Json:
    """Somebody as the list of people shows them."""
    email = memory.people[id]
    return {
        "id": id,
        "first_name": "",
        "last_name": "",
        "username": "",
        "email": email,
        "custom_hotkeys": {},
        "avatar": None,
        "initials": email[:2],
        "phone": "",
        "active_organization": 1,
    }


def brief(memory: Memory, id: int) -> Json:
    """Somebody as annotations of a single task show them."""
    email = memory.people[id]
    names = {"first_name": "", "last_name": "", "avatar": None, "email": email}
    return {"id": id, **names, "initials": email[:2]}


def editors(task: Json) -> list[Json]:
    """Who changed the task last, as lists show it."""
    return [] if task["updated_by"] is None else [{"user_id": task["updated_by"]}]


def shown(memory: Memory, task: Json, *, full: bool) -> Json:
    """A task as it is shown alone after a change, or as the next one."""
    annotations = memory.annotations_of(task["id"])
    counted = [one for one in annotations if not one["was_cancelled"]]
    predictions = memory.predictions_of(task["id"])
    nested = {"annotations": annotations, "predictions": predictions, "drafts": []}
    labelled = [one for one in counted if one["result"] is not None]
    return {
        **{key: value for key, value in task.items() if key != "predictions_score"},
        **(nested if full else {key: [] for key in nested}),
        "is_labeled": len(labelled) >= task["overlap"],
        "total_annotations": len(counted),
        "cancelled_annotations": len(annotations) - len(counted),
        "total_predictions": len(predictions),
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "file_upload": None,
        "comment_authors": [],
    }


def listed(memory: Memory, task: Json, *, full: bool) -> Json:
    """A task as lists show it; with annotations and predictions where all fields are asked for."""
    found = shown(memory, task, full=full)
    annotations = memory.annotations_of(task["id"])
    predictions = memory.predictions_of(task["id"])
    found |= {
        "updated_by": editors(task),
        "annotators": [],
        "annotations_results": "",
        "predictions_results": "",
        "annotations_ids": "",
        "predictions_model_versions": "",
        "storage_filename": None,
    }
    if not full:
        del found["annotations"], found["predictions"]
        return found
    times = [one["lead_time"] for one in annotations if one["lead_time"] is not None]
    created = [one["created_at"] for one in annotations]
    versions = dict.fromkeys(one["model_version"] for one in predictions)
    return found | {
        "annotators": sorted({one["completed_by"] for one in annotations}),
        "annotations_results": flat(annotations),
        "predictions_results": flat(predictions),
        "annotations_ids": ",".join(str(one["id"]) for one in annotations),
        "predictions_model_versions": ",".join(versions),
        "predictions_score": task["predictions_score"],
        "completed_at": max(created) if found["is_labeled"] else None,
        "avg_lead_time": sum(times) / len(times) if times else None,
        "draft_exists": False,
    }


def only(record: Json, include: str | None) -> Json:
    """These fields alone, on every level, as `include` means it on the server."""
    if not include:
        return record
    names = set(include.split(","))

    nested = ("annotations", "predictions", "drafts")
    return {
        key: [only(one, include) for one in inner] if key in nested else inner
        for key, inner in record.items()
        if key in names
    }


def flat(results: Sequence[Json]) -> str:
    """Results as one text, as the server shows them in lists."""
    return " ".join(json.dumps(one["result"]).replace('"', "") for one in results)
