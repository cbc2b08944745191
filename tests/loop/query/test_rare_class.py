from __future__ import annotations

import numpy as np
import pytest
from learners import Learner, blobs, trained
from oracles.rare_class import rarest, scores
from planted import planted
from pools import Pool
from told import as_good, differing, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import rare_class as module
from labelwright.loop.query.contract import checked
from labelwright.loop.query.margin import margin
from labelwright.loop.query.rare_class import rare_class


def _right(pool: Pool, strategy=rare_class, of: str | None = None) -> bool:
    """Whether it chooses what the oracle ranks highest: cosines in float32 are right to 1e-5."""
    probs = softmaxed(pool)
    chosen = strategy(telling(pool, probs), stored(pool), pool.n_instances, of=of)
    checked(chosen, len(pool.X), pool.n_instances)
    labels = pool.y_training.tolist()
    number = pool.classes.index(of) if of else rarest(labels)
    known = pool.X_training.tolist()
    expected = scores(pool.X.tolist(), probs.tolist(), known, labels, number)
    mine = [expected[row] for row in chosen.indices]
    return as_good(chosen.indices, expected, pool.n_instances, 1e-5) and bool(
        np.allclose(chosen.utilities, mine, rtol=0, atol=1e-5)
    )


def test_it_is_the_oracle_on_200_pools() -> None:
    assert differing(_right) == []
    assert differing(lambda pool: _right(pool, of="b")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "indices = top(utilities, n_instances)",
            "indices = top(np.roll(utilities, 1), n_instances)",
        ),
        (".max(axis=1)", ".min(axis=1)"),
        ("known[~of_class]", "known[of_class]"),
    ],
)
def test_the_oracle_notices(old: str, new: str) -> None:
    faulty = planted("rare_class", old, new)
    assert len(differing(lambda pool: _right(pool, faulty.rare_class))) > 100


def _rare(seed: int, n: int = 20_000, share: float = 0.005) -> tuple[np.ndarray, np.ndarray]:
    """Five common kinds of items and a rare one that overlaps with them; and which are rare."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(6, 32)) * 0.6
    rare = np.arange(n) < round(n * share)
    kind = np.where(rare, 5, rng.integers(5, size=n))
    return (centres[kind] + rng.normal(size=(n, 32))).astype(np.float32), rare


def test_from_three_positives_in_twenty_thousand_it_finds_more() -> None:
    found = {"rare_class": 0, "margin": 0}
    by_chance = 0.0
    for seed in range(5):
        X, rare = _rare(seed)
        rng = np.random.default_rng(seed)
        known = np.concatenate([np.arange(3), 100 + rng.choice(19_900, size=40, replace=False)])
        learner = Learner(X[known], rare[known].astype(int), ("common", "rare"))
        left = np.setdiff1d(np.arange(len(X)), known)
        for strategy in (rare_class, margin):
            chosen = strategy(learner, X[left], 50)
            found[strategy.__name__] += int(rare[left][chosen.indices].sum())
        by_chance += 50 * rare[left].mean()
    assert found["rare_class"] >= found["margin"]
    assert found["rare_class"] >= 20 * by_chance


def test_the_class_is_found_by_id_or_last_part() -> None:
    X = blobs(40)[0]
    learner = trained()
    learner.classes = ("World.Sport", "World.Other", "Home.Other", "Business")
    for name in ("World.Sport", "sport", "SPORT"):
        assert rare_class(learner, X, 2, of=name).reasons[0].startswith("like known World.Sport:")
    with pytest.raises(StrategyError, match="more than one class is called Other"):
        rare_class(learner, X, 2, of="Other")
    with pytest.raises(StrategyError, match="knows no class Weather"):
        rare_class(learner, X, 2, of="Weather")


def test_by_itself_it_takes_the_rarest_class_that_has_a_label_and_says_so() -> None:
    learner = trained(30)
    learner.y_training = np.repeat([0, 1, 3], [20, 4, 6])
    chosen = rare_class(learner, blobs(40)[0], 2)
    assert chosen.notes == (
        "looked for x, the class with the fewest labels: 4",
        "1 class has no label at all, so there is nothing to be like",
    )
    assert rare_class(learner, blobs(40)[0], 2, of="w").notes == ()


def test_a_class_without_a_label_is_an_error_that_says_what_to_do() -> None:
    learner = trained(30)
    learner.y_training = np.zeros(30, dtype=int)
    with pytest.raises(StrategyError, match="like y, of which no item is labelled") as raised:
        rare_class(learner, blobs(40)[0], 2, of="y")
    assert "existing_labels" in raised.value.remedy
    with pytest.raises(StrategyError, match="needs labels"):
        rare_class(Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b")), blobs(5)[0], 2)


def test_many_labels_are_sampled_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_COMPARED", 10)
    learner = trained(60)
    learner.y_training = np.repeat([0, 1], [5, 55])
    chosen = checked(rare_class(learner, blobs(40)[0], 4, of="w"), 40, 4)
    assert chosen.notes == (
        "compared with 10 labelled items of other classes drawn at random out of 55",
    )


def test_where_only_positives_are_known() -> None:
    learner = trained(8)
    learner.y_training = np.full(8, 2)
    chosen = checked(rare_class(learner, blobs(40)[0], 4), 40, 4)
    assert "others 0.00" in chosen.reasons[0]


def test_edges() -> None:
    X = blobs(5)[0]
    assert len(rare_class(trained(), X[:0], 3).indices) == 0
    assert len(rare_class(trained(), X, 0).indices) == 0
    assert sorted(rare_class(trained(), X, 9).indices.tolist()) == [0, 1, 2, 3, 4]
    X[3, 0] = np.nan
    with pytest.raises(StrategyError, match="item 3"):
        rare_class(trained(), X, 2)
