"""Strategies of scikit-activeml, small-text and modAL, as the bench's campaigns call strategies.

Their own classes and functions, with their own defaults, seeded by the round's random state. Data types are
adapted and nothing else: our regression, fitted already, is handed to them as the classifier they expect.
Those that ask for no classifier begin with no label, where they can; the others begin as `random` does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from campaign import Campaign, Chooser

from labelwright.loop.errors import StrategyError


@dataclass(frozen=True)
class Peer:
    """`choose(campaign, n, random_state)`: n positions in campaign.X. `cold`: can with no label."""

    choose: Callable[[Campaign, int, int], Any]
    cold: bool = False


def chooser(name: str) -> Chooser:
    """The peer of this name, which answers in positions of `campaign.left`."""
    peer = PEERS[name]

    def choose(campaign: Campaign, n: int, random_state: int) -> np.ndarray:
        if len(campaign.asked) == 0 and not peer.cold:
            raise StrategyError(f"{name} needs labels")
        np.random.seed(random_state)  # small-text and modAL know no other generator
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = np.asarray(peer.choose(campaign, n, random_state))
        positions = np.searchsorted(campaign.left, rows)
        assert (campaign.left[positions] == rows).all()
        return positions

    return choose


# --- scikit-activeml --------------------------------------------------------------------------


def skactiveml(name: str, *, model: bool, **options: Any) -> Peer:
    def choose(campaign: Campaign, n: int, random_state: int) -> Any:
        from skactiveml import pool

        y = np.full(len(campaign.X), np.nan)
        y[campaign.asked] = campaign.y[campaign.asked]
        strategy = getattr(pool, name)(random_state=random_state, **options)
        more = {"clf": _fitted(campaign), "fit_clf": False} if model else {}
        return strategy.query(campaign.X, y, batch_size=n, **more)

    return Peer(choose, cold=not model)


def _fitted(campaign: Campaign) -> Any:
    from skactiveml.base import SkactivemlClassifier

    class Fitted(SkactivemlClassifier):  # type: ignore[misc]
        """Our regression; it is never fitted here."""

        def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: Any = None) -> Any:
            raise NotImplementedError

        def predict_proba(self, X: np.ndarray) -> np.ndarray:
            return campaign.learner.predict_proba(X)

    fitted = Fitted(classes=list(range(len(campaign.classes))))
    fitted.classes_ = np.arange(len(campaign.classes))
    return fitted


# --- small-text -------------------------------------------------------------------------------


def _small_text(name: str, *, embeddings: bool = False, cold: bool = False) -> Peer:
    def choose(campaign: Campaign, n: int, random_state: int) -> Any:
        import small_text

        y = np.full(len(campaign.X), small_text.LABEL_UNLABELED)
        y[campaign.asked] = campaign.y[campaign.asked]
        target_labels = np.arange(len(campaign.classes))
        data = small_text.SklearnDataset(campaign.X, y, target_labels=target_labels)
        both = np.concatenate([campaign.left, campaign.asked])  # the order that it wants them in
        return getattr(small_text, name)().query(
            None if embeddings else _SmallTextClassifier(campaign),
            data,
            campaign.left,
            campaign.asked,
            y[campaign.asked],
            n=n,
            **({"embeddings": campaign.X[both]} if embeddings else {}),
        )

    return Peer(choose, cold)


@dataclass(frozen=True)
class _SmallTextClassifier:
    campaign: Campaign

    def predict_proba(self, data: Any) -> np.ndarray:
        return self.campaign.learner.predict_proba(data.x)


# --- modAL ------------------------------------------------------------------------------------


def _modal(module: str, name: str) -> Peer:
    def choose(campaign: Campaign, n: int, random_state: int) -> Any:
        from importlib import import_module

        strategy = getattr(import_module(f"modAL.{module}"), name)
        found, _ = strategy(_ModalLearner(campaign), campaign.X[campaign.left], n_instances=n)
        return campaign.left[found]

    return Peer(choose)


class _ModalLearner:
    on_transformed = False

    def __init__(self, campaign: Campaign) -> None:
        self.X_training = campaign.learner.X_training
        self.predict_proba = campaign.learner.predict_proba


PEERS = {
    "scikit-activeml: UncertaintySampling": skactiveml(
        "UncertaintySampling", model=True, method="margin_sampling"
    ),
    "scikit-activeml: CoreSet": skactiveml("CoreSet", model=False),
    "scikit-activeml: Badge": skactiveml("Badge", model=True),
    "scikit-activeml: TypiClust": skactiveml("TypiClust", model=False),
    "scikit-activeml: ContrastiveAL": skactiveml("ContrastiveAL", model=True),
    "small-text: BreakingTies": _small_text("BreakingTies"),
    "small-text: PredictionEntropy": _small_text("PredictionEntropy"),
    "small-text: GreedyCoreset": _small_text("GreedyCoreset", embeddings=True),
    "small-text: EmbeddingKMeans": _small_text("EmbeddingKMeans", embeddings=True, cold=True),
    "modAL: margin_sampling": _modal("uncertainty", "margin_sampling"),
    "modAL: uncertainty_batch_sampling": _modal("batch", "uncertainty_batch_sampling"),
}
"""The protocol's, by library and name."""
