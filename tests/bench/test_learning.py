"""The bench of learning: every way sees the same labels, and a loss is a loss."""

from __future__ import annotations

import learning
import numpy as np
import pytest
import ways
from campaign import Campaign
from made_up import made_up


@pytest.mark.parametrize("name", ["plain", "head", "threshold", "infomax(features = raw)"])
def test_every_way_learns_from_the_first_labels_of_the_seed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, seen = made_up(), []
    way = ways.way(name)

    def spying(*given: object) -> ways.Learned:
        seen.append(given)
        return way(*given)

    monkeypatch.setattr(ways, "way", lambda name: spying)
    metric, gate = ways.at(data, name, 3, 24)
    pool = Campaign.begin(data, 3)
    _, X, y, U, _ = seen[0]
    assert np.array_equal(y, pool.y[:24])
    assert (len(X), len(U)) == (24, 36)
    assert metric > 0.6
    assert np.isnan(gate) == (name in ("plain", "head"))
    scaled = name != "plain"
    assert np.allclose(np.concatenate([X, U]).mean(axis=0), 0, atol=1e-5) == scaled


def test_the_whole_loop_asks_as_the_strategy_does_and_measures_every_batch() -> None:
    curve = ways.loop(made_up(), "random", "head", 0)
    assert len(curve) == 5
    assert curve[-1] > 0.6


def _found(gain: float, open_: int) -> dict[tuple[str, int, str], np.ndarray]:
    found = {}
    for n in learning.budgets("sst2"):
        found["sst2", n, "head"] = np.array([[0.7, np.nan]] * 4)
        found["sst2", n, "infomax"] = np.array([[0.7 + gain, float(k < open_)] for k in range(4)])
    return found


def test_harm_and_a_gate_that_stays_shut_are_missed_limits() -> None:
    assert learning.budgets("sst2") == [20, 80, 200]
    assert [met for met, _ in learning.no_harm(_found(0.04, 4), "infomax")] == [True] * 3
    assert [met for met, _ in learning.no_harm(_found(-0.006, 4), "infomax")] == [
        False,
        True,
        False,
    ]
    assert [met for met, _ in learning.no_harm(_found(0.04, 1), "infomax")] == [True, False, True]
    assert "open 4 of 4" in learning.table(_found(0.04, 4), ["head", "infomax"])
