"""Labels: what the judgements in force come to, item by item. Derived, never stored.

A judgement counts for the item as it was judged: after a row was edited, the old annotations stay
in the store and the item is open again. It counts under the definition that holds, as far as its
meaning fits there (`lineage`): what does not is set aside, and stays in the store too. One that
breaks a constraint is as good as none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labelwright.dsl.task import Task
from labelwright.loop.budget import PAID
from labelwright.loop.constraints import lineage
from labelwright.loop.items import Snapshot
from labelwright.loop.people.majority import Resolved
from labelwright.loop.people.scale import scale_of
from labelwright.loop.people.sets import majority_sets
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Span
from labelwright.loop.store import Event
from labelwright.loop.supported import several, single
from labelwright.loop.trusting import overruled
from labelwright.loop.versions import Translation


@dataclass(frozen=True)
class Labels:
    """The resolved answers of one part of the items (pool or holdout), ordered by row.

    rows: (n,) positions in the snapshot. classes: (n,) index into `Task.labels`, -1 where an answer is
    no single class. agreement: (n,) share of an item's annotators who said the label. sources: per item
    `people` or `existing`. answers: per item the class ids of its label; spans: as many as these, where
    they are parts of a text. shares: per item what its people said, by class id, where the model learns
    that instead of the label; none where it does not. weights: (n,) how much each trains, None where all
    do alike (`trusting`).
    """

    rows: np.ndarray
    classes: np.ndarray
    agreement: np.ndarray
    sources: tuple[str, ...]
    annotators: tuple[tuple[str, ...], ...]
    unusable: np.ndarray  # rows that people called unusable
    skipped: np.ndarray  # rows asked about and answered by nobody
    answers: tuple[tuple[str, ...], ...] = ()
    spans: tuple[tuple[Span, ...], ...] = ()
    shares: tuple[Mapping[str, float], ...] = ()
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def per_class(self, task: Task) -> dict[str, int]:
        """How many items have each of the task's labels, and each class that contains some of these."""
        above = lineage(task)
        counts = Counter(
            each
            for answer in self.answers
            for each in frozenset[str]().union(*(above[label] for label in answer))
        )
        told = {c.id for c in task.labels} | {c.parent for c in task.classes}
        return {c.id: counts[c.id] for c in task.classes if c.id in told}


def present(events: Sequence[Event], snapshot: Snapshot) -> list[tuple[int, Event]]:
    """(row, event) for every judgement whose item is there and unchanged since."""
    rows = snapshot.rows_of([e.item for e in events])
    contents = snapshot.contents
    return [
        (int(row), event)
        for row, event in zip(rows, events, strict=True)
        if row >= 0 and bytes(contents[row]).hex() == event.content
    ]


def counted(
    judged: Sequence[tuple[int, Event]], translation: Translation
) -> list[tuple[int, Event]]:
    """The judgements in force under a definition, with their labels as this definition has them.

    One for each person and item: the latest that can be read. So a change that sets an answer aside
    brings the one before it back, and taking the change back does so too. An answer comes before a
    skip, and before one that broke a constraint when it was given.
    """
    latest: dict[tuple[int, str], tuple[int, Event]] = {}
    for row, event in judged:
        now = translation.now(event)
        if now is None:
            continue
        who = row, event.annotator
        before = latest.get(who)
        if before is None or before[1].skipped or not now.skipped:
            latest[who] = row, now
    return sorted(latest.values(), key=lambda judgement: judgement[1].seq)


def in_force(
    events: Sequence[Event], snapshot: Snapshot, translation: Translation
) -> list[tuple[int, Event]]:
    """The judgements that count on the items as they are now."""
    return counted(present(events, snapshot), translation)


def to_ask_again(
    judged: Sequence[tuple[int, Event]],
    translation: Translation,
    asked: Mapping[str, int],
    overlap: int,
) -> dict[int, str]:
    """Rows whose latest answers a change of the definition set aside, and why.

    Only where fewer than `overlap` people have an answer that counts. asked: the round in which an
    item was last asked; answers of earlier rounds are behind it, so that nothing is asked twice. Later
    ones are further opinions, of which only answers count.
    """
    people: dict[int, set[str]] = defaultdict(set)
    for row, event in counted(judged, translation):
        if not event.skipped or event.round <= asked.get(event.item, event.round):
            people[row].add(event.annotator)
    reasons: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row, event in judged:
        reading = translation.read(event)
        last = asked.get(event.item)
        if reading.changed and last is not None and last <= event.round and event.source in PAID:
            reasons[row][reading.why] += 1
    return {
        row: max(sorted(why), key=why.__getitem__)
        for row, why in sorted(reasons.items())
        if len(people[row]) < overlap
    }


