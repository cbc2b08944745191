"""Suggestions of a campaign's newest model, while the campaign goes on elsewhere.

Whoever serves only reads: the loop learns, and what it has learned is taken up here when a round is
finished. A definition that was applied meanwhile is taken up with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.payload import kinds, prediction
from labelwright.connectors.label_studio.site import PROJECT
from labelwright.connectors.label_studio.source import LabelStudioPeople
from labelwright.loop.engine import check_meaning, last_round
from labelwright.loop.errors import LabelwrightError, NotYet, StoreError
from labelwright.loop.outbox import Outbox, Sent
from labelwright.loop.steps import STEPS
from labelwright.loop.store import Store
from labelwright.loop.suggesting import by_model, model_version
from labelwright.loop.supported import learnable

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.site import Site
    from labelwright.dsl.task import Task
    from labelwright.loop.items import Snapshot
    from labelwright.loop.ports import Model
    from labelwright.loop.workbench import Workbench
    from labelwright.project import Project

_OFTEN = 1.0  # seconds between two looks at the store


@dataclass(frozen=True)
class Learned:
    """The model of a round, and the items that it can speak of."""

    task: Task
    page: Page
    round: int
    model: Model
    items: Snapshot
    see: Callable[[Sequence[int]], np.ndarray]  # what the model reads of these rows of the items

    @property
    def version(self) -> str:
        """What the model is called."""
        return model_version(self.task, self.round)

    def suggest(self, asked: Sequence[Sent]) -> dict[str, dict[str, Any]]:
        """The prediction for each of these, by uid; none where the item is not as it was sent."""
        rows = self.items.rows_of([sent.item for sent in asked])
        known = [
            (sent.uid, int(row))
            for sent, row in zip(asked, rows, strict=True)
            if row >= 0 and self.items.content_of(row) == sent.content
        ]
        if not known:
            return {}
        X = self.see([row for _, row in known])
        found = by_model(self.task, self.model, X, self.round)
        return {
            uid: prediction(self.page, s, s.spans) for (uid, _), s in zip(known, found, strict=True)
        }


@dataclass(frozen=True)
class Look:
    """What there is to serve: `known` is the state of the store that it was read from."""

    known: tuple[int, int]
    versions: tuple[str, ...]
    learned: Learned | None


class Serving:
    """See the module. Its methods may be called from several threads.

    open_project: reads the task file anew. tell: told in a sentence when another model is taken up.
    """

    def __init__(
        self,
        open_project: Callable[[], Project],
        *,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_project
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._project = open_project()
        _refuse_unservable(self._project.task, self._project.definition.name)
        self._seen = self._read()
        self._at = clock()
        self._said = ""

    def predict(self, uids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The prediction for each of these that may have one, by uid.

        None for what is not ours, what measures, what was taken back, and items whose suggestion is
        hidden so that it can be seen how far suggestions lead people.
        """
        with self._lock:
            learned = self._look().learned
            if learned is None:
                return {}
            with Store(self._project.state) as store:
                asked = Outbox(store).find(uids)
        return learned.suggest([sent for sent in asked if is_open(sent)])

    def versions(self) -> tuple[str, ...]:
        """The models that can be spoken of, the current one last; none before the first round ended."""
        with self._lock:
            return self._look().versions

    def project(self) -> int | None:
        """The number of the campaign's project on the server; None where nothing was sent yet."""
        with Store(self._project.state) as store:
            number = Outbox(store).get(PROJECT)
        return int(number) if number else None

    def need_project(self) -> None:
        """Raise StoreError where the campaign has no project on the server yet."""
        if self.project() is None:
            name = self._project.definition.name
            raise StoreError(
                f"{name} has no project on Label Studio yet: nothing was sent there",
                f"labelwright run {name}",
            )

    def _look(self) -> Look:
        """What there is to serve now; the store is asked once a second at most."""
        if self._clock() - self._at >= _OFTEN:
            with Store(self._project.state) as store:
                known = _known(store)
            if known != self._seen.known:
                self._take_up()
            self._at = self._clock()
        return self._seen

    def _take_up(self) -> None:
        try:
            self._project = self._open()
            self._seen = self._read()
        except LabelwrightError as error:
            self._say(f"not serving: {error.message}; {error.remedy}")
            raise
        self._say(f"now serving {self.standing()}")

    def _say(self, sentence: str) -> None:
        """Tell it, where it was not the last thing that was told: every request comes by here."""
        if sentence != self._said:
            self._said = sentence
            self._tell(sentence)

    def standing(self) -> str:
        """What is served, in words."""
        learned = self._seen.learned
        return learned.version if learned else "no model yet: the first round is not finished"

    def _read(self) -> Look:
        with self._project.looking() as bench:
            check_meaning(bench, self._project.definition.name)
            return read(bench)


def read(bench: Workbench) -> Look:
    """What the campaign has to serve: of the finished rounds, those whose classes are the task's."""
    known = _known(bench.store)
    usable = [r for r in range(known[0] + 1) if bench.current(r) and bench.learned(r)]
    learned = _learned(bench, usable[-1]) if usable else None
    return Look(known, tuple(model_version(bench.task, r) for r in usable), learned)


def _learned(bench: Workbench, round_: int) -> Learned:
    items = bench.items(round_)
    return Learned(
        task=bench.task,
        page=Page.of(bench.task, kinds(items.inputs)),
        round=round_,
        model=bench.final(round_),
        items=items,
        see=bench.reader(round_),
    )


def is_open(sent: Sent) -> bool:
    """Whether a suggestion may be shown with what was sent."""
    hidden = sent.suggestion is not None and not sent.shown
    alone = bool(sent.not_by)  # a further opinion is nobody's but the person's
    there = sent.state in ("waiting", "sent")
    return sent.purpose == "train" and there and not hidden and not alone


def site_of(bench: Workbench) -> Site:
    """Where the campaign lives on its server."""
    people = bench.annotators
    assert isinstance(people, LabelStudioPeople)  # `_refuse_unservable` has looked
    return people.site


def _known(store: Store) -> tuple[int, int]:
    """(last finished round, number of the definition that holds): what is served follows from them."""
    last = last_round(store)
    while last >= 0 and store.outcome(last, STEPS[-1].name) is None:
        last -= 1
    return last, store.last_applied()


def _refuse_unservable(task: Task, name: str) -> None:
    if task.annotators.source.name != "label_studio":
        raise LabelwrightError(
            f"{name}: `from = {task.annotators.source.name}`: nobody answers in Label Studio",
            "suggestions are served to people in Label Studio: `from = label_studio`",
        )
    if task.annotators.suggestions != "model":
        raise LabelwrightError(
            f"{name}: `suggestions = {task.annotators.suggestions}`: people are shown nothing of the "
            "model",
            "write `suggestions = model` in `annotators` if they are to see what it proposes",
        )
    if not learnable(task):
        raise NotYet(
            f"{name}: no model learns this kind of task yet, so there is nothing to serve",
            "leave `suggestions` out",
        )
