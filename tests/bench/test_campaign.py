"""A bench's campaigns on a made-up set: the same start for all, labels only of what was asked."""

from __future__ import annotations

import campaign
import numpy as np
import pytest
from campaign import Campaign
from made_up import made_up

from labelwright.loop.errors import StrategyError


def asked_by(chooser: campaign.Chooser, seed: int, rounds: int = 3) -> list[list[int]]:
    """What a method asked in each round, as positions in the seed's pool."""
    seen: list[list[int]] = []

    def spying(now: Campaign, n: int, random_state: int) -> np.ndarray:
        positions = chooser(now, n, random_state)
        seen.append(now.left[positions].tolist())
        return positions

    now = Campaign.begin(made_up(), seed)
    for number in range(rounds):
        before = len(seen)
        positions = campaign.chosen(now, spying, 6, seed, number)
        if len(seen) == before:  # the method needed labels: random's batch was taken
            seen.append(now.left[positions].tolist())
        now = now.answered(positions)
    return seen


def test_a_method_that_needs_a_model_begins_with_the_batch_of_random() -> None:
    for seed in range(3):
        chance, margin = (asked_by(campaign.ours(m), seed) for m in ("random", "margin"))
        assert chance[0] == margin[0]
        assert chance[1] != margin[1]


def test_a_method_that_needs_none_chooses_its_start() -> None:
    assert asked_by(campaign.ours("k_means"), 0)[0] != asked_by(campaign.ours("random"), 0)[0]
    both = asked_by(campaign.ours("k_means + margin"), 0)
    assert both[0] == asked_by(campaign.ours("k_means"), 0)[0]


def test_pool_order_and_chance_depend_on_seed_and_round_alone() -> None:
    data = made_up()
    assert np.array_equal(Campaign.begin(data, 4).X, Campaign.begin(data, 4).X)
    assert not np.array_equal(Campaign.begin(data, 4).X, Campaign.begin(data, 5).X)
    small = Campaign.begin(data, 4, pool=20)
    assert np.array_equal(small.X, Campaign.begin(data, 4).X[:20])
    states: dict[str, list[int]] = {}
    for name in ("random", "k_means"):

        def spying(now: Campaign, n: int, random_state: int, name: str = name) -> np.ndarray:
            states.setdefault(name, []).append(random_state)
            return campaign.ours(name)(now, n, random_state)

        campaign.run(data, spying, 1)
    assert states["random"] == states["k_means"]
    assert len(set(states["random"])) == 5


def test_a_run_asks_no_item_twice_and_is_the_same_again() -> None:
    asked = [row for batch in asked_by(campaign.ours("margin"), 2) for row in batch]
    assert len(set(asked)) == len(asked) == 18
    first, again = (campaign.run(made_up(), campaign.ours("margin"), 2) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert len(first) == 5


def test_a_strategy_sees_labels_only_of_what_was_asked() -> None:
    def watching(now: Campaign, n: int, random_state: int) -> np.ndarray:
        learner = now.learner
        assert np.array_equal(learner.X_training, now.X[now.asked])
        assert np.array_equal(learner.y_training, now.y[now.asked])
        assert not set(now.asked) & set(now.left)
        return np.arange(n)

    campaign.run(made_up(), watching, 0)


def test_any_other_fault_of_a_strategy_stops_the_run() -> None:
    def broken(now: Campaign, n: int, random_state: int) -> np.ndarray:
        raise StrategyError("something else is wrong")

    with pytest.raises(StrategyError, match="something else"):
        campaign.run(made_up(), broken, 0)


def test_the_metric_is_of_test_rows() -> None:
    """Accuracy and macro-F1 by hand, of a learner that always says class a."""
    data = made_up()
    always = campaign.Learner(data.X[:4], np.zeros(4, dtype=np.int64), data.classes)
    share = float((data.y_test == 0).mean())
    assert campaign.score(data, always) == pytest.approx(share)
    # F1 of class a is 2 share / (1 + share); the two classes never said have 0
    expected = 2 * share / (1 + share) / 3
    assert campaign.score(made_up("macro_f1"), always) == pytest.approx(expected)


def test_the_learner_is_the_reference_and_answers_for_classes_it_never_saw() -> None:
    from sklearn.linear_model import LogisticRegression

    data = made_up()
    two = np.flatnonzero(data.y < 2)
    learner = campaign.Learner(data.X[two], data.y[two], data.classes)
    reference = LogisticRegression(C=10).fit(data.X[two], data.y[two])
    probs = learner.predict_proba(data.X_test)
    assert probs[:, :2] == pytest.approx(reference.predict_proba(data.X_test), abs=1e-3)
    assert not probs[:, 2].any()
    half = learner.fit_again(np.arange(10), seed=0)
    assert half.predict_proba(data.X_test).shape == (30, 3)


def test_peers_choose_different_items_that_are_left() -> None:
    pytest.importorskip("skactiveml")
    pytest.importorskip("small_text")
    import peers

    for name, peer in peers.PEERS.items():
        batches = asked_by(peers.chooser(name), 0, rounds=2)
        assert len({row for batch in batches for row in batch}) == 12, name
        begins_as_random = batches[0] == asked_by(campaign.ours("random"), 0, rounds=1)[0]
        assert begins_as_random != peer.cold, name
