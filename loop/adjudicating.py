"""Items that stay in doubt, and the one person who decides them (`adjudicate when agreement < 0.67`).

An adjudicator's answer to such an item is its label, on the pool and on the holdout: the others' answers
stay in the store and count for what they tell of people, not for the label. The adjudicator is shown what the
others said, so the answer is no independent judgement and never enters agreement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright.loop.budget import PAID
from labelwright.loop.gold import without_gold
from labelwright.loop.labels import in_force

if TYPE_CHECKING:
    from labelwright.loop.labels import Labels
    from labelwright.loop.store import Event
    from labelwright.loop.workbench import Workbench

ADJUDICATE = "adjudicate"


def decisions(bench: Workbench, judged: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """The judgements that decide: given by whoever alone was asked to."""
    return [
        (row, e)
        for row, e in judged
        if e.purpose == ADJUDICATE
        and not e.skipped
        and e.annotator in bench.only_by(e.round).get(e.item, ())
    ]


def decided(bench: Workbench, judged: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """The judgements that make labels: of a decided item the decision alone."""
    last = dict(decisions(bench, judged))  # the latest, where there are two
    return [(row, e) for row, e in judged if row not in last or last[row] is e]


def said_by_others(
    bench: Workbench, round_: int, rows: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """By row, a sentence for each answer that people gave, for the adjudicator to see."""
    wanted = set(map(int, rows))
    events = without_gold(bench.events(bench.watermark(round_)))
    titles = {c.id: c.title for c in bench.task.classes}
    told: dict[int, list[str]] = defaultdict(list)
    for row, event in in_force(events, bench.items(round_), bench.translation):
        if row not in wanted or event.source not in PAID or event.skipped:
            continue
        marked = event.spans or (None,) * len(event.labels)
        parts = [
            titles.get(label, label) + (f" “{span.text}”" if span else "")
            for label, span in zip(event.labels, marked, strict=True)
        ]
        told[row].append(f"{event.annotator}: {', '.join(parts) or '—'}")
    return {row: tuple(sorted(lines)) for row, lines in told.items()}


def in_doubt(bench: Workbench, labels: Sequence[Labels]) -> int:
    """How many labels are below the agreement that sends them to the adjudicator, and were not sent."""
    below = bench.task.annotators.adjudicate_below
    if below is None:
        return 0
    asked = {c.item for c in bench.store.choices() if c.purpose == ADJUDICATE}
    items = bench.items(len(bench.store.outcomes("split")) - 1)
    return sum(
        agreement < below - 1e-9 and len(people) > 1 and items.id_of(int(row)) not in asked
        for part in labels
        for row, agreement, people in zip(part.rows, part.agreement, part.annotators, strict=True)
    )
