"""Views of labelled items: each says what an item's class is without having learned from its own label.

They err in different ways: a linear model follows what labels have in common, also where the same mistake is
made over and over; neighbours follow the labels beside an item; words follow what is said. Each picks its one
setting by the log-loss on the labels as they are, in the first fold, and is told nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from labelwright.loop.learn.calibrate import softmax, temperature
from labelwright.loop.learn.folds import stratified
from labelwright.loop.ports import Progress, no_progress

FOLDS = 5
LEAST = 1e-6
"""The smallest probability that a view gives: no class is ruled out."""

_LONGEST = 5_000  # characters of a text that are looked at
_WORD = r"(?u)\b\w+\b|[!?]+"
_MOST_BESIDE = 50_000  # items among which neighbours are sought


class View(Protocol):
    """Something that learns from some labelled items and tells the classes of others."""

    @property
    def name(self) -> str: ...

    def tell(
        self, given: np.ndarray, keep: np.ndarray, folds: np.ndarray, n_classes: int
    ) -> np.ndarray:
        """(n, n_classes) probabilities, each row by what learned in the other folds.

        given: (n,) class indices as they are. keep: (n,) bool, labels to learn from. folds: (n,).
        """


Fit = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""rows to learn from, rows to tell, the setting -> (n_told, n_classes)"""


def deal(given: np.ndarray, same: np.ndarray, seed: int, n_folds: int = FOLDS) -> np.ndarray:
    """(n,) folds, stratified by label; items that are the same (equal `same`) share a fold.

    Else a copy with the same wrong label would vouch for the other one.
    """
    _, first, inverse = np.unique(same, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    firsts = np.sort(first)
    return np.asarray(stratified(given[firsts], n_folds, seed)[order[inverse.reshape(-1)]])


def floored(probs: np.ndarray) -> np.ndarray:
    """Rows that sum to one, none of their numbers below `LEAST`."""
    clipped = np.clip(probs, LEAST, None)
    return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))


def log_loss(probs: np.ndarray, given: np.ndarray) -> float:
    """Mean log-loss at the best temperature: a view is not blamed for what one number mends."""
    logs = np.log(floored(probs))
    targets = np.eye(probs.shape[1])[given]
    honest = softmax(logs / temperature(logs, targets, np.ones(len(given))))
    return float(-np.log(honest[np.arange(len(given)), given]).mean())


def _across(
    fit: Fit,
    settings: Sequence[float],
    chosen: dict[str, float],
    given: np.ndarray,
    keep: np.ndarray,
    folds: np.ndarray,
    told: Callable[[int], None],
) -> np.ndarray:
    """Every row told by the other folds; the setting that tells the first fold best is kept in `chosen`."""
    parts = [
        (np.flatnonzero((folds != f) & keep), np.flatnonzero(folds == f)) for f in range(FOLDS)
    ]
    first: np.ndarray | None = None
    if "setting" not in chosen:
        tried = {s: fit(*parts[0], s) for s in settings}
        losses = {s: log_loss(tried[s], given[parts[0][1]]) for s in settings}
        chosen["setting"] = min(settings, key=losses.__getitem__)
        first = tried[chosen["setting"]]
    probs: np.ndarray | None = None
    for fold, (learned, rows) in enumerate(parts):
        found = first if fold == 0 and first is not None else fit(learned, rows, chosen["setting"])
        if probs is None:
            probs = np.zeros((len(given), found.shape[1]))
        probs[rows] = found
        told(fold + 1)
    assert probs is not None
    return floored(probs)


