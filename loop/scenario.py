"""Campaigns that nobody has paid for yet, played through many times: what a scenario may come to.

No data are needed. A campaign is drawn: a learning curve from the forecast's priors, people with error rates
of their own, their answers to as many items as the budget buys; then the task's own rules decide, round
after round, on the same verdicts as in a real one. What is assumed, and what follows from it:

- Classes are equally common, and a wrong answer, of people or of the model, may be any other class.
- With labels of which a share q is right, n of them teach as n ((q − 1/K) / (1 − 1/K))² right ones do:
  errors that favour no class shrink what a label says by the squared correlation with the truth
  (Natarajan et al. 2013).
- A model of error e is wrong on the same items as a better one, and on more.

Sources: Monte Carlo over the assumptions above; majority votes; verdicts as in `measure.verdicts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from labelwright.dsl.looks import planned_looks
from labelwright.dsl.task import Task
from labelwright.loop.budget import Spent, holdout_items, holdout_room, next_items
from labelwright.loop.forecast.priors import PRIORS
from labelwright.loop.forecast.shapes import SHAPES, Shape
from labelwright.loop.history import Look
from labelwright.loop.measure.evidence import Bounded, Evidence
from labelwright.loop.measure.verdicts import verdicts
from labelwright.loop.people.agreement import krippendorff
from labelwright.loop.seeds import derive_seed

_SPREAD = 0.5  # people's error rates lie from half their mean to one and a half times it
_CURVES = 4096  # drawn to find such as end where they are said to
_VOTES = 4000  # items whose votes say how good a training label is
_PLENTY = 10**9  # items: the pool is not what ends a campaign here

NOT_PLAYED = ("ece",)
"""Metrics that cannot be played through without a model's own probabilities."""


@dataclass(frozen=True)
class Scenario:
    """What is supposed. error: people's mean share of wrong answers. reachable: accuracy that the model would

    have with as many right labels as one likes. seconds: of one answer, where it is known.
    """

    people: int
    error: float
    reachable: tuple[float, float] = (0.6, 0.99)
    seconds: float | None = None


@dataclass(frozen=True)
class Played:
    """One campaign, to its end."""

    passed: tuple[bool, ...]  # criterion after criterion, at the last look
    ended: int  # the round
    labels: int
    annotations: int
    accuracy: float  # of the model, against the truth
    measured: float | None  # against the holdout's labels
    alpha: float | None
    right: float  # share of the resolved labels that are right

    @property
    def all_passed(self) -> bool:
        """Whether the campaign ended because its criteria hold."""
        return bool(self.passed) and all(self.passed)


@dataclass(frozen=True)
class _Curve:
    shape: Shape
    start: float
    end: float
    scale: float
    steepness: float

    def error(self, n: float) -> float:
        left = self.shape.left(np.array([n / self.scale]), np.array([self.steepness]))[0]
        return float(self.end + max(self.start - self.end, 0.0) * left)


def playable(task: Task) -> Task:
    """The task with the criteria that can be played through: not `NOT_PLAYED`, nor those on slices."""
    kept = tuple(
        c
        for c in task.accept.criteria
        if c.metric not in NOT_PLAYED and c.on is None and not c.args
    )
    return task.model_copy(update={"accept": task.accept.model_copy(update={"criteria": kept})})


def play(
    task: Task,
    scenario: Scenario,
    times: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Played]:
    """Campaigns of the scenario, `times` of them; the same for the same arguments.

    task: with one class an item, and criteria as `playable` leaves them.
    """
    own = ("scenario", seed, scenario.people, scenario.error, task.annotators.overlap)
    rng = np.random.default_rng(derive_seed(*own))
    curves = _curves(len(task.labels), scenario.reachable, times, rng)
    found = []
    for number, curve in enumerate(curves):
        found.append(_played(task, scenario, curve, rng))
        progress(number + 1)
    return found


def _curves(
    classes: int, reachable: tuple[float, float], times: int, rng: np.random.Generator
) -> Iterator[_Curve]:
    """Curves that end within `reachable`, each shape as likely as another."""
    low, high = reachable
    for _ in range(times):
        shape = SHAPES[rng.integers(len(SHAPES))]
        drawn = PRIORS[shape.name].curves(shape, rng.standard_normal((_CURVES, 4)), classes)
        fits = np.flatnonzero((1 - drawn.asymptote >= low) & (1 - drawn.asymptote <= high))
        end = drawn.asymptote
        if not len(fits):  # the priors know none such: the nearest, brought there
            fits = np.array([np.abs(1 - end - (low + high) / 2).argmin()])
            end = np.clip(end, 1 - high, 1 - low)
        one = int(fits[rng.integers(len(fits))])
        yield _Curve(
            shape, float(drawn.start[one]), float(end[one]), float(drawn.scale[one]),
            float(drawn.steepness[one]),
        )  # fmt: skip


