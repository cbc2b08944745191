"""Asking somebody else about items that have an answer, in place of new items: which, and why.

`allocating` weighs; here it gets what it weighs with. The model's view of a labelled item is that of models
that did not train on it (cross-validation, one temperature for all); of a new item, the mean of the same
models. What trains is then the task's own rule on all answers. Verified labels are not asked about.

Nobody is asked about an item twice: a further opinion is somebody else's. So items are asked again only
where another person is known, who answered in one of the two rounds before, or who is one of those that the
source says it has (`ports.Peopled`). What to do where nobody comes is in `collecting`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.allocating import Votes, allocate, labelled_scores, new_scores, trust
from labelwright.loop.audit.doubting import doubted
from labelwright.loop.budget import PAID
from labelwright.loop.labels import in_force
from labelwright.loop.learn.calibrate import softmax, temperature
from labelwright.loop.learn.folds import stratified
from labelwright.loop.learn.gate import FOLDS, fewest, usable
from labelwright.loop.pausing import names as out_of_work
from labelwright.loop.pausing import without_paused
from labelwright.loop.seeds import derive_seed
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.loop.labels import Labels
    from labelwright.loop.ports import Learner, Model
    from labelwright.loop.store import Event
    from labelwright.loop.workbench import Workbench

MOST_PEOPLE = 5
"""How many people are asked about an item at most; more only where `overlap` says so."""

_ASKED = ("train", "holdout")
_RECENT = 2  # rounds: who answered in one of these is taken to be still there
_NTH = ("", "first", "second", "third", "fourth", "fifth")
_SAID = 3  # answers that a reason names


@dataclass(frozen=True)
class Opinion:
    """An item to ask about once more. recheck: its label is not what the model says."""

    row: int
    score: float  # ActiveLab's: how far its label can be trusted
    not_by: tuple[str, ...]  # who answered it, or skipped it
    reason: str
    recheck: bool


@dataclass(frozen=True)
class Opinions:
    """The further opinions of a round, the most needed first; notes: why there are none, where it matters."""

    asked: tuple[Opinion, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.asked)


def further_opinions(
    bench: Workbench,
    round_: int,
    training: Labels,
    new_rows: np.ndarray,
    again: Mapping[int, str],
    n: int,
) -> Opinions:
    """Which of the round's n questions go to items that have an answer.

    new_rows: the items that the strategy chose; from its last one on they give way. again: rows that are
    asked again anyway.
    """
    task = bench.task
    most = floor(task.query.second_opinions * n + 1e-9)
    if most == 0 or not single(task):
        return Opinions()
    targets = bench.targets(training)
    if len(training) < fewest(targets):
        return Opinions(notes=(_too_few(len(training), fewest(targets)),))
    judged = _judged(bench, round_, training)
    known = known_people(bench, round_) - out_of_work(bench, bench.watermark(round_))
    may, others = _may(bench, round_, training, judged, known, again)
    if not may.any():
        return Opinions(notes=(_nobody_else(known),) if len(known) < 2 else ())
    may &= usable(targets)
    features = bench.features(round_)
    seed = derive_seed(bench.context.seed, "second opinions", round_)
    probs, new_probs = out_of_sample(
        bench.chooser(round_),
        np.asarray(features[training.rows]),
        targets,
        np.asarray(features[new_rows]),
        seed,
    )
    table = bench.items(round_).take(training.rows)
    probs = doubted(task, table.table, table.contents, training.classes, probs)
    votes = _votes(bench, training, judged)
    trusted = trust(votes, training.classes, probs)
    scores = labelled_scores(votes, training.classes, probs, trusted)
    chosen = allocate(
        np.where(may, scores, np.inf), new_scores(new_probs, trusted), len(new_rows), most
    )
    names = [c.id for c in task.labels]
    asked = []
    for i in map(int, chosen):
        row, says = int(training.rows[i]), int(probs[i].argmax())
        asked.append(
            Opinion(
                row=row,
                score=float(scores[i]),
                not_by=others[row],
                reason=_reason(judged[row], names[says], float(probs[i, says])),
                recheck=says != int(training.classes[i]),
            )
        )
    return Opinions(tuple(asked))


def out_of_sample(
    learner: Learner, X: np.ndarray, targets: np.ndarray, X_new: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(n, n_classes) probabilities of labelled X (n, dim), each by a model that did not train on it; and

    (n_new, n_classes) of X_new, the mean of these models. All by the temperature that makes the first honest
    on the labels whose class the others have too.
    """
    folds = stratified(targets.argmax(axis=1), FOLDS, seed)
    logs = np.zeros_like(targets, dtype=np.float64)
    models: list[Model] = []
    for fold in range(FOLDS):
        held = folds == fold
        models.append(learner.fit(X[~held], targets[~held], calibrate=False))
        if held.any():
            logs[held] = _logs(models[-1], X[held])
    known = usable(targets)
    heat = temperature(logs[known], targets[known], np.ones(int(known.sum())))
    if not len(X_new):
        return softmax(logs / heat), np.zeros((0, targets.shape[1]))
    new = np.mean([softmax(_logs(model, X_new) / heat) for model in models], axis=0)
    return softmax(logs / heat), np.asarray(new)