def resolve(
    task: Task,
    plugins: Installed,
    judgements: Sequence[tuple[int, Event]],
    part: np.ndarray,
    *,
    probs: Mapping[str, np.ndarray] | None = None,
    alone: bool = False,
) -> Labels:
    """Resolve the judgements on the rows where `part` is true, by the task's rule.

    probs: by item, what models that did not see it say of the task's choices. alone: people alone decide:
    where the task's rule is one that listens to models, the majority does.
    """
    by_row: dict[int, list[Event]] = defaultdict(list)
    for row, event in judgements:
        if part[row]:
            by_row[row].append(event)
    if task.existing_labels is not None:
        by_row = defaultdict(list, {row: overruled(task, told) for row, told in by_row.items()})
    found = _single(task, plugins, by_row, probs, alone) if single(task) else _several(task, by_row)
    found |= _decided(by_row, closer(task))
    names = [c.id for c in task.labels]
    index = {c: i for i, c in enumerate(names)}
    dropped = [row for row, r in found.items() if not index.keys() >= set(r.labels)]
    rows = [row for row in sorted(found) if row not in set(dropped)]
    any_shares = any(found[row].shares for row in rows)
    return Labels(
        rows=np.array(rows, dtype=np.int64),
        classes=np.array(
            [index[found[row].labels[0]] if single(task) else -1 for row in rows], dtype=np.int64
        ),
        agreement=np.array([found[row].agreement for row in rows], dtype=np.float64),
        sources=tuple(
            "existing" if all(e.source == "existing" for e in by_row[row]) else "people"
            for row in rows
        ),
        annotators=tuple(
            tuple(sorted({e.annotator for e in by_row[row] if not e.skipped})) for row in rows
        ),
        unusable=np.array(sorted(dropped), dtype=np.int64),
        skipped=np.array(sorted(by_row.keys() - found.keys()), dtype=np.int64),
        answers=tuple(found[row].labels for row in rows),
        spans=tuple(found[row].spans for row in rows),
        shares=tuple(found[row].shares for row in rows) if any_shares else (),
    )


@dataclass(frozen=True)
class _Resolved:
    labels: tuple[str, ...]
    spans: tuple[Span, ...]
    agreement: float
    shares: Mapping[str, float] = field(default_factory=dict)


def _decided(
    by_row: Mapping[int, Sequence[Event]], close: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> dict[int, _Resolved]:
    """What an adjudicator decided, whatever the rule makes of one answer (`adjudicating.decided`)."""
    return {
        row: _Resolved(e.labels if e.spans else close(e.labels), e.spans, 1.0)
        for row, events in by_row.items()
        for e in events[-1:]
        if not e.skipped and all(each.purpose == "adjudicate" for each in events)
    }


def _single(
    task: Task,
    plugins: Installed,
    by_row: Mapping[int, Sequence[Event]],
    probs: Mapping[str, np.ndarray] | None,
    alone: bool,
) -> dict[int, _Resolved]:
    given = [
        (e, row, label) for row, events in by_row.items() for e in events for label in e.labels
    ]
    row_of = {e.item: row for e, row, _ in given}
    found = resolved(
        task,
        plugins,
        [(e.item, e.annotator, label) for e, _, label in given],
        probs=probs,
        alone=alone,
    )
    return {
        row_of[item]: _Resolved((r.label,), (), r.agreement, r.probability if r.teaches else {})
        for item, r in found.items()
    }


def resolved(
    task: Task,
    plugins: Installed,
    given: Sequence[tuple[str, str, str]],
    *,
    probs: Mapping[str, np.ndarray] | None = None,
    alone: bool = False,
) -> dict[str, Resolved]:
    """What (item, annotator, class) come to, by the task's rule; the other arguments as of `resolve`."""
    name = task.annotators.resolve
    if alone and plugins.takes("resolve", name, "probs"):
        name = "majority"
    supplied = {"on_scale": scale_of(task), "probs": probs}
    method = plugins.load("resolve", name)
    found: dict[str, Resolved] = method(
        given,
        [c.id for c in task.choices],
        **{k: v for k, v in supplied.items() if plugins.takes("resolve", name, k)},
    )
    return found


def _several(task: Task, by_row: Mapping[int, Sequence[Event]]) -> dict[int, _Resolved]:
    """Several classes, or marks, an item: those that most of its people gave."""
    answered = [(row, e) for row, events in by_row.items() for e in events if not e.skipped]
    row_of = {e.item: row for row, e in answered}
    close = closer(task)
    marks = [(e.item, e.annotator, _marks(e, close)) for _, e in answered]
    rank = {c.id: i for i, c in enumerate(task.classes)}
    found = {}
    least_one = several(task) and task.empty == "forbidden"
    soft = several(task) and task.annotators.resolve == "soft"
    for item, resolved in majority_sets(marks, least_one=least_one).items():
        ordered = sorted(
            resolved.marks,
            key=lambda m: (m[1].start, m[1].end, rank[m[0]]) if m[1] else (rank[m[0]],),
        )
        found[row_of[item]] = _Resolved(
            close(tuple(label for label, _ in ordered)),
            tuple(span for _, span in ordered if span is not None),
            resolved.agreement,
            {label: share for (label, _), share in resolved.shares.items()} if soft else {},
        )
    return found


def _marks(event: Event, close: Callable[[tuple[str, ...]], tuple[str, ...]]) -> list[Any]:
    if event.spans:
        return list(zip(event.labels, event.spans, strict=True))
    return [(label, None) for label in close(event.labels)]


def closer(task: Task) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """What makes an answer of several classes name those that contain them too, where these are answers."""
    if not several(task) or task.choosable == "leaves":
        return lambda labels: labels
    above, choices = lineage(task), [c.id for c in task.choices]

    def close(labels: tuple[str, ...]) -> tuple[str, ...]:
        if not above.keys() >= set(labels):  # of an earlier definition
            return labels
        said = frozenset[str]().union(*(above[label] for label in labels))
        return tuple(c for c in choices if c in said)

    return close