def _played(task: Task, scenario: Scenario, curve: _Curve, rng: np.random.Generator) -> Played:
    classes, overlap = len(task.labels), task.annotators.overlap
    rates = _rates(scenario, rng)
    votes = _votes(rng, _VOTES, overlap, rates, classes)[0]
    right = float(np.mean(_resolved(votes, classes, rng) == 0))
    worth = max(0.0, (right - 1 / classes) / (1 - 1 / classes)) ** 2 if classes > 1 else 1.0
    held = _held(rng, holdout_room(task, Spent(), holdout_items(task)), overlap, rates, classes)
    planned = planned_looks(task)
    used = Spent(holdout=len(held.truth) * overlap)
    round_, error, measured = 0, 1.0, None
    passed: tuple[bool, ...] = ()
    while not (passed and all(passed)):
        asked = next_items(task, _timed(used, scenario), _PLENTY)
        if not asked or (task.budget.rounds is not None and round_ >= task.budget.rounds):
            break
        used = Spent(training=used.training + asked * overlap, holdout=used.holdout)
        labels = used.training // overlap
        error = curve.error(labels * worth)
        evidence = Evidence(
            truth=held.labels,
            probs=np.eye(classes)[held.said(error, classes)],
            classes=tuple(c.id for c in task.labels),
            labels_per_class={c.id: labels // classes for c in task.labels},
            alpha=held.alpha,
            seed=round_,
        )
        look = Look(number=round_ + 1, planned=planned)
        passed = tuple(v.status == "PASS" for v in verdicts(task, evidence, look))
        measured = evidence.accuracy().estimate
        round_ += 1
    return Played(
        passed=passed,
        ended=round_,
        labels=used.training // overlap,
        annotations=used.annotations,
        accuracy=1 - error,
        measured=measured,
        alpha=held.alpha.estimate,
        right=right,
    )


@dataclass(frozen=True)
class _Held:
    """The holdout: true classes, what people's answers came to, and what decides where a model errs."""

    truth: np.ndarray
    labels: np.ndarray
    alpha: Bounded
    luck: np.ndarray
    instead: np.ndarray  # steps from the right class to the one that the model takes it for

    def said(self, error: float, classes: int) -> np.ndarray:
        """(n,) the classes that a model of this error gives."""
        return np.asarray((self.truth + np.where(self.luck < error, self.instead, 0)) % classes)


def _held(
    rng: np.random.Generator, items: int, overlap: int, rates: np.ndarray, classes: int
) -> _Held:
    truth = rng.integers(classes, size=items)
    votes, who = _votes(rng, items, overlap, rates, classes)
    return _Held(
        truth=truth,
        labels=(truth + _resolved(votes, classes, rng)) % classes,
        alpha=_agreement(truth, votes, who, classes),
        luck=rng.random(items),
        instead=rng.integers(1, max(classes, 2), size=items),
    )


def _rates(scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """(people,) error rates, their mean `error`."""
    spread = np.linspace(-_SPREAD, _SPREAD, scenario.people) if scenario.people > 1 else np.zeros(1)
    return np.clip(scenario.error * (1 + rng.permutation(spread)), 0, 1)


def _votes(
    rng: np.random.Generator, items: int, overlap: int, rates: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """(items, overlap) answers, as steps from the right class (0: right), and who gave them."""
    who = np.argsort(rng.random((items, len(rates))), axis=1)[:, :overlap]
    errs = rng.random(who.shape) < rates[who]
    return np.where(errs, rng.integers(1, max(classes, 2), size=who.shape), 0), who


def _resolved(votes: np.ndarray, classes: int, rng: np.random.Generator) -> np.ndarray:
    """(items,) the step that most gave; ties by chance."""
    if not votes.size:
        return np.zeros(len(votes), dtype=int)
    counts = (votes[:, :, None] == np.arange(classes)).sum(axis=1)
    return np.asarray((counts + rng.random(counts.shape) / 2).argmax(axis=1))


def _agreement(truth: np.ndarray, votes: np.ndarray, who: np.ndarray, classes: int) -> Bounded:
    """Krippendorff's alpha of these answers."""
    said = (truth[:, None] + votes) % classes
    answers = [
        (str(item), str(person), float(answer))
        for item, row in enumerate(who)
        for person, answer in zip(row, said[item], strict=True)
    ]
    return krippendorff(answers)


def _timed(used: Spent, scenario: Scenario) -> Spent:
    seconds = used.annotations * (scenario.seconds or 0.0)
    return Spent(training=used.training, holdout=used.holdout, seconds=seconds)
