"""What a change is: what of the definition, which kind, from what to what, and what follows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol

from labelwright.dsl.frozen import Frozen

What = Literal["class", "rule", "constraint", "slice", "criterion", "phase", "block", "setting"]
Kind = Literal["rename", "nest", "merge", "split", "add", "remove", "retitle", "change"]
Effect = Literal["remap", "relabel", "notice", "remeasure", "reread", "none"]

EFFECTS: dict[Effect, str] = {
    "remap": "labels keep their meaning under another name",
    "relabel": "labels that no longer fit are set aside and asked again",
    "notice": "people should read it again",
    "remeasure": "measured or judged anew",
    "reread": "the data are read again",
    "none": "from the next step on",
}
"""What follows from a change, in words."""

_MARKS: dict[Kind, str] = {
    "rename": ">",
    "nest": ">",
    "merge": ">",
    "split": "/",
    "add": "+",
    "remove": "-",
    "retitle": "~",
    "change": "~",
}


class Change(Frozen):
    """One difference between two definitions.

    subject: what it is about, as a person would say it: `class Sports`, `budget.per_round`. old, new: ids of
    the classes concerned. before, after: as a task file spells them; empty where there was or is none.
    text: the change in one line. hint: what to write if something else was meant.
    """

    what: What
    kind: Kind
    effect: Effect
    subject: str
    text: str
    before: str = ""
    after: str = ""
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    hint: str = ""

    @property
    def mark(self) -> str:
        """`>` remapped, `/` split, `+` new, `-` gone, `~` changed."""
        return _MARKS[self.kind]

    def as_json(self) -> dict[str, Any]:
        """Its fields, as JSON has them."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self._fields}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in told.items()}


def counted(number: int, one: str, many: str = "") -> str:
    """`1 split`, `2 splits`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


_NOUNS: dict[str, tuple[str, str]] = {
    "rename": ("rename", "renames"),
    "nest": ("move", "moves"),
    "merge": ("merge", "merges"),
    "split": ("split", "splits"),
    "add": ("addition", "additions"),
    "remove": ("removal", "removals"),
}


class _Told(Protocol):
    @property
    def what(self) -> str: ...
    @property
    def kind(self) -> str: ...


def summary(changes: Iterable[_Told]) -> str:
    """`1 rename, 1 split, 2 changes`: classes by kind, everything else as changes."""
    by_kind: dict[str, int] = dict.fromkeys(_NOUNS, 0)
    others = 0
    for change in changes:
        if change.what == "class" and change.kind in by_kind:
            by_kind[change.kind] += 1
        else:
            others += 1
    told = [counted(n, *_NOUNS[kind]) for kind, n in by_kind.items() if n]
    told += [counted(others, "change")] if others else []
    return ", ".join(told) or "no change"
