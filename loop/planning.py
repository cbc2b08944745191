"""What applying a definition would do to the labels there are, before anything is done.

`make_plan` works the whole plan out from the store, the data and the two definitions, and changes
nothing. `applying` makes it again when the plan is applied, and refuses where the two differ: so what
was shown and what is done are one list. Where answers live on a server, what others changed there
(`drift`) and what the plan does there are part of it.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from labelwright.dsl.definition import meaning
from labelwright.dsl.diff.changes import Change
from labelwright.dsl.diff.whole import diff
from labelwright.loop.budget import PAID, spent
from labelwright.loop.engine import changed_meaning, last_round, under_way
from labelwright.loop.errors import DefinitionChanged
from labelwright.loop.existing import existing_events, withdrawn
from labelwright.loop.history import Elsewhere, Record
from labelwright.loop.items import Snapshot, ingest, open_source
from labelwright.loop.labels import counted, present, to_ask_again
from labelwright.loop.labels import resolved as by_rule
from labelwright.loop.lineage import Version
from labelwright.loop.split import HOLDOUT
from labelwright.loop.steps import parts_of
from labelwright.loop.versions import Reading, Translation
from labelwright.loop.workbench import snapshot_name

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import Task
    from labelwright.loop.plugins import Installed
    from labelwright.loop.store import Event
    from labelwright.loop.workbench import Workbench

Judged = Sequence[tuple[int, "Event"]]
FORMAT: Literal["labelwright plan 1"] = "labelwright plan 1"


class PlannedChange(Record):
    """One change, and what it does to the labels that are there.

    labels are items with a resolved answer of the classes concerned: how many keep one, are asked
    again, come back. annotations: judgements behind these.
    """

    mark: str
    what: str
    kind: str
    effect: str
    subject: str
    text: str
    before: str = ""
    after: str = ""
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    hint: str = ""
    kept: int = 0
    again: int = 0
    back: int = 0
    annotations: int = 0
    cost: int = 0  # annotations that asking again takes
    becomes: dict[str, int] = Field(default_factory=dict)  # class -> labels kept that are its now
    suggestions: dict[str, int] = Field(
        default_factory=dict
    )  # rule -> items asked again it votes on


class Queued(Record):
    """An item that will be asked again; `was` is what people said, as a hint."""

    item: str
    purpose: Literal["train", "holdout"]
    was: tuple[str, ...]
    why: str


class Plan(Record):
    """What applying a definition would do. Two plans are equal where they would do the same.

    Labels are items. kept: have an answer and keep one. again: are asked again. lost: the item is gone from
    the data. reopened: the answer does not count and nobody was asked, or the item changed: open like any
    other. back: had no answer that counts, and get one back.
    """

    format: Literal["labelwright plan 1"] = FORMAT
    task: str
    definition: str  # hash of the new one
    base: int  # number of the definition that holds; 0: nothing was begun
    event: int  # the last annotation event it knows of
    data: str = ""  # the snapshot that the data come to
    breaks: bool = False  # rounds measured before no longer count
    first_round: int = 0  # the first that does
    restores: int | None = None  # the earlier definition that this one is again
    changes: tuple[PlannedChange, ...] = ()
    kept: int = 0
    again: int = 0
    lost: int = 0
    reopened: int = 0
    back: int = 0
    annotations_aside: int = 0  # count now and would not
    annotations_back: int = 0  # do not count now and would
    cost: int = 0  # annotations that asking again takes
    money: float | None = None
    currency: str | None = None
    hours: float | None = None
    left: int = 0  # annotations that the budget has left
    notes: tuple[str, ...] = ()
    queue: tuple[Queued, ...] = ()
    elsewhere: Elsewhere | None = None  # what it does where people answer

    @property
    def nothing(self) -> bool:
        """Whether applying it would change nothing at all."""
        there = self.elsewhere
        return not self.changes and (there is None or not (there.page or there.resent))


def make_plan(bench: Workbench, drift: tuple[str, ...] = ()) -> Plan:
    """What applying the bench's definition would do now. Nothing is written, and nobody is asked.

    drift: what others changed where people answer, as it was told a moment ago. Raises DefinitionChanged
    where the change cannot be applied to this campaign at all.
    """
    store, task, versions = bench.store, bench.task, bench.versions
    plan = Plan(
        task=task.name, definition=bench.definition, base=len(versions), event=store.last_event()
    )
    if not len(versions):
        return plan
    if versions.now.definition == bench.definition:
        return plan.model_copy(update={"elsewhere": _elsewhere(bench, bench.translation, drift)})
    old = versions.now.task
    begun = last_round(store)
    _refuse(old, task, begun)
    lineage = versions.derive(task, bench.definition)
    breaks = bool(changed_meaning(bench))
    asked = bench.asked_last()
    before = _State(bench, old, Translation(old, versions.now.lineage, versions.versions), asked)
    known = (*versions.versions, Version(bench.definition, task, lineage))
    after = _State(bench, task, Translation(task, lineage, known), asked)
    events = store.events()
    if begun >= 0:
        before.take(events, bench.items(begun))
        after.take(_events_then(bench, events), items_then(bench))
    moved = _Moved(before, after)
    changes = tuple(_planned(bench, c, moved) for c in diff(old, task))
    if lineage.restores is not None:  # what looks like a rename is the way back
        changes = tuple(c.model_copy(update={"hint": ""}) for c in changes)
    price = task.budget.price
    cost = len(moved.again) * task.annotators.overlap
    return plan.model_copy(
        update={
            "data": snapshot_of(bench) if begun >= 0 else "",
            "breaks": breaks,
            "first_round": begun if breaks and under_way(store) else begun + 1,
            "restores": lineage.restores,
            "changes": changes,
            "kept": len(moved.kept),
            "again": len(moved.again),
            "lost": len(moved.lost),
            "reopened": len(moved.reopened),
            "back": len(moved.back),
            "annotations_aside": len(before.references - after.references),
            "annotations_back": len(after.references - before.references),
            "cost": cost,
            "money": price.amount * cost if price else None,
            "currency": price.currency if price else None,
            "hours": _hours(events, cost),
            "left": max(0, task.budget.annotations - spent(events).annotations),
            "notes": tuple(_notes(bench, moved, cost, spent(events).annotations)),
            "queue": tuple(_queue(bench, moved)),
            "elsewhere": _elsewhere(bench, after.translation, drift),
        }
    )


def readings(bench: Workbench, translation: Translation) -> dict[str, Reading]:
    """By reference, what the judgements in force are under a definition."""
    return {e.reference: translation.read(e) for e in bench.events() if e.source != "existing"}


def _elsewhere(
    bench: Workbench, translation: Translation, drift: tuple[str, ...]
) -> Elsewhere | None:
    foresee = getattr(bench.annotators, "foresee", None)
    if foresee is None:
        return None
    now = bench.versions.now.task
    found: Elsewhere | None = foresee(now, readings(bench, translation), drift)
    return found


def _refuse(old: Task, new: Task, begun: int) -> None:
    if old.kind != new.kind:
        raise DefinitionChanged(
            f"the task had kind = {old.kind} and has kind = {new.kind} now: no answer could be read",
            "begin another campaign with --state FOLDER; nothing was changed",
        )
    if begun >= 0 and meaning(old)["holdout"] != meaning(new)["holdout"]:
        raise DefinitionChanged(
            "`holdout` takes other items now, and what measures was split off once and for all",
            "put `size` or `items when` back, or begin another campaign with --state FOLDER; "
            "`annotations` may change at any time",
        )


# --- before and after -------------------------------------------------------------------------


class _State:
    """What the answers come to under one definition, by item."""

    def __init__(
        self, bench: Workbench, task: Task, translation: Translation, asked: Mapping[str, int]
    ) -> None:
        self.task, self.translation = task, translation
        self._plugins, self._asked = bench.context.plugins, asked
        self.labels: dict[str, tuple[str, ...]] = {}
        self.answers: list[Event] = []
        self.again: dict[str, str] = {}
        self.items: frozenset[str] = frozenset()

    def take(self, events: Sequence[Event], snapshot: Snapshot) -> None:
        """Read these events on these items."""
        judged = present(events, snapshot)
        in_force = counted(judged, self.translation)
        self.answers = [e for _, e in in_force if not e.skipped]
        self.labels = resolved(self.task, self._plugins, self.answers)
        labelling = [(row, e) for row, e in judged if e.purpose != "gold"]
        overlap = self.task.annotators.overlap
        again = to_ask_again(labelling, self.translation, self._asked, overlap)
        ids = {row: event.item for row, event in judged}
        self.again = {ids[row]: why for row, why in again.items()}
        known = list({e.item for e in events})
        self.items = frozenset(
            i for i, row in zip(known, snapshot.rows_of(known), strict=True) if row >= 0
        )

    @property
    def references(self) -> frozenset[str]:
        """Names of the annotations that count."""
        return frozenset(e.reference for e in self.answers)


def resolved(
    task: Task, plugins: Installed, answers: Sequence[Event]
) -> dict[str, tuple[str, ...]]:
    """By item: the class that the answers come to; with `choose = many` all classes that were named."""
    if task.choose == "many":
        named: dict[str, set[str]] = defaultdict(set)
        for event in answers:
            named[event.item] |= set(event.labels)
        return {item: tuple(sorted(labels)) for item, labels in named.items()}
    given = [(e.item, e.annotator, label) for e in answers for label in e.labels]
    found = by_rule(task, plugins, given)
    return {item: (answer.label,) for item, answer in found.items()}


class _Moved:
    """Where every labelled item goes."""

    def __init__(self, before: _State, after: _State) -> None:
        self.before, self.after = before, after
        had, has = before.labels.keys(), after.labels.keys()
        self.again = after.again
        self.kept = (had & has) - self.again.keys()
        self.back = has - had - self.again.keys()
        gone = had - has - self.again.keys()
        self.lost = {item for item in gone if item not in after.items}
        self.reopened = gone - self.lost


def _planned(bench: Workbench, change: Change, moved: _Moved) -> PlannedChange:
    plan = PlannedChange(mark=change.mark, **{n: getattr(change, n) for n in change._fields})
    if change.what != "class" or change.kind in ("retitle", "change"):
        return plan
    before, after = moved.before, moved.after
    old, new = _and_below(before.task, change.old), _and_below(after.task, change.new)
    had = {item for item, labels in before.labels.items() if old & set(labels)}
    has = {item for item, labels in after.labels.items() if new & set(labels)}
    again = had & moved.again.keys()
    kept = had & moved.kept
    fits = change.effect == "relabel" and kept and not again
    return plan.model_copy(
        update={
            "effect": "remap" if fits else change.effect,
            "kept": len(kept),
            "becomes": dict(
                sorted(Counter(c for item in kept for c in after.labels[item]).items())
            ),
            "again": len(again),
            "cost": len(again) * after.task.annotators.overlap,
            "back": len(has & moved.back),
            "annotations": sum(bool(old & set(e.labels)) for e in before.answers),
            "suggestions": _suggestions(bench, sorted(again), change.new),
        }
    )


def _and_below(task: Task, ids: Sequence[str]) -> set[str]:
    found = set(ids)
    for item in task.classes:  # parents come before their children
        if item.parent in found:
            found.add(item.id)
    return found


def _suggestions(bench: Workbench, items: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    """Rule -> items on which it votes for one of these classes, as far as the items' columns tell."""
    from labelwright.loop.conditions import fields
    from labelwright.loop.rules.firing import firing

    if not items:
        return {}
    snapshot = bench.items(last_round(bench.store))
    rows = snapshot.rows_of(items)
    columns = set(snapshot.table.column_names)
    rules = tuple(
        r
        for r in bench.task.rules
        if r.action == "vote"
        and r.label in classes
        and r.when is not None
        and fields(r.when) <= columns
    )
    rows = rows[rows >= 0]
    if not rules or not len(rows):
        return {}
    fired = firing(bench.task.model_copy(update={"rules": rules}), snapshot.take(rows).table)
    return {name: int(hit.sum()) for name, hit in fired.items() if hit.any()}


