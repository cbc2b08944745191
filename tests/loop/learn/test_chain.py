"""Training of a chain: where it stops its gradient vanishes; calibration finds what was done to scores."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from labelwright.loop.learn.chain import Chain, HeldOut, calibrated, fit_chain, true_spans
from labelwright.loop.spans.bio import forbidden
from labelwright.loop.spans.crf import Rows, beliefs, viterbi


def texts(n: int, seed: int) -> tuple[np.ndarray, csr_array, np.ndarray, Rows]:
    """Vectors, looks, tags of one class, and where texts lie."""
    rng = np.random.default_rng(seed)
    rows = Rows(rng.integers(1, 7, size=n))
    tokens = int(rows.lengths.sum())
    dense = rng.normal(size=(tokens, 3)).astype(np.float32)
    sparse = csr_array((rng.random((tokens, 4)) < 0.3).astype(np.float32))
    first, after = forbidden(1)
    scores = np.stack([np.full(tokens, 0.5), dense[:, 0], dense[:, 1]], axis=1)
    tags = viterbi(
        scores + rng.gumbel(size=scores.shape),
        np.where(first, -1e9, 0.0),
        np.where(after, -1e9, 0.0),
        rows,
    )
    return dense, sparse, tags, rows


@pytest.mark.parametrize("even", [True, False])
def test_where_training_stops_the_gradient_vanishes(even: bool) -> None:
    dense, sparse, tags, rows = texts(40, 0)
    weights = np.ones(40) if even else np.random.default_rng(1).uniform(0.2, 2, size=40)
    chain = fit_chain(dense, sparse, tags, rows, weights, forbidden=forbidden(1), C=(2.0, 0.7))
    told = beliefs(chain.emissions(dense, sparse), chain.start, chain.transitions, rows)
    each = np.repeat(weights, rows.lengths)[:, None]
    residual = (told.tags - np.eye(3)[tags]) * each
    assert residual.T @ dense + chain.dense / 2.0 == pytest.approx(0, abs=0.05)
    assert residual.T @ sparse.toarray() + chain.sparse / 0.7 == pytest.approx(0, abs=0.05)
    assert residual.sum(axis=0) == pytest.approx(0, abs=0.05)
    start = residual[rows.is_first].sum(axis=0)
    may = ~forbidden(1)[0]
    assert start[may] + chain.start[may] / 0.7 == pytest.approx(0, abs=0.05)
    last, first = ~rows.is_last, ~rows.is_first
    pairs = ((told.forward[last] * each[first]).T @ told.onward[first]) * np.exp(chain.transitions)
    np.subtract.at(pairs, (tags[last], tags[first]), each[first][:, 0])
    may_follow = ~forbidden(1)[1]
    assert pairs[may_follow] + chain.transitions[may_follow] / 0.7 == pytest.approx(0, abs=0.05)
    assert (chain.transitions[~may_follow] < -1e8).all()


@pytest.mark.parametrize(("heat", "shift"), [(1.0, 0.0), (1.8, 1.0), (0.7, -1.5)])
def test_calibration_undoes_what_was_done_to_scores(heat: float, shift: float) -> None:
    rng = np.random.default_rng(0)
    rows = Rows(np.full(1_500, 6))
    first, after = forbidden(1)
    start, move = np.where(first, -1e9, 0.0), np.where(after, -1e9, 0.0)
    emissions = rng.normal(size=(9_000, 3)) * 2
    # Sampled one tag after the other: given what came before, onward says how likely each is.
    told = beliefs(emissions, start, move, rows)
    tags = np.zeros(9_000, dtype=np.int64)
    for step, at in enumerate(rows.steps):
        before = np.exp(start)[None] if step == 0 else np.exp(move)[tags[at - 1]]
        share = before * told.onward[at]
        share /= share.sum(axis=1, keepdims=True)
        tags[at] = (rng.random((len(at), 1)) > np.cumsum(share, axis=1)).sum(axis=1)
    spoilt = emissions * heat
    spoilt[:, 0] -= shift
    chain = Chain(np.zeros((3, 0)), np.zeros((3, 0)), np.zeros(3), start, move)
    found = calibrated([HeldOut(chain, spoilt, tags, rows)])
    assert found[:2] == pytest.approx((heat, shift), abs=0.12)
    assert 0.1 <= found[2] <= 0.5


def test_true_spans_are_told_by_tokens_of_their_text() -> None:
    tags = np.array([1, 2, 0, 3, 1, 1])
    assert true_spans(tags, Rows(np.array([4, 0, 2]))) == [
        {(0, 1, 0), (3, 3, 1)},
        set(),
        {(0, 0, 0), (1, 1, 0)},
    ]
