"""The gate: does learning from unlabelled items help, as far as the labels can tell?

Pseudo-labels harm as easily as they help (USB, Wang et al. 2022, table 2). So whatever makes them is
tried inside stratified cross-validation, from the training folds alone, and its log-loss on the held
labels is compared with the plain model's. Each side's confidences are first made as honest as one
temperature can: a method is not credited for mere caution, nor its rival blamed for want of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.loop.learn.calibrate import softmax, temperature
from labelwright.loop.learn.folds import stratified
from labelwright.loop.ports import Learner, Model

FOLDS = 5
_FEWEST, _FEWEST_A_CLASS = 20, 4
FEWEST = 15
"""Usable labels that a trial takes. How many classes there are does not matter: each label is one test."""

_CLEAR = 0.5  # standard errors that the mean gain must exceed

Predict = Callable[[np.ndarray], np.ndarray]
"""X -> probabilities, (n_items, n_classes)."""

Semi = Callable[[np.ndarray, Predict], Model]
"""`semi(rows, plain)`: the model that learns from these labelled rows and from unlabelled items;
`plain` predicts by a model of the same rows alone."""


@dataclass(frozen=True)
class Trial:
    """What cross-validation found. `plain` and `semi` are mean log-losses over `items` labels.

    `better`: the log-loss fell by more than half its standard error, and no more labels were got wrong.
    `temperature` is the one that makes the semi-supervised model's confidences honest, `losses` (items,)
    are its log-losses label by label.
    """

    items: int
    plain: float
    semi: float
    better: bool
    temperature: float
    losses: np.ndarray


def fewest(targets: np.ndarray) -> int:
    """How many labels tell each class's own probability out of fold: 20, and 4 for each that has any."""
    return max(_FEWEST, _FEWEST_A_CLASS * int((targets.sum(axis=0) > 0).sum()))


def usable(targets: np.ndarray) -> np.ndarray:
    """(n,) bool: labels of classes that have two or more, so that a fold can be held out."""
    labels = targets.argmax(axis=1)
    return np.asarray(np.bincount(labels, minlength=targets.shape[1])[labels] > 1)


def trial(
    learner: Learner,
    X: np.ndarray,
    targets: np.ndarray,
    semi: Semi,
    random_state: int,
    n_folds: int = FOLDS,
) -> Trial:
    """Compare `semi` with `learner` alone on labelled X (n, ...), targets (n, n_classes).

    Only labels that `usable` names are scored; there should be `FEWEST` at least.
    """
    return trials(learner, X, targets, [semi], random_state, n_folds)[0]


def trials(
    learner: Learner,
    X: np.ndarray,
    targets: np.ndarray,
    ways: Sequence[Semi],
    random_state: int,
    n_folds: int = FOLDS,
) -> list[Trial]:
    """The same for several ways, on the same folds and against the same plain models."""
    folds = stratified(targets.argmax(axis=1), n_folds, random_state)
    scored = usable(targets)
    parts = [(np.flatnonzero(folds != fold), folds == fold) for fold in range(n_folds)]
    models = [learner.fit(X[rows], targets[rows], calibrate=False) for rows, _ in parts]
    plain = np.zeros_like(targets, dtype=np.float64)
    for model, (_, held) in zip(models, parts, strict=True):
        plain[held] = model.predict_proba(X[held])
    heat = _heat(plain[scored], targets[scored])
    before = _losses(plain[scored], targets[scored])
    found = []
    for semi in ways:
        mixed = np.zeros_like(plain)
        for model, (rows, held) in zip(models, parts, strict=True):
            mixed[held] = semi(rows, _tempered(model, heat)).predict_proba(X[held])
        after = _losses(mixed[scored], targets[scored])
        found.append(
            Trial(
                items=int(scored.sum()),
                plain=float(before.mean()),
                semi=float(after.mean()),
                better=clearly_positive(before - after, _CLEAR)
                and _errors(mixed[scored], targets[scored])
                <= _errors(plain[scored], targets[scored]),
                temperature=_heat(mixed[scored], targets[scored]),
                losses=after,
            )
        )
    return found


def preferred(found: Sequence[Trial]) -> int:
    """The first of these that is better than the plain model, unless a later one beats it by more than
    a standard error: then that one. The one of least loss where none is better.

    In the spirit of Breiman et al. 1984: what differs less was told apart by chance.
    """
    able = [place for place, trial in enumerate(found) if trial.better]
    if not able:
        return min(range(len(found)), key=lambda place: found[place].semi)
    best = able[0]
    for place in able[1:]:
        if clearly_positive(found[best].losses - found[place].losses, 1.0):
            best = place
    return best


def clearly_positive(gains: np.ndarray, errors: float) -> bool:
    """Whether the mean gain is above so many of its own standard errors."""
    return bool(gains.mean() > errors * gains.std(ddof=1) / np.sqrt(len(gains)))


def _errors(probs: np.ndarray, targets: np.ndarray) -> int:
    return int((probs.argmax(axis=1) != targets.argmax(axis=1)).sum())


def _tempered(model: Model, heat: float) -> Predict:
    return lambda X: softmax(_logs(model.predict_proba(X)) / heat)


def _heat(probs: np.ndarray, targets: np.ndarray) -> float:
    return temperature(_logs(probs), targets, np.ones(len(probs)))


def _losses(probs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(n,) cross-entropy of each item at the best temperature for all."""
    honest = softmax(_logs(probs) / _heat(probs, targets))
    return np.asarray(-(targets * _logs(honest)).sum(axis=1))


def _logs(probs: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(probs, 1e-12)))
