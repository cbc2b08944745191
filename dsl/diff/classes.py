"""Changes of classes: what became of each, and what is said of those that stayed."""

from __future__ import annotations

from collections.abc import Iterator

from labelwright.dsl import printing as p
from labelwright.dsl import task as t
from labelwright.dsl.context import fold
from labelwright.dsl.diff.changes import Change, Effect, Kind
from labelwright.dsl.diff.pairing import Origin, Pairing
from labelwright.dsl.show import class_settings

_EFFECT: dict[str, Effect] = {
    "describe": "notice",
    "examples": "notice",
    "counterexamples": "notice",
    "aliases": "reread",
    "role": "remeasure",
    "value": "remeasure",
}


class Fates:
    """What became of the classes, worked out once."""

    def __init__(self, old: t.Task, new: t.Task, pairing: Pairing) -> None:
        self.old, self.new, self.pairing = old, new, pairing
        self.olds = {c.id: c for c in old.classes}
        self.choosable = {c.id for c in new.choices}
        self.gone = [c.id for c in old.classes if not pairing.successors(c.id)]
        self.taken_back = self._taken_back()
        self.divided = self._divided()
        self.removed = [c for c in self.gone if c not in self.taken_back]
        self.fresh = [i for i, o in pairing.origins.items() if o == Origin()]
        inside = {child for children in self.divided.values() for child in children}
        self.added = [i for i in self.fresh if i not in inside]

    def _taken_back(self) -> dict[str, str]:
        """Classes that are gone -> the class above them whose answers theirs now are."""
        found = {}
        for class_id in self.gone:
            above = self.olds[class_id].parent
            while above is not None and not self.pairing.heirs(above):
                above = self.olds[above].parent
            heir = self.pairing.heirs(above)[0] if above is not None else None
            if heir is not None and heir in self.choosable:
                found[class_id] = heir
        return found

    def _divided(self) -> dict[str, tuple[str, ...]]:
        """Classes that got children and can be chosen no more -> the new ones among these."""
        parents = {c.parent for c in self.old.classes}
        return {
            c.id: tuple(
                child.id
                for child in self.new.children(c.id)
                if self.pairing.origins[child.id] == Origin()
            )
            for c in self.new.classes
            if c.id not in self.choosable
            and self.new.choosable == "leaves"
            and any(o not in parents for o in self.pairing.origins[c.id].sources)
        }


def class_changes(fates: Fates, hints: dict[str, str]) -> Iterator[Change]:
    """Everything about classes, those that are gone first. hints: by the id of a class that is new."""
    for class_id in fates.removed:
        text, hint = f"class {class_id} is gone", _said_before(fates, class_id)
        yield Change(
            "class", "remove", "relabel", f"class {class_id}", text, old=(class_id,), hint=hint
        )
    for heir in dict.fromkeys(fates.taken_back.values()):
        children = tuple(c for c, above in fates.taken_back.items() if above == heir)
        text = f"class {heir} takes back {_and(children)}"
        yield Change("class", "merge", "remap", f"class {heir}", text, old=children, new=(heir,))
    for item in fates.old.classes:
        yield from _split(fates, item)
    for item in fates.new.classes:
        yield from _one(fates, item, hints)
    yield from _order(fates)


def _said_before(fates: Fates, gone: str) -> str:
    """Where a line names the class that is gone, but was applied before and says nothing now."""
    for item in fates.new.classes:
        if fold(gone) in map(fold, item.was):
            return (
                f"`was = {gone}` in class {item.id} was applied before and says nothing now: if "
                f"{item.id} is to take {gone} in, take the line out, apply that, and write it again"
            )
    return ""


def _never(fates: Fates, item: t.Class) -> str:
    """What a new class says it was, where nothing was called so."""
    known = {fold(c.id) for c in fates.old.classes} | {fold(c.name) for c in fates.old.classes}
    for word, names in (("was", item.was), ("split_of", (item.split_of,) if item.split_of else ())):
        if unknown := [name for name in names if fold(name) not in known]:
            there = ", ".join(c.id for c in fates.old.classes[:12])
            return f"it says `{word} = {unknown[0]}`, and no class is called so; there are {there}"
    return ""


def _split(fates: Fates, item: t.Class) -> Iterator[Change]:
    parts = tuple(n for n, o in fates.pairing.origins.items() if o.part_of == item.id)
    if not parts:
        return
    subject = f"class {item.id}"
    if len(parts) == 1 and fold(parts[0]) == fold(item.id):
        text = f"{subject} is narrower now"
    else:
        told = [f"{n} (what is left)" if fold(n) == fold(item.id) else n for n in parts]
        text = f"{subject} splits into {', '.join(told)}"
    yield Change("class", "split", "relabel", subject, text, old=(item.id,), new=parts)


