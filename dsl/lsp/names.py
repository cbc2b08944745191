"""The names that a text gives, from its outline: known also where the rest cannot be read."""

from __future__ import annotations

from labelwright.dsl.context import fold
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.lsp.outline import Outline
from labelwright.dsl.vocabulary import CLASS, SLICE


class NamedClass(Frozen):
    """A class: its id, and its title where it has one."""

    id: str
    title: str


class Names:
    """Classes and slices of one text, in the order of the text."""

    def __init__(self, outline: Outline) -> None:
        self.classes: list[NamedClass] = []
        self.slices: list[str] = []
        seen: set[str] = set()
        for piece in outline.root.walk():
            if piece.entry is CLASS and piece.name is not None:
                found = NamedClass(piece.class_id(), piece.title)
                if fold(found.id) not in seen:
                    seen.add(fold(found.id))
                    self.classes.append(found)
            elif piece.entry is SLICE and piece.name is not None:
                self.slices.append(str(piece.name))

    def shortest(self, class_id: str) -> str:
        """The shortest way to write a class so that no other class is meant."""
        path = class_id.split(".")
        whole = {fold(c.id) for c in self.classes}
        for start in range(len(path) - 1, 0, -1):
            tail = ".".join(path[start:])
            ends = [c for c in self.classes if f".{fold(c.id)}".endswith(f".{fold(tail)}")]
            if len(ends) == 1 and fold(tail) not in whole:
                return tail
        return class_id
