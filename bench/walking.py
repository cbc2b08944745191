"""One run of a bench as a task file that says nothing has it: `auto` chooses and the head learns.

The strategy sees the head's calibrated probabilities. Every set has twenty rounds of a twentieth of the
protocol's budget.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sets
from campaign import Campaign, chosen, ours

from labelwright.loop.learn.head import head

ROUNDS = 20


@dataclass(frozen=True)
class Trail:
    """One run. Rounds are rows of `said` and `sure`.

    asked: (n,) rows of the set's pool in the order in which they were labelled; by_round (rounds,): labels
    after each; said (rounds, n_test) the class given and sure (rounds, n_test) its probability; pool_sure
    (rounds,): its mean over the pool.
    """

    asked: np.ndarray
    by_round: np.ndarray
    said: np.ndarray
    sure: np.ndarray
    pool_sure: np.ndarray

    def right(self, y_test: np.ndarray) -> np.ndarray:
        """(rounds, n_test) whether each answer is right."""
        return np.asarray(self.said == y_test[None, :])


class HeadLearner:
    """The engine's head as strategies see a learner (`ports.QueryLearner`)."""

    def __init__(self, X: np.ndarray, y: np.ndarray, classes: tuple[str, ...], seed: int) -> None:
        self.X_training, self.y_training, self.classes, self._seed = X, y, classes, seed
        self._model: Any = None

    @property
    def model(self) -> Any:
        """Fitted when it is first asked for."""
        if self._model is None:
            targets = np.eye(len(self.classes))[self.y_training]
            self._model = head(random_state=self._seed).fit(self.X_training, targets)
        return self._model

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes)."""
        probs: np.ndarray = self.model.predict_proba(np.asarray(X, dtype=np.float32))
        return probs

    def fit_again(self, rows: np.ndarray, seed: int) -> Any:
        """The same on these rows, not calibrated."""
        targets = np.eye(len(self.classes))[self.y_training[rows]]
        return head(random_state=seed).fit(self.X_training[rows], targets, calibrate=False)


def scaled(data: sets.Set) -> sets.Set:
    """The set with vectors centred on the pool and of root-mean-square length one, as the engine has them."""
    middle = data.X.mean(axis=0)
    scale = float(np.sqrt(((data.X - middle) ** 2).sum(axis=1).mean()))
    return replace(data, X=(data.X - middle) / scale, X_test=(data.X_test - middle) / scale)


def walk(name: str, seed: int, strategy: str = "auto") -> Trail:
    """One run of a set; the same every time."""
    data = scaled(sets.load(name))
    order = np.random.default_rng((seed, len(data.X))).permutation(len(data.X))  # as Campaign.begin
    campaign = Campaign.begin(data, seed)
    assert (campaign.X[0] == data.X[order[0]]).all()
    batch = data.budget // ROUNDS
    said, sure, pool_sure = [], [], []
    for number in range(ROUNDS):
        campaign = campaign.answered(chosen(campaign, ours(strategy), batch, seed, number))
        asked = campaign.asked
        campaign.learner = HeadLearner(campaign.X[asked], campaign.y[asked], data.classes, seed)  # type: ignore[assignment]
        probs = campaign.learner.predict_proba(data.X_test)
        said.append(probs.argmax(axis=1))
        sure.append(probs.max(axis=1))
        pool_sure.append(campaign.learner.predict_proba(campaign.X).max(axis=1).mean())
    return Trail(
        order[campaign.asked],
        batch * np.arange(1, ROUNDS + 1),
        np.array(said, dtype=np.uint8),
        np.array(sure, dtype=np.float16),
        np.array(pool_sure),
    )
