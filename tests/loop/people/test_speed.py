"""How quickly people answer, and how far they are led, against values that are known."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.people.anchored import anchoring_of_each
from labelwright.loop.people.speed import hasty_below, median_with_interval, quartiles


def test_hasty_answers_are_those_that_nobody_could_have_read() -> None:
    rng = np.random.default_rng(0)
    usual = np.exp(rng.normal(2.0, 0.5, 400))
    limit = hasty_below([*usual, *([0.4] * 60)])
    assert limit is not None
    assert limit > 0.4
    assert np.mean(usual < limit) < 0.01
    assert hasty_below([8.0] * 100) is None  # all take the same
    assert hasty_below([1.0, 2.0]) is None
    assert hasty_below([0.0] * 50) is None


def test_the_interval_of_a_median_holds_it() -> None:
    rng = np.random.default_rng(1)
    for n in (9, 40):
        held = 0
        for _ in range(200):
            found = median_with_interval(list(np.exp(rng.normal(1.0, 0.7, n))))
            assert found.low is not None
            assert found.high is not None
            held += found.low <= np.exp(1.0) <= found.high
        assert held / 200 >= 0.92
    assert median_with_interval([3.0, 1.0, 2.0]).low is None
    assert median_with_interval([3.0, 1.0, 2.0]).estimate == 2.0
    assert median_with_interval([]).estimate is None
    # Of ten values the second and the ninth (Conover, Practical Nonparametric Statistics).
    ten = median_with_interval([float(v) for v in range(1, 11)])
    assert (ten.low, ten.high) == (2.0, 9.0)


def test_quartiles() -> None:
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 4.0)
    assert quartiles([]) is None


def judgements(
    rates: dict[str, tuple[float, float]], n: int, rng: np.random.Generator
) -> list[tuple[str, bool, bool]]:
    """Of each person n answers, four in five with the suggestion shown."""
    return [
        (who, shown, bool(rng.random() < (with_it if shown else without)))
        for who, (with_it, without) in rates.items()
        for i in range(n)
        for shown in [i % 5 != 0]
    ]


def test_the_one_who_is_led_is_found() -> None:
    rng = np.random.default_rng(2)
    rates = {"ann": (0.8, 0.8), "bob": (0.98, 0.7), "cyd": (0.8, 0.8), "few": (0.9, 0.5)}
    answers = [a for a in judgements(rates, 1200, rng) if a[0] != "few"]
    answers += judgements({"few": rates["few"]}, 20, rng)
    found = anchoring_of_each(answers)
    _, bob = found["bob"]
    assert bob.low is not None
    assert bob.high is not None
    assert 0 < bob.low < 0.28 < bob.high
    for who in ("ann", "cyd"):
        assert found[who][1].low is not None
        assert found[who][1].low < 0  # type: ignore[operator]
    counted, drawn = found["few"]
    assert (counted.shown, counted.hidden) == (16, 4)
    assert drawn.estimate is None
    assert anchoring_of_each([]) == {}


def test_what_is_drawn_towards_all_is_nearer_the_truth() -> None:
    """Over many teams: less squared error than the plain difference, and 95% intervals hold."""
    rng = np.random.default_rng(3)
    plain, drawn, held, count = 0.0, 0.0, 0, 0
    for _ in range(60):
        true = {f"p{i}": float(rng.normal(0.1, 0.05)) for i in range(5)}
        rates = {who: (0.75 + d, 0.75) for who, d in true.items()}
        for who, (counted, told) in anchoring_of_each(judgements(rates, 100, rng)).items():
            assert counted.difference is not None
            assert told.estimate is not None
            assert told.low is not None
            assert told.high is not None
            plain += (counted.difference - true[who]) ** 2
            drawn += (told.estimate - true[who]) ** 2
            held += told.low <= true[who] <= told.high
            count += 1
    assert drawn < 0.6 * plain
    assert held / count >= 0.93


def test_one_person_alone_keeps_the_own_figure() -> None:
    rng = np.random.default_rng(4)
    counted, told = anchoring_of_each(judgements({"ann": (0.9, 0.6)}, 400, rng))["ann"]
    assert told.estimate == pytest.approx(counted.difference, abs=0.01)
