"""A Task as the settings of a Label Studio project.

The labelling page and the instructions are not repeated here: they are files of their own.
"""

from __future__ import annotations

from typing import Any

from labelwright.dsl.task import Task

_LONGEST_TITLE, _SHORTEST_TITLE = 50, 3  # Label Studio refuses others


def project_settings(task: Task) -> dict[str, Any]:
    """Fields of Label Studio's project, ready to be sent as JSON.

    Items are served in the order they were sent, because labelwright has chosen already: Label
    Studio's own uncertainty sampling turns random without notice. Predictions stay hidden, so that
    nobody is led by them, unless the task asks for suggestions: a new answer then begins with what is
    predicted. Who skips an item leaves it to others.
    """
    suggested = task.annotators.suggestions != "none" and task.kind != "spans"
    empty = task.kind == "spans" or (task.choose == "many" and task.empty == "allowed")
    return {
        "title": _title(task),
        "description": f"labelwright task {task.name}",
        "show_instruction": True,
        "show_skip_button": True,
        "skip_queue": "REQUEUE_FOR_OTHERS",
        "enable_empty_annotation": empty,
        "show_annotation_history": False,
        "show_collab_predictions": suggested,
        "evaluate_predictions_automatically": False,
        "reveal_preannotations_interactively": False,
        "maximum_annotations": task.annotators.overlap,
        "sampling": "Sequential sampling",
        "show_overlap_first": False,
        "overlap_cohort_percentage": 100,
    }


def beside(title: str, what: str) -> str:
    """The title of a second project of the task: `News: adjudication`, no longer than a title may be."""
    room = _LONGEST_TITLE - len(what) - 2
    short = title if len(title) <= room else title[: room - 1].rstrip() + "…"
    return f"{short}: {what}"


def _title(task: Task) -> str:
    title = " ".join(task.title.split()) or task.name
    if len(title) < _SHORTEST_TITLE:
        title = f"{title} ({task.name})"
    if len(title) > _LONGEST_TITLE:
        title = title[: _LONGEST_TITLE - 1].rstrip() + "…"
    return title
