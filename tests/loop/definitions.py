"""A model of a campaign whose definition changes: what the tests of migration compare with.

It knows nothing of the engine's lineage. Every edit is told as what it is (a rename, a split, …), and
the model keeps for each class the set of paths that it stands for, in plain words of its own; every
answer is read by looking at all classes, every count is a loop over all answers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from labelwright.dsl import task as t

Paths = frozenset[str]
"""What a class stands for: `a/b/` is the part b of a."""


def covers(outer: Paths, inner: Paths) -> bool:
    """Whether every path of `inner` is one of `outer`, or lies under one."""
    return all(any(i.startswith(o) for o in outer) for i in inner)


def touch(one: Paths, other: Paths) -> bool:
    """Whether a path of the one lies under one of the other."""
    return any(a.startswith(b) or b.startswith(a) for a in one for b in other)


def tidy(paths: Paths) -> Paths:
    """Without paths that lie under another."""
    return frozenset(p for p in paths if not any(p != q and p.startswith(q) for q in paths))


@dataclass
class Edit:
    """A new definition in the making, beside what each of its classes stands for."""

    task: t.Task
    base: dict[str, Paths]  # by class id: what it stands for without its children
    number: int
    told: list[tuple[str, list[Paths], Paths | None]] = field(default_factory=list)
    new: dict[str, bool] = field(default_factory=dict)  # may get an old meaning back; True: any
    touched: set[str] = field(default_factory=set)  # classes at the top, each edited once
    start: frozenset[str] = frozenset()  # ids and names at the beginning

    # --- looking ---------------------------------------------------------------------------

    def children(self, class_id: str) -> list[t.Class]:
        return [c for c in self.task.classes if c.parent == class_id]

    def free(self, *, leaf: bool | None = None) -> list[t.Class]:
        """Classes at the top that were not edited yet; with or without children."""
        return [
            c
            for c in self.task.classes
            if c.parent is None
            and c.id not in self.touched
            and (leaf is None or bool(self.children(c.id)) != leaf)
        ]

    def full(self) -> dict[str, Paths]:
        """What each class stands for, with all of its children."""
        whole = dict(self.base)
        for item in reversed(self.task.classes):
            if item.parent:
                whole[item.parent] = tidy(whole[item.parent] | whole[item.id])
        return whole

    # --- editing ---------------------------------------------------------------------------

    def put(self, *classes: t.Class, gone: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Add classes at the end, in place of those of the same id, without those that are gone."""
        there = {c.id: c for c in classes}
        old = [there.pop(c.id, c) for c in self.task.classes if c.id not in gone]
        listed = [*old, *there.values()]
        ordered: list[t.Class] = []

        def add(parent: str | None) -> None:
            for item in listed:
                if item.parent == parent:
                    ordered.append(item)
                    add(item.id)

        add(None)
        self.task = self.task.model_copy(update={"classes": tuple(ordered)})
        for class_id in gone - {c.id for c in ordered}:
            self.base.pop(class_id, None)

    def mark(self, class_id: str) -> str:
        return f"{class_id}@{self.number}/"

    def part(self, paths: Paths, class_id: str) -> Paths:
        return frozenset(p + self.mark(class_id) for p in paths)


Op = Callable[[Edit, random.Random], bool]
"""Edits the definition; False where it cannot be done here."""


def _name(edit: Edit, chance: random.Random) -> str:
    """A name that is free now; often one that was used before."""
    taken = {c.id for c in edit.task.classes} | {c.name for c in edit.task.classes} | edit.start
    names = [n for n in ("A", "B", "C", "D", "E", "F", "G", "경제", "날씨") if n not in taken]
    return chance.choice(names or [f"N{edit.number}_{len(taken)}"])


def _cls(class_id: str, parent: str | None = None, **more: object) -> t.Class:
    return t.Class(id=class_id, title=class_id.rpartition(".")[2], parent=parent, **more)


