"""Handing a batch to the annotators, with what they may be shown beside each item."""

from __future__ import annotations

from typing import Any

from labelwright.loop.ports import Request
from labelwright.loop.suggesting import hints, suggestions
from labelwright.loop.workbench import Workbench


def batch_id(bench: Workbench, round_: int) -> str:
    """The batch's name for whoever is asked; the same at every repetition."""
    return f"{bench.task.name}-{round_}"


def requests(bench: Workbench, round_: int) -> list[Request]:
    """What the round asks, in the order people are to see it."""
    return [Request(c.item, c.people, c.purpose) for c in bench.store.choices(round_)]  # type: ignore[arg-type]


def send(bench: Workbench, round_: int) -> dict[str, Any]:
    """Hand the batch to the annotators. What measures is asked without suggestions or hints."""
    plain = requests(bench, round_)
    items = bench.items(round_)
    rows = items.rows_of([r.item for r in plain])
    taught = [row for row, r in zip(rows, plain, strict=True) if r.purpose == "train"]
    shown = suggestions(bench, round_, taught)
    beside = hints(bench, round_, taught)
    asked = [
        Request(r.item, r.people, r.purpose, shown.get(int(row)), beside.get(int(row), ()))
        for row, r in zip(rows, plain, strict=True)
    ]
    bench.annotators.send(batch_id(bench, round_), asked, items.take(rows))
    return {"batch": batch_id(bench, round_), "items": len(asked), "suggested": len(shown)}
