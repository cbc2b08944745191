"""Probabilities of spans against every tagging; which spans are said against every choice of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from chains import Made

from labelwright.loop.spans.bio import decode
from labelwright.loop.spans.crf import beliefs
from labelwright.loop.spans.posterior import Candidates, best, best_f1, candidates, matches


@pytest.mark.parametrize("case", [(0, (3, 0, 1, 4), 1), (1, (3, 2), 2), (2, (5,), 1)])
def test_a_span_is_as_likely_as_all_taggings_that_have_it(case) -> None:
    made = Made.of(*case)
    told = beliefs(made.emissions, made.start, made.transitions, made.rows)
    found = candidates(told, made.start, made.transitions, made.rows, least=0.0)
    expected: dict[tuple[int, int, int, int], float] = {}
    for text in range(len(made.rows.lengths)):
        for tagging, worth in made.taggings(text):
            at = np.stack([np.arange(len(tagging))] * 2, axis=1).reshape(-1, 2)
            p = np.exp(worth - told.log_z[text])
            for first, last, label in decode(np.array(tagging, dtype=np.int64), at):
                if p > 0:
                    key = text, first, last, label
                    expected[key] = expected.get(key, 0.0) + p
    keys = list(zip(found.text, found.first, found.last, found.label, strict=True))
    assert keys == sorted(expected)
    assert found.prob == pytest.approx([expected[key] for key in keys], abs=1e-9)
    likely = candidates(told, made.start, made.transitions, made.rows, least=0.1)
    assert likely.prob == pytest.approx(found.prob[found.prob >= 0.1])


@pytest.mark.parametrize("seed", range(20))
def test_what_is_said_is_worth_most_and_overlaps_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 8
    first = rng.integers(0, 6, size=n)
    last = first + rng.integers(0, 3, size=n)
    found = Candidates(
        np.sort(rng.integers(0, 2, size=n)), first, last, np.zeros(n, int), rng.random(n)
    )

    def allowed(some: tuple[int, ...]) -> bool:
        return all(
            found.text[a] != found.text[b] or last[a] < first[b] or last[b] < first[a]
            for a, b in combinations(some, 2)
        )

    def worth(some) -> float:
        return float(sum(found.prob[i] - 0.3 for i in some))

    kept = tuple(best(found, 0.3).tolist())
    assert allowed(kept)
    every = (
        some for size in range(n + 1) for some in combinations(range(n), size) if allowed(some)
    )
    assert worth(kept) == pytest.approx(max(map(worth, every)))


def test_the_best_f1_of_a_threshold() -> None:
    prob, right = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, True])
    # above 0.9: 2·1/(1+4); from 0.5 on: 2·2/(3+4); all: 2·3/(4+4)
    assert best_f1(prob, right, 4) == pytest.approx(6 / 8)
    assert best_f1(prob, np.array([True, False, True, False]), 4) == pytest.approx(4 / 7)
    assert best_f1(prob[:0], right[:0], 3) == 0
    found = Candidates(*(np.array([0, 1]) for _ in range(4)), prob[:2])
    assert matches(found, [{(0, 0, 0)}, {(1, 1, 0)}]).tolist() == [True, False]
