"""The doubt is divided once: no order of looks spends more than the whole, and their bounds hold together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labelwright.dsl.looks import planned_looks, share
from labelwright.dsl.task import Annotators, Budget, Call, Holdout, Money
from labelwright.loop.history import Look
from labelwright.loop.measure.intervals import lower_bound
from labelwright.loop.measure.looks import fingerprint, following, level, part


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=90),
)
def test_no_order_of_looks_spends_more_than_the_whole(
    planned: int, looks: list[tuple[bool, bool]]
) -> None:
    look, spent = None, 0.0
    for number, (last, same) in enumerate(looks):
        print_of = look.fingerprint if look and same else str(number)
        after = following(look, print_of, planned + number, last=last)
        if after != look:
            spent += part(after)
        look = after
    assert 0 < spent <= 1 + 1e-12


@pytest.mark.parametrize("planned", [1, 2, 20, 34])
def test_a_campaign_to_its_planned_end_leaves_what_is_kept_back(planned: int) -> None:
    parts = [share(k, planned, last=k == planned) for k in range(1, planned + 1)]
    assert sum(parts) == pytest.approx(0.9)
    assert parts == sorted(parts)


def test_what_is_seen_again_is_the_same_look() -> None:
    seen = fingerprint([np.arange(3), np.ones((3, 2))])
    assert seen == fingerprint([np.arange(3), np.ones((3, 2))])
    assert seen != fingerprint([np.arange(3), np.ones((2, 3))])
    first = following(None, seen, 8)
    assert following(first, seen, 12) == first
    second = following(first, "other", 12)
    assert (second.number, second.planned) == (2, 8)


def test_without_a_look_the_bound_is_that_of_one_look() -> None:
    assert level(0.95, None) == 0.95
    only = Look(number=1, planned=1, last=True)
    assert level(0.95, only) == pytest.approx(1 - 0.05 * 0.9)


def test_false_pass_over_all_looks_by_enumeration() -> None:
    """One model whose truth is the target, 6 looks at 10 to 60 labels: the exact chance of ever a PASS."""
    target, planned, step = 0.7, 6, 10
    fresh = stats.binom.pmf(np.arange(step + 1), step, target)

    def ever(levels: list[float]) -> float:
        alive: np.ndarray = np.ones(1)
        passed = 0.0
        for k, one in enumerate(levels, 1):
            alive = np.convolve(alive, fresh)
            says = np.array([lower_bound(x, k * step, one) >= target for x in range(k * step + 1)])
            passed += float(alive[says].sum())
            alive = np.where(says, 0.0, alive)
        return passed

    ours = [1 - 0.05 * share(k, planned, last=k == planned) for k in range(1, planned + 1)]
    assert ever(ours) <= 0.05
    assert ever([0.95] * planned) > 0.05


def test_rounds_that_the_budget_allows() -> None:
    @dataclass
    class Part:
        budget: Budget
        annotators: Annotators
        holdout: Holdout
        existing_labels: None = None

    def rounds(items: int | None = None, overlap: int = 1, **budget: object) -> int:
        made = Part(
            Budget(annotations=500, **budget),  # type: ignore[arg-type]
            Annotators(source=Call(name="simulate"), overlap=overlap),
            Holdout(size=0.2, annotations=100),
        )
        return planned_looks(made, items)  # type: ignore[arg-type]

    assert rounds() == 20
    assert rounds(overlap=2) == 10
    assert rounds(per_round=30) == 14
    assert rounds(rounds=5) == 5
    assert rounds(items=45) == 3
    assert rounds(items=0) == 1
    money, price = Money(amount=150, currency="USD"), Money(amount=0.5, currency="USD")
    assert rounds(money=money, price=price) == 10
