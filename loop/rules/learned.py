"""What rules are worth, learned without a label from where they fire beside each other.

Given an item's class, rules fire independently, each at one rate on the classes it speaks for and at
another on the rest (`label_model.rates`). So where rule j fires, rule k fires at k's rate on j's classes with
j's accuracy, else at that on the rest: one linear equation for j's accuracy, and every other rule is such a
witness. It is a method of moments, as the triplets of Fu et al. 2020 ("FlyingSquid"), made robust: the
weighted median of the witnesses counts. Maximum likelihood over the same model (Ratner et al. 2016; Dawid &
Skene 1979) was tried and dropped: one rule whose firing hangs together with something else than the class,
such as the length of a text, pulled all others with it.

Witnesses may be wrong all together, where rules hang together by more than the class. So half of what is
taken of a rule without labels is what its `weight` says. Classes are taken to be even, and silence to tell
nothing. Where people labelled items, all that counts as `UNAIDED` labelled items beside theirs.

Rules copy each other, and naive Bayes would count a copy as a witness. So each rule speaks with the voice
1 / (1 + Σ_k ρ_jk), ρ the part of their firing together that classes do not explain, and testifies as much
less. Exact copies have one voice together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelwright.loop.rules.label_model import rates
from labelwright.loop.rules.votes import Votes

UNAIDED = 20.0  # labelled items that what was learned without labels counts as
_SHARE = 0.5  # of what the witnesses say; the rest is what the weight says
_PASSES = 25  # a witness's own rates hang on its accuracy
_LEAST, _MOST = 0.02, 0.98  # that a witness may say
_HEARD = 4.0  # a witness is heard whose own standard error is below half the scale
_BLOCK = 65_536


@dataclass(frozen=True, eq=False)
class LabelModel:
    """What was learned of R rules that tell classes apart, of K classes.

    rules: (R,) their places among all that vote. accuracy: (R,) how often each is right where it fires, and
    `unaided` the same without labels. worth: (R,) the labelled items that stand behind it. coverage (R,);
    voice (R,) 0 … 1; within (R, K) the classes that each speaks for; classes (K,) how frequent they are.
    """

    rules: np.ndarray
    accuracy: np.ndarray
    unaided: np.ndarray
    worth: np.ndarray
    coverage: np.ndarray
    voice: np.ndarray
    within: np.ndarray
    classes: np.ndarray

    def probabilities(self, votes: Votes) -> np.ndarray:
        """(n_items, K) of what the rules say, rows sum to one; `classes` where none speaks or a veto does."""
        rate = rates(self.coverage, self.accuracy, self.within, self.classes)
        found = np.empty((len(votes), len(self.classes)))
        for start in range(0, len(votes), _BLOCK):
            part = slice(start, start + _BLOCK)
            fired = votes.fired[part][:, self.rules] & ~votes.vetoed[part, None]
            found[part] = voiced(fired, rate, self.voice, self.classes)
        return found

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """(R,), (R,): of the beta distribution of `worth` items, of which `accuracy` were right."""
        from scipy.stats import beta

        right, wrong = self.accuracy * self.worth, (1 - self.accuracy) * self.worth
        side = (1 - level) / 2
        return beta.ppf(side, right, wrong), beta.ppf(1 - side, right, wrong)


def learned(
    votes: Votes, labelled: Votes | None = None, targets: np.ndarray | None = None
) -> LabelModel | None:
    """The label model of these votes on all items; None where no rule that fires tells classes apart.

    labelled, targets (n, n_classes) whose rows sum to one: items that people labelled, never the holdout's.
    """
    rules = np.flatnonzero(votes.within.any(axis=1) & ~votes.within.all(axis=1))
    heard = votes.fired[~votes.vetoed][:, rules]
    if not len(rules) or not heard.any():
        return None
    within = votes.within[rules]
    classes = np.full(within.shape[1], UNAIDED / within.shape[1])
    right, worth = np.zeros(len(rules)), np.full(len(rules), UNAIDED)
    if labelled is not None and targets is not None:
        classes = classes + targets.sum(axis=0)
        spoke = labelled.fired[:, rules] & ~labelled.vetoed[:, None]
        right = (spoke * (targets @ within.T)).sum(axis=0)
        worth = worth + spoke.sum(axis=0)
    classes = classes / classes.sum()
    single = heard.astype(np.float32)
    together = (single.T @ single).astype(np.float64) / len(heard)
    believed = votes.odds[rules] / (1 + votes.odds[rules])
    unaided, copied = by_witnesses(together, len(heard), within, classes, believed)
    return LabelModel(
        rules=rules,
        accuracy=(UNAIDED * unaided + right) / worth,
        unaided=unaided,
        worth=worth,
        coverage=_coverage(together, len(heard)),
        voice=1 / (1 + copied.sum(axis=1)),
        within=within,
        classes=classes,
    )


def by_witnesses(
    together: np.ndarray,
    n: int,
    within: np.ndarray,
    classes: np.ndarray,
    believed: np.ndarray,
    share: float = _SHARE,
) -> tuple[np.ndarray, np.ndarray]:
    """(R,) accuracies, (R, R) how far each rule copies each other: see the module.

    together (R, R): shares of the n items on which two rules fire, on the diagonal one. within (R, K),
    classes (K,). believed (R,): the accuracies that the weights say; share: of what the witnesses do.
    """
    coverage, accuracy = _coverage(together, n), believed
    copied = np.zeros_like(together)
    for _ in range(_PASSES):
        rate = rates(coverage, accuracy, within, classes)
        copied = _copied(together, rate, classes, within)
        said = np.array(
            [
                _testified(j, together, n, within[j], rate, classes, copied[j])
                for j in range(len(coverage))
            ]
        )
        accuracy = np.where(np.isnan(said), believed, share * said + (1 - share) * believed)
    return np.asarray(accuracy), copied


def voiced(
    fired: np.ndarray, rate: np.ndarray, voice: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """P(class | which rules fired), (n, K): Bayes' rule, each rule's evidence to the power of its voice.

    fired (n, R), rate (R, K), voice (R,), classes (K,) before.
    """
    told: np.ndarray = np.log(classes) + (fired * voice) @ np.log(rate)
    found = np.exp(told - told.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _coverage(together: np.ndarray, n: int) -> np.ndarray:
    return np.asarray(np.maximum(np.diagonal(together), 0.5 / n))


def _testified(
    j: int,
    together: np.ndarray,
    n: int,
    within: np.ndarray,
    rate: np.ndarray,
    classes: np.ndarray,
    copied: np.ndarray,
) -> float:
    """The weighted median of what the others testify of rule j's accuracy; NaN where none can.

    A witness counts by the inverse of its own standard error, less as far as it copies j.
    """
    if not together[j, j]:
        return float("nan")
    on, off = (rate[:, part] @ classes[part] / classes[part].sum() for part in (within, ~within))
    expected = (on + off) / 2
    precision = together[j, j] * n * (on - off) ** 2 / (expected * (1 - expected))
    able = (precision > _HEARD) & (copied < 1)
    able[j] = False
    if not able.any():
        return float("nan")
    met = together[j, able] / together[j, j]
    said = np.clip((met - off[able]) / (on[able] - off[able]), _LEAST, _MOST)
    return _median(said, np.sqrt(precision[able]) * (1 - copied[able]))


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    """The middle by weight: the mean of the least and the greatest value that halve it."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    low = int(np.searchsorted(reached, 0.5 - 1e-9))
    high = int(np.searchsorted(reached, 0.5 + 1e-9))
    return float((values[order][low] + values[order][high]) / 2)


def _copied(
    together: np.ndarray, rate: np.ndarray, classes: np.ndarray, within: np.ndarray
) -> np.ndarray:
    """(R, R) 0 … 1: correlation of two rules' firing beyond what the classes explain, 0 on the diagonal.

    Only of rules that have a class in common.
    """
    cover = np.diagonal(together)
    spread = np.sqrt(cover * (1 - cover))
    beyond = (together - (rate * classes) @ rate.T) / np.maximum(np.outer(spread, spread), 1e-12)
    both = (within[:, None, :] & within[None, :, :]).any(axis=2)
    found = np.where(both, np.clip(beyond, 0, 1), 0)
    np.fill_diagonal(found, 0)
    return np.asarray(found)