def rename(edit: Edit, chance: random.Random) -> bool:
    if not (free := edit.free()):
        return False
    old = chance.choice(free)
    new = _name(edit, chance)
    subtree = [old, *edit.children(old.id)]
    base = {c.id: edit.base[c.id] for c in subtree}
    moved = [_cls(new, was=(old.id,), role=old.role)]
    moved += [_cls(f"{new}.{c.name}", new, role=c.role) for c in subtree[1:]]
    edit.put(*moved, gone={c.id for c in subtree})
    for before, after in zip(subtree, moved, strict=True):
        edit.base[after.id] = base[before.id]
    edit.told.append((new, [edit.base[new]], None))
    edit.touched |= {new, old.id}
    return True


def merge(edit: Edit, chance: random.Random) -> bool:
    free = edit.free(leaf=True)
    if len(free) < 2:
        return False
    olds = chance.sample(free, 2)
    new = _name(edit, chance)
    taken = [edit.base[c.id] for c in olds]
    edit.put(_cls(new, was=tuple(c.id for c in olds)), gone={c.id for c in olds})
    edit.base[new] = tidy(frozenset().union(*taken))
    edit.told.append((new, taken, None))
    edit.new[new] = False
    edit.touched |= {new, *(c.id for c in olds)}
    return True


def absorb(edit: Edit, chance: random.Random) -> bool:
    free = edit.free(leaf=True)
    if len(free) < 2:
        return False
    stays, goes = chance.sample(free, 2)
    if goes.id in stays.was:  # that line was applied and says nothing any more
        return False
    taken = [edit.base[stays.id], edit.base[goes.id]]
    edit.put(stays.model_copy(update={"was": (goes.id,), "split_of": None}), gone={goes.id})
    edit.base[stays.id] = tidy(frozenset().union(*taken))
    edit.told.append((stays.id, taken, None))
    edit.new[stays.id] = False
    edit.touched |= {stays.id, goes.id}
    return True


def split(edit: Edit, chance: random.Random) -> bool:
    if not (free := edit.free(leaf=True)):
        return False
    old = chance.choice(free)
    whole = edit.base[old.id]
    edit.touched.add(old.id)
    stays = chance.random() < 0.4 and old.split_of != old.id
    parts = [old.id] if stays else []
    gone = set() if stays else {old.id}
    if stays:
        edit.put(old.model_copy(update={"split_of": old.id, "was": ()}))
    for _ in range(1 if stays else 2):
        name = _name(edit, chance)
        edit.put(_cls(name, split_of=old.id))
        parts.append(name)
    edit.put(gone=gone)
    for part in parts:
        edit.base[part] = edit.part(whole, part)
        edit.told.append((part, [], whole))
        edit.touched.add(part)
    return True


def add(edit: Edit, chance: random.Random) -> bool:
    if len(edit.task.classes) > 9:
        return False
    name = _name(edit, chance)
    edit.put(_cls(name))
    edit.base[name] = frozenset([edit.mark(name)])
    edit.new[name] = True
    edit.touched.add(name)
    return True


def remove(edit: Edit, chance: random.Random) -> bool:
    free = edit.free()
    if len(free) < 2 or len([c for c in edit.task.classes if c.parent is None]) < 3:
        return False
    old = chance.choice(free)
    edit.put(gone={old.id, *(c.id for c in edit.children(old.id))})
    edit.touched.add(old.id)
    return True


def divide(edit: Edit, chance: random.Random) -> bool:
    """Children under a class that had none, or one more."""
    if not (free := edit.free()) or len(edit.task.classes) > 9:
        return False
    parent = chance.choice(free)
    olds = edit.children(parent.id)
    there = {c.name for c in olds}
    for name in chance.sample(["x", "y", "z"], 2):
        if name in there:
            continue
        child = f"{parent.id}.{name}"
        siblings = frozenset().union(*(edit.base[c.id] for c in olds))
        room = frozenset(p for p in edit.base[parent.id] if not covers(siblings, frozenset([p])))
        edit.put(_cls(child, parent.id))
        edit.base[child] = edit.part(room, child) or frozenset([edit.mark(child)])
        edit.new[child] = True
    edit.touched.add(parent.id)
    return True


def undivide(edit: Edit, chance: random.Random) -> bool:
    """Take all children of a class away."""
    if not (free := edit.free(leaf=False)):
        return False
    parent = chance.choice(free)
    edit.base[parent.id] = edit.full()[parent.id]
    edit.put(gone={c.id for c in edit.children(parent.id)})
    edit.touched.add(parent.id)
    return True


