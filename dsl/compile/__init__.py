"""A Task compiled: the labelling page, the project, the annotators' guide, the training.

Pure functions of the Task: the same Task gives the same bytes. Nothing here reads data, talks to
Label Studio or trains. In reading order: `errors` (what cannot be compiled), `options` (the classes
as annotators may choose them), `words` (ours to them, in their
language), `fields` (what they see of an item), `labelconfig`, `settings`,
`instructions`, `training`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from labelwright.dsl.compile.fields import Kind
from labelwright.dsl.compile.instructions import instructions_html
from labelwright.dsl.compile.labelconfig import label_config
from labelwright.dsl.compile.settings import project_settings
from labelwright.dsl.compile.training import training_config
from labelwright.dsl.task import Task


def compile_task(
    task: Task, definition: str, fields: Mapping[str, Kind] | None = None
) -> dict[str, str]:
    """All artefacts of a task, content by file name. Raises CompileError.

    `definition` is the task's hash, `fields` what the source says of its columns (see `fields`).
    """
    return {
        "labeling_config.xml": label_config(task, fields),
        "project.json": _json(project_settings(task)),
        "instructions.html": instructions_html(task),
        "training.json": _json(training_config(task, definition)),
    }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
