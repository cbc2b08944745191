"""A label model: what the votes of rules of unequal worth come to, item by item.

Naive Bayes over rules, as in data programming (Ratner et al. 2016), but with accuracies estimated from
people's labels instead of from agreement among rules: the labels are there, and rules copy each other.
Given the class, rules fire independently; a rule that says "one of S" fires at one rate on classes
in S and at another on the rest. The two follow from its coverage, which the items tell, and its accuracy.
"""

from __future__ import annotations

import numpy as np

from labelwright.loop.rules.votes import Votes

_KNOWN_BEFORE = 6.0  # firings that what is taken of a rule before any label counts as
_RATES = 1e-4, 0.99  # between which a rule fires: none is taken to be certain


def accuracies(votes: Votes, targets: np.ndarray) -> np.ndarray:
    """(n_rules,) how often each is right where it fires, shrunk towards what its weight says.

    votes of n labelled items, targets (n, n_classes) whose rows sum to one.
    """
    before = votes.odds / (1 + votes.odds)
    fired = votes.fired.astype(np.float64)
    right = (fired * (targets @ votes.within.T)).sum(axis=0)
    return np.asarray((right + _KNOWN_BEFORE * before) / (fired.sum(axis=0) + _KNOWN_BEFORE))


def rates(
    coverage: np.ndarray, accuracy: np.ndarray, within: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """(n_rules, n_classes) how often each rule fires on items of each class.

    coverage, accuracy (n_rules,), within (n_rules, n_classes), prior (n_classes,) of the classes.
    """
    inside = np.clip(within @ prior, 1e-9, 1 - 1e-9)
    on, off = accuracy * coverage / inside, (1 - accuracy) * coverage / (1 - inside)
    return np.clip(np.where(within, on[:, None], off[:, None]), *_RATES)


def posterior(fired: np.ndarray, rate: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """P(class | which rules fired), (n_items, n_classes); 0 where the prior is.

    fired (n_items, n_rules) bool, rate (n_rules, n_classes), prior (n_classes,).
    """
    silent = np.log1p(-rate)
    found = fired.astype(np.float64) @ (np.log(rate) - silent) + silent.sum(axis=0)
    found += np.log(np.maximum(prior, 1e-300))
    found = np.exp(found - found.max(axis=1, keepdims=True)) * (prior > 0)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def taught(
    labelled: Votes,
    targets: np.ndarray,
    others: Votes,
    prior: np.ndarray,
    coverage: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items that rules speak of, what they say, and how much: positions in `others`, targets, weights.

    coverage: (n_rules,) the share of all items on which each fires. Vetoed items are left out, and rules
    that tell no class with labels from another. An item weighs as much as the votes told of it (1 − its
    entropy over that of the prior), all of them together at most as much as the n labels, none more than one.
    """
    inside = labelled.within @ prior
    speaks = (inside > 1e-9) & (inside < 1 - 1e-9)
    rate = rates(
        coverage[speaks], accuracies(labelled, targets)[speaks], labelled.within[speaks], prior
    )
    rows = np.flatnonzero(others.fired[:, speaks].any(axis=1) & ~others.vetoed)
    soft = posterior(others.fired[np.ix_(rows, np.flatnonzero(speaks))], rate, prior)
    told = np.maximum(0, 1 - _entropy(soft) / max(float(_entropy(prior)), 1e-9))
    return rows, soft, told * min(1.0, len(targets) / max(float(told.sum()), 1e-9))


def _entropy(probs: np.ndarray) -> np.ndarray:
    return np.asarray(-(probs * np.log(np.maximum(probs, 1e-300))).sum(axis=-1))