def known_people(bench: Workbench, round_: int) -> frozenset[str]:
    """Who can be asked: those that the source names, else who answered a short while ago under a name.

    Whoever only adjudicates, or makes gold, is not one of them.
    """
    named = getattr(bench.annotators, "people", None)
    if named is not None:
        return frozenset(named())
    recent = {
        e.annotator
        for e in bench.events(bench.watermark(round_))
        if e.source in PAID and e.round >= round_ - _RECENT and e.purpose in _ASKED
    }
    return frozenset(recent - {_anonymous(bench)})


def _anonymous(bench: Workbench) -> str | None:
    """Whom the source takes anybody for who gave no name; never known to be somebody else."""
    name: str | None = getattr(bench.annotators, "anonymous", None)
    return name


def _judged(bench: Workbench, round_: int, training: Labels) -> dict[int, list[Event]]:
    """By row of a labelled item, the judgements in force, skips included, oldest first."""
    watermark = bench.watermark(round_)
    events = without_paused(bench, bench.events(watermark), watermark)
    found: dict[int, list[Event]] = {int(row): [] for row in training.rows}
    for row, event in in_force(events, bench.items(round_), bench.translation):
        if row in found:
            found[row].append(event)
    return found


def _may(
    bench: Workbench,
    round_: int,
    training: Labels,
    judged: Mapping[int, Sequence[Event]],
    known: frozenset[str],
    again: Mapping[int, str],
) -> tuple[np.ndarray, dict[int, tuple[str, ...]]]:
    """(n,) whether each labelled item may be asked about once more; and who is not asked, by row."""
    asked = _times_asked(bench, round_)
    most = max(MOST_PEOPLE, bench.task.annotators.overlap)
    anonymous = _anonymous(bench)
    may = np.zeros(len(training), dtype=bool)
    others = {}
    for i, row in enumerate(map(int, training.rows)):
        people = {e.annotator for e in judged[row] if e.source in PAID}
        others[row] = tuple(sorted(people))
        may[i] = (
            bool(people)
            and anonymous not in people
            and row not in again
            and not any(e.purpose == "adjudicate" for e in judged[row])
            and max(asked[row], len(people)) < most
            and bool(known - people)
        )
    return may, others


def _times_asked(bench: Workbench, round_: int) -> Counter[int]:
    """By row, how many people were asked about it so far, whether they came or not."""
    items = bench.items(round_)
    choices = [c for c in bench.store.choices() if c.round < round_]
    found: Counter[int] = Counter()
    for row, choice in zip(items.rows_of([c.item for c in choices]), choices, strict=True):
        if row >= 0 and items.content_of(row) == choice.content:
            found[int(row)] += choice.people
    return found


def _votes(bench: Workbench, training: Labels, judged: Mapping[int, Sequence[Event]]) -> Votes:
    classes = {c.id: k for k, c in enumerate(bench.task.labels)}
    people: dict[str, int] = defaultdict(lambda: len(people))
    rows = [
        (i, people[e.annotator], classes.get(e.labels[0], -1))
        for i, row in enumerate(map(int, training.rows))
        for e in judged[row]
        if e.labels
    ]
    items, who, said = np.array(rows, dtype=np.int64).T
    return Votes(items, who, said, len(people))


def _logs(model: Model, X: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(model.predict_proba(X), 1e-12)))


# --- words ------------------------------------------------------------------------------------


def _reason(judged: Sequence[Event], says: str, probability: float) -> str:
    """`second opinion: kim said Business, the model says World 0.94`."""
    answers = [f"{e.annotator} said {e.labels[0]}" for e in judged if e.labels]
    more = len(answers) - _SAID
    told = ", ".join(answers[:_SAID]) + (f" and {more} more" if more > 0 else "")
    nth = _NTH[len(answers) + 1] if len(answers) + 1 < len(_NTH) else "another"
    return f"{nth} opinion: {told}, the model says {says} {probability:.2f}"


def _too_few(labels: int, needed: int) -> str:
    return f"no second opinions yet: {labels:,} labels, and weighing them takes {needed:,}"


def _nobody_else(known: frozenset[str]) -> str:
    who = f"only {next(iter(known))} answers" if known else "nobody answered lately under a name"
    return f"no second opinions: {who}, and they are asked of somebody else"
