"""Handing a batch to the annotators, with what they may be shown beside each item."""

from __future__ import annotations

from typing import Any

from labelwright.loop.adjudicating import ADJUDICATE, said_by_others
from labelwright.loop.ports import Request
from labelwright.loop.suggesting import hints, suggestions
from labelwright.loop.workbench import Workbench


def batch_id(bench: Workbench, round_: int) -> str:
    """The batch's name for whoever is asked; the same at every repetition."""
    return f"{bench.task.name}-{round_}"


def requests(bench: Workbench, round_: int) -> list[Request]:
    """What the round asks, in the order people are to see it."""
    others, kept, alone = bench.not_by(round_), bench.not_to(round_), bench.only_by(round_)
    paused = set(bench.paused_at(round_))
    return [
        Request(
            c.item,
            c.people,
            c.purpose,  # type: ignore[arg-type]
            not_by=others.get(c.item, ()),
            not_to=tuple(sorted(paused.union(kept.get(c.item, ())) - {*alone.get(c.item, ())})),
            only_by=alone.get(c.item, ()),
        )
        for c in bench.store.choices(round_)
    ]


def send(bench: Workbench, round_: int) -> dict[str, Any]:
    """Hand the batch to the annotators. What measures is asked without suggestions or hints.

    A further opinion is asked without a suggestion: the model's view is what it is held against. Gold and
    what measures look alike. Whoever adjudicates is shown what the others said.
    """
    plain = requests(bench, round_)
    items = bench.items(round_)
    rows = items.rows_of([r.item for r in plain])
    taught = [row for row, r in zip(rows, plain, strict=True) if r.purpose == "train"]
    alone = [int(row) for row, r in zip(rows, plain, strict=True) if r.not_by]
    shown = suggestions(bench, round_, [row for row in taught if row not in alone])
    beside = hints(bench, round_, taught)
    doubted = [int(row) for row, r in zip(rows, plain, strict=True) if r.purpose == ADJUDICATE]
    beside |= said_by_others(bench, round_, doubted) if doubted else {}
    asked = [
        Request(
            r.item,
            r.people,
            r.purpose,
            shown.get(int(row)),
            beside.get(int(row), ()),
            r.not_by,
            r.not_to,
            r.only_by,
        )
        for row, r in zip(rows, plain, strict=True)
    ]
    bench.annotators.send(batch_id(bench, round_), asked, items.take(rows))
    return {"batch": batch_id(bench, round_), "items": len(asked), "suggested": len(shown)}
