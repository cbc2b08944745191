"""Labels that somebody has already, as events: they seed the loop as far as the task file trusts them.

Verified ones train like people's answers, noisy ones with a weight (`trusting`), those of `people` are one
more annotator's. What people answer takes the place of the first two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from labelwright.dsl.task import Task
from labelwright.loop.errors import DataError
from labelwright.loop.items import Snapshot, read_column
from labelwright.loop.matching import ClassMatcher, each_of
from labelwright.loop.split import POOL
from labelwright.loop.store import Event
from labelwright.loop.supported import several
from labelwright.loop.workbench import Workbench


def existing_events(
    bench: Workbench, snapshot: Snapshot, parts: np.ndarray, round_: int
) -> list[Event]:
    """One event for each label of a pool item; none without an `existing_labels` block.

    Labels of holdout items are not taken: what measures is judged by people, on every item alike.
    Raises DataError for values that match no class.
    """
    block = bench.task.existing_labels
    if block is None:
        return []
    values = read_column(bench.context, block.label, call=block.source, key=block.key)
    matcher = ClassMatcher(bench.task)
    usable = {c.id for c in bench.task.choices}
    ids = [i for i, value in values.items() if value is not None]
    unknown: dict[str, int] = {}
    events = []
    for identity, row in zip(ids, snapshot.rows_of(ids), strict=True):
        value = values[identity]
        named = (each_of(value) or []) if several(bench.task) else [value]
        matched = [(matcher.match(each), each) for each in named]
        if wrong := [str(each) for label, each in matched if label not in usable]:
            for each in wrong:
                unknown[each] = unknown.get(each, 0) + 1
            continue
        if row < 0 or parts[row] != POOL or (not named and not _empty_counts(bench.task, value)):
            continue
        said = {label for label, _ in matched}
        labels = tuple(c.id for c in bench.task.choices if c.id in said)
        events.append(
            Event(
                "answer", f"existing/{identity}", identity, snapshot.content_of(row), "existing",
                "existing", "train", round_, labels, False, None, bench.definition,
            )
        )  # fmt: skip
    if unknown:
        listed = ", ".join(f"{v} ({n})" for v, n in sorted(unknown.items())[:10])
        raise DataError(
            f"column {block.label} holds values that are no class: {listed}",
            "add them as `aliases` of the class they mean",
        )
    return events


def _empty_counts(task: Task, value: Any) -> bool:
    """Whether a cell that names no class is an answer: an empty list, where that is allowed."""
    return task.empty == "allowed" and each_of(value) is not None


def withdrawn(
    bench: Workbench, snapshot: Snapshot, parts: np.ndarray, found: list[Event]
) -> list[Event]:
    """Deletions of labels of pool items that were there and are not any more."""
    told = {event.reference for event in found}
    gone = [e for e in bench.events() if e.source == "existing" and e.reference not in told]
    rows = snapshot.rows_of([e.item for e in gone])
    return [
        replace(e, event="delete", definition=bench.definition)
        for e, row in zip(gone, rows, strict=True)
        if row >= 0 and parts[row] == POOL
    ]