@dataclass(eq=False)
class Linear:
    """Logistic regression on vectors X (n, dim); picks C, on vectors of unit mean squared length."""

    X: np.ndarray
    name: str = "linear"
    progress: Progress = no_progress
    _chosen: dict[str, float] = field(default_factory=dict)

    def tell(
        self, given: np.ndarray, keep: np.ndarray, folds: np.ndarray, n_classes: int
    ) -> np.ndarray:
        """See `View`."""
        from labelwright.loop.learn.logistic import fit_logistic

        centre = self.X.mean(axis=0, dtype=np.float64)
        size = float(np.sqrt(((self.X - centre) ** 2).sum(axis=1).mean())) or 1.0
        X = ((self.X - centre) / size).astype(np.float32)
        eye = np.eye(n_classes)

        def fit(learned: np.ndarray, rows: np.ndarray, C: float) -> np.ndarray:
            seen = np.unique(given[learned])
            targets = eye[given[learned]][:, seen]
            probs = np.zeros((len(rows), n_classes))
            if len(seen) < 2:
                probs[:, seen] = 1.0
                return probs
            linear = fit_logistic(X[learned], targets, np.ones(len(learned)), C)
            probs[:, seen] = softmax(linear.logits(X[rows]))
            return probs

        return _across(
            fit, (0.03, 0.3, 3.0), self._chosen, given, keep, folds,
            lambda done: self.progress(f"view {self.name}", done, FOLDS),
        )  # fmt: skip


@dataclass(eq=False)
class Neighbours:
    """The labels of the items beside an item, by the cosine of vectors X (n, dim); picks how many.

    Leaves out the item's own fold, and with it all its copies. Among more than 50,000 items, so many
    of them, drawn by `seed`, are looked at.
    """

    X: np.ndarray
    seed: int = 0
    name: str = "neighbours"
    progress: Progress = no_progress
    _chosen: dict[str, float] = field(default_factory=dict)

    def tell(
        self, given: np.ndarray, keep: np.ndarray, folds: np.ndarray, n_classes: int
    ) -> np.ndarray:
        """See `View`."""
        from labelwright.loop.query.kernel import unit

        X = unit(np.asarray(self.X - self.X.mean(axis=0, dtype=np.float64), dtype=np.float32))
        may: np.ndarray = np.ones(len(X), dtype=bool)
        if len(X) > _MOST_BESIDE:
            drawn = np.random.default_rng(self.seed).permutation(len(X))[:_MOST_BESIDE]
            may = np.isin(np.arange(len(X)), drawn)
        prior = np.bincount(given, minlength=n_classes) / len(given)

        def fit(learned: np.ndarray, rows: np.ndarray, many: float) -> np.ndarray:
            beside = learned[may[learned]]
            return _nearest(X[rows], X[beside], given[beside], int(many), prior)

        return _across(
            fit, (10, 30, 100), self._chosen, given, keep, folds,
            lambda done: self.progress(f"view {self.name}", done, FOLDS),
        )  # fmt: skip


def _nearest(
    X: np.ndarray, others: np.ndarray, labels: np.ndarray, k: int, prior: np.ndarray
) -> np.ndarray:
    """(n, n_classes) shares of the labels of the k most similar of `others`, the nearer the more.

    An item weighs exp((cosine − 1) / 0.1); one more weighs as the prior.
    """
    found = np.zeros((len(X), len(prior)))
    k = min(k, len(others))
    for start in range(0, len(X), 1_024):
        similar = X[start : start + 1_024] @ others.T
        near = np.argpartition(-similar, k - 1, axis=1)[:, :k]
        weight = np.exp((np.take_along_axis(similar, near, axis=1) - 1.0) / 0.1)
        weight *= k / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        rows = np.repeat(np.arange(len(near)), k) * len(prior) + labels[near].ravel()
        counts = np.bincount(rows, weight.ravel(), minlength=len(near) * len(prior))
        found[start : start + len(near)] = counts.reshape(-1, len(prior))
    return np.asarray((found + prior) / (k + 1))


