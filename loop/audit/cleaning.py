"""Confident learning (Northcutt, Jiang & Chuang 2021), as the library cleanlab has it: a thin adapter.

Labels are class indices; probabilities are out of sample, (n, n_classes), rows that sum to one. Classes
without a label are taken out before the library sees anything, and put back: it wants each to have one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.loop.errors import PluginError


def quality(given: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """(n,) how likely each label is right, 0 to 1: the probability of the label (self-confidence)."""
    labels, known, _ = _present(given, probs)
    scores = _cleanlab("rank").get_label_quality_scores(labels, known, method="self_confidence")
    return np.asarray(scores, dtype=np.float64)


def issues(given: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """(n,) bool: labels that are likely wrong, pruned by the estimated noise of each pair of classes."""
    labels, known, seen = _present(given, probs)
    if len(seen) < 2:
        return np.zeros(len(given), dtype=bool)
    joint = _confident_joint(labels, known)
    return np.asarray(
        _cleanlab("filter").find_label_issues(
            labels, known, confident_joint=joint, filter_by="prune_by_noise_rate", n_jobs=1
        ),
        dtype=bool,
    )


def joint(given: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """(n_classes, n_classes) estimated share of items with this label (row) and that class (column)."""
    labels, known, seen = _present(given, probs)
    n_classes = probs.shape[1]
    whole = np.zeros((n_classes, n_classes))
    if len(seen) < 2:
        whole[seen, seen] = 1.0
        return whole
    found = _cleanlab("count").estimate_joint(
        labels, known, confident_joint=_confident_joint(labels, known)
    )
    whole[np.ix_(seen, seen)] = found
    return whole


def _confident_joint(labels: np.ndarray, probs: np.ndarray) -> np.ndarray:
    return np.asarray(_cleanlab("count").compute_confident_joint(labels, probs))


def _present(given: np.ndarray, probs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and probabilities of the classes that have labels, and which these are."""
    seen, labels = np.unique(given, return_inverse=True)
    known = probs[:, seen]
    known = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-12)
    return labels.reshape(-1), known, seen


def _cleanlab(part: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"cleanlab.{part}")
    except ImportError as error:
        raise PluginError(
            "finding label errors needs the package cleanlab, which cannot be imported",
            "run `pip install 'cleanlab>=2.8'`",
        ) from error
