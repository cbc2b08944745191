"""What answers on a task's labelling page refer to, worked out once for all answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from labelwright.dsl.compile.fields import Kind, shown
from labelwright.dsl.compile.options import SEPARATOR, Option, is_tree, options
from labelwright.dsl.task import Task
from labelwright.loop.matching import ClassMatcher, fold


@dataclass(frozen=True)
class Page:
    """The one question of the page: how answers to it are stored, and which classes they may name."""

    key: Literal["choices", "taxonomy", "labels"]
    to: str  # the name of the part of the page that an answer is about
    column: str  # the column shown there
    one: bool  # no more than one class: of the item, or of each mark
    empty: bool  # whether no class at all is an answer
    paths: Mapping[str, tuple[str, ...]]  # class id -> ids from the top to it, in file order
    choices: frozenset[str]  # ids that an answer may name
    spellings: Mapping[str, str]  # titles as the page writes them, folded -> class id
    matcher: ClassMatcher

    @classmethod
    def of(cls, task: Task, fields: Mapping[str, Kind] | None = None) -> Page:
        """The page that `label_config(task, fields)` makes. Raises CompileError as that does."""
        spans = task.kind == "spans"
        parts = shown(task, fields)
        about = next((p for p in parts if p.kind == "text"), parts[0]) if spans else parts[0]
        found = options(task)
        parents = {c.id: c.parent for c in task.classes}
        return cls(
            key="labels" if spans else "taxonomy" if is_tree(task) else "choices",
            to=about.key,
            column=about.columns[0],
            one=task.choose == "one",
            empty=spans or (task.choose == "many" and task.empty == "allowed"),
            paths={o.id: tuple(reversed(list(_upwards(o.id, parents)))) for o in found},
            choices=frozenset(o.id for o in found if o.chosen),
            spellings=_spellings(found),
            matcher=ClassMatcher(task),
        )

    def in_order(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Class ids once each, as the file has them. Raises KeyError for what is no class."""
        return tuple(sorted(set(labels), key=lambda c: self._rank[c]))

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {c: n for n, c in enumerate(self.paths)}


def _upwards(class_id: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    step: str | None = class_id
    while step is not None:
        yield step
        step = parents[step]


def _spellings(found: Iterable[Option]) -> dict[str, str]:
    """Titles as they stand on the page, and whole paths of titles; none that means two classes."""
    owners: dict[str, set[str]] = {}
    for option in found:
        for title in (option.title, SEPARATOR.join((*option.path, option.title))):
            owners.setdefault(fold(title), set()).add(option.id)
    return {title: ids.pop() for title, ids in owners.items() if len(ids) == 1}
