"""What each class of each definition means, across every change that was applied. Pure functions.

A meaning is a set of regions, a region a path: `("Crime@1",)` is what class Crime meant when definition 1
introduced it, `("Crime@1", "Fraud@3")` the part of it that Fraud took in definition 3. A region lies
within another where that one begins it, so one meaning lies within another where each of its regions
lies within one of the other's. From this follows what may be done with an answer later:

- a rename keeps the meaning; a merge is the union; a part, and a child, lie within the whole;
- what is left of a class beside its parts is a part too; a class that is moved out of another, or into
  it, is taken from its regions or added to them;
- a definition whose classes are those of an earlier one gets that one's meanings back.

An answer counts under a definition as the class within whose meaning its own lies. Nothing is ever
rewritten: an answer stays what it was under the definition that it was given under.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from labelwright.dsl.context import fold
from labelwright.dsl.diff.pairing import Origin, Pairing, pair
from labelwright.dsl.frozen import Frozen
from labelwright.loop.errors import DefinitionChanged

if TYPE_CHECKING:
    from labelwright.dsl.task import Class, Task

Region = tuple[str, ...]
Meaning = tuple[Region, ...]
"""Sorted, and no region within another."""


class Lineage(BaseModel):
    """The meaning of every class of one applied definition, by class id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int  # of the definition, from 1
    meanings: dict[str, Meaning]
    restores: int | None = None  # the earlier definition that this one is again


class Version(Frozen):
    """A definition that was applied."""

    definition: str  # hash
    task: Task
    lineage: Lineage


# --- regions ----------------------------------------------------------------------------------


def meaning(regions: Iterable[Region]) -> Meaning:
    """These regions as a meaning: sorted, without those that lie within another."""
    kept: list[Region] = []
    for region in sorted(set(regions)):  # a beginning sorts before what it begins
        if not kept or not _begins(kept[-1], region):
            kept.append(region)
    return tuple(kept)


def within(inner: Meaning, outer: Meaning) -> bool:
    """Whether all that `inner` means `outer` means too; nothing lies within anything."""
    return all(any(_begins(o, i) for o in outer) for i in inner)


def overlap(one: Meaning, other: Meaning) -> bool:
    """Whether something may be meant by both."""
    return any(_begins(a, b) or _begins(b, a) for a in one for b in other)


def without(whole: Meaning, taken: Meaning, mark: str) -> Meaning:
    """What is left of `whole`; a region of which only a part is taken becomes a part under `mark`."""
    left = [
        (*region, mark) if any(_begins(region, t) for t in taken) else region
        for region in whole
        if not any(_begins(t, region) for t in taken)
    ]
    return meaning(left)


def _begins(one: Region, other: Region) -> bool:
    return other[: len(one)] == one


# --- from definition to definition ------------------------------------------------------------


def derive(history: Sequence[Version], task: Task, digest: str) -> Lineage:
    """What the classes of `task` mean after these definitions, oldest first.

    Raises DefinitionChanged where its `was` and `split_of` cannot be understood.
    """
    number = len(history) + 1
    if not history:
        nothing = Pairing({c.id: Origin() for c in task.classes})
        return Lineage(
            number=number, meanings=_Building(task, number, {}, None, nothing).meanings()
        )
    for past in reversed(history):
        if past.definition == digest:  # the same definition always means the same
            return _again(past, task, number, history[-1])
    now = history[-1]
    pairing = pair(now.task, task)
    if pairing.problems:
        raise DefinitionChanged(
            f"what became of the classes cannot be understood: {'; '.join(pairing.problems)}",
            "mend the `was` and `split_of` lines: each old class has one fate",
        )
    for past in reversed(history):
        if _structure(past.task) != _structure(task):
            continue
        if past is now and pairing.told:
            continue
        if _agrees(past, task, now, pairing):
            return _again(past, task, number, now)
    building = _Building(task, number, now.lineage.meanings, now.task, pairing)
    _regain(building, history)
    return Lineage(number=number, meanings=building.meanings())


def _again(past: Version, task: Task, number: int, now: Version) -> Lineage:
    by_name = {fold(i): m for i, m in past.lineage.meanings.items()}
    meanings = {c.id: by_name[fold(c.id)] for c in task.classes}
    current = {fold(i): m for i, m in now.lineage.meanings.items()}
    same = {fold(i): m for i, m in meanings.items()} == current
    return Lineage(number=number, meanings=meanings, restores=None if same else past.lineage.number)


def _structure(task: Task) -> frozenset[tuple[str, str]]:
    return frozenset((fold(c.id), fold(c.parent or "")) for c in task.classes)


