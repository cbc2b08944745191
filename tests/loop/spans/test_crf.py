"""The chain against every tagging that there is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from chains import Made

from labelwright.loop.spans.crf import Rows, beliefs, score, viterbi

CASES = [
    (0, (3, 0, 1, 4), 1, 2.0), (1, (2, 2), 2, 1.0), (2, (1,), 1, 5.0),
    (3, (4, 3), 1, 40.0), (4, (0,), 1, 1.0),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_all_that_it_believes_is_the_sum_over_taggings(case) -> None:
    made = Made.of(*case)
    found = beliefs(made.emissions, made.start, made.transitions, made.rows)
    tags = np.zeros_like(made.emissions)
    pairs, first = np.zeros((made.n_tags, made.n_tags)), np.zeros(made.n_tags)
    for text, (begin, length) in enumerate(zip(made.rows.starts, made.rows.lengths, strict=True)):
        every = list(made.taggings(text))
        scores = np.array([s for _, s in every])
        log_z = scores.max() + np.log(np.exp(scores - scores.max()).sum())
        assert found.log_z[text] == pytest.approx(log_z, abs=1e-9)
        for (tagging, _), p in zip(every, np.exp(scores - log_z), strict=True):
            for i, t in enumerate(tagging):
                tags[begin + i, t] += p
            for a, b in pairwise(tagging):
                pairs[a, b] += p
            if length:
                first[tagging[0]] += p
    assert found.tags == pytest.approx(tags, abs=1e-9)
    assert found.pairs == pytest.approx(pairs, abs=1e-9)
    assert found.first == pytest.approx(first, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_viterbi_finds_the_best_and_score_what_it_is_worth(case) -> None:
    made = Made.of(*case)
    tags = viterbi(made.emissions, made.start, made.transitions, made.rows)
    told = score(made.emissions, made.start, made.transitions, made.rows, tags)
    for text, (begin, length) in enumerate(zip(made.rows.starts, made.rows.lengths, strict=True)):
        best, worth = max(made.taggings(text), key=lambda each: each[1])
        assert tuple(tags[begin : begin + length]) == best
        assert told[text] == pytest.approx(worth)


def test_a_long_text_neither_overflows_nor_vanishes() -> None:
    made = Made.of(0, (5_000,), 1, 300.0)
    found = beliefs(made.emissions, made.start, made.transitions, made.rows)
    assert np.isfinite(found.log_z).all()
    assert found.tags.sum(axis=1) == pytest.approx(np.ones(5_000))


def test_rows_know_which_tokens_are_first_and_last() -> None:
    rows = Rows(np.array([2, 0, 3]))
    assert rows.is_first.tolist() == [True, False, True, False, False]
    assert rows.is_last.tolist() == [False, True, False, False, True]
    assert [step.tolist() for step in rows.steps] == [[2, 0], [3, 1], [4]]
