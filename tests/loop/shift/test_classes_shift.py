"""Class shares from predictions, several tests at one level, and tests of single columns."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.shift.classes import counted, shares
from labelwright.loop.shift.columns import counts, differ, missing, numbers, script, values
from labelwright.loop.shift.levels import holm, looked_again


def test_shares_are_the_weights_of_the_mixture() -> None:
    odds = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.0, 0.3, 0.7]])
    confusion = odds * 10_000
    for true in ([0.2, 0.3, 0.5], [0.9, 0.1, 0.0]):
        predicted = np.array(true) @ odds * 100_000
        found = shares(confusion, predicted, 0)
        assert found.share.tolist() == pytest.approx(true, abs=5e-3)
        assert found.share.sum() == pytest.approx(1)
        assert (found.low <= found.share).all()
        assert (found.share <= found.high).all()


def test_intervals_of_shares_cover() -> None:
    rng = np.random.default_rng(0)
    odds, source, target = np.array([[0.85, 0.15], [0.1, 0.9]]), [0.5, 0.5], np.array([0.8, 0.2])
    covered = 0
    for seed in range(12):
        rows = rng.multinomial(200, source)
        confusion = np.stack([rng.multinomial(n, p) for n, p in zip(rows, odds, strict=True)])
        found = shares(confusion, rng.multinomial(1_000, target @ odds), seed)
        covered += found.low[0] <= 0.8 <= found.high[0]
    assert covered >= 9  # of 12 at 95%


def test_counted_shares_are_exact() -> None:
    found = counted(np.array([3, 0, 7]))
    assert found.share.tolist() == [0.3, 0, 0.7]
    assert found.low[1] == 0
    assert found.high[1] == pytest.approx(1 - 0.025**0.1)


def test_holm_by_the_book() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1, 1]


def test_all_looks_together_cost_the_level_once() -> None:
    level = 0.01
    limits = []
    for look in range(2_000):
        p = level / ((look + 1) * (look + 2))
        assert looked_again(p, look) == pytest.approx(level)
        limits.append(p)
    assert sum(limits) == pytest.approx(level, rel=1e-3)


def test_chi_square_as_scipy_has_it() -> None:
    from scipy.stats import chi2_contingency

    table = np.array([[20, 30, 5], [40, 25, 0], [0, 0, 0]]).T[:, :2].T.astype(float)
    found = counts(table)
    assert found is not None
    wanted = chi2_contingency(table, correction=False)
    assert found.p == pytest.approx(wanted.pvalue)
    assert found.effect == pytest.approx(np.sqrt(wanted.statistic / table.sum()))
    assert counts(np.array([[3.0, 0], [4, 0]])) is None


def test_columns_of_numbers_and_of_words() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=200).tolist(), (rng.normal(size=200) + 1).tolist()
    found = differ(one, other)
    assert found is not None
    assert (found.kind, found.p < 1e-6) == ("KS", True)
    words = differ(["a"] * 80 + ["b"] * 20, ["a"] * 20 + ["b"] * 75 + [None] * 5)
    assert words is not None
    assert (words.kind, words.p < 1e-6) == ("V", True)
    assert differ([1.0] * 50, [1.0] * 50) is None
    assert differ([f"id{i}" for i in range(200)], [f"no{i}" for i in range(200)]) is None
    gone = missing([1.0] * 90 + [None] * 10, [float("nan")] * 60 + [1.0] * 40)
    assert gone is not None
    assert gone.p < 1e-6
    assert missing([1], [2]) is None
    assert numbers(np.zeros(2), np.ones(50)) is None


def test_rare_values_are_counted_together() -> None:
    one = ["common"] * 90 + [f"rare {i}" for i in range(10)]
    other = ["common"] * 60 + [f"odd {i}" for i in range(40)]
    found = values(one, other)
    table = counts(np.array([[90.0, 10], [60, 40]]))
    assert found is not None
    assert table is not None
    assert found.p == pytest.approx(table.p)
    assert found.effect == pytest.approx(table.effect)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hello", "LATIN"),
        ("오늘은 TV", "HANGUL"),
        ("12!", "none"),
        ("привет", "CYRILLIC"),
        ("中国的 a", "CJK"),
    ],
)
def test_scripts(text: str, name: str) -> None:
    assert script(text) == name