# --- the data ---------------------------------------------------------------------------------


def snapshot_of(bench: Workbench) -> str:
    """The name of the snapshot that the data come to under this definition."""
    return snapshot_name(open_source(bench.context), bench.task)


def items_then(bench: Workbench) -> Snapshot:
    """The items as the next round will read them; read now, where they are not what they were."""
    name, begun = snapshot_of(bench), last_round(bench.store)
    if bench.needed(begun, "split")["snapshot"] == name:
        return bench.items(begun)
    return bench.once(("items then", name), lambda: _read(bench))  # type: ignore[no-any-return]


def _read(bench: Workbench) -> Snapshot:
    path = bench.store.folder / f"plan-items.{os.getpid()}.tmp"
    try:
        inputs, _ = ingest(bench.context, open_source(bench.context), path)
        return Snapshot.in_memory(path, inputs)
    finally:
        path.unlink(missing_ok=True)


def _events_then(bench: Workbench, events: Sequence[Event]) -> list[Event]:
    """The judgements as the next reading of the data leaves them: existing labels are read again."""
    if bench.task.existing_labels is None and not any(e.source == "existing" for e in events):
        return list(events)
    snapshot, parts = items_then(bench), _parts_then(bench)
    found = existing_events(bench, snapshot, parts, last_round(bench.store) + 1)
    gone = {e.reference for e in withdrawn(bench, snapshot, parts, found)}
    now = {e.reference: e for e in found}
    kept = [e for e in events if e.reference not in gone]
    kept = [
        e if e.reference not in now or e.says_same(now[e.reference]) else now[e.reference]
        for e in kept
    ]
    there = {e.reference for e in kept}
    return kept + [e for e in found if e.reference not in there]