@dataclass(eq=False)
class Words:
    """What texts say: logistic regression on n-grams, each weighted by how much it tells of the class.

    "NBSVM" (Wang & Manning 2012): presence of an n-gram times its log-count ratio, each class against the
    rest. characters: runs of 2 to 5 characters within words, in the place of words and word pairs. Picks C.
    """

    texts: Sequence[str]
    characters: bool = False
    progress: Progress = no_progress
    _chosen: dict[str, float] = field(default_factory=dict)
    _made: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        """`words`, or `characters`."""
        return "characters" if self.characters else "words"

    def tell(
        self, given: np.ndarray, keep: np.ndarray, folds: np.ndarray, n_classes: int
    ) -> np.ndarray:
        """See `View`."""
        self.progress(f"view {self.name}", 0, FOLDS)
        grams = self._grams()

        def fit(learned: np.ndarray, rows: np.ndarray, C: float) -> np.ndarray:
            return _naive_bayes_weighted(grams[learned], given[learned], grams[rows], C, n_classes)

        return _across(
            fit, (1.0, 10.0), self._chosen, given, keep, folds,
            lambda done: self.progress(f"view {self.name}", done, FOLDS),
        )  # fmt: skip

    def _grams(self) -> Any:
        """(n, n_grams) sparse float32 of 0 and 1."""
        import unicodedata

        from sklearn.feature_extraction.text import CountVectorizer

        if self._made:
            return self._made[0]
        shared: dict[str, Any] = {"binary": True, "dtype": np.float32, "lowercase": False}
        least = 2 if len(self.texts) < 20_000 else 3
        reader = (
            CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), max_features=100_000,
                            min_df=least, **shared)
            if self.characters
            else CountVectorizer(ngram_range=(1, 2), token_pattern=_WORD,
                                 max_features=300_000, min_df=least, **shared)
        )  # fmt: skip
        folded = [unicodedata.normalize("NFC", t[:_LONGEST]).casefold() for t in self.texts]
        try:
            self._made.append(reader.fit_transform(folded).tocsr())
        except ValueError:  # scikit-learn's word for an empty vocabulary
            from scipy.sparse import csr_matrix

            self._made.append(csr_matrix((len(folded), 1), dtype=np.float32))
        return self._made[0]


def _naive_bayes_weighted(
    learned: Any, labels: np.ndarray, rows: Any, C: float, n_classes: int
) -> np.ndarray:
    """(n_rows, n_classes) of each class against the rest, brought to a sum of one."""
    from scipy.sparse import csr_matrix, diags
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import normalize

    counts = np.bincount(labels, minlength=n_classes)
    hot = csr_matrix((np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))),
                     shape=(n_classes, len(labels)))  # fmt: skip
    with_each = np.asarray((hot @ learned).todense(), dtype=np.float64)
    total = with_each.sum(axis=0)
    probs = np.zeros((rows.shape[0], n_classes))
    seen = np.flatnonzero((counts > 0) & (counts < len(labels)))
    if not len(seen):
        return np.tile(counts / counts.sum(), (rows.shape[0], 1))
    for k in seen[:1] if n_classes == 2 and len(seen) == 2 else seen:
        mine, others = with_each[k] + 1, total - with_each[k] + 1
        ratio = np.log(mine / mine.sum()) - np.log(others / others.sum())
        weigh = diags(ratio.astype(np.float32))
        model = LogisticRegression(C=C, solver="liblinear", dual=True, tol=0.01, max_iter=200,
                                   random_state=0)  # fmt: skip
        model.fit(normalize(learned @ weigh), labels == k)
        probs[:, k] = model.predict_proba(normalize(rows @ weigh))[:, 1]
    if n_classes == 2 and len(seen) == 2:
        probs[:, seen[1]] = 1 - probs[:, seen[0]]
    return floored(probs)


@dataclass(eq=False)
class Trees:
    """Boosted trees on vectors X (n, dim): what tables are told best by."""

    X: np.ndarray
    seed: int = 0
    name: str = "trees"
    progress: Progress = no_progress
    _chosen: dict[str, float] = field(default_factory=dict)

    def tell(
        self, given: np.ndarray, keep: np.ndarray, folds: np.ndarray, n_classes: int
    ) -> np.ndarray:
        """See `View`."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        def fit(learned: np.ndarray, rows: np.ndarray, rate: float) -> np.ndarray:
            probs = np.zeros((len(rows), n_classes))
            seen = np.unique(given[learned])
            if len(seen) < 2:
                probs[:, seen] = 1.0
                return probs
            model = HistGradientBoostingClassifier(
                learning_rate=rate, max_iter=100, early_stopping=False, random_state=self.seed
            )
            model.fit(self.X[learned], given[learned])
            probs[:, seen] = model.predict_proba(self.X[rows])
            return probs

        return _across(
            fit, (0.03, 0.1), self._chosen, given, keep, folds,
            lambda done: self.progress(f"view {self.name}", done, FOLDS),
        )  # fmt: skip
