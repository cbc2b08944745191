"""Which class of a new definition takes over which classes of the old one.

Said by `was` and `split_of`, else by the id, which compares case-folded; a class whose parent was
renamed comes along. A line that was applied already says nothing any more: the name it gives is no
class of the old definition, or the class had the same line there, and whatever is called so now is
another class.
"""

from __future__ import annotations

from collections.abc import Iterable

from labelwright.dsl.context import fold
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.task import Class, Task


class Origin(Frozen):
    """Where a class comes from: old classes it takes over whole, and one it is a part of."""

    sources: tuple[str, ...] = ()
    part_of: str | None = None
    told: bool = False  # a live `was` or `split_of` says so


class Pairing(Frozen):
    """Origins by class id of the new definition; what cannot be, in words, where it contradicts."""

    origins: dict[str, Origin]
    problems: tuple[str, ...] = ()

    def successors(self, old: str) -> tuple[str, ...]:
        """New classes that take the old one over, whole or in part, in file order."""
        return tuple(n for n, o in self.origins.items() if old in o.sources or old == o.part_of)

    def heirs(self, old: str) -> tuple[str, ...]:
        """New classes that take the old one over whole: none or one."""
        return tuple(n for n, o in self.origins.items() if old in o.sources)

    @property
    def told(self) -> bool:
        """Whether any `was` or `split_of` is live."""
        return any(o.told for o in self.origins.values())


def pair(old: Task, new: Task) -> Pairing:
    """What each class of `new` was in `old`."""
    names = _Names(old.classes)
    present = {fold(c.id) for c in new.classes}
    part = {c.id: _live_split(c, names) for c in new.classes}
    split = {o for o in part.values() if o is not None}
    was = {c.id: _live_was(c, names) for c in new.classes}
    taken: dict[str, str] = {}
    problems = [
        f"{source} cannot have become both {other} and {item.id}"
        for item in new.classes
        for source in was[item.id]
        if (other := taken.setdefault(source, item.id)) != item.id
    ]
    problems += [f"{o} became {taken[o]} and was split as well" for o in sorted(split & set(taken))]
    origins: dict[str, Origin] = {}
    for item in new.classes:
        same = names.exact(item.id)
        sources, part_of = was[item.id], part[item.id]
        told = bool(sources or part_of)
        if same is not None and same not in taken and same not in split:
            sources = (same, *sources)
        elif same is not None and same in taken and not told:
            problems.append(f"{taken[same]} was {same}, and {same} is a class still")
        elif same is not None and same in split and part_of is None and same not in taken:
            part_of = same  # what is left of it beside its parts
        elif same is None and not told:
            above = origins[item.parent].sources if item.parent in origins else ()
            here = [names.exact(f"{parent}.{item.name}") for parent in above]
            sources = tuple(
                o
                for o in here
                if o is not None and o not in taken and o not in split and fold(o) not in present
            )
        origins[item.id] = Origin(sources, part_of, told)
    return Pairing(origins, tuple(problems))


class _Names:
    """The old classes by name, as `was` and `split_of` may give it."""

    def __init__(self, classes: Iterable[Class]) -> None:
        self._by_id = {fold(c.id): c for c in classes}

    def exact(self, name: str) -> str | None:
        """The id that compares equal."""
        found = self._by_id.get(fold(name))
        return found.id if found else None

    def meant(self, name: str) -> str | None:
        """The class of this id; else the only one whose id ends with it."""
        end = "." + fold(name)
        ending = [c.id for i, c in self._by_id.items() if i.endswith(end)]
        return self.exact(name) or (ending[0] if len(ending) == 1 else None)

    def before(self, item: Class) -> Class | None:
        """The old class of the same id."""
        return self._by_id.get(fold(item.id))


def _live_was(item: Class, names: _Names) -> tuple[str, ...]:
    """Old classes that `was` names, but for the class itself and lines that were there before."""
    before = names.before(item)
    had = {fold(name) for name in before.was} if before else set()
    found = [
        names.exact(name) if before else names.meant(name)
        for name in item.was
        if fold(name) not in had
    ]
    here = before.id if before else None
    return tuple(dict.fromkeys(o for o in found if o is not None and o != here))


def _live_split(item: Class, names: _Names) -> str | None:
    if item.split_of is None:
        return None
    before = names.before(item)
    if before is not None and before.split_of and fold(before.split_of) == fold(item.split_of):
        return None
    return names.exact(item.split_of) if before else names.meant(item.split_of)