def nest(edit: Edit, chance: random.Random) -> bool:
    """A class at the top goes under another."""
    free = edit.free(leaf=True)
    if len(edit.free()) < 2 or not free or len([c for c in edit.task.classes if not c.parent]) < 3:
        return False
    child = chance.choice(free)
    parents = [c for c in edit.free() if c.id != child.id]
    parent = chance.choice(parents)
    new = f"{parent.id}.{child.name}"
    if new in {c.id for c in edit.task.classes}:
        return False
    meant = edit.base[child.id]
    edit.base[parent.id] = edit.full()[parent.id]
    edit.put(_cls(new, parent.id, was=(child.id,)), gone={child.id})
    edit.base[new] = meant
    edit.told.append((new, [meant], None))
    edit.touched |= {parent.id, child.id}
    return True


def unnest(edit: Edit, chance: random.Random) -> bool:
    """A child goes to the top."""
    if not (free := edit.free(leaf=False)):
        return False
    parent = chance.choice(free)
    child = chance.choice(edit.children(parent.id))
    if child.name in {c.id for c in edit.task.classes} | edit.start:
        return False
    whole, meant = edit.full()[parent.id], edit.base[child.id]
    left = frozenset(
        p + edit.mark(parent.id) if any(m.startswith(p) for m in meant) else p
        for p in whole
        if not any(p.startswith(m) for m in meant)
    )
    edit.put(_cls(child.name, was=(child.id,)), gone={child.id})
    edit.base[parent.id] = left or frozenset([edit.mark(parent.id)])
    edit.base[child.name] = meant
    edit.told.append((child.name, [meant], None))
    edit.touched |= {parent.id, child.name}
    return True


def retitle(edit: Edit, chance: random.Random) -> bool:
    if not (free := edit.free()):
        return False
    item = chance.choice(free)
    edit.put(item.model_copy(update={"describe": f"{item.describe}!"[-8:]}))
    edit.touched.add(item.id)
    return True


def tidy_lines(edit: Edit, chance: random.Random) -> bool:
    """The lines that were applied go."""
    if edit.touched:
        return False
    bare = [c.model_copy(update={"was": (), "split_of": None}) for c in edit.task.classes]
    edit.put(*bare)
    return True


def role(edit: Edit, chance: random.Random) -> bool:
    free = edit.free(leaf=True)
    if len(free) < 3:
        return False
    item = chance.choice(free)
    other = "label" if item.role == "unusable" else "unusable"
    edit.put(item.model_copy(update={"role": other}))
    edit.touched.add(item.id)
    return True


def answer(edit: Edit, chance: random.Random) -> bool:
    """What an answer may be."""
    changes: list[dict[str, str]] = [
        {"choose": "many" if edit.task.choose == "one" else "one"},
        {"choosable": "any" if edit.task.choosable == "leaves" else "leaves"},
        {"empty": "allowed" if edit.task.empty == "forbidden" else "forbidden"},
    ]
    edit.task = edit.task.model_copy(update=chance.choice(changes))
    return True


def constraint(edit: Edit, chance: random.Random) -> bool:
    if edit.task.constraints:
        edit.task = edit.task.model_copy(update={"constraints": ()})
        return True
    top = [c.id for c in edit.task.classes if c.parent is None]
    if len(top) < 2:
        return False
    one, other = chance.sample(top, 2)
    relation = chance.choice(["excludes", "requires"])
    edit.task = edit.task.model_copy(
        update={"constraints": (t.Constraint(subject=one, relation=relation, objects=(other,)),)}
    )
    return True


def budget(edit: Edit, chance: random.Random) -> bool:
    now = edit.task.budget
    edit.task = edit.task.model_copy(
        update={"budget": now.model_copy(update={"per_round": chance.randint(1, 50)})}
    )
    return True


OPS: tuple[Op, ...] = (
    rename, rename, merge, absorb, split, split, add, add, remove, divide, undivide, nest, unnest,
    retitle, tidy_lines, role, answer, constraint, budget,
)  # fmt: skip


# --- the whole history ------------------------------------------------------------------------


@dataclass(frozen=True)
class Then:
    """A definition that was applied, and what its classes stood for."""

    task: t.Task
    full: dict[str, Paths]


