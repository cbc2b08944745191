"""Hashes of a task definition: of everything, and of each part that decides what labels mean.

Budget, criteria, strategies, rules, training and what only people read (titles, guide) may change
between rounds; the aspects in `meaning` may not, without a plan. A class's `was` is no part of it:
the ids say what changed, and the line may go once it was applied.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from labelwright.dsl.task import Class, Task

_MEANING_OF_CLASS = {"id", "parent", "role", "value", "aliases"}
_ANSWER = {"kind", "choose", "empty", "choosable", "scale", "nesting"}


def definition_hash(task: Task) -> str:
    """SHA-256 of the whole definition, in hexadecimal; the same for the same Task anywhere."""
    return _hash(task.model_dump(mode="json"))


def meaning(task: Task) -> dict[str, str]:
    """A hash for each aspect of what a label means, and of what it was measured on.

    Compare two of these to see what changed: `classes`, `answer` (what one answer may be), `data`
    (which items there are), `holdout` (which items measure), `existing_labels`, `constraints`.
    """
    return {
        "classes": _hash(sorted(_class(item) for item in task.classes)),
        "answer": _hash(task.model_dump(mode="json", include=_ANSWER)),
        "data": _hash(task.data.model_dump(mode="json", exclude={"show"})),
        "holdout": _hash(task.holdout.model_dump(mode="json", include={"size", "when"})),
        "existing_labels": _hash(
            task.existing_labels.model_dump(mode="json", exclude={"audit"})
            if task.existing_labels
            else None
        ),
        "constraints": _hash(sorted(_canonical(c.model_dump()) for c in task.constraints)),
    }


def _class(item: Class) -> str:
    said = item.model_dump(mode="json", include=_MEANING_OF_CLASS)
    return _canonical(said | {"aliases": sorted(item.aliases)})


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _hash(value: Any) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()
