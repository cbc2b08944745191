"""One campaign of a bench: a strategy asks for labels batch by batch, a plain learner is measured.

The learner is scikit-learn's LogisticRegression(C=10), fitted anew after every batch, for every method
and for the reference; nothing of the engine's own learning is in it, so that only the choice differs.

What makes campaigns of one seed comparable:

- the pool is put into an order drawn from the seed, the same for every method, so that "the lower index
  first" breaks ties alike;
- a method that can choose with no label chooses its first batch itself; one that needs a model begins
  with the batch that `random` begins with. No start set is balanced by class: that would need an oracle;
- the random state of a round depends on seed and round alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sets import Set

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Call
from labelwright.loop.errors import StrategyError
from labelwright.loop.plugins import Installed
from labelwright.loop.query.contract import checked

C = 10.0
_MOST_ITERATIONS = 3_000
_TASK = """task bench
class a
class b
data {{ source = csv("x.csv")
 text = body }}
query {{ phase main {{ strategy = {} }} }}
"""

Chooser = Callable[["Campaign", int, int], np.ndarray]
"""`chooser(campaign, n, random_state)`: n positions of `campaign.left`, as a method asks for them."""


@dataclass(frozen=True)
class Regression:
    """A fitted regression that answers for all classes, 0 for one it never saw."""

    model: Any  # None where all labels were of one class
    seen: np.ndarray
    n_classes: int

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes) float32."""
        probs = np.zeros((len(X), self.n_classes), dtype=np.float32)
        probs[:, self.seen] = 1 if self.model is None else self.model.predict_proba(X)
        return probs

    def state(self) -> dict[str, np.ndarray]:
        """As `ports.Model` wants it."""
        weights = (
            {} if self.model is None else {"coef": self.model.coef_, "b": self.model.intercept_}
        )
        return {"seen": self.seen, **weights}


def regression(X: np.ndarray, y: np.ndarray, n_classes: int) -> Regression:
    """LogisticRegression(C=10) on X (n, dim), y (n,). Raises where it does not converge."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    seen = np.unique(y)
    if len(seen) == 1:
        return Regression(None, seen, n_classes)
    model = LogisticRegression(C=C, max_iter=_MOST_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes")  # 77 classes, 77 labels
        model.fit(X.astype(np.float64), y)
    model.coef_ = model.coef_.astype(
        np.float32
    )  # so that float32 pools are not copied to be scored
    model.intercept_ = model.intercept_.astype(np.float32)
    return Regression(model, seen, n_classes)


class Learner:
    """The regression as strategies see a learner (`ports.QueryLearner`)."""

    def __init__(self, X: np.ndarray, y: np.ndarray, classes: tuple[str, ...]) -> None:
        self.X_training, self.y_training, self.classes = X, y, classes
        self._model: Regression | None = None

    @property
    def model(self) -> Regression:
        """Fitted when it is first asked for. Raises StrategyError where there are no labels."""
        if self._model is None:
            if len(self.y_training) == 0:
                raise StrategyError("the strategy needs labels")
            self._model = regression(self.X_training, self.y_training, len(self.classes))
        return self._model

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes)."""
        return self.model.predict_proba(np.asarray(X, dtype=np.float32))

    def fit_again(self, rows: np.ndarray, seed: int) -> Regression:
        """The same on these rows; it has no chance in it, so that the seed is not used."""
        return regression(self.X_training[rows], self.y_training[rows], len(self.classes))


@dataclass
class Campaign:
    """What a method sees of a campaign: a pool in the seed's order, and what was labelled so far."""

    X: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    asked: np.ndarray  # positions in X, in the order in which they were labelled
    left: np.ndarray  # the others, ascending
    learner: Learner

    @classmethod
    def begin(cls, data: Set, seed: int, pool: int | None = None) -> Campaign:
        """No label yet; `pool` takes that many rows, drawn by the seed."""
        order = np.random.default_rng((seed, len(data.X))).permutation(len(data.X))[:pool]
        nothing = np.zeros(0, dtype=np.int64)
        X, y = data.X[order], data.y[order]
        return cls(
            X, y, data.classes, nothing, np.arange(len(X)), Learner(X[:0], y[:0], data.classes)
        )

    def answered(self, positions: np.ndarray) -> Campaign:
        """The campaign after these positions of `left` got their labels."""
        asked = np.concatenate([self.asked, self.left[positions]])
        left = np.delete(self.left, positions)
        learner = Learner(self.X[asked], self.y[asked], self.classes)
        return Campaign(self.X, self.y, self.classes, asked, left, learner)


def run(data: Set, chooser: Chooser, seed: int, *, pool: int | None = None) -> np.ndarray:
    """The metric on the test rows after each batch, (budget / batch,)."""
    campaign = Campaign.begin(data, seed, pool)
    curve = []
    for number in range(data.budget // data.batch):
        campaign = campaign.answered(chosen(campaign, chooser, data.batch, seed, number))
        curve.append(score(data, campaign.learner))
    return np.array(curve)


def cold(data: Set, chooser: Chooser, seed: int, n: int, *, pool: int | None = None) -> float:
    """The metric on the test rows after one batch of `n`, chosen with no label."""
    campaign = Campaign.begin(data, seed, pool)
    return score(data, campaign.answered(chosen(campaign, chooser, n, seed, 0)).learner)


def chosen(campaign: Campaign, chooser: Chooser, n: int, seed: int, number: int) -> np.ndarray:
    """Positions of `left` for round `number`, n different ones; the start's rule is in here."""
    random_state = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
    try:
        positions = chooser(campaign, n, random_state)
    except StrategyError as error:
        if number > 0 or "needs labels" not in error.message:
            raise
        positions = ours("random")(campaign, n, random_state)
    assert len(np.unique(positions)) == len(positions) == n
    return positions


def score(data: Set, learner: Learner) -> float:
    """Accuracy or macro-F1 on the test rows, as the protocol says for the set."""
    from sklearn.metrics import f1_score

    guess = learner.predict_proba(data.X_test).argmax(axis=1)
    if data.metric == "accuracy":
        return float((guess == data.y_test).mean())
    assert data.metric == "macro_f1"
    labels = np.arange(len(data.classes))
    return float(f1_score(data.y_test, guess, average="macro", labels=labels, zero_division=0))


@cache
def ours(method: str) -> Chooser:
    """A method of ours by what a task file would say: `margin`, `mix(margin, random(10%))`.

    `k_means + margin` asks the first for the first batch and the second for all others.
    """
    first, plus, later = method.partition(" + ")
    if plus:
        start, rest = ours(first), ours(later)
        return lambda campaign, n, random_state: (rest if len(campaign.asked) else start)(
            campaign, n, random_state
        )
    strategy, plugins = call(method), Installed()

    def chooser(campaign: Campaign, n: int, random_state: int) -> np.ndarray:
        returned = plugins.invoke(
            "query",
            strategy,
            learner=campaign.learner,
            X=campaign.X[campaign.left],
            n_instances=n,
            random_state=random_state,
        )
        return checked(returned, len(campaign.left), n).indices

    return chooser


def call(text: str) -> Call:
    """A strategy as the language reads it. Exits where it does not."""
    found = read(SourceText("bench", _TASK.format(text)), Installed())
    if found.task is None:
        raise SystemExit("\n".join(d.message for d in found.diagnostics if d.severity == "error"))
    return found.task.query.phases[0].strategy
