"""The definitions that were in force, read from the store, and what answers given under them count as.

`Versions` is what everybody asks: which definition holds, from which round its measurements count,
and how an annotation reads under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from labelwright.dsl.context import fold
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.task import Task
from labelwright.loop.constraints import Judge
from labelwright.loop.errors import DefinitionChanged, StoreError
from labelwright.loop.lineage import Lineage, Version, counts_as, derive, overlap

if TYPE_CHECKING:
    from labelwright.loop.store import Applied, Event, Store


class Reading(Frozen):
    """An answer under another definition. labels: None where it does not count, and `why` says why.

    changed: a change of the definition is why; else it breaks what was asked when it was given.
    """

    labels: tuple[str, ...] | None
    why: str = ""
    changed: bool = False

    @property
    def wrong(self) -> bool:
        """Whether it does not count, and never did."""
        return self.labels is None and not self.changed


class Translation:
    """Reads answers given under any of `versions` as answers to `task`, whose classes mean `lineage`."""

    def __init__(self, task: Task, lineage: Lineage, versions: Sequence[Version]) -> None:
        self.task, self.lineage = task, lineage
        self._judge = Judge(task)
        self._given = {v.definition: (v, Judge(v.task)) for v in versions}
        self._read: dict[tuple[str, tuple[str, ...]], Reading] = {}

    def read(self, event: Event) -> Reading:
        """What the answer says under this definition. Raises StoreError for one of unknown definition."""
        if event.skipped:
            return Reading(())
        key = (event.definition, event.labels)
        if key not in self._read:
            if event.definition not in self._given:
                raise StoreError(
                    f"annotation event {event.seq} was given under a definition that was never "
                    f"applied ({event.definition[:12]})",
                    "restore state.db from a backup",
                )
            self._read[key] = self._reading(*self._given[event.definition], event.labels)
        return self._read[key]

    def now(self, event: Event) -> Event | None:
        """The answer with its labels as this definition has them; None where a change set it aside.

        One that was wrong when it was given, and is still, is as good as a skip.
        """
        reading = self.read(event)
        if reading.labels is None:
            return None if reading.changed else replace(event, labels=(), skipped=True)
        return event if reading.labels == event.labels else replace(event, labels=reading.labels)

    def _reading(self, version: Version, judge: Judge, labels: tuple[str, ...]) -> Reading:
        wrong = judge.violations(labels)
        now: list[str] = []
        for label in labels:
            meant = version.lineage.meanings.get(label)
            counted = counts_as(meant, self.task, self.lineage) if meant else None
            if counted is None:
                why = wrong[0] if wrong else self._fate(version, label)
                return Reading(None, why, changed=not wrong)
            now.append(counted)
        if self.task.kind != "spans":  # each mark keeps a class of its own
            now = list(dict.fromkeys(now))
        if faults := self._judge.violations(now):
            return Reading(None, f"the answer {faults[0]}", changed=not wrong)
        return Reading(tuple(now))

    def _fate(self, version: Version, label: str) -> str:
        """What became of a class whose answers do not count."""
        here = {fold(c.id) for c in self.task.classes}
        choosable = {fold(c.id) for c in self.task.choices}
        if fold(label) in here and fold(label) not in choosable:
            return f"class {label} is no answer itself any more"
        given = version.lineage.meanings[label]
        if any(overlap(given, self.lineage.meanings[c.id]) for c in self.task.choices):
            return f"class {label} was split"
        return f"class {label} is gone"


class Versions:
    """Every definition that was in force in a campaign; see the module's docstring."""

    def __init__(self, applied: Sequence[Applied], versions: Sequence[Version]) -> None:
        self.applied = tuple(applied)
        self.versions = tuple(versions)

    @classmethod
    def read(cls, store: Store) -> Versions:
        """From the store. Raises StoreError where a definition cannot be read."""
        applied = store.applied()
        tasks: dict[str, Task] = {}
        for row in applied:
            if row.definition not in tasks:
                tasks[row.definition] = _task(store, row.definition)
        return cls(
            applied,
            [
                Version(a.definition, tasks[a.definition], Lineage.model_validate_json(a.lineage))
                for a in applied
            ],
        )

    def __len__(self) -> int:
        return len(self.versions)

    @property
    def now(self) -> Version:
        """The one that holds."""
        return self.versions[-1]

    @property
    def since(self) -> int:
        """The first round whose measurement counts: those before were of another definition."""
        return max((a.first_round for a in self.applied if a.breaks), default=0)

    def of_round(self, round_: int) -> int:
        """The number of the definition that held in a round."""
        return max((a.seq for a in self.applied if a.first_round <= round_), default=1)

    def derive(self, task: Task, digest: str) -> Lineage:
        """What the classes of `task` would mean if it was applied now."""
        return derive(self.versions, task, digest)

    def translation(self, task: Task, digest: str) -> Translation:
        """How answers read under `task`, which means what was applied last.

        Raises DefinitionChanged where it means something else.
        """
        if not self.versions:
            return Translation(task, self.derive(task, digest), ())
        if digest == self.now.definition:
            return Translation(task, self.now.lineage, self.versions)
        lineage = self.derive(task, digest)
        if lineage.meanings != self.now.lineage.meanings:
            raise DefinitionChanged(
                "the classes of the task file are not those that were applied last",
                "see what that would do with `labelwright plan`",
            )
        return Translation(task, lineage, self.versions)


def _task(store: Store, digest: str) -> Task:
    _, told = store.definition(digest)
    try:
        return Task.model_validate_json(told)
    except ValueError as error:
        raise StoreError(
            f"the definition {digest[:12]} in {store.folder / 'state.db'} cannot be read",
            "it was written by another version of labelwright: use that one",
        ) from error
