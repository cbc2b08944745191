from __future__ import annotations

import pytest

from labelwright import figures
from labelwright.loop.history import Estimate


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.42, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (75, "1 min 15 s"),
        (5400, "1 h 30 min"),
        (None, "not known"),
    ],
)
def test_duration(seconds: float | None, words: str) -> None:
    assert figures.duration(seconds) == words


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (12.5, "USD", "12.50 USD"),
        (2400, "USD", "2,400 USD"),
        (2400.5, "USD", "2,400.50 USD"),
        (90000, "KRW", "90,000 KRW"),
        (None, "USD", "not known"),
    ],
)
def test_money(amount: float | None, currency: str, words: str) -> None:
    assert figures.money(amount, currency) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lowest: eight 0.87", "lowest: eight 87%"),
        ("lowest: eight 0.873", "lowest: eight 87.3%"),
        ("lowest: 0 1.00", "lowest: 0 100%"),
        ("lowest: v0.10.2 0.05", "lowest: v0.10.2 5%"),
        ("12.50 of it", "12.50 of it"),
        ("0.87%", "0.87%"),
    ],
)
def test_shares_as_percent(text: str, words: str) -> None:
    assert figures.shares_as_percent(text) == words


def test_a_figure_has_the_unit_of_its_criterion() -> None:
    assert figures.in_unit_of("accuracy >= 90%")(0.951) == "95.1%"
    assert figures.in_unit_of("alpha >= 0.67 with 95% confidence")(0.7) == "0.700"
    assert figures.bound_word("ece <= 5%") == "at most"
    assert figures.bound_word("accuracy >= 5%") == "at least"


def test_an_interval_that_is_not_known_is_not_shown() -> None:
    assert figures.interval(Estimate(estimate=0.9)) == ""
    assert figures.interval(Estimate(estimate=0.9, low=0.85, high=0.94)) == "85.0–94.0%"
    below = Estimate(estimate=-0.1, low=-0.13, high=-0.03)
    assert figures.interval(below, number=figures.decimal) == "-0.130 to -0.030"


def test_counted() -> None:
    assert figures.counted(1, "item") == "1 item"
    assert figures.counted(1797, "item") == "1,797 items"
    assert figures.counted(2, "class", "classes") == "2 classes"
