"""Labels that somebody has already: those that the task file trusts seed the loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labelwright.loop.errors import DataError, NotYet
from labelwright.loop.items import Snapshot, read_column
from labelwright.loop.matching import ClassMatcher
from labelwright.loop.split import POOL
from labelwright.loop.store import Event
from labelwright.loop.workbench import Workbench


def existing_events(
    bench: Workbench, snapshot: Snapshot, parts: np.ndarray, round_: int
) -> list[Event]:
    """One event for each verified label of a pool item; none without an `existing_labels` block.

    Labels of holdout items are not taken: what measures is judged by people, on every item alike.
    Raises DataError for values that match no class.
    """
    block = bench.task.existing_labels
    if block is None:
        return []
    if block.trust != "verified":
        raise NotYet(
            f"existing labels with trust = {block.trust} cannot be used yet",
            "write `trust = verified` if people checked them, or leave `existing_labels` out",
        )
    values = read_column(bench.context, block.label, call=block.source, key=block.key)
    matcher = ClassMatcher(bench.task)
    usable = {c.id for c in bench.task.choices}
    ids = [i for i, value in values.items() if value is not None]
    unknown: dict[str, int] = {}
    events = []
    for identity, row in zip(ids, snapshot.rows_of(ids), strict=True):
        label = matcher.match(values[identity])
        if label is None or label not in usable:
            unknown[str(values[identity])] = unknown.get(str(values[identity]), 0) + 1
            continue
        if row < 0 or parts[row] != POOL:
            continue
        events.append(
            Event(
                "answer", f"existing/{identity}", identity, snapshot.content_of(row), "existing",
                "existing", "train", round_, (label,), False, None, bench.definition,
            )
        )  # fmt: skip
    if unknown:
        listed = ", ".join(f"{v} ({n})" for v, n in sorted(unknown.items())[:10])
        raise DataError(
            f"column {block.label} holds values that are no class: {listed}",
            "add them as `aliases` of the class they mean",
        )
    return events


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
