"""A class that is gone and one that is new, where they look like one another: likely a rename.

Each sign adds to a score; the best pairs are proposed, each class once. A false proposal costs a
glance, a missed one the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from labelwright.dsl.context import fold
from labelwright.dsl.suggest import closest
from labelwright.dsl.task import Class, Task

_ENOUGH = 2


def proposals(old: Task, new: Task, gone: Sequence[str], added: Sequence[str]) -> dict[str, str]:
    """By id of a new class: what to write if it is an old one."""
    olds = [c for c in old.classes if c.id in gone]
    news = [c for c in new.classes if c.id in added]
    alone = len(olds) == len(news) == 1
    scored = [
        (_score(old, new, o, n) + (1 if alone else 0), -i, -j, o, n)
        for i, o in enumerate(olds)
        for j, n in enumerate(news)
    ]
    found: dict[str, str] = {}
    taken: set[str] = set()
    for score, _, _, o, n in sorted(scored, key=lambda s: s[:3], reverse=True):
        if score >= _ENOUGH and o.id not in taken and n.id not in found:
            taken.add(o.id)
            found[n.id] = (
                f"class {o.id} is gone and {n.id} is new: if it is the same class, "
                f"add `was = {o.id}` to it"
            )
    return found


def _score(old: Task, new: Task, one: Class, other: Class) -> int:
    words = {fold(w) for w in (one.name, one.title, *one.aliases)}
    others = {fold(w) for w in (other.name, other.title, *other.aliases)}
    score = 0
    if words & others:  # as where it moved to another parent
        score += 3
    elif closest(one.name, [other.name]) or closest(one.title, [other.title]):
        score += 2
    score += 2 if _same_text(one.describe, other.describe) else 0
    samples = {s.value for s in one.examples} & {s.value for s in other.examples}
    score += 2 if samples else 0
    below = {fold(c.name) for c in old.children(one.id)}
    score += 2 if below & {fold(c.name) for c in new.children(other.id)} else 0
    score += 1 if one.hotkey and one.hotkey == other.hotkey else 0
    score += 1 if one.color and one.color == other.color else 0
    return score + (1 if _neighbours(old, one) & _neighbours(new, other) else 0)


def _same_text(one: str, other: str) -> bool:
    """Whether most words of the two are the same."""
    first, second = set(fold(one).split()), set(fold(other).split())
    return bool(first) and 2 * len(first & second) > max(len(first), len(second))


def _neighbours(task: Task, item: Class) -> set[tuple[str, str]]:
    """Who stands before and after it among its siblings, with the ends."""
    family = ["<", *(fold(c.id) for c in task.children(item.parent)), ">"]
    here = fold(item.id)
    pairs = list(pairwise(family))
    return {("before", a) for a, b in pairs if b == here} | {
        ("after", b) for a, b in pairs if a == here
    }