def _one(fates: Fates, item: t.Class, hints: dict[str, str]) -> Iterator[Change]:
    origin = fates.pairing.origins[item.id]
    subject = f"class {item.id}"
    if item.id in fates.added:
        text, hint = f"{subject} is new", _never(fates, item) or hints.get(item.id, "")
        yield Change("class", "add", "notice", subject, text, new=(item.id,), hint=hint)
    if item.id in fates.divided:
        children = fates.divided[item.id]
        text = f"{subject} is divided into {_and(children)}" if children else subject
        text += ", and no longer an answer itself" if children else " is no longer an answer itself"
        hint = "; ".join(hints[c] for c in children if c in hints)
        yield Change(
            "class", "split", "relabel", subject, text, old=origin.sources, new=children, hint=hint
        )
    before = _before(fates, item)
    if len(origin.sources) > 1:
        others = [s for s in origin.sources if fold(s) != fold(item.id)]
        takes = len(others) < len(origin.sources)
        text = (
            f"{subject} takes in {_and(others)}" if takes
            else f"classes {_and(origin.sources)} are now {item.id}"
        )  # fmt: skip
        yield Change("class", "merge", "remap", subject, text, old=origin.sources, new=(item.id,))
    elif origin.sources and origin.sources[0] == (before.id if before else None):
        assert before is not None
        yield from _moved(fates, before, item)
    if before is not None:
        yield from _settings(before, item, origin)


def _before(fates: Fates, item: t.Class) -> t.Class | None:
    """The old class to compare with: the one of the same id, else the only one it takes over."""
    origin = fates.pairing.origins[item.id]
    taken = (*origin.sources, *([origin.part_of] if origin.part_of else []))
    same = [o for o in taken if fold(o) == fold(item.id)]
    if same:
        return fates.olds[same[0]]
    return fates.olds[origin.sources[0]] if len(origin.sources) == 1 else None


def _moved(fates: Fates, before: t.Class, item: t.Class) -> Iterator[Change]:
    """A rename, a move, or nothing where only a parent's name changed."""
    above = fates.pairing.origins[item.parent] if item.parent in fates.pairing.origins else Origin()
    at_top = before.parent is None and item.parent is None
    stays = at_top or (
        before.parent is not None and before.parent in (*above.sources, above.part_of)
    )
    if stays and before.name == item.name:
        return
    text = f"class {before.id} is now {item.id}"
    if not stays:
        where = f"under {item.parent}" if item.parent else "to the top"
        text = f"class {before.id} moves {where}"
        text += f" and is now {item.id}" if item.name != before.name else ""
    kind: Kind = "rename" if stays else "nest"
    subject = f"class {before.id}"
    ids = (before.id,), (item.id,)
    yield Change("class", kind, "remap", subject, text, before.id, item.id, *ids)


def _settings(before: t.Class, item: t.Class, origin: Origin) -> Iterator[Change]:
    subject = f"class {item.id}"
    ids = (before.id,), (item.id,)
    follows = before.title == before.name and item.title == item.name
    if before.title != item.title and not follows:
        told = p.text(before.title), p.text(item.title)
        text = f"{subject} reads {told[1]} to people, was {told[0]}"
        yield Change("class", "retitle", "notice", subject, text, *told, *ids)
    one, other = class_settings(before), class_settings(item)
    if origin.told:  # the change itself is said
        for said in (one, other):
            said.pop("was", None)
            said.pop("split_of", None)
    for name in dict.fromkeys((*one, *other)):
        told = one.get(name, ""), other.get(name, "")
        if told[0] == told[1]:
            continue
        short = len("".join(told)) <= 60 and "\n" not in "".join(told)
        text = f"{subject} {name}"
        text += f": {told[0] or 'nothing'} -> {told[1] or 'nothing'}" if short else ""
        effect = _EFFECT.get(name, "none")
        yield Change("class", "change", effect, f"{subject} {name}", text, *told, *ids)


def _order(fates: Fates) -> Iterator[Change]:
    first = {s: n for n, o in fates.pairing.origins.items() for s in (*o.sources, o.part_of) if s}
    before = list(dict.fromkeys(first[c.id] for c in fates.old.classes if c.id in first))
    after = [c.id for c in fates.new.classes if c.id in set(before)]
    # Within a family only: a class that moves to another parent has been said to.
    parents = {c.id: c.parent for c in fates.new.classes}
    for parent in dict.fromkeys(parents.values()):
        one = [c for c in before if parents[c] == parent]
        other = [c for c in after if parents[c] == parent]
        stayed = [c for c in one if _stayed(fates, c)]
        if stayed != [c for c in other if c in stayed]:
            text = "the order of the classes" + (f" in {parent}" if parent else "")
            yield Change("class", "change", "none", text, text, ", ".join(one), ", ".join(other))


def _stayed(fates: Fates, class_id: str) -> bool:
    before = _before(fates, next(c for c in fates.new.classes if c.id == class_id))
    return before is not None and fold(before.id) == fold(class_id)


def _and(names: tuple[str, ...] | list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