def shape(task: t.Task) -> set[tuple[str, str | None]]:
    return {(c.id, c.parent) for c in task.classes}


def settled(edit: Edit, history: list[Then]) -> dict[str, Paths]:
    """What the classes of the edited definition stand for, in the light of what was before."""
    for then in reversed(history):
        if then.task == edit.task:
            return then.full
    for then in reversed(history):
        if shape(then.task) != shape(edit.task) or (then is history[-1] and edit.told):
            continue
        if all(
            all(covers(then.full[new], source) for source in sources)
            and (whole is None or covers(whole, then.full[new]))
            for new, sources, whole in edit.told
        ):
            return then.full
    for new in [c.id for c in edit.task.classes if c.id in edit.new]:
        _get_back(edit, new, history)
    return edit.full()


def _get_back(edit: Edit, new: str, history: list[Then]) -> None:
    own = edit.base[new]
    known = [then.full[new] for then in reversed(history) if new in then.full]
    for meant in dict.fromkeys(known):
        if not edit.new[new] and not covers(meant, own):
            continue
        edit.base[new] = meant
        full = edit.full()
        others = [i for i in full if i != new and not _related(edit.task, i, new)]
        if not any(touch(full[new], full[i]) for i in others):
            return
        edit.base[new] = own


def _related(task: t.Task, one: str, other: str) -> bool:
    parents = {c.id: c.parent for c in task.classes}
    return parents[one] == other or parents[other] == one


# --- answers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """An annotation as it stands: what was said last under its reference, and under which definition."""

    order: int
    reference: str
    item: str
    who: str
    round: int
    labels: tuple[str, ...]
    skipped: bool
    under: Then


def allowed(task: t.Task, labels: tuple[str, ...]) -> bool:
    """Whether the task takes this answer."""
    parents = {c.id: c.parent for c in task.classes}
    choices = {c.id for c in task.choices}
    if not set(labels) <= choices:
        return False
    if task.choose == "one" and len(labels) != 1:
        return False
    if task.choose == "many" and not labels and task.empty == "forbidden":
        return False
    above = set(labels) | {parents[label] for label in labels}
    for c in task.constraints:
        if c.subject in above:
            has = c.objects[0] in above
            if has == (c.relation == "excludes"):
                return False
    return True


def reads(said: Said, now: Then) -> tuple[str, ...] | None:
    """The answer under another definition; None where it does not fit there."""
    found = []
    parents = {c.id: c.parent for c in now.task.classes}
    for label in said.labels:
        meant = said.under.full[label]
        fitting = [c.id for c in now.task.choices if covers(now.full[c.id], meant)]
        inner = [i for i in fitting if i not in {parents[j] for j in fitting}]
        if len(inner) != 1:
            return None
        found += [] if inner[0] in found else inner
    return tuple(found) if allowed(now.task, tuple(found)) else None


def counting(
    everything: list[Said], now: Then
) -> dict[tuple[str, str], tuple[Said, tuple[str, ...]]]:
    """(item, who) -> the judgement that counts, and its labels; skips left out."""
    found: dict[tuple[str, str], tuple[Said, tuple[str, ...]]] = {}
    for said in sorted(everything, key=lambda s: s.order):
        labels = None if said.skipped else reads(said, now)
        if labels is not None:
            found[said.item, said.who] = said, labels
    return found


def waiting(everything: list[Said], now: Then, asked: dict[str, int], overlap: int) -> set[str]:
    """Items to ask again: a change took the answers of their last asking, and too few are left."""
    counted = counting(everything, now)
    found = set()
    for said in everything:
        if said.skipped or said.round != asked.get(said.item):
            continue
        if not allowed(said.under.task, said.labels) or reads(said, now) is not None:
            continue
        people = {who for item, who in counted if item == said.item}
        people |= {
            s.who
            for s in everything
            if s.item == said.item
            and (s.skipped or (reads(s, now) is None and not allowed(s.under.task, s.labels)))
        }
        if len(people) < overlap:
            found.add(said.item)
    return found


def with_edit(then: Then, number: int) -> Edit:
    """An edit that begins with this definition."""
    names = frozenset(n for c in then.task.classes for n in (c.id, c.name) if c.parent is None)
    return Edit(task=then.task, base=dict(then.full), number=number, start=names)
