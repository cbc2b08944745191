from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.graph import Smoothed
from labelwright.loop.learn.head import HeadModel, head
from labelwright.loop.learn.infomax import infomax
from labelwright.loop.ports import Pseudo


def _clouds(n: int, seed: int, apart: float = 2.2) -> tuple[np.ndarray, np.ndarray]:
    """Two clouds of 60 dimensions, apart in one of them."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, 60))
    X[:, 0] += np.where(y == 0, -apart, apart)
    return X.astype(np.float32), y


def _run(n: int, *, apart: float = 2.2, unlabelled: int = 600, **more: object) -> Pseudo:
    X, y = _clouds(n, 0, apart)
    U = _clouds(unlabelled, 1, apart)[0]
    return infomax(
        learner=head(random_state=0),
        X_labelled=X,
        targets=np.eye(2)[y],
        X_unlabelled=U,
        random_state=0,
        **more,  # type: ignore[arg-type]
    )


def _accuracy(made: Pseudo, apart: float = 2.2) -> float:
    X, y = _clouds(2_000, 9, apart)
    return float((made.model.predict_proba(X).argmax(axis=1) == y).mean())


def test_where_it_helps_the_gate_opens_and_the_model_is_better() -> None:
    made = _run(24)
    X, y = _clouds(24, 0)
    plain = head(random_state=0).fit(X, np.eye(2)[y])
    test, truth = _clouds(2_000, 9)
    before = (plain.predict_proba(test).argmax(axis=1) == truth).mean()
    assert made.gate == "open"
    assert made.score < made.supervised_score
    assert _accuracy(made) > before + 0.03
    assert len(made.rows) == 600 == len(made.labels)
    assert "with unlabelled items" in made.why


def test_where_items_part_along_something_else_the_gate_stays_shut() -> None:
    rng = np.random.default_rng(4)
    X, U = rng.normal(size=(40, 20)), rng.normal(size=(500, 20))
    X[:, 1] += np.where(rng.random(40) < 0.5, -4, 4)
    U[:, 1] += np.where(rng.random(500) < 0.5, -4, 4)
    y = (X[:, 0] > 0).astype(int)
    made = infomax(
        learner=head(random_state=0),
        X_labelled=X.astype(np.float32),
        targets=np.eye(2)[y],
        X_unlabelled=U.astype(np.float32),
        random_state=0,
    )
    assert made.gate == "closed"
    assert "no clear gain" in made.why
    assert len(made.rows) == 0
    plain = head(random_state=0).fit(X.astype(np.float32), np.eye(2)[y])
    Q = U.astype(np.float32)
    np.testing.assert_array_equal(made.model.predict_proba(Q), plain.predict_proba(Q))


def test_too_few_labels_and_no_items_say_so() -> None:
    assert "too few to check" in _run(8).why
    assert _run(24, unlabelled=0).why == "there is no unlabelled item left"


@pytest.mark.parametrize(("features", "kind"), [("raw", HeadModel), ("graph", Smoothed)])
def test_the_vectors_can_be_chosen(features: str, kind: type) -> None:
    made = _run(24, features=features)
    assert made.gate == "open"
    assert isinstance(made.model, kind)
    again = head(random_state=0).restore(made.model.state())
    Q = _clouds(50, 4)[0]
    np.testing.assert_array_equal(again.predict_proba(Q), made.model.predict_proba(Q))
    with pytest.raises(PluginError, match="features"):
        _run(24, features="smooth")


def test_it_is_the_same_every_time() -> None:
    Q = _clouds(50, 4)[0]
    first, second = (_run(24).model.predict_proba(Q) for _ in range(2))
    np.testing.assert_array_equal(first, second)
