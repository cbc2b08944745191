"""Draws of the holdout: probabilities that are what they say, and a pilot that notices."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.measure import designs

sizes = st.lists(st.floats(0.01, 1), min_size=1, max_size=12).map(np.array)


def starts(q: np.ndarray) -> list[tuple[float, float]]:
    """(start, its probability): one for each sample that a systematic draw can take."""
    ends = np.sort(np.unique(np.concatenate([[0.0, 1.0], np.cumsum(q) % 1])))
    return [((a + b) / 2, b - a) for a, b in pairwise(ends)]


@given(sizes, st.integers(1, 12))
@settings(max_examples=30)
def test_propensities_sum_to_the_draw_and_none_is_above_one(shares: np.ndarray, m: int) -> None:
    q = designs.propensities(shares, m)
    assert q.sum() == pytest.approx(min(m, len(shares)))
    assert q.max() <= 1 + 1e-12
    free = q < 1 - 1e-9
    if free.sum() > 1:
        assert q[free] / shares[free] == pytest.approx((q[free] / shares[free])[0])


@given(sizes, st.integers(1, 12), st.sampled_from(["active", "stratified", "uniform"]))
@settings(max_examples=30)
def test_every_item_keeps_a_fifth_of_its_uniform_chance(
    unsure: np.ndarray, m: int, design: str
) -> None:
    q = designs.propensities_of(design, unsure, m)
    least = designs.TAU * min(m, len(unsure)) / len(unsure)
    assert q.min() >= least * (1 - 1e-9)


@given(sizes, st.data())
@settings(max_examples=30)
def test_a_systematic_draw_takes_each_item_as_often_as_it_says(
    unsure: np.ndarray, data: st.DataObject
) -> None:
    m = data.draw(st.integers(1, len(unsure)))
    q = designs.active(unsure, m)
    taken = np.zeros(len(q))
    for start, chance in starts(q):
        if chance < 1e-9:
            continue
        hit = designs.systematic(q, start)
        assert hit.sum() == m
        taken += chance * hit
    assert taken == pytest.approx(q, abs=1e-6)


def test_doubtful_items_are_drawn_more_often_and_strata_share_one_chance() -> None:
    unsure = designs.doubt(np.linspace(0.5, 0.99, 200))
    q = designs.active(unsure, 20)
    assert (np.diff(q) <= 1e-12).all()
    member = designs.strata_of(unsure)
    assert len(np.unique(member)) == designs.STRATA
    by = designs.stratified(unsure, 20)
    for stratum in np.unique(member):
        assert np.ptp(by[member == stratum]) < 1e-12
    assert by[member == 0][0] > by[member == 4][0]


def test_a_stratified_draw_gives_each_stratum_its_share_but_for_one_item() -> None:
    rng = np.random.default_rng(0)
    unsure = designs.doubt(rng.beta(6, 1, 500))
    q = designs.stratified(unsure, 60)
    order = designs.order_of("stratified", unsure)
    for start in rng.random(20):
        hit = np.zeros(500, dtype=bool)
        hit[order] = designs.systematic(q[order], float(start))
        for stratum in range(designs.STRATA):
            here = designs.strata_of(unsure) == stratum
            assert abs(hit[here].sum() - q[here].sum()) <= 1 + 1e-9


def test_equally_doubtful_items_are_in_one_stratum() -> None:
    unsure = np.array([0.5] * 7 + [0.1] * 3)
    member = designs.strata_of(unsure)
    assert len(set(member[:7].tolist())) == 1
    assert len(set(member[7:].tolist())) == 1
    assert designs.stratified(np.full(9, 0.3), 3) == pytest.approx(np.full(9, 1 / 3))


def test_labels_speak_for_confidences_that_know_and_against_those_that_do_not() -> None:
    rng = np.random.default_rng(1)
    kept, refused = 0, 0
    for _ in range(200):
        sure = rng.beta(4, 0.6, 60)
        right = rng.random(60) < sure
        even = np.ones(60)
        kept += designs.evidence_for(right, sure, even) > designs.DOUBT
        refused += designs.evidence_for(right, rng.permutation(sure), even) <= designs.DOUBT
    assert kept > 180
    assert refused > 170
    assert designs.evidence_for(np.zeros(0, dtype=bool), np.zeros(0), np.zeros(0)) == 0


def test_the_pilot_is_a_quarter_but_no_fewer_than_forty() -> None:
    assert [designs.pilot(n) for n in (10, 40, 100, 400)] == [10, 40, 40, 100]