def _agrees(past: Version, task: Task, now: Version, pairing: Pairing) -> bool:
    """Whether going back to `past` does all that the live `was` and `split_of` lines say."""
    then = {fold(i): m for i, m in past.lineage.meanings.items()}
    meant = now.lineage.meanings
    for item in task.classes:
        origin = pairing.origins[item.id]
        if not origin.told:
            continue
        back = then[fold(item.id)]
        if not all(within(meant[s], back) for s in origin.sources):
            return False
        if origin.part_of and not origin.sources and not within(back, meant[origin.part_of]):
            return False
    return True


class _Building:
    """The meanings of a new definition, from those of the one before it."""

    def __init__(
        self,
        task: Task,
        number: int,
        before: Mapping[str, Meaning],
        old: Task | None,
        pairing: Pairing,
    ) -> None:
        self.task, self.number, self.before, self.pairing = task, number, before, pairing
        self.parents = {c.id: c.parent for c in task.classes}
        self.regained: dict[str, Meaning] = {}
        self._below = _below(old.classes if old else ())
        self._inside = _below(task.classes)

    def related(self, one: str, other: str) -> bool:
        """Whether one of the two classes lies under the other."""
        return other in self._inside[one] or one in self._inside[other] or one == other

    def base(self, item: Class) -> Meaning:
        """What the class takes over; empty where it is new."""
        mark = f"{item.id}@{self.number}"
        origin = self.pairing.origins[item.id]
        regions: list[Region] = []
        for source in origin.sources:
            regions += without(self.before[source], self._leaving(source, item), mark)
        if origin.part_of is not None:
            leaving = self._leaving(origin.part_of, item)
            whole = [r for r in self.before[origin.part_of] if not within((r,), leaving)]
            regions += [(*region, mark) for region in whole]
        return meaning(regions)

    def _leaving(self, old: str, item: Class) -> Meaning:
        """What was under the old class and is now elsewhere than under the new one."""
        here = {item.id, *self._inside[item.id]}
        return meaning(
            region
            for child in self._below[old]
            if any(n not in here for n in self.pairing.successors(child))
            for region in self.before[child]
        )

    def meanings(self) -> dict[str, Meaning]:
        """By class id, in file order: what it takes over, and all its children."""
        own = {c.id: self.regained.get(c.id) or self.base(c) for c in self.task.classes}
        for item in self.task.classes:  # parents come before their children
            own[item.id] = own[item.id] or self._fresh(item, own)
        for item in reversed(self.task.classes):
            if item.parent:
                own[item.parent] = meaning((*own[item.parent], *own[item.id]))
        return own

    def _fresh(self, item: Class, own: Mapping[str, Meaning]) -> Meaning:
        """What a new class means: something new, within its parent and apart from what else is there."""
        mark = f"{item.id}@{self.number}"
        if item.parent is None:
            return ((mark,),)
        taken = meaning(region for other in self._inside[item.parent] for region in own[other])
        room = [region for region in own[item.parent] if not within((region,), taken)]
        return meaning((*region, mark) for region in room) or ((mark,),)


def _below(classes: Iterable[Class]) -> dict[str, set[str]]:
    """By class id: all classes under it."""
    found: dict[str, set[str]] = {}
    parents: dict[str, str | None] = {}
    for item in classes:
        found[item.id] = set()
        parents[item.id] = item.parent
        above = item.parent
        while above is not None:
            found[above].add(item.id)
            above = parents[above]
    return found


def _regain(building: _Building, history: Sequence[Version]) -> None:
    """Give a class that is new, or merged, the meaning that its name had in an earlier definition.

    Only where this holds all that the class takes over, and nothing that another class means now.
    """
    for item in building.task.classes:
        origin = building.pairing.origins[item.id]
        new = not origin.sources and origin.part_of is None
        if not new and (len(origin.sources) < 2 or origin.part_of):
            continue
        known = (
            meant
            for version in reversed(history)
            for name, meant in version.lineage.meanings.items()
            if fold(name) == fold(item.id)
        )
        for candidate in dict.fromkeys(known):
            if not within(building.base(item), candidate):
                continue
            building.regained[item.id] = candidate
            meanings = building.meanings()
            if not any(
                overlap(meanings[item.id], other)
                for name, other in meanings.items()
                if not building.related(item.id, name)
            ):
                break
            del building.regained[item.id]


# --- reading an answer ------------------------------------------------------------------------


def counts_as(given: Meaning, task: Task, lineage: Lineage) -> str | None:
    """The class that an answer with this meaning counts as; None where it fits none."""
    fitting = [c for c in task.choices if within(given, lineage.meanings[c.id])]
    parents = {c.id: c.parent for c in task.classes}
    above: set[str | None] = set()
    for item in fitting:
        parent = item.parent
        while parent is not None:
            above.add(parent)
            parent = parents[parent]
    closest = [c.id for c in fitting if c.id not in above]
    return closest[0] if len(closest) == 1 else None