def _parts_then(bench: Workbench) -> np.ndarray:
    before = bench.needed(last_round(bench.store), "split")
    if before["snapshot"] == snapshot_of(bench):
        return bench.split_file(before["split"])
    return parts_of(bench, items_then(bench), before)


# --- words ------------------------------------------------------------------------------------


def _hours(events: Sequence[Event], cost: int) -> float | None:
    seconds = [e.seconds for e in events if e.source in PAID and e.seconds is not None]
    return sum(seconds) / len(seconds) * cost / 3600 if seconds else None


def _notes(bench: Workbench, moved: _Moved, cost: int, used: int) -> list[str]:
    notes = []
    begun = last_round(bench.store)
    if under_way(bench.store):
        notes.append(f"round {begun} is under way: it goes on under the new definition")
    unfit = Counter(why for why in moved.again.values() if why.startswith("the answer "))
    notes += [f"{n:,} labels go back to the queue: {why}" for why, n in sorted(unfit.items())]
    left = max(0, bench.task.budget.annotations - used)
    if cost > left:
        notes.append(
            f"the budget has {left:,} annotations left, and asking again takes {cost:,}: what does "
            "not fit stays unanswered until `budget` is raised"
        )
    existing = Counter(e.source for e in moved.before.answers)["existing"]
    now = Counter(e.source for e in moved.after.answers)["existing"]
    if existing != now:
        notes.append(f"existing labels that count: {existing:,} -> {now:,}")
    if moved.lost:
        notes.append(f"{len(moved.lost):,} labelled items are no longer in the data")
    if moved.reopened:
        notes.append(f"{len(moved.reopened):,} labelled items are open again like any other")
    return notes


def _queue(bench: Workbench, moved: _Moved) -> list[Queued]:
    if not moved.again:
        return []
    begun = last_round(bench.store)
    snapshot, split = bench.items(begun), bench.split(begun)
    items = sorted(moved.again)
    rows = snapshot.rows_of(items)
    return [
        Queued(
            item=item,
            purpose="holdout" if row >= 0 and split[row] == HOLDOUT else "train",
            was=moved.before.labels.get(item, ()),
            why=moved.again[item],
        )
        for item, row in zip(items, rows, strict=True)
    ]
