"""Ways of learning for `bench/learning.py`: what a batch of labels teaches, with the pool's help or without.

Vectors are centred on the pool and of root-mean-square length one there, as the engine has them. `plain`
is the benches' reference, scikit-learn's LogisticRegression(C=10) on the set's own vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from campaign import Campaign, Regression, chosen, ours, regression
from sets import Set

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import PseudoLabels
from labelwright.loop.learn.head import head
from labelwright.loop.plugins import Installed

_TASK = """task bench
class a
class b
data {{
  source = csv("x.csv")
  text = body
}}
pseudo_labels {{
  method = {}
  cap = 3 per label
}}
"""

Learned = tuple[Any, float]
"""A model, and 1 where the gate was open, 0 where it was closed, NaN where there is none."""


def plain(data: Set, X: np.ndarray, y: np.ndarray, U: np.ndarray, seed: int) -> Learned:
    """The reference."""
    return regression(X, y, len(data.classes)), np.nan


def supervised(data: Set, X: np.ndarray, y: np.ndarray, U: np.ndarray, seed: int) -> Learned:
    """The built-in head, from labels alone."""
    return head(random_state=seed).fit(X, np.eye(len(data.classes))[y]), np.nan


def semi(method: str) -> Callable[..., Learned]:
    """The pseudo-labelling method of that name, behind its gate."""
    settings, plugins = _settings(method), Installed()

    def learn(data: Set, X: np.ndarray, y: np.ndarray, U: np.ndarray, seed: int) -> Learned:
        made = plugins.invoke(
            "pseudo",
            settings.method,
            learner=head(random_state=seed),
            X_labelled=X,
            targets=np.eye(len(data.classes))[y],
            X_unlabelled=U,
            settings=settings,
            class_ids=data.classes,
            random_state=seed,
        )
        return made.model, float(made.gate == "open")

    return learn


def _settings(method: str) -> PseudoLabels:
    """As the language reads them. Exits where it does not."""
    found = read(SourceText("bench", _TASK.format(method)), Installed())
    if found.task is None or found.task.pseudo_labels is None:
        raise SystemExit("\n".join(d.message for d in found.diagnostics if d.severity == "error"))
    return found.task.pseudo_labels


def way(name: str) -> Callable[..., Learned]:
    """A way of learning by its name: `plain`, `head`, or a pseudo-labelling method as a task file says."""
    return {"plain": plain, "head": supervised}.get(name) or semi(name)


def at(data: Set, name: str, seed: int, n: int) -> list[float]:
    """The metric on the test rows after n labels drawn at random by the seed, and the gate."""
    begun = Campaign.begin(data, seed)
    campaign = begun.answered(begun.left[:n])  # the pool stands in the seed's order
    model, gate = _learned(data, name, campaign, seed)
    return [score(data, model, _view(data, name)(data.X_test)), gate]


def loop(data: Set, strategy: str, name: str, seed: int) -> list[float]:
    """The metric after every batch that a strategy asked for, learned from in this way.

    The strategy sees the reference learner, as in `label_efficiency.py`: only learning is added.
    """
    campaign, curve = Campaign.begin(data, seed), []
    for number in range(data.budget // data.batch):
        picked = chosen(campaign, ours(strategy), data.batch, seed, number)
        campaign = campaign.answered(picked)
        model, _ = _learned(data, name, campaign, seed)
        curve.append(score(data, model, _view(data, name)(data.X_test)))
    return curve


def _learned(data: Set, name: str, campaign: Campaign, seed: int) -> Learned:
    seen = _view(data, name)
    labelled, others = seen(campaign.X[campaign.asked]), seen(campaign.X[campaign.left])
    return way(name)(data, labelled, campaign.y[campaign.asked], others, seed)


def _view(data: Set, name: str) -> Callable[[np.ndarray], np.ndarray]:
    if name == "plain":
        return lambda X: X
    middle = data.X.mean(axis=0)
    scale = float(np.sqrt(((data.X - middle) ** 2).sum(axis=1).mean()))
    return lambda X: (X - middle) / scale


def score(data: Set, model: Regression, test: np.ndarray) -> float:
    """Accuracy or macro-F1 on the test rows."""
    from sklearn.metrics import f1_score

    guess = model.predict_proba(test).argmax(axis=1)
    if data.metric == "accuracy":
        return float((guess == data.y_test).mean())
    labels = np.arange(len(data.classes))
    return float(f1_score(data.y_test, guess, average="macro", labels=labels, zero_division=0))
