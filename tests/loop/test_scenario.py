"""Campaigns that nobody paid for: what is played follows from what is assumed."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from labelwright.loop.plugins import Installed
from labelwright.loop.scenario import Scenario, play, playable

TASK = """
task t
class A
class B
class C
data { source = csv("x.csv") }
holdout { annotations = 600 }
annotators { overlap = OVERLAP }
budget {
  annotations = 1200
  per_round = 50 items
  price = 0.10 USD per annotation
}
slice long when length(text) > 9
accept {
  confidence = 95%
  accuracy >= 80%
  recall of each class >= 60%
  ece <= 10%
  accuracy >= 10% on long
}
"""


def task(overlap: int = 1, text: str = TASK) -> Task:
    reading = read(SourceText("t.task", text.replace("OVERLAP", str(overlap))), Installed())
    assert reading.task is not None, reading.errors
    return playable(reading.task)


def test_what_cannot_be_played_is_left_out() -> None:
    assert [c.metric for c in task().accept.criteria] == ["accuracy", "recall"]


def test_the_same_arguments_play_the_same() -> None:
    one = Scenario(4, 0.2)
    assert play(task(), one, 5, 1) == play(task(), one, 5, 1)
    assert play(task(), one, 5, 1) != play(task(), one, 5, 2)


@pytest.mark.parametrize(("overlap", "error"), [(1, 0.0), (1, 0.3), (3, 0.1), (5, 0.4)])
def test_labels_are_right_as_often_as_votes_say(overlap: int, error: float) -> None:
    """Against the closed form for two classes with equal people: a majority of `overlap` is right."""
    text = TASK.replace("class C\n", "")
    played = play(task(overlap, text), Scenario(overlap, error), 6, 0)
    expected = sum(
        comb(overlap, k) * (1 - error) ** k * error ** (overlap - k)
        for k in range(overlap // 2 + 1, overlap + 1)
    )
    found = [p.right for p in played]
    # People differ in their rates, and the majority with them, by little; 24,000 items in all.
    assert np.mean(found) == pytest.approx(expected, abs=0.03)


def test_the_budget_is_kept_and_bought_out() -> None:
    for played in play(task(3), Scenario(3, 0.1, (0.5, 0.6)), 5, 0):
        assert played.annotations == 1200
        assert played.labels == 200
        assert not played.all_passed


def test_careful_people_and_reachable_targets_pass_more_often() -> None:
    def passing(error: float, reachable: tuple[float, float]) -> float:
        scenario = Scenario(3, error, reachable)
        return float(np.mean([p.all_passed for p in play(task(), scenario, 40, 0)]))

    good = passing(0.02, (0.93, 0.99))
    assert good > passing(0.25, (0.93, 0.99))
    assert good > passing(0.02, (0.6, 0.7))
    assert passing(0.02, (0.6, 0.7)) <= 0.05  # below the target: a pass would be false


def test_measured_accuracy_suffers_from_wrong_labels() -> None:
    played = play(task(), Scenario(3, 0.2, (0.95, 0.99)), 30, 0)
    for p in played:
        assert p.measured is not None
        expected = p.accuracy * p.right + (1 - p.accuracy) * (1 - p.right) / 2
        assert p.measured == pytest.approx(expected, abs=0.08)
    assert all(p.alpha is None for p in played)


def test_agreement_falls_with_errors() -> None:
    careful, careless = (
        [p.alpha for p in play(task(3), Scenario(3, error), 3, 0)] for error in (0.0, 0.3)
    )
    assert careful == [1.0] * 3
    assert all(a is not None and 0.1 < a < 0.6 for a in careless)
